//! `signoff login`, `logout`, `whoami`: who the client commands are, where no key is given to them.

mod device;
pub mod keyring;
mod refresh;

use std::io::{IsTerminal, Read};

use anyhow::{Context, bail};
use clap::Args;
use reqwest::Url;
use serde::Deserialize;

pub use self::refresh::{Session, Source};
use self::{device::Device, keyring::Stored};
use super::{
    client::{Client, ClientArgs},
    exit::Exit,
    output::{Text, field, print, say},
};
use crate::{auth::key::ApiKey, domain::web_address::is_loopback};

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Login {
    #[command(flatten)]
    client: ClientArgs,
    /// With an API key, asked for at the terminal or read from standard input (never an argument, which others see).
    #[arg(long)]
    key: bool,
    /// What the token is for. Must be said where the service names another address than its own.
    #[arg(long, conflicts_with = "key")]
    audience: Option<String>,
    /// The issuer to sign in at; no other that the service may name.
    #[arg(long, conflicts_with = "key", value_name = "URL")]
    issuer: Option<String>,
    /// Send what is secret over plain http, also to other machines.
    #[arg(long)]
    insecure: bool,
}

const EXAMPLES: &str = "\
What is signed in with is kept for each service in credentials.toml, in $XDG_CONFIG_HOME/signoff or ~/.config/signoff, \
for nobody else to read. SIGNOFF_API_KEY goes before it.

Examples:
  signoff login --url https://signoff.example.com           with a browser, here or on your telephone
  signoff login --key < key                                 with a key
  signoff login --audience api://signoff --issuer https://id.example.com     refusing to be sent anywhere else
  signoff whoami";

#[derive(Args)]
pub struct Logout {
    #[command(flatten)]
    client: ClientArgs,
}

#[derive(Args)]
pub struct WhoAmI {
    #[command(flatten)]
    client: ClientArgs,
}

/// What a service says of signing in.
#[derive(Deserialize)]
struct Options {
    /// It must be there, be it null: otherwise it is another who answers.
    #[serde(deserialize_with = "Option::deserialize")]
    device: Option<Device>,
}

impl Login {
    pub async fn run(self) -> anyhow::Result<Exit> {
        let base = self.client.base()?;
        self.check_address(&base)?;
        // What can't be kept need not be confirmed.
        keyring::hold()?.try_writing()?;
        let stored = if self.key {
            Stored::Key { key: read_key()? }
        } else {
            let anonymous = Client::anonymous(&base)?;
            let options: Options = anonymous.get_at("/auth/configuration").await?;
            let Some(device) = options.device else {
                bail!(
                    "{base} has no issuer for signing in at a terminal (oidc.audience, oidc.cli_client_id); use a key: \
                     signoff login --key"
                );
            };
            device.check(&base, self.issuer.as_deref(), self.audience.as_deref())?;
            say(&format!("{base} sends you to {}", device.purpose()));
            device.sign_in().await?
        };
        // Only what works is worth keeping.
        let client = Client::with(&base, stored.clone())?;
        let who = client.who().await?;
        keyring::update(|all| {
            all.insert(base.clone(), stored);
        })?;
        say(&format!("signed in to {base} as {}", described(&who)));
        Ok(Exit::Success)
    }

    /// What is kept here is sent there with every command.
    fn check_address(&self, base: &str) -> anyhow::Result<()> {
        let url = Url::parse(base).with_context(|| format!("{base} is no address of a service"))?;
        if url.scheme() != "https" && !is_loopback(&url) && !self.insecure {
            bail!(
                "{base} is not https: whoever is on the way could read what you sign in with (--insecure does it all the same)"
            );
        }
        Ok(())
    }
}

impl Logout {
    pub fn run(&self) -> anyhow::Result<Exit> {
        let base = self.client.base()?;
        let gone = keyring::update(|all| all.remove(&base).is_some())?;
        say(&if gone { format!("signed out of {base}") } else { format!("was not signed in to {base}") });
        Ok(Exit::Success)
    }
}

impl WhoAmI {
    pub async fn run(self) -> anyhow::Result<Exit> {
        let who = self.client.client()?.who().await?;
        if self.client.json {
            print(&Text::json(who.text()))?;
            return Ok(Exit::Success);
        }
        print(&Text::line(&described(&who)))?;
        let permissions = who["permissions"].as_array().into_iter().flatten();
        for permission in permissions.filter_map(serde_json::Value::as_str) {
            print(&Text::line(&format!("  {permission}")))?;
        }
        Ok(Exit::Success)
    }
}

/// "ana in acme (token)"
fn described(who: &serde_json::Value) -> String {
    let (principal, workspace) = (field(&who["principal"], "name"), field(&who["workspace"], "name"));
    format!("{principal} in {workspace} ({})", field(who, "credential"))
}

fn read_key() -> anyhow::Result<String> {
    let text = if std::io::stdin().is_terminal() {
        rpassword::prompt_password("API key: ").context("can't read from the terminal")?
    } else {
        let mut text = String::new();
        // More than any key has: whatever else this is, it is none.
        std::io::stdin().take(4096).read_to_string(&mut text).context("can't read standard input")?;
        text
    };
    let key = ApiKey::parse(text.trim()).context("that is no API key (so_…)")?;
    Ok(key.reveal())
}
