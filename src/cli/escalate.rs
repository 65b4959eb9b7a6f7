//! `signoff escalate` and `signoff extend`: hand a question on, or give those who are asked more time.

use std::time::Duration;

use clap::Args;
use serde_json::json;

use super::{
    answer::Answer,
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
    /// Only if it stands at this level; by default the one at which it stands now.
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
        let client = self.client.client()?;
        // With a level a repeated call changes nothing: the client repeats it where it got no answer.
        let from = match self.from_level {
            Some(level) => level.into(),
            None => client.approval(&self.id).await?["escalation_level"].clone(),
        };
        let body = json!({ "reason": self.reason, "from_level": from });
        told(&client.decide(&self.id, "escalate", &body).await?, self.client.json)
    }
}

impl Extend {
    pub async fn run(self) -> anyhow::Result<Exit> {
        let body = json!({ "seconds": self.by.as_secs(), "reason": self.reason });
        told(&self.client.client()?.extend(&self.id, &body).await?, self.client.json)
    }
}

fn told(answer: &Answer, json: bool) -> anyhow::Result<Exit> {
    let approval = &answer["approval"];
    let before = if answer["changed"] == false { " (you had handed it on before)" } else { "" };
    let (id, level) = (field(approval, "id"), field(approval, "escalation_level"));
    let said = format!("{id}: level {level}, pending until {}{before}", field(approval, "expires_at"));
    let text = if json { Text::json(answer.text()) } else { Text::line(&said) };
    done(print(&text), &said)?;
    Ok(Exit::Success)
}
