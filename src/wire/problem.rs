//! Everything that is not a success, with a stable `code`: an RFC 9457 document over HTTP, an `error` event on a
//! socket.

use std::sync::Arc;

use serde::Serialize;
use utoipa::ToSchema;

use super::{approval::ApprovalView, claim::ClaimView};
use crate::{
    approvals::{claims::ClaimFailure, commit::Failure, request::RequestFailure},
    auth::{Permission, Rejection},
    batch::Trouble,
    domain::{answer_form::Fault, approval::Approval, claim::Claim, decision::Refusal},
    events::publish::PublishFailure,
    identity,
    limits::{self, Kind, Room},
    store,
};

/// One field and the rule that it breaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Violation {
    /// JSON Pointer to the field in the body; `?name` for a query parameter, the header's name for a header.
    #[schema(example = "/timeout_seconds")]
    pub pointer: String,
    /// The rule's name, for programs.
    #[schema(example = "range")]
    pub rule: &'static str,
    /// The rule in words.
    #[schema(example = "must be 1 to 31536000")]
    pub message: String,
}

impl Violation {
    pub fn new(pointer: impl Into<String>, rule: &'static str, message: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), rule, message: message.into() }
    }

    pub fn sentence(&self) -> String {
        let field = self.pointer.trim_start_matches(['/', '?']);
        if field.is_empty() { self.message.clone() } else { format!("{field} {}", self.message) }
    }
}

macro_rules! codes {
    ($($variant:ident = $status:literal $name:literal: $title:literal),+ $(,)?) => {
        /// What went wrong, for programs. The status follows from it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum Code { $(#[doc = $title] $variant),+ }

        impl Code {
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// Its HTTP status.
            pub fn status(self) -> u16 {
                match self { $(Self::$variant => $status),+ }
            }

            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title),+ }
            }
        }
    };
}

codes! {
    Malformed = 400 "malformed": "The request, or its body, is malformed",
    Unauthenticated = 401 "unauthenticated": "A valid credential is needed",
    Forbidden = 403 "forbidden": "The credential does not allow this",
    NotEligible = 403 "not_eligible": "The policy does not admit you",
    NotFound = 404 "not_found": "There is no such thing here",
    MethodNotAllowed = 405 "method_not_allowed": "This path does not take this method",
    AlreadyDecided = 409 "already_decided": "Somebody has decided it already",
    Cancelled = 409 "cancelled": "It was cancelled",
    AlreadyVoted = 409 "already_voted": "You have voted otherwise already",
    ModificationsDiffer = 409 "modifications_differ": "Your modifications differ from the first approver's",
    DigestMismatch = 409 "digest_mismatch": "It is not what you were shown",
    NotApproved = 409 "not_approved": "It is not approved",
    AlreadyClaimed = 409 "already_claimed": "Another executor has claimed it",
    StaleClaim = 409 "stale_claim": "The claim is another one by now",
    LimitReached = 409 "limit_reached": "A limit is reached",
    NotRedrivable = 409 "not_redrivable": "It is not sent again",
    Expired = 410 "expired": "Its deadline has passed",
    ClaimExpired = 410 "claim_expired": "The time to claim it is over",
    VersionConflict = 412 "version_conflict": "It has changed since you looked",
    TooLarge = 413 "too_large": "The body is too large",
    UnsupportedMediaType = 415 "unsupported_media_type": "The body must be application/json",
    Invalid = 422 "invalid": "Some fields are not valid",
    IdempotencyMismatch = 422 "idempotency_mismatch": "The idempotency key was used for another body",
    UnsatisfiablePolicy = 422 "unsatisfiable_policy": "Nobody could ever satisfy this policy",
    NotSupported = 422 "not_supported": "This is not supported yet",
    Internal = 500 "internal": "Something is wrong on our side",
    RateLimited = 429 "rate_limited": "Too many requests",
    Overloaded = 503 "overloaded": "Too much at once; nothing was begun",
    Unavailable = 503 "unavailable": "Something that it needs can't be reached; whether it was done is unknown, trying again is safe",
    Draining = 503 "draining": "This instance is going away; nothing was begun",
}

/// What went wrong.
#[derive(Debug, Clone)]
pub struct Problem {
    pub code: Code,
    /// What happened this time, for people.
    pub detail: String,
    errors: Vec<Violation>,
    /// The approval that it is about, as it stands.
    pub approval: Option<Arc<Approval>>,
    /// The claim that it is about.
    claim: Option<Box<Claim>>,
    /// In how many seconds to try again, where that is worth while; 1 where nothing else is known.
    pub retry_after: Option<u64>,
    /// Room to show it, where it is large; kept until it is written.
    pub room: Option<Arc<Room>>,
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
    /// For 409 about a claim: the claim as it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    claim: Option<ClaimView<'a>>,
}

impl Problem {
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            errors: Vec::new(),
            approval: None,
            claim: None,
            retry_after: None,
            room: None,
        }
    }

    /// With the fields that are to blame; the first one's message is the detail.
    pub fn about(code: Code, errors: Vec<Violation>) -> Self {
        let detail = errors.first().map_or_else(String::new, Violation::sentence);
        Self { errors, ..Self::new(code, detail) }
    }

    pub fn not_found() -> Self {
        Self::new(Code::NotFound, "it does not exist, or not in this workspace")
    }

    pub fn forbidden(needed: Permission) -> Self {
        Self::new(Code::Forbidden, format!("it needs the permission {}", needed.as_str()))
    }

    /// The same where a field has another name.
    #[must_use]
    pub fn renamed(mut self, from: &str, to: &str) -> Self {
        for violation in self.errors.iter_mut().filter(|violation| violation.pointer == from) {
            to.clone_into(&mut violation.pointer);
        }
        if let Some(first) = self.errors.first() {
            self.detail = first.sentence();
        }
        self
    }

    /// The fields that are to blame.
    pub fn errors(&self) -> &[Violation] {
        &self.errors
    }

    /// What happened, in words.
    pub fn message(&self) -> &str {
        if self.detail.is_empty() { self.code.title() } else { &self.detail }
    }

    /// Something that the checks before must have seen to.
    pub fn internal(what: &str) -> Self {
        tracing::error!(what, "a bug");
        Self::new(Code::Internal, "the logs of this instance say what; quote the request id")
    }

    /// The document.
    pub fn body(&self) -> ProblemBody<'_> {
        ProblemBody {
            r#type: format!("urn:signoff:problem:{}", self.code.as_str()),
            title: self.code.title(),
            status: self.code.status(),
            code: self.code,
            detail: &self.detail,
            errors: &self.errors,
            approval: self.approval.as_deref().map(ApprovalView::from),
            claim: self.claim.as_deref().map(ClaimView::from),
        }
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

impl From<PublishFailure> for Problem {
    fn from(failure: PublishFailure) -> Self {
        match failure {
            PublishFailure::Trouble(trouble) => trouble.into(),
            PublishFailure::UsedUp(quota) => Self {
                retry_after: Some(quota.left.as_secs().max(1)),
                ..Self::new(Code::RateLimited, quota.to_string())
            },
        }
    }
}

impl From<&store::Error> for Problem {
    fn from(error: &store::Error) -> Self {
        match error {
            error if error.is_for_want_of_a_connection() => {
                Self::new(Code::Unavailable, "no connection to the database could be had in time")
            }
            store::Error::Unavailable(_) | store::Error::TimedOut => {
                Self::new(Code::Unavailable, "the database can't be reached")
            }
            store::Error::Crowded => Self::new(Code::Overloaded, error.to_string()),
            store::Error::Busy(_) => Self::new(Code::Unavailable, "the database is busy with this row"),
            store::Error::Corrupt { .. } | store::Error::Refused(_) => {
                tracing::error!(%error, "a bug, or a database that was changed by hand");
                Self::new(Code::Internal, "the logs of this instance say what; quote the request id")
            }
        }
    }
}

impl From<limits::Refusal> for Problem {
    fn from(refusal: limits::Refusal) -> Self {
        let whose = match refusal.standing.kind {
            Kind::Address => "too many requests from your address",
            Kind::Strangers => {
                "too many requests from your address without a credential that was good lately"
            }
            Kind::Principal => "too many requests of this principal",
            Kind::Workspace => "too many requests of this workspace",
            Kind::FailedCredentials => "too many credentials from your address were refused",
            Kind::FailedSignIns => "too many sign-ins from your address failed",
            Kind::LinkLooks => "this link is looked at too often",
            Kind::LinkPosts => "too much is sent to this link",
        };
        Self::new(Code::RateLimited, whose)
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::NotFound => Self::not_found(),
            Failure::Trouble(trouble) => trouble.into(),
            Failure::Refused { refusal: Refusal::MalformedEdits(edits), .. } => {
                Self::about(Code::Invalid, vec![Violation::new(edits.pointer, edits.rule, edits.message)])
            }
            Failure::Refused { refusal: Refusal::Misfit(faults), .. } => {
                let violation =
                    |it: Fault| Violation::new(format!("/modifications{}", it.pointer), it.rule, it.message);
                Self::about(Code::Invalid, faults.into_iter().map(violation).collect())
            }
            Failure::Refused { refusal: refusal @ Refusal::DigestMissing, .. } => {
                Self::about(Code::Invalid, vec![Violation::new("/digest", "required", refusal.to_string())])
            }
            Failure::Refused { refusal, approval, room } => {
                let code = match &refusal {
                    Refusal::AlreadyDecided => Code::AlreadyDecided,
                    Refusal::Cancelled => Code::Cancelled,
                    Refusal::Expired => Code::Expired,
                    Refusal::AlreadyVoted | Refusal::SeatTaken { .. } => Code::AlreadyVoted,
                    Refusal::ModificationsDiffer => Code::ModificationsDiffer,
                    Refusal::VersionConflict | Refusal::OtherLevel { .. } => Code::VersionConflict,
                    Refusal::NoFurtherLevel
                    | Refusal::ExtendedEnough { .. }
                    | Refusal::ExtendedTooOften { .. } => Code::LimitReached,
                    Refusal::NotEligible(_) => Code::NotEligible,
                    Refusal::DigestMismatch => Code::DigestMismatch,
                    Refusal::MalformedEdits(_) | Refusal::Misfit(_) | Refusal::DigestMissing => Code::Invalid,
                };
                let shown = code != Code::NotEligible;
                Self { approval: shown.then_some(approval), room, ..Self::new(code, refusal.to_string()) }
            }
        }
    }
}

impl From<ClaimFailure> for Problem {
    fn from(failure: ClaimFailure) -> Self {
        let detail = failure.to_string();
        match failure {
            ClaimFailure::NotFound => Self::not_found(),
            ClaimFailure::NotEligible => Self::new(Code::NotEligible, detail),
            ClaimFailure::NotApproved { approval, room } => {
                Self { approval: Some(approval), room, ..Self::new(Code::NotApproved, detail) }
            }
            ClaimFailure::Late(_) => Self::new(Code::ClaimExpired, detail),
            ClaimFailure::Taken(claim) => {
                Self { claim: Some(claim), ..Self::new(Code::AlreadyClaimed, detail) }
            }
            ClaimFailure::Stale(claim) => Self { claim, ..Self::new(Code::StaleClaim, detail) },
            ClaimFailure::Trouble(trouble) => trouble.into(),
        }
    }
}

impl From<identity::Refusal> for Problem {
    fn from(refusal: identity::Refusal) -> Self {
        match refusal {
            identity::Refusal::NotFound(_) => Self::not_found(),
            identity::Refusal::Invalid { field, message } => {
                Self::about(Code::Invalid, vec![Violation::new(format!("/{field}"), "value", message)])
            }
            identity::Refusal::Breaks { field, rule, message } => {
                Self::about(Code::Invalid, vec![Violation::new(format!("/{field}"), rule, message)])
            }
            identity::Refusal::LimitReached(message) => Self::new(Code::LimitReached, message),
            identity::Refusal::NotRedrivable(message) => Self::new(Code::NotRedrivable, message),
            identity::Refusal::ShutOut => Self::new(Code::Unauthenticated, refusal.to_string()),
            identity::Refusal::Lacks(_) | identity::Refusal::Beyond(_) | identity::Refusal::Forbidden(_) => {
                Self::new(Code::Forbidden, refusal.to_string())
            }
        }
    }
}

impl From<identity::Failure> for Problem {
    fn from(failure: identity::Failure) -> Self {
        match failure {
            identity::Failure::Store(error) => Self::from(&error),
            identity::Failure::Refused(refusal) => refusal.into(),
            identity::Failure::Crowded => Self::new(Code::Overloaded, failure.to_string()),
        }
    }
}

/// Where the policy of a level stands in a request.
pub fn policy_pointer(level: usize) -> String {
    match level.checked_sub(1) {
        None => "/policy".to_owned(),
        Some(index) => format!("/escalation/{index}/policy"),
    }
}

impl From<RequestFailure> for Problem {
    fn from(failure: RequestFailure) -> Self {
        let detail = failure.to_string();
        match failure {
            RequestFailure::RunDeleted => {
                Self::about(Code::Invalid, vec![Violation::new("/run_id", "run_deleted", detail)])
            }
            RequestFailure::NoMembers { level } => {
                let pointer = policy_pointer(level);
                Self::about(Code::UnsatisfiablePolicy, vec![Violation::new(pointer, "members", detail)])
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
            Rejection::Unauthenticated | Rejection::Token(_) => {
                Self::new(Code::Unauthenticated, rejection.to_string())
            }
            Rejection::Refused(why) => Self::new(Code::Forbidden, why),
            Rejection::IssuerUnavailable(_) => {
                Self::new(Code::Unavailable, "the issuer of your token can't be asked now; nothing was begun")
            }
            Rejection::TooSoon { seconds } => {
                let detail =
                    "your token names a key that its issuer did not have a moment ago; nothing was begun";
                Self { retry_after: Some(seconds), ..Self::new(Code::Unavailable, detail) }
            }
            Rejection::Unavailable(error) => Self::from(&*error),
        }
    }
}
