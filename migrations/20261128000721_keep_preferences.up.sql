-- A table that a backup reads, say, is waited for only so long: everything that comes after would wait behind it.
SET LOCAL lock_timeout = '2s';

-- How a person likes the console: one small object, whose fields the service checks. `version` is its tag.
CREATE TABLE preferences (
    principal_id uuid PRIMARY KEY REFERENCES principals (id) ON DELETE CASCADE,
    workspace_id uuid NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    preferences  json NOT NULL CHECK (octet_length(preferences::text) <= 65536),
    version      integer NOT NULL,
    updated_at   timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE preferences ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_workspace ON preferences TO signoff_app
    USING (workspace_id IS NOT DISTINCT FROM (SELECT current_workspace()))
    WITH CHECK (workspace_id = (SELECT current_workspace()));
GRANT SELECT, INSERT, UPDATE (preferences, version, updated_at) ON preferences TO signoff_app;

-- What rejecters are offered to say.
ALTER TABLE workspaces ADD COLUMN reject_reasons text[] NOT NULL DEFAULT '{}' CHECK (cardinality(reject_reasons) <= 20);
GRANT UPDATE (reject_reasons) ON workspaces TO signoff_app, signoff_operator;
