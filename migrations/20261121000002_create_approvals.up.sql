-- Runs, sessions, approvals, what people said of them, and the record of every change.
--
-- Runs and sessions are named by their callers, hence keyed by workspace and name. Approvals carry no
-- foreign key to workspaces and principals: each insert would lock those few hot rows, and neither is ever
-- deleted while it has approvals.

CREATE TABLE workflow_runs (
    workspace_id uuid NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    id           text NOT NULL CHECK (char_length(id) BETWEEN 1 AND 200),
    created_at   timestamptz NOT NULL DEFAULT now(),
    deleted_at   timestamptz,
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX workflow_runs_deleted ON workflow_runs (deleted_at) WHERE deleted_at IS NOT NULL;

CREATE TABLE sessions (
    workspace_id uuid NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    id           text NOT NULL CHECK (char_length(id) BETWEEN 1 AND 200),
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, id)
);

-- What callers hand over opaquely is `json`, not `jsonb`: a request's context, checkpoint and metadata come back
-- byte for byte, and numbers are not expanded.
CREATE TABLE approval_requests (
    id                uuid PRIMARY KEY,
    workspace_id      uuid NOT NULL,
    run_id            text NOT NULL,
    session_id        text,
    task_id           text NOT NULL,
    job_id            text,
    approval_type     text NOT NULL,
    title             text,
    description       text,
    context           json NOT NULL,
    policy            jsonb NOT NULL,
    status            text NOT NULL DEFAULT 'pending'
                      CHECK (status IN ('pending', 'resolved', 'expired', 'cancelled')),
    resolution        text CHECK (resolution IN ('approved', 'rejected', 'modified')),
    resolved_via      text CHECK (resolved_via IN ('human', 'rule', 'timeout', 'run_deleted')),
    resolved_by       uuid,
    resolved_by_name  text,
    result            json,
    timeout_action    text NOT NULL CHECK (timeout_action IN ('expire', 'approve', 'reject')),
    escalation_level  integer NOT NULL DEFAULT 0,
    checkpoint        json,
    metadata          json NOT NULL,
    requested_by      uuid NOT NULL,
    requested_by_name text NOT NULL,
    version           integer NOT NULL DEFAULT 1,
    created_at        timestamptz NOT NULL,
    updated_at        timestamptz NOT NULL,
    expires_at        timestamptz NOT NULL,
    resolved_at       timestamptz,
    FOREIGN KEY (workspace_id, run_id) REFERENCES workflow_runs (workspace_id, id) ON DELETE CASCADE,
    FOREIGN KEY (workspace_id, session_id) REFERENCES sessions (workspace_id, id) ON DELETE SET NULL (session_id),
    CONSTRAINT final_says_when_and_how CHECK (
        (status = 'pending') = (resolved_at IS NULL) AND (status = 'pending') = (resolved_via IS NULL)),
    CONSTRAINT resolution_fits_status CHECK (
        CASE status
            WHEN 'resolved' THEN resolution IS NOT NULL
            WHEN 'expired' THEN resolution IS DISTINCT FROM 'modified' AND resolved_via = 'timeout'
            ELSE resolution IS NULL
        END)
);
CREATE INDEX approval_requests_due ON approval_requests (expires_at) WHERE status = 'pending';
CREATE INDEX approval_requests_of_run ON approval_requests (workspace_id, run_id);
CREATE INDEX approval_requests_listed ON approval_requests (workspace_id, expires_at, id) WHERE status = 'pending';
CREATE INDEX approval_requests_outcomes ON approval_requests (resolved_at) WHERE resolved_at IS NOT NULL;

-- Without a foreign key to the approval: a decision is written by the statement that holds the approval's lock and
-- changes it, and purged by the one that deletes it. The check would cost a tenth of every decision.
CREATE TABLE approval_decisions (
    id             uuid PRIMARY KEY,
    approval_id    uuid NOT NULL,
    workspace_id   uuid NOT NULL,
    principal_id   uuid NOT NULL,
    principal_name text NOT NULL,
    level          integer NOT NULL,
    verdict        text NOT NULL CHECK (verdict IN ('approved', 'rejected')),
    feedback       text,
    comment        text,
    modifications  json,
    metadata       json,
    created_at     timestamptz NOT NULL,
    UNIQUE (approval_id, principal_id, level)
);

-- Append-only. One row for each state change, written by the transaction that changed the state.
CREATE TABLE audit_log (
    seq          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id uuid NOT NULL,
    at           timestamptz NOT NULL,
    action       text NOT NULL,
    approval_id  uuid,
    run_id       text,
    actor_id     uuid,
    actor_name   text,
    via          text NOT NULL,
    request_id   text,
    detail       json NOT NULL
);
CREATE INDEX audit_log_of_approval ON audit_log (approval_id) WHERE approval_id IS NOT NULL;

CREATE TABLE idempotency_keys (
    workspace_id uuid NOT NULL,
    principal_id uuid NOT NULL,
    key          text NOT NULL,
    body_hash    bytea NOT NULL,
    approval_id  uuid NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, principal_id, key)
);
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);
