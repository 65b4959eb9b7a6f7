//! How people like the console, each one's own.

use serde_json::value::RawValue;
use sqlx::{PgConnection, types::Json};

use super::Error;
use crate::domain::{
    decision::Precondition,
    ids::{PrincipalId, WorkspaceId},
};

/// What a person has stored.
#[derive(Debug)]
pub struct Stored {
    pub preferences: Json<Box<RawValue>>,
    /// Goes up by one with each change.
    pub version: i32,
}

/// `None`: nothing was ever stored.
pub async fn get(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    principal: PrincipalId,
) -> Result<Option<Stored>, Error> {
    Ok(sqlx::query_as!(
        Stored,
        r#"SELECT preferences AS "preferences: Json<Box<RawValue>>", version
             FROM preferences WHERE workspace_id = $1 AND principal_id = $2 AND version > 0"#,
        workspace.0,
        principal.0,
    )
    .fetch_optional(conn)
    .await?)
}

/// Replaces them, if they are as the caller has seen them; answers their new version. Without any stored, the version is
/// 0. Called within a transaction.
pub async fn put(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    principal: PrincipalId,
    preferences: &RawValue,
    precondition: &Precondition,
) -> Result<Option<i32>, Error> {
    // So that there is a row to lock: two who store their first at once take turns.
    sqlx::query!(
        "INSERT INTO preferences (principal_id, workspace_id, preferences, version) VALUES ($1, $2, '{}', 0)
         ON CONFLICT (principal_id) DO NOTHING",
        principal.0,
        workspace.0,
    )
    .execute(&mut *conn)
    .await?;
    let seen = match precondition {
        Precondition::None => None,
        Precondition::OneOf(versions) => Some(versions.as_slice()),
    };
    Ok(sqlx::query_scalar!(
        "UPDATE preferences SET preferences = $3, version = version + 1, updated_at = now()
          WHERE workspace_id = $1 AND principal_id = $2 AND ($4::integer[] IS NULL OR version = ANY ($4))
         RETURNING version",
        workspace.0,
        principal.0,
        Json(preferences) as _,
        seen,
    )
    .fetch_optional(conn)
    .await?)
}
