//! What stands behind the question mark, and what all lists have in common.

use axum::{
    extract::{FromRequestParts, Query},
    http::request::Parts,
};
use serde::de::DeserializeOwned;

use crate::wire::{
    problem::{Code, Problem},
    validate::{Check, Violation},
};

const DEFAULT_LIMIT: i64 = 50;
const MAX_LIMIT: i64 = 200;

/// Parameters of a known shape; others are refused.
pub struct Params<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = Query::<T>::from_request_parts(parts, state).await;
        query.map(|Query(params)| Self(params)).map_err(|error| {
            Problem::about(Code::Invalid, vec![Violation::new("?", "query", error.body_text())])
        })
    }
}

/// How many items a page may have.
pub fn limit(check: &mut Check, text: Option<&str>) -> i64 {
    let number = text.map(|text| text.parse().unwrap_or(0));
    check.range("?limit", number, (1, MAX_LIMIT), DEFAULT_LIMIT)
}
