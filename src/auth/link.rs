//! Links to decide by: who has one is the person that it was made for, on one approval, at one level, and nowhere else.

use super::secret::Secret;

const PREFIX: &str = "sd_";

/// Good as long as what it is for can be decided.
#[derive(Debug, Clone)]
pub struct DecisionLink(Secret);

impl DecisionLink {
    pub fn generate() -> Self {
        Self(Secret::generate())
    }

    /// `None` for what can't be a link at all.
    pub fn parse(text: &str) -> Option<Self> {
        Secret::parse(text.strip_prefix(PREFIX)?).map(Self)
    }

    /// The whole of it. Only for the one whom it is made for.
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
