//! People in browsers. Of a session's cookie only the hash is here; whether one is good, `credentials` tells.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use super::Error;
use crate::domain::{
    ids::{KeyId, PrincipalId, SessionId, WorkspaceId},
    names::PrincipalName,
    policy::Actor,
};

/// A session that is to be.
pub struct NewSession<'a> {
    pub id: SessionId,
    pub workspace: WorkspaceId,
    pub principal: PrincipalId,
    /// The key that it was opened with, and ends with.
    pub key: Option<KeyId>,
    pub hash: [u8; 32],
    pub lasts: Duration,
    /// It ends then at the latest, too.
    pub until: Option<DateTime<Utc>>,
    pub address: Option<&'a str>,
    pub user_agent: Option<&'a str>,
}

/// Opens one; answers when it ends at the latest.
pub async fn insert(conn: &mut PgConnection, new: &NewSession<'_>) -> Result<DateTime<Utc>, Error> {
    Ok(sqlx::query_scalar!(
        "INSERT INTO browser_sessions (id, workspace_id, principal_id, key_id, hash, expires_at, address, user_agent)
         VALUES ($1, $2, $3, $4, $5,
                 least(now() + make_interval(secs => $6), (SELECT k.expires_at FROM api_keys k WHERE k.id = $4),
                       $9),
                 $7, $8)
         RETURNING expires_at",
        new.id.0,
        new.workspace.0,
        new.principal.0,
        new.key.map(|it| it.0),
        &new.hash,
        new.lasts.as_secs_f64(),
        new.address,
        new.user_agent,
        new.until,
    )
    .fetch_one(conn)
    .await?)
}

/// A session that was ended just now, and whose it was.
pub struct Ended {
    pub id: SessionId,
    pub workspace: WorkspaceId,
    pub whose: Actor,
}

/// Ends the one whose secret has this hash, if it hasn't ended.
pub async fn end(conn: &mut PgConnection, hash: &[u8; 32]) -> Result<Option<Ended>, Error> {
    let row = sqlx::query!(
        "UPDATE browser_sessions s SET revoked_at = now() FROM principals p
          WHERE s.hash = $1 AND s.revoked_at IS NULL AND p.id = s.principal_id
         RETURNING s.id, s.workspace_id, s.principal_id, p.name",
        hash,
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        Ok(Ended {
            id: SessionId(row.id),
            workspace: WorkspaceId(row.workspace_id),
            whose: actor(row.principal_id, &row.name)?,
        })
    })
    .transpose()
}

/// Ends one of a workspace, if it hasn't ended; only if it is `of` that principal, where that is given.
pub async fn revoke(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    id: SessionId,
    of: Option<PrincipalId>,
) -> Result<Option<Ended>, Error> {
    let row = sqlx::query!(
        "UPDATE browser_sessions s SET revoked_at = now() FROM principals p
          WHERE s.id = $1 AND s.workspace_id = $2 AND ($3::uuid IS NULL OR s.principal_id = $3)
            AND s.revoked_at IS NULL AND s.expires_at > now() AND p.id = s.principal_id
         RETURNING s.principal_id, p.name",
        id.0,
        workspace.0,
        of.map(|it| it.0),
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| Ok(Ended { id, workspace, whose: actor(row.principal_id, &row.name)? })).transpose()
}

fn actor(id: Uuid, name: &str) -> Result<Actor, Error> {
    let name = PrincipalName::stored(name).map_err(|error| Error::Corrupt {
        table: "principals",
        id: id.to_string(),
        what: error.to_string(),
    })?;
    Ok(Actor { id: PrincipalId(id), name })
}

/// A workspace in which the person of a session can go on.
pub struct Open {
    pub workspace: WorkspaceId,
    pub name: String,
    /// Who the person is there.
    pub whose: Actor,
    pub is_current: bool,
    /// A session there ends then at the latest.
    pub until: DateTime<Utc>,
}

/// Those in which the person of a session could have signed in instead, or have, by the issuer's word. Only of a session
/// that is good, and that an issuer vouched for.
///
/// The issuer's word on a workspace counts for as long as a session that it opened would. Where it has said nothing of
/// the person, an operator has bound them there.
pub async fn open(conn: &mut PgConnection, id: SessionId, lasts: Duration) -> Result<Vec<Open>, Error> {
    let rows = sqlx::query!(
        r#"SELECT w.id AS workspace_id, w.name, p.id AS principal_id, p.name AS principal,
                  p.id = me.id AS "is_current!",
                  CASE WHEN p.id = me.id THEN s.expires_at
                       ELSE least(s.expires_at, p.claimed_at + make_interval(secs => $2)) END AS "until!"
             FROM browser_sessions s
             JOIN principals me ON me.id = s.principal_id
             JOIN principals p ON p.issuer = me.issuer AND p.subject = me.subject
             JOIN workspaces w ON w.id = p.workspace_id
            WHERE s.id = $1 AND s.key_id IS NULL AND s.revoked_at IS NULL AND s.expires_at > now()
              AND p.disabled_at IS NULL
              AND (p.id = me.id OR p.claimed_at IS NULL OR p.claimed_at + make_interval(secs => $2) > now())
            ORDER BY w.name"#,
        id.0,
        lasts.as_secs_f64(),
    )
    .fetch_all(conn)
    .await?;
    let open = rows.into_iter().map(|row| {
        Ok(Open {
            workspace: WorkspaceId(row.workspace_id),
            name: row.name,
            whose: actor(row.principal_id, &row.principal)?,
            is_current: row.is_current,
            until: row.until,
        })
    });
    open.collect()
}

/// One of them, as it is shown.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct BrowserSession {
    pub id: Uuid,
    #[schema(example = "ana")]
    pub principal: String,
    /// The prefix of the key that it was opened with; null: the issuer vouched.
    pub key: Option<String>,
    pub created_at: DateTime<Utc>,
    /// To the minute.
    pub last_seen_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub address: Option<String>,
    pub user_agent: Option<String>,
}

/// Which of a workspace's to list.
pub struct Which {
    /// Only theirs.
    pub of: Option<PrincipalId>,
    /// The last one of the page before.
    pub after: Option<Uuid>,
    pub idle: Duration,
    pub limit: i64,
}

/// Those that are good, oldest first.
pub async fn list(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    which: &Which,
) -> Result<Vec<BrowserSession>, Error> {
    Ok(sqlx::query_as!(
        BrowserSession,
        r#"SELECT s.id, p.name AS principal, k.prefix AS "key?", s.created_at, s.last_seen_at, s.expires_at,
                  s.address, s.user_agent
             FROM browser_sessions s
             JOIN principals p ON p.id = s.principal_id
             LEFT JOIN api_keys k ON k.id = s.key_id
            WHERE s.workspace_id = $1 AND ($2::uuid IS NULL OR s.principal_id = $2)
              AND ($3::uuid IS NULL OR s.id > $3)
              AND s.revoked_at IS NULL AND s.expires_at > now()
              AND s.last_seen_at > now() - make_interval(secs => $4)
              AND p.disabled_at IS NULL AND k.revoked_at IS NULL
            ORDER BY s.id LIMIT $5"#,
        workspace.0,
        which.of.map(|it| it.0),
        which.after,
        which.idle.as_secs_f64(),
        which.limit,
    )
    .fetch_all(conn)
    .await?)
}

/// When the session ends at the latest.
pub async fn expires_at(conn: &mut PgConnection, id: SessionId) -> Result<Option<DateTime<Utc>>, Error> {
    Ok(sqlx::query_scalar!("SELECT expires_at FROM browser_sessions WHERE id = $1", id.0)
        .fetch_optional(conn)
        .await?)
}
