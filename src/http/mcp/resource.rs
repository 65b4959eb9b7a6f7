//! Where a client gets a credential for `/mcp`: the metadata of a protected resource (RFC 9728). There is some where
//! people and agents sign in at an issuer; a key needs none.

use axum::{Json, extract::State, http::HeaderMap};
use serde::Serialize;

use super::PATH;
use crate::{
    http::{Api, site::Site},
    oidc::Issuer,
    wire::problem::{Code, Problem},
};

#[derive(Serialize)]
pub struct Metadata {
    resource: String,
    authorization_servers: Vec<String>,
    bearer_methods_supported: [&'static str; 1],
    resource_name: &'static str,
}

pub async fn metadata(State(api): State<Api>, headers: HeaderMap) -> Result<Json<Metadata>, Problem> {
    let issuer = api.authenticator.issuer().ok_or_else(|| {
        Problem::new(Code::NotFound, "nobody signs in at an issuer here: send an API key as a bearer token")
    })?;
    Ok(Json(Metadata {
        resource: Site::of(&api, &headers)?.at(PATH),
        authorization_servers: vec![Issuer::config(issuer).issuer.clone()],
        bearer_methods_supported: ["header"],
        resource_name: "Signoff",
    }))
}

/// The metadata's own address, where there is some.
pub fn place(api: &Api, headers: &HeaderMap) -> Option<String> {
    api.authenticator.issuer()?;
    Some(Site::of(api, headers).ok()?.at("/.well-known/oauth-protected-resource/mcp"))
}
