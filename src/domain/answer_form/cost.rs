//! What it costs to check an answer by a schema, before it is done: it happens on threads that serve others, too.
//!
//! Each value of an answer may meet each keyword of the schema, with all references followed, and each name and each choice
//! that these list. Each byte of its texts may meet each pattern, and a pattern takes many steps for one. The sum is never
//! less than what the library does, and mostly far more.

use serde_json::Value;

use super::keywords;

/// Some 10 ms.
pub const MOST: usize = 1024 * 1024;
/// Up to this cost all faults are told: there are no more of them than that.
pub const MOST_TOLD: usize = 10_000;

pub fn of(schema: &Value, answer: &Value) -> usize {
    let weight = keywords::weight(schema);
    let size = Size::of(answer);
    size.values.saturating_mul(weight.keywords).saturating_add(size.bytes.saturating_mul(weight.texts))
}

/// How much there is in an answer.
#[derive(Default)]
struct Size {
    /// Values, names of members included.
    values: usize,
    /// Bytes of texts.
    bytes: usize,
}

impl Size {
    fn of(answer: &Value) -> Self {
        let mut size = Self::default();
        size.add(answer);
        size
    }

    /// The nesting is bounded, as that of any body is.
    fn add(&mut self, value: &Value) {
        self.values += 1;
        match value {
            Value::String(text) => self.bytes += text.len(),
            Value::Array(items) => items.iter().for_each(|it| self.add(it)),
            Value::Object(members) => {
                for (name, it) in members {
                    self.values += 1;
                    self.bytes += name.len();
                    self.add(it);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}
