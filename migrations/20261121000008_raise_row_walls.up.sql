-- Walls between workspaces in the database itself, behind those in the code: row-level security, forced, on every
-- table, and a role for each kind of work that may do no more than that work needs. docs/database-roles.md explains.
--
--   signoff_app       one workspace, the one that the transaction names (`SET LOCAL signoff.workspace`)
--   signoff_commit    creating and deciding, in batches that serve many workspaces
--   signoff_read      reading what such batches wait for
--   signoff_work      sweeps, leases, retention, the audit chain
--   signoff_auth      from a credential to who it is
--   signoff_operator  the command line: workspaces, principals, roles, keys
--
-- An instance signs in as a member of signoff_app, owns nothing, and takes the role of the work at hand.

DO $$
DECLARE
    duty text;
BEGIN
    FOREACH duty IN ARRAY ARRAY['signoff_app', 'signoff_commit', 'signoff_read', 'signoff_work', 'signoff_auth',
                                'signoff_operator'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = duty) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN NOINHERIT', duty);
            EXCEPTION
                -- Another database of this server is being prepared at this moment.
                WHEN duplicate_object OR unique_violation THEN NULL;
                WHEN insufficient_privilege THEN
                    RAISE EXCEPTION 'the role % is missing, and % may not create roles', duty, current_user
                          USING HINT = 'Let a superuser run deploy/postgres/roles.sql once, then migrate again.';
            END;
        END IF;
        IF duty <> 'signoff_app' AND NOT EXISTS (
            SELECT FROM pg_auth_members m
             WHERE m.roleid = duty::regrole AND m.member = 'signoff_app'::regrole) THEN
            BEGIN
                EXECUTE format('GRANT %I TO signoff_app', duty);
            EXCEPTION
                WHEN unique_violation THEN NULL;
            END;
        END IF;
    END LOOP;
END
$$;

-- The workspace that the transaction is for; none outside of one. Its names are bound here and now: what runs as
-- somebody else (search_approvals) calls it, and must not find another `uuid` in the caller's temporary schema.
CREATE FUNCTION current_workspace() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT nullif(current_setting('signoff.workspace', true), '')::uuid;
END;

-- Nobody passes without a policy, the owner included.
DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY[
        'workspaces', 'principals', 'roles', 'api_keys', 'browser_sessions', 'sign_ins', 'ws_tickets',
        'workflow_runs', 'sessions', 'approval_requests', 'approval_decisions', 'idempotency_keys', 'tasks',
        'task_events', 'instances', 'active_connections', 'audit_log', 'audit_chain', 'audit_checkpoints',
        'audit_progress'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', t);
    END LOOP;

    -- One workspace at a time. Not `=`, which is for an index: where some rows were asked for by their ids, all of the
    -- workspace's were looked up beside them. Statements name the workspace themselves where that helps.
    CREATE POLICY own_workspace ON workspaces TO signoff_app
        USING (id = (SELECT current_workspace())) WITH CHECK (id = (SELECT current_workspace()));
    FOREACH t IN ARRAY ARRAY[
        'principals', 'roles', 'api_keys', 'browser_sessions', 'workflow_runs', 'approval_requests',
        'approval_decisions', 'tasks', 'task_events', 'active_connections', 'audit_log', 'audit_chain',
        'audit_checkpoints'] LOOP
        EXECUTE format(
            'CREATE POLICY own_workspace ON %I TO signoff_app
                 USING (workspace_id IS NOT DISTINCT FROM (SELECT current_workspace()))
                 WITH CHECK (workspace_id = (SELECT current_workspace()))', t);
    END LOOP;
    CREATE POLICY everybody ON instances TO signoff_app, signoff_read, signoff_work, signoff_commit USING (true);

    -- Many workspaces at once: what these may do is in the grants.
    FOREACH t IN ARRAY ARRAY[
        'workflow_runs', 'sessions', 'approval_decisions', 'idempotency_keys', 'tasks', 'task_events',
        'active_connections', 'audit_log'] LOOP
        EXECUTE format('CREATE POLICY any_workspace ON %I TO signoff_commit, signoff_work USING (true)', t);
    END LOOP;
    FOREACH t IN ARRAY ARRAY[
        'approval_requests', 'approval_decisions', 'tasks', 'task_events', 'active_connections'] LOOP
        EXECUTE format('CREATE POLICY reading ON %I FOR SELECT TO signoff_read USING (true)', t);
    END LOOP;
    FOREACH t IN ARRAY ARRAY[
        'workspaces', 'principals', 'roles', 'api_keys', 'browser_sessions', 'sign_ins', 'ws_tickets',
        'audit_log'] LOOP
        EXECUTE format('CREATE POLICY credentials ON %I TO signoff_auth USING (true)', t);
    END LOOP;
    FOREACH t IN ARRAY ARRAY[
        'workspaces', 'principals', 'api_keys', 'browser_sessions', 'sign_ins', 'ws_tickets', 'audit_chain',
        'audit_checkpoints', 'audit_progress'] LOOP
        EXECUTE format('CREATE POLICY upkeep ON %I TO signoff_work USING (true)', t);
    END LOOP;
    FOREACH t IN ARRAY ARRAY[
        'workspaces', 'principals', 'roles', 'api_keys', 'browser_sessions', 'audit_log', 'audit_chain',
        'audit_checkpoints', 'audit_progress'] LOOP
        EXECUTE format('CREATE POLICY administration ON %I TO signoff_operator USING (true)', t);
    END LOOP;
END
$$;

-- Whoever decides can't touch what has been decided: an outcome is final for the database too. Deadlines are applied
-- in this role, too.
CREATE POLICY requests ON approval_requests FOR SELECT TO signoff_commit USING (true);
CREATE POLICY asking ON approval_requests FOR INSERT TO signoff_commit WITH CHECK (status = 'pending');
--
-- Said by the moment, which says the same: with `status = 'pending'` here the planner took the index on deadlines, which
-- has that for its condition, and each batch read all that is pending.
CREATE POLICY deciding ON approval_requests FOR UPDATE TO signoff_commit USING (resolved_at IS NULL) WITH CHECK (true);
CREATE POLICY upkeep ON approval_requests TO signoff_work USING (true);

-- Grants. A column named alone for UPDATE where none of it is ever changed is there for locking rows.

GRANT SELECT ON _sqlx_migrations TO signoff_app;
-- Whoever changes something, appends. A record's number is nobody's choice.
GRANT INSERT (workspace_id, at, action, approval_id, run_id, actor_id, actor_name, via, request_id, detail, subject,
      on_behalf_of, credential, address, user_agent, before, after) ON audit_log
      TO signoff_app, signoff_commit, signoff_work, signoff_auth, signoff_operator;
GRANT SELECT ON workspaces, principals, roles, workflow_runs, approval_requests, approval_decisions, tasks,
      task_events, active_connections, instances, audit_log, audit_chain, audit_checkpoints TO signoff_app;
GRANT SELECT (id, workspace_id, principal_id, prefix, permissions, roles, label, created_at, expires_at, last_used_at,
      revoked_at, rotated_to) ON api_keys TO signoff_app;
GRANT SELECT (id, workspace_id, principal_id, key_id, created_at, last_seen_at, expires_at, revoked_at, address,
      user_agent) ON browser_sessions TO signoff_app;
GRANT INSERT ON principals, roles, api_keys TO signoff_app;
GRANT UPDATE (name, allow_timeout_approve, updated_at) ON workspaces TO signoff_app;
GRANT UPDATE (name, kind, display_name, email, roles, groups, disabled_at, updated_at) ON principals TO signoff_app;
GRANT UPDATE (description, permissions, updated_at), DELETE ON roles TO signoff_app;
GRANT UPDATE (label, expires_at, revoked_at, rotated_to) ON api_keys TO signoff_app;
GRANT UPDATE (revoked_at) ON browser_sessions TO signoff_app;
GRANT UPDATE (closed_by) ON active_connections TO signoff_app;

GRANT SELECT, INSERT ON workflow_runs, sessions, approval_requests, approval_decisions, idempotency_keys, tasks,
      task_events, active_connections TO signoff_commit;
GRANT SELECT ON instances TO signoff_commit;
GRANT UPDATE (deleted_at) ON workflow_runs TO signoff_commit;
GRANT UPDATE (status, version, resolution, resolved_via, resolved_by, resolved_by_name, result, updated_at, resolved_at)
      ON approval_requests TO signoff_commit;
GRANT UPDATE (last_seq, added, pending, used, run_id, session_id) ON tasks TO signoff_commit;
GRANT UPDATE ON active_connections TO signoff_commit;
GRANT USAGE ON SEQUENCE connection_generations TO signoff_commit;

GRANT SELECT ON approval_requests, approval_decisions, tasks, task_events, active_connections, instances
      TO signoff_read;

GRANT SELECT, DELETE ON workflow_runs, approval_requests, approval_decisions, idempotency_keys, tasks, task_events,
      active_connections, instances TO signoff_work;
GRANT SELECT (hash, expires_at), DELETE ON ws_tickets, sign_ins TO signoff_work;
GRANT SELECT (id, workspace_id, principal_id, revoked_at, expires_at, last_seen_at), DELETE ON browser_sessions
      TO signoff_work;
GRANT INSERT ON audit_chain, audit_checkpoints, instances TO signoff_work;
GRANT SELECT ON workspaces, principals, audit_log, audit_chain, audit_checkpoints, audit_progress TO signoff_work;
GRANT SELECT (id, workspace_id, principal_id, revoked_at, expires_at, last_used_at), UPDATE (last_used_at)
      ON api_keys TO signoff_work;
GRANT SELECT ON SEQUENCE audit_log_seq_seq TO signoff_work;
GRANT UPDATE (last_heartbeat) ON active_connections TO signoff_work;
GRANT UPDATE ON instances, audit_progress TO signoff_work;
GRANT UPDATE (created_at) ON workflow_runs, approval_requests, idempotency_keys, task_events, tasks TO signoff_work;
GRANT UPDATE (expires_at) ON ws_tickets, sign_ins, browser_sessions TO signoff_work;
GRANT UPDATE (last_seen_at) ON browser_sessions TO signoff_work;

GRANT SELECT ON workspaces, principals, roles, api_keys, browser_sessions, sign_ins, ws_tickets TO signoff_auth;
GRANT INSERT ON principals, browser_sessions, sign_ins, ws_tickets TO signoff_auth;
GRANT UPDATE (display_name, email, claimed_roles, claimed_groups, claimed_at, issuer, subject, updated_at)
      ON principals TO signoff_auth;
GRANT UPDATE (revoked_at) ON browser_sessions TO signoff_auth;
GRANT DELETE ON sign_ins, ws_tickets TO signoff_auth;

GRANT SELECT, INSERT ON workspaces, principals, roles TO signoff_operator;
GRANT SELECT (id, workspace_id, principal_id, prefix, permissions, roles, label, created_at, expires_at, last_used_at,
      revoked_at, rotated_to), INSERT ON api_keys TO signoff_operator;
GRANT UPDATE (name, allow_timeout_approve, updated_at) ON workspaces TO signoff_operator;
GRANT UPDATE (name, kind, display_name, email, roles, groups, disabled_at, updated_at, issuer, subject, claimed_at,
      claimed_roles, claimed_groups) ON principals TO signoff_operator;
GRANT UPDATE (description, permissions, updated_at) ON roles TO signoff_operator;
GRANT UPDATE (label, expires_at, revoked_at, rotated_to) ON api_keys TO signoff_operator;
GRANT DELETE ON roles TO signoff_operator;
GRANT SELECT (id, workspace_id, principal_id, key_id, created_at, last_seen_at, expires_at, revoked_at, address,
      user_agent), UPDATE (revoked_at) ON browser_sessions TO signoff_operator;
GRANT SELECT ON audit_log, audit_chain, audit_checkpoints, audit_progress TO signoff_operator;
GRANT SELECT ON SEQUENCE audit_log_seq_seq TO signoff_operator;
GRANT INSERT ON audit_checkpoints TO signoff_operator;
