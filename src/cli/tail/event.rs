//! An event, and the line that it becomes.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::cli::output::harmless;

/// What a socket, or a page of the log, says.
#[derive(Debug)]
pub struct Event {
    pub fields: Fields,
    /// All of it, as it came.
    text: String,
}

/// What we look at.
#[derive(Debug, Deserialize)]
pub struct Fields {
    pub event_type: String,
    pub timestamp: DateTime<Utc>,
    pub data: Box<RawValue>,
    /// On what the log keeps, and on `hello`.
    pub cursor: Option<String>,
}

impl Event {
    pub fn parse(text: String) -> Result<Self, serde_json::Error> {
        Ok(Self { fields: serde_json::from_str(&text)?, text })
    }

    /// As it came, but on one line.
    pub fn json(&self) -> String {
        compact(&self.text) + "\n"
    }

    /// For reading.
    pub fn words(&self) -> String {
        let Fields { event_type, timestamp, data, .. } = &self.fields;
        let time = timestamp.to_rfc3339_opts(SecondsFormat::Millis, true);
        harmless(&format!("{time}  {event_type:<18}  {}", compact(data.get()))) + "\n"
    }
}

/// JSON without the space between its tokens; each of them stays as it was written.
fn compact(json: &str) -> String {
    let (mut inside, mut escaped) = (false, false);
    json.chars()
        .filter(|c| {
            let ends = *c == '"' && !escaped;
            escaped = inside && *c == '\\' && !escaped;
            inside ^= ends;
            inside || !c.is_ascii_whitespace()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_fits_on_a_line_and_keeps_its_tokens() {
        for (text, line) in [
            ("{ \"a\" :\n [1.0,\t1e2 , 123456789012345678901] }", r#"{"a":[1.0,1e2,123456789012345678901]}"#),
            (r#"{"a b": "c \" d\\" , "e": "\\\" f"}"#, r#"{"a b":"c \" d\\","e":"\\\" f"}"#),
        ] {
            assert_eq!(compact(text), line);
        }
    }

    #[test]
    fn what_a_producer_wrote_does_not_reach_the_terminal_raw() {
        let text = "{\"event_type\":\"output\",\"timestamp\":\"2026-11-21T12:00:00.123456+01:00\",\
                    \"data\":{\"line\":\"\u{202e}\u{9b}2J\\u001b\"},\"cursor\":\"7\"}";
        let event = Event::parse(text.to_owned()).unwrap();
        assert_eq!(
            event.words(),
            "2026-11-21T11:00:00.123Z  output              {\"line\":\"\u{FFFD}\u{FFFD}2J\\u001b\"}\n"
        );
        assert_eq!(event.json(), text.to_owned() + "\n");
    }
}
