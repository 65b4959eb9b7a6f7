//! Rules for what callers send. What breaks one is told as a violation: field, rule, message.

use serde_json::value::RawValue;

use super::problem::{Code, Problem, Violation};
use crate::domain::names::{CallerName, is_unseen};

/// Largest object that passes through untouched, in bytes.
pub const MAX_OBJECT: usize = 256 * 1024;

/// Most breaches that are told of one body.
const MOST: usize = 100;

/// Collects breaches, a hundred at most, so that a caller can mend them all at once.
#[derive(Default)]
pub struct Check {
    violations: Vec<Violation>,
}

impl Check {
    pub fn fail(&mut self, pointer: impl Into<String>, rule: &'static str, message: impl Into<String>) {
        if self.violations.len() >= MOST {
            return;
        }
        self.violations.push(Violation::new(pointer, rule, message));
    }

    /// A name from a caller, if it is given.
    pub fn name(&mut self, pointer: &str, name: Option<&str>) -> Option<CallerName> {
        match CallerName::new(name?) {
            Ok(name) => Some(name),
            Err(error) => {
                self.fail(pointer, "name", error.to_string());
                None
            }
        }
    }

    /// A name that must be given.
    pub fn required_name(&mut self, pointer: &str, name: Option<&str>) -> Option<CallerName> {
        if name.is_none() {
            self.fail(pointer, "required", "must be given");
        }
        self.name(pointer, name)
    }

    /// A text of at most so many characters.
    pub fn text(&mut self, pointer: &str, text: Option<&String>, most: usize) {
        // Bytes first: most texts are short, and characters take counting.
        if text.is_some_and(|text| text.len() > most && text.chars().count() > most) {
            self.fail(pointer, "max_length", format!("must have at most {most} characters"));
        }
    }

    /// A text of one line, all of whose characters can be seen.
    pub fn visible(&mut self, pointer: &str, text: Option<&String>) {
        if text.is_some_and(|text| text.chars().any(is_unseen)) {
            let message = "must hold no control, invisible, private or formatting character";
            self.fail(pointer, "characters", message);
        }
    }

    /// An object of at most 256 KiB, as it was written.
    pub fn object(&mut self, pointer: &str, json: Option<Box<RawValue>>) -> Option<Box<RawValue>> {
        self.object_of(pointer, json, MAX_OBJECT)
    }

    /// The same with a bound of its own, in bytes.
    pub fn object_of(
        &mut self,
        pointer: &str,
        json: Option<Box<RawValue>>,
        most: usize,
    ) -> Option<Box<RawValue>> {
        let json = json?;
        if !json.get().starts_with('{') {
            self.fail(pointer, "type", "must be an object");
        } else if json.get().len() > most {
            self.fail(pointer, "max_size", format!("must have at most {most} bytes"));
        }
        Some(json)
    }

    /// A number in a range, or the default. What is out of range is told, and brought into it: whatever is computed with
    /// it before the end of the check is bounded.
    pub fn range(
        &mut self,
        pointer: &str,
        number: Option<i64>,
        (least, most): (i64, i64),
        default: i64,
    ) -> i64 {
        let number = number.unwrap_or(default);
        if !(least..=most).contains(&number) {
            self.fail(pointer, "range", format!("must be {least} to {most}"));
        }
        number.clamp(least, most)
    }

    /// Nothing failed, or a problem that says all that did.
    pub fn finish(self) -> Result<(), Problem> {
        if self.violations.is_empty() { Ok(()) } else { Err(Problem::about(Code::Invalid, self.violations)) }
    }
}
