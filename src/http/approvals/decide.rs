//! Approving and rejecting.

use axum::{extract::State, response::Response};

use super::precondition::IfMatch;
use crate::{
    approvals::commit::Act,
    domain::{
        decision::{Ballot, Precondition},
        ids::ApprovalId,
    },
    http::{
        Api,
        body::{Body, OptionalBody},
        caller::{Approve, May, Reject},
        path::IdPath,
        respond,
    },
    wire::{
        approval::Decided,
        decide::{ApproveBody, RejectBody},
        problem::Problem,
    },
};

/// Approve
///
/// The same person approving again in the same way gets 200 and `changed: false`. A vote that leaves the policy
/// unmet counts (`changed: true`) and leaves the approval pending.
#[utoipa::path(
    post, path = "/api/v1/approvals/{id}/approve", tag = "deciding",
    security(("key" = ["approval:approve"])),
    params(
        ("id" = uuid::Uuid, Path, description = "The approval's id"),
        ("If-Match" = Option<String>, Header, description = "Only if its version is still this", example = "\"1\""),
    ),
    request_body = Option<ApproveBody>,
    responses((status = 200, body = Decided, headers(("ETag", description = "Its version"))))
)]
pub async fn approve(
    State(api): State<Api>,
    may: May<Approve>,
    IfMatch(expected): IfMatch,
    IdPath(approval): IdPath,
    OptionalBody(body, _place): OptionalBody<ApproveBody>,
) -> Result<Response, Problem> {
    let ballot = body.ballot(may.caller())?;
    vote(&api, may, approval, ballot, expected).await
}

/// Reject
///
/// Ends the approval as soon as as many people have rejected it as its policy says (one, by default).
#[utoipa::path(
    post, path = "/api/v1/approvals/{id}/reject", tag = "deciding",
    security(("key" = ["approval:reject"])),
    params(
        ("id" = uuid::Uuid, Path, description = "The approval's id"),
        ("If-Match" = Option<String>, Header, description = "Only if its version is still this", example = "\"1\""),
    ),
    request_body = RejectBody,
    responses((status = 200, body = Decided, headers(("ETag", description = "Its version"))))
)]
pub async fn reject(
    State(api): State<Api>,
    may: May<Reject>,
    IfMatch(expected): IfMatch,
    IdPath(approval): IdPath,
    Body { value: body, .. }: Body<RejectBody>,
) -> Result<Response, Problem> {
    let ballot = body.ballot(may.caller())?;
    vote(&api, may, approval, ballot, expected).await
}

async fn vote<P>(
    api: &Api,
    may: May<P>,
    approval: ApprovalId,
    ballot: Ballot,
    expected: Precondition,
) -> Result<Response, Problem> {
    let act = Act::Vote { ballot: Box::new(ballot), expected };
    let answer = api.approvals.act(may.authority(), approval, act).await?;
    Ok(respond::decided(answer.changed, &answer.approval))
}
