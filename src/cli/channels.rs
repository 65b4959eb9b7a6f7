//! `signoff channels`: by which ways people are reached. Secrets come from files or standard input, never as arguments:
//! those are seen by all who list processes.

use std::{fs, io::Read, path::PathBuf};

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::{
    answer::Answer,
    client::{Client, ClientArgs},
    exit::Exit,
    failure::ClientError,
    output::{Text, field, print, print_done},
};

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Channels {
    #[command(subcommand)]
    channel: Channel,
}

const EXAMPLES: &str = "\
You need notification:manage to look, and workspace:admin to change.

Examples:
  signoff channels slack show
  signoff channels slack set --bot-token-file token --signing-secret-file secret --channel C0123456789
  pass show slack-token | signoff channels slack set --bot-token-file - --signing-secret-file secret
  signoff channels slack remove";

#[derive(Subcommand)]
enum Channel {
    /// The app in Slack that serves the workspace.
    Slack(Slack),
}

#[derive(Args)]
struct Slack {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Show it; never its secrets.
    Show(Only),
    /// Give the workspace an app of its own, in place of the one before.
    Set(Set),
    /// Take the workspace's own app away.
    Remove(Only),
}

#[derive(Args)]
struct Only {
    #[command(flatten)]
    client: ClientArgs,
}

#[derive(Args)]
struct Set {
    #[command(flatten)]
    client: ClientArgs,
    /// A file with the bot's token; -: standard input.
    #[arg(long, value_name = "FILE")]
    bot_token_file: PathBuf,
    /// A file with the signing secret; -: standard input.
    #[arg(long, value_name = "FILE")]
    signing_secret_file: PathBuf,
    /// The channel for cards whose request names none, by its id. Without one: to each person.
    #[arg(long, value_name = "ID")]
    channel: Option<String>,
}

impl Channels {
    pub async fn run(self) -> anyhow::Result<Exit> {
        let Channel::Slack(Slack { action }) = self.channel;
        match action {
            Action::Show(it) => it.show().await,
            Action::Set(it) => it.run().await,
            Action::Remove(it) => it.remove().await,
        }
    }
}

impl Client {
    async fn slack(&self, method: Method, body: Option<Value>) -> Result<Answer, ClientError> {
        let given = |request: RequestBuilder| match &body {
            Some(body) => request.json(body),
            None => request,
        };
        self.ask(method, "/api/v1/channels/slack", &given).await?.value_with("/state")
    }
}

fn table(it: &Value) -> Text {
    let row = [
        field(&it["team"], "id"),
        field(&it["team"], "name"),
        field(it, "bot"),
        field(it, "channel"),
        field(it, "managed_by"),
        field(it, "state"),
        field(it, "detail"),
    ];
    Text::table(["TEAM", "NAME", "BOT", "CHANNEL", "MANAGED BY", "STATE", "DETAIL"], [row])
}

impl Only {
    async fn show(self) -> anyhow::Result<Exit> {
        let shown = self.client.client()?.slack(Method::GET, None).await?;
        print(&if self.client.json { Text::json(shown.text()) } else { table(&shown) })?;
        Ok(Exit::Success)
    }

    async fn remove(self) -> anyhow::Result<Exit> {
        let client = self.client.client()?;
        let asked = client.ask(Method::DELETE, "/api/v1/channels/slack", &|request| request).await?;
        asked.value_where(Value::is_null)?;
        let text = if self.client.json { Text::json("null") } else { Text::single_line("removed") };
        print_done(&text)?;
        Ok(Exit::Success)
    }
}

impl Set {
    async fn run(self) -> anyhow::Result<Exit> {
        if [&self.bot_token_file, &self.signing_secret_file].iter().all(|file| file.as_os_str() == "-") {
            bail!("only one of the two can come from standard input");
        }
        let body = json!({
            "bot_token": secret(&self.bot_token_file)?,
            "signing_secret": secret(&self.signing_secret_file)?,
            "channel": self.channel,
        });
        let set = self.client.client()?.slack(Method::PUT, Some(body)).await?;
        print_done(&if self.client.json { Text::json(set.text()) } else { table(&set) })?;
        Ok(Exit::Success)
    }
}

fn secret(file: &PathBuf) -> anyhow::Result<String> {
    let text = if file.as_os_str() == "-" {
        let mut text = String::new();
        // More than any secret has.
        std::io::stdin().take(4096).read_to_string(&mut text).context("can't read standard input")?;
        text
    } else {
        fs::read_to_string(file).with_context(|| format!("can't read {}", file.display()))?
    };
    Ok(text.trim().to_owned())
}
