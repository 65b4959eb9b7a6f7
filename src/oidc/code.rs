//! The authorization code flow (RFC 6749, 4.1) with PKCE (RFC 7636): where to send a person, and what to make of the
//! code that they come back with.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::Url;
use secrecy::ExposeSecret;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{Error, Issuer, Refusal, Token, fetch::Failure};
use crate::domain::web_address::is_trustworthy;

/// What is sent along and must come back: each 256 bits of randomness.
#[derive(Clone)]
pub struct Authorization {
    pub state: String,
    pub nonce: String,
    pub verifier: String,
}

/// Why there is no token.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CodeError {
    #[error(transparent)]
    Token(#[from] Error),
    #[error("the issuer refused: {0}")]
    Denied(String),
}

#[derive(Deserialize)]
struct Answer {
    id_token: String,
    access_token: Option<String>,
}

impl Authorization {
    pub fn generate() -> Self {
        Self { state: random(), nonce: random(), verifier: random() }
    }
}

fn random() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

impl Issuer {
    /// Where a browser goes to sign in.
    pub async fn sign_in_url(&self, with: &Authorization, redirect_url: &str) -> Result<Url, Error> {
        let known = self.0.keys.current(&self.0.fetcher).await?;
        let endpoint = known.metadata.authorization_endpoint.as_deref().and_then(|it| Url::parse(it).ok());
        let mut url = endpoint
            .filter(|url| is_trustworthy(&without_query(url)))
            .ok_or_else(|| Error::Unavailable("it names no place to sign in".to_owned()))?;
        let config = self.config();
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &config.client_id)
            .append_pair("redirect_uri", redirect_url)
            .append_pair("scope", &config.scopes)
            .append_pair("state", &with.state)
            .append_pair("nonce", &with.nonce)
            .append_pair("code_challenge", &URL_SAFE_NO_PAD.encode(Sha256::digest(&with.verifier)))
            .append_pair("code_challenge_method", "S256");
        Ok(url)
    }

    /// Whether an answer may be from this issuer, by the `iss` that it came with (RFC 9207).
    pub async fn answers_as(&self, iss: Option<&str>) -> Result<bool, Error> {
        let known = self.0.keys.current(&self.0.fetcher).await?;
        Ok(match iss {
            Some(iss) => iss == self.config().issuer,
            None => !known.metadata.authorization_response_iss_parameter_supported,
        })
    }

    /// Trades a code for who has signed in.
    pub async fn exchange(
        &self,
        code: &str,
        with: &Authorization,
        redirect_url: &str,
    ) -> Result<Token, CodeError> {
        let known = self.0.keys.current(&self.0.fetcher).await?;
        let endpoint = known.metadata.token_endpoint.as_deref();
        let endpoint = endpoint.ok_or_else(|| Error::Unavailable("it names no token endpoint".to_owned()))?;
        let (client, secret) = (&self.config().client_id, self.config().client_secret.expose_secret());
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect_url),
            ("code_verifier", with.verifier.as_str()),
        ];
        let methods = known.metadata.token_endpoint_auth_methods_supported.as_deref();
        let takes_basic = methods.is_none_or(|all| all.iter().any(|it| it == "client_secret_basic"));
        let (encoded_client, encoded_secret) = (form_encoded(client), form_encoded(secret));
        let basic = (!secret.is_empty() && takes_basic).then_some((&*encoded_client, &*encoded_secret));
        if basic.is_none() {
            form.push(("client_id", client));
            if !secret.is_empty() {
                form.push(("client_secret", secret));
            }
        }
        let answer: Answer = self.0.fetcher.post(endpoint, &form, basic).await.map_err(|it| match it {
            Failure::Denied(denial) => CodeError::Denied(denial.to_string()),
            Failure::Trouble(why) => Error::Unavailable(why).into(),
        })?;
        Ok(self.id_token(&answer.id_token, &with.nonce, answer.access_token.as_deref()).await?)
    }
}

/// In the header, both are encoded as in a form first (RFC 6749, 2.3.1).
fn form_encoded(text: &str) -> String {
    // Borrowed from URLs, where a query is such a form; the name before it is taken off again.
    let Ok(mut url) = Url::parse("form:") else { return text.to_owned() };
    url.query_pairs_mut().append_pair("", text);
    url.query().unwrap_or_default().trim_start_matches('=').to_owned()
}

/// An endpoint may have a query of its own.
fn without_query(url: &Url) -> Url {
    let mut url = url.clone();
    url.set_query(None);
    url
}

impl From<Refusal> for CodeError {
    fn from(refusal: Refusal) -> Self {
        Self::Token(refusal.into())
    }
}
