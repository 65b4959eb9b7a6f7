-- A table that a backup reads, say, is waited for only so long: everything that comes after would wait behind it.
SET LOCAL lock_timeout = '2s';

-- Where else a person is known: by themselves, not by workspace. While it is made, people are read as ever, and written
-- after it.
CREATE INDEX principals_by_subject ON principals (issuer, subject) WHERE subject IS NOT NULL;
