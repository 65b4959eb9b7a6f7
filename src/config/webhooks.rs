//! Where webhooks may go, and the endpoint that the operator sets.

use anyhow::ensure;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::sections::networks;
use crate::domain::address::Allowed;

/// Where webhooks may go, and the endpoint that the operator sets.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhooks {
    /// Empty: there is none.
    pub url: String,
    pub secret: SecretString,
    pub enabled: String,
    /// Empty: all.
    pub workspace: String,
    /// Addresses and networks, separated by commas.
    pub allowed_networks: String,
    pub allow_http: bool,
}

impl Webhooks {
    /// Whether there is an endpoint of the operator's.
    pub fn is_on(&self) -> bool {
        match self.enabled.as_str() {
            "auto" => !self.url.is_empty(),
            enabled => enabled == "true",
        }
    }

    /// Networks that are not public, and allowed all the same.
    pub fn allowed(&self) -> anyhow::Result<Allowed> {
        networks("webhooks.allowed_networks", &self.allowed_networks).map(Allowed)
    }

    pub(super) fn check(&self) -> anyhow::Result<()> {
        ensure!(
            ["auto", "true", "false"].contains(&self.enabled.as_str()),
            "webhooks.enabled must be auto, true or false"
        );
        let allowed = self.allowed()?;
        ensure!(
            !self.allow_http || !allowed.0.is_empty(),
            "webhooks.allow_http is for networks in webhooks.allowed_networks, and there are none"
        );
        if !self.is_on() {
            return Ok(());
        }
        ensure!(
            !self.url.is_empty(),
            "webhooks are on (webhooks.enabled, WEBHOOK_ENABLED), but webhooks.url is not set"
        );
        let url = reqwest::Url::parse(&self.url).ok();
        ensure!(
            url.is_some_and(|url| ["http", "https"].contains(&url.scheme()) && url.fragment().is_none()),
            "webhooks.url must be a URL like https://example.com/hook"
        );
        let secret = self.secret.expose_secret();
        ensure!(
            !secret.is_empty(),
            "webhooks.secret (WEBHOOK_SECRET) is not set: what messages are signed with"
        );
        Ok(())
    }
}
