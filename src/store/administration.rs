//! Who administers, held fast while they do: in the transaction of the change.
//!
//! A change of an identity takes its locks in one order: the workspace's turn (callers of the API alone), then
//! principals, then keys and sessions, then roles. So two administrators who change each other wait, and neither is
//! refused by a deadlock. Since there is one turn at a time, an administrator's row can be had: a row that is shared by
//! one transaction after the other might never be free otherwise.

use sqlx::PgConnection;

use super::Error;
use crate::domain::{
    credential::Credential,
    ids::{PrincipalId, WorkspaceId},
};

/// Waits for one's turn in a workspace; it ends with the transaction.
pub async fn take_turn(conn: &mut PgConnection, workspace: WorkspaceId) -> Result<(), Error> {
    let name = format!("administration of {}", workspace.0);
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", name).execute(conn).await?;
    Ok(())
}

/// Holds a principal, and what they came with, as they are until the transaction ends. Whether both are good is for
/// the next statement to see: this one may have waited for their change.
pub async fn hold(
    conn: &mut PgConnection,
    principal: PrincipalId,
    credential: Credential,
) -> Result<(), Error> {
    sqlx::query!("SELECT id FROM principals WHERE id = $1 FOR SHARE", principal.0)
        .fetch_optional(&mut *conn)
        .await?;
    let key = match credential {
        Credential::Key(id) => Some(id.0),
        Credential::Session(id) => {
            let key =
                sqlx::query_scalar!("SELECT key_id FROM browser_sessions WHERE id = $1 FOR SHARE", id.0);
            key.fetch_optional(&mut *conn).await?.flatten()
        }
        Credential::Token { .. } => None,
    };
    if let Some(key) = key {
        sqlx::query!("SELECT id FROM api_keys WHERE id = $1 FOR SHARE", key).fetch_optional(conn).await?;
    }
    Ok(())
}
