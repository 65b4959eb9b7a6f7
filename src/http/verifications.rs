//! Looks over a workspace's chain: begun here, followed here.

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    Api,
    caller::{May, ViewAudit},
    path::UuidPath,
};
use crate::{
    store::verifications as stored,
    wire::{problem::Problem, vocabulary},
};

/// A look over the workspace's chain.
#[derive(Serialize, ToSchema)]
pub struct Verification {
    id: Uuid,
    #[schema(value_type = vocabulary::VerificationState, example = "whole")]
    state: String,
    /// By name, as it was then.
    #[schema(example = "ana")]
    started_by: String,
    started_by_id: Uuid,
    started_at: DateTime<Utc>,
    /// Null while it runs.
    finished_at: Option<DateTime<Utc>>,
    /// Records that had a link at its start, and how many of them have been looked at. More may come meanwhile.
    records: i64,
    walked: i64,
    /// Checkpoints that were compared, and records that wait for their links; null until it has ended.
    checkpoints: Option<i64>,
    unlinked: Option<i64>,
    /// How many things don't fit; null until it has ended.
    findings: Option<i64>,
    /// The lowest position at which something doesn't fit, of those that are shown.
    broken_at: Option<i64>,
    /// The first twenty of them.
    found: Vec<AuditFinding>,
    /// Why it could not be told.
    failure: Option<String>,
}

/// Something that doesn't fit.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct AuditFinding {
    /// In the chain.
    position: i64,
    #[schema(value_type = vocabulary::FindingKind, example = "edited")]
    kind: String,
    words: String,
}

impl TryFrom<stored::Verification> for Verification {
    type Error = Problem;

    fn try_from(it: stored::Verification) -> Result<Self, Problem> {
        let found =
            it.found.map(|found| serde_json::from_str::<Vec<AuditFinding>>(found.0.get())).transpose();
        let found = found.map_err(|error| Problem::internal(&error.to_string()))?.unwrap_or_default();
        Ok(Self {
            id: it.id,
            state: it.state,
            started_by: it.started_by,
            started_by_id: it.started_by_id,
            started_at: it.started_at,
            finished_at: it.finished_at,
            records: it.records,
            walked: it.walked,
            checkpoints: it.checkpoints,
            unlinked: it.unlinked,
            findings: it.findings,
            broken_at: found.first().map(|it| it.position),
            found,
            failure: it.failure,
        })
    }
}

/// Look the record over
///
/// Begins to look over the workspace's chain, in the background, as `signoff audit verify` does: 202. One at a time: while
/// one runs, that one is the answer, with 200. The last ten are kept.
#[utoipa::path(
    post, path = "/api/v1/audit/verifications", operation_id = "verify_audit", tag = "audit",
    security(("key" = ["audit:view"])),
    responses(
        (status = 202, description = "It was begun", body = Verification, headers(("Location"))),
        (status = 200, description = "One runs already", body = Verification),
    )
)]
pub async fn begin(State(api): State<Api>, may: May<ViewAudit>) -> Result<Response, Problem> {
    let caller = may.caller();
    let (found, is_new) = api.verifications.begin(caller.workspace, &caller.actor).await?;
    let place = HeaderValue::try_from(format!("/api/v1/audit/verifications/{}", found.id));
    let body = Json(Verification::try_from(found)?);
    if !is_new {
        return Ok(body.into_response());
    }
    let mut response = (StatusCode::ACCEPTED, body).into_response();
    if let Ok(place) = place {
        response.headers_mut().insert(header::LOCATION, place);
    }
    Ok(response)
}

/// Show the latest look over the record
///
/// 404 where there was none.
#[utoipa::path(
    get, path = "/api/v1/audit/verifications/latest", operation_id = "get_latest_audit_verification", tag = "audit",
    security(("key" = ["audit:view"])), responses((status = 200, body = Verification))
)]
pub async fn latest(State(api): State<Api>, may: May<ViewAudit>) -> Result<Json<Verification>, Problem> {
    shown(api.verifications.show(may.caller().workspace, None).await?)
}

/// Show a look over the record
///
/// One whose instance is gone reads as failed.
#[utoipa::path(
    get, path = "/api/v1/audit/verifications/{id}", operation_id = "get_audit_verification", tag = "audit",
    security(("key" = ["audit:view"])),
    params(("id" = Uuid, Path, description = "Its id")),
    responses((status = 200, body = Verification))
)]
pub async fn get(
    State(api): State<Api>,
    may: May<ViewAudit>,
    UuidPath(id): UuidPath,
) -> Result<Json<Verification>, Problem> {
    shown(api.verifications.show(may.caller().workspace, Some(id)).await?)
}

fn shown(found: Option<stored::Verification>) -> Result<Json<Verification>, Problem> {
    found.ok_or_else(Problem::not_found)?.try_into().map(Json)
}
