//! Who is behind a credential: one look-up in the database every few seconds for each that is in use.

use std::{
    collections::{HashMap, HashSet},
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use moka::future::Cache;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;

use super::{
    caller::{Caller, Handle},
    key::ApiKey,
    known::{Answers, Fresh, Known, answers, remembered},
    permission::Permission,
    role,
    ticket::Ticket,
    tokens::Tokens,
};
use crate::{
    bus::seats::Outdated,
    domain::{
        credential::{Credential, Origin},
        ids::{KeyId, PrincipalId, SessionId, WorkspaceId},
        redaction::Redactors,
    },
    oidc::{self, Issuer},
    store::{
        self, Database,
        credentials::{self, CredentialRow, Ended, GoodCredential},
        tickets::{self, Redeemed},
    },
};

/// How long a key is known to have been good. It opens nothing: such a key is still looked at.
const LATELY: Duration = Duration::from_hours(1);

/// Longest a look-up may take.
pub(super) const LOOK_UP: Duration = Duration::from_secs(4);

/// How long a ticket is good for.
const TICKET: Duration = Duration::from_secs(30);

/// Credentials remembered at once, of each kind.
pub(super) const MOST: u64 = 100_000;

/// Turns credentials into callers. Clones share everything.
#[derive(Clone)]
pub struct Authenticator {
    pub(super) database: Database,
    /// Whose tokens count, if anybody's.
    pub(super) issuer: Option<Issuer>,
    pub(super) sessions_last: Lasting,
    /// By prefix. Unknown ones are remembered too, so that guessing does not reach the database each time.
    keys: Answers<String>,
    /// By the secret's hash.
    pub(super) sessions: Answers<[u8; 32]>,
    pub(super) principals: Answers<PrincipalId>,
    pub(super) tokens: Tokens,
    /// What takes out of what is stored, by workspaces' settings.
    pub(super) redactors: Redactors,
    /// What was looked up since it was last asked for.
    used: Arc<Mutex<Used>>,
    /// Prefixes of keys that were good here lately, and hashes of sessions and tokens; and whose they are.
    good: Cache<String, WorkspaceId>,
    pub(super) good_hashes: Cache<[u8; 32], WorkspaceId>,
}

/// Keys and sessions that were used.
#[derive(Debug, Default)]
pub struct Used {
    pub keys: HashSet<KeyId>,
    pub sessions: HashSet<SessionId>,
}

/// How long browser sessions last.
#[derive(Debug, Clone, Copy)]
pub struct Lasting {
    pub at_most: Duration,
    /// Without being used.
    pub idle: Duration,
}

/// Why a credential isn't accepted.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Rejection {
    #[error("the credential is missing, malformed, unknown, expired or revoked")]
    Unauthenticated,
    #[error("the token is not accepted: {0}")]
    Token(#[from] oidc::Refusal),
    /// The credential is good, but its principal doesn't get in; the text is for them.
    #[error("{0}")]
    Refused(String),
    #[error("the issuer can't be asked: {0}")]
    IssuerUnavailable(String),
    /// Whether the token's key is one of the issuer's will be known after so many seconds.
    #[error("the token names a key that the issuer did not have a moment ago")]
    TooSoon { seconds: u64 },
    /// A dependency that fails never opens the door.
    #[error("credentials can't be checked now: {0}")]
    Unavailable(Arc<store::Error>),
}

impl From<oidc::Error> for Rejection {
    fn from(error: oidc::Error) -> Self {
        match error {
            oidc::Error::Refused(refusal) => Self::Token(refusal),
            oidc::Error::Unavailable(why) => Self::IssuerUnavailable(why),
            oidc::Error::TooSoon(after) => Self::TooSoon { seconds: after.as_secs() + 1 },
        }
    }
}

impl Authenticator {
    pub fn new(database: Database, issuer: Option<Issuer>, sessions_last: Lasting) -> Self {
        fn lately<K: std::hash::Hash + Eq + Send + Sync + 'static>() -> Cache<K, WorkspaceId> {
            Cache::builder().max_capacity(MOST).time_to_live(LATELY).build()
        }
        Self {
            database,
            issuer,
            sessions_last,
            keys: answers(),
            sessions: answers(),
            principals: answers(),
            tokens: Tokens::new(),
            redactors: Redactors::default(),
            used: Arc::default(),
            good: lately(),
            good_hashes: lately(),
        }
    }

    /// Whether an `Authorization` header's value is about a key or a token that was good here lately, so that looking at
    /// it reaches the database once in a few seconds at most.
    pub fn knows(&self, header: &str) -> bool {
        let Some(token) = bearer(header) else { return false };
        match ApiKey::parse(token) {
            Some(key) => self.knows_key(&key),
            None => self.good_hashes.contains_key(&<[u8; 32]>::from(Sha256::digest(token))),
        }
    }

    /// The same of a key: by its prefix. A caller who has that alone is soon found out.
    pub fn knows_key(&self, key: &ApiKey) -> bool {
        self.good.contains_key(&key.prefix)
    }

    /// The same of a browser session's secret.
    pub fn knows_session(&self, hash: &[u8; 32]) -> bool {
        self.good_hashes.contains_key(hash)
    }

    /// Looks at an `Authorization` header's value. `origin` is for the record of who comes for the first time.
    pub async fn authenticate(&self, header: &str, origin: &Origin) -> Result<Caller, Rejection> {
        let token = bearer(header).ok_or(Rejection::Unauthenticated)?;
        match &self.issuer {
            Some(issuer) if !token.starts_with("so_") => self.token_text(issuer, token, origin).await,
            _ => self.api_key(&ApiKey::parse(token).ok_or(Rejection::Unauthenticated)?).await,
        }
    }

    /// Looks at a key.
    pub async fn api_key(&self, key: &ApiKey) -> Result<Caller, Rejection> {
        self.key(&key.prefix, |hash| key.matches(hash), Fresh::Remembered).await
    }

    /// The same caller as of now: what the credential allows may have changed, and it may have been revoked. Withdrawn
    /// is what was withdrawn some seconds ago.
    pub async fn again(&self, before: &Caller) -> Result<Caller, Rejection> {
        self.look_again(before, Fresh::Remembered).await
    }

    /// The same caller, by an answer that the database was asked for after `since`.
    pub async fn again_since(&self, before: &Caller, since: Instant) -> Result<Caller, Rejection> {
        self.look_again(before, Fresh::Since(since)).await
    }

    async fn look_again(&self, before: &Caller, fresh: Fresh) -> Result<Caller, Rejection> {
        let mut now = match (&before.handle, before.credential) {
            (Handle::Key(prefix), _) => self.key(prefix, |_| true, fresh).await?,
            (Handle::Session(hash), _) => self.session_as_of(hash, fresh).await?,
            (Handle::Token, Credential::Token { principal, expires_at }) => {
                self.token((principal, Some(before.workspace)), expires_at, fresh).await?
            }
            (Handle::Token, _) => return Err(Rejection::Unauthenticated),
        };
        if now.credential != before.credential {
            return Err(Rejection::Unauthenticated);
        }
        now.on_behalf_of.clone_from(&before.on_behalf_of);
        now.credential_name = before.credential_name.clone();
        Ok(now)
    }

    /// Those of `used` that may still follow tasks.
    pub async fn still_subscribed(&self, used: &[Credential]) -> Result<HashSet<Credential>, store::Error> {
        let idle = self.sessions_last.idle;
        let look = async |conn: &mut PgConnection| credentials::still_good(conn, used, idle).await;
        let good = self.database.auth.run(LOOK_UP, look).await?;
        let may = |it: &credentials::Good| {
            role::allowed(&it.permissions, &it.roles).allow(Permission::EventSubscribe)
        };
        Ok(good.into_iter().filter(may).map(|it| it.credential).collect())
    }

    /// Those of `bad` that were not revoked, and whose principal is not disabled: another credential may be good. One that
    /// is not there any more has run out: sessions are deleted only then, and what is revoked before stays until then.
    pub async fn outdated(&self, bad: &[Credential]) -> Result<HashMap<Credential, Outdated>, store::Error> {
        let idle = self.sessions_last.idle;
        let look = async |conn: &mut PgConnection| credentials::ended(conn, bad, idle).await;
        let ended = self.database.auth.run(LOOK_UP, look).await?;
        let how = |it: Ended| match it {
            Ended { is_revoked: true, .. } => None,
            Ended { is_rotated: true, is_over: true, .. } => Some(Outdated::Rotated),
            Ended { is_over: true, .. } => Some(Outdated::Expired),
            // It is good, and hence doesn't allow this.
            _ => Some(Outdated::Changed),
        };
        let mut outdated: HashMap<_, _> = bad.iter().map(|gone| (*gone, Outdated::Expired)).collect();
        for it in ended {
            match how(it) {
                Some(how) => outdated.insert(it.credential, how),
                None => outdated.remove(&it.credential),
            };
        }
        Ok(outdated)
    }

    /// How long a browser session may be left unused.
    pub fn idle(&self) -> Duration {
        self.sessions_last.idle
    }

    /// What was looked up since this was last asked.
    pub fn take_used(&self) -> Used {
        mem::take(&mut *self.used())
    }

    fn used(&self) -> MutexGuard<'_, Used> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a ticket for one socket: it stands for the caller's credential, for half a minute, once.
    pub async fn ticket(&self, caller: &Caller) -> Result<(Ticket, DateTime<Utc>), Rejection> {
        let ticket = Ticket::generate();
        let hash = ticket.hash();
        let work =
            async |conn: &mut PgConnection| tickets::create(conn, &hash, caller.credential, TICKET).await;
        let made = self.database.auth.shared(caller.workspace, LOOK_UP, work).await;
        Ok((ticket, made.map_err(unavailable)?))
    }

    /// Uses a ticket up.
    pub async fn redeem(&self, ticket: &Ticket) -> Result<Caller, Rejection> {
        let hash = ticket.hash();
        let redeem = async |conn: &mut PgConnection| tickets::redeem(conn, &hash).await;
        let redeemed = self.database.auth.run(LOOK_UP, redeem).await.map_err(unavailable)?;
        match redeemed.ok_or(Rejection::Unauthenticated)? {
            Redeemed::Key { prefix } => self.key(&prefix, |_| true, Fresh::Remembered).await,
            Redeemed::Session { hash } => {
                let hash: [u8; 32] = hash.try_into().map_err(|_| Rejection::Unauthenticated)?;
                self.session(&hash).await
            }
            Redeemed::Token { principal, expires_at } => {
                self.token((principal, None), expires_at, Fresh::Remembered).await
            }
        }
    }

    async fn key(
        &self,
        prefix: &str,
        matches: impl Fn(&[u8]) -> bool,
        fresh: Fresh,
    ) -> Result<Caller, Rejection> {
        let known = remembered(&self.keys, prefix, fresh, || self.look_up_key(prefix)).await?;
        let CredentialRow::Key { id, prefix, secret_hash } = &known.standing.credential else {
            return Err(Rejection::Unauthenticated);
        };
        if !matches(secret_hash) {
            return Err(Rejection::Unauthenticated);
        }
        Ok(known.caller(Credential::Key(*id), Handle::Key(prefix.as_str().into())))
    }

    async fn look_up_key(&self, prefix: &str) -> Result<Option<Arc<Known>>, store::Error> {
        let look = async |conn: &mut PgConnection| {
            let at = Instant::now();
            Ok(credentials::key(conn, prefix).await?.map(|found| Known::new(found, &self.redactors, at)))
        };
        let found = self.look_up(self.good.get(prefix).await, look).await?;
        if let Some(GoodCredential { credential: CredentialRow::Key { id, .. }, workspace, .. }) =
            found.as_ref().map(|known| &known.standing)
        {
            self.used().keys.insert(*id);
            self.good.insert(prefix.to_owned(), *workspace).await;
        }
        Ok(found.map(Arc::new))
    }

    /// Looks something up for a workspace, as far as it is known for whom. One workspace has half of the connections: so
    /// any number of its credentials keeps nobody else's from being looked at.
    pub(super) async fn look_up<T>(
        &self,
        whose: Option<WorkspaceId>,
        look: impl AsyncFnOnce(&mut PgConnection) -> Result<T, store::Error>,
    ) -> Result<T, store::Error> {
        match whose {
            Some(workspace) => self.database.auth.shared(workspace, LOOK_UP, look).await,
            None => self.database.auth.run(LOOK_UP, look).await,
        }
    }

    /// The holder of the secret with this hash.
    pub async fn session(&self, hash: &[u8; 32]) -> Result<Caller, Rejection> {
        self.session_as_of(hash, Fresh::Remembered).await
    }

    async fn session_as_of(&self, hash: &[u8; 32], fresh: Fresh) -> Result<Caller, Rejection> {
        let known = remembered(&self.sessions, hash, fresh, || self.look_up_session(hash)).await?;
        let CredentialRow::Session(id) = known.standing.credential else {
            return Err(Rejection::Unauthenticated);
        };
        Ok(known.caller(Credential::Session(id), Handle::Session(Arc::new(*hash))))
    }

    async fn look_up_session(&self, hash: &[u8; 32]) -> Result<Option<Arc<Known>>, store::Error> {
        let idle = self.sessions_last.idle;
        let look = async |conn: &mut PgConnection| {
            let at = Instant::now();
            Ok(credentials::session(conn, hash, idle)
                .await?
                .map(|found| Known::new(found, &self.redactors, at)))
        };
        let found = self.look_up(self.good_hashes.get(hash).await, look).await?;
        if let Some(GoodCredential { credential: CredentialRow::Session(id), workspace, .. }) =
            found.as_ref().map(|known| &known.standing)
        {
            self.used().sessions.insert(*id);
            self.good_hashes.insert(*hash, *workspace).await;
        }
        Ok(found.map(Arc::new))
    }
}

/// What stands in an `Authorization` header's value.
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

pub(super) fn unavailable(error: store::Error) -> Rejection {
    Rejection::Unavailable(Arc::new(error))
}
