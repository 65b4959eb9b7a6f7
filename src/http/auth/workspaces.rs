//! The workspaces of one person, and going from one to another.

use std::time::Instant;

use axum::{
    Json,
    extract::State,
    http::request::Parts,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    private,
    session::{Named, WhoAmI, who_am_i},
};
use crate::{
    auth::{Rejection, Switched},
    domain::credential::Credential as Shown,
    http::{
        Api,
        admission::{Admission, Credential},
        body::{Body, Small},
        caller::{Somebody, origin},
        cookies::{self, Cookie},
        names::KnownNames,
        site::Site,
    },
    store::browser_sessions::Open,
    wire::problem::Problem,
};

#[derive(Serialize, ToSchema)]
pub struct Workspaces {
    /// By name.
    items: Vec<Place>,
}

/// A workspace that one can work in.
#[derive(Serialize, ToSchema)]
pub struct Place {
    id: Uuid,
    #[schema(example = "acme")]
    name: String,
    /// Who one is there.
    principal: Named,
    /// Whether it is the one that the credential is of.
    current: bool,
}

/// List one's workspaces
///
/// Those that `POST /auth/session/workspace` leads to, and the credential's own. A key, a token, and a session that was
/// opened with a key have their own only. Of a session that the issuer opened: each workspace where the same subject is
/// a principal who isn't disabled, if the issuer has vouched for them there within the longest time of a session, or an
/// operator has bound them.
#[utoipa::path(get, path = "/auth/workspaces", operation_id = "list_own_workspaces", tag = "signing in",
    responses((status = 200, body = Workspaces)))]
pub async fn list(State(api): State<Api>, somebody: Somebody) -> Result<Response, Problem> {
    let caller = somebody.caller();
    let open = match caller.credential {
        Shown::Session(id) => api.authenticator.open_workspaces(id).await?,
        Shown::Key(_) | Shown::Token { .. } => Vec::new(),
    };
    let place = |it: Open| Place {
        id: it.workspace.0,
        name: it.name,
        principal: Named { id: it.whose.id.0, name: it.whose.name.to_string() },
        current: it.is_current,
    };
    let mut items: Vec<Place> = open.into_iter().map(place).collect();
    if items.is_empty() {
        let WhoAmI { workspace, principal, .. } = who_am_i(&api, caller).await?;
        items.push(Place { id: workspace.id, name: workspace.name, principal, current: true });
    }
    Ok(private(Json(Workspaces { items }).into_response(), []))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Switch {
    /// Its name.
    #[schema(example = "acme")]
    workspace: String,
}

/// Go to another workspace
///
/// For browsers: a new session there, and the end of the one that the cookie is of. It ends when that one would have, at
/// the latest. Only for pages of this site (`Sec-Fetch-Site` or `Origin`). 404 for a workspace that is not among one's
/// own, whether or not there is one of that name.
#[utoipa::path(
    post, path = "/auth/session/workspace", operation_id = "switch_workspace", tag = "signing in",
    request_body = Switch,
    responses((status = 200, body = WhoAmI, headers(("Set-Cookie", description = "The session"))))
)]
pub async fn switch(
    State(api): State<Api>,
    parts: Parts,
    _: KnownNames,
    body: Body<Switch, Small>,
) -> Result<Response, Problem> {
    let site = Site::of(&api, &parts.headers)?;
    site.check_same_origin(&parts)?;
    let secret = Cookie::Session.read(&site, &parts.headers).ok_or(Rejection::Unauthenticated)?;
    let caller = Box::pin(Admission::of(&parts)?.caller(&api, Credential::Session(&secret))).await?;
    let Shown::Session(session) = caller.credential else { return Err(Rejection::Unauthenticated.into()) };
    let wanted = body.value.workspace.as_str();
    let origin = origin(&caller, &parts);
    match api.authenticator.switch((session, &secret), wanted, &origin).await? {
        Switched::To(opened) => {
            let caller = api.authenticator.session(&opened.secret.hash()).await?;
            let who = who_am_i(&api, &caller).await?;
            let cookie = cookies::session(&site, &opened.secret, opened.expires_at, api.session_seconds);
            Ok(private(Json(who).into_response(), [cookie]))
        }
        // A session that a key opened has only its own.
        Switched::Nowhere => {
            // Another switch may have ended it a moment ago: then there is nothing to go on from.
            let caller = api.authenticator.again_since(&caller, Instant::now()).await?;
            let who = who_am_i(&api, &caller).await?;
            if who.workspace.name == wanted {
                Ok(private(Json(who).into_response(), []))
            } else {
                Err(Problem::not_found())
            }
        }
        Switched::Already => Ok(private(Json(who_am_i(&api, &caller).await?).into_response(), [])),
    }
}
