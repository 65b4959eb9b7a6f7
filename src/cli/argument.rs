//! What several commands take as an argument.

use std::{fs, io::Read, time::Duration};

use anyhow::Context;
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
    number
        .checked_mul(seconds)
        .filter(|it| *it > 0)
        .map(Duration::from_secs)
        .ok_or_else(|| EXPECTED.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units() {
        for (text, seconds) in [("90", 90), ("90s", 90), ("30m", 1_800), ("12h", 43_200), ("7d", 604_800)] {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "0", "s", "-1h", "1y", "1.5h", "99999999999999999999w", "é"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
