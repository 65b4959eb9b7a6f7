//! Which fields of a context a card shows: those that the request names, or the first that are no objects. Pure.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::{Value, value::RawValue};

/// Most fields that are shown of a request that names none.
const MOST: usize = 8;
/// Longest value that is shown, in characters.
const LONGEST: usize = 200;

/// `name: value`, in lines. A name that leads nowhere is left out.
pub fn shown(context: &RawValue, wanted: &[String]) -> Option<String> {
    let lines: Vec<String> = if wanted.is_empty() {
        let Fields(fields) = serde_json::from_str(context.get()).ok()?;
        let plain = fields.iter().filter(|(_, value)| !value.is_object()).take(MOST);
        plain.map(|(name, value)| told(name, value)).collect()
    } else {
        let context: Value = serde_json::from_str(context.get()).ok()?;
        let named = wanted.iter().filter_map(|name| {
            let value = if name.starts_with('/') { context.pointer(name) } else { context.get(name) };
            Some(told(name, value?))
        });
        named.collect()
    };
    (!lines.is_empty()).then(|| lines.join("\n"))
}

fn told(name: &str, value: &Value) -> String {
    let value = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let line = value.replace(['\r', '\n'], " ");
    match line.char_indices().nth(LONGEST) {
        None => format!("{name}: {line}"),
        Some((end, _)) => format!("{name}: {}…", &line[..end]),
    }
}

/// In the order in which the request has them.
struct Fields(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown_of(context: &str, wanted: &[&str]) -> Option<String> {
        let context = RawValue::from_string(context.to_owned()).unwrap();
        let wanted: Vec<String> = wanted.iter().map(|it| (*it).to_owned()).collect();
        shown(&context, &wanted)
    }

    #[test]
    fn the_first_plain_fields_are_shown_in_their_order() {
        let context = r#"{"z": 1, "deep": {"a": 2}, "a": "two\nlines", "list": [1, 2]}"#;
        assert_eq!(shown_of(context, &[]).unwrap(), "z: 1\na: two lines\nlist: [1,2]");
        assert_eq!(shown_of("{}", &[]), None);
        let many: String = (0..20).map(|n| format!("\"k{n}\": {n},")).collect();
        let many = format!("{{{}}}", many.trim_end_matches(','));
        assert_eq!(shown_of(&many, &[]).unwrap().lines().count(), MOST);
    }

    #[test]
    fn a_request_names_its_fields_by_name_or_by_pointer() {
        let context = r#"{"a": 1, "deep": {"b": "x"}}"#;
        assert_eq!(shown_of(context, &["/deep/b", "a", "missing"]).unwrap(), "/deep/b: x\na: 1");
        assert_eq!(shown_of(context, &["missing"]), None);
    }
}
