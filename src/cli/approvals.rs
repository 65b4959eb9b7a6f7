//! Looking at approvals, waiting for them and deciding from a shell.

use std::time::Duration;

use anyhow::Context;
use clap::Args;
use serde::Serialize;
use serde_json::{Value, json, value::RawValue};

use super::{
    answer::Answer,
    argument::{self, json_argument},
    client::{Client, ClientArgs, path_segment},
    exit::{self, Exit},
    failure::ClientError,
    output::{Text, Unprinted, done, field, page, print, say},
    reminder::remind,
};

#[derive(Args)]
pub struct Wait {
    #[command(flatten)]
    client: ClientArgs,
    id: String,
    /// Give up after so long, for example 90s, 5m or 12h (exit code 11); the request stays as it is.
    #[arg(long, value_name = "DURATION", value_parser = argument::duration_or_zero)]
    timeout: Option<Duration>,
}

#[derive(Args)]
pub struct Pending {
    #[command(flatten)]
    client: ClientArgs,
    /// Only what you may decide.
    #[arg(long)]
    mine: bool,
    /// Only of this run.
    #[arg(long, value_name = "NAME")]
    run: Option<String>,
}

#[derive(Args)]
pub struct Show {
    #[command(flatten)]
    client: ClientArgs,
    id: String,
}

#[derive(Args)]
pub struct Approve {
    #[command(flatten)]
    client: ClientArgs,
    id: String,
    #[arg(long)]
    comment: Option<String>,
    /// Edits to the proposal: a JSON object, @FILE, or @- for standard input.
    #[arg(long, value_name = "JSON")]
    modifications: Option<String>,
    /// In whose seat, where several are open to you by delegation.
    #[arg(long = "for", value_name = "NAME")]
    seat: Option<String>,
    /// Only if this is the digest of what it asks; see signoff digest.
    #[arg(long)]
    digest: Option<String>,
}

#[derive(Args)]
pub struct Reject {
    #[command(flatten)]
    client: ClientArgs,
    id: String,
    #[arg(long)]
    reason: String,
    #[arg(long)]
    comment: Option<String>,
    /// In whose seat, where several are open to you by delegation.
    #[arg(long = "for", value_name = "NAME")]
    seat: Option<String>,
    /// Only if this is the digest of what it asks; see signoff digest.
    #[arg(long)]
    digest: Option<String>,
}

#[derive(Args)]
pub struct Cancel {
    #[command(flatten)]
    client: ClientArgs,
    id: String,
    #[arg(long)]
    reason: String,
}

impl Wait {
    pub async fn run(self) -> anyhow::Result<Exit> {
        let client = self.client.client()?;
        let words = format!("{} is still pending", self.id);
        let outcome = remind(client.wait(&self.id, self.timeout), &words).await?;
        tell_outcome(&outcome, self.client.json)
    }
}

impl Pending {
    pub async fn run(self) -> anyhow::Result<Exit> {
        let client = self.client.client()?;
        let mut filter = String::from("?limit=200");
        if self.mine {
            filter += "&approver=me";
        }
        if let Some(run) = &self.run {
            filter = filter + "&run_id=" + &path_segment(run);
        }
        let items = client.list(&format!("/approvals/pending{filter}")).await?;
        if self.client.json {
            print(&Text::json(&serde_json::to_string(&items)?))?;
            return Ok(Exit::Success);
        }
        let rows = items.iter().map(|item| {
            let mine = if item["can_decide"] == true { "yes" } else { "" };
            [
                field(item, "id"),
                field(item, "approval_type"),
                field(item, "run_id"),
                field(item, "requested_by"),
                field(item, "expires_at"),
                mine.to_owned(),
                field(item, "title"),
            ]
        });
        print(&Text::table(["ID", "TYPE", "RUN", "ASKED BY", "EXPIRES AT", "YOURS", "TITLE"], rows))?;
        Ok(Exit::Success)
    }
}

impl Show {
    pub async fn run(self) -> anyhow::Result<Exit> {
        let client = self.client.client()?;
        let approval = client.approval(&self.id).await?;
        let text = if self.client.json {
            Text::json(approval.text())
        } else {
            let votes = votes(&client, &self.id).await?;
            page::approval(&approval, votes.as_deref().map_err(Clone::clone))
        };
        match print(&text) {
            // The code says it all the same.
            Ok(()) | Err(Unprinted::Closed) => Ok(exit_code(&approval)),
            Err(failed) => Err(failed.into()),
        }
    }
}

/// Who has voted so far; the reason in words where the caller may not see that.
async fn votes(client: &Client, id: &str) -> anyhow::Result<Result<Vec<Answer>, String>> {
    match client.list(&format!("/approvals/{}/decisions?limit=200", path_segment(id))).await {
        Ok(votes) => Ok(Ok(votes)),
        Err(ClientError::Refused { code, .. }) if code == "forbidden" => {
            Ok(Err("you may not see them (approval:view:history)".to_owned()))
        }
        Err(error) => Err(error.into()),
    }
}

impl Approve {
    pub async fn run(self) -> anyhow::Result<Exit> {
        let edits =
            self.modifications.as_deref().map(json_argument).transpose().context("--modifications")?;
        let body = ApproveBody {
            comment: self.comment.as_deref(),
            modifications: edits.as_deref(),
            r#for: self.seat.as_deref(),
            digest: self.digest.as_deref(),
        };
        decide(&self.client, &self.id, "approve", &body).await
    }
}

impl Reject {
    pub async fn run(self) -> anyhow::Result<Exit> {
        let mut body = json!({ "reason": self.reason, "comment": self.comment });
        for (name, value) in [("for", self.seat), ("digest", self.digest)] {
            if let Some(value) = value {
                body[name] = value.into();
            }
        }
        decide(&self.client, &self.id, "reject", &body).await
    }
}

impl Cancel {
    pub async fn run(self) -> anyhow::Result<Exit> {
        decide(&self.client, &self.id, "cancel", &json!({ "reason": self.reason })).await
    }
}

async fn decide(args: &ClientArgs, id: &str, verb: &str, body: &impl Serialize) -> anyhow::Result<Exit> {
    let answer = args.client()?.decide(id, verb, body).await?;
    let approval = &answer["approval"];
    let before = if answer["changed"] == false { " (you had said so before)" } else { "" };
    let said = format!("{}: {}{before}", field(approval, "id"), words(approval));
    let text = if args.json { Text::json(answer.text()) } else { Text::line(&said) };
    done(print(&text), &said)?;
    Ok(Exit::Success)
}

/// The exit code is the answer, so it stands where the words can't be printed. An object that can't be printed whole
/// is trouble: a script would go on with a part of it.
pub fn tell_outcome(outcome: &Answer, json: bool) -> anyhow::Result<Exit> {
    let said = words(outcome);
    let text = if json { Text::json(outcome.text()) } else { Text::line(&said) };
    match print(&text) {
        Ok(()) | Err(Unprinted::Closed) => {}
        Err(failed) if json => return Err(anyhow::Error::new(failed).context(said)),
        Err(failed) => say(&format!("{said} ({failed})")),
    }
    Ok(exit_code(outcome))
}

fn exit_code(approval: &Value) -> Exit {
    exit::of_outcome(&field(approval, "status"), approval["resolution"].as_str())
}

/// "resolved: approved by ana: looks right"
fn words(approval: &Value) -> String {
    let mut words = field(approval, "status");
    for (before, part) in [
        (": ", field(approval, "resolution")),
        (" by ", page::by(approval, ["resolved_by", "resolved_for"])),
        (": ", field(&approval["result"], "feedback")),
    ] {
        if !part.is_empty() {
            words = words + before + &part;
        }
    }
    words
}

#[derive(Serialize)]
struct ApproveBody<'a> {
    comment: Option<&'a str>,
    modifications: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    r#for: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<&'a str>,
}
