//! `signoff escalate` and `signoff extend`: hand a question on, or give those who are asked more time.

use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use super::{
    argument,
    client::ClientArgs,
    exit::Exit,
    output::{Text, done, field, print},
};

#[derive(Args)]
pub struct Escalate {
    #[command(flatten)]
    client: ClientArgs,
    id: String,
    #[arg(long)]
    reason: String,
    /// Only if it stands at this level: so a repeated command hands it on once.
    #[arg(long, value_name = "LEVEL")]
    from_level: Option<i64>,
}

#[derive(Args)]
pub struct Extend {
    #[command(flatten)]
    client: ClientArgs,
    id: String,
    /// How much later the deadline is to be, for example 90s, 5m or 12h.
    #[arg(long, value_name = "DURATION", value_parser = argument::duration)]
    by: Duration,
    #[arg(long)]
    reason: String,
}

impl Escalate {
    pub async fn run(self) -> anyhow::Result<Exit> {
        let mut body = json!({ "reason": self.reason });
        if let Some(level) = self.from_level {
            body["from_level"] = level.into();
        }
        change(&self.client, &self.id, "escalate", &body).await
    }
}

impl Extend {
    pub async fn run(self) -> anyhow::Result<Exit> {
        let body = json!({ "seconds": self.by.as_secs(), "reason": self.reason });
        change(&self.client, &self.id, "extend", &body).await
    }
}

async fn change(args: &ClientArgs, id: &str, verb: &str, body: &Value) -> anyhow::Result<Exit> {
    let answer = args.client()?.decide(id, verb, body).await?;
    let approval = &answer["approval"];
    let before = if answer["changed"] == false { " (you had handed it on before)" } else { "" };
    let (id, level) = (field(approval, "id"), field(approval, "escalation_level"));
    let said = format!("{id}: level {level}, pending until {}{before}", field(approval, "expires_at"));
    let text = if args.json { Text::json(answer.text()) } else { Text::line(&said) };
    done(print(&text), &said)?;
    Ok(Exit::Success)
}
