-- A table that a backup reads, say, is waited for only so long: everything that comes after would wait behind it.
SET LOCAL lock_timeout = '2s';

-- Looks over a workspace's chain that somebody asked for, and what came of them. The last few are kept.
CREATE TABLE audit_verifications (
    id              uuid PRIMARY KEY,
    workspace_id    uuid NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    state           text NOT NULL CHECK (state IN ('running', 'whole', 'broken', 'failed')),
    instance_id     text NOT NULL,
    started_by      uuid NOT NULL,
    started_by_name text NOT NULL,
    started_at      timestamptz NOT NULL DEFAULT now(),
    -- When its instance last said that it goes on.
    seen_at         timestamptz NOT NULL DEFAULT now(),
    finished_at     timestamptz,
    -- How many links there were at the start, and how many have been looked at.
    records         bigint NOT NULL,
    walked          bigint NOT NULL DEFAULT 0,
    checkpoints     bigint,
    unlinked        bigint,
    findings        bigint,
    -- The first of them.
    found           json,
    -- Why it could not be told.
    failure         text,
    CONSTRAINT audit_verifications_ended CHECK ((state = 'running') = (finished_at IS NULL)),
    CONSTRAINT audit_verifications_failed CHECK ((state = 'failed') = (failure IS NOT NULL))
);
CREATE UNIQUE INDEX audit_verifications_running ON audit_verifications (workspace_id) WHERE state = 'running';
CREATE INDEX audit_verifications_of_workspace ON audit_verifications (workspace_id, started_at);

ALTER TABLE audit_verifications ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_workspace ON audit_verifications TO signoff_app
    USING (workspace_id IS NOT DISTINCT FROM (SELECT current_workspace()))
    WITH CHECK (workspace_id = (SELECT current_workspace()));
GRANT SELECT, INSERT, DELETE,
      UPDATE (state, seen_at, finished_at, walked, checkpoints, unlinked, findings, found, failure)
      ON audit_verifications TO signoff_app;
