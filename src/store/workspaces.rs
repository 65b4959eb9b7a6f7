//! Workspaces and their settings.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;

use super::Error;
use crate::domain::{delegation::Delegating, ids::WorkspaceId, names::PrincipalName, patch::Patch};

/// A tenant, as it is shown and recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Workspace {
    #[schema(value_type = uuid::Uuid)]
    pub id: uuid::Uuid,
    #[schema(example = "acme")]
    pub name: String,
    /// Whether approvals may be asked for that a timeout approves.
    pub allow_timeout_approve: bool,
    /// How long what has ended is kept; null: for ever.
    pub history_retention_days: Option<i32>,
    /// Whether people may let others sit in their seats: `off`, `own` (each for themselves), or `managed` (who manages
    /// principals, for them).
    #[schema(example = "off")]
    pub delegation: String,
    /// What who rejects is offered to say. Everybody in the workspace sees it in `GET /auth/session`.
    pub reject_reasons: Vec<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// What is to be changed; `None` stays.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    pub allow_timeout_approve: Option<bool>,
    pub history_retention_days: Patch<i32>,
    pub delegation: Option<Delegating>,
    pub reject_reasons: Option<Vec<String>>,
}

impl Settings {
    /// Applies them to `workspace`.
    pub fn apply(self, workspace: &mut Workspace) {
        if let Some(allow) = self.allow_timeout_approve {
            workspace.allow_timeout_approve = allow;
        }
        self.history_retention_days.apply(&mut workspace.history_retention_days);
        if let Some(delegation) = self.delegation {
            delegation.as_str().clone_into(&mut workspace.delegation);
        }
        if let Some(reasons) = self.reject_reasons {
            workspace.reject_reasons = reasons;
        }
    }
}

/// The workspace of that name, and whether it was made just now.
pub async fn ensure(conn: &mut PgConnection, name: &PrincipalName) -> Result<(WorkspaceId, bool), Error> {
    let row = sqlx::query!(
        r#"INSERT INTO workspaces (id, name) VALUES ($1, $2)
           ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id, xmax::text = '0' AS "is_new!""#,
        WorkspaceId::generate().0,
        name.as_str(),
    )
    .fetch_one(conn)
    .await?;
    Ok((WorkspaceId(row.id), row.is_new))
}

pub async fn by_name(conn: &mut PgConnection, name: &str) -> Result<Option<Workspace>, Error> {
    Ok(sqlx::query_as!(
        Workspace,
        "SELECT id, name, allow_timeout_approve, history_retention_days, delegation, reject_reasons, created_at, updated_at FROM workspaces WHERE name = $1",
        name,
    )
    .fetch_optional(conn)
    .await?)
}

pub async fn get(conn: &mut PgConnection, id: WorkspaceId) -> Result<Option<Workspace>, Error> {
    Ok(sqlx::query_as!(
        Workspace,
        "SELECT id, name, allow_timeout_approve, history_retention_days, delegation, reject_reasons, created_at, updated_at FROM workspaces WHERE id = $1",
        id.0,
    )
    .fetch_optional(conn)
    .await?)
}

pub async fn list(conn: &mut PgConnection) -> Result<Vec<Workspace>, Error> {
    Ok(sqlx::query_as!(
        Workspace,
        "SELECT id, name, allow_timeout_approve, history_retention_days, delegation, reject_reasons, created_at, updated_at FROM workspaces ORDER BY name",
    )
    .fetch_all(conn)
    .await?)
}

/// Locks it until the transaction ends.
pub async fn lock(conn: &mut PgConnection, id: WorkspaceId) -> Result<Option<Workspace>, Error> {
    Ok(sqlx::query_as!(
        Workspace,
        "SELECT id, name, allow_timeout_approve, history_retention_days, delegation, reject_reasons, created_at, updated_at FROM workspaces WHERE id = $1 FOR UPDATE",
        id.0,
    )
    .fetch_optional(conn)
    .await?)
}

/// Writes its settings; the row is locked by whoever calls.
pub async fn update(conn: &mut PgConnection, workspace: &Workspace) -> Result<Workspace, Error> {
    Ok(sqlx::query_as!(
        Workspace,
        "UPDATE workspaces SET allow_timeout_approve = $2, history_retention_days = $3, delegation = $4,
                reject_reasons = $5, updated_at = now()
          WHERE id = $1 RETURNING id, name, allow_timeout_approve, history_retention_days, delegation, reject_reasons, created_at, updated_at",
        workspace.id,
        workspace.allow_timeout_approve,
        workspace.history_retention_days,
        workspace.delegation,
        &workspace.reject_reasons,
    )
    .fetch_one(conn)
    .await?)
}
