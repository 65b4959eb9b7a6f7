-- A table that a backup reads, say, is waited for only so long: everything that comes after would wait behind it.
SET LOCAL lock_timeout = '2s';

-- Webhooks: where a workspace wants its events. docs/webhooks.md explains.
CREATE TABLE webhook_endpoints (
    id              uuid NOT NULL,
    workspace_id    uuid NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    url             text NOT NULL CHECK (octet_length(url) <= 2048),
    description     text,
    -- Which events; empty: all.
    events          text[] NOT NULL DEFAULT '{}',
    format          text NOT NULL DEFAULT 'standard' CHECK (format IN ('standard', 'cloudevents')),
    -- Whether it gets the context of requests.
    include_context boolean NOT NULL DEFAULT false,
    -- Sealed: the key that signs, then those that are good for a while yet. NULL: it stands in the configuration.
    secrets         bytea,
    managed_by      text NOT NULL DEFAULT 'api' CHECK (managed_by IN ('api', 'configuration')),
    disabled_at     timestamptz,
    disabled_reason text CHECK (disabled_reason IN ('by_hand', 'gone', 'failing', 'configuration')),
    -- Since when administrators know that it fails.
    told_at         timestamptz,
    -- Events that were not kept for it, because too many waited.
    dropped         bigint NOT NULL DEFAULT 0,
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (workspace_id, id),
    CONSTRAINT webhook_endpoints_secrets CHECK ((managed_by = 'configuration') = (secrets IS NULL)),
    CONSTRAINT webhook_endpoints_disabled CHECK ((disabled_at IS NULL) = (disabled_reason IS NULL))
);
CREATE UNIQUE INDEX webhook_endpoints_configured ON webhook_endpoints (workspace_id) WHERE managed_by = 'configuration';

-- When the destination last failed: one that fails seldom because it is asked seldom is not called dead.
ALTER TABLE notification_lanes ADD COLUMN last_failure_at timestamptz;

ALTER TABLE webhook_endpoints ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_workspace ON webhook_endpoints TO signoff_app
    USING (workspace_id IS NOT DISTINCT FROM (SELECT current_workspace()))
    WITH CHECK (workspace_id = (SELECT current_workspace()));
GRANT SELECT, INSERT, UPDATE, DELETE ON webhook_endpoints TO signoff_app;
CREATE POLICY delivering ON webhook_endpoints TO signoff_notify USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON webhook_endpoints TO signoff_notify;

-- What disables an endpoint by itself is on record.
CREATE POLICY delivering ON audit_log FOR INSERT TO signoff_notify WITH CHECK (true);
GRANT INSERT (workspace_id, at, action, actor_id, actor_name, via, request_id, detail, subject, run_id, on_behalf_of,
      credential, address, user_agent, before, after) ON audit_log TO signoff_notify;

-- A member tries an endpoint, sends events again, and takes an endpoint away.
GRANT INSERT ON approval_notifications, notification_lanes TO signoff_app;
GRANT UPDATE (sent_at, skip_reason) ON approval_notifications TO signoff_app;
GRANT UPDATE (generation) ON notification_lanes TO signoff_app;
