//! From what happened to a response: the one place that puts a problem, or an approval, on HTTP.

use std::sync::Arc;

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::Api;
use crate::{
    domain::approval::Approval,
    wire::{
        approval::{ApprovalView, CreatedApproval, Decided},
        problem::{Code, Problem, Violation},
    },
};

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self.body())).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        match self.code {
            Code::RateLimited | Code::Overloaded | Code::Unavailable | Code::Draining => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(self.retry_after.unwrap_or(1)));
            }
            Code::Unauthenticated => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            _ => {}
        }
        if let Some(approval) = self.approval {
            response.extensions_mut().insert(approval.id);
        }
        response
    }
}

/// An approval as a response, with its `ETag`, to a caller who looks: refused where too much is being shown already.
pub fn shown(api: &Api, approval: &Arc<Approval>) -> Result<Response, Problem> {
    Ok(respond(StatusCode::OK, approval, api.sending.approval(approval)?))
}

/// The same to the caller who made it.
pub fn approval(status: StatusCode, approval: &Arc<Approval>) -> Response {
    respond(status, approval, Json(ApprovalView::from(&**approval)))
}

/// A new approval as a response.
pub fn created(approval: &Arc<Approval>, warnings: Vec<Violation>) -> Response {
    respond(StatusCode::CREATED, approval, Json(CreatedApproval { approval: (&**approval).into(), warnings }))
}

/// What a decision came to, as a response.
pub fn decided(changed: bool, approval: &Arc<Approval>) -> Response {
    respond(StatusCode::OK, approval, Json(Decided { changed, approval: (&**approval).into() }))
}

fn respond(status: StatusCode, approval: &Approval, body: impl IntoResponse) -> Response {
    let mut response = (status, body).into_response();
    if let Ok(tag) = HeaderValue::try_from(format!("\"{}\"", approval.version)) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    // For the log line.
    response.extensions_mut().insert(approval.id);
    response
}

/// Whatever has no route.
pub async fn no_such_route() -> Problem {
    Problem::new(Code::NotFound, "no such path; /openapi.json lists them all")
}

/// HEAD where GET does more than look.
pub async fn no_head() -> Response {
    ([(header::ALLOW, "GET")], no_such_method().await).into_response()
}

/// A route that doesn't take the method; axum adds `Allow`.
pub async fn no_such_method() -> Problem {
    Problem::new(Code::MethodNotAllowed, "the Allow header names the methods that this path takes")
}

/// The answer to every request on a connection for which there is no room.
pub async fn no_room() -> Problem {
    Problem::new(Code::Overloaded, "there are too many connections to this instance, or from this address")
}
