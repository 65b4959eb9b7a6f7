//! Asking an issuer: bounded in time and size, never redirected. An instance asks without a proxy; a command of a
//! person asks as their other commands do.

use std::time::Duration;

use reqwest::{RequestBuilder, StatusCode, Url, redirect::Policy};
use serde::{Deserialize, de::DeserializeOwned};

use crate::domain::web_address::is_loopback;

/// Longest that an answer may take.
const LONGEST: Duration = Duration::from_secs(5);
/// Largest answer, in bytes.
const MOST: usize = 256 * 1024;

#[derive(Clone)]
pub struct Fetcher(reqwest::Client);

/// What the issuer says no with (RFC 6749, 5.2).
#[derive(Debug, Clone, Deserialize, thiserror::Error)]
#[error("{error}{}", error_description.as_deref().map(|text| format!(": {text}")).unwrap_or_default())]
pub struct Denial {
    pub error: String,
    pub error_description: Option<String>,
}

/// Why there is no answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    Denied(Denial),
    #[error("{0}")]
    Trouble(String),
}

impl From<reqwest::Error> for Failure {
    fn from(error: reqwest::Error) -> Self {
        let error = error.without_url();
        let mut words = error.to_string();
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            words = format!("{words}: {cause}");
            source = cause.source();
        }
        Self::Trouble(words)
    }
}

fn builder() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .timeout(LONGEST)
        .connect_timeout(LONGEST)
        .redirect(Policy::none())
        .user_agent("signoff")
}

impl Fetcher {
    pub fn new() -> anyhow::Result<Self> {
        Ok(Self(builder().no_proxy().build()?))
    }

    /// For a command: through the proxies that the environment names, but never in plain text.
    pub fn for_commands(issuer: &str) -> anyhow::Result<Self> {
        if issuer.starts_with("https:") { Ok(Self(builder().build()?)) } else { Self::new() }
    }

    pub async fn get<T: DeserializeOwned>(&self, url: &str) -> Result<T, Failure> {
        self.send(self.0.get(endpoint(url)?)).await
    }

    /// Posts a form; the client's name and secret go into a header if they are given here.
    pub async fn post<T: DeserializeOwned>(
        &self,
        url: &str,
        form: &[(&str, &str)],
        basic: Option<(&str, &str)>,
    ) -> Result<T, Failure> {
        let mut request = self.0.post(endpoint(url)?).form(form);
        if let Some((name, secret)) = basic {
            request = request.basic_auth(name, Some(secret));
        }
        self.send(request).await
    }

    async fn send<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, Failure> {
        let mut response = request.header("accept", "application/json").send().await?;
        let status = response.status();
        let place =
            response.headers().get("location").map(|it| String::from_utf8_lossy(it.as_bytes()).into_owned());
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if bytes.len() + chunk.len() > MOST {
                return Err(Failure::Trouble("its answer is too large".to_owned()));
            }
            bytes.extend_from_slice(&chunk);
        }
        if status == StatusCode::OK {
            return serde_json::from_slice(&bytes).map_err(|error| Failure::Trouble(unreadable(&error)));
        }
        if status.is_client_error()
            && let Ok(denial) = serde_json::from_slice::<Denial>(&bytes)
            && denial.is_the_issuers(status)
        {
            return Err(Failure::Denied(denial));
        }
        let place = place.filter(|_| status.is_redirection()).map(|place| format!(", to {place:.200}"));
        Err(Failure::Trouble(format!("it answered {status}{}", place.unwrap_or_default())))
    }
}

impl Denial {
    /// Whether the issuer has said no for good, and not something before it that is in trouble and speaks JSON too.
    fn is_the_issuers(&self, status: StatusCode) -> bool {
        // Registered codes are of these characters: "Not Found" is none.
        let is_code = self.error.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        let passes = matches!(self.error.as_str(), "temporarily_unavailable" | "server_error");
        let is_busy = matches!(
            status,
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS
        );
        // Some issuers say it with 429; the device flow has a code for it.
        is_code && !passes && (!is_busy || self.error == "slow_down")
    }
}

/// Without the value that didn't fit: it may be a token.
fn unreadable(error: &serde_json::Error) -> String {
    let what = if error.is_data() { "has another shape than it should" } else { "is no JSON" };
    format!("its answer {what} (line {}, column {})", error.line(), error.column())
}

/// Secrets and keys travel there: https, or this machine.
fn endpoint(url: &str) -> Result<Url, Failure> {
    let safe = |url: &Url| url.scheme() == "https" || url.scheme() == "http" && is_loopback(url);
    let url = Url::parse(url).ok().filter(safe);
    url.ok_or_else(|| Failure::Trouble("it names an endpoint that is not https".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_an_issuer_says_for_good_is_a_denial() {
        let denial = |error: &str| Denial { error: error.to_owned(), error_description: None };
        for (status, error, is) in [
            (400, "invalid_grant", true),
            (403, "authorization_pending", true),
            (401, "invalid_client", true),
            (429, "slow_down", true),
            (429, "invalid_grant", false),
            (408, "invalid_grant", false),
            (404, "Not Found", false),
            (400, "temporarily_unavailable", false),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(denial(error).is_the_issuers(status), is, "{status} {error}");
        }
    }
}
