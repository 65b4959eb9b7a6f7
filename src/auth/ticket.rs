//! Tickets: what a browser opens a socket with, since it can't send a header there and a URL is no place for a key.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

const PREFIX: &str = "wt_";
const BYTES: usize = 32;

/// Single use, and only good for half a minute.
#[derive(Debug, Clone)]
pub struct Ticket(SecretString);

impl Ticket {
    pub fn generate() -> Self {
        let secret = URL_SAFE_NO_PAD.encode(rand::random::<[u8; BYTES]>());
        Self(format!("{PREFIX}{secret}").into())
    }

    /// `None` for what can't be a ticket at all.
    pub fn parse(text: &str) -> Option<Self> {
        let secret = text.strip_prefix(PREFIX)?;
        let bytes = URL_SAFE_NO_PAD.decode(secret).ok()?;
        (bytes.len() == BYTES).then(|| Self(text.to_owned().into()))
    }

    /// The whole ticket. Only for the one who asked for it.
    pub fn reveal(&self) -> &str {
        self.0.expose_secret()
    }

    /// What is stored of it.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.expose_secret()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_survives_its_text_and_does_not_print() {
        let ticket = Ticket::generate();
        let again = Ticket::parse(ticket.reveal()).unwrap();
        assert_eq!(again.hash(), ticket.hash());
        assert!(!format!("{ticket:?}").contains(ticket.reveal()));
        for text in ["", "wt_", "wt_short", "so_a_b", &format!("wt_{}", "a".repeat(44))] {
            assert!(Ticket::parse(text).is_none(), "{text}");
        }
    }
}
