-- A table that a backup reads, say, is waited for only so long: everything that comes after would wait behind it.
SET LOCAL lock_timeout = '2s';

-- What got no answer goes to the next level (docs/escalation.md).
ALTER TABLE approval_requests
    -- The levels above the first: `[{after_seconds, label, policy, approvers}]`. `policy` is stored as the column of that
    -- name is, and `approvers` is what that column is to be.
    ADD COLUMN escalation jsonb,
    -- The hops so far: `[{from_level, at, via, by, by_id, reason}]`.
    ADD COLUMN ladder jsonb,
    -- By how much the deadline of this level was moved, and how often.
    ADD COLUMN extended_seconds integer,
    ADD COLUMN extensions integer,
    -- This many seconds before a level's deadline its approvers are reminded; and when that is next.
    ADD COLUMN remind_before integer[],
    ADD COLUMN remind_at timestamptz,
    DROP CONSTRAINT approval_requests_timeout_action_check,
    ADD CONSTRAINT approval_requests_timeout_action_check
        CHECK (timeout_action IN ('expire', 'approve', 'reject', 'escalate')) NOT VALID;
GRANT UPDATE (expires_at, escalation_level, approvers, ladder, extended_seconds, extensions, remind_at) ON approval_requests
      TO signoff_commit;
