//! Secrets that must be read again, as the database keeps them: sealed with AES-256-GCM under keys of the operator.
//!
//! Passwords and keys of callers are not among them: of those a hash is enough. What is sealed is bound to its place.
//! A copy in another row, table or workspace does not open. This module knows neither SQL nor what the secrets are for.

use std::{fmt, sync::Arc};

use anyhow::{Context, ensure};
use base64::{Engine, engine::general_purpose::STANDARD};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use secrecy::{ExposeSecret, SecretSlice};
use sha2::{Digest, Sha256};

use crate::{config, domain::ids::WorkspaceId};

/// Bytes that name a key.
const ID: usize = 8;
/// Bytes of a key.
const KEY: usize = 32;
/// What is bound begins with this, so that nothing else under the same key is taken for it.
const PURPOSE: &[u8] = b"signoff sealed 1";

/// Where a sealed secret stands.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    pub workspace: WorkspaceId,
    pub table: &'static str,
    /// The row, within its workspace.
    pub row: &'a [u8],
}

impl Place<'_> {
    fn bound(&self) -> Vec<u8> {
        let mut bound = Vec::from(PURPOSE);
        bound.extend_from_slice(self.workspace.0.as_bytes());
        // The length keeps the end of one part from being read as the beginning of the next.
        bound.extend_from_slice(&(self.table.len() as u64).to_be_bytes());
        bound.extend_from_slice(self.table.as_bytes());
        bound.extend_from_slice(self.row);
        bound
    }
}

/// Why a secret does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Closed {
    #[error("it was sealed under a key that secrets.key does not have")]
    UnknownKey,
    #[error("it was changed, or it was copied from another row")]
    Broken,
}

/// There was no room to seal it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the secret is too long to be sealed")]
pub struct TooLong;

struct Key {
    id: [u8; ID],
    key: LessSafeKey,
}

/// Seals and opens. Can't be printed. Clones share the keys.
#[derive(Clone)]
pub struct Sealer {
    first: Arc<Key>,
    others: Arc<[Key]>,
}

impl Sealer {
    /// What seals and opens, if anything does.
    pub fn from_config(config: &config::Secrets) -> anyhow::Result<Option<Self>> {
        Self::parse(config.key.expose_secret()).context("secrets.key")
    }

    /// Keys of 32 bytes in base64, with commas between them. The first seals, all open. `None`: the text is empty.
    pub fn parse(text: &str) -> anyhow::Result<Option<Self>> {
        let mut keys = Vec::new();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            // What was given is never shown.
            let bytes = STANDARD.decode(part).ok().context("each key must be in base64")?;
            ensure!(bytes.len() == KEY, "each key must have 32 bytes, not {}", bytes.len());
            let key = UnboundKey::new(&AES_256_GCM, &bytes).ok().context("the key can't be used")?;
            let id: [u8; 32] = Sha256::digest([b"signoff sealing key".as_slice(), &bytes].concat()).into();
            let mut short = [0; ID];
            short.copy_from_slice(&id[..ID]);
            keys.push(Key { id: short, key: LessSafeKey::new(key) });
        }
        let mut keys = keys.into_iter();
        Ok(keys.next().map(|first| Self { first: Arc::new(first), others: keys.collect() }))
    }

    /// The key's id, a nonce, and the secret in cipher.
    pub fn seal(&self, place: Place<'_>, secret: &[u8]) -> Result<Vec<u8>, TooLong> {
        // Random nonces of 96 bits: good for 2^32 secrets under one key.
        let nonce: [u8; NONCE_LEN] = rand::random();
        let mut cipher = secret.to_vec();
        let bound = Aad::from(place.bound());
        let sealed =
            self.first.key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), bound, &mut cipher);
        sealed.map_err(|_| TooLong)?;
        Ok([self.first.id.as_slice(), &nonce, &cipher].concat())
    }

    /// What was sealed at that place.
    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<SecretSlice<u8>, Closed> {
        let (id, rest) = sealed.split_first_chunk::<ID>().ok_or(Closed::Broken)?;
        let (nonce, cipher) = rest.split_first_chunk::<NONCE_LEN>().ok_or(Closed::Broken)?;
        let mut keys = std::iter::once(&*self.first).chain(self.others.iter());
        let key = keys.find(|key| key.id == *id).ok_or(Closed::UnknownKey)?;
        let mut cipher = cipher.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let plain = key.key.open_in_place(nonce, Aad::from(place.bound()), &mut cipher);
        let length = plain.map_err(|_| Closed::Broken)?.len();
        cipher.truncate(length);
        Ok(cipher.into())
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer(keys)")
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;
    use uuid::Uuid;

    use super::*;

    fn key(byte: u8) -> String {
        STANDARD.encode([byte; KEY])
    }

    fn sealer(text: &str) -> Sealer {
        Sealer::parse(text).unwrap().unwrap()
    }

    fn place(row: &[u8]) -> Place<'_> {
        Place { workspace: WorkspaceId(Uuid::from_u128(7)), table: "webhook_endpoints", row }
    }

    #[test]
    fn a_secret_opens_where_it_was_sealed_and_nowhere_else() {
        let keys = sealer(&key(1));
        let here = place(b"row");
        let sealed = keys.seal(here, b"whsec_1").unwrap();
        assert!(!sealed.windows(6).any(|part| part == b"whsec_"));
        assert_eq!(keys.open(here, &sealed).unwrap().expose_secret(), b"whsec_1");
        let elsewhere = [
            place(b"other"),
            Place { table: "channel_settings", ..here },
            Place { workspace: WorkspaceId(Uuid::from_u128(8)), ..here },
        ];
        for place in elsewhere {
            assert_eq!(keys.open(place, &sealed).unwrap_err(), Closed::Broken, "{place:?}");
        }
        assert_ne!(keys.seal(here, b"whsec_1").unwrap(), sealed, "each time with a nonce of its own");
    }

    #[test]
    fn what_was_changed_does_not_open() {
        let keys = sealer(&key(1));
        let sealed = keys.seal(place(b"row"), b"secret").unwrap();
        for at in ID..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(keys.open(place(b"row"), &changed).unwrap_err(), Closed::Broken, "{at}");
        }
        for length in 0..sealed.len() {
            assert!(keys.open(place(b"row"), &sealed[..length]).is_err(), "{length}");
        }
    }

    #[test]
    fn the_first_key_seals_and_all_open() {
        let (old, new) = (key(1), key(2));
        let by_old = sealer(&old).seal(place(b"row"), b"secret").unwrap();
        let both = sealer(&format!("{new}, {old},"));
        assert_eq!(both.open(place(b"row"), &by_old).unwrap().expose_secret(), b"secret");
        let by_new = both.seal(place(b"row"), b"secret").unwrap();
        assert!(sealer(&new).open(place(b"row"), &by_new).is_ok());
        assert_eq!(sealer(&new).open(place(b"row"), &by_old).unwrap_err(), Closed::UnknownKey);
    }

    #[test]
    fn keys_that_are_none_are_refused_and_not_shown() {
        for text in ["hunter2!", &STANDARD.encode([3; 31]), &format!("{},short", key(1))] {
            let error = format!("{:#}", Sealer::parse(text).unwrap_err());
            assert!(error.contains("each key") && !error.contains(text), "{error}");
        }
        assert!(Sealer::parse(" , ").unwrap().is_none());
        let printed = format!("{:?}", sealer(&key(1)));
        assert_eq!(printed, "Sealer(keys)");
    }
}
