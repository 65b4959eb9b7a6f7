//! A small client of the API, for the commands below it.

use std::{fs, time::Duration};

use anyhow::{Context, bail};
use clap::Args;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde::Serialize;
use serde_json::Value;

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

/// Why a call came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    #[error("{code}: {detail}")]
    Refused { code: String, detail: String },
    #[error("the service can't be reached or is in trouble: {0}")]
    Unreachable(String),
}

pub struct Client {
    http: reqwest::Client,
    base: String,
    key: String,
}

impl ClientArgs {
    pub fn client(&self) -> anyhow::Result<Client> {
        let key = match (&self.api_key, std::env::var("SIGNOFF_API_KEY_FILE")) {
            (Some(key), _) => key.clone(),
            (None, Ok(path)) => fs::read_to_string(&path)
                .with_context(|| format!("can't read {path}, which SIGNOFF_API_KEY_FILE names"))?,
            (None, Err(_)) => bail!(
                "no API key: set SIGNOFF_API_KEY (make one with `signoff keys create`, on a machine that reaches \
                 the database)"
            ),
        };
        let http = reqwest::Client::builder().connect_timeout(Duration::from_secs(5)).build()?;
        Ok(Client { http, base: self.url.trim_end_matches('/').to_owned(), key: key.trim().to_owned() })
    }
}

impl Client {
    /// Gets; a problem document becomes an error.
    pub async fn get(&self, path: &str) -> Result<Value, ClientError> {
        self.send(self.request(Method::GET, path)).await.map(|(value, _)| value)
    }

    /// Posts once.
    pub async fn post(&self, path: &str, body: &impl Serialize) -> Result<Value, ClientError> {
        self.send(self.request(Method::POST, path).json(body)).await.map(|(value, _)| value)
    }

    /// Creates with a key of its own, so that an answer that got lost can be asked for again.
    pub async fn create(&self, body: &impl Serialize) -> Result<Value, ClientError> {
        let key = uuid::Uuid::now_v7().to_string();
        let mut attempt = 0;
        loop {
            let request = self.request(Method::POST, "/approvals").header("Idempotency-Key", &key);
            match self.send(request.json(body)).await {
                Err(ClientError::Unreachable(_)) if attempt < 5 => {
                    attempt += 1;
                    tokio::time::sleep(Duration::from_millis(200 << attempt)).await;
                }
                result => return result.map(|(value, _)| value),
            }
        }
    }

    /// Waits until the approval has ended, or `patience` is over (then it is still pending). Whatever instance
    /// goes away meanwhile, another one answers.
    pub async fn wait(&self, id: &str, patience: Option<Duration>) -> Result<Value, ClientError> {
        let begun = tokio::time::Instant::now();
        let mut failures = 0;
        loop {
            let left = patience.map_or(Duration::MAX, |patience| patience.saturating_sub(begun.elapsed()));
            let seconds = left.as_secs_f64().ceil().min(50.0);
            let path = format!("/approvals/{id}/wait?timeout={seconds}");
            match self.send(self.request(Method::GET, &path)).await {
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
        self.http.request(method, url).bearer_auth(&self.key).timeout(Duration::from_secs(65))
    }

    /// The answer, and how long to wait before asking again.
    async fn send(&self, request: RequestBuilder) -> Result<(Value, Duration), ClientError> {
        let unreachable = |error: reqwest::Error| ClientError::Unreachable(error_chain(&error));
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        let retry_after = response.headers().get("retry-after").and_then(|it| it.to_str().ok()?.parse().ok());
        let text = response.text().await.map_err(unreachable)?;
        if status.is_success() {
            let value = if text.is_empty() { Value::Null } else { parse(&text)? };
            return Ok((value, Duration::from_secs(retry_after.unwrap_or(0))));
        }
        let problem = parse(&text).unwrap_or(Value::Null);
        let word = |name: &str, or: &str| problem[name].as_str().unwrap_or(or).to_owned();
        if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
            return Err(ClientError::Unreachable(format!("{status}: {}", word("detail", &text))));
        }
        Err(ClientError::Refused { code: word("code", status.as_str()), detail: word("detail", &text) })
    }
}

fn parse(text: &str) -> Result<Value, ClientError> {
    serde_json::from_str(text)
        .map_err(|error| ClientError::Unreachable(format!("an answer that is no JSON: {error}")))
}

/// The cause is mostly the last of the chain ("connection refused").
fn error_chain(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        words = format!("{words}: {error}");
        source = error.source();
    }
    words
}
