//! How one can sign in here: public, for the console and for `signoff login`.

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::{Api, names::KnownNames};

#[derive(Serialize, ToSchema)]
pub struct SignInOptions {
    /// With an API key: `POST /auth/session`.
    api_key: bool,
    /// With a browser, at the issuer: `GET /auth/login`.
    browser: bool,
    /// With the device flow (RFC 8628), directly at the issuer; null where that isn't configured.
    device: Option<Device>,
}

#[derive(Serialize, ToSchema)]
pub struct Device {
    #[schema(example = "https://id.example.com/realms/acme")]
    issuer: String,
    #[schema(example = "signoff-cli")]
    client_id: String,
    #[schema(example = "openid profile email")]
    scopes: String,
    /// What `aud` of the token must contain.
    #[schema(example = "https://signoff.example.com")]
    audience: String,
    /// The parameter that the issuer wants the audience in; null: none.
    #[schema(example = "resource")]
    audience_parameter: Option<String>,
}

/// See how to sign in
#[utoipa::path(
    get, path = "/auth/configuration", operation_id = "sign_in_options", tag = "signing in", security(()),
    responses((status = 200, body = SignInOptions))
)]
pub async fn configuration(State(api): State<Api>, _: KnownNames) -> Json<SignInOptions> {
    let config = api.authenticator.issuer().map(crate::oidc::Issuer::config);
    let device = config.filter(|it| !it.audience.is_empty()).and_then(|it| {
        let client = [&it.cli_client_id, &it.client_id].into_iter().find(|id| !id.is_empty())?;
        Some(Device {
            issuer: it.issuer.clone(),
            client_id: client.clone(),
            scopes: it.scopes.clone(),
            audience: it.audience.clone(),
            audience_parameter: Some(it.audience_parameter.clone()).filter(|name| !name.is_empty()),
        })
    });
    Json(SignInOptions { api_key: true, browser: api.authenticator.can_sign_in(), device })
}
