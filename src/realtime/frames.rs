//! What clients may say: `{"type": …, "ref"?: …, …}`, taken as strictly as a request's body.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::wire::{
    create::CreateBody,
    parse::parse,
    problem::{Code, Problem, Violation},
};

/// Longest `ref`, in bytes of JSON.
const MAX_REF: usize = 200;

/// One message, and how its answer is to be marked.
#[derive(Debug)]
pub struct Frame<M = Message> {
    pub reference: Option<Reference>,
    pub message: Result<M, Problem>,
}

/// The fields of a message, without `ref`.
pub type Fields = BTreeMap<String, Box<RawValue>>;

/// A string or number of the client's that comes back with the answer.
pub type Reference = Box<RawValue>;

#[derive(Debug)]
pub enum Message {
    Ping,
    Decide(Decide),
    Request(Box<Ask>),
    Wait(Wait),
}

/// A decision, said in either of two ways.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decide {
    pub approval_id: Option<String>,
    pub resolution: Option<String>,
    pub approved: Option<bool>,
    pub feedback: Option<String>,
    pub modifications: Option<Box<RawValue>>,
    /// In whose seat.
    pub r#for: Option<String>,
    /// Of what was shown.
    pub digest: Option<String>,
}

/// What creates an approval, and the key that makes repeating it harmless.
#[derive(Debug)]
pub struct Ask {
    pub idempotency_key: Option<String>,
    pub body: CreateBody,
    /// The body's text, for the key.
    pub text: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wait {
    pub approval_id: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

impl Frame {
    /// A task's socket's. Whatever the text is, there is an answer to it.
    pub fn parse(text: &str) -> Self {
        Self::parse_as(text, message)
    }
}

impl<M> Frame<M> {
    /// The same for another kind of message, of which its fields are made.
    pub fn parse_as(text: &str, message: impl FnOnce(Fields) -> Result<M, Problem>) -> Self {
        let AllFields(mut fields) = match parse(text.as_bytes()) {
            Ok(fields) => fields,
            Err(problem) => return Self { reference: None, message: Err(problem) },
        };
        let reference = match fields.remove("ref").map(reference).transpose() {
            Ok(reference) => reference,
            Err(problem) => return Self { reference: None, message: Err(problem) },
        };
        Self { reference, message: message(fields) }
    }
}

#[derive(Deserialize)]
#[serde(transparent)]
struct AllFields(Fields);

pub fn invalid(pointer: &str, rule: &'static str, message: &str) -> Problem {
    Problem::about(Code::Invalid, vec![Violation::new(pointer, rule, message)])
}

fn reference(raw: Box<RawValue>) -> Result<Reference, Problem> {
    let scalar = raw.get().starts_with(|c: char| c == '"' || c == '-' || c.is_ascii_digit());
    if scalar && raw.get().len() <= MAX_REF {
        return Ok(raw);
    }
    Err(invalid("/ref", "type", "must be a string or a number of at most 200 bytes"))
}

pub fn string(raw: &RawValue, pointer: &str) -> Result<String, Problem> {
    serde_json::from_str(raw.get()).map_err(|_| invalid(pointer, "type", "must be a string"))
}

fn message(mut fields: Fields) -> Result<Message, Problem> {
    let kind = fields.remove("type").ok_or_else(|| invalid("/type", "required", "must be given"))?;
    let kind = string(&kind, "/type")?;
    Ok(match kind.as_str() {
        "ping" => {
            let Nothing {} = parse(text(&fields)?.as_bytes())?;
            Message::Ping
        }
        "resolve_approval" | "approval_response" => Message::Decide(parse(text(&fields)?.as_bytes())?),
        "wait_for_approval" => Message::Wait(parse(text(&fields)?.as_bytes())?),
        "request_approval" => {
            let key = fields.remove("idempotency_key");
            let idempotency_key = key.map(|key| string(&key, "/idempotency_key")).transpose()?;
            let text = text(&fields)?;
            Message::Request(Box::new(Ask { idempotency_key, body: parse(text.as_bytes())?, text }))
        }
        _ => {
            let known =
                "must be ping, resolve_approval, approval_response, request_approval or wait_for_approval";
            return Err(invalid("/type", "choice", known));
        }
    })
}

/// What is left of a message, as an object again.
pub fn text(fields: &Fields) -> Result<String, Problem> {
    serde_json::to_string(fields).map_err(|error| Problem::new(Code::Malformed, error.to_string()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn code(text: &str) -> Code {
        Frame::parse(text).message.unwrap_err().code
    }

    #[test]
    fn messages_are_told_apart() {
        assert!(matches!(Frame::parse(r#"{"type":"ping"}"#).message, Ok(Message::Ping)));
        let frame = Frame::parse(r#"{"type":"approval_response","approval_id":"x","approved":true,"ref":7}"#);
        assert_eq!(frame.reference.unwrap().get(), "7");
        assert!(matches!(frame.message, Ok(Message::Decide(Decide { approved: Some(true), .. }))));
        let ask = Frame::parse(r#"{"type":"request_approval","idempotency_key":"k","context":{"a":1}}"#);
        let Ok(Message::Request(ask)) = ask.message else { panic!("{ask:?}") };
        assert_eq!(
            (ask.idempotency_key.as_deref(), ask.text.as_str()),
            (Some("k"), r#"{"context":{"a":1}}"#)
        );
    }

    #[test]
    fn what_is_wrong_is_said() {
        for text in ["", "[]x", "{\"type\":\"ping\",\"type\":\"ping\"}", "{\"type\":\"\\u0000\"}"] {
            assert_eq!(code(text), Code::Malformed, "{text}");
        }
        for text in [
            "[]",
            "7",
            "{}",
            r#"{"type":7}"#,
            r#"{"type":"pong"}"#,
            r#"{"type":"ping","x":1}"#,
            r#"{"type":"ping","ref":{}}"#,
        ] {
            assert_eq!(code(text), Code::Invalid, "{text}");
        }
        let frame = Frame::parse(r#"{"type":"wait_for_approval","approval":1,"ref":"a"}"#);
        assert_eq!(frame.reference.unwrap().get(), "\"a\"", "an error says what it answers");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn no_text_is_too_odd(text in "\\PC{0,200}") {
            let _ = Frame::parse(&text);
        }

        #[test]
        fn nor_are_messages_with_odd_fields(
            kind in "ping|resolve_approval|approval_response|request_approval|wait_for_approval|x",
            fields in prop::collection::vec(("[a-z_]{1,12}|approval_id|resolution|approved|context|ref", "true|null|-1|1e999|\"\\PC{0,5}\"|\\[\\]|\\{\\}|\\{\"a\":\\[\\[1\\]\\]\\}"), 0..6))
        {
            let fields: Vec<String> =
                fields.iter().map(|(name, value)| format!(",\"{name}\":{value}")).collect();
            let _ = Frame::parse(&format!("{{\"type\":\"{kind}\"{}}}", fields.concat()));
        }
    }
}
