//! Tickets: what a browser opens a socket with, since it can't send a header there and a URL is no place for a key.

use super::secret::prefixed;

prefixed! {
    /// Single use, and only good for half a minute.
    Ticket, "wt_"
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
