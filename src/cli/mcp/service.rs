//! The service behind its address, for an MCP server.

use std::time::Duration;

use serde_json::json;

use crate::{
    cli::{client::Client, failure::ClientError},
    mcp::{Service, Unanswered, service::Question},
    wire::answer::Answer,
};

impl Service for Client {
    /// With a key always: an answer may get lost on the way, and is asked for again.
    async fn create(&self, key: Option<&str>, question: &Question<'_>) -> Result<Answer, Unanswered> {
        let own;
        let key = if let Some(key) = key {
            key
        } else {
            own = uuid::Uuid::now_v7().to_string();
            &own
        };
        Ok(Self::create(self, key, question).await?.into_answer())
    }

    async fn approval(&self, id: &str) -> Result<Answer, Unanswered> {
        Ok(Self::approval(self, id).await?)
    }

    async fn wait(&self, id: &str, time: Duration) -> Result<Answer, Unanswered> {
        Ok(Self::wait(self, id, Some(time)).await?)
    }

    async fn cancel(&self, id: &str, reason: &str) -> Result<(), Unanswered> {
        self.decide(id, "cancel", &json!({ "reason": reason })).await?;
        Ok(())
    }
}

impl From<ClientError> for Unanswered {
    fn from(error: ClientError) -> Self {
        let is_refused = matches!(error, ClientError::Refused { .. });
        Self { why: error.into(), is_refused }
    }
}
