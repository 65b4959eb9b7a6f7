//! Sessions of browsers, looked at and ended by their owners and by administrators.

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    Api,
    caller::{ManagePrincipals, Needs, Somebody},
    identity::change_as,
    path::UuidPath,
    query::{Params, limit},
};
use crate::{
    domain::ids::SessionId,
    identity::{By, sessions},
    store::browser_sessions::{self as store, BrowserSession, Which},
    wire::{problem::Problem, validate::Check},
};

/// Longest that it may take.
const LONGEST: std::time::Duration = std::time::Duration::from_secs(4);

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
    let caller = somebody.caller();
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
    let of = (!caller.may(ManagePrincipals::PERMISSION)).then_some(caller.actor.id);
    let which = Which { of, after, idle: api.authenticator.idle(), limit: limit + 1 };
    let look = async |conn: &mut PgConnection| store::list(conn, caller.workspace, &which).await;
    let listed = api.database.tenant.within(caller.workspace, LONGEST, look).await;
    let mut items = listed.map_err(|error| Problem::from(&error))?;
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = items.len() > most;
    items.truncate(most);
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
    let (workspace, idle) = (somebody.caller().workspace, api.authenticator.idle());
    let end = async |conn: &mut PgConnection, by: &By<'_>| {
        sessions::end(conn, by, workspace, SessionId(id), idle).await
    };
    change_as(&api, (somebody.caller(), &somebody.origin), None, end).await?;
    Ok(StatusCode::NO_CONTENT)
}
