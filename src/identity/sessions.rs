//! Browser sessions, ended by their owner or an administrator.

use std::time::Duration;

use sqlx::PgConnection;

use super::{Attempted, By, Call, Failure, Identity, Refusal, grants};
use crate::{
    auth::{Caller, Permission, record_end, role},
    domain::{
        credential::Credential,
        ids::{SessionId, WorkspaceId},
    },
    store::{
        Page,
        browser_sessions::{self, BrowserSession, Which},
        credentials,
    },
};

/// What callers do with the browser sessions of their workspace.
pub struct Sessions<'a>(&'a Identity);

impl Identity {
    pub fn sessions(&self) -> Sessions<'_> {
        Sessions(self)
    }
}

impl Sessions<'_> {
    /// A page of those that are good, the oldest first, behind that one: the caller's own, or with `principal:manage` all.
    pub async fn page(
        &self,
        caller: &Caller,
        after: Option<SessionId>,
        limit: i64,
    ) -> Result<Page<BrowserSession>, Failure> {
        let which = Which {
            of: (!caller.may(Permission::PrincipalManage)).then_some(caller.actor.id),
            after: after.map(|id| id.0),
            idle: self.0.idle,
            limit: limit + 1,
        };
        let page =
            async |conn: &mut PgConnection| browser_sessions::list(conn, caller.workspace, &which).await;
        let mut items = self.0.look(caller, page).await?;
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = items.len() > most;
        items.truncate(most);
        Ok(Page { items, more })
    }

    pub async fn end(&self, call: Call<'_>, id: SessionId) -> Result<(), Failure> {
        let (workspace, idle) = (call.caller.workspace, self.0.idle);
        let end = async |conn: &mut PgConnection, by: &By<'_>| end(conn, by, workspace, id, idle).await;
        self.0.change(call, None, end).await
    }
}

/// Ends a session: the caller's own, or, with `principal:manage`, that of a principal that may do no more than they.
/// `idle`: how long a session may be left unused.
pub async fn end(
    conn: &mut PgConnection,
    by: &By<'_>,
    workspace: WorkspaceId,
    id: SessionId,
    idle: Duration,
) -> Attempted<()> {
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
