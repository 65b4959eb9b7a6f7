//! What the service answered: a value to look into, and its text as it came. Only the text is printed as JSON and
//! shown to those who decide: a value has forgotten how its numbers were written.

use std::ops::Deref;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use serde_json::{Value, value::RawValue};

use crate::domain::approval::Status;

#[derive(Debug)]
pub struct Answer {
    value: Value,
    text: Box<RawValue>,
}

/// A part of a list.
#[derive(Deserialize)]
pub struct Page {
    pub items: Vec<Answer>,
    /// It must be there, be it null: otherwise it is another who answers.
    #[serde(deserialize_with = "Option::deserialize")]
    pub next_cursor: Option<String>,
}

/// Whether this is an approval, and the one that was asked for. Others answer with a `status`, too: a page for
/// maintenance, a check of health.
pub fn is_approval(value: &Value, asked: Option<&str>) -> bool {
    let has_status = value["status"].as_str().is_some_and(|word| Status::WORDS.contains(&word));
    let id = value["id"].as_str().filter(|id| !id.is_empty());
    has_status && id.is_some_and(|id| asked.is_none_or(|asked| id.eq_ignore_ascii_case(asked)))
}

impl Answer {
    pub fn text(&self) -> &str {
        self.text.get()
    }

    /// The text of what stands at this path, unless that is nothing or null.
    pub fn part(&self, path: &[&str]) -> Option<String> {
        let mut part: Box<RawValue> = self.text.clone();
        for name in path {
            let mut members: std::collections::BTreeMap<String, Box<RawValue>> =
                serde_json::from_str(part.get()).ok()?;
            part = members.remove(*name)?;
        }
        (part.get() != "null").then(|| part.get().to_owned())
    }
}

impl Deref for Answer {
    type Target = Value;

    fn deref(&self) -> &Value {
        &self.value
    }
}

impl<'de> Deserialize<'de> for Answer {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = Box::<RawValue>::deserialize(from)?;
        let value = serde_json::from_str(text.get()).map_err(D::Error::custom)?;
        Ok(Self { value, text })
    }
}

impl Serialize for Answer {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.text.serialize(to)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_an_approval_passes_for_one() {
        let approval = json!({ "id": "a-7", "status": "pending" });
        assert!(is_approval(&approval, None) && is_approval(&approval, Some("A-7")));
        assert!(!is_approval(&approval, Some("a-8")));
        for other in [
            json!({ "status": "ok" }),
            json!({ "status": "pending" }),
            json!({ "id": "", "status": "pending" }),
            json!({ "id": 7, "status": "pending" }),
            json!({ "id": "a-7", "status": "ok" }),
            json!({ "id": "a-7" }),
            json!(["pending"]),
            json!(null),
        ] {
            assert!(!is_approval(&other, None), "{other}");
        }
    }

    #[test]
    fn numbers_stay_as_they_were_written() {
        let text = r#"{"a": {"n": 1.10, "m": 12345678901234567.0}, "b": null}"#;
        let answer: Answer = serde_json::from_str(text).unwrap();
        assert_eq!(answer.text(), text);
        assert_eq!(answer.part(&["a"]).unwrap(), r#"{"n": 1.10, "m": 12345678901234567.0}"#);
        assert_eq!(answer.part(&["a", "n"]).unwrap(), "1.10");
        assert_eq!(
            (answer.part(&["b"]), answer.part(&["c", "d"]), answer.part(&["a", "n", "x"])),
            (None, None, None)
        );
        assert_eq!(answer["a"]["n"], 1.1);
        assert_eq!(serde_json::to_string(&[answer]).unwrap(), format!("[{text}]"));
    }
}
