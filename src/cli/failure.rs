//! Why a call came to nothing, and what that means for whoever made it.

use std::{fmt, time::Duration};

use reqwest::{StatusCode, header::HeaderMap};
use serde_json::Value;

/// Why a call came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    #[error("{code}: {detail}")]
    Refused { code: String, detail: String },
    #[error("the service can't be reached or is in trouble: {0}")]
    Unreachable(Trouble),
}

/// Trouble that may pass.
#[derive(Debug, Default)]
pub struct Trouble {
    why: String,
    /// Whether it is certain that nothing was done.
    pub nothing_done: bool,
    /// How long the service wants to be left alone.
    pub retry_after: Duration,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl ClientError {
    /// What a response that is no success says.
    pub fn of_response(status: StatusCode, headers: &HeaderMap, text: &str) -> Self {
        let problem: Value = serde_json::from_str(text).unwrap_or_default();
        let word = |name: &str, or: &str| problem[name].as_str().unwrap_or(or).to_owned();
        let code = word("code", status.as_str());
        let text = if text.trim().is_empty() { status.canonical_reason().unwrap_or("") } else { text };
        if !status.is_server_error() && status != StatusCode::TOO_MANY_REQUESTS {
            return Self::Refused { code, detail: word("detail", text) };
        }
        Self::Unreachable(Trouble {
            why: format!("{status}: {}", word("detail", text)),
            nothing_done: matches!(code.as_str(), "429" | "rate_limited" | "overloaded" | "draining"),
            retry_after: retry_after(headers),
        })
    }

    /// Trouble in our words, or those of whoever noticed; what it means for what was asked is unknown.
    pub fn trouble(why: impl Into<String>) -> Self {
        Self::Unreachable(Trouble { why: why.into(), ..Trouble::default() })
    }
}

impl From<reqwest::Error> for ClientError {
    fn from(error: reqwest::Error) -> Self {
        let nothing_done = error.is_connect();
        Self::Unreachable(Trouble { why: error_chain(&error), nothing_done, ..Trouble::default() })
    }
}

/// How long the service wants to be left alone; zero if it doesn't say.
pub fn retry_after(headers: &HeaderMap) -> Duration {
    let seconds = headers.get("retry-after").and_then(|it| it.to_str().ok()?.parse().ok());
    Duration::from_secs(seconds.unwrap_or(0))
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
