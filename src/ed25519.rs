//! Keys that sign with Ed25519, and their public halves.

use std::fmt;

use anyhow::{Context, bail};
use base64::{Engine, engine::general_purpose::STANDARD};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::domain::chain::Digest;

/// An Ed25519 public key. Written in base64.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKey(pub [u8; 32]);

impl PublicKey {
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let bytes = STANDARD.decode(text.trim()).context("a public key is 32 bytes in base64")?;
        match <[u8; 32]>::try_from(bytes) {
            Ok(bytes) => Ok(Self(bytes)),
            Err(bytes) => bail!("a public key is 32 bytes in base64, not {}", bytes.len()),
        }
    }

    /// Names the key: the first 16 digits of its SHA-256.
    pub fn id(&self) -> String {
        let mut id = Digest::of(&self.0).to_string();
        id.truncate(16);
        id
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl PublicKey {
    /// Whether this key's other half has signed the message.
    pub fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.0).verify(message, signature).is_ok()
    }
}

/// A key that signs. Can't be printed.
pub struct SigningKey(Ed25519KeyPair);

impl SigningKey {
    /// From a seed of 32 bytes or a PKCS#8 document, in base64, or from the latter as PEM
    /// (`openssl genpkey -algorithm ed25519`). The message never repeats it.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        const EXPECTED: &str =
            "an Ed25519 key is a seed of 32 bytes in base64, or a PKCS#8 document (PEM or base64)";
        let base64: String = text.lines().filter(|line| !line.starts_with("-----")).map(str::trim).collect();
        let bytes = STANDARD.decode(base64).ok().context(EXPECTED)?;
        let pair = if bytes.len() == 32 {
            Ed25519KeyPair::from_seed_unchecked(&bytes)
        } else {
            Ed25519KeyPair::from_pkcs8_maybe_unchecked(&bytes)
        };
        Ok(Self(pair.ok().context(EXPECTED)?))
    }

    pub fn public_key(&self) -> PublicKey {
        let mut bytes = [0; 32];
        // An Ed25519 public key has 32 bytes; zip can't panic, should a library think otherwise.
        bytes.iter_mut().zip(self.0.public_key().as_ref()).for_each(|(to, from)| *to = *from);
        PublicKey(bytes)
    }

    /// 64 bytes. The same message gets the same signature.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign(message).as_ref().to_vec()
    }
}

/// A new seed, as [`SigningKey::parse`] takes it.
pub fn new_seed() -> String {
    STANDARD.encode(rand::random::<[u8; 32]>())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8410, section 10.3, and the public key that belongs to it.
    const PEM: &str = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
        -----END PRIVATE KEY-----\n";

    #[test]
    fn keys_are_read_in_all_forms() {
        let pem = SigningKey::parse(PEM).unwrap().public_key();
        assert_eq!(pem.to_string(), "Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=");
        let seed = SigningKey::parse("1O5y2/kTWErVttjx92n4rTr+fCjL8dT74Jeoj0R1WEI=").unwrap().public_key();
        assert_eq!(pem, seed);
        for text in ["", "secret", "c2VjcmV0"] {
            let error = format!("{:#}", SigningKey::parse(text).err().unwrap());
            assert!(text.is_empty() || !error.contains(text), "{error}");
        }
    }
}
