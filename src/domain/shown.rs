//! An approval as people outside of the app see it: its title in one line, some fields of its context, moments in their
//! own zone. Pure. What must not be shown is taken out here.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{
    approval::{Approval, Request},
    legible,
    redaction::Redactor,
};

/// Fields of the context, where the request names none, and the longest value in characters.
const FIELDS: usize = 8;
const LONGEST_VALUE: usize = 200;
/// Longest title in characters.
const LONGEST_TITLE: usize = 200;

/// A field of the context.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    pub name: String,
    pub value: String,
}

/// The title, or the type where there is none: in one line.
pub fn title(request: &Request, redactor: &Redactor) -> String {
    let whole = request.title.as_deref().unwrap_or(request.approval_type.as_str());
    short(&legible::line(redactor.text(whole).trim()), LONGEST_TITLE)
}

/// The description, of so many characters at most.
pub fn description(request: &Request, redactor: &Redactor, most: usize) -> Option<String> {
    let text = redactor.text(request.description.as_deref()?);
    (!text.trim().is_empty()).then(|| legible::block(&short(&text, most), 0))
}

/// The fields that the request wants shown, by names or JSON pointers; or the first that are no objects.
pub fn fields(approval: &Approval, wanted: &[String], redactor: &Redactor) -> Vec<Field> {
    let context = redactor.json(approval.request.context.get());
    let Ok(context) = serde_json::from_str::<&RawValue>(&context) else { return Vec::new() };
    let all = entries(context);
    let field = |name: &str, value: &RawValue| Field {
        name: legible::line(name).into_owned(),
        value: short(&legible::line(&text(value)), LONGEST_VALUE),
    };
    if wanted.is_empty() {
        let simple = all.iter().filter(|(_, value)| !value.get().starts_with('{'));
        return simple.take(FIELDS).map(|(name, value)| field(name, value)).collect();
    }
    let found = wanted.iter().filter_map(|name| {
        let by_name = all.iter().find(|(key, _)| key == name).map(|(_, value)| *value);
        Some(field(name, by_name.or_else(|| at(context, name.strip_prefix('/')?))?))
    });
    found.collect()
}

/// All fields of the context, with their values as text, of so many characters together at most; and whether there is
/// more.
pub fn whole(approval: &Approval, redactor: &Redactor, most: usize) -> (Vec<Field>, bool) {
    let context = redactor.json(approval.request.context.get());
    let Ok(context) = serde_json::from_str::<&RawValue>(&context) else { return (Vec::new(), false) };
    let (mut fields, mut left) = (Vec::new(), most);
    for (name, value) in entries(context) {
        let value = legible::block(&text(value), 0);
        let is_cut = value.chars().count() > left;
        let value = short(&value, left);
        left = left.saturating_sub(name.len() + value.chars().count());
        fields.push(Field { name: legible::line(&name).into_owned(), value });
        if is_cut || left == 0 {
            return (fields, true);
        }
    }
    (fields, false)
}

/// What a value says: a string without its quotation marks, anything else as JSON.
fn text(value: &RawValue) -> String {
    serde_json::from_str::<String>(value.get()).unwrap_or_else(|_| value.get().to_owned())
}

/// The members of an object in the order in which they are written; none of anything else.
fn entries(json: &RawValue) -> Vec<(String, &RawValue)> {
    struct Members<'a>(Vec<(String, &'a RawValue)>);

    impl<'de> Deserialize<'de> for Members<'de> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Reading;

            impl<'de> Visitor<'de> for Reading {
                type Value = Members<'de>;

                fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str("an object")
                }

                fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                    let mut members = Vec::new();
                    while let Some(member) = map.next_entry()? {
                        members.push(member);
                    }
                    Ok(Members(members))
                }
            }

            deserializer.deserialize_map(Reading)
        }
    }

    serde_json::from_str::<Members<'_>>(json.get()).map(|it| it.0).unwrap_or_default()
}

/// What a JSON pointer, without its first slash, leads to.
pub fn at<'a>(json: &'a RawValue, pointer: &str) -> Option<&'a RawValue> {
    pointer.split('/').try_fold(json, |json, part| {
        let name = part.replace("~1", "/").replace("~0", "~");
        if json.get().starts_with('[') {
            let elements: Vec<&RawValue> = serde_json::from_str(json.get()).ok()?;
            return elements.get(name.parse::<usize>().ok()?).copied();
        }
        entries(json).into_iter().find(|(key, _)| *key == name).map(|(_, value)| value)
    })
}

/// The first characters of a text, with a sign that there are others.
pub fn short(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

/// A moment as a clock in that zone shows it.
pub fn moment(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).format("%Y-%m-%d %H:%M %Z").to_string()
}

/// How long something takes, in the one or two units that matter.
pub fn span(time: TimeDelta) -> String {
    let seconds = time.num_seconds().max(0);
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => joined(hours, "h", minutes % 60, "min"),
        (days, hours, _) => joined(days, "d", hours % 24, "h"),
    }
}

fn joined(large: i64, unit: &str, small: i64, part: &str) -> String {
    if small == 0 { format!("{large} {unit}") } else { format!("{large} {unit} {small} {part}") }
}

/// As text in HTML, and in an attribute.
pub fn html(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        approval::tests::pending, ids::PrincipalId, names::PrincipalName, policy::Actor, redaction::Redaction,
    };

    fn shown(context: &str, wanted: &[&str]) -> Vec<(String, String)> {
        let name = PrincipalName::new("agent").unwrap();
        let mut approval = pending(Actor { id: PrincipalId::generate(), name });
        approval.request.context = RawValue::from_string(context.to_owned()).unwrap();
        let wanted: Vec<String> = wanted.iter().map(|it| (*it).to_owned()).collect();
        let redactor = Redactor::new(&Redaction::default());
        fields(&approval, &wanted, &redactor).into_iter().map(|it| (it.name, it.value)).collect()
    }

    fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn the_first_simple_fields_are_shown_as_they_were_written() {
        let context = r#"{"z": "x\ny", "o": {"a": 1}, "n": 1.50, "l": [1, 2], "password": "p", "t": true, "rtl": "\u202e"}"#;
        let expected = [
            ("z", r"x\ny"),
            ("n", "1.50"),
            ("l", "[1, 2]"),
            ("password", "[redacted]"),
            ("t", "true"),
            ("rtl", r"\u{202e}"),
        ];
        assert_eq!(shown(context, &[]), pairs(&expected));
        let many: Vec<String> = (0..20).map(|n| format!("\"f{n}\": {n}")).collect();
        assert_eq!(shown(&format!("{{{}}}", many.join(",")), &[]).len(), 8);
        let long = shown(&format!("{{\"a\": \"{}\"}}", "é".repeat(300)), &[]);
        assert_eq!(long[0].1.chars().count(), 201);
    }

    #[test]
    fn a_request_says_which_fields_are_shown() {
        let context = r#"{"a": {"b/c": [10, {"d": "deep"}]}, "e": 1, "/e": "slash", "secret": {"x": 1}}"#;
        let wanted = ["/a/b~1c/1/d", "e", "/e", "missing", "/secret/x", "secret", "/a/b~1c/9"];
        let expected = [("/a/b~1c/1/d", "deep"), ("e", "1"), ("/e", "slash"), ("secret", "[redacted]")];
        assert_eq!(shown(context, &wanted), pairs(&expected));
    }

    #[test]
    fn moments_are_those_of_the_readers_clock() {
        let at = DateTime::parse_from_rfc3339("2026-11-28T16:30:00Z").unwrap().to_utc();
        assert_eq!(moment(at, Tz::Europe__Berlin), "2026-11-28 17:30 CET");
        assert_eq!(moment(at, Tz::UTC), "2026-11-28 16:30 UTC");
        for (seconds, words) in [
            (-1, "0 s"),
            (59, "59 s"),
            (61, "1 min"),
            (3_600, "1 h"),
            (5_400, "1 h 30 min"),
            (180_000, "2 d 2 h"),
        ] {
            assert_eq!(span(TimeDelta::seconds(seconds)), words);
        }
    }
}
