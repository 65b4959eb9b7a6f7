-- A table that a backup reads, say, is waited for only so long: everything that comes after would wait behind it.
SET LOCAL lock_timeout = '2s';

-- As the checks of approvals: one call in place of texts that are parsed for each statement.
CREATE FUNCTION decision_is_sound(verdict text, seat_id uuid, seat_name text, seat_until timestamptz, delegations uuid[])
RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN (verdict IN ('approved', 'rejected')
            AND num_nonnulls(seat_id, seat_name, seat_until, delegations) IN (0, 4)) IS TRUE;
END
$$;

ALTER TABLE approval_decisions
    DROP CONSTRAINT approval_decisions_verdict_check,
    DROP CONSTRAINT seats_are_whole,
    ADD CONSTRAINT decision_is_sound
        CHECK (decision_is_sound(verdict, seat_id, seat_name, seat_until, delegations)) NOT VALID;
