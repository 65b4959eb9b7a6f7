//! What edits to a proposal must look like, where the type of the approval says so.
//!
//! A call of a tool is edited in one of two ways: `{"arguments": {…}}` replaces the arguments that it names and leaves the
//! others, and `{"response": "…"}` is the person's answer in the tool's place, which then doesn't run. Programs that act on
//! edits rely on that, so nothing else is taken. Edits to other types are the callers' own.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::{decision::Modifications, json::pointer_step, names::CallerName};

/// The type whose edits have a form.
const TOOL_CALL: &str = "tool_call";

/// What is wrong with edits: where, the rule, and the rule in words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{pointer} {message}")]
pub struct Malformed {
    /// JSON Pointer within the body of a decision.
    pub pointer: String,
    pub rule: &'static str,
    pub message: &'static str,
}

/// Looks whether these are edits that an approval of this type may have.
pub fn check(approval_type: &CallerName, edits: &Modifications) -> Result<(), Malformed> {
    if approval_type.as_str() != TOOL_CALL {
        return Ok(());
    }
    let malformed = |pointer: String, rule, message| Err(Malformed { pointer, rule, message });
    let whole = || "/modifications".to_owned();
    let Ok(fields) = serde_json::from_str::<BTreeMap<String, Box<RawValue>>>(edits.0.get()) else {
        return malformed(whole(), "type", "must be an object");
    };
    for (name, value) in &fields {
        let pointer = || format!("/modifications/{}", pointer_step(name));
        match name.as_str() {
            "arguments" if !value.get().starts_with('{') => {
                return malformed(
                    pointer(),
                    "type",
                    "must be an object: each argument that changes, by name",
                );
            }
            "arguments" if names_nothing(value) => {
                return malformed(pointer(), "min_properties", "must name an argument");
            }
            "response" if !value.get().starts_with('"') => {
                return malformed(pointer(), "type", "must be a text: the answer in the tool's place");
            }
            "arguments" | "response" => {}
            _ => {
                let message =
                    "is not known: edits of a tool_call are {\"arguments\": {…}} or {\"response\": \"…\"}";
                return malformed(pointer(), "unknown_field", message);
            }
        }
    }
    if fields.len() > 1 {
        return malformed(whole(), "once", "must have arguments or response, not both");
    }
    Ok(())
}

/// The first of these names that edits of this type never have.
pub fn never_named<'a>(
    approval_type: &CallerName,
    mut names: impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    names.find(|name| approval_type.as_str() == TOOL_CALL && !["arguments", "response"].contains(name))
}

fn names_nothing(object: &RawValue) -> bool {
    object.get().bytes().all(|byte| b"{}".contains(&byte) || byte.is_ascii_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(approval_type: &str, edits: &str) -> Result<(), (String, &'static str)> {
        let edits = Modifications(RawValue::from_string(edits.to_owned()).unwrap());
        check(&CallerName::new(approval_type).unwrap(), &edits).map_err(|it| (it.pointer, it.rule))
    }

    #[test]
    fn calls_of_tools_are_edited_in_two_ways() {
        for edits in [r#"{"arguments":{"amount":1}}"#, r#"{ "response" : "no such order" }"#] {
            assert_eq!(checked("tool_call", edits), Ok(()), "{edits}");
        }
        for (edits, pointer, rule) in [
            (r#"{"amount":1}"#, "/modifications/amount", "unknown_field"),
            (r#"{"a/b~":1}"#, "/modifications/a~1b~0", "unknown_field"),
            (r#"{"arguments":[1]}"#, "/modifications/arguments", "type"),
            (r#"{"arguments":{ }}"#, "/modifications/arguments", "min_properties"),
            (r#"{"response":{}}"#, "/modifications/response", "type"),
            (r#"{"response":"x","arguments":{"a":1}}"#, "/modifications", "once"),
        ] {
            assert_eq!(checked("tool_call", edits), Err((pointer.to_owned(), rule)), "{edits}");
        }
        assert_eq!(checked("plan_approval", r#"{"amount":1}"#), Ok(()), "others are the caller's own");
    }
}
