//! Whether a schema is a flat form: one object of plain fields. Programs that ask people by a form of their own (MCP calls it
//! elicitation) take such a schema as it is.

use serde_json::{Map, Value};

/// What a field may have besides what its type allows.
const COMMON: [&str; 4] = ["type", "title", "description", "default"];

/// Whether this is one object of texts, numbers, flags, choices, and lists of choices.
pub fn is_flat(schema: &Value) -> bool {
    let Value::Object(root) = schema else { return false };
    let known = ["$schema", "type", "title", "description", "properties", "required", "additionalProperties"];
    let fields = root.get("properties").and_then(Value::as_object);
    root.keys().all(|keyword| known.contains(&keyword.as_str()) || is_note(keyword))
        && root.get("type").is_some_and(|it| it == "object")
        && root.get("additionalProperties").is_none_or(Value::is_boolean)
        && fields.is_some_and(|fields| fields.values().all(|field| field.as_object().is_some_and(is_plain)))
}

fn is_note(keyword: &str) -> bool {
    keyword.starts_with("x-") || keyword == "$comment"
}

fn is_plain(field: &Map<String, Value>) -> bool {
    let has = |more: &[&str]| {
        field.keys().map(String::as_str).all(|it| COMMON.contains(&it) || more.contains(&it) || is_note(it))
    };
    match field.get("type").and_then(Value::as_str) {
        Some("boolean") => has(&[]),
        Some("number" | "integer") => has(&["minimum", "maximum"]),
        Some("string") if field.contains_key("enum") => {
            has(&["enum", "enumNames"]) && is_choice(field, "oneOf")
        }
        Some("string") if field.contains_key("oneOf") => has(&["oneOf"]) && is_choice(field, "oneOf"),
        Some("string") => {
            let formats = ["email", "uri", "date", "date-time"];
            has(&["minLength", "maxLength", "format"])
                && field.get("format").is_none_or(|it| it.as_str().is_some_and(|it| formats.contains(&it)))
        }
        Some("array") => {
            let items = field.get("items").and_then(Value::as_object);
            has(&["items", "minItems", "maxItems"])
                && items.is_some_and(|items| {
                    let known = ["type", "enum", "anyOf"];
                    items.keys().all(|it| known.contains(&it.as_str())) && is_choice(items, "anyOf")
                })
        }
        _ => false,
    }
}

/// Texts to choose from, by `enum` or as `{const, title}`.
fn is_choice(field: &Map<String, Value>, titled: &str) -> bool {
    let texts = field.get("enum").and_then(Value::as_array);
    let choices = field.get(titled).and_then(Value::as_array);
    let is_titled = |it: &Value| {
        it["const"].is_string()
            && it.as_object().is_some_and(|it| it.keys().all(|key| key == "const" || key == "title"))
    };
    match (texts, choices) {
        (Some(texts), None) => texts.iter().all(Value::is_string),
        (None, Some(choices)) => choices.iter().all(is_titled),
        _ => false,
    }
}
