//! Signing in at the issuer: there, and back again.

use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{failed, private};
use crate::{
    auth::{Return, secret::Secret},
    http::{
        Api,
        admission::Admission,
        caller::arrival,
        cookies::{self, Cookie},
        names::KnownNames,
        query::Params,
        site::Site,
    },
    wire::problem::{Code, Problem, Violation},
};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LoginQuery {
    /// A path of this site to go to afterwards; / by default.
    #[param(example = "/approvals")]
    return_to: Option<String>,
}

/// Sign in at the issuer
///
/// For browsers: leads to the issuer, from there to `/auth/callback`, and with a session back to `return_to`.
#[utoipa::path(
    get, path = "/auth/login", operation_id = "sign_in_at_issuer", tag = "signing in", security(()), params(LoginQuery),
    responses((status = 303, description = "To the issuer", headers(("Location"), ("Set-Cookie"))))
)]
pub async fn login(
    State(api): State<Api>,
    parts: Parts,
    _: KnownNames,
    Params(query): Params<LoginQuery>,
) -> Result<Response, Problem> {
    Admission::of(&parts)?.pay_as_stranger(&api).await?;
    let site = Site::of(&api, &parts.headers)?;
    let return_to = query.return_to.as_deref().unwrap_or("/");
    let return_to = site.local_path(return_to).ok_or_else(|| {
        let message = "must be a path of this site, beginning with one slash";
        Problem::about(Code::Invalid, vec![Violation::new("?return_to", "path", message)])
    })?;
    // Sign-ins in several tabs share one.
    let browser = Cookie::SignIn.read(&site, &parts.headers).unwrap_or_else(Secret::generate);
    let callback = site.callback(&api.redirect_url);
    match api.authenticator.begin_sign_in(&browser, &return_to, &callback).await {
        Ok(url) => Ok(private(see_other(url.as_str())?, [cookies::sign_in(&site, &browser)])),
        Err(rejection) => failed(&api, &parts, rejection).await,
    }
}

/// What issuers send back. They add words of their own.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CallbackQuery {
    state: Option<String>,
    code: Option<String>,
    error: Option<String>,
    iss: Option<String>,
}

/// Come back from the issuer
///
/// Good once, in the browser that began, within ten minutes.
#[utoipa::path(
    get, path = "/auth/callback", operation_id = "come_back_from_issuer", tag = "signing in", security(()), params(CallbackQuery),
    responses((status = 303, description = "Signed in", headers(("Location"), ("Set-Cookie"))))
)]
pub async fn callback(
    State(api): State<Api>,
    parts: Parts,
    Params(query): Params<CallbackQuery>,
) -> Result<Response, Problem> {
    let _place = Admission::of(&parts)?.sign_in(&api).await?;
    let site = Site::of(&api, &parts.headers)?;
    let redirect_url = site.callback(&api.redirect_url);
    let back = Return {
        state: query.state.as_deref().unwrap_or_default(),
        code: match (&query.code, &query.error) {
            (Some(code), None) => Ok(code),
            (_, error) => Err(error.as_deref().unwrap_or("no_code")),
        },
        iss: query.iss.as_deref(),
        browser: Cookie::SignIn.read(&site, &parts.headers),
        before: Cookie::Session.read(&site, &parts.headers),
        redirect_url: &redirect_url,
    };
    let (opened, return_to) = match api.authenticator.finish_sign_in(back, &arrival(&parts)).await {
        Ok(finished) => finished,
        Err(rejection) => return failed(&api, &parts, rejection).await,
    };
    let cookie = cookies::session(&site, &opened.secret, opened.expires_at, api.session_seconds);
    Ok(private(see_other(&return_to)?, [cookie, Cookie::SignIn.clear(&site)]))
}

fn see_other(place: &str) -> Result<Response, Problem> {
    let place = HeaderValue::try_from(place).map_err(|_| Problem::internal("a place that is no header"))?;
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, place)]).into_response())
}
