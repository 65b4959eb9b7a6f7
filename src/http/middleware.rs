//! What happens around every request: ids, where it comes from, a refusal at once of what is too much or while the
//! database is away, a panic that stays where it happened, the rest of an unread body, a metric, a log line.

use std::{panic::AssertUnwindSafe, time::Instant};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures_util::FutureExt;

use super::{
    Api,
    admission::Admission,
    discard::Leftover,
    mcp,
    request_id::{REQUEST_ID, RequestId},
};
use crate::{
    domain::ids::ApprovalId,
    wire::problem::{Code, Problem},
};

const INSTANCE: &str = "x-signoff-instance";
/// What a request is counted as whose client left before its answer.
const VANISHED: u16 = 499;

pub async fn around(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let id = RequestId::of(&request);
    let address = api.proxies.client(&request);
    let admission = Admission::new(address.0, request.uri().path());
    let extensions = request.extensions_mut();
    extensions.insert(id.clone());
    extensions.insert(address);
    extensions.insert(admission.clone());
    let mut exchange = Exchange::begin(&api, &request);
    let path = request.uri().path();
    // What the database stands behind.
    let guarded =
        path == mcp::PATH || ["/api/", "/auth/", "/slack/"].iter().any(|begin| path.starts_with(begin));
    let method = request.method().clone();
    let leftover = Leftover::watch(&mut request);
    let mut response = if let Err(refusal) = admission.door(&api, request.headers()) {
        refusal.into_response()
    } else if guarded && !api.database.is_up() {
        Problem::new(Code::Unavailable, "the database can't be reached").into_response()
    } else {
        AssertUnwindSafe(next.run(request)).catch_unwind().await.unwrap_or_else(|_| {
            // A bug of ours, but no reason to take everybody else's requests down with this one.
            tracing::error!(request_id = id.0, "a handler panicked");
            api.metrics.panicked("request");
            Problem::new(Code::Internal, "the logs of this instance say what; quote the request id")
                .into_response()
        })
    };
    if guarded {
        // Boxed: a waiter would otherwise carry room for it.
        response = Box::pin(api.sending.count(admission.whose(), &method, response)).await;
    }
    admission.conclude(&api, &mut response).await;
    let read = match leftover {
        Some(leftover) => leftover.discard().await,
        None => true,
    };
    let status = response.status();
    let headers = response.headers_mut();
    // A connection that becomes a socket is no longer ours to close.
    let switches = status == StatusCode::SWITCHING_PROTOCOLS;
    if !switches && (!read || api.lifecycle.is_draining()) {
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    if guarded {
        // It may hold what only this caller may see; no cache between us keeps it.
        headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let is_page = |value: &HeaderValue| value.as_bytes().starts_with(b"text/html");
    if headers.get(header::CONTENT_TYPE).is_some_and(is_page) {
        // Nobody puts a page of ours into one of theirs, to have it clicked on.
        headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
        let policy = HeaderValue::from_static("frame-ancestors 'none'");
        headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(policy);
    }
    sign(headers, &id, &api);
    exchange.end(&id, &response);
    response
}

/// The same for a connection that only hears why there is no room for it.
pub async fn briefly(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let id = RequestId::of(&request);
    let leftover = Leftover::watch(&mut request);
    let mut response = next.run(request).await;
    if let Some(leftover) = leftover {
        // The connection ends anyway; where more is left, the answer may be lost.
        leftover.discard().await;
    }
    sign(response.headers_mut(), &id, &api);
    response
}

fn sign(headers: &mut HeaderMap, id: &RequestId, api: &Api) {
    for (name, value) in [(REQUEST_ID, &id.0), (INSTANCE, &api.instance)] {
        // Both were checked to be plain text.
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    }
}

/// One request and its response, for the books. Dropped before its end, it is one whose client has gone.
struct Exchange<'a> {
    api: &'a Api,
    begun: Instant,
    method: &'static str,
    route: Option<MatchedPath>,
    trace: Option<String>,
    ended: bool,
}

impl<'a> Exchange<'a> {
    fn begin(api: &'a Api, request: &Request) -> Self {
        Self {
            api,
            begun: Instant::now(),
            method: label(request.method()),
            route: request.extensions().get::<MatchedPath>().cloned(),
            trace: trace_id(request),
            ended: false,
        }
    }

    fn route(&self) -> &str {
        self.route.as_ref().map_or("none", MatchedPath::as_str)
    }

    fn end(&mut self, id: &RequestId, response: &Response) {
        self.ended = true;
        let (status, took) = (response.status(), self.begun.elapsed());
        self.api.metrics.http_request(self.method, self.route(), status.as_u16(), took);
        let approval = response.extensions().get::<ApprovalId>().map(tracing::field::display);
        macro_rules! line {
            ($level:ident) => {
                tracing::$level!(
                    method = self.method,
                    route = self.route(),
                    status = status.as_u16(),
                    ms = took.as_secs_f64() * 1000.0,
                    request_id = id.0,
                    trace_id = self.trace,
                    approval_id = approval,
                    "request"
                )
            };
        }
        // What changes something, or is a bug, is worth a line. What is only looked at is not (by MCP a change is a request
        // of its own, within); nor is a refusal
        // while something is away, full or too much: that has been told once, and metrics count the rest.
        let only_looks = self.method == "GET" || self.route() == mcp::PATH;
        if status == StatusCode::INTERNAL_SERVER_ERROR {
            line!(error);
        } else if only_looks || status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
            line!(debug);
        } else {
            line!(info);
        }
    }
}

impl Drop for Exchange<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.api.metrics.http_request(self.method, self.route(), VANISHED, self.begun.elapsed());
        }
    }
}

/// Methods are an open set; labels must not be.
fn label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::DELETE => "DELETE",
        Method::PATCH => "PATCH",
        Method::PUT => "PUT",
        Method::HEAD => "HEAD",
        _ => "other",
    }
}

/// The trace that a W3C `traceparent` (version 00) continues.
fn trace_id(request: &Request) -> Option<String> {
    let header = request.headers().get("traceparent")?.to_str().ok()?;
    let parts: Vec<&str> = header.split('-').collect();
    let [_, trace, parent, _] = parts[..] else { return None };
    let hex = |text: &str, length| {
        text.len() == length
            && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    };
    (hex(trace, 32) && hex(parent, 16) && trace.bytes().any(|byte| byte != b'0')).then(|| trace.to_owned())
}
