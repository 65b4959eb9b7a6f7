//! The hash chain over a workspace's records: what is hashed, and how. docs/audit.md says the same in words; a
//! stranger must come to the same bytes with nothing but that.

use std::{fmt, str::FromStr};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// Raised when the canonical form changes; older records keep theirs.
pub const FORMAT: u32 = 1;

/// A SHA-256. Written in hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// What stands before the first link of a workspace's chain.
    pub fn genesis(workspace: Uuid) -> Self {
        Self::of(format!("signoff audit chain 1\n{workspace}").as_bytes())
    }

    /// The hash of the link that follows this one and holds `content`.
    #[must_use]
    pub fn followed_by(self, content: Self) -> Self {
        let mut hash = Sha256::new();
        hash.update(self.0);
        hash.update(content.0);
        Self(hash.finalize().into())
    }
}

impl TryFrom<&[u8]> for Digest {
    type Error = NoDigest;

    fn try_from(bytes: &[u8]) -> Result<Self, NoDigest> {
        bytes.try_into().map(Self).map_err(|_| NoDigest)
    }
}

impl FromStr for Digest {
    type Err = NoDigest;

    fn from_str(text: &str) -> Result<Self, NoDigest> {
        let mut bytes = [0; 32];
        let digits = text.as_bytes();
        if digits.len() != 64 {
            return Err(NoDigest);
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let digit = |digit: u8| char::from(digit).to_digit(16).ok_or(NoDigest);
            *byte = u8::try_from(digit(pair[0])? * 16 + digit(pair[1])?).map_err(|_| NoDigest)?;
        }
        Ok(Self(bytes))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no SHA-256")]
pub struct NoDigest;

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// A row of the log, every column of it but its number, which counts across workspaces.
///
/// Its canonical form is RFC 8785 (JCS): the fields stand here in the order of their names, and there is no number
/// in it but `format`. What is JSON in the row is text here, byte for byte as it is stored: no reader's idea of
/// numbers, of doubled keys or of the order of keys can come between two who hash the same row.
///
/// A row that a forger has changed may lack anything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    pub action: Option<String>,
    pub actor_id: Option<Uuid>,
    pub actor_name: Option<String>,
    pub address: Option<String>,
    pub after: Option<String>,
    pub approval_id: Option<Uuid>,
    /// RFC 3339 in UTC, with six digits of the second.
    pub at: Option<String>,
    pub before: Option<String>,
    pub credential: Option<String>,
    pub detail: Option<String>,
    pub format: u32,
    pub on_behalf_of: Option<String>,
    pub request_id: Option<String>,
    pub run_id: Option<String>,
    pub subject: Option<String>,
    pub user_agent: Option<String>,
    pub via: Option<String>,
    pub workspace_id: Option<Uuid>,
}

impl Record {
    /// The bytes that are hashed. Serialising text and ids can't fail; should it, the hash fits nothing.
    pub fn canonical(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    pub fn content(&self) -> Digest {
        Digest::of(self.canonical().as_bytes())
    }

    /// Whether its moment is one; no change has made a record of another.
    pub fn is_dated(&self) -> bool {
        self.at.as_deref().is_some_and(|at| DateTime::parse_from_rfc3339(at).is_ok())
    }
}

/// A moment as records write it, from microseconds since the year 2000, which is how Postgres keeps it. Moments
/// that are no dates (`infinity`) are written as that number.
pub fn moment(micros: i64) -> String {
    const Y2K: i64 = 946_684_800;
    let whole = DateTime::from_timestamp(Y2K, 0)
        .and_then(|epoch| epoch.checked_add_signed(TimeDelta::microseconds(micros)));
    whole.map_or_else(|| micros.to_string(), written)
}

/// The same, of a moment that is known to be a date.
pub fn written(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// Where a chain stood at some moment. What is signed is its canonical form, RFC 8785 like a record's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChainEnd {
    /// RFC 3339 in UTC, with six digits of the second.
    pub at: String,
    pub format: u32,
    pub hash: Digest,
    pub position: i64,
    pub workspace_id: Uuid,
}

impl ChainEnd {
    pub fn canonical(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// serde_json sorts the keys of a `Value`, so whatever comes back unchanged was sorted.
    fn is_canonical(text: &str) {
        let value: Value = serde_json::from_str(text).unwrap();
        assert_eq!(value.to_string(), text);
    }

    #[test]
    fn the_form_is_canonical() {
        let record = Record {
            format: FORMAT,
            action: Some("key.created".into()),
            subject: Some("é\u{1f600}\"\\/\u{8}\u{c}\n\r\t\u{1}\u{7f}\u{2028}".into()),
            detail: Some(r#"{"b":1.50,"a":[1e2],"b":2}"#.into()),
            workspace_id: Some(Uuid::nil()),
            at: Some(moment(0)),
            ..Record::default()
        };
        is_canonical(&record.canonical());
        assert!(record.canonical().contains(r#""subject":"é😀\"\\/\b\f\n\r\t\u0001"#));
        assert!(record.canonical().contains(r#""at":"2000-01-01T00:00:00.000000Z""#));
        is_canonical(
            &ChainEnd {
                at: moment(1),
                format: FORMAT,
                hash: Digest::genesis(Uuid::nil()),
                position: 7,
                workspace_id: Uuid::nil(),
            }
            .canonical(),
        );
    }

    #[test]
    fn what_is_no_date_is_written_all_the_same() {
        assert_eq!(moment(1), "2000-01-01T00:00:00.000001Z");
        assert_eq!(moment(-1), "1999-12-31T23:59:59.999999Z");
        for odd in [i64::MAX, i64::MIN] {
            assert_eq!(moment(odd), odd.to_string());
        }
        let is_dated = |micros| Record { at: Some(moment(micros)), ..Record::default() }.is_dated();
        let year = 366 * 86_400_000_000;
        assert!(is_dated(0) && is_dated(7_900 * year) && is_dated(-1_900 * year));
        for odd in [i64::MAX, i64::MIN, 9_000 * year, -9_000 * year] {
            assert!(!is_dated(odd), "{}", moment(odd));
        }
    }

    #[test]
    fn digests_are_read_back() {
        let digest = Digest::of(b"x");
        assert_eq!(digest.to_string().parse(), Ok(digest));
        for text in ["", "00", &"g".repeat(64), &"é".repeat(32)] {
            assert_eq!(text.parse::<Digest>(), Err(NoDigest), "{text}");
        }
    }
}
