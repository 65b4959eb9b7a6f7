//! Cancelling.

use axum::{extract::State, response::Response};

use super::precondition::IfMatch;
use crate::{
    approvals::commit::Act,
    http::{
        Api,
        body::Body,
        caller::{Cancel, May},
        path::IdPath,
        respond,
    },
    wire::{approval::Decided, decide::CancelBody, problem::Problem},
};

/// Cancel
///
/// Withdraws the question; waiters wake. The same person cancelling again gets 200 and `changed: false`.
#[utoipa::path(
    post, path = "/api/v1/approvals/{id}/cancel", tag = "deciding",
    security(("key" = ["approval:cancel"])),
    params(
        ("id" = uuid::Uuid, Path, description = "The approval's id"),
        ("If-Match" = Option<String>, Header, description = "Only if its version is still this", example = "\"1\""),
    ),
    request_body = CancelBody,
    responses((status = 200, body = Decided, headers(("ETag", description = "Its version"))))
)]
pub async fn cancel(
    State(api): State<Api>,
    may: May<Cancel>,
    IfMatch(expected): IfMatch,
    IdPath(approval): IdPath,
    Body { value: body, .. }: Body<CancelBody>,
) -> Result<Response, Problem> {
    let act =
        Act::Cancel { by: may.caller().actor.clone(), reason: may.caller().kept(body.reason()?), expected };
    let answer = api.approvals.act(may.authority(), approval, act).await?;
    Ok(respond::decided(answer.changed, &answer.approval))
}
