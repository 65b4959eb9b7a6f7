//! Names that come from outside: checked once, at the edge, and carried as types from there on.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// Longest name of any kind, in characters.
pub const MAX_NAME: usize = 200;

/// Why a name was refused; the text is fit for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidName {
    #[error("must have 1 to 200 characters of A-Z a-z 0-9 . _ : - and must not be . or ..")]
    Caller,
    #[error(
        "must have 1 to 200 characters, none of them a control, invisible, private or formatting character, no blank at either end, and must not be . or .."
    )]
    Principal,
}

/// A name that a caller gives to a run, session, job, task or approval type: 1 to 200 of `[A-Za-z0-9._:-]`, but not
/// `.` or `..`: clients take those out of a path before they send it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct CallerName(Arc<str>);

impl CallerName {
    pub fn new(name: &str) -> Result<Self, InvalidName> {
        if leads_elsewhere(name) { Err(InvalidName::Caller) } else { Self::stored(name) }
    }

    /// A name that was taken before, perhaps under a rule that allowed more.
    pub fn stored(name: &str) -> Result<Self, InvalidName> {
        let fits = (1..=MAX_NAME).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._:-".contains(&b));
        if fits { Ok(Self(name.into())) } else { Err(InvalidName::Caller) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CallerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How a principal (or a workspace) is called: NFC, so that two spellings of one name are one name, and
/// without the characters that make a name look like another one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PrincipalName(Arc<str>);

impl PrincipalName {
    pub fn new(name: &str) -> Result<Self, InvalidName> {
        let name: String = name.nfc().collect();
        let deceives = name.trim() != name || leads_elsewhere(&name) || name.chars().any(is_unseen);
        if deceives { Err(InvalidName::Principal) } else { Self::stored(&name) }
    }

    /// A name that was taken before, perhaps under a rule that allowed more. It is not changed.
    pub fn stored(name: &str) -> Result<Self, InvalidName> {
        let fits = (1..=MAX_NAME).contains(&name.chars().count());
        if fits { Ok(Self(name.into())) } else { Err(InvalidName::Principal) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PrincipalName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A part of a path that clients resolve instead of sending it.
fn leads_elsewhere(name: &str) -> bool {
    matches!(name, "." | "..")
}

/// Whether a reader can't see the character, or can't tell what it is: controls, formatting, separators of lines,
/// private and unassigned code points, and what Unicode says may be left out.
pub fn is_unseen(c: char) -> bool {
    let category = c.general_category();
    is_ignorable(c)
        || matches!(
            category,
            GeneralCategory::Control
                | GeneralCategory::Format
                | GeneralCategory::LineSeparator
                | GeneralCategory::ParagraphSeparator
                | GeneralCategory::PrivateUse
                | GeneralCategory::Unassigned
        )
}

/// Unicode's Bidi_Control property, and the line and paragraph separators.
pub fn is_bidirectional_control(c: char) -> bool {
    matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Unicode's Default_Ignorable_Code_Point property: what is shown as nothing at all.
pub fn is_ignorable(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}' | '\u{180B}'..='\u{180F}'
        | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}'
        | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFF8}' | '\u{1BCA0}'..='\u{1BCA3}'
        | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn caller_names_are_plain() {
        for good in ["a", "run-1", "wf:2.step_3", &"x".repeat(200)] {
            assert!(CallerName::new(good).is_ok(), "{good}");
        }
        for bad in ["", "a b", "é", "a/b", "a\0", ".", "..", &"x".repeat(201)] {
            assert_eq!(CallerName::new(bad), Err(InvalidName::Caller), "{bad:?}");
        }
        assert!(CallerName::new("...").is_ok());
    }

    #[test]
    fn principal_names_are_normalised_and_can_not_deceive() {
        assert_eq!(PrincipalName::new("e\u{301}va"), PrincipalName::new("éva"));
        for bad in [
            "",
            " ana",
            "ana\n",
            "an\u{202E}a",
            "\u{2066}x",
            "a\0b",
            "root\u{200b}",
            "ro\u{ad}ot",
            "\u{3164}",
            "root\u{E0041}",
            "\u{2060}root",
            "root\u{FE0F}",
            "ro\u{FFF9}ot",
            "ro\u{E000}ot",
            "ro\u{FFFF}ot",
            ".",
            "..",
        ] {
            assert_eq!(PrincipalName::new(bad), Err(InvalidName::Principal), "{bad:?}");
        }
        for good in ["Ana María", "李小龙", "O\u{2019}Neil", "अनिल", "an👍a", "..."] {
            assert!(PrincipalName::new(good).is_ok(), "{good:?}");
        }
    }

    #[test]
    fn what_was_stored_under_an_older_rule_is_read_as_it_is() {
        assert_eq!(PrincipalName::stored("ro\u{FFF9}ot").unwrap().as_str(), "ro\u{FFF9}ot");
        assert_eq!(CallerName::stored("..").unwrap().as_str(), "..");
        assert!(PrincipalName::stored("").is_err());
    }
}
