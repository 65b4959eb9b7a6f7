//! What changed lately: for those who follow a workspace, and for what a hint may have missed.
//!
//! A watermark would miss what commits late, so those who ask look back further than any transaction may live, and see
//! some changes twice. What is pending is looked through for it: it is no more than a list of it would be, and an index
//! would be paid for by each create and each vote.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Error;
use crate::domain::ids::{ApprovalId, WorkspaceId};

/// An approval that changed, and the version that it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Changed {
    pub workspace: WorkspaceId,
    pub id: ApprovalId,
    pub version: i32,
    pub at: DateTime<Utc>,
}

/// The database's time.
pub async fn now(conn: &mut PgConnection) -> Result<DateTime<Utc>, Error> {
    Ok(sqlx::query_scalar!(r#"SELECT now() AS "now!""#).fetch_one(conn).await?)
}

/// The approvals of these workspaces that changed after a moment, `most` of each at most: those that were asked for,
/// voted on or moved on and are pending, and those that ended. The newest of each.
///
/// One pass for all of the workspaces: one for each would cost as many passes.
pub async fn since(
    conn: &mut PgConnection,
    workspaces: &[WorkspaceId],
    after: DateTime<Utc>,
    most: i64,
) -> Result<Vec<Changed>, Error> {
    let workspaces: Vec<Uuid> = workspaces.iter().map(|it| it.0).collect();
    let rows = sqlx::query!(
        r#"SELECT c.workspace_id AS "workspace!", c.id AS "id!", c.version AS "version!", c.at AS "at!"
             FROM (SELECT u.workspace_id, u.id, u.version, u.at,
                          row_number() OVER (PARTITION BY u.workspace_id ORDER BY u.at DESC) AS place
                     FROM (SELECT a.workspace_id, a.id, a.version, a.updated_at AS at
                             FROM approval_requests a
                            WHERE a.workspace_id = ANY ($1) AND a.status = 'pending' AND a.updated_at > $2
                           UNION ALL
                           SELECT a.workspace_id, a.id, a.version, a.resolved_at
                             FROM approval_requests a
                            WHERE a.workspace_id = ANY ($1) AND a.resolved_at > $2) u) c
            WHERE c.place <= $3"#,
        &workspaces,
        after,
        most,
    )
    .fetch_all(conn)
    .await?;
    let changed = rows.into_iter().map(|row| Changed {
        workspace: WorkspaceId(row.workspace),
        id: ApprovalId(row.id),
        version: row.version,
        at: row.at,
    });
    Ok(changed.collect())
}

/// The same for the last so many seconds.
pub async fn lately(
    conn: &mut PgConnection,
    workspaces: &[WorkspaceId],
    window: Duration,
    most: i64,
) -> Result<Vec<Changed>, Error> {
    let now = now(&mut *conn).await?;
    let window = chrono::Duration::from_std(window).unwrap_or(chrono::Duration::zero());
    since(conn, workspaces, now - window, most).await
}
