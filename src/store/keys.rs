//! API keys, and the workspaces and principals that they bring into being.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Error;
use crate::domain::{
    ids::{KeyId, PrincipalId, WorkspaceId},
    names::PrincipalName,
    policy::Actor,
};

/// What authentication needs of a key.
#[derive(Debug, Clone)]
pub struct StoredKey {
    pub id: KeyId,
    pub workspace: WorkspaceId,
    pub principal: Actor,
    pub secret_hash: Vec<u8>,
    pub permissions: Vec<String>,
}

/// A key that is neither unknown nor revoked.
pub async fn find(conn: &mut PgConnection, prefix: &str) -> Result<Option<StoredKey>, Error> {
    let row = sqlx::query!(
        "SELECT k.id, k.workspace_id, k.principal_id, p.name, k.secret_hash, k.permissions
           FROM api_keys k JOIN principals p ON p.id = k.principal_id
          WHERE k.prefix = $1 AND k.revoked_at IS NULL",
        prefix,
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        let name = PrincipalName::new(&row.name).map_err(|error| Error::Corrupt {
            table: "principals",
            id: row.principal_id.to_string(),
            what: error.to_string(),
        })?;
        Ok(StoredKey {
            id: KeyId(row.id),
            workspace: WorkspaceId(row.workspace_id),
            principal: Actor { id: PrincipalId(row.principal_id), name },
            secret_hash: row.secret_hash,
            permissions: row.permissions,
        })
    })
    .transpose()
}

/// Those of `ids` that are neither unknown nor revoked.
pub async fn still_good(conn: &mut PgConnection, ids: &[KeyId]) -> Result<Vec<KeyId>, Error> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let good = sqlx::query_scalar!("SELECT id FROM api_keys WHERE id = ANY($1) AND revoked_at IS NULL", &ids)
        .fetch_all(conn)
        .await?;
    Ok(good.into_iter().map(KeyId).collect())
}

/// The workspace of that name, made if it is new.
pub async fn ensure_workspace(conn: &mut PgConnection, name: &PrincipalName) -> Result<WorkspaceId, Error> {
    let id = sqlx::query_scalar!(
        "INSERT INTO workspaces (id, name) VALUES ($1, $2)
         ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id",
        WorkspaceId::generate().0,
        name.as_str(),
    )
    .fetch_one(conn)
    .await?;
    Ok(WorkspaceId(id))
}

/// The principal of that name in the workspace, made if it is new.
pub async fn ensure_principal(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    name: &PrincipalName,
) -> Result<PrincipalId, Error> {
    let id = sqlx::query_scalar!(
        "INSERT INTO principals (id, workspace_id, name) VALUES ($1, $2, $3)
         ON CONFLICT (workspace_id, name) DO UPDATE SET name = excluded.name RETURNING id",
        PrincipalId::generate().0,
        workspace.0,
        name.as_str(),
    )
    .fetch_one(conn)
    .await?;
    Ok(PrincipalId(id))
}

/// A key that is to be; of its secret only the hash gets here.
pub struct NewKey<'a> {
    pub id: KeyId,
    pub workspace: WorkspaceId,
    pub principal: PrincipalId,
    pub prefix: &'a str,
    pub secret_hash: [u8; 32],
    pub permissions: &'a [String],
}

pub async fn insert(conn: &mut PgConnection, key: &NewKey<'_>) -> Result<(), Error> {
    sqlx::query!(
        "INSERT INTO api_keys (id, workspace_id, principal_id, prefix, secret_hash, permissions)
         VALUES ($1, $2, $3, $4, $5, $6)",
        key.id.0,
        key.workspace.0,
        key.principal.0,
        key.prefix,
        &key.secret_hash[..],
        key.permissions,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Revokes a key; answers with its workspace, or `None` if it is unknown or was revoked before.
pub async fn revoke(conn: &mut PgConnection, prefix: &str) -> Result<Option<WorkspaceId>, Error> {
    let workspace = sqlx::query_scalar!(
        "UPDATE api_keys SET revoked_at = now() WHERE prefix = $1 AND revoked_at IS NULL RETURNING workspace_id",
        prefix,
    )
    .fetch_optional(conn)
    .await?;
    Ok(workspace.map(WorkspaceId))
}

/// One key, as `keys list` shows it.
#[derive(Debug, serde::Serialize)]
pub struct ListedKey {
    pub prefix: String,
    pub workspace: String,
    pub principal: String,
    pub principal_id: Uuid,
    pub permissions: Vec<String>,
    pub created_at: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
}

/// All keys, or those of one workspace, newest last.
pub async fn list(conn: &mut PgConnection, workspace: Option<&str>) -> Result<Vec<ListedKey>, Error> {
    Ok(sqlx::query_as!(
        ListedKey,
        r#"SELECT k.prefix, w.name AS workspace, p.name AS principal, p.id AS principal_id, k.permissions,
                  k.created_at, k.revoked_at
             FROM api_keys k
             JOIN workspaces w ON w.id = k.workspace_id
             JOIN principals p ON p.id = k.principal_id
            WHERE $1::text IS NULL OR w.name = $1
            ORDER BY k.created_at, k.prefix"#,
        workspace,
    )
    .fetch_all(conn)
    .await?)
}
