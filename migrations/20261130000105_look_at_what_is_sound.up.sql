-- A table that a backup reads, say, is waited for only so long: everything that comes after would wait behind it.
SET LOCAL lock_timeout = '2s';

-- What the migration before this left to be looked at: here the tables can be written meanwhile.
ALTER TABLE approval_requests VALIDATE CONSTRAINT approval_is_sound;
ALTER TABLE approval_decisions VALIDATE CONSTRAINT decision_is_sound;
