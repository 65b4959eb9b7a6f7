ALTER TABLE approval_requests
    DROP CONSTRAINT approval_is_sound,
    DROP COLUMN one_vote_by,
    ADD CONSTRAINT approval_requests_status_check
        CHECK (status IN ('pending', 'resolved', 'expired', 'cancelled')) NOT VALID,
    ADD CONSTRAINT approval_requests_resolution_check
        CHECK (resolution IN ('approved', 'rejected', 'modified')) NOT VALID,
    ADD CONSTRAINT approval_requests_resolved_via_check
        CHECK (resolved_via IN ('human', 'rule', 'timeout', 'run_deleted')) NOT VALID,
    ADD CONSTRAINT final_says_when_and_how CHECK (
        (status = 'pending') = (resolved_at IS NULL) AND (status = 'pending') = (resolved_via IS NULL)) NOT VALID,
    ADD CONSTRAINT resolution_fits_status CHECK (
        CASE status WHEN 'resolved' THEN resolution IS NOT NULL
                    WHEN 'expired' THEN resolution IS DISTINCT FROM 'modified' AND resolved_via = 'timeout'
                    ELSE resolution IS NULL END) NOT VALID,
    ADD CONSTRAINT approval_requests_timeout_action_check
        CHECK (timeout_action IN ('expire', 'approve', 'reject', 'escalate')) NOT VALID,
    ADD CONSTRAINT approval_requests_workflow_check CHECK (workflow ~ '^[A-Za-z0-9._:-]{1,200}$') NOT VALID;
DROP FUNCTION approval_is_sound;
