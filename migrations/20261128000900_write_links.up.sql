-- A table that a backup reads, say, is waited for only so long: everything that comes after would wait behind it.
SET LOCAL lock_timeout = '2s';

-- What a workspace shows to no one outside. NULL: as the service has it by default.
ALTER TABLE workspaces ADD COLUMN redaction jsonb CHECK (octet_length(redaction::text) <= 65536);
GRANT UPDATE (redaction) ON workspaces TO signoff_app, signoff_operator;

-- Links in mail: whoever has one decides as this person, on this approval, at this level. Of the link itself there is
-- only a hash.
CREATE TABLE decision_links (
    -- Version 7: in the order of time.
    id              uuid PRIMARY KEY,
    hash            bytea NOT NULL UNIQUE CHECK (octet_length(hash) = 32),
    workspace_id    uuid NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    approval_id     uuid NOT NULL,
    principal_id    uuid NOT NULL,
    level           integer NOT NULL,
    notification_id uuid NOT NULL
);
CREATE INDEX decision_links_of_approval ON decision_links (approval_id);
ALTER TABLE decision_links ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY delivering ON decision_links FOR INSERT TO signoff_notify WITH CHECK (true);
GRANT INSERT ON decision_links TO signoff_notify;
CREATE POLICY credentials ON decision_links FOR SELECT TO signoff_auth USING (true);
GRANT SELECT ON decision_links TO signoff_auth;
CREATE POLICY upkeep ON decision_links TO signoff_work USING (true);
GRANT SELECT (id, approval_id, workspace_id), DELETE ON decision_links TO signoff_work;

-- How a person wants to be told.
CREATE TABLE notification_preferences (
    principal_id uuid PRIMARY KEY REFERENCES principals (id) ON DELETE CASCADE,
    workspace_id uuid NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    -- By its name in the IANA's list. NULL: UTC.
    timezone     text CHECK (length(timezone) <= 100),
    -- Channels by which they want to hear nothing.
    muted        text[] NOT NULL DEFAULT '{}' CHECK (cardinality(muted) <= 10),
    updated_at   timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE notification_preferences ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_workspace ON notification_preferences TO signoff_app
    USING (workspace_id IS NOT DISTINCT FROM (SELECT current_workspace()))
    WITH CHECK (workspace_id = (SELECT current_workspace()));
GRANT SELECT, INSERT, UPDATE (timezone, muted, updated_at) ON notification_preferences TO signoff_app;
CREATE POLICY delivering ON notification_preferences FOR SELECT TO signoff_notify USING (true);
GRANT SELECT ON notification_preferences TO signoff_notify;
