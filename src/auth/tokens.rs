//! An issuer's tokens: verified, then known for a while, also those that don't let in.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use moka::future::Cache;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;

use super::{
    Rejection,
    authenticator::{Authenticator, MOST},
    caller::{Caller, Handle},
    known::{Fresh, Known, remembered},
    newcomer,
};
use crate::{
    domain::{
        credential::{Credential, Origin},
        ids::{PrincipalId, WorkspaceId},
    },
    oidc::Issuer,
    store::credentials,
    telemetry::Seldom,
};

/// How long a token that was verified isn't looked at again: its issuer may withdraw the key.
const VERIFIED: Duration = Duration::from_mins(1);
/// The same of one that was refused: an administrator may be mending why.
const REFUSED: Duration = Duration::from_secs(5);
/// An issuer that can't be asked is complained of so often.
const COMPLAINT: Duration = Duration::from_mins(1);

/// What is known of tokens. Clones share it.
#[derive(Clone)]
pub struct Tokens {
    /// By the token's hash: whom it speaks for, and until when.
    verified: Cache<[u8; 32], (PrincipalId, DateTime<Utc>)>,
    /// Why one doesn't let in.
    refused: Cache<[u8; 32], Rejection>,
    complaints: Arc<Seldom>,
}

impl Tokens {
    pub fn new() -> Self {
        Self {
            verified: Cache::builder().max_capacity(MOST).time_to_live(VERIFIED).build(),
            refused: Cache::builder().max_capacity(MOST).time_to_live(REFUSED).build(),
            complaints: Arc::new(Seldom::new(COMPLAINT)),
        }
    }
}

impl Authenticator {
    /// Looks at an issuer's token: mostly one that was verified before.
    pub(super) async fn token_text(
        &self,
        issuer: &Issuer,
        token: &str,
        origin: &Origin,
    ) -> Result<Caller, Rejection> {
        let hash: [u8; 32] = Sha256::digest(token).into();
        // Boxed: it takes kilobytes of state, which no waiter should carry along.
        let verify = Box::pin(async {
            if let Some(rejection) = self.tokens.refused.get(&hash).await {
                return Err(rejection);
            }
            let admitted = async {
                let verified = issuer.bearer(token).await?;
                let known = newcomer::admit(&self.database.auth, issuer, &verified, origin).await?;
                Ok((known.actor.id, verified.expires_at))
            };
            let admitted = admitted.await;
            if let Err(rejection @ (Rejection::Unauthenticated | Rejection::Refused(_))) = &admitted {
                self.tokens.refused.insert(hash, rejection.clone()).await;
            }
            admitted
        });
        let verified = self.tokens.verified.try_get_with_by_ref(&hash, verify).await;
        let caller = match verified {
            Ok((principal, expires_at)) => {
                let whose = self.good_hashes.get(&hash).await;
                self.token((principal, whose), expires_at, Fresh::Remembered).await
            }
            Err(rejection) => Err((*rejection).clone()),
        };
        match &caller {
            Ok(caller) => self.good_hashes.insert(hash, caller.workspace).await,
            Err(Rejection::Unavailable(_) | Rejection::TooSoon { .. }) => {}
            Err(rejection @ Rejection::IssuerUnavailable(_)) => self.complain_of(rejection),
            // It isn't cheap to look at any more.
            Err(_) => self.good_hashes.invalidate(&hash).await,
        }
        caller
    }

    /// Says so, now and then, where the issuer is why a caller isn't let in.
    pub(super) fn complain_of(&self, rejection: &Rejection) {
        if matches!(rejection, Rejection::IssuerUnavailable(_))
            && let Some(unsaid) = self.tokens.complaints.turn()
        {
            tracing::warn!(%rejection, unsaid, "people can't be let in");
        }
    }

    /// A principal whose token was verified before, and is good until `expires_at`; and whose workspace it is, where that
    /// is known.
    pub(super) async fn token(
        &self,
        (principal, whose): (PrincipalId, Option<WorkspaceId>),
        expires_at: DateTime<Utc>,
        fresh: Fresh,
    ) -> Result<Caller, Rejection> {
        #[expect(
            clippy::disallowed_methods,
            reason = "tokens are made and timed by an issuer's clock, not Postgres'"
        )]
        if expires_at <= Utc::now() {
            return Err(Rejection::Unauthenticated);
        }
        let look_up = async || {
            let look = async |conn: &mut PgConnection| {
                let at = Instant::now();
                Ok(credentials::principal(conn, principal)
                    .await?
                    .map(|found| Known::new(found, &self.redactors, at)))
            };
            Ok(self.look_up(whose, look).await?.map(Arc::new))
        };
        let known = remembered(&self.principals, &principal, fresh, look_up).await?;
        Ok(known.caller(Credential::Token { principal, expires_at }, Handle::Token))
    }
}
