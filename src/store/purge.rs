//! Deleting what has had its time, in batches small enough to stay within a statement's time-out.

use std::time::Duration;

use sqlx::PgConnection;

use super::Error;

/// Deletes approvals of runs that were deleted longer than `age` ago, with their decisions.
pub async fn approvals_of_deleted_runs(
    conn: &mut PgConnection,
    age: Duration,
    limit: i64,
) -> Result<u64, Error> {
    let gone = sqlx::query_scalar!(
        r#"WITH gone AS MATERIALIZED (
            SELECT a.id
              FROM workflow_runs r
              JOIN approval_requests a ON a.workspace_id = r.workspace_id AND a.run_id = r.id
             WHERE r.deleted_at < now() - make_interval(secs => $1)
             LIMIT $2
               FOR UPDATE OF a SKIP LOCKED
        ), decisions AS (
            DELETE FROM approval_decisions d USING gone WHERE d.approval_id = gone.id
        ), notifications AS (
            DELETE FROM approval_notifications n USING gone WHERE n.approval_id = gone.id RETURNING n.id
        ), attempts AS (
            DELETE FROM notification_attempts t USING notifications n WHERE t.notification_id = n.id
        ), links AS (
            DELETE FROM decision_links l USING gone WHERE l.approval_id = gone.id
        ), approvals AS (
            DELETE FROM approval_requests a USING gone WHERE a.id = gone.id
        )
        SELECT count(*) AS "count!" FROM gone"#,
        age.as_secs_f64(),
        limit,
    )
    .fetch_one(conn)
    .await?;
    Ok(gone.unsigned_abs())
}

/// Deletes approvals that ended longer ago than their workspaces keep them, with their decisions. Their records stay,
/// and one more says how many of a workspace have gone.
///
/// Found by arrays of ids: joined to what a function finds, whole tables are read.
pub async fn ended_approvals(conn: &mut PgConnection, limit: i64) -> Result<u64, Error> {
    let gone = sqlx::query_scalar!(
        r#"WITH old AS MATERIALIZED (
            SELECT h.approval_id
              FROM workspaces w
             -- Nothing has this id: what ended in that very moment is kept.
             CROSS JOIN LATERAL approval_history(
                   w.id, '-infinity', now() - make_interval(days => w.history_retention_days),
                   '00000000-0000-0000-0000-000000000000', $1) h
             WHERE w.history_retention_days IS NOT NULL
             LIMIT $1
        ), gone AS MATERIALIZED (
            SELECT a.id, a.workspace_id, a.resolved_at
              FROM approval_requests a
             WHERE a.id = ANY (ARRAY(SELECT o.approval_id FROM old o))
               FOR UPDATE SKIP LOCKED
        ), decisions AS (
            DELETE FROM approval_decisions d WHERE d.approval_id = ANY (ARRAY(SELECT g.id FROM gone g))
        ), notifications AS (
            DELETE FROM approval_notifications n WHERE n.approval_id = ANY (ARRAY(SELECT g.id FROM gone g))
            RETURNING n.id
        ), attempts AS (
            DELETE FROM notification_attempts t
             WHERE t.notification_id = ANY (ARRAY(SELECT n.id FROM notifications n))
        ), links AS (
            DELETE FROM decision_links l WHERE l.approval_id = ANY (ARRAY(SELECT g.id FROM gone g))
        ), approvals AS (
            DELETE FROM approval_requests a WHERE a.id = ANY (ARRAY(SELECT g.id FROM gone g))
        ), records AS (
            INSERT INTO audit_log (workspace_id, at, action, via, detail)
            SELECT g.workspace_id, clock_timestamp(), 'approvals.purged', 'retention',
                   json_build_object('approvals', count(*), 'last_resolved_at', to_char(
                       max(g.resolved_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
              FROM gone g
             GROUP BY g.workspace_id
        )
        SELECT count(*) AS "count!" FROM gone"#,
        limit,
    )
    .fetch_one(conn)
    .await?;
    Ok(gone.unsigned_abs())
}

/// Deletes notifications that were made longer than `age` ago, with what their tries came to. What still waits for its
/// channel is kept. Ids are in the order of time.
pub async fn notifications(conn: &mut PgConnection, age: Duration, limit: i64) -> Result<u64, Error> {
    let gone = sqlx::query_scalar!(
        r#"WITH old AS MATERIALIZED (
            SELECT n.workspace_id, n.id
              FROM workspaces w
             CROSS JOIN LATERAL (
                   SELECT o.workspace_id, o.id
                     FROM approval_notifications o
                    WHERE o.workspace_id = w.id AND o.status <> 'pending'
                      AND o.id < (lpad(to_hex((extract(epoch FROM now() - make_interval(secs => $1)) * 1000)::bigint),
                                       12, '0') || repeat('0', 20))::uuid
                    ORDER BY o.id
                    LIMIT $2) n
             LIMIT $2
        ), attempts AS (
            DELETE FROM notification_attempts t WHERE t.notification_id = ANY (ARRAY(SELECT o.id FROM old o))
        ), notifications AS (
            DELETE FROM approval_notifications n
             USING old o WHERE n.workspace_id = o.workspace_id AND n.id = o.id
        )
        SELECT count(*) AS "count!" FROM old"#,
        age.as_secs_f64(),
        limit,
    )
    .fetch_one(conn)
    .await?;
    Ok(gone.unsigned_abs())
}

/// Deletes links that were made longer than `age` ago, of approvals that have ended. Ids are in the order of time.
pub async fn links(conn: &mut PgConnection, age: Duration, limit: i64) -> Result<u64, Error> {
    let gone = sqlx::query!(
        "DELETE FROM decision_links WHERE id = ANY (ARRAY(
            SELECT l.id
              FROM decision_links l
             WHERE l.id < (lpad(to_hex((extract(epoch FROM now() - make_interval(secs => $1)) * 1000)::bigint), 12, '0')
                           || repeat('0', 20))::uuid
               AND NOT EXISTS (
                   SELECT FROM approval_requests a WHERE a.id = l.approval_id AND a.status = 'pending')
             ORDER BY l.id
             LIMIT $2))",
        age.as_secs_f64(),
        limit,
    )
    .execute(conn)
    .await?;
    Ok(gone.rows_affected())
}

/// Deletes runs that were deleted longer than `age` ago and have no approvals left.
pub async fn deleted_runs(conn: &mut PgConnection, age: Duration, limit: i64) -> Result<u64, Error> {
    let gone = sqlx::query!(
        "DELETE FROM workflow_runs WHERE (workspace_id, id) IN (
            SELECT r.workspace_id, r.id
              FROM workflow_runs r
             WHERE r.deleted_at < now() - make_interval(secs => $1)
               AND NOT EXISTS (
                   SELECT FROM approval_requests a WHERE a.workspace_id = r.workspace_id AND a.run_id = r.id)
             LIMIT $2
               FOR UPDATE SKIP LOCKED)",
        age.as_secs_f64(),
        limit,
    )
    .execute(conn)
    .await?;
    Ok(gone.rows_affected())
}

/// Looks at idempotency keys that may have had their time, and answers how many it looked at. A key goes `age` after
/// its approval has ended; one whose approval is still pending is looked at again after `age`.
pub async fn idempotency_keys(conn: &mut PgConnection, age: Duration, limit: i64) -> Result<u64, Error> {
    let looked_at = sqlx::query_scalar!(
        r#"WITH due AS MATERIALIZED (
               SELECT k.workspace_id, k.principal_id, k.key, k.approval_id
                 FROM idempotency_keys k
                WHERE k.look_again_at <= now()
                ORDER BY k.look_again_at
                LIMIT $2
                  FOR UPDATE SKIP LOCKED
           ), judged AS MATERIALIZED (
               SELECT d.workspace_id, d.principal_id, d.key,
                      -- An approval may be gone before its key, with its run. Then the log says when it ended; where
                      -- that is gone too, the key has nothing left to stand for.
                      CASE WHEN a.id IS NULL
                           THEN coalesce((SELECT max(l.at) FROM audit_log l WHERE l.approval_id = d.approval_id),
                                         '-infinity')
                           ELSE coalesce(a.resolved_at, now()) END + make_interval(secs => $1) AS until
                 FROM due d
                 LEFT JOIN approval_requests a ON a.id = d.approval_id AND a.workspace_id = d.workspace_id
           ), kept AS (
               UPDATE idempotency_keys k SET look_again_at = j.until
                 FROM judged j
                WHERE j.until > now() AND k.workspace_id = j.workspace_id AND k.principal_id = j.principal_id
                  AND k.key = j.key
           ), gone AS (
               DELETE FROM idempotency_keys k
                USING judged j
                WHERE j.until <= now() AND k.workspace_id = j.workspace_id AND k.principal_id = j.principal_id
                  AND k.key = j.key
           )
           SELECT count(*) AS "count!" FROM due"#,
        age.as_secs_f64(),
        limit,
    )
    .fetch_one(conn)
    .await?;
    Ok(looked_at.unsigned_abs())
}

/// Deletes events older than `age`, and with them tasks that have none left and nothing pending.
pub async fn events(conn: &mut PgConnection, age: Duration, limit: i64) -> Result<u64, Error> {
    let gone = sqlx::query_scalar!(
        r#"WITH gone AS MATERIALIZED (
               SELECT e.workspace_id, e.task_id, e.seq
                 FROM task_events e
                WHERE e.created_at < now() - make_interval(secs => $1)
                ORDER BY e.created_at LIMIT $2
                  FOR UPDATE SKIP LOCKED
           ), events AS (
               DELETE FROM task_events e USING gone g
                WHERE e.workspace_id = g.workspace_id AND e.task_id = g.task_id AND e.seq = g.seq
           ), tasks AS (
               DELETE FROM tasks t
                USING (SELECT g.workspace_id, g.task_id, max(g.seq) AS seq FROM gone g GROUP BY 1, 2) g
                WHERE t.workspace_id = g.workspace_id AND t.task_id = g.task_id
                  -- The last of its events goes: whatever came after it would have moved this on.
                  AND t.last_seq = g.seq AND t.pending = 0
                  AND NOT EXISTS (SELECT FROM active_connections c
                                   WHERE c.workspace_id = t.workspace_id AND c.task_id = t.task_id)
           )
           SELECT count(*) AS "count!" FROM gone"#,
        age.as_secs_f64(),
        limit,
    )
    .fetch_one(conn)
    .await?;
    Ok(gone.unsigned_abs())
}

/// Deletes tasks that were made known longer than `age` ago (by a socket) and never got an event.
pub async fn unused_tasks(conn: &mut PgConnection, age: Duration, limit: i64) -> Result<u64, Error> {
    let gone = sqlx::query!(
        "DELETE FROM tasks WHERE (workspace_id, task_id) IN (
            SELECT t.workspace_id, t.task_id
              FROM tasks t
             WHERE NOT t.used AND t.created_at < now() - make_interval(secs => $1)
               AND NOT EXISTS (SELECT FROM active_connections c
                                WHERE c.workspace_id = t.workspace_id AND c.task_id = t.task_id)
             LIMIT $2
               FOR UPDATE SKIP LOCKED)",
        age.as_secs_f64(),
        limit,
    )
    .execute(conn)
    .await?;
    Ok(gone.rows_affected())
}

/// Deletes tickets that have run out.
pub async fn tickets(conn: &mut PgConnection, limit: i64) -> Result<u64, Error> {
    let gone = sqlx::query!(
        "DELETE FROM ws_tickets WHERE hash IN (
            SELECT hash FROM ws_tickets WHERE expires_at < now() LIMIT $1 FOR UPDATE SKIP LOCKED)",
        limit,
    )
    .execute(conn)
    .await?;
    Ok(gone.rows_affected())
}

/// Deletes sign-ins that nobody has finished.
pub async fn sign_ins(conn: &mut PgConnection, limit: i64) -> Result<u64, Error> {
    let gone = sqlx::query!(
        "DELETE FROM sign_ins WHERE hash IN (
            SELECT hash FROM sign_ins WHERE expires_at < now() LIMIT $1 FOR UPDATE SKIP LOCKED)",
        limit,
    )
    .execute(conn)
    .await?;
    Ok(gone.rows_affected())
}

/// Deletes browser sessions that have run out; the audit log keeps that they were.
pub async fn browser_sessions(conn: &mut PgConnection, limit: i64) -> Result<u64, Error> {
    let gone = sqlx::query!(
        "DELETE FROM browser_sessions WHERE id IN (
            SELECT id FROM browser_sessions WHERE expires_at < now() LIMIT $1 FOR UPDATE SKIP LOCKED)",
        limit,
    )
    .execute(conn)
    .await?;
    Ok(gone.rows_affected())
}

/// Deletes samples of instances older than `age`.
pub async fn samples(conn: &mut PgConnection, age: Duration, limit: i64) -> Result<u64, Error> {
    let gone = sqlx::query!(
        "DELETE FROM instance_samples WHERE (instance_id, at) IN (
            SELECT s.instance_id, s.at
              FROM instance_samples s
             WHERE s.at < now() - make_interval(secs => $1)
             ORDER BY s.at LIMIT $2
               FOR UPDATE SKIP LOCKED)",
        age.as_secs_f64(),
        limit,
    )
    .execute(conn)
    .await?;
    Ok(gone.rows_affected())
}

/// Deletes what happened to the service longer than `age` ago.
pub async fn cluster_events(conn: &mut PgConnection, age: Duration, limit: i64) -> Result<u64, Error> {
    let gone = sqlx::query!(
        "DELETE FROM cluster_events WHERE id IN (
            SELECT e.id FROM cluster_events e
             WHERE e.at < now() - make_interval(secs => $1)
             ORDER BY e.at LIMIT $2
               FOR UPDATE SKIP LOCKED)",
        age.as_secs_f64(),
        limit,
    )
    .execute(conn)
    .await?;
    Ok(gone.rows_affected())
}
