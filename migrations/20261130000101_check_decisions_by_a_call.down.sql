ALTER TABLE approval_decisions
    DROP CONSTRAINT decision_is_sound,
    ADD CONSTRAINT approval_decisions_verdict_check CHECK (verdict IN ('approved', 'rejected')) NOT VALID,
    ADD CONSTRAINT seats_are_whole
        CHECK (num_nonnulls(seat_id, seat_name, seat_until, delegations) IN (0, 4)) NOT VALID;
DROP FUNCTION decision_is_sound;
