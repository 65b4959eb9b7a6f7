-- The record: more of who and from where, and a hash chain over it for each workspace.

ALTER TABLE audit_log
    -- What was changed, where it is not an approval: a key's prefix, a principal's or a role's name, a task.
    ADD COLUMN subject text,
    ADD COLUMN on_behalf_of text,
    -- What the actor came with: a key, a browser session or a token, by its public id.
    ADD COLUMN credential text,
    ADD COLUMN address text,
    ADD COLUMN user_agent text,
    ADD COLUMN before json,
    ADD COLUMN after json,
    -- What every reader can write as a date.
    ADD CONSTRAINT audit_log_at_check CHECK (at >= '0001-01-01 00:00+00' AND at < '10000-01-01 00:00+00');

-- A row's number must be taken after its transaction has its id: the chainer knows from those ids which numbers can
-- still turn up. Whoever is about to insert gets one here, before the first row is formed.
CREATE FUNCTION audit_log_numbered_last() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    PERFORM pg_current_xact_id();
    RETURN NULL;
END
$$;
CREATE TRIGGER numbered_last BEFORE INSERT ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION audit_log_numbered_last();

-- A link for each row, made a moment later, in a table of its own: rows of the log are never touched again.
-- `content` is the hash of the row, `hash` that of the link before it and of `content`.
CREATE TABLE audit_chain (
    workspace_id uuid NOT NULL,
    position     bigint NOT NULL CHECK (position > 0),
    seq          bigint NOT NULL UNIQUE,
    content      bytea NOT NULL CHECK (octet_length(content) = 32),
    hash         bytea NOT NULL CHECK (octet_length(hash) = 32),
    PRIMARY KEY (workspace_id, position)
);

-- Where chains stood at some moment, signed, to be compared with where they stand.
CREATE TABLE audit_checkpoints (
    workspace_id uuid NOT NULL,
    position     bigint NOT NULL CHECK (position > 0),
    hash         bytea NOT NULL CHECK (octet_length(hash) = 32),
    at           timestamptz NOT NULL CHECK (at >= '0001-01-01 00:00+00' AND at < '10000-01-01 00:00+00'),
    key_id       text NOT NULL,
    public_key   bytea NOT NULL CHECK (octet_length(public_key) = 32),
    signature    bytea NOT NULL CHECK (octet_length(signature) = 64),
    PRIMARY KEY (workspace_id, position, key_id)
);

-- How far the chainer has come. Rows turn up in another order than that of their numbers: a transaction takes a
-- number early and commits late. Every row up to `complete` is linked; once no transaction older than `horizon` is
-- under way, that holds up to `candidate`. Whoever linked last, and when: others stand back for a moment then.
CREATE TABLE audit_progress (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    complete  bigint NOT NULL DEFAULT 0,
    candidate bigint NOT NULL DEFAULT 0,
    horizon   bigint NOT NULL DEFAULT 0,
    chainer   text,
    at        timestamptz NOT NULL DEFAULT '-infinity'
);
INSERT INTO audit_progress DEFAULT VALUES;
