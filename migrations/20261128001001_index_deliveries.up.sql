-- A table that a backup reads, say, is waited for only so long: everything that comes after would wait behind it.
SET LOCAL lock_timeout = '2s';

-- Deliveries of an endpoint, the newest first.
CREATE INDEX approval_notifications_deliveries ON approval_notifications (workspace_id, recipient, id)
    WHERE channel = 'webhook';
