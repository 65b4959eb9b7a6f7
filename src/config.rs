//! Configuration: typed, with documented defaults, checked as a whole before anything starts.
//!
//! Layers, each over the one before: `config.default.toml`, a file, the environment, flags. The defaults'
//! table is also the list of what exists: whatever is not in it is refused by name.

use std::{env, fs, net::IpAddr, path::Path, time::Duration};

use anyhow::{Context, bail, ensure};
use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use toml::{Table, Value};

use crate::{audit::checkpoint::Signer, bus::seats::Most, oidc, store::PoolSizes, telemetry::LogFormat};

const DEFAULTS: &str = include_str!("config.default.toml");

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
    pub sweep: Sweep,
    pub events: Events,
    pub audit: Audit,
    pub sockets: Sockets,
    pub sessions: Sessions,
    pub oidc: Oidc,
    pub limits: Limits,
    pub rate_limits: RateLimits,
    pub drain: Drain,
    pub log: Log,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    pub listen: String,
    /// Where people reach it in a browser, without a path; empty: whatever loopback address they used.
    pub public_url: String,
    /// Addresses and networks, separated by commas.
    pub trusted_proxies: String,
    pub header_timeout_seconds: u64,
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
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lease {
    pub heartbeat_seconds: u64,
    pub ttl_seconds: u64,
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
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Audit {
    /// Empty: nothing is signed.
    pub signing_key: SecretString,
    pub checkpoint_minutes: u64,
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
    pub max_waiters: usize,
    pub max_waiters_per_workspace: usize,
    pub max_connections: usize,
    pub max_connections_per_address: usize,
    pub max_queued: usize,
    pub max_body_kibibytes: usize,
    pub max_events_body_kibibytes: usize,
    pub max_message_kibibytes: usize,
    pub max_bodies_mebibytes: usize,
}

impl Limits {
    /// On this instance.
    pub fn sockets(&self) -> Most {
        let of_a_workspace = match self.max_instance_sockets_per_workspace {
            0 => self.max_sockets,
            most => most,
        };
        Most { in_all: self.max_sockets, of_a_workspace }
    }

    fn check(&self) -> anyhow::Result<()> {
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

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    pub level: String,
    pub format: LogFormat,
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
        let mut table: Table = toml::from_str(DEFAULTS).context("the built-in defaults")?;
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
        self.audit.signer().context("audit.signing_key")?;
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
        self.limits.check()?;
        ensure!(self.http.header_timeout_seconds > 0, "http.header_timeout_seconds must be at least 1");
        self.http.proxies()?;
        self.rate_limits.check()?;
        let plain = |c: char| c.is_ascii_alphanumeric() || "._:-".contains(c);
        ensure!(
            !self.redis.prefix.is_empty() && self.redis.prefix.chars().all(plain),
            "redis.prefix must be of A-Z a-z 0-9 . _ : -"
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

    pub fn pool_sizes(&self) -> PoolSizes {
        PoolSizes {
            decide: self.database.decide_connections,
            read: self.database.read_connections,
            tenant: self.database.tenant_connections,
            auth: self.database.auth_connections,
            transact: self.database.transact_connections,
            work: self.database.work_connections,
        }
    }
}

impl Oidc {
    pub fn is_on(&self) -> bool {
        !self.issuer.is_empty()
    }

    fn check(&self) -> anyhow::Result<()> {
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
        oidc::algorithms(&self.algorithms).map_err(|what| {
            anyhow::anyhow!("oidc.algorithms: {what}; there are {}", oidc::ALGORITHMS.join(", "))
        })?;
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
fn web_address(text: &str) -> Option<reqwest::Url> {
    reqwest::Url::parse(text).ok().filter(oidc::is_trustworthy)
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
    /// Whose word on where a request comes from is taken.
    pub fn proxies(&self) -> anyhow::Result<Vec<IpNet>> {
        let entries = self.trusted_proxies.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        let network = |entry: &str| {
            let found = entry.parse().or_else(|_| entry.parse::<IpAddr>().map(IpNet::from));
            found.with_context(|| {
                format!(
                    "http.trusted_proxies: {entry:?} is no address and no network, for example 10.0.0.0/8"
                )
            })
        };
        entries.map(network).collect()
    }
}

impl RateLimits {
    fn check(&self) -> anyhow::Result<()> {
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
    /// What signs checkpoints, if anything does.
    pub fn signer(&self) -> anyhow::Result<Option<Signer>> {
        let key = self.signing_key.expose_secret();
        if key.is_empty() { Ok(None) } else { Signer::parse(key).map(Some) }
    }

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

/// The database's URL alone, for commands that need nothing else.
pub fn database_url() -> anyhow::Result<SecretString> {
    first_url(&["SIGNOFF_DATABASE_URL", "DATABASE_URL"])
}

/// The same for whoever owns the schema, which an instance's login should not.
pub fn owner_url() -> anyhow::Result<SecretString> {
    first_url(&["SIGNOFF_DATABASE_OWNER_URL", "SIGNOFF_DATABASE_URL", "DATABASE_URL"])
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

fn overlay(table: &mut Table, over: Table) -> anyhow::Result<()> {
    for (section, values) in over {
        let Value::Table(values) = values else { bail!("{section} must be a [section]") };
        for (key, value) in values {
            let known = table.get_mut(&section).and_then(Value::as_table_mut).and_then(|it| it.get_mut(&key));
            *known.with_context(|| format!("{section}.{key} is not known"))? = value;
        }
    }
    Ok(())
}

fn overlay_environment(
    table: &mut Table,
    environment: &impl Fn(&str) -> Option<String>,
) -> anyhow::Result<()> {
    for (section, key, fallback) in [("database", "url", "DATABASE_URL"), ("redis", "url", "REDIS_URL")] {
        if let Some(text) = from_environment(environment, fallback)? {
            set(table, section, key, &text)?;
        }
    }
    let names: Vec<(String, String)> = table
        .iter()
        .filter_map(|(section, values)| Some((section, values.as_table()?)))
        .flat_map(|(section, values)| values.keys().map(|key| (section.clone(), key.clone())))
        .collect();
    for (section, key) in names {
        let name = format!("SIGNOFF_{}_{}", section.to_uppercase(), key.to_uppercase());
        if let Some(text) = from_environment(environment, &name)? {
            set(table, &section, &key, &text).with_context(|| format!("in the environment, {name}"))?;
        }
    }
    Ok(())
}

/// The variable's value, or the contents of the file that `NAME_FILE` names.
fn from_environment(
    environment: &impl Fn(&str) -> Option<String>,
    name: &str,
) -> anyhow::Result<Option<String>> {
    if let Some(text) = environment(name) {
        return Ok(Some(text));
    }
    let Some(path) = environment(&format!("{name}_FILE")) else { return Ok(None) };
    let text =
        fs::read_to_string(&path).with_context(|| format!("can't read {path}, which {name}_FILE names"))?;
    Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()))
}

/// Sets a known value from text, as the type that its default has.
fn set(table: &mut Table, section: &str, key: &str, text: &str) -> anyhow::Result<()> {
    let known = table.get_mut(section).and_then(Value::as_table_mut).and_then(|it| it.get_mut(key));
    let known = known.with_context(|| format!("{section}.{key} is not known"))?;
    *known = match known {
        Value::String(_) => Value::String(text.to_owned()),
        Value::Integer(_) => match text.parse() {
            Ok(number) => Value::Integer(number),
            Err(_) => Value::Float(text.parse().with_context(|| format!("{text:?} is no number"))?),
        },
        Value::Float(_) => Value::Float(text.parse().with_context(|| format!("{text:?} is no number"))?),
        Value::Boolean(_) => {
            Value::Boolean(text.parse().with_context(|| format!("{text:?} is neither true nor false"))?)
        }
        _ => bail!("{section}.{key} can't be set from text"),
    };
    Ok(())
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
            (vec![database, ("SIGNOFF_AUDIT_SIGNING_KEY", "c2VjcmV0")], vec![], "audit.signing_key"),
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
                vec![("oidc.algorithms", "RS256,HS256")],
                "HS256",
            ),
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
    fn proxies_are_addresses_and_networks() {
        let proxies = |text| {
            let environment = [("DATABASE_URL", "postgres://x"), ("SIGNOFF_HTTP_TRUSTED_PROXIES", text)];
            load(&environment, &[]).unwrap().http.proxies().unwrap()
        };
        assert!(proxies("").is_empty());
        assert_eq!(proxies("10.0.0.0/8, ::1,").len(), 2);
        assert!(proxies("::1")[0].contains(&IpAddr::from(std::net::Ipv6Addr::LOCALHOST)));
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
        let environment =
            [("DATABASE_URL", "postgres://user:hunter2@host/db"), ("SIGNOFF_OIDC_CLIENT_SECRET", "hunter3")];
        let printed = format!("{:?}", load(&environment, &[]).unwrap());
        assert!(!printed.contains("hunter2") && !printed.contains("hunter3"));
    }
}
