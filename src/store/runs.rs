//! Runs, and the deletion of one with what it still asks. Called within one transaction.

use sqlx::PgConnection;
use uuid::Uuid;

use super::Error;
use crate::domain::{
    ids::{ApprovalId, WorkspaceId},
    names::CallerName,
};

/// Locks a run against new approvals; `None` if there is no such run, or it was deleted.
pub async fn lock_for_deletion(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    run: &CallerName,
) -> Result<Option<()>, Error> {
    let found = sqlx::query!(
        "SELECT id FROM workflow_runs
          WHERE workspace_id = $1 AND id = $2 AND deleted_at IS NULL FOR UPDATE",
        workspace.0,
        run.as_str(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(found.map(|_| ()))
}

/// Locks up to `limit` pending approvals of the run, in the order of their ids.
pub async fn lock_pending(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    run: &CallerName,
    limit: i64,
) -> Result<Vec<ApprovalId>, Error> {
    let ids: Vec<Uuid> = sqlx::query_scalar!(
        "SELECT id FROM approval_requests
          WHERE workspace_id = $1 AND run_id = $2 AND status = 'pending'
          ORDER BY id LIMIT $3 FOR UPDATE",
        workspace.0,
        run.as_str(),
        limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(ApprovalId).collect())
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
