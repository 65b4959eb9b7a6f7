//! Workspaces and their settings.

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::Error;
use crate::domain::{
    delegation::Delegating, ids::WorkspaceId, names::PrincipalName, patch::Patch, redaction::Redaction,
};

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
    /// What of approvals is shown to no one outside.
    #[serde(serialize_with = "in_force")]
    #[schema(value_type = RedactionView)]
    pub redaction: Option<Json<Redaction>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// What is taken out of notifications, webhooks and logs, and where the workspace wants it, of what is stored.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Redaction)]
pub struct RedactionView {
    /// Names of fields whose values are taken out, at any depth. `*` stands for any characters, `?` for one; case,
    /// hyphens, underscores, dots and blanks are not looked at.
    #[schema(example = json!(["*password*", "iban"]))]
    keys: Vec<String>,
    /// Regular expressions for parts of texts that are taken out.
    #[schema(example = json!(["[A-Z]{2}[0-9]{20}"]))]
    patterns: Vec<String>,
    /// Whether it is taken out before an approval is stored.
    store: bool,
}

#[expect(clippy::ref_option, reason = "serde hands over a reference to the field")]
fn in_force<S: Serializer>(set: &Option<Json<Redaction>>, serializer: S) -> Result<S::Ok, S::Error> {
    let set = set.as_ref().map(|Json(it)| it.clone()).unwrap_or_default();
    RedactionView { keys: set.keys(), patterns: set.patterns(), store: set.store }.serialize(serializer)
}

/// What is to be changed; `None` stays.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    pub allow_timeout_approve: Option<bool>,
    pub history_retention_days: Patch<i32>,
    pub delegation: Option<Delegating>,
    pub reject_reasons: Option<Vec<String>>,
    pub redaction: RedactionChange,
}

/// What is to be changed of it. What is cleared is as the service has it.
#[derive(Debug, Clone, Default)]
pub struct RedactionChange {
    pub keys: Patch<Vec<String>>,
    pub patterns: Patch<Vec<String>>,
    pub store: Option<bool>,
}

impl RedactionChange {
    /// What is set then; `None`: nothing.
    fn of(self, before: Option<Json<Redaction>>) -> Option<Json<Redaction>> {
        let mut set = before.map(|Json(it)| it).unwrap_or_default();
        self.keys.apply(&mut set.keys);
        self.patterns.apply(&mut set.patterns);
        set.store = self.store.unwrap_or(set.store);
        (set != Redaction::default()).then_some(Json(set))
    }
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
        workspace.redaction = self.redaction.of(workspace.redaction.take());
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
        "SELECT id, name, allow_timeout_approve, history_retention_days, delegation, reject_reasons, redaction AS \"redaction: Json<Redaction>\", created_at, updated_at FROM workspaces WHERE name = $1",
        name,
    )
    .fetch_optional(conn)
    .await?)
}

pub async fn get(conn: &mut PgConnection, id: WorkspaceId) -> Result<Option<Workspace>, Error> {
    Ok(sqlx::query_as!(
        Workspace,
        "SELECT id, name, allow_timeout_approve, history_retention_days, delegation, reject_reasons, redaction AS \"redaction: Json<Redaction>\", created_at, updated_at FROM workspaces WHERE id = $1",
        id.0,
    )
    .fetch_optional(conn)
    .await?)
}

pub async fn list(conn: &mut PgConnection) -> Result<Vec<Workspace>, Error> {
    Ok(sqlx::query_as!(
        Workspace,
        "SELECT id, name, allow_timeout_approve, history_retention_days, delegation, reject_reasons, redaction AS \"redaction: Json<Redaction>\", created_at, updated_at FROM workspaces ORDER BY name",
    )
    .fetch_all(conn)
    .await?)
}

/// Locks it until the transaction ends.
pub async fn lock(conn: &mut PgConnection, id: WorkspaceId) -> Result<Option<Workspace>, Error> {
    Ok(sqlx::query_as!(
        Workspace,
        "SELECT id, name, allow_timeout_approve, history_retention_days, delegation, reject_reasons, redaction AS \"redaction: Json<Redaction>\", created_at, updated_at FROM workspaces WHERE id = $1 FOR UPDATE",
        id.0,
    )
    .fetch_optional(conn)
    .await?)
}

/// Writes its settings; the caller has locked the row.
pub async fn update(conn: &mut PgConnection, workspace: &Workspace) -> Result<Workspace, Error> {
    Ok(sqlx::query_as!(
        Workspace,
        "UPDATE workspaces SET allow_timeout_approve = $2, history_retention_days = $3, delegation = $4,
                reject_reasons = $5, redaction = $6, updated_at = now()
          WHERE id = $1 RETURNING id, name, allow_timeout_approve, history_retention_days, delegation, reject_reasons, redaction AS \"redaction: Json<Redaction>\", created_at, updated_at",
        workspace.id,
        workspace.allow_timeout_approve,
        workspace.history_retention_days,
        workspace.delegation,
        &workspace.reject_reasons,
        workspace.redaction.as_ref() as _,
    )
    .fetch_one(conn)
    .await?)
}

/// What these workspaces show to no one outside; `None`: nothing is set.
pub async fn redactions(
    conn: &mut PgConnection,
    ids: &[WorkspaceId],
) -> Result<Vec<(WorkspaceId, Option<Redaction>)>, Error> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"SELECT id, redaction AS "redaction: Json<Redaction>" FROM workspaces WHERE id = ANY ($1)"#,
        &ids,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (WorkspaceId(row.id), row.redaction.map(|Json(it)| it))).collect())
}
