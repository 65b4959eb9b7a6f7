//! Whose requests these are: where workspaces' own apps have signed a request, these workspaces pay for it, and it takes
//! no more of the connections than their share. Requests of the service's app are Slack's alone.

use std::time::Duration;

use axum::http::request::Parts;
use sqlx::PgConnection;

use super::{NOTE, signature::Signed};
use crate::{
    domain::ids::WorkspaceId,
    http::{Api, admission::Admission},
    notify::slack::installation::{Installation, Whose},
    store::{self, slack},
    wire::problem::Problem,
};

/// Whether a request is fresh and comes for the first time. If so, those whose apps have signed it have paid for it.
/// Otherwise its sender pays in the end, as a stranger.
pub async fn admit(
    api: &Api,
    parts: &Parts,
    apps: &[Installation],
    signed: &Signed,
) -> Result<bool, Problem> {
    let admission = Admission::of(parts)?;
    let workspaces: Vec<WorkspaceId> = workspaces(apps).collect();
    admission.refuse_spent(api, &workspaces)?;
    let take = async |conn: &mut PgConnection| slack::take(conn, &signed.hash, signed.made_at).await;
    let is_first = run(api, apps, NOTE, take).await.map_err(|error| Problem::from(&error))?;
    if is_first {
        admission.pay_as_workspaces(api, &workspaces).await?;
    }
    Ok(is_first)
}

/// Does `work` within `limit`, on a connection for notifications.
pub async fn run<T>(
    api: &Api,
    apps: &[Installation],
    limit: Duration,
    work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, store::Error>,
) -> Result<T, store::Error> {
    let pool = &api.database.notify;
    match workspaces(apps).next() {
        Some(workspace) => pool.shared(workspace, limit, work).await,
        None => pool.run(limit, work).await,
    }
}

/// The workspaces that have an app of their own among these.
fn workspaces(apps: &[Installation]) -> impl Iterator<Item = WorkspaceId> {
    apps.iter().filter_map(|app| match &app.whose {
        Whose::Service => None,
        Whose::Workspace { workspace, .. } => Some(*workspace),
    })
}
