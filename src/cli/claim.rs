//! `signoff claim`, `renew`, `release` and `complete`: acting on what was approved, one executor at a time.

use std::time::Duration;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::{
    answer::Answer,
    argument,
    client::ClientArgs,
    exit::Exit,
    output::{Text, field, print_done, say},
};

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Claim {
    #[command(flatten)]
    client: ClientArgs,
    id: String,
    /// Names this attempt. The same key again gets the same claim, so a retry is safe.
    #[arg(long)]
    key: String,
    /// For how long nobody takes it over, 10s to 1d; without it, the claim is for good.
    #[arg(long, value_name = "DURATION", value_parser = argument::duration)]
    lease: Option<Duration>,
    /// For whom the receipt is: what the system that acts expects as its `aud`.
    #[arg(long)]
    audience: Option<String>,
    /// How long the receipt is good, 10s to 7d; 10m by default.
    #[arg(long, value_name = "DURATION", value_parser = argument::duration)]
    receipt: Option<Duration>,
}

const EXAMPLES: &str = "\
It prints the receipt, for the system that acts, and on standard error the fence; where the service signs none, the claim.

Examples:
  receipt=$(signoff claim $ID --key deploy-42/1 --lease 5m --audience cluster) && ./deploy \"$receipt\"
  signoff renew $ID --key deploy-42/1 --fence 1
  signoff complete $ID --key deploy-42/1 --fence 1 --outcome succeeded
  signoff receipt verify --audience cluster \"$receipt\"";

/// Which claim it is.
#[derive(Args)]
struct Held {
    /// The key that it was made with.
    #[arg(long)]
    key: String,
    /// Its fence, as the claim said.
    #[arg(long)]
    fence: i64,
}

#[derive(Args)]
pub struct Renew {
    #[command(flatten)]
    client: ClientArgs,
    id: String,
    #[command(flatten)]
    held: Held,
    /// From now on; as long as before by default.
    #[arg(long, value_name = "DURATION", value_parser = argument::duration)]
    lease: Option<Duration>,
    /// How long the new receipt is good; as long as before by default.
    #[arg(long, value_name = "DURATION", value_parser = argument::duration)]
    receipt: Option<Duration>,
}

#[derive(Args)]
pub struct Release {
    #[command(flatten)]
    client: ClientArgs,
    id: String,
    /// The key that it was made with.
    #[arg(long, requires = "fence", required_unless_present = "reason", conflicts_with = "reason")]
    key: Option<String>,
    /// Its fence, as the claim said. Of another's claim: by default the one that it has now.
    #[arg(long)]
    fence: Option<i64>,
    /// As an administrator, another's claim: why.
    #[arg(long)]
    reason: Option<String>,
}

#[derive(Args)]
pub struct Complete {
    #[command(flatten)]
    client: ClientArgs,
    id: String,
    #[command(flatten)]
    held: Held,
    /// How the work ended.
    #[arg(long)]
    outcome: Outcome,
    #[arg(long)]
    detail: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Outcome {
    Succeeded,
    Failed,
}

impl Claim {
    pub async fn run(self) -> anyhow::Result<Exit> {
        let body = json!({
            "key": self.key, "lease_seconds": self.lease.map(|it| it.as_secs()), "audience": self.audience,
            "receipt_seconds": self.receipt.map(|it| it.as_secs()),
        });
        let answer = self.client.client()?.claim(&self.id, "", &given(body)).await?;
        if answer["claim"]["state"] == "completed" && !self.client.json {
            say(&format!(
                "signoff: this claim is completed: its work {}",
                field(&answer["claim"], "outcome")
            ));
            return Ok(Exit::Refused);
        }
        told(&answer, self.client.json)
    }
}

impl Renew {
    pub async fn run(self) -> anyhow::Result<Exit> {
        let seconds = |length: Option<Duration>| length.map(|it| it.as_secs());
        let body = json!({
            "key": self.held.key, "fence": self.held.fence, "lease_seconds": seconds(self.lease),
            "receipt_seconds": seconds(self.receipt),
        });
        told(&self.client.client()?.claim(&self.id, "/renew", &given(body)).await?, self.client.json)
    }
}

impl Release {
    pub async fn run(self) -> anyhow::Result<Exit> {
        let client = self.client.client()?;
        // With a fence a repeated call releases no other claim: the client repeats it where it got no answer.
        let fence = match self.fence {
            Some(fence) => fence.into(),
            None => client.claim_of(&self.id).await?["claim"]["fence"].clone(),
        };
        let body = json!({ "key": self.key, "fence": fence, "reason": self.reason });
        told(&client.claim(&self.id, "/release", &given(body)).await?, self.client.json)
    }
}

impl Complete {
    pub async fn run(self) -> anyhow::Result<Exit> {
        let outcome = match self.outcome {
            Outcome::Succeeded => "succeeded",
            Outcome::Failed => "failed",
        };
        let Held { key, fence } = self.held;
        let body = json!({ "key": key, "fence": fence, "outcome": outcome, "detail": self.detail });
        told(&self.client.client()?.claim(&self.id, "/complete", &given(body)).await?, self.client.json)
    }
}

/// Without what was not given.
fn given(mut body: Value) -> Value {
    if let Some(fields) = body.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    body
}

fn told(answer: &Answer, json: bool) -> anyhow::Result<Exit> {
    let claim = &answer["claim"];
    let text = if json {
        Text::json(answer.text())
    } else if let Some(receipt) = answer["receipt"].as_str() {
        Text::to_copy(receipt)
    } else {
        let state = field(claim, "state");
        let until = claim["lease_until"].as_str().filter(|_| state == "claimed");
        let until = until.map(|at| format!(", until {at}")).unwrap_or_default();
        Text::line(&format!(
            "{state} by {}, fence {}{until}",
            field(claim, "claimed_by"),
            field(claim, "fence")
        ))
    };
    print_done(&text)?;
    if !json && answer["receipt"].is_string() {
        say(&format!("fence {}", field(claim, "fence")));
    }
    Ok(Exit::Success)
}
