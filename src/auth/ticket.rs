//! Tickets: what a browser opens a socket with, since it can't send a header there and a URL is no place for a key.

use super::secret::Secret;

const PREFIX: &str = "wt_";

/// Single use, and only good for half a minute.
#[derive(Debug, Clone)]
pub struct Ticket(Secret);

impl Ticket {
    pub fn generate() -> Self {
        Self(Secret::generate())
    }

    /// `None` for what can't be a ticket at all.
    pub fn parse(text: &str) -> Option<Self> {
        Secret::parse(text.strip_prefix(PREFIX)?).map(Self)
    }

    /// The whole ticket. Only for the one who asked for it.
    pub fn reveal(&self) -> String {
        format!("{PREFIX}{}", self.0.reveal())
    }

    /// What is stored of it.
    pub fn hash(&self) -> [u8; 32] {
        self.0.hash()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_survives_its_text_and_does_not_print() {
        let ticket = Ticket::generate();
        let again = Ticket::parse(&ticket.reveal()).unwrap();
        assert_eq!(again.hash(), ticket.hash());
        assert!(!format!("{ticket:?}").contains(ticket.0.reveal()));
        for text in ["", "wt_", "wt_short", "so_a_b", &format!("wt_{}", "a".repeat(44))] {
            assert!(Ticket::parse(text).is_none(), "{text}");
        }
    }
}
