//! Tokens that are about to run out are renewed before they are used, by one process at a time: issuers take a
//! refresh token that is used twice for a stolen one.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use tokio::sync::Mutex;

use super::keyring::{self, Stored, Token};
use crate::oidc::{
    Metadata,
    fetch::{Failure, Fetcher},
};

/// A token with less left is renewed.
const LEAST: Duration = Duration::from_mins(1);

/// What an issuer hands out.
#[derive(Deserialize)]
pub struct Tokens {
    pub access_token: String,
    pub refresh_token: Option<String>,
    expires_in: Option<u64>,
}

impl Tokens {
    pub fn expires_at(&self) -> DateTime<Utc> {
        // Without a word, it is tried until it is refused.
        let seconds = self.expires_in.unwrap_or(3600).min(31_536_000);
        now() + Duration::from_secs(seconds)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "an issuer says for how long a token is good, from now on, here"
)]
fn now() -> DateTime<Utc> {
    Utc::now()
}

/// What a client signs in with, kept good.
#[derive(Clone)]
pub struct Session {
    base: String,
    stored: Arc<Mutex<Stored>>,
}

impl Session {
    pub fn new(base: &str, stored: Stored) -> Self {
        Self { base: base.to_owned(), stored: Arc::new(Mutex::new(stored)) }
    }

    /// What goes behind `Bearer`.
    pub async fn bearer(&self) -> anyhow::Result<String> {
        let mut stored = self.stored.lock().await;
        if let Stored::Token(token) = &*stored
            && runs_out(token)
            && let Some(renewed) = self.renew(token.clone()).await?
        {
            *stored = Stored::Token(renewed);
        }
        Ok(stored.bearer().to_owned())
    }

    async fn renew(&self, token: Token) -> anyhow::Result<Option<Token>> {
        // Waits for another process that is at it.
        let held = tokio::task::spawn_blocking(keyring::hold).await??;
        let mut all = held.read()?;
        let Some(Stored::Token(kept)) = all.get(&self.base) else { return Ok(None) };
        if kept.access_token != token.access_token && !runs_out(kept) {
            return Ok(Some(kept.clone()));
        }
        let mut token = kept.clone();
        let Some(refresh_token) = token.refresh_token.clone() else { return Ok(None) };
        let tokens = match ask(&token, &refresh_token).await {
            Ok(tokens) => tokens,
            // What is left of it may be enough, and what isn't is refused by the service.
            Err(Failure::Trouble(_)) if token.expires_at > now() => return Ok(None),
            Err(failure) => {
                return Err(failure).context("you are signed out; sign in again: signoff login");
            }
        };
        token.expires_at = tokens.expires_at();
        token.access_token = tokens.access_token;
        // Some are good more than once.
        token.refresh_token = tokens.refresh_token.or(token.refresh_token);
        all.insert(self.base.clone(), Stored::Token(token.clone()));
        held.write(&all)?;
        Ok(Some(token))
    }
}

fn runs_out(token: &Token) -> bool {
    token.expires_at < now() + LEAST
}

async fn ask(token: &Token, refresh_token: &str) -> Result<Tokens, Failure> {
    let fetcher = Fetcher::new().map_err(|error| Failure::Trouble(error.to_string()))?;
    let metadata = Metadata::discover(&fetcher, &token.issuer).await?;
    let endpoint = metadata.token_endpoint.unwrap_or_default();
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh_token),
        ("client_id", token.client_id.as_str()),
    ];
    fetcher.post(&endpoint, &form, None).await
}
