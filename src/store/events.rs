//! The log of a task's events: appending what producers send, and reading it again from a place on. (Events of
//! approvals are appended by the statements that cause them: [`super::creation`], [`super::changes`].)
//!
//! Numbers are handed out under the lock of the task's row, which is held until the commit: a reader that has seen
//! number n can be sure that nothing below it is still to come. They have no gaps but those that retention cuts.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::{Error, json};
use crate::domain::{
    approval::{Approval, Opaque},
    event::{Cursor, Epoch, TaskKey},
    ids::{ApprovalId, WorkspaceId},
    names::CallerName,
};

/// One event, as it is in the log.
#[derive(Debug, Clone)]
pub struct Event {
    pub seq: i64,
    pub event_type: String,
    pub run_id: Option<String>,
    pub session_id: Option<String>,
    pub data: Opaque,
    pub at: DateTime<Utc>,
}

impl Event {
    pub fn cursor(&self, epoch: Epoch) -> Cursor {
        Cursor { seq: self.seq, epoch }
    }
}

/// An event that is to be appended.
#[derive(Debug, Clone, Serialize)]
pub struct NewEvent<'a> {
    /// Index into the tasks of the batch.
    pub t: usize,
    /// 1 for the first of its task within the batch.
    pub nth: i64,
    pub event_type: &'a str,
    pub data: &'a RawValue,
    pub size: usize,
}

#[derive(Serialize)]
struct TaskRow<'a> {
    t: usize,
    workspace_id: Uuid,
    task_id: &'a str,
    n: i64,
}

/// Where the events of one task went.
#[derive(Debug, Clone, Copy)]
pub struct Appended {
    /// The number before the first.
    pub before: i64,
    /// Whether a live socket follows the task, as far as the database knows.
    pub connected: bool,
}

/// Appends events of several tasks with one statement and one commit; the answers are in the order of `tasks`.
/// Tasks are locked in the order of their keys, so that two batches never wait for each other in a circle.
pub async fn append(
    conn: &mut PgConnection,
    tasks: &[(TaskKey, i64)],
    events: &[NewEvent<'_>],
    lease_ttl: Duration,
) -> Result<Vec<Appended>, Error> {
    let rows: Vec<TaskRow<'_>> = tasks
        .iter()
        .enumerate()
        .map(|(t, (key, n))| TaskRow { t, workspace_id: key.workspace.0, task_id: key.task.as_str(), n: *n })
        .collect();
    let appended = sqlx::query!(
        r#"
        WITH targets AS MATERIALIZED (
            SELECT x.t, x.workspace_id, x.task_id, x.n
              FROM json_to_recordset($1::text::json) AS x(t integer, workspace_id uuid, task_id text, n integer)
        ), heads AS (
            INSERT INTO tasks AS t (workspace_id, task_id, start, last_seq, added, used)
            SELECT g.workspace_id, g.task_id, s.start, s.start + g.n, g.n, true
              FROM targets g CROSS JOIN (SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS start) s
             ORDER BY g.workspace_id, g.task_id
            ON CONFLICT (workspace_id, task_id) DO UPDATE
               SET last_seq = t.last_seq + excluded.added, added = excluded.added, used = true
            RETURNING workspace_id, task_id, last_seq - added AS before, run_id, session_id
        ), appended AS (
            INSERT INTO task_events (workspace_id, task_id, seq, event_type, run_id, session_id, data, size,
                   created_at)
            SELECT h.workspace_id, h.task_id, h.before + e.nth, e.event_type, h.run_id, h.session_id, e.data,
                   e.size, clock_timestamp()
              FROM json_to_recordset($2::text::json) AS e(
                   t integer, nth bigint, event_type text, data json, size integer)
              JOIN targets g ON g.t = e.t
              JOIN heads h ON h.workspace_id = g.workspace_id AND h.task_id = g.task_id
        )
        SELECT h.before AS "before!",
               EXISTS (SELECT FROM active_connections c JOIN instances i ON i.id = c.server_instance
                        WHERE c.workspace_id = h.workspace_id AND c.task_id = h.task_id AND c.closed_by IS NULL
                          AND i.last_heartbeat > now() - make_interval(secs => $3)) AS "connected!"
          FROM heads h JOIN targets g ON g.workspace_id = h.workspace_id AND g.task_id = h.task_id
         ORDER BY g.t
        "#,
        json(&rows)?,
        json(&events)?,
        lease_ttl.as_secs_f64(),
    )
    .fetch_all(conn)
    .await?;
    Ok(appended.into_iter().map(|row| Appended { before: row.before, connected: row.connected }).collect())
}

/// A reader of a task's log: what it has seen, and as whose owner it reads.
#[derive(Debug, Clone)]
pub struct Reading {
    pub key: TaskKey,
    pub after: i64,
    /// `None` for a reader that owns nothing.
    pub generation: Option<i64>,
}

/// What a reader gets.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// In order. Empty: there is nothing new.
    pub events: Vec<Event>,
    /// The life of the database in which it was read.
    pub epoch: Epoch,
    /// False where the reader's generation has been replaced, closed or removed: it must not send any of this.
    pub owned: bool,
    /// Something is missing behind the last event.
    broken: bool,
}

/// A page ends with the event that reaches so many bytes of data.
const PAGE_BYTES: i64 = 128 * 1024;

/// Reads on from several places at once; the answers are in the order of `readings`.
pub async fn pages(conn: &mut PgConnection, readings: &[Reading], limit: i64) -> Result<Vec<Page>, Error> {
    let workspaces: Vec<Uuid> = readings.iter().map(|it| it.key.workspace.0).collect();
    let tasks: Vec<String> = readings.iter().map(|it| it.key.task.to_string()).collect();
    let after: Vec<i64> = readings.iter().map(|it| it.after).collect();
    let generations: Vec<i64> = readings.iter().map(|it| it.generation.unwrap_or(0)).collect();
    let rows = sqlx::query!(
        r#"
        SELECT i.n AS "n!",
               (i.generation = 0 OR EXISTS (
                   SELECT FROM active_connections c
                    WHERE c.workspace_id = i.workspace_id AND c.task_id = i.task_id
                      AND c.generation = i.generation AND c.closed_by IS NULL)) AS "owned!",
               e.seq AS "seq?", e.event_type AS "event_type?", e.run_id, e.session_id, e.data AS "data?: Json<Opaque>",
               e.created_at AS "at?"
          FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::bigint[]) WITH ORDINALITY
               AS i(workspace_id, task_id, after, generation, n)
          LEFT JOIN LATERAL (
               SELECT p.seq, p.event_type, p.run_id, p.session_id, p.data, p.created_at
                 FROM (SELECT s.seq, s.event_type, s.run_id, s.session_id, s.data, s.created_at, s.size,
                              sum(s.size) OVER (ORDER BY s.seq ROWS UNBOUNDED PRECEDING) AS total
                         FROM (SELECT t.seq, t.event_type, t.run_id, t.session_id, t.data, t.created_at, t.size
                                 FROM task_events t
                                WHERE t.workspace_id = i.workspace_id AND t.task_id = i.task_id AND t.seq > i.after
                                ORDER BY t.seq LIMIT $5) s) p
                WHERE p.total - p.size < $6) e ON true
         ORDER BY i.n, e.seq
        "#,
        &workspaces,
        &tasks,
        &after,
        &generations,
        limit,
        PAGE_BYTES,
    )
    .fetch_all(conn)
    .await?;
    let mut pages: Vec<Page> = vec![Page::default(); readings.len()];
    for row in rows {
        let page = usize::try_from(row.n - 1).ok().and_then(|n| pages.get_mut(n));
        let Some(page) = page else { continue };
        page.owned = row.owned;
        if let (Some(seq), Some(event_type), Some(Json(data)), Some(at)) =
            (row.seq, row.event_type, row.data, row.at)
        {
            // A page ends before a hole: a reader that reads on finds out that something is gone.
            if page.events.last().is_some_and(|last| last.seq + 1 != seq) {
                page.broken = true;
            }
            if page.broken {
                continue;
            }
            let (run_id, session_id) = (row.run_id, row.session_id);
            page.events.push(Event { seq, event_type, run_id, session_id, data, at });
        }
    }
    Ok(pages)
}

/// One pending approval, as a socket is told of it: without its context.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Summary {
    pub approval_id: ApprovalId,
    pub run_id: String,
    pub session_id: Option<String>,
    pub task_id: String,
    pub job_id: Option<String>,
    pub approval_type: String,
    pub title: Option<String>,
    pub requested_by: String,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

impl From<&Approval> for Summary {
    fn from(approval: &Approval) -> Self {
        let request = &approval.request;
        Self {
            approval_id: approval.id,
            run_id: request.run_id.to_string(),
            session_id: request.session_id.as_ref().map(CallerName::to_string),
            task_id: request.task_id.to_string(),
            job_id: request.job_id.as_ref().map(CallerName::to_string),
            approval_type: request.approval_type.to_string(),
            title: request.title.clone(),
            requested_by: approval.requested_by.name.to_string(),
            version: approval.version,
            created_at: approval.created_at,
            expires_at: approval.expires_at,
        }
    }
}

/// Where a task's log stands, and what is pending: one consistent reading.
#[derive(Debug, Clone)]
pub struct Opening {
    /// The number before the first event that ever was.
    pub start: i64,
    pub last_seq: i64,
    /// The first number behind the cursor that is still there.
    pub next: Option<i64>,
    /// Oldest first; one more than asked for where there are more.
    pub pending: Vec<Summary>,
}

impl Opening {
    /// Where a reader goes on that has seen everything up to `cursor`; `None` where some of what follows is gone.
    /// A reader that has seen nothing at all goes on from the start.
    /// A number of another life of the database says nothing of this one.
    pub fn resume(&self, cursor: Cursor, epoch: Epoch) -> Option<Cursor> {
        let from = match cursor {
            Cursor::START => self.start,
            Cursor { epoch: own, .. } if own != epoch => return None,
            Cursor { seq, .. } => seq,
        };
        let complete = match self.next {
            Some(next) => next == from + 1,
            None => from == self.last_seq,
        };
        complete.then_some(Cursor { seq: from, epoch })
    }
}

/// What sockets are told when they open; the answers are in the order of `asked`. `None` for a task that nobody
/// has named yet.
pub async fn openings(
    conn: &mut PgConnection,
    asked: &[(TaskKey, Option<Cursor>)],
    pending: i64,
) -> Result<Vec<Option<Opening>>, Error> {
    let workspaces: Vec<Uuid> = asked.iter().map(|(key, _)| key.workspace.0).collect();
    let tasks: Vec<String> = asked.iter().map(|(key, _)| key.task.to_string()).collect();
    let cursors: Vec<i64> = asked.iter().map(|(_, cursor)| cursor.map_or(i64::MAX, |it| it.seq)).collect();
    let rows = sqlx::query!(
        r#"
        SELECT i.n AS "n!", t.start AS "start?", t.last_seq AS "last_seq?",
               (SELECT min(e.seq) FROM task_events e
                 WHERE e.workspace_id = i.workspace_id AND e.task_id = i.task_id AND e.seq > i.cursor) AS next,
               CASE WHEN t.pending > 0 THEN (
                   SELECT json_agg(json_build_object(
                              'approval_id', p.id, 'run_id', p.run_id, 'session_id', p.session_id,
                              'task_id', p.task_id, 'job_id', p.job_id, 'approval_type', p.approval_type,
                              'title', p.title, 'requested_by', p.requested_by_name, 'version', p.version,
                              'created_at', p.created_at, 'expires_at', p.expires_at) ORDER BY p.id)
                     FROM (SELECT a.id, a.run_id, a.session_id, a.task_id, a.job_id, a.approval_type, a.title,
                                  a.requested_by_name, a.version, a.created_at, a.expires_at
                             FROM approval_requests a
                            WHERE a.workspace_id = i.workspace_id AND a.task_id = i.task_id
                              AND a.status = 'pending'
                            ORDER BY a.id LIMIT $4) p) END AS "pending: Json<Vec<Summary>>"
          FROM unnest($1::uuid[], $2::text[], $3::bigint[]) WITH ORDINALITY AS i(workspace_id, task_id, cursor, n)
          LEFT JOIN tasks t ON t.workspace_id = i.workspace_id AND t.task_id = i.task_id
         ORDER BY i.n
        "#,
        &workspaces,
        &tasks,
        &cursors,
        pending,
    )
    .fetch_all(conn)
    .await?;
    let opening = |start, last_seq, next, pending: Option<Json<Vec<Summary>>>| Opening {
        start,
        last_seq,
        next,
        pending: pending.map_or_else(Vec::new, |Json(pending)| pending),
    };
    Ok(rows.into_iter().map(|row| Some(opening(row.start?, row.last_seq?, row.next, row.pending))).collect())
}

/// The number before the first event from `since` on, or the last one where there is none: one consistent reading.
pub async fn before(conn: &mut PgConnection, key: &TaskKey, since: DateTime<Utc>) -> Result<i64, Error> {
    Ok(sqlx::query_scalar!(
        r#"SELECT coalesce(
                  (SELECT min(e.seq) - 1 FROM task_events e
                    WHERE e.workspace_id = $1 AND e.task_id = $2 AND e.created_at >= $3),
                  (SELECT t.last_seq FROM tasks t WHERE t.workspace_id = $1 AND t.task_id = $2), 0) AS "before!""#,
        key.workspace.0,
        key.task.as_str(),
        since,
    )
    .fetch_one(conn)
    .await?)
}

/// Where the logs of these tasks stand, in the order asked; tasks that are not there are left out.
pub async fn heads(conn: &mut PgConnection, keys: &[TaskKey]) -> Result<Vec<(TaskKey, i64)>, Error> {
    let workspaces: Vec<Uuid> = keys.iter().map(|key| key.workspace.0).collect();
    let tasks: Vec<String> = keys.iter().map(|key| key.task.to_string()).collect();
    let rows = sqlx::query!(
        r#"SELECT i.n AS "n!", t.last_seq AS "last_seq!"
             FROM unnest($1::uuid[], $2::text[]) WITH ORDINALITY AS i(workspace_id, task_id, n)
             JOIN tasks t ON t.workspace_id = i.workspace_id AND t.task_id = i.task_id"#,
        &workspaces,
        &tasks,
    )
    .fetch_all(conn)
    .await?;
    let key = |n: i64| usize::try_from(n - 1).ok().and_then(|n| keys.get(n));
    Ok(rows.into_iter().filter_map(|row| Some((key(row.n)?.clone(), row.last_seq))).collect())
}

/// The tasks that got events within `window`, and their last numbers. The window overlaps the last one by more
/// than any transaction may take.
pub async fn heads_within(conn: &mut PgConnection, window: Duration) -> Result<Vec<(TaskKey, i64)>, Error> {
    let rows = sqlx::query!(
        r#"SELECT workspace_id, task_id, max(seq) AS "last_seq!"
             FROM task_events
            WHERE created_at > now() - make_interval(secs => $1)
            GROUP BY workspace_id, task_id"#,
        window.as_secs_f64(),
    )
    .fetch_all(conn)
    .await?;
    let key = |workspace, task: &str| {
        Some(TaskKey { workspace: WorkspaceId(workspace), task: CallerName::stored(task).ok()? })
    };
    Ok(rows
        .into_iter()
        .filter_map(|row| Some((key(row.workspace_id, &row.task_id)?, row.last_seq)))
        .collect())
}

/// Cuts a task's log down to its latest `keep` events; answers how many went.
pub async fn trim(conn: &mut PgConnection, key: &TaskKey, keep: i64, limit: i64) -> Result<u64, Error> {
    let gone = sqlx::query!(
        "DELETE FROM task_events WHERE (workspace_id, task_id, seq) IN (
            SELECT e.workspace_id, e.task_id, e.seq
              FROM task_events e
              JOIN tasks t ON t.workspace_id = e.workspace_id AND t.task_id = e.task_id
             WHERE e.workspace_id = $1 AND e.task_id = $2 AND e.seq <= t.last_seq - $3
             ORDER BY e.seq LIMIT $4)",
        key.workspace.0,
        key.task.as_str(),
        keep,
        limit,
    )
    .execute(conn)
    .await?;
    Ok(gone.rows_affected())
}
