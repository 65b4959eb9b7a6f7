-- A table that a backup reads, say, is waited for only so long: everything that comes after would wait behind it.
SET LOCAL lock_timeout = '2s';

-- Notifications. What happens to an approval leaves a cause, in the statement that makes it happen. A router makes
-- notifications of causes, each in the lane of its destination, and forgets the causes in the same transaction.
-- Deliverers lease lanes. docs/notifications.md explains.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'signoff_notify') THEN
        BEGIN
            CREATE ROLE signoff_notify NOLOGIN NOINHERIT;
        EXCEPTION
            -- Another database of this server is being prepared at this moment.
            WHEN duplicate_object OR unique_violation THEN NULL;
            WHEN insufficient_privilege THEN
                RAISE EXCEPTION 'the role signoff_notify is missing, and % may not create roles', current_user
                      USING HINT = 'Let a superuser run deploy/postgres/roles.sql again, then migrate again.';
        END;
    END IF;
    IF NOT EXISTS (
        SELECT FROM pg_auth_members m
         WHERE m.roleid = 'signoff_notify'::regrole AND m.member = 'signoff_app'::regrole) THEN
        BEGIN
            GRANT signoff_notify TO signoff_app;
        EXCEPTION
            WHEN unique_violation THEN NULL;
        END;
    END IF;
END
$$;

-- Whom its requester wants told, and how.
ALTER TABLE approval_requests ADD COLUMN notify json;

-- What is to be told. In the order of its work; nothing else is looked up.
CREATE TABLE notification_causes (
    seq          bigint GENERATED ALWAYS AS IDENTITY,
    due_at       timestamptz NOT NULL,
    workspace_id uuid NOT NULL,
    approval_id  uuid NOT NULL,
    cause        text NOT NULL CHECK (cause IN
                     ('requested', 'escalated', 'voted', 'reminder', 'decided', 'expired', 'cancelled')),
    level        integer NOT NULL,
    version      integer NOT NULL,
    -- Of reminders: which one.
    ordinal      smallint NOT NULL DEFAULT 0,
    -- How often it could not be routed.
    attempts     smallint NOT NULL DEFAULT 0,
    PRIMARY KEY (due_at, seq)
);
CREATE INDEX notification_causes_stuck ON notification_causes (attempts) WHERE attempts > 0;

-- A destination: a relay, an endpoint, a conversation. One worker has it at a time.
CREATE TABLE notification_lanes (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id    uuid NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    channel         text NOT NULL CHECK (channel IN ('slack', 'email', 'webhook')),
    destination     text NOT NULL,
    -- When something in it is due; NULL: nothing waits.
    due_at          timestamptz,
    -- Until then it is not looked at: a worker has it, or its destination is to be left alone.
    hold_until      timestamptz NOT NULL DEFAULT 'epoch',
    -- Nothing in it was due before this.
    floor_at        timestamptz NOT NULL DEFAULT 'epoch',
    -- Which lease this is.
    generation      bigint NOT NULL DEFAULT 0,
    -- Raised by each insertion.
    wakes           bigint NOT NULL DEFAULT 0,
    -- Failures of the destination in a row.
    failures        integer NOT NULL DEFAULT 0,
    failing_since   timestamptz,
    last_error      text,
    last_success_at timestamptz,
    UNIQUE (workspace_id, channel, destination)
) WITH (fillfactor = 50);
CREATE INDEX notification_lanes_due ON notification_lanes (channel, greatest(due_at, hold_until))
    WHERE due_at IS NOT NULL;

CREATE TABLE approval_notifications (
    -- Version 7: in the order of time.
    id            uuid NOT NULL,
    workspace_id  uuid NOT NULL,
    -- NULL: about no approval.
    approval_id   uuid,
    cause         text NOT NULL,
    level         integer NOT NULL DEFAULT 0,
    version       integer NOT NULL DEFAULT 0,
    ordinal       smallint NOT NULL DEFAULT 0,
    channel       text NOT NULL CHECK (channel IN ('slack', 'email', 'webhook', 'in_app')),
    action        text NOT NULL DEFAULT 'send' CHECK (action IN ('send', 'update')),
    -- The notification whose message is edited.
    updates       uuid,
    recipient     text NOT NULL,
    principal_id  uuid,
    -- The recipient is asked to decide.
    asks          boolean NOT NULL DEFAULT false,
    lane_id       bigint,
    due_at        timestamptz NOT NULL,
    give_up_at    timestamptz NOT NULL,
    attempts      integer NOT NULL DEFAULT 0,
    status        text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'sent', 'failed', 'skipped', 'read')),
    sent_at       timestamptz,
    read_at       timestamptz,
    failed_at     timestamptz,
    error_message text,
    skip_reason   text,
    subject       text,
    body          text,
    -- Where the message is, in the channel's own terms.
    external      jsonb,
    created_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (workspace_id, id),
    CONSTRAINT approval_notifications_lane CHECK ((channel = 'in_app') = (lane_id IS NULL)),
    CONSTRAINT approval_notifications_sent CHECK ((status IN ('sent', 'read')) = (sent_at IS NOT NULL)),
    CONSTRAINT approval_notifications_read CHECK ((status = 'read') = (read_at IS NOT NULL)),
    CONSTRAINT approval_notifications_failed CHECK ((status = 'failed') = (failed_at IS NOT NULL)),
    CONSTRAINT approval_notifications_skipped CHECK ((status = 'skipped') = (skip_reason IS NOT NULL))
) WITH (fillfactor = 85);
-- One of each; and those of one approval.
CREATE UNIQUE INDEX approval_notifications_once ON approval_notifications
    (approval_id, cause, version, ordinal, channel, recipient, principal_id, action, updates) NULLS NOT DISTINCT
    WHERE approval_id IS NOT NULL;
CREATE INDEX approval_notifications_waiting ON approval_notifications (lane_id, due_at, id) WHERE status = 'pending';
CREATE INDEX approval_notifications_of_person ON approval_notifications (principal_id, id)
    WHERE channel = 'in_app' AND status IN ('sent', 'read');
CREATE INDEX approval_notifications_unread ON approval_notifications (principal_id, id)
    WHERE channel = 'in_app' AND status = 'sent';
CREATE INDEX approval_notifications_failed ON approval_notifications (workspace_id, id) WHERE status = 'failed';

-- What each try came to.
CREATE TABLE notification_attempts (
    id              uuid PRIMARY KEY,
    notification_id uuid NOT NULL,
    workspace_id    uuid NOT NULL,
    at              timestamptz NOT NULL,
    duration_ms     integer NOT NULL,
    outcome         text NOT NULL CHECK (outcome IN ('sent', 'skipped', 'retried', 'held', 'failed')),
    status_code     integer,
    error           text,
    answer          text CHECK (octet_length(answer) <= 4096)
);
CREATE INDEX notification_attempts_of ON notification_attempts (notification_id, id);

ALTER TABLE notification_causes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE notification_lanes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE approval_notifications ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE notification_attempts ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

CREATE POLICY leaving ON notification_causes FOR INSERT TO signoff_commit WITH CHECK (true);
GRANT INSERT (due_at, workspace_id, approval_id, cause, level, version, ordinal) ON notification_causes TO signoff_commit;

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['notification_lanes', 'approval_notifications', 'notification_attempts'] LOOP
        EXECUTE format(
            'CREATE POLICY own_workspace ON %I TO signoff_app
                 USING (workspace_id IS NOT DISTINCT FROM (SELECT current_workspace()))
                 WITH CHECK (workspace_id = (SELECT current_workspace()))', t);
        EXECUTE format('GRANT SELECT ON %I TO signoff_app', t);
    END LOOP;
    FOREACH t IN ARRAY ARRAY['notification_causes', 'notification_lanes', 'approval_notifications',
                             'notification_attempts'] LOOP
        EXECUTE format('CREATE POLICY delivering ON %I TO signoff_notify USING (true)', t);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO signoff_notify', t);
    END LOOP;
    -- What the router and the deliverers read of all workspaces.
    FOREACH t IN ARRAY ARRAY['workspaces', 'approval_requests', 'approval_decisions', 'principals',
                             'principal_memberships', 'roles', 'api_keys', 'browser_sessions', 'active_connections',
                             'delegations', 'log_epoch'] LOOP
        EXECUTE format('CREATE POLICY delivering ON %I FOR SELECT TO signoff_notify USING (true)', t);
    END LOOP;
END
$$;
-- Reading is marked, and what failed is sent again.
GRANT UPDATE (status, read_at, updated_at, due_at, give_up_at, attempts, failed_at, error_message)
      ON approval_notifications TO signoff_app;
GRANT UPDATE (due_at, hold_until, floor_at, wakes, failures, failing_since) ON notification_lanes TO signoff_app;

CREATE POLICY everybody_delivering ON instances FOR SELECT TO signoff_notify USING (true);
GRANT SELECT ON workspaces, approval_requests, approval_decisions, principal_memberships, roles, active_connections,
      instances, delegations, log_epoch TO signoff_notify;
GRANT SELECT (id, workspace_id, name, kind, display_name, email, roles, groups, claimed_roles, claimed_groups,
      disabled_at) ON principals TO signoff_notify;
-- Whether a key lets its owner decide; nothing that is secret.
GRANT SELECT (id, workspace_id, principal_id, permissions, roles, expires_at, revoked_at) ON api_keys TO signoff_notify;
GRANT SELECT (id, workspace_id, principal_id, last_seen_at) ON browser_sessions TO signoff_notify;

-- What is purged takes its notifications along.
CREATE POLICY upkeep ON approval_notifications TO signoff_work USING (true);
CREATE POLICY upkeep ON notification_attempts TO signoff_work USING (true);
GRANT SELECT (workspace_id, id, approval_id, status), DELETE ON approval_notifications TO signoff_work;
GRANT SELECT (id, notification_id), DELETE ON notification_attempts TO signoff_work;
