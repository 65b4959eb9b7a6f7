-- $2 approvals of workspace $1 that are pending, in 64 tasks, as if each had been asked for by the API.
WITH runs AS (
    INSERT INTO workflow_runs (workspace_id, id)
    SELECT $1::uuid, 'equal-' || n FROM generate_series(0, 63) n
    ON CONFLICT DO NOTHING
), heads AS (
    INSERT INTO tasks (workspace_id, task_id, run_id, start, last_seq, added, pending, used)
    SELECT $1::uuid, 'equal-' || n, 'equal-' || n, 0, 1, 1, 1000000, true FROM generate_series(0, 63) n
    ON CONFLICT DO NOTHING
)
INSERT INTO approval_requests (id, workspace_id, run_id, task_id, approval_type, context, policy, timeout_action,
       metadata, requested_by, requested_by_name, created_at, updated_at, expires_at, size)
SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, $1::uuid, 'equal-' || n % 64, 'equal-' || n % 64,
       'tool_call', json_build_object('sql', repeat('x', 1000)), '{"required_approvals": 1, "allowed_approvers": []}',
       'expire', '{}', '00000000-0000-0000-0000-0000000000b1', 'agent', now(), now(), now() + interval '1 day', 1100
  FROM generate_series(0, $2::integer - 1) n
