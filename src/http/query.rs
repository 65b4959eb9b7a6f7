//! What stands behind the question mark, and what all lists have in common.

use std::collections::{BTreeSet, HashSet};

use axum::{
    extract::{FromRequestParts, Query},
    http::request::Parts,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Datelike, Utc};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    store::approvals::Extent,
    wire::{
        problem::{Code, Problem, Violation},
        validate::Check,
    },
};

const DEFAULT_LIMIT: i64 = 50;
const MAX_LIMIT: i64 = 200;
/// Longest text to search for, in characters.
const MAX_TEXT: usize = 200;

/// Parameters of a known shape; others are refused.
pub struct Params<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        refuse_nul(parts)?;
        let query = Query::<T>::from_request_parts(parts, state).await;
        match query {
            Ok(Query(params)) => Ok(Self(params)),
            Err(error) => {
                let mut check = Check::default();
                given_once(&mut check, &pairs(parts).unwrap_or_default());
                check.finish()?;
                Err(Problem::about(Code::Invalid, vec![Violation::new("?", "query", error.body_text())]))
            }
        }
    }
}

/// Names and values as they stand there, unless it is no query at all.
pub fn pairs(parts: &Parts) -> Option<Vec<(String, String)>> {
    Query::try_from_uri(&parts.uri).ok().map(|Query(pairs)| pairs)
}

/// Refuses names that are there more than once: no value of theirs is the right one.
pub fn given_once(check: &mut Check, pairs: &[(String, String)]) {
    let mut seen = HashSet::new();
    let doubled: BTreeSet<&str> =
        pairs.iter().map(|(name, _)| name.as_str()).filter(|name| !seen.insert(*name)).collect();
    for name in doubled {
        check.fail(format!("?{name}"), "once", "must be given once");
    }
}

/// Postgres holds no U+0000 in a text. Bodies can't bring one either.
pub fn refuse_nul(parts: &Parts) -> Result<(), Problem> {
    // What is no query at all is told where it is parsed.
    let Some(pairs) = pairs(parts) else { return Ok(()) };
    let mut check = Check::default();
    for (name, _) in pairs.iter().filter(|(name, value)| name.contains('\0') || value.contains('\0')) {
        check.fail(format!("?{}", name.replace('\0', "")), "characters", "must not hold U+0000");
    }
    check.finish()
}

/// How many items a page may have.
pub fn limit(check: &mut Check, text: Option<&str>) -> i64 {
    let number = text.map(|text| text.parse().unwrap_or(0));
    check.range("?limit", number, (1, MAX_LIMIT), DEFAULT_LIMIT)
}

/// How much of each approval a list shows.
pub fn extent(check: &mut Check, text: Option<&str>) -> Extent {
    match text {
        None | Some("full") => Extent::Whole,
        Some("summary") => Extent::Brief,
        Some(_) => {
            check.fail("?view", "choice", "must be full or summary");
            Extent::Whole
        }
    }
}

/// A text to search for.
pub fn text(check: &mut Check, pointer: &str, text: Option<&String>) {
    check.text(pointer, text, MAX_TEXT);
}

/// A time, if it is given.
pub fn time(check: &mut Check, pointer: &str, text: Option<&str>) -> Option<DateTime<Utc>> {
    let time = DateTime::parse_from_rfc3339(text?).ok().map(|time| time.to_utc()).filter(is_within_reach);
    if time.is_none() {
        check.fail(pointer, "time", "must be a time like 2026-11-21T12:00:00Z");
    }
    time
}

/// Whether Postgres calls it a time.
pub fn is_within_reach(time: &DateTime<Utc>) -> bool {
    (1..=9999).contains(&time.year())
}

/// Where a page ended, as callers get it: nothing to look into.
pub fn encode_cursor(cursor: &impl Serialize) -> Result<String, Problem> {
    match serde_json::to_vec(cursor) {
        Ok(json) => Ok(URL_SAFE_NO_PAD.encode(json)),
        Err(error) => Err(Problem::new(Code::Internal, format!("the cursor: {error}"))),
    }
}

/// What a cursor says, if it is one.
pub fn decode_cursor<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}
