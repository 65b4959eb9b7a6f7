//! What is known of a credential, for some seconds: a cache that knows how old its answers are.

use std::{
    borrow::Borrow,
    hash::Hash,
    mem,
    sync::Arc,
    time::{Duration, Instant},
};

use moka::{Expiry, future::Cache};

use super::{
    authenticator::{MOST, Rejection},
    caller::{Caller, Handle},
    permission::Permissions,
    role,
};
use crate::{
    domain::{
        credential::Credential,
        policy::admission::Voter,
        redaction::{Redactor, Redactors},
    },
    store::{self, credentials::GoodCredential},
};

/// What was withdrawn is refused everywhere after this; the contract says five seconds.
const REMEMBERED: Duration = Duration::from_secs(2);

/// Answers about credentials. `None`: there is none, or it isn't good.
pub(super) type Answers<K> = Cache<K, Option<Arc<Known>>>;

pub(super) fn answers<K: Hash + Eq + Send + Sync + 'static>() -> Answers<K> {
    Cache::builder().max_capacity(MOST).expire_after(FromTheQuestion).build()
}

/// A credential as it was found, and until when that may be trusted.
pub(super) struct Known {
    pub(super) standing: GoodCredential,
    pub(super) voter: Arc<Voter>,
    pub(super) permissions: Permissions,
    pub(super) redactor: Option<Arc<Redactor>>,
    until: Option<Instant>,
    /// The database was asked after this.
    pub(super) at: Instant,
}

/// What is known ages from the moment of the question: an answer that took its time is trusted for less.
struct FromTheQuestion;

impl<K> Expiry<K, Option<Arc<Known>>> for FromTheQuestion {
    fn expire_after_create(&self, _: &K, found: &Option<Arc<Known>>, _: Instant) -> Option<Duration> {
        let age = found.as_ref().map_or(Duration::ZERO, |known| known.at.elapsed());
        Some(REMEMBERED.saturating_sub(age))
    }
}

/// How old an answer about a credential may be.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fresh {
    /// As old as answers get.
    Remembered,
    /// Asked for after this.
    Since(Instant),
}

impl Fresh {
    fn allows(self, known: &Known) -> bool {
        match self {
            Self::Remembered => true,
            Self::Since(since) => known.at >= since,
        }
    }
}

impl Known {
    /// `at`: before the database was asked.
    pub(super) fn new(mut standing: GoodCredential, redactors: &Redactors, at: Instant) -> Self {
        let permissions = role::allowed(&standing.permissions, &standing.roles);
        // Far away is as good as for ever.
        let until = standing.valid_for.and_then(|left| Instant::now().checked_add(left));
        // All callers share them, and who has none keeps no room for any.
        let seats = mem::take(&mut standing.seats);
        let workspace = standing.workspace;
        let redactor = standing.redaction.take().map(|redaction| redactors.of(workspace, &redaction));
        let GoodCredential { member, kind, .. } = &standing;
        let voter = Arc::new(Voter { member: member.clone(), kind: *kind, seats });
        Self { standing, voter, permissions, redactor, until, at }
    }

    fn is_good(&self) -> bool {
        self.until.is_none_or(|until| Instant::now() < until)
    }

    pub(super) fn caller(&self, credential: Credential, handle: Handle) -> Caller {
        let GoodCredential { workspace, allow_timeout_approve, .. } = &self.standing;
        let credential_name = match (&handle, credential) {
            (Handle::Key(prefix), _) => format!("key:{prefix}"),
            (_, Credential::Session(id)) => format!("session:{id}"),
            _ => "token".to_owned(),
        };
        Caller {
            workspace: *workspace,
            actor: self.voter.member.actor.clone(),
            voter: self.voter.clone(),
            on_behalf_of: None,
            credential,
            credential_name: credential_name.into(),
            permissions: self.permissions,
            allow_timeout_approve: *allow_timeout_approve,
            redactor: self.redactor.clone(),
            looked_at: self.at,
            handle,
        }
    }
}

/// What `cache` knows, if that is fresh enough; otherwise what `look_up` finds, once for all who ask at the same time.
pub(super) async fn remembered<K, Q, F>(
    cache: &Answers<K>,
    key: &Q,
    fresh: Fresh,
    look_up: impl Fn() -> F,
) -> Result<Arc<Known>, Rejection>
where
    K: Borrow<Q> + Hash + Eq + Send + Sync + 'static,
    Q: ToOwned<Owned = K> + Hash + Eq + ?Sized,
    F: Future<Output = Result<Option<Arc<Known>>, store::Error>>,
{
    // Boxed: opening a connection takes kilobytes of state, which no waiter should carry along.
    let known = good(cache.try_get_with_by_ref(key, Box::pin(look_up())).await)?;
    if fresh.allows(&known) {
        return Ok(known);
    }
    // It was remembered, or asked for by another call before. What is asked for from here on is fresh.
    cache.invalidate(key).await;
    let known = good(cache.try_get_with_by_ref(key, Box::pin(look_up())).await)?;
    if fresh.allows(&known) {
        return Ok(known);
    }
    good(look_up().await.map_err(Arc::new))
}

fn good(found: Result<Option<Arc<Known>>, Arc<store::Error>>) -> Result<Arc<Known>, Rejection> {
    let known = found.map_err(Rejection::Unavailable)?.ok_or(Rejection::Unauthenticated)?;
    if known.is_good() { Ok(known) } else { Err(Rejection::Unauthenticated) }
}
