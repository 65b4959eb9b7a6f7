//! The credential of the connections, and what to do when the service wants another one.

use std::time::Duration;

use tokio::time::Instant;

use super::ending::Break;
use crate::cli::{backoff::Backoff, client::Client, failure::ClientError, output::say};

/// A connection that stood for so long shows that its credential was good again. The service looks at credentials
/// every minute.
const STOOD: Duration = Duration::from_mins(5);
/// Connections that don't stand for so long are put further and further apart.
const SHORT: Duration = Duration::from_secs(20);

#[derive(Default)]
pub struct Credential {
    /// The last connection's.
    bearer: String,
    /// The last one that the service wanted replaced.
    worn: Option<String>,
    /// When the service greeted us with it.
    greeted: Option<Instant>,
    /// Whether a handshake was refused, and a newer credential taken for the next one.
    is_renewed: bool,
    backoff: Backoff,
}

impl Credential {
    /// For the next connection. One that is about to run out is renewed before.
    pub async fn next(&mut self, client: &Client) -> Result<&str, Break> {
        self.greeted = None;
        self.bearer = client.bearer().await?.unwrap_or_default();
        Ok(&self.bearer)
    }

    /// It was taken.
    pub fn is_good(&mut self) {
        self.greeted = Some(Instant::now());
        self.is_renewed = false;
    }

    /// The service wants another one (4401). Where there is none, the same one is tried once more: perhaps only what
    /// it allows has changed. Answers with the time to wait before.
    pub async fn worn_out(&mut self, client: &Client, reason: &str) -> Result<Duration, Break> {
        if self.stood(STOOD) {
            self.worn = None;
        }
        if self.stood(SHORT) {
            self.backoff.reset();
        }
        let has_another = client.has_another_than(&self.bearer).await?;
        let is_again = self.worn.replace(self.bearer.clone()).is_some_and(|worn| worn == self.bearer);
        if !has_another && is_again {
            let detail = format!(
                "{reason}; it was tried once more, and there is no newer one here: make a new key (signoff keys rotate), \
                 or sign in again (signoff login)"
            );
            return Err(ClientError::Refused { code: "4401".to_owned(), detail }.into());
        }
        let how = if has_another { "coming back with a new one" } else { "trying the same one once more" };
        say(&format!("{reason}; {how}"));
        Ok(self.backoff.delay(Duration::ZERO))
    }

    /// The handshake was refused for it. Perhaps there is a newer one.
    pub async fn refused(&mut self, client: &Client, error: anyhow::Error) -> Result<Duration, Break> {
        if self.is_renewed || !client.has_another_than(&self.bearer).await? {
            return Err(Break::Stop(error));
        }
        self.is_renewed = true;
        Ok(self.backoff.delay(Duration::ZERO))
    }

    fn stood(&self, time: Duration) -> bool {
        self.greeted.is_some_and(|greeted| greeted.elapsed() >= time)
    }
}
