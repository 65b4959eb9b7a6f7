//! An event, and the line that it becomes.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    cli::output::Text,
    domain::{json, legible},
};

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
    pub fn json(&self) -> Text {
        Text::json_line(&self.text)
    }

    /// For reading.
    pub fn words(&self) -> Text {
        let Fields { event_type, timestamp, data, .. } = &self.fields;
        let time = timestamp.to_rfc3339_opts(SecondsFormat::Millis, true);
        let data = json::compact(data.get());
        Text::single_line(&format!("{time}  {event_type:<18}  {}", legible::json(&data)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_producer_wrote_does_not_reach_the_terminal_raw() {
        let text = "{\"event_type\":\"output\",\"timestamp\":\"2026-11-21T12:00:00.123456+01:00\",\
                    \"data\":{\"line\":\"\u{202e}\u{9b}2J\\u001b\"},\"cursor\":\"7\"}";
        let event = Event::parse(text.to_owned()).unwrap();
        assert_eq!(
            event.words().shown_on(&std::fs::File::open("/dev/null").unwrap()),
            "2026-11-21T11:00:00.123Z  output              {\"line\":\"\\u202e\\u009b2J\\u001b\"}\n"
        );
        assert_eq!(event.json(), Text::json(text));
    }
}
