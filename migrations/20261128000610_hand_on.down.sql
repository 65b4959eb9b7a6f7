REVOKE UPDATE (expires_at, escalation_level, approvers) ON approval_requests FROM signoff_commit;
ALTER TABLE approval_requests
    DROP CONSTRAINT approval_requests_timeout_action_check,
    ADD CONSTRAINT approval_requests_timeout_action_check
        CHECK (timeout_action IN ('expire', 'approve', 'reject')) NOT VALID,
    DROP COLUMN remind_at,
    DROP COLUMN remind_before,
    DROP COLUMN extensions,
    DROP COLUMN extended_seconds,
    DROP COLUMN ladder,
    DROP COLUMN escalation;
