//! `.dev/env`: plain `KEY=value` lines, for shells and for simple parsers alike.

use std::{fmt::Write as _, fs};

use crate::{
    place::{Place, write_private},
    servers::Servers,
};

/// What it says beside the addresses.
pub struct EnvFile {
    /// How many instances.
    pub count: u32,
    pub api_key: String,
    pub approver_key: String,
}

impl EnvFile {
    pub fn write(&self, place: &Place, servers: &Servers) -> anyhow::Result<()> {
        let urls = joined(self.count, |n| place.instance_url(n));
        let metrics = joined(self.count, |n| place.metrics_url(n));
        let mut lines = vec![
            ("SIGNOFF_URLS", urls),
            ("SIGNOFF_URL", place.instance_url(1)),
            ("SIGNOFF_METRICS_URLS", metrics),
            ("SIGNOFF_API_KEY", self.api_key.clone()),
            ("SIGNOFF_APPROVER_KEY", self.approver_key.clone()),
            ("DATABASE_URL", servers.database.clone()),
            ("DATABASE_ADMIN_URL", servers.admin.clone()),
            ("REDIS_URL", servers.redis.clone()),
        ];
        if place.run("lb").exists() {
            lines.push(("SIGNOFF_LB_URL", place.local_url("haproxy")));
        }
        if place.with_notify() {
            lines.push(("SIGNOFF_MAIL_URL", place.local_url("maildev")));
            lines.push(("SIGNOFF_ECHO_URL", place.local_url("echo")));
        }
        let text = lines.iter().fold(String::new(), |mut text, (name, value)| {
            let _ = writeln!(text, "{name}={}", quoted(value));
            text
        });
        write_private(&place.state.join("env"), &text)
    }
}

/// Quotes only around what a shell would trip over, as a given URL may be.
fn quoted(value: &str) -> String {
    let is_plain = |it: char| it.is_ascii_alphanumeric() || "_./:@%?=,+-".contains(it);
    if value.chars().all(is_plain) { value.to_owned() } else { format!("'{value}'") }
}

pub fn joined(count: u32, each: impl Fn(u32) -> String) -> String {
    (1..=count).map(each).collect::<Vec<String>>().join(",")
}

pub fn value_of(place: &Place, name: &str) -> Option<String> {
    let text = fs::read_to_string(place.state.join("env")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='))?;
    Some(line.replace('\'', ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_shell_would_trip_over_is_quoted() {
        assert_eq!(
            quoted("postgres://a:b@127.0.0.1:5432/signoff?x=y"),
            "postgres://a:b@127.0.0.1:5432/signoff?x=y"
        );
        assert_eq!(quoted("postgres://h/d?a=b&c=d"), "'postgres://h/d?a=b&c=d'");
    }
}
