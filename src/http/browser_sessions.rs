//! Sessions of browsers, looked at and ended by their owners and by administrators.

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    Api,
    caller::Somebody,
    path::UuidPath,
    query::{Params, limit},
};
use crate::{
    domain::ids::SessionId,
    store::{Page, browser_sessions::BrowserSession},
    wire::{problem::Problem, validate::Check},
};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SessionsQuery {
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// 1 to 200; 50 by default.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200)]
    limit: Option<String>,
}

/// One page.
#[derive(Serialize, ToSchema)]
pub struct SessionsPage {
    /// Oldest first.
    items: Vec<BrowserSession>,
    /// Null on the last page.
    next_cursor: Option<String>,
}

/// List browser sessions
///
/// Your own; with `principal:manage` everybody's in the workspace.
#[utoipa::path(
    get, path = "/api/v1/browser-sessions", operation_id = "list_browser_sessions", tag = "signing in",
    params(SessionsQuery), responses((status = 200, body = SessionsPage))
)]
pub async fn list(
    State(api): State<Api>,
    somebody: Somebody,
    Params(query): Params<SessionsQuery>,
) -> Result<Json<SessionsPage>, Problem> {
    let mut check = Check::default();
    let after = query.cursor.as_deref().and_then(|text| {
        let id = Uuid::try_parse(text).ok();
        if id.is_none() {
            check.fail("?cursor", "cursor", "must be the next_cursor of the page before");
        }
        id
    });
    let limit = limit(&mut check, query.limit.as_deref());
    check.finish()?;
    let Page { items, more } =
        api.identity.sessions().page(somebody.caller(), after.map(SessionId), limit).await?;
    let next_cursor = items.last().filter(|_| more).map(|last| last.id.to_string());
    Ok(Json(SessionsPage { items, next_cursor }))
}

/// End a browser session
///
/// Your own; with `principal:manage` that of anybody in the workspace, unless it allows what you may not do. It is
/// refused everywhere within 5 s, its sockets are closed within 60.
#[utoipa::path(
    delete, path = "/api/v1/browser-sessions/{id}", operation_id = "end_browser_session", tag = "signing in",
    params(("id" = Uuid, Path, description = "The session's id")),
    responses((status = 204, description = "Ended"))
)]
pub async fn end(
    State(api): State<Api>,
    somebody: Somebody,
    UuidPath(id): UuidPath,
) -> Result<StatusCode, Problem> {
    api.identity.sessions().end(somebody.call(), SessionId(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}
