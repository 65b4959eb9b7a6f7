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
    let issuer = issuer(&api).ok_or_else(|| {
        Problem::new(Code::NotFound, "no issuer's tokens are taken here: send an API key as a bearer token")
    })?;
    let site = Site::of(&api, &headers).map_err(|_| {
        Problem::new(Code::NotFound, "http.public_url is not set, so the address is not known")
    })?;
    Ok(Json(Metadata {
        resource: site.at(PATH),
        authorization_servers: vec![issuer.to_owned()],
        bearer_methods_supported: ["header"],
        resource_name: "Signoff",
    }))
}

/// The metadata's own address, where there is some.
pub fn place(api: &Api, headers: &HeaderMap) -> Option<String> {
    issuer(api)?;
    Some(Site::of(api, headers).ok()?.at("/.well-known/oauth-protected-resource/mcp"))
}

/// The issuer, where its tokens are taken: without an audience they only sign people in.
fn issuer(api: &Api) -> Option<&str> {
    let config = api.authenticator.issuer().map(Issuer::config)?;
    (!config.audience.is_empty()).then_some(config.issuer.as_str())
}
