-- A table that a backup reads, say, is waited for only so long: everything that comes after would wait behind it.
SET LOCAL lock_timeout = '2s';

-- By itself: while it is made, approvals are read as ever, and written after it. It looks at each row once and finds none.
-- What has no reminders costs nothing here.
CREATE INDEX approval_requests_reminders ON approval_requests (remind_at)
    WHERE remind_at IS NOT NULL AND status = 'pending';
