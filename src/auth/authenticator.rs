//! Who is behind a credential: one look-up in the database every few seconds for each key in use.

use std::{sync::Arc, time::Duration};

use moka::future::Cache;

use super::{
    key::ApiKey,
    permission::{Permission, Permissions},
};
use crate::{
    domain::{
        ids::{KeyId, WorkspaceId},
        policy::Actor,
    },
    store::{self, Database, keys::StoredKey},
};

/// A revoked key is refused everywhere after this; the contract says five seconds.
const REMEMBERED: Duration = Duration::from_secs(3);

/// Longest a look-up may take.
const LOOK_UP: Duration = Duration::from_secs(4);

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
        // Boxed: opening a connection takes kilobytes of state, which no waiter should carry along.
        let stored = self
            .known
            .try_get_with_by_ref(&key.prefix, Box::pin(self.look_up(&key.prefix)))
            .await
            .map_err(Rejection::Unavailable)?
            .ok_or(Rejection::Unauthenticated)?;
        if !key.matches(&stored.secret_hash) {
            return Err(Rejection::Unauthenticated);
        }
        Ok(Caller {
            workspace: stored.workspace,
            actor: stored.principal.clone(),
            key: stored.id,
            permissions: Permissions::from_names(stored.permissions.iter().map(String::as_str)),
        })
    }

    /// Bounded in time: everybody who uses the key waits for this one look-up.
    async fn look_up(&self, prefix: &str) -> Result<Option<Arc<StoredKey>>, store::Error> {
        let looking = async {
            let mut conn = self.database.read.checkout().await?;
            let found = store::keys::find(&mut conn, prefix).await?;
            conn.done();
            Ok(found.map(Arc::new))
        };
        tokio::time::timeout(LOOK_UP, looking).await?
    }
}
