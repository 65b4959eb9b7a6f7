//! The keys that sign webhooks: makes, seals and uses them, as Standard Webhooks wants it.

use anyhow::Context;
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, Duration, Utc};
use ring::hmac;
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use serde::{Deserialize, Serialize};

use crate::{
    config,
    domain::{
        ids::{EndpointId, WorkspaceId},
        webhook::MOST_KEYS,
    },
    seal::{Closed, Place, Sealer},
};

const TABLE: &str = "webhook_endpoints";
const PREFIX: &str = "whsec_";
const BYTES: usize = 32;

/// Why the keys of an endpoint can't be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    #[error("its secret is sealed, and secrets.key is not set")]
    NoSealer,
    #[error("its secret does not open: {0}")]
    Closed(#[from] Closed),
    #[error("its secret can't be read")]
    Unreadable,
    #[error("its secret is set in the configuration of other instances, not of this one")]
    NotConfigured,
}

/// A key. It is never printed.
#[derive(Debug, Clone)]
pub struct Key(SecretSlice<u8>);

impl Key {
    pub fn generate() -> Self {
        Self(rand::random::<[u8; BYTES]>().to_vec().into())
    }

    /// The key of the operator's endpoint, if one is set.
    pub fn from_config(config: &config::Webhooks) -> anyhow::Result<Option<Self>> {
        match config.secret.expose_secret() {
            "" => Ok(None),
            secret => {
                let key = Self::parse(secret);
                key.context("webhooks.secret must be whsec_ and base64, or any other text").map(Some)
            }
        }
    }

    /// Reads a key that an operator gives: base64 behind the prefix, otherwise the bytes of the text.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = match text.strip_prefix(PREFIX) {
            Some(encoded) => STANDARD.decode(encoded).ok()?,
            None => text.as_bytes().to_vec(),
        };
        (!bytes.is_empty()).then(|| Self(bytes.into()))
    }

    /// The key in clear, only for the caller who has made it.
    pub fn reveal(&self) -> SecretString {
        format!("{PREFIX}{}", STANDARD.encode(self.0.expose_secret())).into()
    }

    fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.0.expose_secret());
        let mut context = hmac::Context::with_key(&key);
        context.update(format!("{id}.{timestamp}.").as_bytes());
        context.update(body);
        format!("v1,{}", STANDARD.encode(context.sign()))
    }
}

/// A key as it is written down, before it is sealed.
#[derive(Serialize, Deserialize)]
struct Stored {
    key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<DateTime<Utc>>,
}

/// The keys of an endpoint: the newest first, then older ones that are still good for a while.
#[derive(Debug, Clone)]
pub struct Keys(Vec<(Key, Option<DateTime<Utc>>)>);

impl Keys {
    pub fn of(key: Key) -> Self {
        Self(vec![(key, None)])
    }

    /// Puts a new key in front. The older ones stay good for `overlap` at most.
    #[must_use]
    pub fn rotated(self, key: Key, now: DateTime<Utc>, overlap: Duration) -> Self {
        let end = now + overlap;
        let old = self.0.into_iter().filter(|(_, until)| until.is_none_or(|until| until > now));
        let old = old.map(|(key, until)| (key, Some(until.map_or(end, |until| until.min(end)))));
        let old = old.filter(|_| overlap > Duration::zero());
        Self(std::iter::once((key, None)).chain(old).take(MOST_KEYS).collect())
    }

    pub fn seal(&self, sealer: &Sealer, workspace: WorkspaceId, id: EndpointId) -> anyhow::Result<Vec<u8>> {
        let stored: Vec<Stored> = self
            .0
            .iter()
            .map(|(key, until)| Stored { key: STANDARD.encode(key.0.expose_secret()), until: *until })
            .collect();
        let json = SecretString::from(serde_json::to_string(&stored)?);
        Ok(sealer.seal(place(workspace, &id), json.expose_secret().as_bytes())?)
    }

    pub fn open(
        sealer: Option<&Sealer>,
        workspace: WorkspaceId,
        id: EndpointId,
        closed: &[u8],
    ) -> Result<Self, Unusable> {
        let opened = sealer.ok_or(Unusable::NoSealer)?.open(place(workspace, &id), closed)?;
        let stored: Vec<Stored> =
            serde_json::from_slice(opened.expose_secret()).map_err(|_| Unusable::Unreadable)?;
        let keys = stored.into_iter().map(|it| {
            let bytes = STANDARD.decode(&it.key).map_err(|_| Unusable::Unreadable)?;
            Ok((Key(bytes.into()), it.until))
        });
        Ok(Self(keys.collect::<Result<_, Unusable>>()?))
    }

    /// The signatures of all keys that are good now, with blanks between.
    pub fn signatures(&self, id: &str, now: DateTime<Utc>, body: &[u8]) -> String {
        let good = self.0.iter().filter(|(_, until)| until.is_none_or(|until| until > now));
        let signatures: Vec<String> = good.map(|(key, _)| key.sign(id, now.timestamp(), body)).collect();
        signatures.join(" ")
    }
}

fn place(workspace: WorkspaceId, id: &EndpointId) -> Place<'_> {
    Place { workspace, table: TABLE, row: id.0.as_bytes() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn a_signature_is_the_one_of_the_specification() {
        // The example of standardwebhooks.com.
        let key = Key::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signature = key.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, b"{\"test\": 2432232314}");
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_key_is_revealed_as_it_was_given() {
        let key = Key::generate();
        let told = key.reveal();
        assert!(told.expose_secret().starts_with("whsec_"));
        let again = Key::parse(told.expose_secret()).unwrap();
        assert_eq!(again.sign("a", 1, b"b"), key.sign("a", 1, b"b"));
        assert!(
            Key::parse("whsec_???").is_none() && Key::parse("").is_none() && Key::parse("whsec_").is_none()
        );
        assert!(Key::parse("plain words").is_some());
    }

    #[test]
    fn old_keys_sign_for_as_long_as_they_overlap() {
        let keys = Keys::of(Key::generate()).rotated(Key::generate(), at(1_000), Duration::seconds(60));
        let count = |keys: &Keys, seconds| keys.signatures("id", at(seconds), b"").split(' ').count();
        assert_eq!((count(&keys, 1_059), count(&keys, 1_060)), (2, 1));
        let keys = keys.rotated(Key::generate(), at(1_030), Duration::seconds(3_600));
        assert_eq!(count(&keys, 1_059), 3);
        assert_eq!(count(&keys, 1_061), 2, "the oldest is good no longer than was said");
        let keys = keys.rotated(Key::generate(), at(1_040), Duration::zero());
        assert_eq!(count(&keys, 1_040), 1, "those that are lost are replaced at once");
        let mut many = Keys::of(Key::generate());
        for _ in 0..10 {
            many = many.rotated(Key::generate(), at(1_000), Duration::seconds(60));
        }
        assert_eq!(count(&many, 1_001), MOST_KEYS);
    }

    #[test]
    fn sealed_keys_open_for_their_endpoint_alone() {
        let sealer = Sealer::parse(&STANDARD.encode([7; 32])).unwrap().unwrap();
        let (workspace, id) = (WorkspaceId::generate(), EndpointId::generate());
        let keys = Keys::of(Key::generate()).rotated(Key::generate(), at(5), Duration::seconds(9));
        let closed = keys.seal(&sealer, workspace, id).unwrap();
        let opened = Keys::open(Some(&sealer), workspace, id, &closed).unwrap();
        assert_eq!(opened.signatures("id", at(6), b"x"), keys.signatures("id", at(6), b"x"));
        let other = Keys::open(Some(&sealer), workspace, EndpointId::generate(), &closed);
        assert_eq!(other.unwrap_err(), Unusable::Closed(Closed::Broken));
        assert_eq!(Keys::open(None, workspace, id, &closed).unwrap_err(), Unusable::NoSealer);
    }
}
