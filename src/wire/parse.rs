//! From a text to what it says: strict JSON, then the type; what is wrong is told by field and rule.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, MapAccess, Visitor, value::MapAccessDeserializer},
};

use super::{
    problem::{Code, Problem, Violation},
    strict_json::{self, Fault},
};
use crate::domain::json::pointer_step;

/// A `T` that is written as an object. (What serde derives for a struct would take an array of its fields, too.)
#[derive(Debug, Default)]
pub struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }

        deserializer.deserialize_map(Fields(PhantomData))
    }
}

/// A `T` that is written as a JSON object.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    strict_json::check(bytes).map_err(|fault| match fault {
        Fault::Number { ref pointer } => {
            Problem::about(Code::Invalid, vec![Violation::new(pointer, "number", fault.to_string())])
        }
        fault => Problem::new(Code::Malformed, fault.to_string()),
    })?;
    let mut parser = serde_json::Deserializer::from_slice(bytes);
    let parsed = serde_path_to_error::deserialize(&mut parser);
    parsed.map(|Object(value)| value).map_err(|error| {
        let pointer = pointer(error.path());
        let message = error.inner().to_string();
        let message = message.split(" at line ").next().unwrap_or_default();
        let rule = if message.starts_with("unknown field") { "unknown_field" } else { "type" };
        let message = fraction(message).unwrap_or_else(|| message.to_owned());
        Problem::about(Code::Invalid, vec![Violation::new(pointer, rule, message)])
    })
}

/// What is said of a number with a decimal point where a whole one is wanted.
fn fraction(message: &str) -> Option<String> {
    let (literal, expected) =
        message.strip_prefix("invalid type: floating point `")?.split_once("`, expected ")?;
    if !expected.starts_with(['i', 'u']) {
        return None;
    }
    Some(match literal.strip_suffix(".0") {
        Some(whole) => format!("must be an integer: {literal} has a decimal point; write {whole}"),
        None => format!("must be an integer: {literal} has a decimal point"),
    })
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter().fold(String::new(), |pointer, segment| match segment {
        Segment::Seq { index } => format!("{pointer}/{index}"),
        Segment::Map { key } => format!("{pointer}/{}", pointer_step(key)),
        Segment::Enum { .. } | Segment::Unknown => pointer,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only its type is tried")]
    struct Form {
        seconds: Option<i64>,
        ratio: Option<f64>,
    }

    #[test]
    fn a_number_with_a_decimal_point_is_named_as_what_it_is() {
        for (text, message) in [
            (r#"{"seconds":300.0}"#, "must be an integer: 300.0 has a decimal point; write 300"),
            (r#"{"seconds":1.5}"#, "must be an integer: 1.5 has a decimal point"),
        ] {
            let problem = parse::<Form>(text.as_bytes()).unwrap_err();
            assert_eq!((problem.errors()[0].rule, problem.errors()[0].message.as_str()), ("type", message));
        }
        assert!(parse::<Form>(br#"{"seconds":300,"ratio":1.5}"#).is_ok());
    }
}
