-- A table that a backup reads, say, is waited for only so long: everything that comes after would wait behind it.
SET LOCAL lock_timeout = '2s';

-- Only this service's own statements write it.
ALTER TABLE notification_causes DROP CONSTRAINT notification_causes_cause_check;
