//! Calls Slack's methods as an app: bounded in time and size, without redirects, through no proxy.
//!
//! Where a method fails, Slack often answers 200, with a word for the failure. This file alone knows what the words
//! about the token, limits and faults of Slack's mean.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use reqwest::{RequestBuilder, Response, StatusCode, header, redirect::Policy};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tokio::{sync::OnceCell, time::Instant};

use crate::{config, store::slack_installations::App};

/// The longest time that a call may take.
const LONGEST: Duration = Duration::from_secs(10);
/// The largest answer that is read, in bytes.
const MOST: usize = 1024 * 1024;
/// How long a method is left alone after a 429 that doesn't say for how long. And the shortest and the longest time
/// that a 429 may say.
const SILENT: Duration = Duration::from_secs(30);
const SHORTEST: Duration = Duration::from_secs(1);
const FARTHEST: Duration = Duration::from_hours(1);
/// How long an app is left alone whose token Slack refuses.
const VOID: Duration = Duration::from_mins(30);
/// Stands for all methods of the app.
const ALL: &str = "*";

/// Why a call failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Slack is to be left alone for this time: there were too many calls, or it refuses the token.
    #[error("{error}")]
    Held { hold: Duration, code: Option<i32>, error: String },
    /// Slack can't be reached, or is at fault by its own word.
    #[error("{error}")]
    Away { code: Option<i32>, error: String },
    /// Slack refused the call, by this word.
    #[error("{word}")]
    Refused { code: Option<i32>, word: String },
}

impl Failure {
    pub fn is(&self, words: &[&str]) -> bool {
        matches!(self, Self::Refused { word, .. } if words.contains(&word.as_str()))
    }
}

/// Slack's addresses, and the connections to it. Clones share the connections.
#[derive(Clone)]
pub struct Line {
    http: reqwest::Client,
    api_url: Arc<str>,
    hooks_url: Arc<str>,
}

impl Line {
    pub fn new(config: &config::Slack) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder()
            .timeout(LONGEST)
            .connect_timeout(LONGEST / 2)
            .redirect(Policy::none())
            .no_proxy()
            .http1_only()
            .user_agent(concat!("signoff/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self {
            http,
            api_url: config.api_url.as_str().into(),
            hooks_url: config.hooks_url.as_str().into(),
        })
    }
}

/// Calls methods as one app. Clones share what is known of the app.
#[derive(Clone)]
pub struct Client {
    line: Line,
    token: SecretString,
    app: Arc<OnceCell<App>>,
    /// The methods that are left alone, until when, and why.
    gates: Arc<Mutex<HashMap<&'static str, (Instant, String)>>>,
    /// Why Slack refuses the token, until administrators are told.
    refused: Arc<Mutex<Option<String>>>,
    /// Whether Slack refused the token the last time, as far as this instance knows.
    is_refused: Arc<AtomicBool>,
    /// Whether Slack has taken the token again since it refused it.
    recovered: Arc<AtomicBool>,
}

impl Client {
    pub fn new(line: Line, token: SecretString) -> Self {
        Self {
            line,
            token,
            app: Arc::default(),
            gates: Arc::default(),
            refused: Arc::default(),
            is_refused: Arc::default(),
            recovered: Arc::default(),
        }
    }

    /// Which app of which team this is. Slack is asked once.
    pub async fn app(&self) -> Result<&App, Failure> {
        self.app.get_or_try_init(|| self.ask_for_app()).await
    }

    /// The same, if it is known already.
    pub fn known_app(&self) -> Option<&App> {
        self.app.get()
    }

    /// Which app of which team this is. Slack is asked now.
    pub async fn ask_for_app(&self) -> Result<App, Failure> {
        let answer = self.call("auth.test", &json!({})).await?;
        let text = |name: &str| answer[name].as_str().map(str::to_owned);
        let odd = |what| Failure::Away { code: None, error: format!("auth.test names no {what}") };
        Ok(App {
            team: text("team_id").ok_or_else(|| odd("team"))?,
            enterprise: text("enterprise_id"),
            team_name: text("team").unwrap_or_default(),
            bot: text("user_id").ok_or_else(|| odd("user"))?,
        })
    }

    /// Calls a method that takes JSON.
    pub async fn call(&self, method: &'static str, body: &Value) -> Result<Value, Failure> {
        self.send(method, |url| self.line.http.post(url).json(body)).await
    }

    /// Calls a method that only reads, and takes no JSON.
    pub async fn look(&self, method: &'static str, query: &[(&str, &str)]) -> Result<Value, Failure> {
        self.send(method, |url| self.line.http.get(url).query(query)).await
    }

    /// Answers a press, so that only the person who pressed sees it. An address that is not Slack's gets nothing.
    pub async fn whisper(&self, response_url: &str, text: &str) -> Result<(), Failure> {
        if !response_url.starts_with(&*self.line.hooks_url) {
            let word = "the address for the answer is none of Slack's".to_owned();
            return Err(Failure::Refused { code: None, word });
        }
        let body = json!({ "response_type": "ephemeral", "replace_original": false, "text": text });
        let sent = self.line.http.post(response_url).json(&body).send().await;
        let status = sent.map_err(|error| away(&error))?.status();
        if status.is_success() {
            return Ok(());
        }
        Err(Failure::Away { code: Some(i32::from(status.as_u16())), error: format!("answered by {status}") })
    }

    async fn send(
        &self,
        method: &'static str,
        request: impl FnOnce(String) -> RequestBuilder,
    ) -> Result<Value, Failure> {
        self.pass(method)?;
        let request =
            request(format!("{}{method}", self.line.api_url)).bearer_auth(self.token.expose_secret());
        let response = request.send().await.map_err(|error| away(&error))?;
        let status = response.status();
        let code = Some(i32::from(status.as_u16()));
        let hold = retry_after(&response);
        if status == StatusCode::TOO_MANY_REQUESTS {
            return Err(self.limited(method, hold, code));
        }
        if status.is_server_error() {
            return Err(Failure::Away { code, error: format!("{method}: {status}") });
        }
        let answer = read(response).await?;
        if answer["ok"] == true {
            if self.is_refused.swap(false, Ordering::Relaxed) {
                self.recovered.store(true, Ordering::Relaxed);
            }
            return Ok(answer);
        }
        let word = answer["error"].as_str().map_or_else(|| format!("{method}: {status}"), str::to_owned);
        Err(match word.as_str() {
            "ratelimited" | "rate_limited" => self.limited(method, hold, code),
            "internal_error"
            | "fatal_error"
            | "service_unavailable"
            | "request_timeout"
            | "team_added_to_org" => Failure::Away { code, error: format!("{method}: {word}") },
            "invalid_auth" | "not_authed" | "account_inactive" | "token_revoked" | "token_expired"
            | "missing_scope" | "org_login_required" => self.void(&word, code),
            _ => Failure::Refused { code, word },
        })
    }

    /// Refuses a call of a method that is left alone now.
    fn pass(&self, method: &'static str) -> Result<(), Failure> {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        gates.retain(|_, (until, _)| *until > now);
        match gates.get(ALL).or_else(|| gates.get(method)) {
            None => Ok(()),
            Some((until, error)) => {
                Err(Failure::Held { hold: *until - now, code: None, error: error.clone() })
            }
        }
    }

    fn shut(&self, method: &'static str, hold: Duration, error: &str) {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        gates.insert(method, (Instant::now() + hold, error.to_owned()));
    }

    /// Why Slack refuses the token, until administrators are told and this is cleared.
    pub fn refused(&self) -> MutexGuard<'_, Option<String>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether Slack refuses the token, as far as this instance knows.
    pub fn is_refused(&self) -> bool {
        self.is_refused.load(Ordering::Relaxed)
    }

    /// Notes that another instance has seen that Slack refuses the token.
    pub fn hear_of_refusal(&self) {
        self.is_refused.store(true, Ordering::Relaxed);
    }

    /// Whether Slack has taken the token again. A call clears it.
    pub fn has_recovered(&self) -> bool {
        self.recovered.swap(false, Ordering::Relaxed)
    }

    fn limited(&self, method: &'static str, hold: Duration, code: Option<i32>) -> Failure {
        let error = format!("{method}: Slack takes no more for {} s", hold.as_secs());
        self.shut(method, hold, &error);
        Failure::Held { hold, code, error }
    }

    /// Slack refuses the token, so no method is called for a while.
    fn void(&self, word: &str, code: Option<i32>) -> Failure {
        let error = format!("Slack refuses the bot's token: {word}");
        self.shut(ALL, VOID, &error);
        self.is_refused.store(true, Ordering::Relaxed);
        *self.refused() = Some(error.clone());
        Failure::Held { hold: VOID, code, error }
    }
}

fn retry_after(response: &Response) -> Duration {
    let header = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
    let seconds = header.and_then(|text| text.trim().parse().ok());
    seconds.map_or(SILENT, |seconds| Duration::from_secs(seconds).clamp(SHORTEST, FARTHEST))
}

async fn read(mut response: Response) -> Result<Value, Failure> {
    let code = Some(i32::from(response.status().as_u16()));
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| away(&error))? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MOST {
            return Err(Failure::Away { code, error: "Slack's answer is too long".to_owned() });
        }
    }
    let read = serde_json::from_slice(&bytes);
    read.map_err(|_| Failure::Away { code, error: "what answers is not Slack: it sends no JSON".to_owned() })
}

/// An error without its address: the address for an answer to a press is as good as a credential.
fn away(error: &reqwest::Error) -> Failure {
    let what = if error.is_timeout() {
        "Slack did not answer in time"
    } else if error.is_connect() {
        "Slack can't be reached"
    } else {
        "the connection to Slack broke"
    };
    let mut text = what.to_owned();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    Failure::Away { code: None, error: text }
}
