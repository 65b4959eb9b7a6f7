//! What a browser is given to come back with, as a cookie or in a [`ticket`](super::ticket): 256 bits, of which only a
//! hash is stored (as with keys, docs/decisions/0008-plain-hashes-for-keys.md).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

const BYTES: usize = 32;

/// Never printed.
#[derive(Debug, Clone)]
pub struct Secret(SecretString);

impl Secret {
    pub fn generate() -> Self {
        Self(URL_SAFE_NO_PAD.encode(rand::random::<[u8; BYTES]>()).into())
    }

    /// `None` for what can't be one of ours at all.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        (bytes.len() == BYTES).then(|| Self(text.to_owned().into()))
    }

    /// Only for whom it is made for.
    pub fn reveal(&self) -> &str {
        self.0.expose_secret()
    }

    /// What is stored of it.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.expose_secret()).into()
    }
}

/// A secret of one kind: its text begins with a prefix of its own, so that one kind is never taken for another.
macro_rules! prefixed {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $name($crate::auth::secret::Secret);

        impl $name {
            pub fn generate() -> Self {
                Self($crate::auth::secret::Secret::generate())
            }

            /// `None` for a text that can't be one at all.
            pub fn parse(text: &str) -> Option<Self> {
                $crate::auth::secret::Secret::parse(text.strip_prefix($prefix)?).map(Self)
            }

            /// The whole of it. Only for the one whom it is made for.
            pub fn reveal(&self) -> String {
                format!("{}{}", $prefix, self.0.reveal())
            }

            /// What is stored of it.
            pub fn hash(&self) -> [u8; 32] {
                self.0.hash()
            }
        }
    };
}
pub(super) use prefixed;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_survives_its_text_and_does_not_print() {
        let secret = Secret::generate();
        assert_eq!(Secret::parse(secret.reveal()).unwrap().hash(), secret.hash());
        assert!(!format!("{secret:?}").contains(secret.reveal()));
        for text in ["", "short", &"a".repeat(42), &"=".repeat(43)] {
            assert!(Secret::parse(text).is_none(), "{text}");
        }
    }
}
