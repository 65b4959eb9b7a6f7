//! Reminders: which are due, and the statement that tells each once.
//!
//! A reminder is an event in the task's log. It changes nothing of the approval but when the next one is.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Error, sweep::Next};
use crate::domain::ids::ApprovalId;

/// A reminder to be told.
#[derive(Debug, Clone, Copy)]
pub struct Reminder {
    pub approval: ApprovalId,
    /// Approvals that are missing; `None` where the row can't be read.
    pub missing: Option<u32>,
}

#[derive(Serialize)]
struct Row {
    id: Uuid,
    missing: Option<u32>,
}

/// Locks pending approvals of which a reminder is due, the longest overdue first; not `besides`, and not those that
/// another transaction holds, or whose task it holds. Of what has reached its deadline no one is reminded.
pub async fn due(
    conn: &mut PgConnection,
    limit: i64,
    besides: &[ApprovalId],
) -> Result<Vec<ApprovalId>, Error> {
    let besides: Vec<Uuid> = besides.iter().map(|id| id.0).collect();
    let ids: Vec<Uuid> = sqlx::query_scalar!(
        "SELECT a.id
           FROM approval_requests a
           LEFT JOIN LATERAL (
                SELECT true AS ours FROM tasks t
                 WHERE t.workspace_id = a.workspace_id AND t.task_id = a.task_id
                   FOR NO KEY UPDATE SKIP LOCKED) held ON true
          WHERE a.remind_at <= now() AND a.remind_at IS NOT NULL AND a.status = 'pending' AND a.expires_at > now()
            AND a.id <> ALL($2) AND (held.ours OR NOT EXISTS (
                SELECT FROM tasks t WHERE t.workspace_id = a.workspace_id AND t.task_id = a.task_id))
          ORDER BY a.remind_at LIMIT $1 FOR UPDATE OF a SKIP LOCKED",
        limit,
        &besides,
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(ApprovalId).collect())
}

/// An approval of which a reminder was told, and its task.
#[derive(Debug)]
pub struct Told {
    pub workspace: Uuid,
    pub task: String,
    pub at: DateTime<Utc>,
}

/// Tells the reminders of approvals that the transaction has locked, and sets the next of each. Where several are
/// overdue, they are one.
pub async fn tell(conn: &mut PgConnection, reminders: &[Reminder]) -> Result<Vec<Told>, Error> {
    let rows: Vec<Row> = reminders.iter().map(|it| Row { id: it.approval.0, missing: it.missing }).collect();
    let told = sqlx::query!(
        r#"
        WITH input AS MATERIALIZED (
            SELECT x.id, x.missing FROM json_to_recordset($1::text::json) AS x(id uuid, missing integer)
        ), stamped AS MATERIALIZED (
            SELECT clock_timestamp() AS at
        ), changed AS (
            UPDATE approval_requests a
               SET remind_at = (SELECT min(a.expires_at - make_interval(secs => r.seconds))
                                  FROM unnest(a.remind_before) AS r(seconds)
                                 WHERE a.expires_at - make_interval(secs => r.seconds) > s.at)
              FROM input i CROSS JOIN stamped s
             WHERE a.id = i.id AND a.status = 'pending' AND a.remind_at <= s.at AND a.expires_at > s.at
            RETURNING a.id, a.workspace_id, a.run_id, a.session_id, a.task_id, a.approval_type,
                   a.escalation_level AS level, a.version, a.expires_at, a.remind_before, i.missing, s.at
        ), causes AS (
            INSERT INTO notification_causes (due_at, workspace_id, approval_id, cause, level, version, ordinal)
            SELECT c.at, c.workspace_id, c.id, 'reminder', c.level, c.version,
                   (SELECT count(*) FROM unnest(c.remind_before) AS r(seconds)
                     WHERE c.expires_at - make_interval(secs => r.seconds) <= c.at)
              FROM changed c
        ), per_task AS (
            SELECT c.workspace_id, c.task_id, count(*)::integer AS n, max(c.run_id) AS run_id,
                   max(c.session_id) AS session_id
              FROM changed c
             GROUP BY c.workspace_id, c.task_id
        ), heads AS (
            INSERT INTO tasks AS t (workspace_id, task_id, run_id, session_id, start, last_seq, added, used)
            SELECT p.workspace_id, p.task_id, p.run_id, p.session_id, s.start, s.start + p.n, p.n, true
              FROM per_task p CROSS JOIN (SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS start) s
             ORDER BY p.workspace_id, p.task_id
            ON CONFLICT (workspace_id, task_id) DO UPDATE
               SET last_seq = t.last_seq + excluded.added, added = excluded.added, used = true
            RETURNING workspace_id, task_id, last_seq - added AS before
        ), events AS (
            INSERT INTO task_events (workspace_id, task_id, seq, event_type, run_id, session_id, data, size,
                   created_at)
            SELECT e.workspace_id, e.task_id, e.seq, 'approval_reminder', e.run_id, e.session_id, e.data,
                   octet_length(e.data::text), clock_timestamp()
              FROM (SELECT h.workspace_id, h.task_id,
                           h.before + row_number() OVER (PARTITION BY h.workspace_id, h.task_id ORDER BY c.id) AS seq,
                           c.run_id, c.session_id,
                           json_build_object(
                               'approval_id', c.id, 'approval_type', c.approval_type, 'level', c.level,
                               'missing', c.missing, 'version', c.version,
                               'seconds_left', floor(extract(epoch FROM c.expires_at - c.at))::integer, 'expires_at',
                               to_char(c.expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')) AS data
                      FROM heads h
                      JOIN changed c ON c.workspace_id = h.workspace_id AND c.task_id = h.task_id) e
        )
        SELECT c.workspace_id AS "workspace!", c.task_id AS "task!", c.at AS "at!" FROM changed c
        "#,
        super::json(&rows)?,
    )
    .fetch_all(conn)
    .await?;
    Ok(told.into_iter().map(|row| Told { workspace: row.workspace, task: row.task, at: row.at }).collect())
}

/// How far off the next reminder is. Ordered, for a minimum is read from all there are where the planner knows too little.
pub async fn next(conn: &mut PgConnection) -> Result<Next, Error> {
    let seconds = sqlx::query_scalar!(
        "SELECT extract(epoch FROM (
                    SELECT a.remind_at FROM approval_requests a
                     WHERE a.remind_at IS NOT NULL AND a.status = 'pending'
                     ORDER BY a.remind_at LIMIT 1) - clock_timestamp())::float8"
    )
    .fetch_one(conn)
    .await?;
    Ok(Next::from_seconds(seconds))
}
