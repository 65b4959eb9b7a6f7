//! A key that makes a repeated create harmless, and the body that it stands for.
//!
//! Two bodies are the same if they ask for the same: white space and the order of keys don't matter, and a default
//! that is spelt out is as good as one that is left out.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{
    create::DEFAULT_TIMEOUT,
    problem::{Code, Problem, Violation},
};
use crate::domain::approval::{Idempotency, TimeoutAction};

/// The key together with its body, if the key is a decent one. `pointer` says where the caller wrote the key.
pub fn idempotency(pointer: &str, key: &str, body: &[u8]) -> Result<Idempotency, Problem> {
    if !(1..=255).contains(&key.len()) || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        let message = "must have 1 to 255 visible ASCII characters";
        return Err(Problem::about(Code::Invalid, vec![Violation::new(pointer, "characters", message)]));
    }
    let body: Value =
        serde_json::from_slice(body).map_err(|error| Problem::new(Code::Malformed, error.to_string()))?;
    let as_sent = hash(&body);
    Ok(Idempotency { key: key.to_owned(), meaning: hash(&without_defaults(body)), as_sent })
}

fn hash(body: &Value) -> [u8; 32] {
    Sha256::digest(body.to_string()).into()
}

/// The body without what would be so anyway.
fn without_defaults(body: Value) -> Value {
    let Value::Object(mut fields) = body else { return body };
    if let Some(Value::Object(policy)) = fields.get_mut("policy") {
        drop_from_policy(policy);
    }
    // A level lasts as long as the first one, unless it says otherwise.
    let timeout = fields.get("timeout_seconds").filter(|it| !it.is_null());
    let after = json!({ "after_seconds": timeout.cloned().unwrap_or_else(|| DEFAULT_TIMEOUT.into()) });
    for level in objects_in(&mut fields, "escalation") {
        if let Some(Value::Object(policy)) = level.get_mut("policy") {
            drop_from_policy(policy);
        }
        drop_defaults(level, &after);
    }
    let task = fields.get("run_id").cloned();
    drop_defaults(
        &mut fields,
        &json!({
            "task_id": task, "timeout_seconds": DEFAULT_TIMEOUT, "policy": {}, "metadata": {},
            "timeout_action": TimeoutAction::default().as_str(), "remind_before_seconds": [], "executors": [], "view": {}
        }),
    );
    Value::Object(fields)
}

/// A policy in either form: its options, and the tree whose root it is.
fn drop_from_policy(policy: &mut Map<String, Value>) {
    drop_defaults(
        policy,
        &json!({
            "min_approvers": 1, "require_all": false, "allow_self_approval": false, "rejections_to_reject": 1,
            "allow_services": false, "check_membership": false, "require_digest": false
        }),
    );
    if let Some(Value::Object(veto)) = policy.get_mut("veto") {
        drop_defaults(veto, &json!({}));
    }
    if let Some(Value::Object(extension)) = policy.get_mut("extension") {
        drop_defaults(extension, &json!({ "by": ["approvers"] }));
    }
    drop_from_node(policy);
}

/// The nesting is bounded, as that of any body is.
fn drop_from_node(node: &mut Map<String, Value>) {
    drop_defaults(node, &json!({}));
    // Alone, the number is what makes it a leaf.
    if ["people", "roles", "groups", "label"].iter().any(|name| node.contains_key(*name)) {
        drop_defaults(node, &json!({ "count": 1 }));
    }
    for list in ["all_of", "any_of", "k_of"] {
        objects_in(node, list).for_each(drop_from_node);
    }
}

/// The objects of a list.
fn objects_in<'a>(
    fields: &'a mut Map<String, Value>,
    list: &str,
) -> impl Iterator<Item = &'a mut Map<String, Value>> {
    let items = fields.get_mut(list).and_then(Value::as_array_mut);
    items.into_iter().flatten().filter_map(Value::as_object_mut)
}

/// Null is as good as left out, too.
fn drop_defaults(fields: &mut Map<String, Value>, defaults: &Value) {
    fields.retain(|name, value| !value.is_null() && defaults.get(name) != Some(value));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hashed(body: &Value) -> [u8; 32] {
        idempotency("", "k", body.to_string().as_bytes()).unwrap().meaning
    }

    #[test]
    fn defaults_that_are_spelt_out_are_the_same_body() {
        let short = json!({ "run_id": "r", "approval_type": "x", "context": { "a": null } });
        let long = json!({
            "run_id": "r", "approval_type": "x", "context": { "a": null }, "task_id": "r", "session_id": null,
            "title": null, "timeout_seconds": 300, "timeout_action": "expire", "metadata": {},
            "policy": { "min_approvers": 1, "allowed_approvers": null, "require_all": false,
                        "allow_self_approval": false, "rejections_to_reject": 1 }
        });
        assert_eq!(hashed(&short), hashed(&long));
    }

    /// A whole request, in as few words as there are, and with every default spelt out.
    fn short_and_long(timeout: Option<i64>) -> (Value, Value) {
        let mut short = json!({
            "run_id": "r", "approval_type": "x", "context": {}, "timeout_action": "escalate",
            "policy": {
                "all_of": [{ "groups": ["a"] }, { "any_of": [{ "count": 1 }, { "k_of": [{ "label": "x" }], "k": 1 }] }],
                "veto": { "groups": ["a"] }, "extension": { "max_seconds": 60 }
            },
            "escalation": [{ "policy": { "allowed_roles": ["a"], "extension": { "max_seconds": 9 } } }, { "policy": {} }]
        });
        let leaf = |of: Value| {
            let mut leaf = json!({
                "all_of": null, "any_of": null, "k_of": null, "k": null, "people": null, "roles": null,
                "groups": null, "label": null, "count": 1
            });
            let (Value::Object(whole), Value::Object(of)) = (&mut leaf, of) else { unreachable!() };
            whole.extend(of);
            leaf
        };
        let after = timeout.unwrap_or(300);
        let mut long = json!({
            "run_id": "r", "approval_type": "x", "context": {}, "timeout_action": "escalate", "timeout_seconds": after,
            "remind_before_seconds": [],
            "policy": {
                "all_of": [
                    leaf(json!({ "groups": ["a"] })),
                    { "all_of": null, "count": null, "any_of": [
                        leaf(json!({})), { "k_of": [leaf(json!({ "label": "x" }))], "k": 1, "people": null }
                    ] }
                ],
                "any_of": null, "count": null, "label": null, "min_approvers": null, "rejections_to_reject": 1,
                "veto": { "people": null, "roles": null, "groups": ["a"] },
                "extension": { "max_seconds": 60, "by": ["approvers"] }
            },
            "escalation": [
                { "after_seconds": after, "label": null, "policy": {
                    "min_approvers": 1, "allowed_roles": ["a"], "require_all": false, "check_membership": false,
                    "extension": { "max_seconds": 9, "by": ["approvers"] }, "veto": null
                } },
                { "after_seconds": null, "policy": { "allow_services": false } }
            ]
        });
        if let Some(timeout) = timeout {
            short["timeout_seconds"] = timeout.into();
            long["timeout_seconds"] = timeout.into();
        }
        (short, long)
    }

    #[test]
    fn defaults_of_trees_and_levels_are_the_same_body() {
        for timeout in [None, Some(300), Some(600)] {
            let (short, long) = short_and_long(timeout);
            assert_eq!(hashed(&short), hashed(&long), "{timeout:?}");
        }
        let leaf = |policy: Value| {
            hashed(&json!({ "run_id": "r", "approval_type": "x", "context": {}, "policy": policy }))
        };
        assert_eq!(leaf(json!({ "groups": ["a"] })), leaf(json!({ "groups": ["a"], "count": 1 })));
        assert_eq!(leaf(json!({ "extension": null })), leaf(json!({})));
    }

    #[test]
    fn trees_and_levels_that_ask_for_something_else_are_other_bodies() {
        let (base, _) = short_and_long(None);
        for (pointer, value) in [
            ("/policy/all_of/0/groups", json!(["b"])),
            ("/policy/all_of/0", json!({ "groups": ["a"], "count": 2 })),
            ("/policy/all_of/1/any_of/0/count", json!(2)),
            ("/policy/all_of/1/any_of/1/k", json!(2)),
            ("/policy/veto", json!({ "groups": ["a"], "people": [] })),
            ("/policy/extension", json!({ "max_seconds": 60, "by": ["requester"] })),
            ("/policy/extension", json!({ "max_seconds": 60, "by": ["approvers", "requester"] })),
            ("/policy/extension", json!({ "max_seconds": 61 })),
            ("/escalation/0", json!({ "policy": { "allowed_roles": ["a"] }, "after_seconds": 301 })),
            ("/escalation/1/policy", json!({ "min_approvers": 2 })),
            ("/escalation/1", json!({ "policy": {}, "label": "x" })),
        ] {
            let mut other = base.clone();
            *other.pointer_mut(pointer).unwrap() = value;
            assert_ne!(hashed(&base), hashed(&other), "{other}");
        }
        let mut other = base.clone();
        other["remind_before_seconds"] = json!([60]);
        assert_ne!(hashed(&base), hashed(&other), "{other}");
        // The levels last as long as the first one where they say nothing.
        let mut other = base.clone();
        other["timeout_seconds"] = 600.into();
        other["escalation"][0]["after_seconds"] = 300.into();
        let mut same = base.clone();
        same["timeout_seconds"] = 600.into();
        assert_ne!(hashed(&same), hashed(&other), "{other}");
    }

    #[test]
    fn what_asks_for_something_else_is_another_body() {
        let base = json!({ "run_id": "r", "approval_type": "x", "context": {} });
        for (field, value) in [
            ("context", json!({ "a": null })),
            ("timeout_seconds", json!(301)),
            ("metadata", json!({ "a": 1 })),
            ("task_id", json!("t")),
            ("policy", json!({ "min_approvers": 2 })),
            ("policy", json!({ "allowed_approvers": [] })),
            ("title", json!("")),
        ] {
            let mut other = base.clone();
            other[field] = value;
            assert_ne!(hashed(&base), hashed(&other), "{other}");
        }
    }
}
