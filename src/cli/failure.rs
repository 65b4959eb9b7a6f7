//! Why a call came to nothing, and what that means for the caller.

use std::{fmt, time::Duration};

use reqwest::header::HeaderMap;

/// Why a call came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The service's word. Asking again would change nothing.
    #[error("{code}: {detail}")]
    Refused { code: String, detail: String },
    #[error("the service can't be reached or is in trouble: {0}")]
    Unreachable(Trouble),
    /// What is wrong is on this machine.
    #[error("{0:#}")]
    Here(anyhow::Error),
}

/// Trouble that may pass.
#[derive(Debug, Default)]
pub struct Trouble {
    pub why: String,
    /// Whether it is certain that nothing was done.
    pub nothing_done: bool,
    /// How long the service wants to be left alone.
    pub retry_after: Duration,
    /// Whether the address leads to another one. Where it never led to the service, it is wrong.
    pub redirected: bool,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl Trouble {
    /// In our words; what it means for what was asked is unknown.
    pub fn new(why: impl Into<String>) -> Self {
        Self { why: why.into(), ..Self::default() }
    }
}

impl ClientError {
    pub fn trouble(why: impl Into<String>) -> Self {
        Self::Unreachable(Trouble::new(why))
    }

    /// Whether the service doesn't know the credential, or doesn't take it any more.
    pub fn is_unauthenticated(&self) -> bool {
        matches!(self, Self::Refused { code, .. } if code == "unauthenticated")
    }
}

impl From<reqwest::Error> for ClientError {
    fn from(error: reqwest::Error) -> Self {
        // What can't be sent never will be.
        if error.is_builder() {
            return Self::Here(anyhow::Error::new(error.without_url()).context("the request can't be made"));
        }
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
pub fn error_chain(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        words = format!("{words}: {error}");
        source = error.source();
    }
    words
}
