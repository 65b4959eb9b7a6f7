//! Links to decide by: who has one is the person that it was made for, on one approval, at one level, and nowhere else.

use super::secret::prefixed;

prefixed! {
    /// Good as long as what it is for can be decided.
    DecisionLink, "sd_"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_survives_its_text_and_does_not_print() {
        let link = DecisionLink::generate();
        assert_eq!(DecisionLink::parse(&link.reveal()).unwrap().hash(), link.hash());
        assert!(!format!("{link:?}").contains(link.0.reveal()));
        for text in
            ["", "sd_", "sd_short", &format!("wt_{}", "a".repeat(43)), &format!("sd_{}", "a".repeat(44))]
        {
            assert!(DecisionLink::parse(text).is_none(), "{text}");
        }
    }
}
