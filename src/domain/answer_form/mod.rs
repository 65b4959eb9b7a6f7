//! Typed answers: a JSON Schema (2020-12) that the modifications of an approval must satisfy.
//!
//! What is taken is a small part of that language, chosen so that every schema is cheap to read, to check an answer by, and
//! to draw as a form: [`keywords`] says which keywords, and refuses everything else by its place. Whatever passes there, the
//! library `jsonschema` checks answers by: offline, formats asserted, patterns in linear time.
//!
//! No modifications are checked as `{}`. So a schema with a required property makes an answer necessary.

mod flat;
mod keywords;

use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::Value;

pub use self::flat::is_flat;
use super::{approval::Opaque, decision::Modifications, json::pointer_step};

/// Largest schema, in bytes.
pub const MAX_SIZE: usize = 16 * 1024;
/// Most faults that are told of one schema, or of one answer.
const MOST: usize = 20;
/// Longest message of a fault, in characters.
const MAX_MESSAGE: usize = 200;
/// A pattern that needs more than this, compiled, is refused.
const MAX_PATTERN_BYTES: usize = 256 * 1024;

/// Most bytes of an answer times schemas that it may have to be compared with: some 20 ms.
const MAX_COST: usize = 4 * 1024 * 1024;

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

/// Looks whether answers can be checked by this schema.
pub fn check(schema: &Opaque) -> Result<(), Vec<Fault>> {
    if schema.get().len() > MAX_SIZE {
        return Err(vec![Fault::new("", "max_size", format!("must have at most {MAX_SIZE} bytes"))]);
    }
    let schema = value(schema);
    keywords::check(&schema)?;
    compile(&schema).map(drop).map_err(|fault| vec![fault])
}

/// Looks whether an approval with these modifications, or with none, fits the schema.
pub fn fits(schema: &Opaque, edits: Option<&Modifications>) -> Result<(), Vec<Fault>> {
    let answer = edits.map_or_else(|| Value::Object(serde_json::Map::new()), |edits| value(&edits.0));
    let schema = value(schema);
    let size = edits.map_or(0, |edits| edits.0.get().len());
    if size.saturating_mul(keywords::nodes(&schema)) > MAX_COST {
        return Err(vec![Fault::new(
            "",
            "cost",
            "must be shorter, for it to be checked by so large a schema",
        )]);
    }
    let validator = compile(&schema).map_err(|fault| vec![fault])?;
    let faults: Vec<Fault> = validator.iter_errors(&answer).take(MOST).map(|error| fault(&error)).collect();
    if faults.is_empty() { Ok(()) } else { Err(faults) }
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
    // Of a missing property the object is told: it is there to be pointed at.
    let rule = keywords::named(error.kind().keyword()).unwrap_or("schema");
    Fault::new(error.instance_path().to_string(), rule, error.to_string())
}

/// What was taken in is JSON.
fn value(json: &Opaque) -> Value {
    serde_json::from_str(json.get()).unwrap_or_default()
}

fn step(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", pointer_step(name))
}

#[cfg(test)]
mod tests;
