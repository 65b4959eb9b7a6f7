//! Browser sessions, ended by their owner or an administrator.

use std::time::Duration;

use sqlx::PgConnection;

use super::{By, Outcome, Refusal, grants};
use crate::{
    auth::{Permission, record_end, role},
    domain::{
        credential::Credential,
        ids::{SessionId, WorkspaceId},
    },
    store::{browser_sessions, credentials},
};

/// Ends a session: the caller's own, or, with `principal:manage`, that of a principal that may do no more than they.
/// `idle`: how long a session may be left unused.
pub async fn end(
    conn: &mut PgConnection,
    by: &By<'_>,
    workspace: WorkspaceId,
    id: SessionId,
    idle: Duration,
) -> Outcome<()> {
    let Some(actor) = by.actor() else { return Ok(Err(Refusal::NotFound("session"))) };
    let mut ended = browser_sessions::revoke(conn, workspace, id, Some(actor.id)).await?;
    if ended.is_none() && by.may(Permission::PrincipalManage) {
        for good in credentials::still_good(conn, &[Credential::Session(id)], idle).await? {
            if let Err(refusal) = grants::within_reach(by, role::allowed(&good.permissions, &good.roles)) {
                return Ok(Err(refusal));
            }
        }
        ended = browser_sessions::revoke(conn, workspace, id, None).await?;
    }
    let Some(ended) = ended else { return Ok(Err(Refusal::NotFound("session"))) };
    record_end(conn, &ended, actor, by.origin).await?;
    Ok(Ok(()))
}
