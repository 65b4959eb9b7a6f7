//! Runs, and the deletion of one with what it still asks. Called within one transaction.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Error;
use crate::domain::{
    ids::{ApprovalId, WorkspaceId},
    names::CallerName,
};

/// What there is of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Run {
    Absent,
    Open,
    /// Marked; its approvals are still there.
    Deleted,
}

/// Locks a run against new approvals.
pub async fn lock_for_deletion(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    run: &CallerName,
) -> Result<Run, Error> {
    let deleted = sqlx::query_scalar!(
        r#"SELECT deleted_at IS NOT NULL AS "deleted!"
             FROM workflow_runs WHERE workspace_id = $1 AND id = $2 FOR UPDATE"#,
        workspace.0,
        run.as_str(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(match deleted {
        None => Run::Absent,
        Some(false) => Run::Open,
        Some(true) => Run::Deleted,
    })
}

/// Locks all pending approvals of the run, in the order of their ids.
pub async fn lock_pending(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    run: &CallerName,
) -> Result<Vec<ApprovalId>, Error> {
    let ids: Vec<Uuid> = sqlx::query_scalar!(
        "SELECT id FROM approval_requests
          WHERE workspace_id = $1 AND run_id = $2 AND status = 'pending'
          ORDER BY id FOR UPDATE",
        workspace.0,
        run.as_str(),
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(ApprovalId).collect())
}

/// Locks the tasks of the run's pending approvals, in the order in which everybody locks tasks.
pub async fn lock_tasks(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    run: &CallerName,
) -> Result<(), Error> {
    sqlx::query!(
        "SELECT t.task_id FROM tasks t
          WHERE t.workspace_id = $1
            AND t.task_id IN (SELECT a.task_id FROM approval_requests a
                               WHERE a.workspace_id = $1 AND a.run_id = $2 AND a.status = 'pending')
          ORDER BY t.workspace_id, t.task_id FOR UPDATE",
        workspace.0,
        run.as_str(),
    )
    .fetch_all(conn)
    .await?;
    Ok(())
}

pub async fn mark_deleted(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    run: &CallerName,
) -> Result<(), Error> {
    sqlx::query!(
        "UPDATE workflow_runs SET deleted_at = now()
          WHERE workspace_id = $1 AND id = $2 AND deleted_at IS NULL",
        workspace.0,
        run.as_str(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What there is of a run, and how its approvals stand.
#[derive(Debug)]
pub struct Overview {
    pub created_at: DateTime<Utc>,
    pub deleted_at: Option<DateTime<Utc>>,
    /// Those that its approvals named, in the order of their names.
    pub sessions: Vec<String>,
    pub pending: i64,
    pub resolved: i64,
    pub expired: i64,
    pub cancelled: i64,
}

/// Most sessions of a run that are told.
const SESSIONS: i64 = 20;

/// A run with its approvals counted, as far as they are still there.
pub async fn overview(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    run: &CallerName,
) -> Result<Option<Overview>, Error> {
    Ok(sqlx::query_as!(
        Overview,
        r#"SELECT r.created_at, r.deleted_at,
                  ARRAY(SELECT DISTINCT s.session_id FROM approval_requests s
                         WHERE s.workspace_id = r.workspace_id AND s.run_id = r.id AND s.session_id IS NOT NULL
                         ORDER BY 1 LIMIT $3) AS "sessions!: Vec<String>",
                  count(a.id) FILTER (WHERE a.status = 'pending') AS "pending!",
                  count(a.id) FILTER (WHERE a.status = 'resolved') AS "resolved!",
                  count(a.id) FILTER (WHERE a.status = 'expired') AS "expired!",
                  count(a.id) FILTER (WHERE a.status = 'cancelled') AS "cancelled!"
             FROM workflow_runs r
             LEFT JOIN approval_requests a ON a.workspace_id = r.workspace_id AND a.run_id = r.id
            WHERE r.workspace_id = $1 AND r.id = $2
            GROUP BY r.workspace_id, r.id"#,
        workspace.0,
        run.as_str(),
        SESSIONS,
    )
    .fetch_optional(conn)
    .await?)
}
