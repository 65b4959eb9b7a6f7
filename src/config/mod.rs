//! Configuration: typed, with documented defaults, checked before anything starts.
//!
//! This is plain data. Each part takes its own settings from here, and says itself what it can't use
//! ([`crate::app::settings`]); nothing here knows a part.
//!
//! Layers, each over the one before: `config.default.toml`, a file, the environment, flags. The defaults'
//! table is also the list of what exists: whatever is not in it is refused by name.

mod layers;
mod misspelt;
mod sections;
mod slack;
mod smtp;
mod webhooks;

use std::{env, fs, path::Path};

use anyhow::{Context, ensure};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use toml::Table;

use self::layers::{from_environment, overlay, overlay_environment, set};
pub use self::{
    misspelt::{Misspelt, misspelt},
    sections::*,
    slack::Slack,
    smtp::{Security, Smtp},
    webhooks::Webhooks,
};

/// More threads than any machine has processors.
const MOST_THREADS: usize = 1024;

const DEFAULTS: &str = include_str!("../config.default.toml");

/// Everything that can be configured; see `config.default.toml` for what each value means.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub http: Http,
    pub operator: Operator,
    pub database: Database,
    pub redis: Redis,
    pub instance: Instance,
    pub lease: Lease,
    pub cluster: Cluster,
    pub sweep: Sweep,
    pub events: Events,
    pub audit: Audit,
    pub receipts: Receipts,
    pub notify: Notify,
    pub secrets: Secrets,
    pub smtp: Smtp,
    pub slack: Slack,
    pub webhooks: Webhooks,
    pub sockets: Sockets,
    pub sessions: Sessions,
    pub oidc: Oidc,
    pub limits: Limits,
    pub rate_limits: RateLimits,
    pub drain: Drain,
    pub log: Log,
}

/// Where values come from besides the defaults.
#[derive(Debug, Default)]
pub struct Sources<'a> {
    pub file: Option<&'a Path>,
    /// `(section.name, value)`, from the command line.
    pub flags: Vec<(String, String)>,
}

impl Config {
    /// Reads all layers and cross-checks the result.
    pub fn load(sources: &Sources<'_>) -> anyhow::Result<Self> {
        Self::from_layers(sources, |name| env::var(name).ok())
    }

    /// The same with an environment given.
    pub fn from_layers(
        sources: &Sources<'_>,
        environment: impl Fn(&str) -> Option<String>,
    ) -> anyhow::Result<Self> {
        let mut table = defaults()?;
        if let Some(path) = sources.file {
            let text = fs::read_to_string(path)
                .with_context(|| format!("can't read the configuration file {}", path.display()))?;
            let file: Table =
                toml::from_str(&text).with_context(|| format!("{} is no TOML", path.display()))?;
            overlay(&mut table, file).with_context(|| format!("in {}", path.display()))?;
        }
        overlay_environment(&mut table, &environment)?;
        for (name, text) in &sources.flags {
            let (section, key) = name.split_once('.').with_context(|| {
                format!("--set {name}: expected section.name=value, for example http.listen=0.0.0.0:8080")
            })?;
            set(&mut table, section, key, text).with_context(|| format!("--set {name}"))?;
        }
        let config: Self = table.try_into().context("the configuration")?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> anyhow::Result<()> {
        ensure!(
            !self.database.url.expose_secret().is_empty(),
            "no database is configured: set SIGNOFF_DATABASE_URL (or DATABASE_URL), for example \
             postgres://signoff:secret@localhost/signoff"
        );
        ensure!(self.lease.heartbeat_seconds > 0, "lease.heartbeat_seconds must be at least 1");
        ensure!(
            self.lease.ttl_seconds * 2 >= self.lease.heartbeat_seconds * 5,
            "lease.ttl_seconds ({}) must be at least 2.5 times lease.heartbeat_seconds ({}), or a single late \
             beat takes a healthy instance for lost",
            self.lease.ttl_seconds,
            self.lease.heartbeat_seconds
        );
        ensure!(
            (50..=10_000).contains(&self.sweep.interval_ms),
            "sweep.interval_ms must be 50 to 10000: the sweep looks back 15 s and must overlap itself"
        );
        ensure!(
            (50..=self.sweep.interval_ms).contains(&self.sweep.interval_bus_down_ms),
            "sweep.interval_bus_down_ms must be 50 to sweep.interval_ms"
        );
        for (name, value) in [
            ("decide_connections", self.database.decide_connections),
            ("read_connections", self.database.read_connections),
            ("tenant_connections", self.database.tenant_connections),
            ("auth_connections", self.database.auth_connections),
            ("transact_connections", self.database.transact_connections),
            ("work_connections", self.database.work_connections),
        ] {
            ensure!(value >= 2, "database.{name} must be at least 2");
        }
        for (name, seconds) in
            [("grace_seconds", self.drain.grace_seconds), ("deadline_seconds", self.drain.deadline_seconds)]
        {
            ensure!((0.0..=3600.0).contains(&seconds), "drain.{name} must be 0 to 3600");
        }
        ensure!(
            (1..=87_600).contains(&self.events.retention_hours),
            "events.retention_hours must be 1 to 87600"
        );
        ensure!(
            self.audit.checkpoint_minutes <= 525_600,
            "audit.checkpoint_minutes must be 0 (never) to 525600"
        );
        ensure!(self.events.max_per_task > 0, "events.max_per_task must be at least 1");
        ensure!((1..=3600).contains(&self.sockets.ping_seconds), "sockets.ping_seconds must be 1 to 3600");
        ensure!(
            (1..=25).contains(&self.sockets.send_timeout_seconds),
            "sockets.send_timeout_seconds must be 1 to 25: a connection that takes nothing for 30 s is cut"
        );
        ensure!(self.sockets.messages_per_second > 0, "sockets.messages_per_second must be at least 1");
        for origin in self.sockets.origins() {
            ensure!(
                origin.starts_with("http://") || origin.starts_with("https://"),
                "sockets.allowed_origins: {origin:?} is no origin, for example https://console.example.com"
            );
        }
        self.check_sign_in()?;
        self.cluster.check()?;
        self.notify.check()?;
        self.smtp.check()?;
        ensure!(
            !self.smtp.is_on() || !self.http.public_url.is_empty(),
            "mail is on (smtp.host, SMTP_HOST), but http.public_url (SIGNOFF_HTTP_PUBLIC_URL) is not set: where the \
             links in mail lead, like https://signoff.example.com"
        );
        self.slack.check()?;
        self.webhooks.check()?;
        self.limits.check()?;
        self.http.check()?;
        self.rate_limits.check()?;
        let plain = |c: char| c.is_ascii_alphanumeric() || "._:-".contains(c);
        ensure!(
            !self.redis.prefix.is_empty() && self.redis.prefix.chars().all(plain),
            "redis.prefix must be of A-Z a-z 0-9 . _ : -"
        );
        ensure!(
            self.instance.worker_threads <= MOST_THREADS,
            "instance.worker_threads must be at most {MOST_THREADS}"
        );
        ensure!(self.instance.name.chars().all(plain), "instance.name must be of A-Z a-z 0-9 . _ : -");
        Ok(())
    }

    /// How people sign in.
    fn check_sign_in(&self) -> anyhow::Result<()> {
        let public_url = &self.http.public_url;
        ensure!(
            public_url.is_empty() || web_address(public_url).is_some_and(|url| url.path() == "/"),
            "http.public_url: {public_url:?} must be like https://signoff.example.com, without a path"
        );
        for (name, seconds) in [
            ("lifetime_seconds", self.sessions.lifetime_seconds),
            ("idle_seconds", self.sessions.idle_seconds),
        ] {
            ensure!((60..=31_536_000).contains(&seconds), "sessions.{name} must be 60 to 31536000");
        }
        self.oidc.check()
    }
}

/// All that there is to set.
fn defaults() -> anyhow::Result<Table> {
    toml::from_str(DEFAULTS).context("the built-in defaults")
}

/// The database's URL alone, for commands that need nothing else.
pub fn database_url() -> anyhow::Result<SecretString> {
    first_url(&["SIGNOFF_DATABASE_URL", "DATABASE_URL"])
}

/// The same for the owner of the schema, which an instance's login should not be.
pub fn owner_url() -> anyhow::Result<SecretString> {
    first_url(&["SIGNOFF_DATABASE_OWNER_URL", "SIGNOFF_DATABASE_URL", "DATABASE_URL"])
}

/// The same for backups, which must see every row.
pub fn backup_url() -> anyhow::Result<SecretString> {
    first_url(&["SIGNOFF_DATABASE_BACKUP_URL", "SIGNOFF_DATABASE_URL", "DATABASE_URL"])
}

/// The key that signs checkpoints, for commands that need nothing else.
pub fn signing_key() -> anyhow::Result<Option<SecretString>> {
    let found = from_environment(&|name| env::var(name).ok(), "SIGNOFF_AUDIT_SIGNING_KEY")?;
    Ok(found.filter(|key| !key.is_empty()).map(SecretString::from))
}

fn first_url(names: &[&str]) -> anyhow::Result<SecretString> {
    let found = names
        .iter()
        .find_map(|name| from_environment(&|name| env::var(name).ok(), name).transpose())
        .transpose()?;
    found
        .map(SecretString::from)
        .context("no database is configured: set SIGNOFF_DATABASE_URL (or DATABASE_URL)")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(environment: &[(&str, &str)], flags: &[(&str, &str)]) -> anyhow::Result<Config> {
        let flags = flags.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        Config::from_layers(&Sources { file: None, flags }, |name| {
            environment.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn each_layer_covers_the_one_before() {
        let config = load(
            &[
                ("DATABASE_URL", "postgres://plain"),
                ("SIGNOFF_DATABASE_URL", "postgres://ours"),
                ("SIGNOFF_HTTP_LISTEN", "0.0.0.0:1"),
                ("SIGNOFF_LEASE_TTL_SECONDS", "60"),
            ],
            &[("http.listen", "0.0.0.0:2"), ("drain.grace_seconds", "1")],
        )
        .unwrap();
        assert_eq!(config.database.url.expose_secret(), "postgres://ours");
        assert_eq!(config.http.listen, "0.0.0.0:2");
        assert_eq!(config.lease.ttl_seconds, 60);
        assert!((config.drain.grace_seconds - 1.0).abs() < f64::EPSILON);
    }

    #[test]
    fn mistakes_are_named() {
        let database = ("DATABASE_URL", "postgres://x");
        for (environment, flags, part) in [
            (vec![], vec![], "SIGNOFF_DATABASE_URL"),
            (vec![database, ("SIGNOFF_LEASE_TTL_SECONDS", "20")], vec![], "2.5 times"),
            (vec![database, ("SIGNOFF_LIMITS_MAX_QUEUED", "many")], vec![], "SIGNOFF_LIMITS_MAX_QUEUED"),
            (vec![database, ("WEBHOOK_ENABLED", "true")], vec![], "webhooks.url"),
            (vec![database, ("WEBHOOK_URL", "https://example.com")], vec![], "WEBHOOK_SECRET"),
            (
                vec![database, ("WEBHOOK_URL", "example.com"), ("WEBHOOK_SECRET", "hunter2")],
                vec![],
                "webhooks.url",
            ),
            (vec![database], vec![("webhooks.allowed_networks", "10.0.0.0/33")], "10.0.0.0/33"),
            (vec![database], vec![("webhooks.allow_http", "true")], "webhooks.allowed_networks"),
            (vec![database], vec![("http.lisen", "x")], "http.lisen"),
            (vec![database], vec![("listen", "x")], "section.name=value"),
            (vec![database, ("SIGNOFF_SWEEP_INTERVAL_MS", "60000")], vec![], "overlap"),
            (vec![database, ("SIGNOFF_OIDC_ISSUER", "http://id.example.com")], vec![], "https"),
            (vec![database, ("SIGNOFF_OIDC_ISSUER", "https://id.example.com")], vec![], "audience"),
            (
                vec![
                    database,
                    ("SIGNOFF_OIDC_ISSUER", "https://id.example.com"),
                    ("SIGNOFF_OIDC_AUDIENCE", "x"),
                ],
                vec![],
                "claim_workspace",
            ),
            (vec![database], vec![("http.public_url", "http://signoff.example.com")], "public_url"),
            (vec![database, ("SIGNOFF_HTTP_TRUSTED_PROXIES", "::1, 10.0.0.0/33")], vec![], "10.0.0.0/33"),
            (vec![database], vec![("rate_limits.address_burst", "0")], "rate_limits.address_burst"),
            (vec![database, ("SLACK_BOT_TOKEN", "xoxb-1")], vec![], "SLACK_SIGNING_SECRET"),
            (vec![database, ("SLACK_ENABLED", "true")], vec![], "SLACK_BOT_TOKEN"),
            (
                vec![database, ("SMTP_HOST", "localhost"), ("EMAIL_FROM", "a@example.com")],
                vec![],
                "SIGNOFF_HTTP_PUBLIC_URL",
            ),
            (
                vec![database, ("SLACK_BOT_TOKEN", "xoxb-1"), ("SLACK_SIGNING_SECRET", "s")],
                vec![("slack.api_url", "http://slack.example.com/api/")],
                "slack.api_url",
            ),
            (
                vec![database],
                vec![("rate_limits.principal_requests_per_second", "-1")],
                "principal_requests_per_second",
            ),
        ] {
            let error = format!("{:#}", load(&environment, &flags).unwrap_err());
            assert!(error.contains(part), "{error} should name {part}");
        }
    }

    #[test]
    fn slack_is_set_by_the_names_that_others_use() {
        let database = ("DATABASE_URL", "postgres://x");
        let token = [database, ("SLACK_BOT_TOKEN", "xoxb-1"), ("SLACK_SIGNING_SECRET", "s")];
        let named = [token.as_slice(), &[("SLACK_APPROVAL_CHANNEL", "C1")]].concat();
        let config = load(&named, &[]).unwrap();
        assert!(config.slack.is_on());
        assert_eq!(config.slack.channel, "C1");
        let off = [named.as_slice(), &[("SLACK_ENABLED", "false")]].concat();
        assert!(!load(&off, &[]).unwrap().slack.is_on());
        let ours = [named.as_slice(), &[("SIGNOFF_SLACK_CHANNEL", "C2")]].concat();
        assert_eq!(load(&ours, &[]).unwrap().slack.channel, "C2");
        assert!(!load(&[database], &[]).unwrap().slack.is_on());
    }

    #[test]
    fn proxies_are_addresses_and_networks() {
        let proxies = |text| {
            let environment = [("DATABASE_URL", "postgres://x"), ("SIGNOFF_HTTP_TRUSTED_PROXIES", text)];
            load(&environment, &[]).unwrap().http.proxies().unwrap()
        };
        assert!(proxies("").is_empty());
        assert_eq!(proxies("10.0.0.0/8, ::1,").len(), 2);
        assert!(proxies("::1")[0].contains(&std::net::IpAddr::from(std::net::Ipv6Addr::LOCALHOST)));
    }

    #[test]
    fn a_rate_may_be_a_fraction_or_nothing() {
        let name = "rate_limits.workspace_requests_per_second";
        for (text, expected) in [("0.25", 0.25), ("0", 0.0), ("7", 7.0)] {
            let config = load(&[("DATABASE_URL", "postgres://x")], &[(name, text)]).unwrap();
            assert!((config.rate_limits.workspace_requests_per_second - expected).abs() < f64::EPSILON);
        }
    }

    #[test]
    fn secrets_do_not_print() {
        let environment = [
            ("DATABASE_URL", "postgres://user:hunter2@host/db"),
            ("SIGNOFF_OIDC_CLIENT_SECRET", "hunter3"),
            ("SLACK_BOT_TOKEN", "hunter4"),
            ("SLACK_SIGNING_SECRET", "hunter5"),
        ];
        let printed = format!("{:?}", load(&environment, &[]).unwrap());
        assert!(!printed.contains("hunter"));
    }
}
