//! Signoff, as an MCP server asks it. All is asked with the credential of the agent that calls, and may be refused like
//! any other request.

use std::{fmt, time::Duration};

use serde::Serialize;
use serde_json::{Map, Value};

use crate::wire::answer::Answer;

/// What an MCP server needs of the API.
pub trait Service: Send + Sync + 'static {
    /// Creates an approval. The same key again finds the one that it has made.
    fn create(
        &self,
        key: Option<&str>,
        question: &Question<'_>,
    ) -> impl Future<Output = Result<Answer, Unanswered>> + Send;

    fn approval(&self, id: &str) -> impl Future<Output = Result<Answer, Unanswered>> + Send;

    /// Waits until it has ended, or for so long; then it is still pending. An instance that goes away ends the wait, too.
    fn wait(&self, id: &str, time: Duration) -> impl Future<Output = Result<Answer, Unanswered>> + Send;

    fn cancel(&self, id: &str, reason: &str) -> impl Future<Output = Result<(), Unanswered>> + Send;
}

/// A new approval.
#[derive(Serialize)]
pub struct Question<'a> {
    pub run_id: &'a str,
    pub approval_type: &'a str,
    pub title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<&'a str>,
    pub context: &'a Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<Value>,
    pub metadata: Value,
}

/// Why there is no answer.
#[derive(Debug)]
pub struct Unanswered {
    pub why: anyhow::Error,
    /// Whether it was refused: the same again would be, too.
    pub is_refused: bool,
}

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", self.why)
    }
}

impl std::error::Error for Unanswered {}
