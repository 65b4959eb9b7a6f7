//! A key that makes a repeated create harmless, and the body that it stands for.
//!
//! Two bodies are the same if they ask for the same: white space and the order of keys don't matter, and a default
//! that is spelt out is as good as one that is left out.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{
    create::DEFAULT_TIMEOUT,
    problem::{Code, Problem},
    validate::Violation,
};
use crate::{domain::approval::TimeoutAction, store::creation::Idempotency};

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
        drop_defaults(
            policy,
            &json!({
                "min_approvers": 1, "require_all": false, "allow_self_approval": false, "rejections_to_reject": 1,
                "allow_services": false, "check_membership": false
            }),
        );
    }
    let task = fields.get("run_id").cloned();
    drop_defaults(
        &mut fields,
        &json!({
            "task_id": task, "timeout_seconds": DEFAULT_TIMEOUT, "policy": {}, "metadata": {},
            "timeout_action": TimeoutAction::default().as_str()
        }),
    );
    Value::Object(fields)
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
