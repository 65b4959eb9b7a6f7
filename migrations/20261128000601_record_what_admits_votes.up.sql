-- A table that a backup reads, say, is waited for only so long: everything that comes after would wait behind it.
SET LOCAL lock_timeout = '2s';

-- A policy may ask for members of roles and groups, and for people in several places of a tree
-- (docs/decisions/0034). What admits votes at the level where an approval stands, in words: `person:ana`,
-- `role:ml-ops`, `group:sre`, `anyone`. It is what a list of one's own decisions goes by. NULL: the policy names
-- people at most, and its own list says it.
ALTER TABLE approval_requests ADD COLUMN approvers text[];

-- What of the policy a vote was admitted by, when it was cast: later changes of roles and groups don't undo it. NULL:
-- by name, or as anyone.
ALTER TABLE approval_decisions
    ADD COLUMN counted_as text[],
    -- Whose seat it took, where that was not the voter's own; and by which delegations, until when.
    ADD COLUMN seat_id uuid,
    ADD COLUMN seat_name text,
    ADD COLUMN seat_until timestamptz,
    ADD COLUMN delegations uuid[],
    ADD CONSTRAINT seats_are_whole CHECK (num_nonnulls(seat_id, seat_name, seat_until, delegations) IN (0, 4)) NOT VALID;
