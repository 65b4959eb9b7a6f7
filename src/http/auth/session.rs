//! The session of one browser: opened with a key, looked at, ended.

use axum::{
    Json,
    extract::State,
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::private;
use crate::{
    auth::{Caller, Opener, Permissions, Rejection},
    domain::credential::Origin,
    http::{
        Api,
        admission::{Admission, Credential},
        body::{Body, Small},
        caller::{Somebody, arrival},
        cookies::{self, Cookie},
        names::KnownNames,
        site::Site,
    },
    wire::problem::{Code, Problem},
};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenSession {
    #[schema(example = "so_lkaqmt2vfljk_Zx0d...")]
    api_key: String,
}

/// Who is signed in, and what they may do.
#[derive(Serialize, ToSchema)]
pub struct WhoAmI {
    pub(super) workspace: OwnWorkspace,
    pub(super) principal: Named,
    #[schema(value_type = Vec<String>, example = json!(["approval:approve", "approval:view:pending"]))]
    permissions: Permissions,
    /// What they came with, by its public name.
    #[schema(example = "key:lkaqmt2vfljk")]
    credential: String,
    /// When it ends at the latest, where that is known: of sessions and tokens.
    expires_at: Option<DateTime<Utc>>,
}

/// The workspace, as far as everybody in it sees it.
#[derive(Serialize, ToSchema)]
pub struct OwnWorkspace {
    pub(super) id: Uuid,
    #[schema(example = "acme")]
    pub(super) name: String,
    /// What who rejects is offered to say.
    #[schema(example = json!(["Too risky at this hour"]))]
    reject_reasons: Vec<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = NamedThing)]
pub struct Named {
    pub(super) id: Uuid,
    #[schema(example = "acme")]
    pub(super) name: String,
}

/// Sign in with a key
///
/// For browsers: opens a session, whose secret is in a cookie that no script can read. It allows what the key does, and
/// ends with it. Only for pages of this site (`Sec-Fetch-Site` or `Origin`).
#[utoipa::path(
    post, path = "/auth/session", operation_id = "sign_in_with_key", tag = "signing in", security(()), request_body = OpenSession,
    responses((status = 201, body = WhoAmI, headers(("Set-Cookie", description = "The session"))))
)]
pub async fn open(
    State(api): State<Api>,
    parts: Parts,
    _: KnownNames,
    body: Body<OpenSession, Small>,
) -> Result<Response, Problem> {
    let site = Site::of(&api, &parts.headers)?;
    site.check_same_origin(&parts)?;
    // It may take a try of those that an address has.
    let credential = Credential::Key(&body.value.api_key);
    let caller = Box::pin(Admission::of(&parts)?.caller(&api, credential)).await?;
    let whose = Opener::by_key(&caller).ok_or(Rejection::Unauthenticated)?;
    let origin = Origin { credential: Some(caller.credential_name.to_string()), ..arrival(&parts) };
    let before = Cookie::Session.read(&site, &parts.headers);
    let opened = api.authenticator.open_session(whose, before.as_ref(), &origin).await?;
    let cookie = cookies::session(&site, &opened.secret, opened.expires_at, api.session_seconds);
    let who = WhoAmI { expires_at: Some(opened.expires_at), ..who_am_i(&api, &caller).await? };
    Ok(private((StatusCode::CREATED, Json(who)).into_response(), [cookie]))
}

/// See who you are
///
/// For every kind of credential.
#[utoipa::path(get, path = "/auth/session", operation_id = "who_am_i", tag = "signing in", responses((status = 200, body = WhoAmI)))]
pub async fn show(State(api): State<Api>, somebody: Somebody) -> Result<Response, Problem> {
    Ok(private(Json(who_am_i(&api, somebody.caller()).await?).into_response(), []))
}

/// Sign out
///
/// Ends the browser's session everywhere within 5 s, its sockets within 60. Doing so without one changes nothing.
#[utoipa::path(
    delete, path = "/auth/session", operation_id = "sign_out", tag = "signing in",
    responses((status = 204, description = "There is no session any more"))
)]
pub async fn end(State(api): State<Api>, parts: Parts, _: KnownNames) -> Result<Response, Problem> {
    let site = Site::of(&api, &parts.headers)?;
    site.check_same_origin(&parts)?;
    if let Some(secret) = Cookie::Session.read(&site, &parts.headers) {
        // Looked at as everywhere: one that is no session costs no transaction, and is a credential that was refused.
        match Box::pin(Admission::of(&parts)?.caller(&api, Credential::Session(&secret))).await {
            Ok(_) => api.authenticator.end_session(&secret, &arrival(&parts)).await?,
            Err(problem) if problem.code == Code::Unauthenticated => {}
            Err(problem) => return Err(problem),
        }
    }
    Ok(private(StatusCode::NO_CONTENT.into_response(), [Cookie::Session.clear(&site)]))
}

pub(super) async fn who_am_i(api: &Api, caller: &Caller) -> Result<WhoAmI, Problem> {
    let own = api.authenticator.own(caller).await.map_err(|error| Problem::from(&error))?;
    // It was there when the credential was looked up, moments ago.
    let found = own.workspace.ok_or_else(|| Problem::new(Code::Unauthenticated, "the workspace is gone"))?;
    Ok(WhoAmI {
        workspace: OwnWorkspace { id: found.id, name: found.name, reject_reasons: found.reject_reasons },
        principal: Named { id: caller.actor.id.0, name: caller.actor.name.to_string() },
        permissions: caller.permissions,
        credential: caller.credential_name.to_string(),
        expires_at: own.until,
    })
}
