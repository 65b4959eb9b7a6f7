ALTER TABLE approval_decisions
    DROP CONSTRAINT seats_are_whole,
    DROP COLUMN counted_as, DROP COLUMN seat_id, DROP COLUMN seat_name, DROP COLUMN seat_until,
    DROP COLUMN delegations;
ALTER TABLE approval_requests DROP COLUMN approvers;
