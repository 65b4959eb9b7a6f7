//! Slack: the service's own app there, and where Slack is, also for apps of workspaces.

use anyhow::{Context, ensure};
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::domain::{names::PrincipalName, web_address::is_loopback};

/// The service's own Slack app.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slack {
    /// Empty: there is none.
    pub bot_token: SecretString,
    pub signing_secret: SecretString,
    /// Where cards go that their request names no channel for. Empty: to each person.
    pub channel: String,
    pub enabled: String,
    /// Whose installation it is. Empty: every workspace's.
    pub workspace: String,
    pub bind_by_email: bool,
    pub api_url: String,
    pub hooks_url: String,
}

impl Slack {
    /// Whether cards are sent, and clicks taken.
    pub fn is_on(&self) -> bool {
        match self.enabled.as_str() {
            "auto" => !self.bot_token.expose_secret().is_empty(),
            enabled => enabled == "true",
        }
    }

    /// Whether the operator wants nothing of it, also not for workspaces with apps of their own.
    pub fn is_off(&self) -> bool {
        self.enabled == "false"
    }

    pub(super) fn check(&self) -> anyhow::Result<()> {
        ensure!(
            ["auto", "true", "false"].contains(&self.enabled.as_str()),
            "slack.enabled must be auto, true or false"
        );
        for (name, url) in [("slack.api_url", &self.api_url), ("slack.hooks_url", &self.hooks_url)] {
            base(url).with_context(|| format!("{name}: {url:?}"))?;
        }
        if !self.is_on() {
            return Ok(());
        }
        let token = self.bot_token.expose_secret();
        ensure!(
            !token.is_empty(),
            "Slack is on (slack.enabled, SLACK_ENABLED), but slack.bot_token (SLACK_BOT_TOKEN) is not set"
        );
        ensure!(
            token.bytes().all(|byte| byte.is_ascii_graphic()),
            "slack.bot_token has a character that no token has"
        );
        ensure!(
            !self.signing_secret.expose_secret().is_empty(),
            "slack.bot_token is set, but slack.signing_secret (SLACK_SIGNING_SECRET) is not: without it no click \
             could be believed; the app's page in Slack shows it under Basic Information"
        );
        if !self.workspace.is_empty() {
            PrincipalName::new(&self.workspace).context("slack.workspace")?;
        }
        Ok(())
    }
}

/// What addresses begin with.
fn base(text: &str) -> anyhow::Result<()> {
    let url: Url = text.parse().context("is no URL")?;
    let is_safe = url.scheme() == "https" || url.scheme() == "http" && is_loopback(&url);
    ensure!(is_safe, "must be https, but on this machine's loopback");
    let is_plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    ensure!(
        is_plain && url.path().ends_with('/'),
        "must end with a slash, and have no credentials and no query"
    );
    Ok(())
}
