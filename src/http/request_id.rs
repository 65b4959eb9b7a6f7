//! The id of a request: logs, the audit log and the answer all name the request by it.

use axum::extract::Request;
use uuid::Uuid;

/// The header that has it, in a request and in its answer.
pub const REQUEST_ID: &str = "x-request-id";

/// The request's id: the caller's, if it sent a decent one, or ours.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

impl RequestId {
    pub fn of(request: &Request) -> Self {
        let given = request.headers().get(REQUEST_ID).and_then(|value| value.to_str().ok());
        let decent = given
            .filter(|id| (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic()));
        Self(decent.map_or_else(|| Uuid::now_v7().to_string(), str::to_owned))
    }
}
