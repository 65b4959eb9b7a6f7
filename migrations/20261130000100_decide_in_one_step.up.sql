-- A table that a backup reads, say, is waited for only so long: everything that comes after would wait behind it.
SET LOCAL lock_timeout = '2s';

-- Where one vote decides, whatever it is: by whom, as selectors (`anyone`, `person:…`, `role:…`, `group:…`). A vote of one
-- of these is then written without reading the approval first. NULL: the policy has to be looked at.
ALTER TABLE approval_requests ADD COLUMN one_vote_by text[];

-- Postgres parses the text of each CHECK anew in each statement that writes a row: for a decision by itself that was a
-- quarter of its time. So there is one for a table, and it is a call: a function is parsed once for a connection. What
-- only this service's own statements write needs none.
CREATE FUNCTION approval_is_sound(status text, resolution text, via text, at timestamptz, timeout_action text)
RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN (CASE status
        WHEN 'pending' THEN resolution IS NULL AND via IS NULL AND at IS NULL
        WHEN 'resolved' THEN resolution IN ('approved', 'rejected', 'modified')
                             AND via IN ('human', 'rule', 'timeout', 'run_deleted') AND at IS NOT NULL
        WHEN 'expired' THEN coalesce(resolution IN ('approved', 'rejected'), true) AND via = 'timeout' AND at IS NOT NULL
        WHEN 'cancelled' THEN resolution IS NULL AND via IN ('human', 'rule', 'timeout', 'run_deleted')
                              AND at IS NOT NULL
        ELSE false END
        AND timeout_action IN ('expire', 'approve', 'reject', 'escalate')) IS TRUE;
END
$$;
ALTER TABLE approval_requests
    DROP CONSTRAINT approval_requests_status_check,
    DROP CONSTRAINT approval_requests_resolution_check,
    DROP CONSTRAINT approval_requests_resolved_via_check,
    DROP CONSTRAINT final_says_when_and_how,
    DROP CONSTRAINT resolution_fits_status,
    DROP CONSTRAINT approval_requests_timeout_action_check,
    DROP CONSTRAINT approval_requests_workflow_check,
    ADD CONSTRAINT approval_is_sound
        CHECK (approval_is_sound(status, resolution, resolved_via, resolved_at, timeout_action)) NOT VALID;
