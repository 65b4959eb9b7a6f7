-- What one approval by a person writes, by hand and by itself: state, vote, record, the task's head, its event, and what
-- is to be told. No rules are read, nothing is checked but that it is pending. A test compares it with the product.
-- For pgbench a colon before a letter or a digit begins a variable, in texts too.
WITH changed AS (
    UPDATE approval_requests
       SET status = 'resolved', resolution = 'approved', resolved_via = 'human',
           resolved_by = '00000000-0000-0000-0000-0000000000b2', resolved_by_name = 'approver',
           result = '{"resolution": "approved"}', version = version + 1, updated_at = clock_timestamp(),
           resolved_at = clock_timestamp(), size = size + 40
     WHERE id = ('00000000-0000-7000-8000-' || lpad(to_hex(:n::integer), 12, '0'))::uuid
       AND status = 'pending' AND version = 1 AND expires_at > clock_timestamp()
    RETURNING id, workspace_id, run_id, task_id, updated_at AS at
), votes AS (
    INSERT INTO approval_decisions (id, approval_id, workspace_id, principal_id, principal_name, counted_as, level,
           verdict, created_at)
    SELECT gen_random_uuid(), id, workspace_id, '00000000-0000-0000-0000-0000000000b2', 'approver', '{}', 0,
           'approved', at
      FROM changed
), records AS (
    INSERT INTO audit_log (workspace_id, at, action, approval_id, run_id, actor_id, actor_name, via, credential,
           address, request_id, before, after, detail)
    SELECT workspace_id, at, 'approval.resolved', id, run_id, '00000000-0000-0000-0000-0000000000b2', 'approver',
           'human', 'key-so_abcdefgh', '127.0.0.1', '0193d1a4-7c1e-7b60-9f43-0f2f5a3c9a10',
           '{"status": "pending","version": 1}', '{"resolution": "approved","status": "resolved","version": 2}',
           '{"comment_sha256": null,"decision_id": "0193d1a4-7c1e-7b60-9f43-0f2f5a3c9a10","feedback_sha256": null,"modifications_sha256": null,"verdict": "approved"}'
      FROM changed
), heads AS (
    UPDATE tasks t
       SET last_seq = t.last_seq + 1, added = 1, pending = greatest(t.pending - 1, 0), used = true
      FROM changed c
     WHERE t.workspace_id = c.workspace_id AND t.task_id = c.task_id
    RETURNING t.workspace_id, t.task_id, t.last_seq
), events AS (
    INSERT INTO task_events (workspace_id, task_id, seq, event_type, run_id, data, size, created_at)
    SELECT h.workspace_id, h.task_id, h.last_seq, 'approval_resolved', c.run_id,
           '{"approval_id" : "0193d1a4-7c1e-7b60-9f43-0f2f5a3c9a10", "approval_type" : "tool_call", "status" : "resolved", "approved" : true, "resolution" : "approved", "resolved_via" : "human", "resolved_by" : "approver", "resolved_for" : null, "feedback" : null, "modifications" : null, "comment" : null, "version" : 2, "resolved_at" : "2026-01-01T00-00-00.000000Z"}',
           350, clock_timestamp()
      FROM heads h CROSS JOIN changed c
), causes AS (
    INSERT INTO notification_causes (due_at, workspace_id, approval_id, cause, level, version)
    SELECT at, workspace_id, id, 'decided', 0, 2 FROM changed
)
SELECT id FROM changed
