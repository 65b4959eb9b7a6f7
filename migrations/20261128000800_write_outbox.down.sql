SET LOCAL lock_timeout = '2s';

DROP TABLE notification_attempts, approval_notifications, notification_lanes, notification_causes;
ALTER TABLE approval_requests DROP COLUMN notify;
DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['workspaces', 'approval_requests', 'approval_decisions', 'principals',
                             'principal_memberships', 'roles', 'api_keys', 'browser_sessions', 'active_connections',
                             'delegations', 'log_epoch'] LOOP
        EXECUTE format('DROP POLICY delivering ON %I', t);
    END LOOP;
END
$$;
DROP POLICY everybody_delivering ON instances;
-- The role stays: other databases of this server may use it. It may do nothing here any more.
DO $$
BEGIN
    EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA %I FROM signoff_notify', current_schema());
END
$$;
