//! What claims mean here: which of them is a name, an address, roles, by configuration.

use serde_json::Value;

use super::{Issuer, Refusal, Token};
use crate::domain::names::{PrincipalName, is_unseen};

/// Most roles, and most groups, that are taken over.
const MOST: usize = 100;
/// How long the address of a mailbox may be, in characters.
const EMAIL: std::ops::RangeInclusive<usize> = 3..=320;

/// A person, as the issuer describes them.
#[derive(Debug, Clone)]
pub struct Person {
    /// The workspace's name.
    pub workspace: String,
    pub name: PrincipalName,
    /// `service` for a client that speaks for itself.
    pub kind: &'static str,
    /// Absent claims leave what is known; absent roles and groups are none.
    pub display_name: Option<String>,
    pub email: Option<String>,
    pub roles: Vec<String>,
    pub groups: Vec<String>,
}

impl Issuer {
    pub fn person(&self, token: &Token) -> Result<Person, Refusal> {
        let config = self.config();
        let Token { claims, subject, .. } = token;
        let text = |path: &str| lookup(claims, path).and_then(Value::as_str);
        let verified = &claims["email_verified"];
        // As a name, an address counts only if the issuer says that it is theirs; some let people type anything.
        let is_address = |path: &str| path == config.claim_email || path.rsplit('.').next() == Some("email");
        if is_address(&config.claim_principal) && !is_true(verified) {
            return Err(Refusal::Claim("email_verified"));
        }
        let name = text(&config.claim_principal).and_then(|name| PrincipalName::new(name).ok());
        let workspace = match config.claim_workspace.as_str() {
            "" => Some(config.workspace.as_str()),
            path => text(path),
        };
        let speaks_for_itself = claims["client_id"].as_str() == Some(subject);
        Ok(Person {
            // Of the same kind as principals' names, and as little to be trusted.
            workspace: workspace
                .and_then(|name| PrincipalName::new(name).ok())
                .ok_or(Refusal::Claim("for the workspace"))?
                .to_string(),
            name: name.ok_or(Refusal::Claim("for the principal's name"))?,
            kind: if speaks_for_itself { "service" } else { "person" },
            display_name: text(&config.claim_display_name).and_then(decent),
            email: text(&config.claim_email)
                .filter(|it| !is_false(verified) && it.contains('@') && EMAIL.contains(&it.chars().count()))
                .filter(|it| !it.chars().any(|c| is_unseen(c) || c.is_whitespace()))
                .map(str::to_owned),
            roles: names(lookup(claims, &config.claim_roles)),
            groups: names(lookup(claims, &config.claim_groups)),
        })
    }
}

/// To be shown beside the name, which it can't replace.
fn decent(name: &str) -> Option<String> {
    PrincipalName::new(name.trim()).ok().map(|name| name.as_str().to_owned())
}

/// Some issuers write it as a string.
fn is_true(value: &Value) -> bool {
    matches!(value, Value::Bool(true)) || value == "true"
}

fn is_false(value: &Value) -> bool {
    matches!(value, Value::Bool(false)) || value == "false"
}

/// A list of names, or one alone. What can't be a name here is nobody's role.
fn names(value: Option<&Value>) -> Vec<String> {
    let all: Vec<&str> = match value {
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(one)) => vec![one],
        _ => Vec::new(),
    };
    let mut names: Vec<String> = all
        .into_iter()
        .filter_map(|name| PrincipalName::new(name).ok())
        .map(|name| name.as_str().to_owned())
        .collect();
    names.sort_unstable();
    names.dedup();
    if names.len() > MOST {
        tracing::warn!(named = names.len(), "a token names more roles or groups than are taken over (100)");
        names.truncate(MOST);
    }
    names
}

/// The claim at a dotted path. Names may have dots themselves (`https://example.com/roles`): the longest that is there
/// wins.
pub fn lookup<'a>(claims: &'a Value, path: &str) -> Option<&'a Value> {
    if path.is_empty() {
        return None;
    }
    let object = claims.as_object()?;
    if let Some(value) = object.get(path) {
        return Some(value);
    }
    path.rmatch_indices('.').find_map(|(at, _)| lookup(object.get(&path[..at])?, &path[at + 1..]))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_lead_into_objects() {
        let claims = json!({
            "sub": "ana", "realm_access": { "roles": ["approver"] }, "https://acme.example/roles": ["a"],
            "resource_access": { "my.client": { "roles": ["b"] } }, "a": "text",
        });
        for (path, found) in [
            ("sub", Some(json!("ana"))),
            ("realm_access.roles", Some(json!(["approver"]))),
            ("https://acme.example/roles", Some(json!(["a"]))),
            ("resource_access.my.client.roles", Some(json!(["b"]))),
            ("a.b", None),
            ("", None),
            (".", None),
            ("realm_access.", None),
        ] {
            assert_eq!(lookup(&claims, path), found.as_ref(), "{path}");
        }
    }

    #[test]
    fn roles_are_names() {
        let value = json!(["b", "a", "a", 3, null, "an\u{202E}a", ""]);
        assert_eq!(names(Some(&value)), ["a", "b"]);
        assert_eq!(names(Some(&json!("one"))), ["one"]);
        assert!(names(Some(&json!({ "a": 1 }))).is_empty() && names(None).is_empty());
    }
}
