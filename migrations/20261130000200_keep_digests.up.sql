-- A table that a backup reads, say, is waited for only so long: everything that comes after would wait behind it.
SET LOCAL lock_timeout = '2s';

-- SHA-256 over the canonical JSON of what is asked (docs/digests.md). NULL: the version before asked.
ALTER TABLE approval_requests ADD COLUMN digest bytea;
-- Of what the voter was shown, where the voter said so.
ALTER TABLE approval_decisions ADD COLUMN digest bytea;
