-- A table that a backup reads, say, is waited for only so long: everything that comes after would wait behind it.
SET LOCAL lock_timeout = '2s';

-- Who is who in Slack: an account there is one person here, and a person has one account.
CREATE TABLE slack_users (
    workspace_id uuid NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    team         text NOT NULL,
    slack_user   text NOT NULL,
    principal_id uuid NOT NULL REFERENCES principals (id) ON DELETE CASCADE,
    -- An administrator said so, or the address of mail did.
    bound_by     text NOT NULL CHECK (bound_by IN ('administrator', 'email')),
    bound_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, team, slack_user),
    CONSTRAINT slack_users_of_principal UNIQUE (principal_id)
);

-- Requests of Slack's that were taken, by the hash of their time and signature: none is taken twice.
CREATE TABLE slack_requests (
    hash bytea PRIMARY KEY CHECK (octet_length(hash) = 32),
    at   timestamptz NOT NULL
);
CREATE INDEX slack_requests_at ON slack_requests (at);

ALTER TABLE slack_users ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE slack_requests ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

CREATE POLICY own_workspace ON slack_users TO signoff_app
    USING (workspace_id IS NOT DISTINCT FROM (SELECT current_workspace()))
    WITH CHECK (workspace_id = (SELECT current_workspace()));
CREATE POLICY administration ON slack_users TO signoff_operator USING (true);
CREATE POLICY delivering ON slack_users FOR SELECT TO signoff_notify USING (true);
-- Principals are shown with their accounts, also to those who sign in.
CREATE POLICY credentials ON slack_users FOR SELECT TO signoff_auth USING (true);
CREATE POLICY answering ON slack_requests TO signoff_notify USING (true);
CREATE POLICY upkeep ON slack_requests TO signoff_work USING (true);

GRANT SELECT, INSERT, DELETE ON slack_users TO signoff_app, signoff_operator;
GRANT SELECT ON slack_users TO signoff_notify, signoff_auth;
GRANT SELECT, INSERT, DELETE ON slack_requests TO signoff_notify;
GRANT SELECT, DELETE ON slack_requests TO signoff_work;
