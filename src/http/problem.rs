//! Everything that is not a success: RFC 9457 problem documents with a stable `code`.

use std::sync::Arc;

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{approvals::view::ApprovalView, validate::Violation};
use crate::{
    approvals::{Trouble, commit::Failure, request::RequestFailure},
    auth::Rejection,
    domain::{approval::Approval, decision::Refusal},
    store,
};

macro_rules! codes {
    ($($variant:ident = $status:ident $name:literal: $title:literal),+ $(,)?) => {
        /// What went wrong, for programs. The status follows from it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum Code { $(#[doc = $title] $variant),+ }

        impl Code {
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            pub fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status),+ }
            }

            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title),+ }
            }
        }
    };
}

codes! {
    Malformed = BAD_REQUEST "malformed": "The body is not acceptable JSON",
    Unauthenticated = UNAUTHORIZED "unauthenticated": "A valid credential is needed",
    Forbidden = FORBIDDEN "forbidden": "The credential does not allow this",
    NotEligible = FORBIDDEN "not_eligible": "The policy does not admit you",
    NotFound = NOT_FOUND "not_found": "There is no such thing here",
    MethodNotAllowed = METHOD_NOT_ALLOWED "method_not_allowed": "This path does not take this method",
    AlreadyDecided = CONFLICT "already_decided": "Somebody has decided it already",
    Cancelled = CONFLICT "cancelled": "It was cancelled",
    AlreadyVoted = CONFLICT "already_voted": "You have voted otherwise already",
    ModificationsDiffer = CONFLICT "modifications_differ": "Your modifications differ from the first approver's",
    Expired = GONE "expired": "Its deadline has passed",
    VersionConflict = PRECONDITION_FAILED "version_conflict": "It has changed since you looked",
    TooLarge = PAYLOAD_TOO_LARGE "too_large": "The body is too large",
    UnsupportedMediaType = UNSUPPORTED_MEDIA_TYPE "unsupported_media_type": "The body must be application/json",
    Invalid = UNPROCESSABLE_ENTITY "invalid": "Some fields are not valid",
    IdempotencyMismatch = UNPROCESSABLE_ENTITY "idempotency_mismatch": "The idempotency key was used for another body",
    UnsatisfiablePolicy = UNPROCESSABLE_ENTITY "unsatisfiable_policy": "Nobody could ever satisfy this policy",
    NotSupported = UNPROCESSABLE_ENTITY "not_supported": "This is not supported yet",
    Internal = INTERNAL_SERVER_ERROR "internal": "Something is wrong on our side",
    Overloaded = SERVICE_UNAVAILABLE "overloaded": "Too much at once; nothing was begun",
    Unavailable = SERVICE_UNAVAILABLE "unavailable": "The database can't be reached; whether it was done is unknown, trying again is safe",
    Draining = SERVICE_UNAVAILABLE "draining": "This instance is going away; nothing was begun",
}

/// What went wrong.
#[derive(Debug, Clone)]
pub struct Problem {
    code: Code,
    detail: String,
    errors: Vec<Violation>,
    approval: Option<Arc<Approval>>,
}

/// A problem document (RFC 9457).
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody<'a> {
    /// A URI that stands for the code.
    #[schema(example = "urn:signoff:problem:invalid")]
    r#type: String,
    /// What the code means, always the same words.
    #[schema(example = "Some fields are not valid")]
    title: &'static str,
    /// The HTTP status once more.
    #[schema(example = 422)]
    status: u16,
    code: Code,
    /// What happened this time, for people.
    #[schema(example = "timeout_seconds must be 1 to 31536000")]
    detail: &'a str,
    /// For invalid input: each field and the rule it breaks.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [Violation],
    /// For 409, 410 and 412 about an approval: the approval as it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    approval: Option<ApprovalView<'a>>,
}

impl Problem {
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), errors: Vec::new(), approval: None }
    }

    /// With the fields that are to blame; the first one's message is the detail.
    pub fn about(code: Code, errors: Vec<Violation>) -> Self {
        let detail = errors.first().map_or_else(String::new, Violation::sentence);
        Self { errors, ..Self::new(code, detail) }
    }

    pub fn not_found() -> Self {
        Self::new(Code::NotFound, "it does not exist, or not in this workspace")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = ProblemBody {
            r#type: format!("urn:signoff:problem:{}", self.code.as_str()),
            title: self.code.title(),
            status: self.code.status().as_u16(),
            code: self.code,
            detail: &self.detail,
            errors: &self.errors,
            approval: self.approval.as_deref().map(ApprovalView::from),
        };
        let mut response = (self.code.status(), Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        match self.code {
            Code::Overloaded | Code::Unavailable | Code::Draining => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
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

impl From<Trouble> for Problem {
    fn from(trouble: Trouble) -> Self {
        match &trouble {
            Trouble::Overloaded => Self::new(Code::Overloaded, trouble.to_string()),
            Trouble::TimedOut => Self::new(Code::Unavailable, "the database did not answer in time"),
            Trouble::Store(error) => Self::from(&**error),
        }
    }
}

impl From<&store::Error> for Problem {
    fn from(error: &store::Error) -> Self {
        match error {
            store::Error::Unavailable(_) | store::Error::TimedOut => {
                Self::new(Code::Unavailable, "the database can't be reached")
            }
            store::Error::Busy(_) => Self::new(Code::Unavailable, "the database is busy with this row"),
            store::Error::Corrupt { .. } | store::Error::Refused(_) => {
                tracing::error!(%error, "a bug, or a database that was changed by hand");
                Self::new(Code::Internal, "the logs of this instance say what; quote the request id")
            }
        }
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::NotFound => Self::not_found(),
            Failure::Trouble(trouble) => trouble.into(),
            Failure::Refused { refusal, approval } => {
                let code = match refusal {
                    Refusal::AlreadyDecided => Code::AlreadyDecided,
                    Refusal::Cancelled => Code::Cancelled,
                    Refusal::Expired => Code::Expired,
                    Refusal::AlreadyVoted => Code::AlreadyVoted,
                    Refusal::ModificationsDiffer => Code::ModificationsDiffer,
                    Refusal::VersionConflict => Code::VersionConflict,
                    Refusal::NotEligible(_) => Code::NotEligible,
                };
                let shown = code != Code::NotEligible;
                Self { approval: shown.then_some(approval), ..Self::new(code, refusal.to_string()) }
            }
        }
    }
}

impl From<RequestFailure> for Problem {
    fn from(failure: RequestFailure) -> Self {
        let detail = failure.to_string();
        match failure {
            RequestFailure::RunDeleted => {
                Self::about(Code::Invalid, vec![Violation::new("/run_id", "run_deleted", detail)])
            }
            RequestFailure::IdempotencyMismatch => Self::new(Code::IdempotencyMismatch, detail),
            RequestFailure::ReplayGone => Self::new(Code::NotFound, detail),
            RequestFailure::Trouble(trouble) => trouble.into(),
        }
    }
}

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::Unauthenticated => Self::new(Code::Unauthenticated, rejection.to_string()),
            Rejection::Unavailable(error) => Self::from(&*error),
        }
    }
}

/// Whatever has no route.
pub async fn no_such_route() -> Problem {
    Problem::new(Code::NotFound, "no such path; /openapi.json lists them all")
}

/// A route that doesn't take the method; axum adds `Allow`.
pub async fn no_such_method() -> Problem {
    Problem::new(Code::MethodNotAllowed, "the Allow header names the methods that this path takes")
}
