-- A table that a backup reads, say, is waited for only so long: everything that comes after would wait behind it.
SET LOCAL lock_timeout = '2s';

-- What migrations before this left to be looked at: here the tables can be written meanwhile.
ALTER TABLE approval_requests VALIDATE CONSTRAINT approval_requests_timeout_action_check;
ALTER TABLE approval_decisions VALIDATE CONSTRAINT seats_are_whole;
