//! A small client of the API, for the commands below it.

use std::{fs, time::Duration};

use anyhow::{Context, bail};
use clap::Args;
use reqwest::{Method, RequestBuilder, Response};
use serde::{Serialize, de::DeserializeOwned};

use super::{
    answer::Answer,
    failure::{ClientError, retry_after},
    login::{
        Session,
        keyring::{self, Stored},
    },
};

/// Longest that an answer may take: a little more than a wait is held.
const PATIENCE: Duration = Duration::from_secs(65);

/// Which service, and who asks.
#[derive(Args)]
pub struct ClientArgs {
    /// The service's address.
    #[arg(long, env = "SIGNOFF_URL", default_value = "http://127.0.0.1:8080", global = true)]
    url: String,
    /// The API key; SIGNOFF_API_KEY_FILE may name a file that holds it. Prefer either to the flag.
    #[arg(long, env = "SIGNOFF_API_KEY", hide_env_values = true, global = true)]
    api_key: Option<String>,
    /// Print JSON.
    #[arg(long, global = true)]
    pub json: bool,
}

pub struct Client {
    http: reqwest::Client,
    base: String,
    session: Option<Session>,
}

impl ClientArgs {
    /// The service's address, without a slash at its end.
    pub fn base(&self) -> &str {
        self.url.trim_end_matches('/')
    }

    /// With the key that is given, or else with what `signoff login` has kept.
    pub fn client(&self) -> anyhow::Result<Client> {
        let key = match (&self.api_key, std::env::var("SIGNOFF_API_KEY_FILE")) {
            (Some(key), _) => Some(key.clone()),
            (None, Ok(path)) => Some(
                fs::read_to_string(&path)
                    .with_context(|| format!("can't read {path}, which SIGNOFF_API_KEY_FILE names"))?,
            ),
            (None, Err(_)) => None,
        };
        let base = self.base();
        let stored = match key {
            Some(key) => Some(Stored::Key { key: key.trim().to_owned() }),
            // Where there is no home there is nothing kept; that is said below.
            None => keyring::find(base)
                .or_else(|error| if keyring::is_placed() { Err(error) } else { Ok(None) })?,
        };
        let Some(stored) = stored else {
            bail!(
                "not signed in to {base}: signoff login, or set SIGNOFF_API_KEY (make a key with `signoff keys create`, \
                 on a machine that reaches the database)"
            );
        };
        Client::with(base, stored)
    }
}

impl Client {
    pub fn with(base: &str, stored: Stored) -> anyhow::Result<Self> {
        Ok(Self { session: Some(Session::new(base, stored)), ..Self::anonymous(base)? })
    }

    /// For what is public.
    pub fn anonymous(base: &str) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder().connect_timeout(Duration::from_secs(5)).build()?;
        Ok(Self { http, base: base.to_owned(), session: None })
    }

    pub fn base(&self) -> &str {
        &self.base
    }

    /// What goes behind `Bearer`.
    pub async fn bearer(&self) -> anyhow::Result<String> {
        self.session.as_ref().context("no credential")?.bearer().await
    }

    /// Gets what is not under /api/v1.
    pub async fn get_at<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        let url = format!("{}{path}", self.base);
        self.send(self.http.get(url).timeout(Duration::from_secs(30))).await.map(|(value, _)| value)
    }

    /// Gets; a problem document becomes an error.
    pub async fn get(&self, path: &str) -> Result<Answer, ClientError> {
        self.get_as(path).await
    }

    /// The same, into a shape.
    pub async fn get_as<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        self.send(self.request(Method::GET, path)).await.map(|(value, _)| value)
    }

    /// Gets in another form than JSON, piece by piece: it may go on for longer than any answer takes.
    pub async fn get_stream(&self, path: &str, accept: &str) -> Result<Response, ClientError> {
        let url = format!("{}/api/v1{path}", self.base);
        let request = self.authorized(self.http.get(url).header("Accept", accept)).await?;
        let response = tokio::time::timeout(PATIENCE, request.send()).await;
        let response = response.map_err(|_| ClientError::trouble("no answer in time"))??;
        let (status, headers) = (response.status(), response.headers().clone());
        if status.is_success() {
            return Ok(response);
        }
        Err(ClientError::of_response(status, &headers, &response.text().await?))
    }

    /// Posts once.
    pub async fn post(&self, path: &str, body: &impl Serialize) -> Result<Answer, ClientError> {
        self.send(self.request(Method::POST, path).json(body)).await.map(|(value, _)| value)
    }

    /// Creates with an idempotency key, so that an answer that got lost can be asked for again.
    pub async fn create(&self, key: &str, body: &impl Serialize) -> Result<Answer, ClientError> {
        let mut attempt = 0;
        loop {
            let request = self.request(Method::POST, "/approvals").header("Idempotency-Key", key);
            match self.send(request.json(body)).await {
                Err(ClientError::Unreachable(_)) if attempt < 5 => {
                    attempt += 1;
                    tokio::time::sleep(Duration::from_millis(200 << attempt)).await;
                }
                result => return result.map(|(value, _): (Answer, _)| value),
            }
        }
    }

    /// Waits until the approval has ended, or `patience` is over (then it is still pending). Whatever instance
    /// goes away meanwhile, another one answers.
    pub async fn wait(&self, id: &str, patience: Option<Duration>) -> Result<Answer, ClientError> {
        let begun = tokio::time::Instant::now();
        let mut failures = 0;
        loop {
            let left = patience.map_or(Duration::MAX, |patience| patience.saturating_sub(begun.elapsed()));
            let seconds = left.as_secs_f64().ceil().min(50.0);
            let path = format!("/approvals/{id}/wait?timeout={seconds}");
            match self.send::<Answer>(self.request(Method::GET, &path)).await {
                Ok((value, _)) if value["status"] != "pending" => return Ok(value),
                Ok((value, _)) if patience.is_some_and(|patience| begun.elapsed() >= patience) => {
                    return Ok(value);
                }
                Ok((_, retry_after)) => {
                    failures = 0;
                    tokio::time::sleep(retry_after).await;
                }
                Err(ClientError::Unreachable(why)) => {
                    // Nothing was lost: the request stands, and so does the outcome.
                    failures += 1;
                    if patience.is_some_and(|patience| begun.elapsed() >= patience) || failures > 60 {
                        return Err(ClientError::Unreachable(why));
                    }
                    tokio::time::sleep(Duration::from_millis(100 << failures.min(5))).await;
                }
                Err(refused) => return Err(refused),
            }
        }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}/api/v1{path}", self.base);
        self.http.request(method, url).timeout(PATIENCE)
    }

    /// With the credential, if there is one.
    async fn authorized(&self, request: RequestBuilder) -> Result<RequestBuilder, ClientError> {
        let Some(session) = &self.session else { return Ok(request) };
        let bearer = session.bearer().await.map_err(|error| ClientError::Refused {
            code: "unauthenticated".to_owned(),
            detail: format!("{error:#}"),
        })?;
        Ok(request.bearer_auth(bearer))
    }

    /// The answer, and how long to wait before asking again.
    async fn send<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<(T, Duration), ClientError> {
        let response = self.authorized(request).await?.send().await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await?;
        if !status.is_success() {
            return Err(ClientError::of_response(status, &headers, &text));
        }
        let value = serde_json::from_str(if text.is_empty() { "null" } else { &text })
            .map_err(|error| ClientError::trouble(format!("an answer that can't be read: {error}")))?;
        Ok((value, retry_after(&headers)))
    }
}

/// Keeps what was typed from being anything but one segment of a path, or one value of a query.
pub fn path_segment(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}
