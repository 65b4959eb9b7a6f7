//! Browser sessions: opened with a key or by an issuer's word, ended by their owner, an administrator, or time.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

use super::{
    Rejection,
    authenticator::{Authenticator, LOOK_UP, unavailable},
    caller::Caller,
    secret::Secret,
};
use crate::{
    domain::{
        credential::{Credential, Origin},
        ids::{KeyId, SessionId, WorkspaceId},
        policy::Actor,
    },
    store::{
        self, audit,
        browser_sessions::{self, Ended, NewSession},
        workspaces::{self, Workspace},
    },
};

/// Longest that a look may take.
const LOOK: Duration = Duration::from_secs(4);

/// Whose session is to be opened.
pub struct Opener {
    pub workspace: WorkspaceId,
    pub actor: Actor,
    /// The key that was shown for it.
    pub key: Option<KeyId>,
}

/// A session that was opened. Only now can its secret be told.
pub struct Opened {
    pub secret: Secret,
    pub expires_at: DateTime<Utc>,
}

/// What a caller sees of where they are.
pub struct Own {
    /// `None`: it was deleted a moment ago.
    pub workspace: Option<Workspace>,
    /// When the credential ends, where that is known.
    pub until: Option<DateTime<Utc>>,
}

impl Opener {
    /// `None` for a caller who has not come with a key.
    pub fn by_key(caller: &Caller) -> Option<Self> {
        let Credential::Key(key) = caller.credential else { return None };
        Some(Self { workspace: caller.workspace, actor: caller.actor.clone(), key: Some(key) })
    }
}

impl Authenticator {
    /// Where a caller is, and until when.
    pub async fn own(&self, caller: &Caller) -> Result<Own, store::Error> {
        let look = async |conn: &mut PgConnection| {
            let workspace = workspaces::get(&mut *conn, caller.workspace).await?;
            let until = match caller.credential {
                Credential::Session(id) => browser_sessions::expires_at(conn, id).await?,
                Credential::Token { expires_at, .. } => Some(expires_at),
                Credential::Key(_) => None,
            };
            Ok(Own { workspace, until })
        };
        self.database.tenant.within(caller.workspace, LOOK, look).await
    }

    /// Opens a session with a secret of its own, and ends the one that the browser had `before`: nobody can be made to
    /// go on with a session that another person knows.
    pub async fn open_session(
        &self,
        opener: Opener,
        before: Option<&Secret>,
        origin: &Origin,
    ) -> Result<Opened, Rejection> {
        if let Some(before) = before {
            self.end_session(before, origin).await?;
        }
        let (secret, id) = (Secret::generate(), SessionId::generate());
        let address = origin.address.map(|it| it.to_string());
        let new = NewSession {
            id,
            workspace: opener.workspace,
            principal: opener.actor.id,
            key: opener.key,
            hash: secret.hash(),
            lasts: self.sessions_last.at_most,
            until: None,
            address: address.as_deref(),
            user_agent: origin.user_agent.as_deref(),
        };
        let open = async |conn: &mut PgConnection| {
            let mut transaction = conn.begin().await?;
            let expires_at = browser_sessions::insert(&mut transaction, &new).await?;
            let how = if opener.key.is_some() { "key" } else { "issuer" };
            let detail = json!({ "with": how, "expires_at": expires_at });
            record(&mut transaction, "session.created", &opener.actor, new.workspace, id, origin, detail)
                .await?;
            transaction.commit().await?;
            Ok(expires_at)
        };
        let expires_at = self.database.auth.shared(opener.workspace, LOOK_UP, open).await;
        let expires_at = expires_at.map_err(unavailable)?;
        Ok(Opened { secret, expires_at })
    }

    /// Ends a session, if it hasn't ended.
    pub async fn end_session(&self, secret: &Secret, origin: &Origin) -> Result<(), Rejection> {
        let hash = secret.hash();
        let end = async |conn: &mut PgConnection| {
            let mut transaction = conn.begin().await?;
            if let Some(ended) = browser_sessions::end(&mut transaction, &hash).await? {
                let actor = ended.whose.clone();
                record_end(&mut transaction, &ended, &actor, origin).await?;
            }
            transaction.commit().await?;
            Ok(())
        };
        self.database.auth.run(LOOK_UP, end).await.map_err(unavailable)?;
        // Here at once, elsewhere within seconds.
        self.sessions.invalidate(&hash).await;
        Ok(())
    }
}

/// Puts it on record that a session was ended.
pub async fn record_end(
    conn: &mut PgConnection,
    ended: &Ended,
    actor: &Actor,
    origin: &Origin,
) -> Result<(), store::Error> {
    let detail = json!({ "principal": ended.whose.name });
    record(conn, "session.ended", actor, ended.workspace, ended.id, origin, detail).await
}

pub(super) async fn record(
    conn: &mut PgConnection,
    action: &'static str,
    actor: &Actor,
    workspace: WorkspaceId,
    id: SessionId,
    origin: &Origin,
    detail: Value,
) -> Result<(), store::Error> {
    let via = if action == "session.created" { "sign_in" } else { "human" };
    let entry = audit::Entry {
        workspace,
        action,
        subject: Some(&id.to_string()),
        run: None,
        actor: Some(actor),
        via,
        origin,
        before: None,
        after: None,
        detail,
    };
    audit::append(conn, entry).await
}
