//! Blocking until an approval has ended.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{FromRequestParts, Query, State},
    http::{HeaderMap, HeaderValue, Uri, header, request::Parts},
    response::Response,
};

use crate::{
    approvals::wait::Waited,
    auth::Caller,
    domain::approval::{Approval, State as ApprovalState},
    http::{
        Api,
        caller::{May, Needs, ViewPending},
        path::IdPath,
        respond,
    },
    wire::{
        approval::ApprovalView,
        problem::{Code, Problem, Violation},
    },
};

/// How long a wait is held without a word about it, and at most: load balancers cut at 60 s.
const DEFAULT: u64 = 30;
const MOST: u64 = 55;

/// Wait for an outcome
///
/// Answers as soon as the approval has ended, on whichever instance that happened. Still pending when the time is
/// over: the approval as it stands and `Retry-After: 0`; ask again. A time-out or a lost connection changes nothing.
#[utoipa::path(
    get, path = "/api/v1/approvals/{id}/wait", tag = "approvals",
    security(("key" = ["approval:view:pending"])),
    params(
        ("id" = uuid::Uuid, Path, description = "The approval's id"),
        ("timeout" = Option<u64>, Query, description = "Seconds to hold, capped at 55; default 30. Wins over Prefer."),
        ("Prefer" = Option<String>, Header, description = "RFC 7240", example = "wait=30"),
    ),
    responses((
        status = 200, body = ApprovalView,
        headers(
            ("ETag", description = "Its version"),
            ("Retry-After", description = "Present while it is pending: 0 to ask again at once, 1 when this instance is going away"),
        )
    ))
)]
pub async fn wait(
    State(api): State<Api>,
    may: May<ViewPending>,
    IdPath(id): IdPath,
    Patience(patience): Patience,
) -> Result<Response, Problem> {
    // Nothing else of the request is kept while it sleeps: its head would keep the buffer alive that it was read into.
    let established = may.into_established();
    let caller = established.caller();
    let waited = Box::pin(api.approvals.wait(caller.workspace, id, patience)).await?;
    Box::pin(still_may(&api, caller)).await?;
    Ok(match waited {
        Waited::Final { approval, woken } => {
            if woken {
                observe_latency(&api, &approval);
            }
            respond::shown(&api, &approval)?
        }
        Waited::Pending(approval) => retry(&api, &approval, "0")?,
        Waited::Draining(approval) => {
            let mut response = retry(&api, &approval, "1")?;
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            response
        }
    })
}

/// Whether the caller may still see it: the credential may have been withdrawn while it slept. Known without asking
/// where it was looked up in the last seconds, for this call or any other.
async fn still_may(api: &Api, caller: &Caller) -> Result<(), Problem> {
    let now = api.authenticator.again(caller).await?;
    if now.may(ViewPending::PERMISSION) { Ok(()) } else { Err(Problem::forbidden(ViewPending::PERMISSION)) }
}

fn retry(api: &Api, approval: &Arc<Approval>, after: &'static str) -> Result<Response, Problem> {
    let mut response = respond::shown(api, approval)?;
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(after));
    Ok(response)
}

fn observe_latency(api: &Api, approval: &Approval) {
    if let (ApprovalState::Final { at, .. }, Some(now)) = (&approval.state, api.clock.now()) {
        api.metrics.wake_latency((now - *at).to_std().unwrap_or_default());
    }
}

/// How long the caller wants to wait.
pub struct Patience(Duration);

impl<S: Sync> FromRequestParts<S> for Patience {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        patience(&parts.uri, &parts.headers).map(Self)
    }
}

/// The query's word, else the header's, else the default.
fn patience(uri: &Uri, headers: &HeaderMap) -> Result<Duration, Problem> {
    // What can't be read was refused with the names.
    let pairs =
        Query::<Vec<(String, String)>>::try_from_uri(uri).map(|Query(pairs)| pairs).unwrap_or_default();
    let mut timeouts = pairs.iter().filter(|(name, _)| name == "timeout").map(|(_, value)| value.as_str());
    let seconds = match (timeouts.next(), timeouts.next()) {
        // More digits than a number holds are more than the cap.
        (Some(text), None) if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => {
            text.parse().unwrap_or(MOST)
        }
        (Some(_), None) => {
            let message = "must be a whole number of seconds, 0 or more";
            return Err(Problem::about(Code::Invalid, vec![Violation::new("?timeout", "integer", message)]));
        }
        (Some(_), Some(_)) => {
            let message = "must be given once";
            return Err(Problem::about(Code::Invalid, vec![Violation::new("?timeout", "once", message)]));
        }
        (None, _) => preferred(headers).unwrap_or(DEFAULT),
    };
    Ok(Duration::from_secs(seconds.min(MOST)))
}

/// `wait=N` among the preferences; anything else is ignored, as RFC 7240 asks.
fn preferred(headers: &HeaderMap) -> Option<u64> {
    headers
        .get_all("prefer")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .find_map(|preference| {
            let (name, value) = preference.split(';').next()?.split_once('=')?;
            let value = value.trim().trim_matches('"');
            if name.trim().eq_ignore_ascii_case("wait") { value.parse().ok() } else { None }
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(uri: &str, prefer: Option<&'static str>) -> Option<u64> {
        let mut headers = HeaderMap::new();
        if let Some(prefer) = prefer {
            headers.insert("prefer", HeaderValue::from_static(prefer));
        }
        patience(&uri.parse().unwrap(), &headers).ok().map(|it| it.as_secs())
    }

    #[test]
    fn how_long_to_hold() {
        for (uri, prefer, expected) in [
            ("/x", None, Some(30)),
            ("/x?timeout=7", None, Some(7)),
            ("/x?timeout=7", Some("wait=9"), Some(7)),
            ("/x?timeout=0", None, Some(0)),
            ("/x?timeout=900", None, Some(55)),
            ("/x?timeout=99999999999999999999999", None, Some(55)),
            ("/x?timeout=-1", None, None),
            ("/x?timeout=1.5", None, None),
            ("/x?timeout=", None, None),
            ("/x?timeout", None, None),
            ("/x?timeout=1&timeout=2", None, None),
            ("/x", Some("respond-async, wait=9"), Some(9)),
            ("/x", Some("Wait=\"9\"; x=y"), Some(9)),
            ("/x", Some("wait=soon"), Some(30)),
            ("/x", Some("wait=-4"), Some(30)),
        ] {
            assert_eq!(seconds(uri, prefer), expected, "{uri} {prefer:?}");
        }
    }
}
