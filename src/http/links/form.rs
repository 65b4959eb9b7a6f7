//! What the page's form sends, and whether a person has sent it: one who has seen the page, for a second at least, and
//! ticked its box.

use std::collections::HashMap;

use axum::http::StatusCode;
use chrono::{DateTime, TimeDelta, Utc};
use ring::hmac;

use super::standing::{LinkState, Seen};
use crate::{
    domain::{decision::Verdict, digest::Digest},
    wire::problem::{Code, Problem, Violation},
};

/// A person reads for longer than this; a program that fills in forms does not.
const YOUNGEST: TimeDelta = TimeDelta::seconds(1);
/// Longest reason and comment, in characters.
pub const LONGEST: usize = 5_000;

/// The fields as they came; of one that came twice, the first.
pub struct Form(HashMap<String, String>);

/// What the person says.
pub struct Sent {
    pub verdict: Verdict,
    pub feedback: Option<String>,
    pub comment: Option<String>,
    /// Of what the page showed. A page of the version before has none.
    pub digest: Option<Digest>,
}

/// Why the form decides nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It is not the page's, or it came at once.
    Unseen,
    Changed,
    NoVerdict,
    NotConfirmed,
    NoReason,
    TooLong,
    NotAllowed,
}

impl Fault {
    pub fn words(self) -> &'static str {
        match self {
            Self::Unseen => "Nothing was decided yet. Read it, then answer.",
            Self::Changed => "It has changed while you read. Look at it again, then answer.",
            Self::NoVerdict => "Choose whether you approve or reject.",
            Self::NotConfirmed => "Tick the box to confirm your answer.",
            Self::NoReason => "Say why you reject it.",
            Self::TooLong => "Reason and comment may have 5,000 characters each.",
            Self::NotAllowed => "You may not give this answer.",
        }
    }

    pub fn status(self) -> StatusCode {
        match self {
            Self::Changed => StatusCode::PRECONDITION_FAILED,
            Self::NotAllowed => StatusCode::FORBIDDEN,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        }
    }

    pub fn problem(self) -> Problem {
        let (pointer, rule) = match self {
            Self::Changed => return Problem::new(Code::VersionConflict, self.words()),
            Self::NotAllowed => return Problem::new(Code::Forbidden, self.words()),
            Self::Unseen => ("/mac", "form"),
            Self::NoVerdict => ("/verdict", "choice"),
            Self::NotConfirmed => ("/confirm", "required"),
            Self::NoReason => ("/reason", "required"),
            Self::TooLong => ("/reason", "max_length"),
        };
        Problem::about(Code::Invalid, vec![Violation::new(pointer, rule, self.words())])
    }
}

impl Form {
    pub fn read(bytes: &[u8]) -> Self {
        let mut fields = HashMap::new();
        for (name, value) in form_urlencoded::parse(bytes) {
            // Postgres keeps no NUL; browsers end lines with two characters.
            let value = value.replace('\0', "").replace("\r\n", "\n");
            fields.entry(name.into_owned()).or_insert(value);
        }
        Self(fields)
    }

    fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    fn text(&self, name: &str) -> Option<String> {
        Some(self.get(name).trim()).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    /// What it says, if it is the form of that link's page and complete.
    pub fn sent(&self, seen: &Seen) -> Result<Sent, Fault> {
        if !is_seen(&seen.token.reveal(), self.get("at"), self.get("mac"), seen.link.now) {
            return Err(Fault::Unseen);
        }
        let verdict = match self.get("verdict") {
            "approve" => Verdict::Approved,
            "reject" => Verdict::Rejected,
            _ => return Err(Fault::NoVerdict),
        };
        match seen.standing {
            LinkState::Asked { approve: false, .. } if verdict == Verdict::Approved => {
                return Err(Fault::NotAllowed);
            }
            LinkState::Asked { reject: false, .. } if verdict == Verdict::Rejected => {
                return Err(Fault::NotAllowed);
            }
            _ => {}
        }
        if self.get("confirm").is_empty() {
            return Err(Fault::NotConfirmed);
        }
        let (reason, comment) = (self.text("reason"), self.text("comment"));
        if [&reason, &comment].into_iter().flatten().any(|text| text.chars().count() > LONGEST) {
            return Err(Fault::TooLong);
        }
        let version = seen.loaded.as_ref().map(|loaded| loaded.approval.version.to_string());
        if matches!(seen.standing, LinkState::Asked { .. }) && version.as_deref() != Some(self.get("version"))
        {
            return Err(Fault::Changed);
        }
        let digest = match self.get("digest") {
            "" => None,
            text => Some(text.parse().map_err(|_| Fault::Unseen)?),
        };
        Ok(match verdict {
            Verdict::Approved => Sent { verdict, feedback: comment.or(reason), comment: None, digest },
            Verdict::Rejected => {
                Sent { verdict, feedback: Some(reason.ok_or(Fault::NoReason)?), comment, digest }
            }
        })
    }
}

/// What a page that is shown at this moment says of its age.
pub fn stamp(token: &str, at: DateTime<Utc>) -> (String, String) {
    let at = at.timestamp_micros().to_string();
    let key = hmac::Key::new(hmac::HMAC_SHA256, token.as_bytes());
    let mac = crate::store::hex(hmac::sign(&key, at.as_bytes()).as_ref());
    (at, mac)
}

/// Whether a page with this stamp was shown a while ago. Both moments are of the database's clock.
fn is_seen(token: &str, at: &str, mac: &str, now: DateTime<Utc>) -> bool {
    let Some(shown) = at.parse().ok().and_then(DateTime::from_timestamp_micros) else { return false };
    let (_, expected) = stamp(token, shown);
    let is_ours = subtle::ConstantTimeEq::ct_eq(expected.as_bytes(), mac.as_bytes());
    bool::from(is_ours) && shown.checked_add_signed(YOUNGEST).is_some_and(|since| since <= now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_counts_that_was_seen_for_a_second() {
        let shown = DateTime::from_timestamp_micros(1_700_000_000_000_000).unwrap();
        let (at, mac) = stamp("sd_token", shown);
        let after = |ms| shown + TimeDelta::milliseconds(ms);
        assert!(is_seen("sd_token", &at, &mac, after(1_000)));
        assert!(is_seen("sd_token", &at, &mac, after(86_400_000)));
        assert!(!is_seen("sd_token", &at, &mac, after(999)));
        assert!(!is_seen("sd_token", &at, &mac, after(-5_000)));
        assert!(!is_seen("sd_other", &at, &mac, after(5_000)));
        assert!(!is_seen("sd_token", "1700000000000001", &mac, after(5_000)));
        assert!(!is_seen("sd_token", &at, "", after(5_000)));
        assert!(!is_seen("sd_token", "", "", after(5_000)));
        assert!(!is_seen("sd_token", "99999999999999999999", &mac, after(5_000)));
        // Who has the link can sign any moment, also the last one that there is.
        let (last, mac) = stamp("sd_token", DateTime::<Utc>::MAX_UTC);
        assert!(!is_seen("sd_token", &last, &mac, after(5_000)));
    }

    #[test]
    fn the_first_of_a_field_counts() {
        let form = Form::read(b"verdict=approve&verdict=reject&reason=a%00b%0D%0Ac&x");
        assert_eq!((form.get("verdict"), form.get("reason")), ("approve", "ab\nc"));
        assert_eq!(form.text("x"), None);
    }
}
