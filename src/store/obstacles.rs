//! What keeps a new approval from being written: a key that was used, or a run that was deleted.

use sqlx::PgConnection;

use super::Error;
use crate::domain::{
    approval::Idempotency,
    ids::{ApprovalId, WorkspaceId},
    names::CallerName,
    policy::Actor,
};

/// What a key was used for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replay {
    /// Nothing: the key is free.
    New,
    /// The same body: the approval it made.
    Same(ApprovalId),
    /// Another body.
    Mismatch,
}

/// Looks an idempotency key up.
pub async fn replay(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    principal: &Actor,
    idempotency: &Idempotency,
) -> Result<Replay, Error> {
    let found = sqlx::query!(
        "SELECT body_hash, meaning_hash, approval_id FROM idempotency_keys
          WHERE workspace_id = $1 AND principal_id = $2 AND key = $3",
        workspace.0,
        principal.id.0,
        idempotency.key,
    )
    .fetch_optional(conn)
    .await?;
    Ok(match found {
        None => Replay::New,
        Some(row)
            if row.body_hash == idempotency.as_sent
                || row.meaning_hash.as_deref() == Some(&idempotency.meaning) =>
        {
            Replay::Same(ApprovalId(row.approval_id))
        }
        Some(_) => Replay::Mismatch,
    })
}

/// Whether a run takes new approvals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunState {
    /// Or not known yet, which is as good.
    Open,
    Deleted,
}

/// Waits for a transaction that is deleting the run, and keeps it from being deleted until the transaction ends.
pub async fn lock_run(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    run: &CallerName,
) -> Result<RunState, Error> {
    let deleted = sqlx::query_scalar!(
        r#"SELECT deleted_at IS NOT NULL AS "deleted!"
             FROM workflow_runs WHERE workspace_id = $1 AND id = $2 FOR KEY SHARE"#,
        workspace.0,
        run.as_str(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(if deleted == Some(true) { RunState::Deleted } else { RunState::Open })
}
