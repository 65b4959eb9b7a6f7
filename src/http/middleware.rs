//! What happens around every request: an id, a refusal at once while the database is away, a metric, a log line.

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderValue, Method},
    middleware::Next,
    response::{IntoResponse, Response},
};
use uuid::Uuid;

use super::{
    Api,
    problem::{Code, Problem},
};
use crate::domain::ids::ApprovalId;

/// The request's id: the caller's, if it sent a decent one, or ours.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

const REQUEST_ID: &str = "x-request-id";
const INSTANCE: &str = "x-signoff-instance";

pub async fn around(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let id = request_id(&request);
    request.extensions_mut().insert(id.clone());
    let trace = trace_id(&request);
    let method = request.method().clone();
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let guarded = request.uri().path().starts_with("/api/");
    let mut response = if guarded && !api.database.is_up() {
        Problem::new(Code::Unavailable, "the database can't be reached").into_response()
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    for (name, value) in [(REQUEST_ID, &id.0), (INSTANCE, &api.instance)] {
        // Both were checked to be plain text.
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    }
    let route = matched.as_ref().map_or("none", MatchedPath::as_str);
    record(&api, &method, route, &Ids { request: &id.0, trace: trace.as_deref() }, &response, begun);
    response
}

/// What ties a log line to what the caller logs.
struct Ids<'a> {
    request: &'a str,
    trace: Option<&'a str>,
}

fn record(api: &Api, method: &Method, route: &str, ids: &Ids<'_>, response: &Response, begun: Instant) {
    let status = response.status().as_u16();
    let took = begun.elapsed();
    // Methods are an open set; labels must not be.
    let label = match *method {
        Method::GET | Method::POST | Method::DELETE | Method::PUT | Method::PATCH | Method::HEAD => {
            method.as_str()
        }
        _ => "other",
    };
    api.metrics.http_request(label, route, status, took);
    let approval = response.extensions().get::<ApprovalId>().map(tracing::field::display);
    let ms = took.as_secs_f64() * 1000.0;
    macro_rules! line {
        ($level:ident) => {
            tracing::$level!(
                method = label,
                route,
                status,
                ms,
                request_id = ids.request,
                trace_id = ids.trace,
                approval_id = approval,
                "request"
            )
        };
    }
    // What changes something, or fails, is worth a line; what is only looked at is not.
    if status >= 500 {
        line!(warn);
    } else if *method == Method::GET {
        line!(debug);
    } else {
        line!(info);
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

fn request_id(request: &Request) -> RequestId {
    let given = request.headers().get(REQUEST_ID).and_then(|value| value.to_str().ok());
    let decent =
        given.filter(|id| (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic()));
    RequestId(decent.map_or_else(|| Uuid::now_v7().to_string(), str::to_owned))
}
