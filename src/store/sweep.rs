//! What the sweeps ask: which approvals ended lately, which are due, when the next one will be.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Error;
use crate::domain::{
    approval::{Brief, TimeoutAction},
    ids::{ApprovalId, WorkspaceId},
    names::CallerName,
};

/// Approvals that ended within `window`. The window overlaps the last one by more than any transaction may
/// take: a watermark would miss what commits late.
pub async fn ended_within(conn: &mut PgConnection, window: Duration) -> Result<Vec<ApprovalId>, Error> {
    let ids: Vec<Uuid> = sqlx::query_scalar!(
        "SELECT id FROM approval_requests WHERE resolved_at > now() - make_interval(secs => $1)",
        window.as_secs_f64(),
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(ApprovalId).collect())
}

/// Those of `ids` that have ended, or exist no longer.
pub async fn ended_among(conn: &mut PgConnection, ids: &[ApprovalId]) -> Result<Vec<ApprovalId>, Error> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let ended: Vec<Uuid> = sqlx::query_scalar!(
        r#"SELECT waited.id AS "id!"
             FROM unnest($1::uuid[]) AS waited(id)
             LEFT JOIN approval_requests a ON a.id = waited.id
            WHERE a.status IS DISTINCT FROM 'pending'"#,
        &ids,
    )
    .fetch_all(conn)
    .await?;
    Ok(ended.into_iter().map(ApprovalId).collect())
}

/// Begins a transaction in which background work may do what a decision may.
pub const BEGIN_DECIDING: &str = "BEGIN; SET LOCAL ROLE signoff_commit";

/// Pending approvals whose deadline has passed, the longest overdue first; not `besides`, and not those that another
/// transaction holds, or whose task it holds: ending one writes to the log of its task, and one that has to wait would
/// keep all behind it waiting. Read is what it takes to end them, and nothing that callers can make large.
///
/// `now()` rather than the clock's own reading, so that the index can be used; the write that follows looks at
/// the clock under the row's lock.
pub async fn due(conn: &mut PgConnection, limit: i64, besides: &[ApprovalId]) -> Result<Due, Error> {
    let besides: Vec<Uuid> = besides.iter().map(|id| id.0).collect();
    let rows = sqlx::query_as!(
        BriefRow,
        r#"SELECT a.id, a.workspace_id, a.task_id, a.version, a.timeout_action, a.expires_at, a.escalation_level,
                coalesce(jsonb_array_length(a.escalation), 0) AS "levels!"
           FROM approval_requests a
           LEFT JOIN LATERAL (
                SELECT true AS ours FROM tasks t
                 WHERE t.workspace_id = a.workspace_id AND t.task_id = a.task_id
                   FOR NO KEY UPDATE SKIP LOCKED) held ON true
          WHERE a.status = 'pending' AND a.expires_at <= now() AND a.id <> ALL($2)
            AND (held.ours OR NOT EXISTS (
                SELECT FROM tasks t WHERE t.workspace_id = a.workspace_id AND t.task_id = a.task_id))
          ORDER BY a.expires_at LIMIT $1 FOR UPDATE OF a SKIP LOCKED"#,
        limit,
        &besides,
    )
    .fetch_all(conn)
    .await?;
    let mut due = Due { full: i64::try_from(rows.len()).is_ok_and(|count| count >= limit), ..Due::default() };
    for row in rows {
        let id = ApprovalId(row.id);
        match Brief::try_from(row) {
            Ok(brief) => due.briefs.push(brief),
            Err(error) => due.unreadable.push((id, error)),
        }
    }
    Ok(due)
}

/// Some of what is due.
#[derive(Default)]
pub struct Due {
    pub briefs: Vec<Brief>,
    /// Rows that make no sense. They are as overdue as the others, and must not stand in their way.
    pub unreadable: Vec<(ApprovalId, Error)>,
    /// There may be more.
    pub full: bool,
}

/// The same of some that the caller has locked, and whether the deadline of each has passed. Their run is going, so a
/// timeout action that only a later version knows counts as `expire`: it must not keep the run here.
pub async fn briefs(conn: &mut PgConnection, ids: &[ApprovalId]) -> Result<Vec<(Brief, bool)>, Error> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"SELECT a.id, a.workspace_id, a.task_id, a.version, a.timeout_action, a.expires_at, a.escalation_level,
                  coalesce(jsonb_array_length(a.escalation), 0) AS "levels!",
                  a.expires_at <= clock_timestamp() AS "due!"
             FROM approval_requests a WHERE a.id = ANY($1)"#,
        &ids,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|it| {
            let row = BriefRow {
                id: it.id,
                workspace_id: it.workspace_id,
                task_id: it.task_id,
                version: it.version,
                timeout_action: it.timeout_action,
                expires_at: it.expires_at,
                escalation_level: it.escalation_level,
                levels: it.levels,
            };
            let action = TimeoutAction::from_word(&row.timeout_action).unwrap_or(TimeoutAction::Expire);
            Ok((row.brief(action)?, it.due))
        })
        .collect()
}

struct BriefRow {
    id: Uuid,
    workspace_id: Uuid,
    task_id: String,
    version: i32,
    timeout_action: String,
    expires_at: DateTime<Utc>,
    escalation_level: i32,
    levels: i32,
}

impl BriefRow {
    fn corrupt(&self, what: &str) -> Error {
        Error::Corrupt { table: "approval_requests", id: self.id.to_string(), what: what.to_owned() }
    }

    fn brief(self, timeout_action: TimeoutAction) -> Result<Brief, Error> {
        Ok(Brief {
            id: ApprovalId(self.id),
            workspace: WorkspaceId(self.workspace_id),
            task_id: CallerName::stored(&self.task_id).map_err(|_| self.corrupt("a name is malformed"))?,
            version: self.version,
            timeout_action,
            escalation_level: self.escalation_level,
            has_next_level: self.escalation_level < self.levels,
            expires_at: self.expires_at,
        })
    }
}

impl TryFrom<BriefRow> for Brief {
    type Error = Error;

    fn try_from(row: BriefRow) -> Result<Self, Error> {
        let action = TimeoutAction::from_word(&row.timeout_action)
            .ok_or_else(|| row.corrupt("unknown timeout_action"))?;
        row.brief(action)
    }
}

/// How far off the next deadline is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Nothing is pending.
    None,
    In(Duration),
    /// One passed so long ago.
    Overdue(Duration),
}

impl Next {
    /// By the time that is left, in seconds.
    pub(super) fn from_seconds(seconds: Option<f64>) -> Self {
        let duration = |seconds| Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
        match seconds {
            None => Self::None,
            Some(seconds) if seconds > 0.0 => Self::In(duration(seconds)),
            Some(seconds) => Self::Overdue(duration(-seconds)),
        }
    }
}

/// Looks for the next deadline. Ordered, for a minimum is read from all there are where the planner knows too little.
pub async fn next_deadline(conn: &mut PgConnection) -> Result<Next, Error> {
    let seconds = sqlx::query_scalar!(
        "SELECT extract(epoch FROM (
                    SELECT a.expires_at FROM approval_requests a
                     WHERE a.status = 'pending' ORDER BY a.expires_at LIMIT 1) - clock_timestamp())::float8"
    )
    .fetch_one(conn)
    .await?;
    Ok(Next::from_seconds(seconds))
}
