//! Runs: what becomes of their approvals, and their deletion.

use axum::{Json, extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Api,
    caller::{DeleteRun, May, ViewPending},
    path::NamePath,
};
use crate::{approvals::delete_run::Deletion, wire::problem::Problem};

/// Delete a run
///
/// Cancels what the run still asks (`resolved_via: run_deleted`; its waiters wake) and refuses new approvals of
/// it. Its approvals stay readable for ten minutes; their record stays.
#[utoipa::path(
    delete, path = "/api/v1/runs/{run_id}", tag = "runs",
    security(("key" = ["run:delete"])),
    params(("run_id" = String, Path, description = "The run's name", example = "run-42")),
    responses((status = 204, description = "Deleted"))
)]
pub async fn delete_run(
    State(api): State<Api>,
    may: May<DeleteRun>,
    NamePath(run): NamePath,
) -> Result<StatusCode, Problem> {
    let deletion = Deletion {
        workspace: may.caller().workspace,
        run,
        by: may.caller().actor.clone(),
        origin: may.origin,
    };
    api.approvals.delete_run(deletion).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A run, and how its approvals stand.
#[derive(Serialize, ToSchema)]
#[schema(as = Run)]
pub struct Shown {
    #[schema(example = "run-42")]
    run_id: String,
    /// The sessions that its approvals name, twenty at most: mostly one.
    #[schema(example = json!(["session-7"]))]
    session_ids: Vec<String>,
    created_at: DateTime<Utc>,
    /// When it was deleted; its approvals go ten minutes later.
    deleted_at: Option<DateTime<Utc>>,
    approvals: Standings,
}

/// How many of a run's approvals there are, by status. What has had its time is not counted any more.
#[derive(Serialize, ToSchema)]
pub struct Standings {
    pending: i64,
    resolved: i64,
    expired: i64,
    cancelled: i64,
}

/// Show a run
///
/// Its approvals are listed by `run_id` in `GET /approvals/pending` and `GET /approvals/history`.
#[utoipa::path(
    get, path = "/api/v1/runs/{run_id}", operation_id = "get_run", tag = "runs",
    security(("key" = ["approval:view:pending"])),
    params(("run_id" = String, Path, description = "The run's name", example = "run-42")),
    responses((status = 200, body = Shown))
)]
pub async fn get(
    State(api): State<Api>,
    may: May<ViewPending>,
    NamePath(run): NamePath,
) -> Result<Json<Shown>, Problem> {
    let found = api.approvals.run(may.caller().workspace, &run).await;
    let found = found.map_err(|error| Problem::from(&error))?.ok_or_else(Problem::not_found)?;
    Ok(Json(Shown {
        run_id: run.to_string(),
        session_ids: found.sessions,
        created_at: found.created_at,
        deleted_at: found.deleted_at,
        approvals: Standings {
            pending: found.pending,
            resolved: found.resolved,
            expired: found.expired,
            cancelled: found.cancelled,
        },
    }))
}
