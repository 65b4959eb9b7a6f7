//! What an export tells of each approval, and no more: contexts stay where they are.

use chrono::{DateTime, Utc};
use futures_util::TryStreamExt;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Error, listing::Position};
use crate::domain::ids::WorkspaceId;

/// One approval that has ended, flat.
#[derive(Debug)]
pub struct Line {
    pub id: Uuid,
    pub run_id: String,
    pub session_id: Option<String>,
    pub task_id: String,
    pub job_id: Option<String>,
    pub approval_type: String,
    pub title: Option<String>,
    pub status: String,
    pub resolution: Option<String>,
    pub resolved_via: Option<String>,
    pub requested_by: String,
    pub requested_by_id: Uuid,
    pub resolved_by: Option<String>,
    pub resolved_by_id: Option<Uuid>,
    /// Names, separated by "; ", in the order of their votes; "bo for ana" where it was in another's seat.
    pub approved_by: Option<String>,
    pub rejected_by: Option<String>,
    pub feedback: Option<String>,
    pub comment: Option<String>,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub resolved_at: DateTime<Utc>,
    /// In whose seat it was resolved, where that was not their own.
    pub resolved_for: Option<String>,
    pub workflow: Option<String>,
}

impl Line {
    /// Where in the history it stands.
    pub fn position(&self) -> Position {
        Position { at: self.resolved_at, id: self.id }
    }

    /// Bytes of what people wrote.
    fn size(&self) -> usize {
        let texts = [&self.title, &self.feedback, &self.comment, &self.approved_by, &self.rejected_by];
        texts.into_iter().flatten().map(String::len).sum()
    }
}

/// The lines of some approvals, in the history's order. No more than the first few where those have `largest` bytes
/// already; what is gone by now is left out.
pub async fn lines(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    which: &[Position],
    largest: usize,
) -> Result<Vec<Line>, Error> {
    let ids: Vec<Uuid> = which.iter().map(|it| it.id).collect();
    let mut rows = sqlx::query_as!(
        Line,
        r#"SELECT a.id, a.run_id, a.session_id, a.task_id, a.job_id, a.approval_type, a.title, a.status, a.resolution,
                  a.resolved_via, a.requested_by_name AS requested_by, a.requested_by AS requested_by_id,
                  a.resolved_by_name AS resolved_by, a.resolved_by AS resolved_by_id, d.approved_by, d.rejected_by,
                  a.result ->> 'feedback' AS feedback, a.result ->> 'comment' AS comment, a.created_at, a.expires_at,
                  a.resolved_at AS "resolved_at!", a.result ->> 'for' AS resolved_for, a.workflow
             FROM approval_requests a
            CROSS JOIN LATERAL (
                  SELECT string_agg(d.principal_name || coalesce(' for ' || d.seat_name, ''), '; ' ORDER BY d.created_at, d.id)
                             FILTER (WHERE d.verdict = 'approved') AS approved_by,
                         string_agg(d.principal_name || coalesce(' for ' || d.seat_name, ''), '; ' ORDER BY d.created_at, d.id)
                             FILTER (WHERE d.verdict = 'rejected') AS rejected_by
                    FROM approval_decisions d WHERE d.approval_id = a.id) d
            WHERE a.id = ANY($1) AND a.workspace_id = $2 AND a.resolved_at IS NOT NULL
            ORDER BY a.resolved_at DESC, a.id DESC"#,
        &ids,
        workspace.0,
    )
    .fetch(conn);
    let mut lines: Vec<Line> = Vec::with_capacity(ids.len());
    let mut size = 0;
    // To the end, whatever is kept of it: half-read, the connection could not be used again.
    while let Some(line) = rows.try_next().await? {
        if size <= largest {
            size += line.size();
            lines.push(line);
        }
    }
    Ok(lines)
}
