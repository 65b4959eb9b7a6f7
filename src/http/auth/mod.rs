//! Signing in and out: sessions of browsers, and what programs need to know to sign in elsewhere.

pub mod configuration;
pub mod session;
pub mod sign_in;

use axum::{
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};

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

/// What a sign-in that failed is answered with: the one place that each of them passes.
fn failed(rejection: Rejection) -> Response {
    private(Problem::from(rejection).into_response(), [])
}
