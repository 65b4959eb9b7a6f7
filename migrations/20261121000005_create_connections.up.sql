-- Who is connected, and where. One row for each task with a live socket: the owner.

-- Every change of owner takes the next number, so that whoever was replaced can be told from whoever replaced it.
CREATE SEQUENCE connection_generations;

-- A row counts while its instance's lease does. `last_heartbeat` says when the client last showed life; it is
-- not indexed, so that writing it stays a heap-only update.
CREATE TABLE active_connections (
    id                uuid NOT NULL,
    workspace_id      uuid NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    task_id           text NOT NULL CHECK (char_length(task_id) BETWEEN 1 AND 200),
    session_id        text,
    principal_id      uuid NOT NULL,
    principal_name    text NOT NULL,
    server_instance   text NOT NULL,
    generation        bigint NOT NULL DEFAULT nextval('connection_generations'),
    -- Whom the last change of owner took it from, to be told.
    previous_instance text,
    connected_at      timestamptz NOT NULL DEFAULT now(),
    last_heartbeat    timestamptz NOT NULL DEFAULT now(),
    -- By whom it was closed by hand; the owner has yet to do so.
    closed_by         text,
    PRIMARY KEY (workspace_id, task_id)
) WITH (fillfactor = 70);
CREATE INDEX active_connections_of_session ON active_connections (workspace_id, session_id)
    WHERE session_id IS NOT NULL;
CREATE INDEX active_connections_of_instance ON active_connections (server_instance);
CREATE INDEX active_connections_of_principal ON active_connections (principal_id);
CREATE INDEX active_connections_to_close ON active_connections (server_instance) WHERE closed_by IS NOT NULL;

-- What a browser opens a socket with. Of the ticket only a hash is kept; using it deletes it.
CREATE TABLE ws_tickets (
    hash       bytea PRIMARY KEY CHECK (octet_length(hash) = 32),
    key_id     uuid NOT NULL REFERENCES api_keys (id) ON DELETE CASCADE,
    expires_at timestamptz NOT NULL
);
CREATE INDEX ws_tickets_of_key ON ws_tickets (key_id);
CREATE INDEX ws_tickets_age ON ws_tickets (expires_at);
