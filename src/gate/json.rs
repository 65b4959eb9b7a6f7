//! A call's arguments: as they were written, because that is what runs, and as JSON that a person can be shown.
//!
//! Numbers and texts keep their characters, and members their order. What readers would round, or JSON can't carry,
//! is shown as a text. Nothing is cut: what can't be shown in full is refused.

use std::{
    collections::HashSet,
    fmt::{self, Write as _},
};

use serde::{
    Deserialize, Deserializer as _, Serialize, Serializer,
    de::{self, Error as _, MapAccess, SeqAccess, Visitor},
    ser::Error as _,
};
use serde_json::{Deserializer, Map, Value, value::RawValue};

/// Levels of nesting within the arguments. The server takes 32 for a whole request.
const DEEPEST: usize = 28;
/// Beyond these levels nothing is shown: what lies too deep becomes text within text, and grows with each time.
const BOTTOM: usize = 14 * DEEPEST;
/// Bytes of what lies too deep. Nobody is shown as much.
const LARGEST_TEXT: usize = 512 * 1024;
/// From here on, some readers of JSON round integers.
const LARGEST_INTEGER: u64 = 1 << 53;

/// Why it can't be shown to a person.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unshowable {
    #[error("the arguments are nested too deeply to be shown")]
    TooDeep,
    #[error("two members of an object are shown as {0:?}, and only one of them would be seen")]
    TwoNames(String),
    #[error("what a person is shown of {tool} has {size} bytes; {most} are the most")]
    TooLarge { tool: String, size: usize, most: usize },
}

/// A JSON value, token by token.
#[derive(Clone, Debug)]
pub enum Json {
    /// A number, a text, `true`, `false` or `null`.
    Scalar(Box<RawValue>),
    List(Vec<Json>),
    Object(Vec<(Name, Json)>),
}

/// A member's name.
#[derive(Clone, Debug)]
pub struct Name(Box<RawValue>);

impl Name {
    pub fn new(text: &str) -> Self {
        Self(raw(text))
    }

    /// As a person is shown it.
    pub fn shown(&self) -> String {
        sendable(&text_of(&self.0))
    }
}

impl Json {
    pub fn text(text: &str) -> Self {
        Self::Scalar(raw(text))
    }

    /// The members of an object; of anything else, none.
    pub fn members(&self) -> &[(Name, Self)] {
        if let Self::Object(members) = self { members } else { &[] }
    }

    pub fn get(&self, name: &str) -> Option<&Self> {
        self.members().iter().find(|(it, _)| it.shown() == name).map(|(_, value)| value)
    }

    /// Puts a member in the place of the one of that name, or behind the others. Anything but an object stays as it is.
    pub fn set(&mut self, name: &str, value: Self) {
        let Self::Object(members) = self else { return };
        match members.iter_mut().find(|(it, _)| it.shown() == name) {
            Some((_, old)) => *old = value,
            None => members.push((Name::new(name), value)),
        }
    }

    fn write(&self, to: &mut String) {
        match self {
            Self::Scalar(token) => to.push_str(token.get()),
            Self::List(items) => {
                to.push('[');
                for (n, item) in items.iter().enumerate() {
                    to.push_str(if n > 0 { "," } else { "" });
                    item.write(to);
                }
                to.push(']');
            }
            Self::Object(members) => {
                to.push('{');
                for (n, (name, value)) in members.iter().enumerate() {
                    to.push_str(if n > 0 { "," } else { "" });
                    to.push_str(name.0.get());
                    to.push(':');
                    value.write(to);
                }
                to.push('}');
            }
        }
    }

    /// As JSON that means the same to every reader.
    pub fn shown(&self) -> Result<Value, Unshowable> {
        self.show(0, 0)
    }

    /// `depth` counts within this JSON, `all` in all.
    fn show(&self, depth: usize, all: usize) -> Result<Value, Unshowable> {
        if depth >= DEEPEST && !matches!(self, Self::Scalar(_)) {
            if all >= BOTTOM {
                return Err(Unshowable::TooDeep);
            }
            let text = canonical(&self.show(0, all)?);
            // Text within text has its quotes escaped each time, and grows without end.
            return if text.len() > LARGEST_TEXT {
                Err(Unshowable::TooDeep)
            } else {
                Ok(Value::String(text))
            };
        }
        match self {
            Self::Scalar(token) => Ok(scalar(token)),
            Self::List(items) => items.iter().map(|it| it.show(depth + 1, all + 1)).collect(),
            Self::Object(members) => {
                let mut shown = Map::new();
                for (name, value) in members {
                    let name = name.shown();
                    let value = value.show(depth + 1, all + 1)?;
                    if shown.contains_key(&name) {
                        return Err(Unshowable::TwoNames(name));
                    }
                    shown.insert(name, value);
                }
                Ok(Value::Object(shown))
            }
        }
    }
}

/// Canonical JSON (RFC 8785). Such a value has no number that couldn't be written.
pub fn canonical(value: &Value) -> String {
    serde_json_canonicalizer::to_string(value).unwrap_or_default()
}

fn raw(text: &str) -> Box<RawValue> {
    let token = Value::String(text.to_owned()).to_string();
    // A text's own token is JSON.
    RawValue::from_string(token).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

fn scalar(token: &RawValue) -> Value {
    match token.get() {
        "null" => Value::Null,
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        text if text.starts_with('"') => Value::String(sendable(&text_of(token))),
        number => shown_number(number),
    }
}

/// A number that all readers take for the same one, or its text.
fn shown_number(token: &str) -> Value {
    if !token.contains(['.', 'e', 'E']) {
        return match token.parse::<i64>() {
            Ok(number) if number.unsigned_abs() < LARGEST_INTEGER => number.into(),
            _ => Value::String(token.to_owned()),
        };
    }
    let number: f64 = token.parse().unwrap_or(f64::INFINITY);
    if number.is_infinite() {
        return Value::String(if number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned());
    }
    if number.fract() != 0.0 {
        return number.into();
    }
    // Some readers can't tell such a number from an integer.
    shown_number(&format!("{number:.0}"))
}

/// A text as UTF-8 in which a lone half of a surrogate pair may stand, as JSON's `\ud83d` allows.
fn text_of(token: &RawValue) -> Vec<u8> {
    struct Bytes;
    impl Visitor<'_> for Bytes {
        type Value = Vec<u8>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a text")
        }

        fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
            Ok(bytes.to_vec())
        }
    }
    let read = Deserializer::from_str(token.get()).deserialize_bytes(Bytes);
    read.unwrap_or_else(|_| token.get().as_bytes().to_vec())
}

/// With its escape in the place of what the server can't take: NUL, and halves of surrogate pairs.
fn sendable(text: &[u8]) -> String {
    let mut sendable = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let is_half = |at: usize| matches!(rest.get(at..at + 3), Some([0xed, 0xa0..=0xbf, 0x80..=0xbf]));
        let end = (0..rest.len()).find(|&at| rest[at] == 0 || is_half(at)).unwrap_or(rest.len());
        sendable.push_str(&String::from_utf8_lossy(&rest[..end]));
        rest = &rest[end..];
        rest = match *rest {
            [0, ref after @ ..] => {
                sendable.push_str("\\u0000");
                after
            }
            [0xed, second, third, ref after @ ..] => {
                let code = 0xd000 | (u32::from(second & 0x3f) << 6) | u32::from(third & 0x3f);
                // Writing to a string can't fail.
                let _ = write!(sendable, "\\u{code:04x}");
                after
            }
            _ => rest,
        };
    }
    sendable
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: de::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let token = Box::<RawValue>::deserialize(from)?;
        parse(token, 0).map_err(D::Error::custom)
    }
}

/// A level is read only once it is known that there are not too many.
fn parse(token: Box<RawValue>, depth: usize) -> serde_json::Result<Json> {
    if depth > BOTTOM {
        return Err(de::Error::custom(Unshowable::TooDeep));
    }
    let mut inside = Deserializer::from_str(token.get());
    match token.get().as_bytes().first() {
        Some(b'[') => inside.deserialize_seq(Level(depth)),
        Some(b'{') => inside.deserialize_map(Level(depth)),
        _ => Ok(Json::Scalar(token)),
    }
}

struct Level(usize);

impl<'de> Visitor<'de> for Level {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list or an object")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Json, A::Error> {
        let mut items = Vec::new();
        while let Some(token) = from.next_element()? {
            items.push(parse(token, self.0 + 1).map_err(A::Error::custom)?);
        }
        Ok(Json::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Json, A::Error> {
        let (mut members, mut names) = (Vec::new(), HashSet::new());
        while let Some((name, token)) = from.next_entry::<Box<RawValue>, Box<RawValue>>()? {
            let text = text_of(&name);
            // Readers differ in which of the two counts.
            if let Some(twice) = names.replace(text) {
                return Err(A::Error::custom(format!("two members are called {:?}", sendable(&twice))));
            }
            members.push((Name(name), parse(token, self.0 + 1).map_err(A::Error::custom)?));
        }
        Ok(Json::Object(members))
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut text = String::new();
        self.write(&mut text);
        RawValue::from_string(text).map_err(S::Error::custom)?.serialize(to)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(text: &str) -> Value {
        serde_json::from_str::<Json>(text).unwrap().shown().unwrap()
    }

    #[test]
    fn what_is_read_is_written_again_as_it_was() {
        let text = r#"{"b":[1.10,12345678901234567890,{"\u0061":"\ud83d"}],"a":1e400}"#;
        let json: Json = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&json).unwrap(), text);
        assert!(serde_json::from_str::<Json>(r#"{"a": 1, "\u0061": 2}"#).is_err());
        assert!(serde_json::from_str::<Json>("[1").is_err());
    }

    #[test]
    fn what_readers_would_round_is_shown_as_text() {
        for (token, value) in [
            ("9007199254740991", json!(9_007_199_254_740_991_u64)),
            ("9007199254740992", json!("9007199254740992")),
            ("-9007199254740992", json!("-9007199254740992")),
            ("123456789012345678901234567890", json!("123456789012345678901234567890")),
            ("1.0", json!(1)),
            ("-0.0", json!(0)),
            ("0.5", json!(0.5)),
            ("1e20", json!("100000000000000000000")),
            ("1e400", json!("Infinity")),
            ("-1e400", json!("-Infinity")),
            (r#""a\u0000\ud83d\ude00\ud83db""#, json!("a\\u0000😀\\ud83db")),
        ] {
            assert_eq!(shown(token), value, "{token}");
        }
    }

    #[test]
    fn what_lies_too_deep_is_one_text_or_refused() {
        let nested = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
        let mut value = shown(&nested(DEEPEST + 1));
        for _ in 0..DEEPEST {
            value = value[0].clone();
        }
        assert_eq!(value, json!("[1]"));
        assert!(shown(&nested(BOTTOM)).is_array());
        let deeper = serde_json::from_str::<Json>(&nested(BOTTOM + 1));
        assert!(deeper.is_err() || deeper.unwrap().shown().is_err());
        assert!(serde_json::from_str::<Json>(&nested(100_000)).is_err());
        // Its quotes would be escaped once for each text in which it lies.
        let growing = nested(BOTTOM - 10).replace('1', &format!("\"{}\"", "\\\"".repeat(1000)));
        assert_eq!(serde_json::from_str::<Json>(&growing).unwrap().shown(), Err(Unshowable::TooDeep));
    }

    #[test]
    fn two_names_that_look_alike_are_refused() {
        let json: Json = serde_json::from_str(r#"{"\\u0000": 1, "\u0000": 2}"#).unwrap();
        assert_eq!(json.shown(), Err(Unshowable::TwoNames("\\u0000".to_owned())));
    }

    #[test]
    fn a_member_is_replaced_in_its_place() {
        let mut json: Json = serde_json::from_str(r#"{"b":1,"a":2}"#).unwrap();
        json.set("b", Json::text("x"));
        json.set("c", Json::List(vec![]));
        assert_eq!(serde_json::to_string(&json).unwrap(), r#"{"b":"x","a":2,"c":[]}"#);
    }
}
