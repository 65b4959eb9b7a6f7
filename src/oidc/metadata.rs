//! What an issuer publishes about itself (OpenID Connect Discovery 1.0).

use serde::Deserialize;

use super::fetch::{Failure, Fetcher};

#[derive(Debug, Clone, Deserialize)]
pub struct Metadata {
    issuer: String,
    pub jwks_uri: String,
    pub authorization_endpoint: Option<String>,
    pub token_endpoint: Option<String>,
    pub device_authorization_endpoint: Option<String>,
    #[serde(default)]
    pub scopes_supported: Vec<String>,
    /// Absent: `client_secret_basic`.
    pub token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
}

impl Metadata {
    /// Asks for it. An answer that names another issuer than the one that was asked is not believed.
    pub async fn discover(fetcher: &Fetcher, issuer: &str) -> Result<Self, Failure> {
        let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let metadata: Self = fetcher.get(&url).await?;
        if metadata.issuer == issuer {
            return Ok(metadata);
        }
        Err(Failure::Trouble(format!("it calls itself {:?}, not {issuer:?}", metadata.issuer)))
    }
}
