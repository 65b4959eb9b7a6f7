//! The append-only record of what changed, for changes that are not part of an approval batch, and its reading.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::Error;
use crate::domain::{
    ids::{ApprovalId, WorkspaceId},
    names::CallerName,
    policy::Actor,
};

/// One change of something other than an approval.
pub struct Entry<'a> {
    pub workspace: WorkspaceId,
    pub action: &'static str,
    pub run: Option<&'a CallerName>,
    /// `None`: the operator, at the command line.
    pub actor: Option<&'a Actor>,
    pub via: &'static str,
    pub request_id: Option<&'a str>,
    pub detail: Value,
}

/// Appends in the transaction that makes the change.
pub async fn append(conn: &mut PgConnection, entry: Entry<'_>) -> Result<(), Error> {
    sqlx::query!(
        "INSERT INTO audit_log (workspace_id, at, action, run_id, actor_id, actor_name, via, request_id, detail)
         VALUES ($1, clock_timestamp(), $2, $3, $4, $5, $6, $7, $8)",
        entry.workspace.0,
        entry.action,
        entry.run.map(CallerName::as_str),
        entry.actor.map(|actor| actor.id.0),
        entry.actor.map(|actor| actor.name.as_str()),
        entry.via,
        entry.request_id,
        entry.detail,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// One entry of an approval's record, as it is shown.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct AuditRecord {
    pub seq: i64,
    pub at: DateTime<Utc>,
    #[schema(example = "approval.resolved")]
    pub action: String,
    pub actor: Option<String>,
    pub actor_id: Option<Uuid>,
    #[schema(example = "human")]
    pub via: String,
    pub request_id: Option<String>,
    #[schema(value_type = Object)]
    pub detail: Value,
}

/// Every change of one approval, oldest first.
pub async fn of_approval(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    id: ApprovalId,
) -> Result<Vec<AuditRecord>, Error> {
    Ok(sqlx::query_as!(
        AuditRecord,
        "SELECT seq, at, action, actor_name AS actor, actor_id, via, request_id, detail
           FROM audit_log
          WHERE approval_id = $1 AND workspace_id = $2
          ORDER BY at, seq",
        id.0,
        workspace.0,
    )
    .fetch_all(conn)
    .await?)
}
