//! The names that may stand behind the question mark: for each call those that the OpenAPI document describes. Another
//! name is refused, for a misspelt one would be a wish that is passed over in silence.

use std::{collections::HashMap, sync::Arc};

use axum::{
    extract::{FromRequestParts, MatchedPath, Query},
    http::{Method, request::Parts},
};
use utoipa::openapi::{
    OpenApi, RefOr,
    path::{Operation, ParameterIn},
};

use super::Api;
use crate::wire::problem::{Code, Problem, Violation};

/// As alike as this, and one may have been meant for the other (Jaro-Winkler, 0 to 1).
const ALIKE: f64 = 0.8;

/// What each call takes, by route and method. Clones are the same.
#[derive(Clone)]
pub struct Names(Arc<HashMap<(String, Method), Vec<String>>>);

impl Names {
    pub fn of(document: &OpenApi) -> Self {
        let mut names = HashMap::new();
        for (path, item) in &document.paths.paths {
            for (method, operation) in [
                (Method::GET, &item.get),
                (Method::POST, &item.post),
                (Method::PUT, &item.put),
                (Method::PATCH, &item.patch),
                (Method::DELETE, &item.delete),
            ] {
                if let Some(operation) = operation {
                    names.insert((path.clone(), method), of_query(operation));
                }
            }
        }
        Self(Arc::new(names))
    }

    /// Refuses what this call doesn't take.
    pub fn check(&self, parts: &Parts) -> Result<(), Problem> {
        let Some(route) = parts.extensions.get::<MatchedPath>() else { return Ok(()) };
        // What GET takes, HEAD takes.
        let method = if parts.method == Method::HEAD { Method::GET } else { parts.method.clone() };
        match self.0.get(&(route.as_str().to_owned(), method)) {
            Some(known) => check(parts, known),
            None => Ok(()),
        }
    }
}

/// Refuses all names but these.
pub fn check(parts: &Parts, known: &[impl AsRef<str>]) -> Result<(), Problem> {
    let Ok(Query(pairs)) = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri) else {
        let message = "can't be read: write name=value, joined by &, percent-encoded";
        return Err(Problem::about(Code::Invalid, vec![Violation::new("?", "query", message)]));
    };
    let unknown = pairs.iter().filter(|(name, _)| !known.iter().any(|it| it.as_ref() == name));
    let violations: Vec<Violation> = unknown
        .map(|(name, _)| Violation::new(format!("?{name}"), "unknown_parameter", explain(name, known)))
        .collect();
    if violations.is_empty() { Ok(()) } else { Err(Problem::about(Code::Invalid, violations)) }
}

fn explain(name: &str, known: &[impl AsRef<str>]) -> String {
    let known: Vec<&str> = known.iter().map(AsRef::as_ref).collect();
    if let Some(near) = nearest(name, &known) {
        return format!("is not a name that this call takes; did you mean {near}?");
    }
    match known[..] {
        [] => "is not a name that this call takes; it takes none".to_owned(),
        _ => format!("is not a name that this call takes; it takes {}", known.join(", ")),
    }
}

/// The name that was meant, if one is near enough.
fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let name = name.to_lowercase();
    let contained = known.iter().find(|it| name.contains(**it) || (name.len() > 2 && it.contains(&name)));
    let alike = || {
        let scored = known.iter().map(|it| (strsim::jaro_winkler(&name, it), *it));
        scored.filter(|(alike, _)| *alike > ALIKE).max_by(|one, other| one.0.total_cmp(&other.0))
    };
    contained.copied().or_else(|| alike().map(|(_, it)| it))
}

fn of_query(operation: &Operation) -> Vec<String> {
    let parameters = operation.parameters.iter().flatten();
    let query = parameters.filter_map(|it| match it {
        RefOr::T(parameter) if parameter.parameter_in == ParameterIn::Query => Some(parameter.name.clone()),
        _ => None,
    });
    query.collect()
}

/// For calls without a caller; the others are checked when their caller is known.
pub struct KnownNames;

impl FromRequestParts<Api> for KnownNames {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        api.names.check(parts).map(|()| Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_near_name_is_told() {
        let wait = &["timeout"][..];
        let list =
            &["run_id", "session_id", "task_id", "approval_type", "approver", "q", "sort", "limit"][..];
        for (name, known, near) in [
            ("timeout_seconds", wait, Some("timeout")),
            ("Timeout", wait, Some("timeout")),
            ("time", wait, Some("timeout")),
            ("timout", wait, Some("timeout")),
            ("x", wait, None),
            ("limits", list, Some("limit")),
            ("lmit", list, Some("limit")),
            ("runid", list, Some("run_id")),
            ("colour", list, None),
            ("anything", &[], None),
        ] {
            assert_eq!(nearest(name, known), near, "{name}");
        }
    }

    #[test]
    fn every_documented_call_has_its_names() {
        let names = Names::of(&crate::http::document());
        let of = |path: &str, method| names.0.get(&(path.to_owned(), method)).cloned();
        assert_eq!(of("/api/v1/approvals/{id}/wait", Method::GET), Some(vec!["timeout".to_owned()]));
        assert_eq!(of("/api/v1/approvals", Method::POST), Some(vec![]));
        assert!(of("/api/v1/approvals/history", Method::GET).unwrap().contains(&"decided_by".to_owned()));
    }
}
