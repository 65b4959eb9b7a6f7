//! Signing in and out: sessions of browsers, and what programs need to know to sign in elsewhere.

pub mod configuration;
pub mod session;
pub mod sign_in;
pub mod workspaces;

use axum::{
    http::{HeaderMap, HeaderValue, header, request::Parts},
    response::{IntoResponse, Response},
};

use super::{Api, admission::Admission};
use crate::{auth::Rejection, wire::problem::Problem};

/// Nothing of this is for caches, nor is an address with a code in it for the next page.
fn private(mut response: Response, cookies: impl IntoIterator<Item = Option<HeaderValue>>) -> Response {
    let headers: &mut HeaderMap = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    for cookie in cookies.into_iter().flatten() {
        headers.append(header::SET_COOKIE, cookie);
    }
    response
}

/// What a sign-in that failed is answered with: the one place that each of them passes. It counts as a credential
/// that was refused, unless it is we, or the issuer, who can't tell.
async fn failed(api: &Api, parts: &Parts, rejection: Rejection) -> Result<Response, Problem> {
    let is_known_to_be_bad = !matches!(
        rejection,
        Rejection::Unavailable(_) | Rejection::IssuerUnavailable(_) | Rejection::TooSoon { .. }
    );
    if is_known_to_be_bad {
        Admission::of(parts)?.failed_to_sign_in(api).await?;
    }
    Ok(private(Problem::from(rejection).into_response(), []))
}
