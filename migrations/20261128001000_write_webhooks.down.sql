SET LOCAL lock_timeout = '2s';

REVOKE UPDATE (generation) ON notification_lanes FROM signoff_app;
REVOKE UPDATE (sent_at, skip_reason) ON approval_notifications FROM signoff_app;
REVOKE INSERT ON approval_notifications, notification_lanes FROM signoff_app;
REVOKE ALL ON audit_log FROM signoff_notify;
DROP POLICY delivering ON audit_log;
ALTER TABLE notification_lanes DROP COLUMN last_failure_at;
DROP TABLE webhook_endpoints;
