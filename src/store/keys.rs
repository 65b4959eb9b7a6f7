//! API keys: made, listed, given a successor, revoked. (Which of them are good, and what they allow, see
//! [`super::credentials`].)

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Error, Page, vocabulary};
use crate::domain::ids::{KeyId, PrincipalId, WorkspaceId};

/// A key that is to be; of its secret only the hash gets here.
pub struct NewKey<'a> {
    pub id: KeyId,
    pub workspace: WorkspaceId,
    pub principal: PrincipalId,
    pub prefix: &'a str,
    pub secret_hash: [u8; 32],
    pub label: Option<&'a str>,
    pub permissions: &'a [String],
    pub roles: &'a [String],
    /// `None`: for good.
    pub valid_for: Option<Duration>,
}

/// Stores it; answers until when it is good.
pub async fn insert(conn: &mut PgConnection, key: &NewKey<'_>) -> Result<Option<DateTime<Utc>>, Error> {
    Ok(sqlx::query_scalar!(
        "INSERT INTO api_keys (id, workspace_id, principal_id, prefix, secret_hash, label, permissions, roles,
                expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, now() + make_interval(secs => $9))
         RETURNING expires_at",
        key.id.0,
        key.workspace.0,
        key.principal.0,
        key.prefix,
        &key.secret_hash[..],
        key.label,
        key.permissions,
        key.roles,
        key.valid_for.map(|it| it.as_secs_f64()),
    )
    .fetch_one(conn)
    .await?)
}

/// One key, as it is shown and recorded.
#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
#[schema(as = Key)]
pub struct ListedKey {
    #[serde(skip)]
    pub id: Uuid,
    #[serde(skip)]
    pub workspace_id: Uuid,
    /// The part of the key that is no secret.
    #[schema(example = "lkaqmt2vfljk")]
    pub prefix: String,
    pub workspace: String,
    #[schema(example = "agent-7")]
    pub principal: String,
    pub principal_id: Uuid,
    #[schema(value_type = vocabulary::PrincipalKind)]
    pub principal_kind: String,
    pub label: Option<String>,
    pub permissions: Vec<String>,
    pub roles: Vec<String>,
    pub created_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    /// To the minute or so.
    pub last_used_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
    /// The prefix of the key that took its place.
    pub rotated_to: Option<String>,
}

macro_rules! select_keys {
    ($rest:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            ListedKey,
            "SELECT k.id, k.workspace_id, k.prefix, w.name AS workspace, p.name AS principal, p.id AS principal_id,
                    p.kind AS principal_kind, k.label, k.permissions, k.roles, k.created_at, k.expires_at,
                    k.last_used_at, k.revoked_at,
                    (SELECT n.prefix FROM api_keys n WHERE n.id = k.rotated_to) AS rotated_to
               FROM api_keys k
               JOIN workspaces w ON w.id = k.workspace_id
               JOIN principals p ON p.id = k.principal_id " + $rest
            $(, $argument)*
        )
    };
}

/// A page of a workspace's keys, or of those of one principal, oldest first; `after` is the last prefix of the page
/// before.
pub async fn page(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    principal: Option<&str>,
    after: Option<&str>,
    limit: i64,
) -> Result<Page<ListedKey>, Error> {
    let rows = select_keys!(
        "WHERE k.workspace_id = $1 AND ($2::text IS NULL OR p.name = $2)
           AND ($3::text IS NULL OR (k.created_at, k.prefix) > (
                SELECT l.created_at, l.prefix FROM api_keys l WHERE l.prefix = $3))
         ORDER BY k.created_at, k.prefix LIMIT $4",
        workspace.0,
        principal,
        after,
        limit + 1,
    );
    super::page(rows.fetch(conn), limit, |key| super::written(key.permissions.iter().chain(&key.roles))).await
}

/// All keys, or those of one workspace, or of one principal, oldest first; `after` is the last prefix of the page
/// before.
pub async fn list(
    conn: &mut PgConnection,
    workspace: Option<WorkspaceId>,
    principal: Option<&str>,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<ListedKey>, Error> {
    Ok(select_keys!(
        "WHERE ($1::uuid IS NULL OR k.workspace_id = $1) AND ($2::text IS NULL OR p.name = $2)
           AND ($3::text IS NULL OR (k.created_at, k.prefix) > (
                SELECT l.created_at, l.prefix FROM api_keys l WHERE l.prefix = $3))
         ORDER BY k.created_at, k.prefix LIMIT $4",
        workspace.map(|it| it.0),
        principal,
        after,
        limit,
    )
    .fetch_all(conn)
    .await?)
}

/// Locks it until the transaction ends. What it is joined with is read afterwards: in one statement, only the locked
/// row would be as the holder of the lock before has left it.
pub async fn lock(conn: &mut PgConnection, prefix: &str) -> Result<Option<ListedKey>, Error> {
    let found = sqlx::query_scalar!("SELECT id FROM api_keys WHERE prefix = $1 FOR UPDATE", prefix)
        .fetch_optional(&mut *conn)
        .await?;
    if found.is_some() { get(conn, prefix).await } else { Ok(None) }
}

pub async fn get(conn: &mut PgConnection, prefix: &str) -> Result<Option<ListedKey>, Error> {
    Ok(select_keys!("WHERE k.prefix = $1", prefix).fetch_optional(conn).await?)
}

/// Permissions and roles of all keys of a principal that are good, by name.
pub async fn granted(conn: &mut PgConnection, principal: Uuid) -> Result<(Vec<String>, Vec<String>), Error> {
    let row = sqlx::query!(
        r#"WITH good AS (
               SELECT k.permissions, k.roles FROM api_keys k
                WHERE k.principal_id = $1 AND k.revoked_at IS NULL
                  AND (k.expires_at IS NULL OR k.expires_at > clock_timestamp()))
           SELECT ARRAY(SELECT DISTINCT unnest(g.permissions) FROM good g) AS "permissions!",
                  ARRAY(SELECT DISTINCT unnest(g.roles) FROM good g) AS "roles!""#,
        principal,
    )
    .fetch_one(conn)
    .await?;
    Ok((row.permissions, row.roles))
}

/// Revokes a key that the caller has locked.
pub async fn revoke(conn: &mut PgConnection, id: Uuid) -> Result<(), Error> {
    sqlx::query!("UPDATE api_keys SET revoked_at = now() WHERE id = $1 AND revoked_at IS NULL", id)
        .execute(conn)
        .await?;
    Ok(())
}

/// Names a key's successor; it is good for `overlap` longer, at most.
pub async fn succeed(
    conn: &mut PgConnection,
    id: Uuid,
    successor: KeyId,
    overlap: Duration,
) -> Result<Option<DateTime<Utc>>, Error> {
    Ok(sqlx::query_scalar!(
        "UPDATE api_keys
            SET rotated_to = $2, expires_at = least(expires_at, now() + make_interval(secs => $3))
          WHERE id = $1 RETURNING expires_at",
        id,
        successor.0,
        overlap.as_secs_f64(),
    )
    .fetch_one(conn)
    .await?)
}
