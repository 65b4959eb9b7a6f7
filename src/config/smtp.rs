//! The relay that takes our mail.

use std::net::IpAddr;

use anyhow::{Context, ensure};
use lettre::message::Mailbox;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// The relay that takes our mail.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Smtp {
    /// Empty: there is none.
    pub host: String,
    pub port: u16,
    pub security: String,
    pub user: String,
    pub password: SecretString,
    pub from: String,
    pub ca_file: String,
    pub enabled: String,
}

/// How a connection to the relay is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    StartTls,
    Tls,
    None,
}

impl Smtp {
    /// Whether mail is sent.
    pub fn is_on(&self) -> bool {
        match self.enabled.as_str() {
            "auto" => !self.host.is_empty(),
            enabled => enabled == "true",
        }
    }

    /// The relay, if mail is sent.
    pub fn relay(&self) -> Option<String> {
        self.is_on().then(|| format!("{}:{}", self.host, self.port))
    }

    /// Checked before.
    pub fn security(&self) -> Security {
        match self.security.as_str() {
            "tls" => Security::Tls,
            "none" => Security::None,
            _ => Security::StartTls,
        }
    }

    pub(super) fn check(&self) -> anyhow::Result<()> {
        ensure!(
            ["auto", "true", "false"].contains(&self.enabled.as_str()),
            "smtp.enabled must be auto, true or false"
        );
        ensure!(
            ["starttls", "tls", "none"].contains(&self.security.as_str()),
            "smtp.security must be starttls, tls or none"
        );
        if !self.is_on() {
            return Ok(());
        }
        ensure!(!self.host.is_empty(), "mail is on (smtp.enabled, EMAIL_ENABLED), but smtp.host is not set");
        ensure!(self.port > 0, "smtp.port must be 1 to 65535");
        ensure!(
            !self.from.is_empty(),
            "smtp.from (EMAIL_FROM) is not set: from whom mail comes, like Signoff <signoff@example.com>"
        );
        self.from.parse::<Mailbox>().context("smtp.from is no address")?;
        ensure!(
            self.user.is_empty() == self.password.expose_secret().is_empty(),
            "smtp.user and smtp.password belong together"
        );
        ensure!(
            self.security() != Security::None || is_loopback(&self.host),
            "smtp.security = \"none\" is for a relay on this machine's loopback alone; {} is none",
            self.host
        );
        Ok(())
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}
