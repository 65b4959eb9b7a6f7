//! Runs, of which callers only ever delete.

use axum::{extract::State, http::StatusCode};

use super::{
    Api,
    caller::{DeleteRun, May},
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
