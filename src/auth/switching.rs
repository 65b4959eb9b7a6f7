//! From one workspace to another, in a browser: a new session there, in place of the one here.
//!
//! It gives nothing that signing in there would not have given, and nothing for longer: the new session ends with the
//! old one at the latest, and with the issuer's word on that workspace.

use serde_json::json;
use sqlx::{Connection, PgConnection};

use super::{
    Rejection,
    authenticator::{Authenticator, LOOK_UP, unavailable},
    secret::Secret,
    sessions::{Opened, record, record_end},
};
use crate::{
    domain::{credential::Origin, ids::SessionId},
    store::{
        self,
        browser_sessions::{self, NewSession, Open},
    },
};

/// What came of it.
pub enum Switched {
    /// The old session is over.
    To(Opened),
    /// They are there already; nothing has changed.
    Already,
    /// There is no such workspace for them.
    Nowhere,
}

impl Authenticator {
    /// The workspaces in which the person of a session can go on. None where a key opened it.
    pub async fn open_workspaces(&self, session: SessionId) -> Result<Vec<Open>, Rejection> {
        let lasts = self.sessions_last.at_most;
        let look = async |conn: &mut PgConnection| browser_sessions::open(conn, session, lasts).await;
        self.database.auth.run(LOOK_UP, look).await.map_err(unavailable)
    }

    /// Opens a session in the workspace of that name, and ends this one in the same transaction.
    pub async fn switch(
        &self,
        (session, before): (SessionId, &Secret),
        workspace: &str,
        origin: &Origin,
    ) -> Result<Switched, Rejection> {
        let open = self.open_workspaces(session).await?;
        let Some(there) = open.iter().find(|it| it.name == workspace) else {
            return Ok(Switched::Nowhere);
        };
        if there.is_current {
            return Ok(Switched::Already);
        }
        let (secret, id) = (Secret::generate(), SessionId::generate());
        let address = origin.address.map(|it| it.to_string());
        let new = NewSession {
            id,
            workspace: there.workspace,
            principal: there.whose.id,
            key: None,
            hash: secret.hash(),
            lasts: self.sessions_last.at_most,
            until: Some(there.until),
            address: address.as_deref(),
            user_agent: origin.user_agent.as_deref(),
        };
        let hash = before.hash();
        let switch = async |conn: &mut PgConnection| {
            let mut transaction = conn.begin().await?;
            // It was ended meanwhile: nothing comes of it any more.
            let Some(ended) = browser_sessions::end(&mut transaction, &hash).await? else {
                transaction.rollback().await?;
                return Ok::<_, store::Error>(None);
            };
            record_end(&mut transaction, &ended, &ended.whose.clone(), origin).await?;
            let expires_at = browser_sessions::insert(&mut transaction, &new).await?;
            let detail = json!({ "with": "switch", "expires_at": expires_at });
            record(&mut transaction, "session.created", &there.whose, there.workspace, id, origin, detail)
                .await?;
            transaction.commit().await?;
            Ok(Some(expires_at))
        };
        let expires_at =
            self.database.auth.shared(there.workspace, LOOK_UP, switch).await.map_err(unavailable)?;
        self.sessions.invalidate(&hash).await;
        let expires_at = expires_at.ok_or(Rejection::Unauthenticated)?;
        Ok(Switched::To(Opened { secret, expires_at }))
    }
}
