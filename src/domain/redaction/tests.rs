//! What is taken out, and what stays: keys, patterns, limits, and that a planted value is nowhere.

use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// Made once: its patterns take their time.
static DEFAULT: LazyLock<Redactor> = LazyLock::new(|| Redactor::new(&Redaction::default()));

fn default() -> &'static Redactor {
    &DEFAULT
}

fn own(keys: &[&str], patterns: &[&str]) -> Redactor {
    let list = |it: &[&str]| Some(it.iter().map(|it| (*it).to_owned()).collect());
    Redactor::new(&Redaction { keys: list(keys), patterns: list(patterns), store: false })
}

/// Whether these may be set together.
fn counted(patterns: &[&str]) -> Result<(), InvalidPattern> {
    let mut together = 0;
    patterns.iter().try_for_each(|it| Pattern::new(it)?.counted(&mut together))
}

#[test]
fn the_defaults_are_good() {
    for text in DEFAULT_PATTERNS {
        assert!(text.len() <= LONGEST_PATTERN);
    }
    assert_eq!(counted(&DEFAULT_PATTERNS), Ok(()));
    assert!(DEFAULT_KEYS.len() <= MOST_KEYS && DEFAULT_PATTERNS.len() <= MOST_PATTERNS);
}

#[test]
fn secrets_in_texts_are_taken_out_and_the_rest_stays() {
    let key = format!("so_abcdefghijkl_{}", "x".repeat(43));
    for (text, clean) in [
        ("Authorization: Bearer abcdef123456 end", "Authorization: [redacted] end"),
        ("psql postgres://app:hunter2@db/x", "psql postgres:[redacted]db/x"),
        ("xoxb-1234567890-abc", "[redacted]"),
        ("AKIAIOSFODNN7EXAMPLE!", "[redacted]!"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- x", "[redacted] x"),
        ("take eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc now", "take [redacted] now"),
        (key.as_str(), "[redacted]"),
        ("the bearer of this", "the bearer of this"),
        ("https://example.com/a:b@c", "https://example.com/a:b@c"),
        ("", ""),
    ] {
        assert_eq!(default().text(text), clean, "{text}");
    }
}

#[test]
fn fields_are_taken_out_at_any_depth_and_the_rest_stays_as_it_was_written() {
    let text = r#"{ "b" : 1.50, "a": {"Password":"x", "deep":[{"api-key": {"v": [1,"}"]}}, 2 ]},
        "note": "caf\u00e9", "token" : null , "args": "{\"secret\": 1, \"n\": 2}" }"#;
    let clean = r#"{ "b" : 1.50, "a": {"Password":"[redacted]", "deep":[{"api-key": "[redacted]"}, 2 ]},
        "note": "caf\u00e9", "token" : "[redacted]" , "args": "{\"secret\": \"[redacted]\", \"n\": 2}" }"#;
    assert_eq!(default().json(text), clean);
    assert!(matches!(default().json(r#"{"a": [1, "b", {}]}"#), Cow::Borrowed(_)));
}

#[test]
fn what_a_workspace_sets_takes_the_place_of_the_defaults() {
    let redactor = own(&["iban"], &[r"\d{4}-\d{4}"]);
    let clean = redactor.json(r#"{"IBAN": 1, "password": "p", "x": "1234-5678 and 9"}"#);
    assert_eq!(clean, r#"{"IBAN": "[redacted]", "password": "p", "x": "[redacted] and 9"}"#);
    assert_eq!(own(&[], &[]).json(r#"{"password": "p"}"#), r#"{"password": "p"}"#);
    assert_eq!(own(&[], &["(unread"]).text("anything"), REDACTED, "what can't be told apart is not shown");
}

#[test]
fn matches_that_touch_are_one() {
    assert_eq!(own(&[], &["[0-9]"]).text("a123b4"), "a[redacted]b[redacted]");
    assert_eq!(own(&[], &["abc", "bcd"]).text("xabcdx"), "x[redacted]x");
}

#[test]
fn patterns_that_can_not_be_used_are_refused() {
    assert!(matches!(Pattern::new("("), Err(InvalidPattern::Syntax(why)) if why == "unclosed group"));
    assert_eq!(Pattern::new("x*").unwrap_err(), InvalidPattern::Empty);
    assert_eq!(Pattern::new(r"\w{500}").unwrap_err(), InvalidPattern::TooLarge);
    assert_eq!(Pattern::new("(a{1000}){1000}").unwrap_err(), InvalidPattern::TooLarge);
    Pattern::new(r"\d{4}[ -]?\d{4}[ -]?\d{4}[ -]?\d{4}").unwrap();
}

#[test]
fn patterns_of_one_setting_stay_small_together() {
    assert_eq!(counted(&[r"\w{2}"; 2]), Ok(()));
    assert_eq!(counted(&[r"\w{2}"; MOST_PATTERNS]), Err(InvalidPattern::TooLargeTogether));
    // Each has groups, and many characters for the engine that would find them.
    let groups: String = ('!'..='~').filter(char::is_ascii_alphanumeric).collect();
    let groups = format!("({groups}){{15}}");
    assert_eq!(counted(&[groups.as_str(); 4]), Ok(()));
    for patterns in [vec![r"\w{2}"; 5], vec![groups.as_str(); 4], vec!["x"; MOST_PATTERNS]] {
        let memory = own(&[], &patterns).memory();
        assert!(memory < 6 * 1024 * 1024, "{memory}");
    }
}

/// Some JSON, with a value planted under a key that is hidden.
fn planted() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[ -~\u{e9}\u{1F600}]{0,12}".prop_map(Value::from),
    ];
    let tree = leaf.prop_recursive(4, 24, 4, |inner| {
        let fields = prop::collection::btree_map("[a-z\"\\\\ ]{0,6}", inner.clone(), 0..4);
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Value::from),
            fields.prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    });
    (prop::collection::vec(tree, 1..4), "[a-z]{0,3}", any::<bool>()).prop_map(|(trees, before, is_nested)| {
        let hidden = json!({ format!("{before}Password"): ["PLANTED", { "x": "PLANTED" }] });
        let hidden = if is_nested { json!(hidden.to_string()) } else { hidden };
        let mut whole: Vec<Value> = trees;
        whole.insert(whole.len() / 2, hidden);
        json!({ "list": whole })
    })
}

proptest! {
    #[test]
    fn a_planted_value_is_nowhere_and_all_else_is_there(value in planted()) {
        let text = value.to_string();
        let clean = default().json(&text).into_owned();
        prop_assert!(!clean.contains("PLANTED"), "{clean}");
        let read: Value = serde_json::from_str(&clean).unwrap();
        let (before, after) = (value["list"].as_array().unwrap(), read["list"].as_array().unwrap());
        prop_assert_eq!(before.len(), after.len());
        let changed = before.iter().zip(after).filter(|(one, other)| one != other).count();
        prop_assert_eq!(changed, 1);
    }

    #[test]
    fn no_text_makes_it_fail(text in "[\\[\\]{}:,\"\\\\a1 ]{0,60}") {
        let clean = default().json(&text);
        prop_assert_eq!(&*clean, text.as_str());
    }
}
