-- A table that a backup reads, say, is waited for only so long: everything that comes after would wait behind it.
SET LOCAL lock_timeout = '2s';

-- Whether people may let others sit in their seats: not at all, each for themselves, or as an administrator sets it up.
ALTER TABLE workspaces ADD COLUMN delegation text NOT NULL DEFAULT 'off' CHECK (delegation IN ('off', 'own', 'managed'));
GRANT UPDATE (delegation) ON workspaces TO signoff_app, signoff_operator;

-- One person's leave for another to sit in their seat, for a time (docs/delegation.md). It is never changed but for
-- being revoked, and stays for the record.
CREATE TABLE delegations (
    id              uuid PRIMARY KEY,
    workspace_id    uuid NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    -- Whose seat, and who may sit in it.
    from_id         uuid NOT NULL REFERENCES principals (id) ON DELETE CASCADE,
    to_id           uuid NOT NULL REFERENCES principals (id) ON DELETE CASCADE,
    starts_at       timestamptz NOT NULL,
    ends_at         timestamptz NOT NULL CHECK (ends_at > starts_at),
    -- Exact names; NULL: all types.
    approval_types  text[] CHECK (cardinality(approval_types) > 0),
    -- Whether a delegate of `to` may sit in the seat as well.
    redelegable     boolean NOT NULL,
    reason          text CHECK (char_length(reason) <= 1000),
    created_by      uuid NOT NULL,
    created_by_name text NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    revoked_at      timestamptz,
    revoked_by      uuid,
    revoked_by_name text,
    CONSTRAINT delegations_lead_on CHECK (from_id <> to_id),
    CONSTRAINT delegations_revoked_whole CHECK (num_nonnulls(revoked_at, revoked_by, revoked_by_name) IN (0, 3))
);
-- Each credential that is looked up asks whether a seat is open to its principal. For most the answer is no, and this
-- index alone gives it.
CREATE INDEX delegations_open_to ON delegations (to_id, ends_at) INCLUDE (starts_at) WHERE revoked_at IS NULL;
CREATE INDEX delegations_open_from ON delegations (from_id, ends_at) WHERE revoked_at IS NULL;
CREATE INDEX delegations_of_workspace ON delegations (workspace_id, id);
CREATE INDEX delegations_to ON delegations (to_id, id);
CREATE INDEX delegations_from ON delegations (from_id, id);

ALTER TABLE delegations ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_workspace ON delegations TO signoff_app
    USING (workspace_id IS NOT DISTINCT FROM (SELECT current_workspace()))
    WITH CHECK (workspace_id = (SELECT current_workspace()));
CREATE POLICY credentials ON delegations FOR SELECT TO signoff_auth USING (true);
GRANT SELECT, INSERT, UPDATE (revoked_at, revoked_by, revoked_by_name) ON delegations TO signoff_app;
GRANT SELECT (id, from_id, to_id, starts_at, ends_at, approval_types, redelegable, revoked_at) ON delegations
    TO signoff_auth;
