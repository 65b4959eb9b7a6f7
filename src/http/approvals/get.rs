//! Looking at one approval.

use axum::{Json, extract::State, http::StatusCode, response::Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    http::{
        Api,
        caller::{May, ViewHistory, ViewPending},
        path::IdPath,
        respond,
    },
    store::{approvals::DecisionRecord, audit::AuditRecord},
    wire::{approval::ApprovalView, problem::Problem},
};

/// Get an approval
///
/// As it stands now. One whose deadline has passed is settled first.
#[utoipa::path(
    get, path = "/api/v1/approvals/{id}", operation_id = "get_approval", tag = "approvals",
    security(("key" = ["approval:view:pending"])),
    params(("id" = uuid::Uuid, Path, description = "The approval's id")),
    responses((status = 200, body = ApprovalView, headers(("ETag", description = "Its version"))))
)]
pub async fn get(
    State(api): State<Api>,
    may: May<ViewPending>,
    IdPath(id): IdPath,
) -> Result<Response, Problem> {
    let approval = api.approvals.get(may.caller().workspace, id).await?;
    Ok(respond::approval(StatusCode::OK, &approval))
}

#[derive(Serialize, ToSchema)]
pub struct Decisions {
    /// Oldest first.
    items: Vec<DecisionRecord>,
}

/// List an approval's decisions
///
/// Who said what, oldest first.
#[utoipa::path(
    get, path = "/api/v1/approvals/{id}/decisions", tag = "approvals",
    security(("key" = ["approval:view:history"])),
    params(("id" = uuid::Uuid, Path, description = "The approval's id")),
    responses((status = 200, body = Decisions))
)]
pub async fn decisions(
    State(api): State<Api>,
    may: May<ViewHistory>,
    IdPath(id): IdPath,
) -> Result<Json<Decisions>, Problem> {
    Ok(Json(Decisions { items: api.approvals.decisions(may.caller().workspace, id).await? }))
}

#[derive(Serialize, ToSchema)]
pub struct Audit {
    /// Oldest first.
    items: Vec<AuditRecord>,
}

/// List an approval's changes
///
/// Every change has exactly one record, written with it; a vote that resolves is one.
#[utoipa::path(
    get, path = "/api/v1/approvals/{id}/audit", tag = "approvals",
    security(("key" = ["approval:view:history"])),
    params(("id" = uuid::Uuid, Path, description = "The approval's id")),
    responses((status = 200, body = Audit))
)]
pub async fn audit(
    State(api): State<Api>,
    may: May<ViewHistory>,
    IdPath(id): IdPath,
) -> Result<Json<Audit>, Problem> {
    Ok(Json(Audit { items: api.approvals.audit(may.caller().workspace, id).await? }))
}
