//! Names that come from outside: checked once, at the edge, and carried as types from there on.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// Longest name of any kind, in characters.
pub const MAX_NAME: usize = 200;

/// Why a name was refused; the text is fit for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidName {
    #[error("must have 1 to 200 characters of A-Z a-z 0-9 . _ : -")]
    Caller,
    #[error(
        "must have 1 to 200 characters, none of them a control, invisible or bidirectional formatting character, and no blank at either end"
    )]
    Principal,
}

/// A name that a caller gives to a run, session, job, task or approval type: 1 to 200 of `[A-Za-z0-9._:-]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct CallerName(Arc<str>);

impl CallerName {
    pub fn new(name: &str) -> Result<Self, InvalidName> {
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
        let fits = (1..=MAX_NAME).contains(&name.chars().count())
            && name.trim() == name
            && !name.chars().any(|c| c.is_control() || is_bidirectional_control(c) || is_ignorable(c));
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
        for bad in ["", "a b", "é", "a/b", "a\0", &"x".repeat(201)] {
            assert_eq!(CallerName::new(bad), Err(InvalidName::Caller), "{bad:?}");
        }
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
        ] {
            assert_eq!(PrincipalName::new(bad), Err(InvalidName::Principal), "{bad:?}");
        }
    }
}
