//! API keys: `so_<prefix>_<secret>`. The prefix is public and finds the row; the secret is shown once.
//!
//! The secret has some 250 bits of randomness, so a plain SHA-256 of it is as good as a slow hash, and every request
//! can afford it.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use rand::Rng;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

const PREFIX_LENGTH: usize = 12;
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// A key in the caller's hands.
#[derive(Debug, Clone)]
pub struct ApiKey {
    pub prefix: String,
    secret: SecretString,
}

impl ApiKey {
    /// A new one, from the operating system's randomness (by way of the thread's generator).
    pub fn generate() -> Self {
        let mut rng = rand::rng();
        let mut bytes = [0u8; 32];
        rng.fill_bytes(&mut bytes);
        let mut letters = [0u8; PREFIX_LENGTH];
        rng.fill_bytes(&mut letters);
        let prefix = letters.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect();
        // Letters and digits only, so that a double click selects the whole key.
        let secret = URL_SAFE_NO_PAD.encode(bytes).replace('-', "x").replace('_', "y");
        Self { prefix, secret: secret.into() }
    }

    /// `None` for what can't be a key at all.
    pub fn parse(text: &str) -> Option<Self> {
        let (prefix, secret) = text.strip_prefix("so_")?.split_once('_')?;
        let plausible = (1..=64).contains(&prefix.len())
            && (16..=256).contains(&secret.len())
            && prefix.bytes().chain(secret.bytes()).all(|byte| byte.is_ascii_alphanumeric());
        plausible.then(|| Self { prefix: prefix.to_owned(), secret: secret.into() })
    }

    /// The whole key. Only for the one who made it.
    pub fn reveal(&self) -> String {
        format!("so_{}_{}", self.prefix, self.secret.expose_secret())
    }

    /// What is stored of the secret.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.secret.expose_secret()).into()
    }

    /// Whether the stored hash is that of this key's secret, in constant time.
    pub fn matches(&self, stored: &[u8]) -> bool {
        self.hash().ct_eq(stored).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_survives_its_text_and_no_other_matches() {
        let key = ApiKey::generate();
        let again = ApiKey::parse(&key.reveal()).unwrap();
        assert!(again.matches(&key.hash()));
        assert!(!ApiKey::generate().matches(&key.hash()));
        assert!(!format!("{key:?}").contains(key.secret.expose_secret()));
    }

    #[test]
    fn what_is_no_key_is_no_key() {
        for text in
            ["", "so_", "so__", "so_a_b", "xx_aaaa_bbbbbbbbbbbbbbbbbbbb", "so_a b_cccccccccccccccccccc"]
        {
            assert!(ApiKey::parse(text).is_none(), "{text}");
        }
    }
}
