//! What several commands take as an argument.

use std::{fs, io::Read, time::Duration};

use anyhow::Context;
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use serde_json::value::RawValue;

/// JSON, untouched, from the argument itself, a file (`@path`), or standard input (`@-`).
pub fn json_argument(argument: &str) -> anyhow::Result<Box<RawValue>> {
    let text = match argument.strip_prefix('@') {
        None => argument.to_owned(),
        Some("-") => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text)?;
            text
        }
        Some(path) => fs::read_to_string(path).with_context(|| format!("can't read {path}"))?,
    };
    serde_json::from_str(&text).context("is no JSON")
}

/// A length of time: a number of seconds, or of another unit by its letter (90s, 30m, 12h, 7d, 2w).
pub fn duration(text: &str) -> Result<Duration, String> {
    match duration_or_zero(text)? {
        Duration::ZERO => Err("expected more than no time at all".to_owned()),
        duration => Ok(duration),
    }
}

/// The same, or no time at all: 0.
pub fn duration_or_zero(text: &str) -> Result<Duration, String> {
    const EXPECTED: &str = "expected a number and a unit, for example 90s, 30m, 12h, 7d or 2w";
    let (number, unit) = match text.char_indices().last() {
        Some((at, unit)) if unit.is_ascii_alphabetic() => (&text[..at], unit),
        _ => (text, 's'),
    };
    let seconds: u64 = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 604_800,
        _ => return Err(EXPECTED.to_owned()),
    };
    let number: u64 = number.parse().map_err(|_| EXPECTED.to_owned())?;
    number.checked_mul(seconds).map(Duration::from_secs).ok_or_else(|| EXPECTED.to_owned())
}

/// A moment: a time with its zone, or a date, which stands for its beginning in UTC.
pub fn moment(text: &str) -> Result<DateTime<Utc>, String> {
    let date = || text.parse::<NaiveDate>().ok().map(|date| date.and_time(NaiveTime::MIN).and_utc());
    DateTime::parse_from_rfc3339(text)
        .map(|moment| moment.to_utc())
        .ok()
        .or_else(date)
        .ok_or_else(|| "expected a time like 2026-11-21T12:00:00Z, or a date like 2026-11-21".to_owned())
}

/// One of several names that stand between commas. A name that is missing is a mistake: without any name in a policy,
/// others may decide.
pub fn name(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("expected a name, or several with commas between them".to_owned()),
        name => Ok(name.to_owned()),
    }
}

/// What stands for one request, however often it is sent.
pub fn idempotency_key(text: &str) -> Result<String, String> {
    if (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(text.to_owned());
    }
    Err("expected 1 to 255 visible ASCII characters, without blanks".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units() {
        for (text, seconds) in [("90", 90), ("90s", 90), ("30m", 1_800), ("12h", 43_200), ("7d", 604_800)] {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!(duration_or_zero("0"), Ok(Duration::ZERO));
        for text in ["", "0", "0h", "s", "-1h", "1y", "1.5h", "99999999999999999999w", "é"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn moments_are_times_or_dates() {
        for (text, expected) in [
            ("2026-11-21T12:00:00.123456Z", "2026-11-21T12:00:00.123456Z"),
            ("2026-11-21T01:00:00+02:00", "2026-11-20T23:00:00Z"),
            ("2026-11-01", "2026-11-01T00:00:00Z"),
        ] {
            assert_eq!(moment(text), Ok(expected.parse().unwrap()), "{text}");
        }
        for text in ["", "soon", "2026-13-01", "2026-11-21T12:00:00", "21.11.2026", "5m"] {
            assert!(moment(text).is_err(), "{text}");
        }
    }

    #[test]
    fn names_are_not_empty() {
        assert_eq!(name(" bo "), Ok("bo".to_owned()));
        assert!(name("").is_err() && name("  ").is_err());
        assert!(idempotency_key("deploy-7").is_ok());
        assert!(
            idempotency_key("").is_err() && idempotency_key("a b").is_err() && idempotency_key("é").is_err()
        );
    }
}
