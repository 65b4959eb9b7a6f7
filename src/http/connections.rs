//! Who is connected, and closing a connection by hand.

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    Api,
    caller::{CloseConnection, May, ViewConnections},
    path::NamePath,
    query::{Params, limit},
};
use crate::{
    domain::{event::TaskKey, names::CallerName},
    presence::listing::Closing,
    store::connections::{Listed, Which},
    wire::{problem::Problem, validate::Check},
};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ConnectionsQuery {
    session_id: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// 1 to 200; 50 by default.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200)]
    limit: Option<String>,
}

/// One page.
#[derive(Serialize, ToSchema)]
pub struct ConnectionsPage {
    /// In the order of their tasks.
    items: Vec<Listed>,
    /// Null on the last page.
    next_cursor: Option<String>,
}

/// List connections
///
/// The live sockets of the workspace. One whose instance has died disappears when the instance's lease runs out.
#[utoipa::path(
    get, path = "/api/v1/connections", operation_id = "list_connections", tag = "tasks",
    security(("key" = ["connection:view"])),
    params(ConnectionsQuery), responses((status = 200, body = ConnectionsPage))
)]
pub async fn list(
    State(api): State<Api>,
    may: May<ViewConnections>,
    Params(query): Params<ConnectionsQuery>,
) -> Result<Json<ConnectionsPage>, Problem> {
    let mut check = Check::default();
    let session = check.name("?session_id", query.session_id.as_deref());
    // A page ends with a task's name, and begins behind it.
    let after = check.name("?cursor", query.cursor.as_deref());
    let limit = limit(&mut check, query.limit.as_deref());
    check.finish()?;
    let which = Which {
        session: session.as_ref(),
        after: after.as_ref().map(CallerName::as_str),
        limit: limit + 1,
        ..Which::default()
    };
    let mut items = api.listing.connections(may.caller().workspace, &which).await?;
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = items.len() > most;
    items.truncate(most);
    let next_cursor = items.last().filter(|_| more).map(|last| last.task_id.clone());
    Ok(Json(ConnectionsPage { items, next_cursor }))
}

/// Get a task's connection
#[utoipa::path(
    get, path = "/api/v1/connections/{task_id}", operation_id = "get_connection", tag = "tasks",
    security(("key" = ["connection:view"])),
    params(("task_id" = String, Path, description = "The task's name", example = "run-42")),
    responses((status = 200, body = Listed))
)]
pub async fn get(
    State(api): State<Api>,
    may: May<ViewConnections>,
    NamePath(task): NamePath,
) -> Result<Json<Listed>, Problem> {
    let which = Which { task: Some(&task), limit: 1, ..Which::default() };
    let found = api.listing.connections(may.caller().workspace, &which).await?.pop();
    Ok(Json(found.ok_or_else(Problem::not_found)?))
}

/// Close a task's connection
///
/// Its client is told not to reconnect (1008), but may.
#[utoipa::path(
    delete, path = "/api/v1/connections/{task_id}", operation_id = "close_connection", tag = "tasks",
    security(("key" = ["connection:close"])),
    params(("task_id" = String, Path, description = "The task's name", example = "run-42")),
    responses((status = 204, description = "Being closed"))
)]
pub async fn close(
    State(api): State<Api>,
    may: May<CloseConnection>,
    NamePath(task): NamePath,
) -> Result<StatusCode, Problem> {
    let key = TaskKey { workspace: may.caller().workspace, task };
    let closing = Closing { key, by: may.caller().actor.clone(), origin: may.origin };
    if api.listing.close(closing).await? { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::not_found()) }
}
