//! Which schemas are taken, which answers fit, and what is told of those that don't.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn raw(value: &Value) -> Opaque {
    RawValue::from_string(value.to_string()).unwrap()
}

/// Where and by which rule a schema is refused.
fn refused(schema: &Value) -> Vec<(String, String)> {
    let faults = check(&raw(schema), None).err().unwrap_or_default();
    faults.into_iter().map(|it| (it.pointer, it.rule.to_owned())).collect()
}

fn misfit(schema: &Value, answer: &Value) -> Vec<(String, String)> {
    assert_eq!(refused(schema), [], "{schema}");
    let faults = fits(&raw(schema), Some(&Modifications(raw(answer)))).err().unwrap_or_default();
    faults.into_iter().map(|it| (it.pointer, it.rule.to_owned())).collect()
}

fn one(pointer: &str, rule: &str) -> Vec<(String, String)> {
    vec![(pointer.to_owned(), rule.to_owned())]
}

#[test]
fn schemas_that_people_write_are_taken() {
    // As pydantic writes a model with an enumeration and a model within it.
    let pydantic = json!({
        "$defs": {
            "Level": { "enum": ["low", "high"], "title": "Level", "type": "string" },
            "Money": { "properties": { "amount": { "title": "Amount", "type": "number", "minimum": 0 },
                                       "currency": { "const": "EUR", "type": "string" } },
                       "required": ["amount"], "title": "Money", "type": "object" },
        },
        "properties": { "level": { "$ref": "#/$defs/Level", "default": "low" },
                        "money": { "anyOf": [{ "$ref": "#/$defs/Money" }, { "type": "null" }], "default": null } },
        "title": "Answer", "type": "object",
    });
    assert_eq!(misfit(&pydantic, &json!({ "level": "low", "money": { "amount": 1.5 } })), []);
    assert_eq!(misfit(&pydantic, &json!({ "level": "mid" })), one("/level", "enum"));
    assert_eq!(misfit(&pydantic, &json!({ "money": { "amount": -1 } })), one("/money", "anyOf"));
    let everything = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "title": "t", "description": "d",
        "$comment": "c", "x-order": ["a"], "minProperties": 0, "maxProperties": 9, "required": ["a"],
        "additionalProperties": false, "properties": {
            "a": { "type": ["string", "null"], "minLength": 1, "maxLength": 9, "pattern": "^[a-z]+$", "examples": ["x"] },
            "b": { "type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 10, "multipleOf": 2, "deprecated": true },
            "c": { "type": "array", "prefixItems": [true, { "const": 1 }], "items": { "enum": [1, "x"] }, "minItems": 1,
                   "maxItems": 9, "uniqueItems": true, "enumNames": ["one", "x"] },
            "d": { "if": { "type": "number" }, "then": { "maximum": 5 }, "else": { "not": { "type": "array" } } },
            "e": { "oneOf": [{ "const": "x", "title": "X" }], "readOnly": true },
            "f": { "allOf": [{ "type": "string" }, { "format": "date" }] },
        }
    });
    assert_eq!(
        misfit(
            &everything,
            &json!({ "a": null, "b": 4, "c": [2, 1, "x"], "d": 5, "e": "x", "f": "2026-11-30" })
        ),
        []
    );
    for (answer, pointer, rule) in [
        (json!({}), "", "required"),
        (json!({ "a": "x", "z": 1 }), "", "additionalProperties"),
        (json!({ "a": "X" }), "/a", "pattern"),
        (json!({ "a": "x", "b": 5 }), "/b", "multipleOf"),
        (json!({ "a": "x", "c": [2, 1, 1] }), "/c", "uniqueItems"),
        (json!({ "a": "x", "d": 6 }), "/d", "maximum"),
        (json!({ "a": "x", "f": "2026-13-01" }), "/f", "format"),
    ] {
        let told = misfit(&everything, &answer);
        assert!(told.contains(&(pointer.to_owned(), rule.to_owned())), "{answer} {told:?}");
    }
}

#[test]
fn what_would_not_be_checked_is_refused() {
    let within =
        |keyword: &str, value: Value| json!({ "type": "object", "properties": { "a": { keyword: value } } });
    for (keyword, value, rule) in [
        ("patternProperties", json!({}), "keyword"),
        ("$dynamicRef", json!("#x"), "keyword"),
        ("$id", json!("https://example.com/x"), "keyword"),
        ("$anchor", json!("x"), "keyword"),
        ("$schema", json!("https://json-schema.org/draft/2020-12/schema"), "keyword"),
        ("$defs", json!({}), "keyword"),
        ("contains", json!({}), "keyword"),
        ("unevaluatedProperties", json!(false), "keyword"),
        ("dependentRequired", json!({}), "keyword"),
        ("definitions", json!({}), "keyword"),
        ("tpye", json!("string"), "keyword"),
        ("type", json!("text"), "schema"),
        ("type", json!([]), "schema"),
        ("items", json!([{}]), "schema"),
        ("oneOf", json!([]), "schema"),
        ("required", json!("a"), "schema"),
        ("minimum", json!("1"), "schema"),
        ("multipleOf", json!(0), "schema"),
        ("minLength", json!(-1), "schema"),
        ("enum", json!([]), "schema"),
        ("format", json!("password"), "schema"),
        ("format", json!("regex"), "schema"),
        ("pattern", json!(1), "schema"),
        ("pattern", json!("x".repeat(257)), "max_length"),
        ("$ref", json!("https://example.com/schema"), "schema"),
        ("$ref", json!("file:///etc/passwd"), "schema"),
        ("$ref", json!("#/properties/a"), "schema"),
        ("$ref", json!("#"), "schema"),
        ("$ref", json!("#/$defs/none"), "schema"),
        ("uniqueItems", json!(1), "schema"),
    ] {
        let pointer = format!("/properties/a/{keyword}");
        assert_eq!(refused(&within(keyword, value.clone())), one(&pointer, rule), "{keyword} {value}");
    }
    // Patterns that need to go back, or grow too large.
    for pattern in ["(?=a)b", "(a)\\1", "(?<!a)b", "(", "((a{100}){100}){100}"] {
        let refused = refused(&within("pattern", json!(pattern)));
        assert_eq!(refused, one("/properties/a/pattern", "pattern"), "{pattern}");
    }
    let patterns: serde_json::Map<String, Value> =
        (0..17).map(|n| (format!("f{n}"), json!({ "pattern": "^a$" }))).collect();
    assert_eq!(refused(&json!({ "properties": patterns }))[0].1, "max_patterns");
    let shared = json!({ "$defs": { "p": { "pattern": "^a$" } },
                         "allOf": vec![json!({ "$ref": "#/$defs/p" }); 17] });
    assert_eq!(refused(&shared), one("", "max_patterns"), "each reference counts");
    assert_eq!(refused(&json!({ "title": "x".repeat(20_000) })), [], "its size is looked at before");
    assert_eq!(refused(&json!([])), one("", "type"));
    assert_eq!(refused(&json!(true)), one("", "type"));
    assert_eq!(refused(&json!({ "type": "array" })), one("/type", "schema"));
    assert_eq!(
        refused(&json!({ "$schema": "http://json-schema.org/draft-07/schema#" })),
        one("/$schema", "schema")
    );
}

#[test]
fn references_are_counted_and_lead_somewhere() {
    let cyclic = json!({ "$ref": "#/$defs/a", "$defs": { "a": { "items": { "$ref": "#/$defs/b" } }, "b": { "$ref": "#/$defs/a" } } });
    assert_eq!(refused(&cyclic)[0].1, "schema");
    // Each refers to the next one twice: 2^22 of the last.
    let mut doubling = json!({ "$ref": "#/$defs/d0" });
    for n in 0..22 {
        let next = json!({ "$ref": format!("#/$defs/d{}", n + 1) });
        doubling["$defs"][format!("d{n}")] = json!({ "allOf": [next, next] });
    }
    doubling["$defs"]["d22"] = json!({ "type": "object" });
    assert_eq!(refused(&doubling), one("", "max_nodes"));
    let mut chain = json!({ "$ref": "#/$defs/d0" });
    for n in 0..100 {
        chain["$defs"][format!("d{n}")] = json!({ "$ref": format!("#/$defs/d{}", n + 1) });
    }
    chain["$defs"]["d100"] = json!(true);
    assert_eq!(refused(&chain), one("", "max_depth"));
    let mut deep = json!({});
    for _ in 0..17 {
        deep = json!({ "not": deep });
    }
    assert_eq!(refused(&deep)[0].1, "max_depth");
    let named =
        json!({ "$defs": { "a/b~c": { "type": "object", "required": ["x"] } }, "$ref": "#/$defs/a~1b~0c" });
    assert_eq!(misfit(&named, &json!({})), one("", "required"));
}

/// The deepest and the widest schemas that are taken, on as much stack as a thread that serves has.
#[test]
fn what_is_taken_fits_on_a_small_stack() {
    let mut deep = json!({ "$ref": "#/$defs/d0" });
    let mut answer = json!(1);
    for n in 0..30 {
        deep["$defs"][format!("d{n}")] =
            json!({ "properties": { "a": { "$ref": format!("#/$defs/d{}", n + 1) } } });
        answer = json!({ "a": answer });
    }
    deep["$defs"]["d30"] = json!({ "type": "integer" });
    let run = move || {
        assert_eq!(misfit(&deep, &answer), []);
        let wrong = answer.to_string().replace('1', "\"x\"");
        assert_eq!(misfit(&deep, &serde_json::from_str(&wrong).unwrap())[0].1, "type");
    };
    std::thread::Builder::new().stack_size(2 * 1024 * 1024).spawn(run).unwrap().join().unwrap();
}

#[test]
fn an_answer_that_takes_long_to_check_is_refused() {
    let every = |of: Value| json!({ "properties": { "a": { "items": of } } });
    let schema = every(json!({ "allOf": vec![json!({ "type": "integer" }); 200] }));
    assert_eq!(misfit(&schema, &json!({ "a": [1, 2, 3] })), []);
    assert_eq!(misfit(&schema, &json!({ "a": vec![1; 20_000] })), one("", "cost"));
    // Names that each of many objects lacks: each would be a fault of its own.
    let names: Vec<String> = (0..2_000).map(|n| n.to_string()).collect();
    let schema = every(json!({ "required": names }));
    assert_eq!(misfit(&schema, &json!({ "a": vec![json!({}); 80_000] })), one("", "cost"));
    assert_eq!(
        misfit(&schema, &json!({ "a": vec![json!({}); 100] })),
        one("", "schema"),
        "too many to be told"
    );
    assert_eq!(misfit(&schema, &json!({ "a": [{}] })).len(), 20);
    // Choices that each of many values is compared with.
    let choices: Vec<f64> = (0..2_000).map(|n| f64::from(n) + 0.5).collect();
    assert_eq!(
        misfit(&every(json!({ "enum": choices })), &json!({ "a": vec![-1; 100_000] })),
        one("", "cost")
    );
    // Texts, and a pattern that takes many steps for each byte.
    let schema = every(json!({ "pattern": "[ab]*a[ab]{100}c" }));
    assert_eq!(misfit(&schema, &json!({ "a": ["ab".repeat(100_000)] })), one("", "cost"));
    assert_eq!(misfit(&schema, &json!({ "a": ["ab".repeat(2_000)] })), one("", "schema"));
}

#[test]
fn edits_of_a_tool_call_have_their_own_form() {
    let tool = CallerName::new("tool_call").unwrap();
    let with = |name: &str| check(&raw(&json!({ "required": [name] })), Some(&tool)).map_err(|it| it[0].rule);
    assert_eq!((with("arguments"), with("limit")), (Ok(true), Err("exclusive")));
    assert_eq!(check(&raw(&json!({})), Some(&tool)), Ok(false));
}

#[test]
fn faults_are_few_and_short() {
    let schema = json!({ "additionalProperties": { "type": "integer" } });
    let wrong: serde_json::Map<String, Value> =
        (0..50).map(|n| (format!("f{n}"), json!("x".repeat(1_000)))).collect();
    let faults = fits(&raw(&schema), Some(&Modifications(raw(&Value::Object(wrong))))).unwrap_err();
    assert_eq!(faults.len(), 20);
    assert!(faults.iter().all(|it| it.message.chars().count() <= 201), "{faults:?}");
    let none = fits(&raw(&json!({ "required": ["a"] })), None).unwrap_err();
    assert_eq!((none[0].pointer.as_str(), none[0].rule), ("", "required"), "no edits are {{}}");
}

#[test]
fn flat_forms_are_known() {
    let form = |field: Value| json!({ "type": "object", "properties": { "a": field }, "required": ["a"] });
    for field in [
        json!({ "type": "string", "title": "A", "minLength": 1, "format": "email" }),
        json!({ "type": "integer", "minimum": 0, "maximum": 5, "default": 1 }),
        json!({ "type": "boolean" }),
        json!({ "type": "string", "enum": ["a", "b"], "enumNames": ["A", "B"] }),
        json!({ "type": "string", "oneOf": [{ "const": "a", "title": "A" }] }),
        json!({ "type": "array", "items": { "type": "string", "enum": ["a"] }, "maxItems": 1 }),
        json!({ "type": "array", "items": { "anyOf": [{ "const": "a", "title": "A" }] } }),
    ] {
        assert!(is_flat(&form(field.clone())), "{field}");
    }
    for field in [
        json!({ "type": "object", "properties": {} }),
        json!({ "type": "array", "items": { "type": "string" } }),
        json!({ "type": ["string", "null"] }),
        json!({ "type": "string", "pattern": "^a$" }),
        json!({ "type": "string", "format": "uuid" }),
        json!({ "type": "integer", "multipleOf": 2 }),
        json!({ "enum": [1, 2] }),
        json!(true),
    ] {
        assert!(!is_flat(&form(field.clone())), "{field}");
    }
    assert!(!is_flat(&json!({ "type": "object" })));
}

fn json() -> impl Strategy<Value = Value> {
    let words = prop::sample::select(vec![
        "type",
        "$ref",
        "$defs",
        "properties",
        "items",
        "allOf",
        "anyOf",
        "not",
        "enum",
        "required",
        "minimum",
        "pattern",
        "format",
        "object",
        "string",
        "#/$defs/type",
        "#/$defs/items",
        "^a+$",
        "date",
        "a",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        words.clone().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 60, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((words.clone(), inner), 0..5).prop_map(|fields| fields
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect()),
        ]
    })
}

proptest! {
    /// Whatever comes: it is refused, or answers are checked by it. Nothing panics, and nothing that passed can't be built.
    #[test]
    fn any_json_is_refused_or_checks_answers(schema in json(), answer in json()) {
        let raw_schema = raw(&schema);
        if check(&raw_schema, None).is_ok() {
            let _ = fits(&raw_schema, Some(&Modifications(raw(&answer))));
            let _ = is_flat(&schema);
        }
    }
}
