//! From a text to what it says: strict JSON, then the type; what is wrong is told by field and rule.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, MapAccess, Visitor, value::MapAccessDeserializer},
};

use super::{
    problem::{Code, Problem},
    strict_json::{self, Fault},
    validate::Violation,
};

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
        Problem::about(Code::Invalid, vec![Violation::new(pointer, rule, message)])
    })
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter().fold(String::new(), |pointer, segment| match segment {
        Segment::Seq { index } => format!("{pointer}/{index}"),
        Segment::Map { key } => format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1")),
        Segment::Enum { .. } | Segment::Unknown => pointer,
    })
}
