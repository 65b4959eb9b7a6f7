//! Asking, waiting and deciding from a shell.

use std::time::Duration;

use anyhow::Context;
use clap::Args;
use serde::Serialize;
use serde_json::{Value, json, value::RawValue};

use super::{
    argument::json_argument,
    client::{ClientArgs, path_segment},
    exit::{self, Exit},
    output::{self, field, table},
};

#[derive(Args)]
pub struct Ask {
    #[command(flatten)]
    client: ClientArgs,
    /// The workflow's or agent's run.
    #[arg(long, value_name = "NAME")]
    run: String,
    /// plan_approval, step_approval, error_recovery, tool_call, or a name of your own.
    #[arg(long = "type", value_name = "NAME", default_value = "tool_call")]
    approval_type: String,
    /// What it is about, in a line.
    #[arg(long)]
    title: Option<String>,
    #[arg(long)]
    description: Option<String>,
    /// What is to be decided: a JSON object, @FILE, or @- for standard input.
    #[arg(long, value_name = "JSON", default_value = "{}")]
    context: String,
    /// Seconds until the deadline (the server's default: 300).
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<i64>,
    /// What the deadline does: expire, approve or reject.
    #[arg(long, value_name = "ACTION")]
    timeout_action: Option<String>,
    /// Who may decide; can be given many times.
    #[arg(long = "approver", value_name = "NAME")]
    approvers: Vec<String>,
    /// How many must approve.
    #[arg(long, value_name = "N")]
    min_approvers: Option<i64>,
    /// Print the approval's id and don't wait.
    #[arg(long)]
    no_wait: bool,
}

#[derive(Args)]
pub struct Wait {
    #[command(flatten)]
    client: ClientArgs,
    id: String,
    /// Give up after so many seconds (exit code 11); the request stays as it is.
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u64>,
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
}

#[derive(Args)]
pub struct Cancel {
    #[command(flatten)]
    client: ClientArgs,
    id: String,
    #[arg(long)]
    reason: String,
}

impl Ask {
    pub async fn run(self) -> anyhow::Result<Exit> {
        let client = self.client.client()?;
        let context = json_argument(&self.context).context("--context")?;
        let body = AskBody {
            run_id: &self.run,
            approval_type: &self.approval_type,
            title: self.title.as_deref(),
            description: self.description.as_deref(),
            context: &context,
            timeout_seconds: self.timeout,
            timeout_action: self.timeout_action.as_deref(),
            policy: PolicyBody { allowed_approvers: &self.approvers, min_approvers: self.min_approvers },
        };
        let key = uuid::Uuid::now_v7().to_string();
        let created = client.create(&key, &body).await?;
        let id = field(&created, "id");
        if self.no_wait {
            println!("{}", if self.client.json { created.to_string() } else { id });
            return Ok(Exit::Success);
        }
        eprintln!("asked: {id}; waiting until {}", field(&created, "expires_at"));
        let outcome = client.outcome(&id, created).await?;
        Ok(tell_outcome(&outcome, self.client.json))
    }
}

impl Wait {
    pub async fn run(self) -> anyhow::Result<Exit> {
        let patience = self.timeout.map(Duration::from_secs);
        let outcome = self.client.client()?.wait(&path_segment(&self.id), patience).await?;
        Ok(tell_outcome(&outcome, self.client.json))
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
        let mut items = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = client.get(&format!("/approvals/pending{filter}{cursor}")).await?;
            items.extend(page["items"].as_array().cloned().unwrap_or_default());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        if self.client.json {
            println!("{}", Value::from(items));
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
                field(item, "title").replace('\n', " "),
            ]
        });
        print!("{}", table(["ID", "TYPE", "RUN", "ASKED BY", "EXPIRES AT", "YOURS", "TITLE"], rows));
        Ok(Exit::Success)
    }
}

impl Show {
    pub async fn run(self) -> anyhow::Result<Exit> {
        let path = format!("/approvals/{}", path_segment(&self.id));
        let approval = self.client.client()?.get(&path).await?;
        if self.client.json {
            println!("{approval}");
        } else {
            print!("{}", output::approval(&approval));
        }
        Ok(exit_code(&approval))
    }
}

impl Approve {
    pub async fn run(self) -> anyhow::Result<Exit> {
        let edits =
            self.modifications.as_deref().map(json_argument).transpose().context("--modifications")?;
        let body = ApproveBody { comment: self.comment.as_deref(), modifications: edits.as_deref() };
        decide(&self.client, &self.id, "approve", &body).await
    }
}

impl Reject {
    pub async fn run(self) -> anyhow::Result<Exit> {
        let body = json!({ "reason": self.reason, "comment": self.comment });
        decide(&self.client, &self.id, "reject", &body).await
    }
}

impl Cancel {
    pub async fn run(self) -> anyhow::Result<Exit> {
        decide(&self.client, &self.id, "cancel", &json!({ "reason": self.reason })).await
    }
}

async fn decide(args: &ClientArgs, id: &str, verb: &str, body: &impl Serialize) -> anyhow::Result<Exit> {
    let path = format!("/approvals/{}/{verb}", path_segment(id));
    let answer = args.client()?.decide(&path, body).await?;
    if args.json {
        println!("{answer}");
    } else {
        let approval = &answer["approval"];
        let before = if answer["changed"] == false { " (you had said so before)" } else { "" };
        println!("{}: {}{before}", field(approval, "id"), words(approval));
    }
    Ok(Exit::Success)
}

fn tell_outcome(outcome: &Value, json: bool) -> Exit {
    if json {
        println!("{outcome}");
    } else {
        println!("{}", words(outcome));
    }
    exit_code(outcome)
}

fn exit_code(approval: &Value) -> Exit {
    exit::of_outcome(&field(approval, "status"), approval["resolution"].as_str())
}

/// "resolved: approved by ana: looks right"
fn words(approval: &Value) -> String {
    let mut words = field(approval, "status");
    for (before, part) in [
        (": ", field(approval, "resolution")),
        (" by ", field(approval, "resolved_by")),
        (": ", field(&approval["result"], "feedback")),
    ] {
        if !part.is_empty() {
            words = words + before + &part;
        }
    }
    words
}

/// A new approval, with the caller's JSON as it was written.
#[derive(Serialize)]
struct AskBody<'a> {
    run_id: &'a str,
    approval_type: &'a str,
    title: Option<&'a str>,
    description: Option<&'a str>,
    context: &'a RawValue,
    timeout_seconds: Option<i64>,
    timeout_action: Option<&'a str>,
    policy: PolicyBody<'a>,
}

#[derive(Serialize)]
struct PolicyBody<'a> {
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    allowed_approvers: &'a [String],
    min_approvers: Option<i64>,
}

#[derive(Serialize)]
struct ApproveBody<'a> {
    comment: Option<&'a str>,
    modifications: Option<&'a RawValue>,
}
