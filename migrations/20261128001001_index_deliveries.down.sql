SET LOCAL lock_timeout = '2s';

DROP INDEX approval_notifications_deliveries;
