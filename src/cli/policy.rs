//! `signoff policy check`: what creating with a policy would say of it.

use anyhow::Context;
use clap::{Args, Subcommand};
use serde_json::{Value, json, value::RawValue};

use super::{
    argument::json_argument,
    client::ClientArgs,
    exit::Exit,
    output::{Text, field, print},
};

#[derive(Args)]
pub struct Policy {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Try a policy out. Nothing is created.
    Check(Check),
}

#[derive(Args)]
#[command(after_help = EXAMPLES)]
struct Check {
    #[command(flatten)]
    client: ClientArgs,
    /// The policy: a JSON object, @FILE, or @- for standard input.
    policy: String,
    /// Who would ask; you by default.
    #[arg(long, value_name = "NAME")]
    requested_by: Option<String>,
}

const EXAMPLES: &str = "\
Exit codes: 0 those who are there now could satisfy it, 12 it would be refused, or they could not.

Examples:
  signoff policy check '{\"all_of\": [{\"groups\": [\"security\"]}, {\"groups\": [\"product\"]}]}'
  signoff policy check @policy.json --requested-by agent-7";

impl Policy {
    pub async fn run(self) -> anyhow::Result<Exit> {
        match self.action {
            Action::Check(check) => check.run().await,
        }
    }
}

impl Check {
    async fn run(self) -> anyhow::Result<Exit> {
        let policy: Box<RawValue> = json_argument(&self.policy).context("the policy")?;
        let mut body = json!({ "policy": policy });
        if let Some(name) = self.requested_by {
            body["requested_by"] = name.into();
        }
        let answer = self.client.client()?.try_policy(&body).await?;
        if self.client.json {
            print(&Text::json(answer.text()))?;
        } else {
            for line in said(&answer) {
                print(&Text::line(&line))?;
            }
        }
        let is_good = answer["satisfiable_now"] == true;
        Ok(if is_good { Exit::Success } else { Exit::Refused })
    }
}

/// What it takes, or what is wrong with it.
fn said(answer: &Value) -> Vec<String> {
    let errors = answer["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut lines: Vec<String> = Vec::new();
    if answer["satisfiable"] == true {
        lines.push(format!("takes {}; ways: {}", field(answer, "summary"), field(answer, "alternatives")));
    }
    lines.extend(
        errors.iter().map(|error| format!("{} {}", field(error, "pointer"), field(error, "message"))),
    );
    lines
}
