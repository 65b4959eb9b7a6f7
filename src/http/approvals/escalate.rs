//! Handing a question on to the next level, and moving its deadline.

use axum::{extract::State, response::Response};

use super::precondition::IfMatch;
use crate::{
    approvals::commit::Act,
    http::{
        Api,
        body::Body,
        caller::{Escalate, Extend, May},
        path::IdPath,
        respond,
    },
    wire::{
        approval::Decided,
        escalation::{EscalateBody, ExtendBody},
        problem::Problem,
    },
};

/// Escalate
///
/// Hands a pending approval to its next level, which has its own policy and its own full time. The same person handing
/// it on from the same level again gets 200 and `changed: false`. Where no level is left: 409 `limit_reached`. Where it
/// stands at another level than `from_level`: 412 `version_conflict`.
#[utoipa::path(
    post, path = "/api/v1/approvals/{id}/escalate", tag = "deciding",
    security(("key" = ["approval:escalate"])),
    params(
        ("id" = uuid::Uuid, Path, description = "The approval's id"),
        ("If-Match" = Option<String>, Header, description = "Only if its version is still this", example = "\"1\""),
    ),
    request_body = EscalateBody,
    responses((status = 200, body = Decided, headers(("ETag", description = "Its version"))))
)]
pub async fn escalate(
    State(api): State<Api>,
    may: May<Escalate>,
    IfMatch(expected): IfMatch,
    IdPath(approval): IdPath,
    Body { value: body, .. }: Body<EscalateBody>,
) -> Result<Response, Problem> {
    let act = Act::Escalate { push: body.push(may.caller())?, expected };
    let answer = api.approvals.act(may.authority(), approval, act).await?;
    Ok(respond::decided(answer.changed, &answer.approval))
}

/// Extend
///
/// Moves the deadline of a pending approval, as far and by whom its policy's `extension` allows: 403 `not_eligible` and
/// 409 `limit_reached` otherwise. Once the deadline has passed: 410.
#[utoipa::path(
    post, path = "/api/v1/approvals/{id}/extend", tag = "deciding",
    security(("key" = ["approval:extend"])),
    params(
        ("id" = uuid::Uuid, Path, description = "The approval's id"),
        ("If-Match" = Option<String>, Header, description = "Only if its version is still this", example = "\"1\""),
    ),
    request_body = ExtendBody,
    responses((status = 200, body = Decided, headers(("ETag", description = "Its version"))))
)]
pub async fn extend(
    State(api): State<Api>,
    may: May<Extend>,
    IfMatch(expected): IfMatch,
    IdPath(approval): IdPath,
    Body { value: body, .. }: Body<ExtendBody>,
) -> Result<Response, Problem> {
    let (seconds, reason) = body.read()?;
    let reason = may.caller().kept(reason);
    let act = Act::Extend { by: may.caller().voter.clone(), seconds, reason, expected };
    let answer = api.approvals.act(may.authority(), approval, act).await?;
    Ok(respond::decided(answer.changed, &answer.approval))
}
