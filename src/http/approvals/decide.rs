//! Approving and rejecting.

use axum::{Extension, extract::State, response::Response};
use serde::Deserialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::{precondition::IfMatch, view};
use crate::{
    approvals::commit::Act,
    auth::Caller,
    domain::{
        decision::{Ballot, Modifications, Precondition, Verdict},
        ids::{ApprovalId, DecisionId},
    },
    http::{
        Api,
        body::{Body, OptionalBody},
        caller::{Approve, May, Reject},
        middleware::RequestId,
        path::IdPath,
        problem::Problem,
        validate::Check,
    },
};

/// Longest comment or reason, in characters.
pub const MAX_COMMENT: usize = 5_000;

/// What to say with an approval. All of it may be left out, and so may the body.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"comment": "Looks right", "modifications": {"limit": 10}}))]
pub struct ApproveBody {
    /// At most 5,000 characters.
    comment: Option<String>,
    /// Edits to the proposal. Where there are any, the resolution is `modified`; in a quorum they must equal the
    /// first approver's. At most 256 KiB.
    #[schema(value_type = Option<Object>)]
    modifications: Option<Box<RawValue>>,
    /// Kept with the decision. At most 256 KiB.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Box<RawValue>>,
}

/// What to say with a rejection.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "Not on a Friday"}))]
pub struct RejectBody {
    /// Required; at most 5,000 characters.
    #[schema(required, nullable = false)]
    reason: Option<String>,
    /// At most 5,000 characters.
    comment: Option<String>,
}

/// Approve
///
/// The same person approving again in the same way gets 200 and `changed: false`. A vote that leaves the policy
/// unmet counts (`changed: true`) and leaves the approval pending.
#[utoipa::path(
    post, path = "/api/v1/approvals/{id}/approve", tag = "deciding",
    params(
        ("id" = uuid::Uuid, Path, description = "The approval's id"),
        ("If-Match" = Option<String>, Header, description = "Only if its version is still this", example = "\"1\""),
    ),
    request_body = ApproveBody,
    responses((status = 200, body = view::Decided, headers(("ETag", description = "Its version"))))
)]
pub async fn approve(
    State(api): State<Api>,
    may: May<Approve>,
    Extension(id): Extension<RequestId>,
    IfMatch(expected): IfMatch,
    IdPath(approval): IdPath,
    OptionalBody(body, _place): OptionalBody<ApproveBody>,
) -> Result<Response, Problem> {
    let mut check = Check::default();
    check.text("/comment", body.comment.as_ref(), MAX_COMMENT);
    let edits = check.object("/modifications", body.modifications);
    let metadata = check.object("/metadata", body.metadata);
    check.finish()?;
    // An empty object edits nothing.
    let empty = |edits: &RawValue| {
        edits.get().bytes().all(|byte| b"{}".contains(&byte) || byte.is_ascii_whitespace())
    };
    let modifications = edits.filter(|edits| !empty(edits)).map(Modifications);
    let ballot = Ballot {
        id: DecisionId::generate(),
        by: may.caller.actor.clone(),
        verdict: Verdict::Approved,
        modifications,
        feedback: body.comment,
        comment: None,
        metadata,
    };
    vote(&api, &may.caller, approval, ballot, expected, id).await
}

/// Reject
///
/// Ends the approval as soon as as many people have rejected it as its policy says (one, by default).
#[utoipa::path(
    post, path = "/api/v1/approvals/{id}/reject", tag = "deciding",
    params(
        ("id" = uuid::Uuid, Path, description = "The approval's id"),
        ("If-Match" = Option<String>, Header, description = "Only if its version is still this", example = "\"1\""),
    ),
    request_body = RejectBody,
    responses((status = 200, body = view::Decided, headers(("ETag", description = "Its version"))))
)]
pub async fn reject(
    State(api): State<Api>,
    may: May<Reject>,
    Extension(id): Extension<RequestId>,
    IfMatch(expected): IfMatch,
    IdPath(approval): IdPath,
    Body { value: body, .. }: Body<RejectBody>,
) -> Result<Response, Problem> {
    let mut check = Check::default();
    let reason = reason(&mut check, body.reason);
    check.text("/comment", body.comment.as_ref(), MAX_COMMENT);
    check.finish()?;
    let ballot = Ballot {
        id: DecisionId::generate(),
        by: may.caller.actor.clone(),
        verdict: Verdict::Rejected,
        modifications: None,
        feedback: Some(reason),
        comment: body.comment,
        metadata: None,
    };
    vote(&api, &may.caller, approval, ballot, expected, id).await
}

/// A reason that must be given, and say something.
pub fn reason(check: &mut Check, reason: Option<String>) -> String {
    check.text("/reason", reason.as_ref(), MAX_COMMENT);
    match &reason {
        None => check.fail("/reason", "required", "must be given"),
        Some(text) if text.trim().is_empty() => check.fail("/reason", "min_length", "must say something"),
        Some(_) => {}
    }
    reason.unwrap_or_default()
}

async fn vote(
    api: &Api,
    caller: &Caller,
    approval: ApprovalId,
    ballot: Ballot,
    expected: Precondition,
    RequestId(request_id): RequestId,
) -> Result<Response, Problem> {
    let act = Act::Vote { ballot: Box::new(ballot), expected };
    let answer = api.approvals.act(caller.workspace, approval, act, Some(request_id)).await?;
    Ok(view::decided(answer.changed, &answer.approval))
}
