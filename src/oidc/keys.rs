//! The issuer's public keys: kept, fetched anew now and then, and when a token names one that isn't known.
//!
//! While the issuer is away, what it last said stays good for an hour: a failure of the issuer shall not lock
//! everybody out, nor keep a withdrawn key alive for ever. Tokens can't make us ask more often than every few seconds,
//! however many unknown keys they name, and however many wrong signatures they have.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse},
};
use serde::Deserialize;
use serde_json::Value;
use tokio::{sync::Mutex, time::Instant};

use super::{
    Error, Metadata,
    fetch::{Failure, Fetcher},
};

/// How often they are fetched anyway, and again after a failure.
const FRESH: Duration = Duration::from_mins(5);
const RETRY: Duration = Duration::from_secs(15);
/// How long they are good while the issuer is away.
const STALE: Duration = Duration::from_hours(1);
/// Least time between two fetches that tokens bring about.
const GAP: Duration = Duration::from_secs(5);
/// More keys than anybody has; further ones are not looked at.
const MOST: usize = 64;

pub struct Keys {
    issuer: String,
    known: RwLock<Option<Arc<KeySet>>>,
    /// The last fetch: when, and why it failed if it did. Held while one is under way.
    fetch: Mutex<Option<(Instant, Option<String>)>>,
}

/// What the issuer said at one time.
pub struct KeySet {
    pub metadata: Metadata,
    keys: Vec<Key>,
    at: Instant,
}

struct Key {
    id: Option<String>,
    /// What it may be used for, as far as the issuer says so itself.
    only: Option<KeyAlgorithm>,
    curve: Option<EllipticCurve>,
    decoding: DecodingKey,
}

#[derive(Deserialize)]
struct Jwks {
    keys: Vec<Value>,
}

impl Keys {
    pub fn new(issuer: &str) -> Self {
        Self { issuer: issuer.to_owned(), known: RwLock::default(), fetch: Mutex::default() }
    }

    pub async fn keep_fresh(&self, fetcher: &Fetcher) {
        loop {
            let pause = match self.fetch_unless(fetcher, |_, _| false).await {
                Ok(_) => FRESH,
                Err(why) => {
                    tracing::warn!(issuer = self.issuer, why, "the issuer's keys can't be had");
                    RETRY
                }
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// What the issuer last said, if that is still good; asked for if nothing is known.
    pub async fn current(&self, fetcher: &Fetcher) -> Result<Arc<KeySet>, Error> {
        match self.known() {
            Some(known) => Ok(known),
            None => self.fetch_after(fetcher, None).await,
        }
    }

    /// What the issuer says now, if that is newer than what was `seen`; asked for, unless that was done a moment ago.
    pub async fn newer(&self, fetcher: &Fetcher, seen: &KeySet) -> Result<Option<Arc<KeySet>>, Error> {
        let known = self.fetch_after(fetcher, Some(seen.at)).await?;
        Ok((known.at > seen.at).then_some(known))
    }

    fn known(&self) -> Option<Arc<KeySet>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner).clone();
        known.filter(|known| known.at.elapsed() < STALE)
    }

    /// Fetches, unless another task did since `seen`, or a moment ago.
    async fn fetch_after(&self, fetcher: &Fetcher, seen: Option<Instant>) -> Result<Arc<KeySet>, Error> {
        let good = |known: &KeySet, last: Option<Instant>| {
            Some(known.at) > seen || last.is_some_and(|at| at.elapsed() < GAP)
        };
        self.fetch_unless(fetcher, good).await.map_err(Error::Unavailable)
    }

    async fn fetch_unless(
        &self,
        fetcher: &Fetcher,
        good: impl Fn(&KeySet, Option<Instant>) -> bool,
    ) -> Result<Arc<KeySet>, String> {
        let mut last = self.fetch.lock().await;
        let at = last.as_ref().map(|(at, _)| *at);
        if let Some((at, Some(why))) = &*last
            && at.elapsed() < GAP
        {
            return Err(why.clone());
        }
        if let Some(known) = self.known()
            && good(&known, at)
        {
            return Ok(known);
        }
        let result = self.fetch(fetcher).await.map(Arc::new).map_err(|failure| failure.to_string());
        *last = Some((Instant::now(), result.as_ref().err().cloned()));
        if let Ok(fetched) = &result {
            *self.known.write().unwrap_or_else(PoisonError::into_inner) = Some(fetched.clone());
        }
        result
    }

    async fn fetch(&self, fetcher: &Fetcher) -> Result<KeySet, Failure> {
        let metadata = Metadata::discover(fetcher, &self.issuer).await?;
        let Jwks { keys } = fetcher.get(&metadata.jwks_uri).await?;
        let keys: Vec<Key> = keys.into_iter().take(MOST).filter_map(Key::read).collect();
        if keys.is_empty() {
            return Err(Failure::Trouble("it publishes no key that we can use".to_owned()));
        }
        Ok(KeySet { metadata, keys, at: Instant::now() })
    }
}

impl KeySet {
    /// Whether it was asked for after this.
    pub fn is_since(&self, moment: Instant) -> bool {
        self.at >= moment
    }

    /// How long it takes until the issuer may be asked again.
    pub fn until_next(&self) -> Duration {
        GAP.saturating_sub(self.at.elapsed())
    }

    /// Whether one of the keys has this name, for any use.
    pub fn knows(&self, id: &str) -> bool {
        self.keys.iter().any(|key| key.id.as_deref() == Some(id))
    }

    /// The keys that may have signed what names this key and algorithm: mostly one, or none.
    pub fn fitting(&self, id: Option<&str>, algorithm: Algorithm) -> Vec<DecodingKey> {
        let fits = |key: &&Key| {
            // A token that names no key fits only where there is no choice (checked below).
            id.is_none_or(|id| key.id.as_deref() == Some(id)) && key.is_for(algorithm)
        };
        let fitting: Vec<DecodingKey> = self.keys.iter().filter(fits).map(|it| it.decoding.clone()).collect();
        if id.is_none() && fitting.len() > 1 { Vec::new() } else { fitting }
    }
}

impl Key {
    /// `None` for what doesn't verify signatures, or in a way that we don't know.
    fn read(json: Value) -> Option<Self> {
        let jwk: Jwk = serde_json::from_value(json).ok()?;
        let common = &jwk.common;
        let for_signatures = matches!(common.public_key_use, None | Some(PublicKeyUse::Signature))
            && common.key_operations.as_ref().is_none_or(|it| it.contains(&KeyOperations::Verify));
        let curve = match &jwk.algorithm {
            AlgorithmParameters::RSA(_) => None,
            AlgorithmParameters::EllipticCurve(it) => Some(it.curve.clone()),
            AlgorithmParameters::OctetKeyPair(it) => Some(it.curve.clone()),
            // Secrets are not published, and the rest we can't know.
            _ => return None,
        };
        let decoding = DecodingKey::from_jwk(&jwk).ok().filter(|_| for_signatures)?;
        Some(Self { id: jwk.common.key_id, only: jwk.common.key_algorithm, curve, decoding })
    }

    fn is_for(&self, algorithm: Algorithm) -> bool {
        let curve = match algorithm {
            Algorithm::ES256 => Some(EllipticCurve::P256),
            Algorithm::ES384 => Some(EllipticCurve::P384),
            Algorithm::EdDSA => Some(EllipticCurve::Ed25519),
            _ => None,
        };
        self.decoding.family() == algorithm.family()
            && self.curve == curve
            && self.only.is_none_or(|only| only == KeyAlgorithm::from(algorithm))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn set(keys: impl IntoIterator<Item = Value>) -> KeySet {
        let metadata = json!({ "issuer": "i", "jwks_uri": "k" });
        KeySet {
            metadata: serde_json::from_value(metadata).unwrap(),
            keys: keys.into_iter().filter_map(Key::read).collect(),
            at: Instant::now(),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_said_is_good_for_an_hour() {
        let keys = Keys::new("i");
        *keys.known.write().unwrap() = Some(Arc::new(set([])));
        tokio::time::advance(Duration::from_mins(59)).await;
        assert!(keys.known().is_some());
        tokio::time::advance(Duration::from_mins(1)).await;
        assert!(keys.known().is_none());
    }

    #[test]
    fn a_key_is_for_what_it_says() {
        use Algorithm as A;
        let rsa = |kid: &str, more: Value| {
            let mut jwk = json!({ "kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": kid });
            jwk.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            jwk
        };
        let keys = set([
            rsa("any", json!({})),
            rsa("one", json!({ "alg": "RS256", "use": "sig", "key_ops": ["verify"] })),
            rsa("enc", json!({ "use": "enc" })),
            rsa("signs", json!({ "key_ops": ["sign"] })),
            rsa("other", json!({ "alg": "RSA-OAEP" })),
            json!({ "kty": "EC", "crv": "P-256", "x": "AQAB", "y": "AQAB", "kid": "p256" }),
            json!({ "kty": "EC", "crv": "P-384", "x": "AQAB", "y": "AQAB", "kid": "p384" }),
            json!({ "kty": "OKP", "crv": "Ed25519", "x": "AQAB", "kid": "ed" }),
            json!({ "kty": "oct", "k": "AQAB", "kid": "oct" }),
        ]);
        for (kid, fits) in [
            ("any", vec![A::RS256, A::RS512, A::PS256]),
            ("one", vec![A::RS256]),
            ("enc", vec![]),
            ("signs", vec![]),
            ("other", vec![]),
            ("p256", vec![A::ES256]),
            ("p384", vec![A::ES384]),
            ("ed", vec![A::EdDSA]),
            ("oct", vec![]),
            ("", vec![]),
        ] {
            for algorithm in [A::RS256, A::RS512, A::PS256, A::ES256, A::ES384, A::EdDSA, A::HS256] {
                let found = keys.fitting(Some(kid), algorithm).len() == 1;
                assert_eq!(found, fits.contains(&algorithm), "{kid} {algorithm:?}");
            }
        }
        // Without a name, only where there is no choice.
        assert_eq!(keys.fitting(None, A::ES256).len(), 1);
        assert_eq!(keys.fitting(None, A::RS256).len(), 0);
    }
}
