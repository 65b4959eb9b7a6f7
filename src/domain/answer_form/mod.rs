//! Typed answers: a JSON Schema (2020-12) that the modifications of an approval must satisfy.
//!
//! What is taken is a small part of that language, chosen so that every schema is cheap to read, to check an answer by, and
//! to draw as a form: [`keywords`] says which keywords, and refuses everything else by its place. Whatever passes there, the
//! library `jsonschema` checks answers by: offline, formats asserted, patterns in linear time.
//!
//! No modifications are checked as `{}`. So a schema with a required property makes an answer necessary.

mod cost;
mod flat;
mod keywords;

use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::{Map, Value, value::RawValue};

pub use self::flat::is_flat;
use super::{approval::Opaque, decision::Modifications, edits, json::pointer_step, names::CallerName};

/// Largest schema, in bytes.
pub const MAX_SIZE: usize = 16 * 1024;
/// Most faults that are told of one schema, or of one answer.
const MOST: usize = 20;
/// Longest message of a fault, in characters.
const MAX_MESSAGE: usize = 200;
/// A pattern that needs more than this, compiled, is refused.
const MAX_PATTERN_BYTES: usize = 64 * 1024;

/// What is wrong with a schema, or with an answer: where, the rule, and the rule in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// JSON Pointer within the schema, or within the modifications.
    pub pointer: String,
    pub rule: &'static str,
    pub message: String,
}

impl Fault {
    fn new(pointer: impl Into<String>, rule: &'static str, message: impl Into<String>) -> Self {
        let message: String = message.into();
        let message = match message.char_indices().nth(MAX_MESSAGE) {
            Some((end, _)) => message[..end].to_owned() + "…",
            None => message,
        };
        Self { pointer: pointer.into(), rule, message }
    }
}

/// Looks whether answers can be checked by this schema. Says whether an approval without modifications doesn't fit.
pub fn check(schema: &RawValue, approval_type: Option<&CallerName>) -> Result<bool, Vec<Fault>> {
    let Some(schema) = value(schema) else { return Err(vec![Fault::new("", "type", "must be an object")]) };
    keywords::check(&schema)?;
    if let Some(name) = approval_type.and_then(|it| edits::never_named(it, required(&schema))) {
        let message =
            format!("must not want {name}: edits of a tool_call have arguments or response, and no more");
        return Err(vec![Fault::new("/required", "exclusive", message)]);
    }
    let validator = compile(&schema).map_err(|fault| vec![fault])?;
    Ok(!validator.is_valid(&Value::Object(Map::new())))
}

/// Looks whether an approval with these modifications, or with none, fits the schema.
///
/// The library tells all faults or one, and keeps what it tells. So all are asked for only where there can't be many.
pub fn fits(schema: &Opaque, edits: Option<&Modifications>) -> Result<(), Vec<Fault>> {
    let none = || Some(Value::Object(Map::new()));
    let answer = edits.map_or_else(none, |edits| value(&edits.0));
    let unreadable = || vec![Fault::new("", "schema", "can't be checked")];
    let (schema, answer) = value(schema).zip(answer).ok_or_else(unreadable)?;
    let cost = cost::of(&schema, &answer);
    if cost > cost::MOST {
        return Err(vec![Fault::new("", "cost", "must have less in it, to be checked by so large a schema")]);
    }
    let validator = compile(&schema).map_err(|fault| vec![fault])?;
    if validator.is_valid(&answer) {
        return Ok(());
    }
    if cost > cost::MOST_TOLD {
        return Err(vec![Fault::new(
            "",
            "schema",
            "does not fit; it is too large for the places to be told",
        )]);
    }
    Err(validator.iter_errors(&answer).take(MOST).map(|error| fault(&error)).collect())
}

/// The properties that every answer must have.
fn required(schema: &Value) -> impl Iterator<Item = &str> {
    schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str)
}

/// Whether a text is taken for a pattern.
fn is_pattern(pattern: &str) -> bool {
    compile(&serde_json::json!({ "pattern": pattern })).is_ok()
}

fn compile(schema: &Value) -> Result<Validator, Fault> {
    let patterns = PatternOptions::regex().size_limit(MAX_PATTERN_BYTES).dfa_size_limit(MAX_PATTERN_BYTES);
    let options = jsonschema::options()
        .with_draft(Draft::Draft202012)
        .offline()
        .should_validate_formats(true)
        .should_ignore_unknown_formats(false)
        .with_pattern_options(patterns);
    options.build(schema).map_err(|error| {
        let (pointer, message) = (error.instance_path().to_string(), error.to_string());
        Fault::new(pointer, "schema", message)
    })
}

fn fault(error: &jsonschema::ValidationError<'_>) -> Fault {
    // A missing property has no place of its own: the error points at the object.
    let rule = keywords::named(error.kind().keyword()).unwrap_or("schema");
    Fault::new(error.instance_path().to_string(), rule, error.to_string())
}

fn value(json: &RawValue) -> Option<Value> {
    serde_json::from_str(json.get()).ok()
}

fn step(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", pointer_step(name))
}

#[cfg(test)]
mod tests;
