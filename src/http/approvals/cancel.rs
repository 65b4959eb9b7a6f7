//! Cancelling, and (not yet) escalating.

use axum::{Extension, extract::State, response::Response};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{decide::reason, precondition::IfMatch, view};
use crate::{
    approvals::commit::Act,
    http::{
        Api,
        body::Body,
        caller::{Cancel, May},
        middleware::RequestId,
        path::IdPath,
        problem::{Code, Problem},
        validate::Check,
    },
};

/// Why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "The run was superseded"}))]
pub struct CancelBody {
    /// Required; at most 5,000 characters.
    #[schema(required, nullable = false)]
    reason: Option<String>,
}

/// Cancel
///
/// Withdraws the question; waiters wake. The same person cancelling again gets 200 and `changed: false`.
#[utoipa::path(
    post, path = "/api/v1/approvals/{id}/cancel", tag = "deciding",
    params(
        ("id" = uuid::Uuid, Path, description = "The approval's id"),
        ("If-Match" = Option<String>, Header, description = "Only if its version is still this", example = "\"1\""),
    ),
    request_body = CancelBody,
    responses((status = 200, body = view::Decided, headers(("ETag", description = "Its version"))))
)]
pub async fn cancel(
    State(api): State<Api>,
    may: May<Cancel>,
    Extension(RequestId(request_id)): Extension<RequestId>,
    IfMatch(expected): IfMatch,
    IdPath(approval): IdPath,
    Body { value: body, .. }: Body<CancelBody>,
) -> Result<Response, Problem> {
    let mut check = Check::default();
    let reason = reason(&mut check, body.reason);
    check.finish()?;
    let act = Act::Cancel { by: may.caller.actor, reason, expected };
    let answer = api.approvals.act(may.caller.workspace, approval, act, Some(request_id)).await?;
    Ok(view::decided(answer.changed, &answer.approval))
}

/// Escalate (not supported yet)
///
/// Always 422 `not_supported`, once the caller and the approval are known.
#[utoipa::path(
    post, path = "/api/v1/approvals/{id}/escalate", tag = "deciding",
    params(("id" = uuid::Uuid, Path, description = "The approval's id")),
    request_body = CancelBody,
    responses((status = 422, description = "Not supported yet", body = crate::http::problem::ProblemBody))
)]
pub async fn escalate(
    State(api): State<Api>,
    may: May<Cancel>,
    IdPath(approval): IdPath,
) -> Result<Response, Problem> {
    api.approvals.get(may.caller.workspace, approval).await?;
    Err(Problem::new(Code::NotSupported, "escalation is not supported yet"))
}
