//! Tokens that are about to run out are renewed before they are used, by one process at a time: issuers take a
//! refresh token that is used twice for a stolen one.

use std::{fs, path::PathBuf, time::Duration};

use anyhow::{Context, ensure};
use chrono::{DateTime, Utc};
use reqwest::header::HeaderValue;
use serde::Deserialize;
use tokio::sync::Mutex;

use super::{
    super::{
        failure::{ClientError, Trouble},
        output::say,
    },
    keyring::{self, Stored, Token},
};
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

/// Where a credential comes from, and where a newer one is looked for.
pub enum Source {
    /// Given as it is: there is no other.
    Given(String),
    /// A file, which may be written anew.
    File(PathBuf),
    /// What `signoff login` has kept.
    Kept,
}

impl Source {
    /// What it holds for a service.
    pub fn read(&self, base: &str) -> anyhow::Result<Option<Stored>> {
        let (key, place) = match self {
            Self::Given(key) => (key.clone(), "SIGNOFF_API_KEY, or --api-key".to_owned()),
            Self::File(path) => {
                let place = format!("{}, which SIGNOFF_API_KEY_FILE names", path.display());
                (fs::read_to_string(path).with_context(|| format!("can't read {place}"))?, place)
            }
            Self::Kept => return keyring::find(base),
        };
        let key = key.trim().to_owned();
        // Otherwise it would look like trouble on the way, which may pass.
        ensure!(
            HeaderValue::from_str(&key).is_ok(),
            "{place}: a key is one line without control characters, and this is another text"
        );
        Ok(Some(Stored::Key { key }))
    }
}

/// What a client signs in with, kept good.
pub struct Session {
    base: String,
    source: Source,
    stored: Mutex<Stored>,
}

impl Session {
    pub fn new(base: &str, source: Source, stored: Stored) -> Self {
        Self { base: base.to_owned(), source, stored: Mutex::new(stored) }
    }

    /// What goes behind `Bearer`.
    pub async fn bearer(&self) -> Result<String, ClientError> {
        let mut stored = self.stored.lock().await;
        if let Stored::Token(token) = &*stored
            && runs_out(token)
        {
            let is_over = token.expires_at <= now();
            match self.renew(token).await {
                Ok(Some(renewed)) => *stored = renewed,
                Ok(None) => {}
                Err(refused @ ClientError::Refused { .. }) => return Err(refused),
                // What is left of it may be enough.
                Err(_) if !is_over => {}
                Err(error) => return Err(error),
            }
        }
        Ok(stored.bearer().to_owned())
    }

    /// Whether there is another credential than the one that isn't taken any more: in the place that it came from, or
    /// from the issuer. It is used from then on.
    pub async fn renew_unlike(&self, refused: &str) -> Result<bool, ClientError> {
        let mut stored = self.stored.lock().await;
        // Another call was here before.
        if stored.bearer() != refused {
            return Ok(true);
        }
        let newer = match (&*stored, &self.source) {
            (Stored::Token(token), Source::Kept) => self.renew(token).await?,
            _ => self.source.read(&self.base).map_err(ClientError::Here)?,
        };
        let Some(newer) = newer.filter(|newer| newer.bearer() != refused) else { return Ok(false) };
        *stored = newer;
        Ok(true)
    }

    /// A newer credential than this token: what another process has kept meanwhile, or what the issuer gives for it.
    /// Nothing where there is neither.
    async fn renew(&self, had: &Token) -> Result<Option<Stored>, ClientError> {
        // Waits for another process that is at it.
        let held = tokio::task::spawn_blocking(keyring::hold).await;
        let held = held.map_err(anyhow::Error::from).flatten().map_err(ClientError::Here)?;
        let mut all = held.read().map_err(ClientError::Here)?;
        let kept = match all.get(&self.base) {
            Some(Stored::Token(kept)) if kept.access_token == had.access_token || runs_out(kept) => kept,
            newer => return Ok(newer.cloned()),
        };
        let mut token = kept.clone();
        let Some(refresh_token) = token.refresh_token.clone() else { return Ok(None) };
        let tokens = ask(&token, &refresh_token).await.map_err(|failure| told(&token.issuer, failure))?;
        token.expires_at = tokens.expires_at();
        token.access_token = tokens.access_token;
        // Some are good more than once.
        token.refresh_token = tokens.refresh_token.or(token.refresh_token);
        let renewed = Stored::Token(token);
        all.insert(self.base.clone(), renewed.clone());
        if let Err(error) = held.write(&all) {
            // This command can go on; the next one finds a refresh token that was used.
            say(&format!(
                "the renewed sign-in can't be kept: {error:#}; sign in again afterwards: signoff login"
            ));
        }
        Ok(Some(renewed))
    }
}

/// What it means that there is no new token. An issuer that is away hasn't signed anybody out.
fn told(issuer: &str, failure: Failure) -> ClientError {
    match failure {
        Failure::Denied(denial) => ClientError::Refused {
            code: "unauthenticated".to_owned(),
            detail: format!("you are signed out ({denial}); sign in again: signoff login"),
        },
        Failure::Trouble(why) => ClientError::Unreachable(Trouble {
            nothing_done: true,
            ..Trouble::new(format!(
                "your sign-in has to be renewed, and {issuer} can't be asked for that: {why}"
            ))
        }),
    }
}

fn runs_out(token: &Token) -> bool {
    token.expires_at < now() + LEAST
}

async fn ask(token: &Token, refresh_token: &str) -> Result<Tokens, Failure> {
    let fetcher =
        Fetcher::for_commands(&token.issuer).map_err(|error| Failure::Trouble(error.to_string()))?;
    let metadata = Metadata::discover(&fetcher, &token.issuer).await?;
    let endpoint = metadata.token_endpoint.unwrap_or_default();
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh_token),
        ("client_id", token.client_id.as_str()),
    ];
    fetcher.post(&endpoint, &form, None).await
}
