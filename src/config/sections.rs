//! What can be configured, section by section, and which values make sense.

use std::{net::IpAddr, time::Duration};

use anyhow::{Context, ensure};
use ipnet::IpNet;
use secrecy::SecretString;
use serde::Deserialize;

use crate::domain::web_address::is_trustworthy;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    pub listen: String,
    /// Where people reach it in a browser, without a path; empty: whatever loopback address they used.
    pub public_url: String,
    /// Addresses and networks, separated by commas.
    pub trusted_proxies: String,
    pub header_timeout_seconds: u64,
    pub idle_timeout_seconds: u64,
    pub export_pause_seconds: u64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operator {
    pub listen: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    pub url: SecretString,
    pub decide_connections: u32,
    pub read_connections: u32,
    pub tenant_connections: u32,
    pub auth_connections: u32,
    pub transact_connections: u32,
    pub work_connections: u32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redis {
    pub url: SecretString,
    pub prefix: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instance {
    pub name: String,
    /// 0: half of the processors.
    pub worker_threads: usize,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lease {
    pub heartbeat_seconds: u64,
    pub ttl_seconds: u64,
}

/// What is kept of how the service was.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cluster {
    pub samples_hours: u64,
    pub events_days: u64,
}

impl Cluster {
    pub(super) fn check(&self) -> anyhow::Result<()> {
        ensure!((1..=720).contains(&self.samples_hours), "cluster.samples_hours must be 1 to 720");
        ensure!((1..=3_650).contains(&self.events_days), "cluster.events_days must be 1 to 3650");
        Ok(())
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sweep {
    pub interval_ms: u64,
    pub interval_bus_down_ms: u64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Events {
    pub retention_hours: u64,
    pub max_per_task: i64,
    /// 0: no quota.
    pub workspace_mebibytes_per_day: u64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Audit {
    /// Empty: nothing is signed.
    pub signing_key: SecretString,
    pub checkpoint_minutes: u64,
}

/// Proving who may act on what was approved.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipts {
    /// Empty: claims have no receipts.
    pub signing_key: SecretString,
    /// Public keys, with commas.
    pub also_publish: String,
}

/// Telling people.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notify {
    /// Whether this instance routes and sends.
    pub enabled: bool,
    pub connections: u32,
    pub retention_days: u64,
}

impl Notify {
    pub(super) fn check(&self) -> anyhow::Result<()> {
        ensure!(self.connections >= 2, "notify.connections must be at least 2");
        ensure!((1..=3_650).contains(&self.retention_days), "notify.retention_days must be 1 to 3650");
        Ok(())
    }
}

/// What secrets are sealed with that the service must read again.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secrets {
    /// Empty: nothing can be sealed.
    pub key: SecretString,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sockets {
    /// Origins, separated by commas.
    pub allowed_origins: String,
    pub ping_seconds: u64,
    pub send_timeout_seconds: u64,
    pub messages_per_second: u32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sessions {
    pub lifetime_seconds: u64,
    pub idle_seconds: u64,
}

/// An OpenID Connect issuer, and what its claims mean here.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Oidc {
    /// Empty: there is none.
    pub issuer: String,
    pub audience: String,
    pub client_id: String,
    pub client_secret: SecretString,
    pub cli_client_id: String,
    /// Separated by commas.
    pub algorithms: String,
    pub leeway_seconds: u64,
    /// Separated by blanks.
    pub scopes: String,
    pub audience_parameter: String,
    pub redirect_url: String,
    pub claim_principal: String,
    pub claim_display_name: String,
    pub claim_email: String,
    pub claim_roles: String,
    pub claim_groups: String,
    pub claim_workspace: String,
    pub workspace: String,
    pub create_principals: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    pub max_sockets: usize,
    pub max_instance_sockets_per_workspace: usize,
    pub max_sockets_per_workspace: i64,
    pub max_sockets_per_principal: i64,
    pub max_feeds: usize,
    pub max_feeds_per_principal: usize,
    pub max_waiters: usize,
    pub max_waiters_per_workspace: usize,
    pub max_connections: usize,
    pub max_connections_per_address: usize,
    pub max_queued: usize,
    pub max_body_kibibytes: usize,
    pub max_events_body_kibibytes: usize,
    pub max_message_kibibytes: usize,
    pub max_bodies_mebibytes: usize,
    pub max_answers_mebibytes: usize,
}

impl Limits {
    pub(super) fn check(&self) -> anyhow::Result<()> {
        ensure!(self.max_queued > 0, "limits.max_queued must be at least 1");
        for (name, value, most) in [
            ("max_body_kibibytes", self.max_body_kibibytes, 64 * 1024),
            ("max_events_body_kibibytes", self.max_events_body_kibibytes, 64 * 1024),
            ("max_message_kibibytes", self.max_message_kibibytes, 16 * 1024),
        ] {
            ensure!((1..=most).contains(&value), "limits.{name} must be 1 to {most}");
        }
        let largest = self.max_body_kibibytes.max(self.max_events_body_kibibytes).div_ceil(1024);
        ensure!(
            (largest..=1024 * 1024).contains(&self.max_bodies_mebibytes),
            "limits.max_bodies_mebibytes must be {largest} (the largest single body) to 1048576"
        );
        // A share must have room for a page of 4 MiB and the approval that ends it, which may have nearly as much with
        // thousands of votes: three times, while they are read and written.
        let least = 2 * 3 * 8;
        ensure!(
            (least..=1024 * 1024).contains(&self.max_answers_mebibytes),
            "limits.max_answers_mebibytes must be {least} (twice what the largest page takes) to 1048576"
        );
        Ok(())
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimits {
    pub principal_requests_per_second: f64,
    pub principal_burst: u32,
    pub workspace_requests_per_second: f64,
    pub workspace_burst: u32,
    pub address_requests_per_second: f64,
    pub address_burst: u32,
    pub failed_credentials_per_minute: u32,
    pub redis_timeout_ms: u64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drain {
    pub grace_seconds: f64,
    pub deadline_seconds: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One object a line, for collectors.
    Json,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    pub level: String,
    pub format: LogFormat,
}

impl Oidc {
    pub fn is_on(&self) -> bool {
        !self.issuer.is_empty()
    }

    pub(super) fn check(&self) -> anyhow::Result<()> {
        if !self.is_on() {
            return Ok(());
        }
        ensure!(
            web_address(&self.issuer).is_some(),
            "oidc.issuer: {:?} must be an https URL (http only on loopback), written as the issuer writes it",
            self.issuer
        );
        ensure!(
            !self.audience.is_empty() || !self.client_id.is_empty(),
            "oidc: give an audience (for bearer tokens), a client_id (for signing in), or both"
        );
        ensure!(self.leeway_seconds <= 300, "oidc.leeway_seconds must be at most 300");
        ensure!(
            self.client_id.is_empty() || self.scopes.split_whitespace().any(|scope| scope == "openid"),
            "oidc.scopes must contain openid"
        );
        ensure!(
            self.redirect_url.is_empty()
                || web_address(&self.redirect_url).is_some_and(|url| url.path() == "/auth/callback"),
            "oidc.redirect_url: {:?} must be https (http only on loopback) and end in /auth/callback",
            self.redirect_url
        );
        ensure!(
            ["", "resource", "audience"].contains(&self.audience_parameter.as_str()),
            "oidc.audience_parameter must be empty, resource or audience"
        );
        ensure!(!self.claim_principal.is_empty(), "oidc.claim_principal must name a claim");
        ensure!(
            self.claim_workspace.is_empty() != self.workspace.is_empty(),
            "oidc: give either claim_workspace (the claim that names the workspace) or workspace (its name)"
        );
        Ok(())
    }
}

/// A URL that may be trusted to lead where it says: https, or http on this machine; nothing behind its path.
pub(super) fn web_address(text: &str) -> Option<reqwest::Url> {
    reqwest::Url::parse(text).ok().filter(is_trustworthy)
}

impl Lease {
    pub fn heartbeat(&self) -> Duration {
        Duration::from_secs(self.heartbeat_seconds)
    }

    pub fn ttl(&self) -> Duration {
        Duration::from_secs(self.ttl_seconds)
    }
}

impl Http {
    pub(super) fn check(&self) -> anyhow::Result<()> {
        for (name, value, (least, most)) in [
            ("header_timeout_seconds", self.header_timeout_seconds, (1, 3_600)),
            ("idle_timeout_seconds", self.idle_timeout_seconds, (1, 86_400)),
            ("export_pause_seconds", self.export_pause_seconds, (1, 86_400)),
        ] {
            ensure!((least..=most).contains(&value), "http.{name} must be {least} to {most}");
        }
        self.proxies().map(drop)
    }

    /// Whose word on where a request comes from is taken.
    pub fn proxies(&self) -> anyhow::Result<Vec<IpNet>> {
        networks("http.trusted_proxies", &self.trusted_proxies)
    }
}

/// Addresses and networks, separated by commas.
pub(super) fn networks(name: &str, text: &str) -> anyhow::Result<Vec<IpNet>> {
    let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
    let network = |entry: &str| {
        let found = entry.parse().or_else(|_| entry.parse::<IpAddr>().map(IpNet::from));
        found.with_context(|| {
            format!("{name}: {entry:?} is no address and no network, for example 10.0.0.0/8")
        })
    };
    entries.map(network).collect()
}

impl RateLimits {
    pub(super) fn check(&self) -> anyhow::Result<()> {
        for (name, per_second, burst) in [
            ("principal", self.principal_requests_per_second, self.principal_burst),
            ("workspace", self.workspace_requests_per_second, self.workspace_burst),
            ("address", self.address_requests_per_second, self.address_burst),
        ] {
            let unlimited = per_second.abs() < f64::EPSILON;
            ensure!(
                unlimited || (0.001..=1_000_000.0).contains(&per_second),
                "rate_limits.{name}_requests_per_second must be 0 (no limit) or 0.001 to 1000000"
            );
            ensure!(
                unlimited || (1..=1_000_000).contains(&burst),
                "rate_limits.{name}_burst must be 1 to 1000000"
            );
        }
        ensure!(
            self.failed_credentials_per_minute <= 1_000_000,
            "rate_limits.failed_credentials_per_minute must be 0 (no limit) to 1000000"
        );
        ensure!(
            (5..=5_000).contains(&self.redis_timeout_ms),
            "rate_limits.redis_timeout_ms must be 5 to 5000"
        );
        Ok(())
    }
}

impl Sockets {
    /// The origins whose pages may open sockets.
    pub fn origins(&self) -> impl Iterator<Item = &str> {
        self.allowed_origins.split(',').map(str::trim).filter(|origin| !origin.is_empty())
    }
}

impl Audit {
    /// How often; `None`: never.
    pub fn interval(&self) -> Option<Duration> {
        (self.checkpoint_minutes > 0).then(|| Duration::from_secs(self.checkpoint_minutes * 60))
    }
}

impl Sweep {
    pub fn interval(&self, bus_is_up: bool) -> Duration {
        Duration::from_millis(if bus_is_up { self.interval_ms } else { self.interval_bus_down_ms })
    }
}
