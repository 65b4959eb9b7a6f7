//! Who is behind a credential: one look-up in the database every few seconds for each key in use.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use moka::future::Cache;
use sqlx::PgConnection;

use super::{
    key::ApiKey,
    permission::{Permission, Permissions},
    ticket::Ticket,
};
use crate::{
    domain::{
        ids::{KeyId, WorkspaceId},
        policy::Actor,
    },
    store::{self, Database, keys::StoredKey, tickets},
};

/// A revoked key is refused everywhere after this; the contract says five seconds.
const REMEMBERED: Duration = Duration::from_secs(3);

/// Longest a look-up may take.
const LOOK_UP: Duration = Duration::from_secs(4);

/// How long a ticket is good for.
const TICKET: Duration = Duration::from_secs(30);

/// Turns keys into callers.
#[derive(Clone)]
pub struct Authenticator {
    database: Database,
    /// By prefix. Unknown prefixes are remembered too, so that guessing does not reach the database each time.
    known: Cache<String, Option<Arc<StoredKey>>>,
}

/// Who calls.
#[derive(Debug, Clone)]
pub struct Caller {
    pub workspace: WorkspaceId,
    pub actor: Actor,
    pub key: KeyId,
    /// What the key is found by; never its secret.
    prefix: Arc<str>,
    pub permissions: Permissions,
}

/// Why a credential isn't accepted.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Rejection {
    #[error("the credential is missing, malformed, unknown or revoked")]
    Unauthenticated,
    /// A dependency that fails never opens the door.
    #[error("credentials can't be checked now: {0}")]
    Unavailable(Arc<store::Error>),
}

impl Caller {
    pub fn may(&self, permission: Permission) -> bool {
        self.permissions.allow(permission)
    }
}

impl Authenticator {
    pub fn new(database: Database) -> Self {
        let known = Cache::builder().max_capacity(100_000).time_to_live(REMEMBERED).build();
        Self { database, known }
    }

    /// Looks at an `Authorization` header's value.
    pub async fn authenticate(&self, header: &str) -> Result<Caller, Rejection> {
        let (scheme, token) = header.split_once(' ').ok_or(Rejection::Unauthenticated)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Rejection::Unauthenticated);
        }
        let key = ApiKey::parse(token.trim()).ok_or(Rejection::Unauthenticated)?;
        let stored = self.stored(&key.prefix).await?;
        if !key.matches(&stored.secret_hash) {
            return Err(Rejection::Unauthenticated);
        }
        Ok(caller(&stored, &key.prefix))
    }

    /// The same caller as of now: what the credential allows may have changed, and it may have been revoked.
    pub async fn again(&self, before: &Caller) -> Result<Caller, Rejection> {
        let stored = self.stored(&before.prefix).await?;
        if stored.id != before.key {
            return Err(Rejection::Unauthenticated);
        }
        Ok(caller(&stored, &before.prefix))
    }

    /// Makes a ticket for one socket: it stands for the caller's key, for half a minute, once.
    pub async fn ticket(&self, caller: &Caller) -> Result<(Ticket, DateTime<Utc>), Rejection> {
        let ticket = Ticket::generate();
        let hash = ticket.hash();
        let make = async |conn: &mut PgConnection| tickets::create(conn, &hash, caller.key, TICKET).await;
        let expires_at = self.database.auth.run(LOOK_UP, make).await;
        let expires_at = expires_at.map_err(|error| Rejection::Unavailable(Arc::new(error)))?;
        Ok((ticket, expires_at))
    }

    /// Uses a ticket up.
    pub async fn redeem(&self, ticket: &Ticket) -> Result<Caller, Rejection> {
        let hash = ticket.hash();
        let redeem = async |conn: &mut PgConnection| tickets::redeem(conn, &hash).await;
        let prefix = self.database.auth.run(LOOK_UP, redeem).await;
        let prefix = prefix.map_err(|error| Rejection::Unavailable(Arc::new(error)))?;
        let prefix = prefix.ok_or(Rejection::Unauthenticated)?;
        Ok(caller(&*self.stored(&prefix).await?, &prefix))
    }

    async fn stored(&self, prefix: &str) -> Result<Arc<StoredKey>, Rejection> {
        // Boxed: opening a connection takes kilobytes of state, which no waiter should carry along.
        self.known
            .try_get_with_by_ref(prefix, Box::pin(self.look_up(prefix)))
            .await
            .map_err(Rejection::Unavailable)?
            .ok_or(Rejection::Unauthenticated)
    }

    /// Bounded in time: everybody who uses the key waits for this one look-up.
    async fn look_up(&self, prefix: &str) -> Result<Option<Arc<StoredKey>>, store::Error> {
        let look = async |conn: &mut PgConnection| store::keys::find(conn, prefix).await;
        Ok(self.database.auth.run(LOOK_UP, look).await?.map(Arc::new))
    }
}

fn caller(stored: &StoredKey, prefix: &str) -> Caller {
    Caller {
        workspace: stored.workspace,
        actor: stored.principal.clone(),
        key: stored.id,
        prefix: prefix.into(),
        permissions: Permissions::from_names(stored.permissions.iter().map(String::as_str)),
    }
}
