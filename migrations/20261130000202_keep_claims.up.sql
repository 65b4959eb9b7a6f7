-- A table that a backup reads, say, is waited for only so long: everything that comes after would wait behind it.
SET LOCAL lock_timeout = '2s';

-- Who may claim the action besides the requester, by name; and until how long after the outcome. NULL: no one else, and
-- without end.
ALTER TABLE approval_requests ADD COLUMN executors text[], ADD COLUMN claim_within_seconds integer;

-- Who acts on what was approved (docs/claims.md). One row for an approval: it names the executor.
CREATE TABLE approval_claims (
    approval_id     uuid PRIMARY KEY REFERENCES approval_requests (id) ON DELETE CASCADE,
    workspace_id    uuid NOT NULL,
    -- Another one with each take-over.
    id              uuid NOT NULL,
    -- Rises with each take-over.
    fence           bigint NOT NULL CHECK (fence > 0),
    key             text NOT NULL,
    principal_id    uuid NOT NULL,
    principal_name  text NOT NULL,
    claimed_at      timestamptz NOT NULL,
    renewed_at      timestamptz,
    renewals        integer NOT NULL DEFAULT 0,
    -- From the claim, or its last renewal, on. NULL: for good.
    lease_seconds   integer CHECK (lease_seconds > 0),
    -- Nobody claims it after this.
    claimable_until timestamptz,
    -- What its receipt says.
    audience        text,
    receipt_seconds integer NOT NULL CHECK (receipt_seconds > 0),
    released_at     timestamptz,
    completed_at    timestamptz,
    outcome         text CHECK (outcome IN ('succeeded', 'failed')),
    detail          text,
    CONSTRAINT approval_claims_renewed CHECK ((renewals > 0) = (renewed_at IS NOT NULL)),
    CONSTRAINT approval_claims_ended_once CHECK (num_nonnulls(released_at, completed_at) <= 1),
    CONSTRAINT approval_claims_completed_whole CHECK ((completed_at IS NULL) = (outcome IS NULL))
) WITH (fillfactor = 70);

ALTER TABLE approval_claims ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_workspace ON approval_claims FOR SELECT TO signoff_app
    USING (workspace_id IS NOT DISTINCT FROM (SELECT current_workspace()));
CREATE POLICY any_workspace ON approval_claims TO signoff_commit USING (true);
GRANT SELECT ON approval_claims TO signoff_app;
GRANT SELECT, INSERT, UPDATE ON approval_claims TO signoff_commit;
