//! The roles that a workspace has made for itself.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;

use super::{Error, Page};
use crate::domain::ids::WorkspaceId;

/// One of them, as it is shown and recorded.
#[derive(Debug, Clone, Serialize)]
pub struct Role {
    pub name: String,
    pub description: Option<String>,
    pub permissions: Vec<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A page of them by name, in its order; `after` is the last name of the page before.
pub async fn page(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    after: Option<&str>,
    limit: i64,
) -> Result<Page<Role>, Error> {
    let rows = sqlx::query_as!(
        Role,
        "SELECT name, description, permissions, created_at, updated_at
           FROM roles WHERE workspace_id = $1 AND ($2::text IS NULL OR name > $2) ORDER BY name LIMIT $3",
        workspace.0,
        after,
        limit + 1,
    );
    let size = |role: &Role| super::written(role.permissions.iter().chain(&role.description));
    super::page(rows.fetch(conn), limit, size).await
}

pub async fn list(conn: &mut PgConnection, workspace: WorkspaceId) -> Result<Vec<Role>, Error> {
    Ok(sqlx::query_as!(
        Role,
        "SELECT name, description, permissions, created_at, updated_at
           FROM roles WHERE workspace_id = $1 ORDER BY name",
        workspace.0,
    )
    .fetch_all(conn)
    .await?)
}

/// How many there are.
pub async fn count(conn: &mut PgConnection, workspace: WorkspaceId) -> Result<i64, Error> {
    Ok(sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM roles WHERE workspace_id = $1"#, workspace.0)
        .fetch_one(conn)
        .await?)
}

/// Locks it until the transaction ends.
pub async fn lock(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    name: &str,
) -> Result<Option<Role>, Error> {
    Ok(sqlx::query_as!(
        Role,
        "SELECT name, description, permissions, created_at, updated_at
           FROM roles WHERE workspace_id = $1 AND name = $2 FOR UPDATE",
        workspace.0,
        name,
    )
    .fetch_optional(conn)
    .await?)
}

/// Makes it, unless there is one of that name; a transaction that is just making one is waited for.
pub async fn insert(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    name: &str,
    description: Option<&str>,
    permissions: &[String],
) -> Result<Option<Role>, Error> {
    Ok(sqlx::query_as!(
        Role,
        "INSERT INTO roles (workspace_id, name, description, permissions) VALUES ($1, $2, $3, $4)
         ON CONFLICT (workspace_id, name) DO NOTHING
         RETURNING name, description, permissions, created_at, updated_at",
        workspace.0,
        name,
        description,
        permissions,
    )
    .fetch_optional(conn)
    .await?)
}

/// Gives a role that the caller has locked another content.
pub async fn update(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    name: &str,
    description: Option<&str>,
    permissions: &[String],
) -> Result<Role, Error> {
    Ok(sqlx::query_as!(
        Role,
        "UPDATE roles SET description = $3, permissions = $4, updated_at = now()
          WHERE workspace_id = $1 AND name = $2
         RETURNING name, description, permissions, created_at, updated_at",
        workspace.0,
        name,
        description,
        permissions,
    )
    .fetch_one(conn)
    .await?)
}

pub async fn delete(conn: &mut PgConnection, workspace: WorkspaceId, name: &str) -> Result<(), Error> {
    sqlx::query!("DELETE FROM roles WHERE workspace_id = $1 AND name = $2", workspace.0, name)
        .execute(conn)
        .await?;
    Ok(())
}
