//! `signoff ask`: a question to people, and the wait for their answer.

use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use serde::Serialize;
use serde_json::{json, value::RawValue};

use super::{
    answer::Answer,
    approvals::tell_outcome,
    argument::{self, json_argument},
    client::{Client, ClientArgs},
    exit::Exit,
    failure::ClientError,
    output::{Text, done, field, print, say},
    reminder::remind,
    signals::Signals,
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
    /// The task whose followers are told; by default the run's name.
    #[arg(long, value_name = "NAME")]
    task: Option<String>,
    #[arg(long, value_name = "NAME")]
    session: Option<String>,
    /// The workflow that the run is one of.
    #[arg(long, value_name = "NAME")]
    workflow: Option<String>,
    /// What it is about, in a line.
    #[arg(long)]
    title: Option<String>,
    #[arg(long)]
    description: Option<String>,
    /// What is to be decided: a JSON object, @FILE, or @- for standard input.
    #[arg(long, value_name = "JSON", default_value = "{}")]
    context: String,
    /// What is kept with it, for programs: a JSON object, @FILE, or @-.
    #[arg(long, value_name = "JSON")]
    metadata: Option<String>,
    /// A JSON Schema that the approver's answer must fit: a JSON object, @FILE, or @-.
    #[arg(long, value_name = "JSON")]
    response_schema: Option<String>,
    /// How long until the deadline, for example 90s, 5m, 12h or 7d (the server's default: 5m).
    #[arg(long, value_name = "DURATION", value_parser = argument::duration)]
    timeout: Option<Duration>,
    /// What the deadline does: expire, approve, reject or escalate.
    #[arg(long, value_name = "ACTION")]
    timeout_action: Option<String>,
    /// Who is asked next where no answer comes: a JSON list of levels, @FILE, or @-. Without --timeout-action, the
    /// deadline escalates.
    #[arg(long, value_name = "JSON")]
    escalation: Option<String>,
    /// Remind the approvers so long before the deadline of each level; can be given many times.
    #[arg(long, value_name = "DURATION", value_parser = argument::duration)]
    remind_before: Vec<Duration>,
    /// Who may decide: names, separated by commas; can be given many times.
    #[arg(long = "approver", value_name = "NAMES", value_delimiter = ',', value_parser = argument::name)]
    approvers: Vec<String>,
    /// Roles whose members may decide, in the same way.
    #[arg(long = "role", value_name = "NAMES", value_delimiter = ',', value_parser = argument::name)]
    roles: Vec<String>,
    /// Groups whose members may decide, in the same way.
    #[arg(long = "group", value_name = "NAMES", value_delimiter = ',', value_parser = argument::name)]
    groups: Vec<String>,
    /// The whole policy, a tree for example: a JSON object, @FILE, or @-.
    #[arg(
        long, value_name = "JSON",
        conflicts_with_all = ["approvers", "roles", "groups", "min_approvers", "require_all", "rejections"]
    )]
    policy: Option<String>,
    /// How many must approve.
    #[arg(long, value_name = "N")]
    min_approvers: Option<i64>,
    /// Everybody named must approve.
    #[arg(long, requires = "approvers")]
    require_all: bool,
    /// How many rejections end it.
    #[arg(long, value_name = "N")]
    rejections: Option<i64>,
    /// Who may claim what was approved, besides you: names, separated by commas; can be given many times.
    #[arg(long = "executor", value_name = "NAMES", value_delimiter = ',', value_parser = argument::name)]
    executors: Vec<String>,
    /// How long after the outcome it may be claimed; without it there is no end.
    #[arg(long, value_name = "DURATION", value_parser = argument::duration)]
    claim_within: Option<Duration>,
    /// With the same key and the same request, this waits for the approval that was asked for first.
    #[arg(long, value_name = "KEY", value_parser = argument::idempotency_key)]
    idempotency_key: Option<String>,
    /// On SIGINT or SIGTERM, cancel the approval and end with exit code 3. Without it, the approval stays.
    #[arg(long, conflicts_with = "no_wait")]
    cancel_on_interrupt: bool,
    /// Print the approval's id and don't wait.
    #[arg(long)]
    no_wait: bool,
}

impl Ask {
    pub async fn run(self) -> anyhow::Result<Exit> {
        // Nothing is asked before all this is read, and standard input may take its time: a signal ends that by itself.
        let client = self.client.client()?;
        let context = json_argument(&self.context).context("--context")?;
        let metadata = self.metadata.as_deref().map(json_argument).transpose().context("--metadata")?;
        let policy = self.policy.as_deref().map(json_argument).transpose().context("--policy")?;
        let levels = self.escalation.as_deref().map(json_argument).transpose().context("--escalation")?;
        let schema = self.response_schema.as_deref().map(json_argument).transpose();
        let schema = schema.context("--response-schema")?;
        let mut body = self.body(&context, metadata.as_deref(), policy.as_deref(), levels.as_deref());
        body.response_schema = schema.as_deref();
        if !self.cancel_on_interrupt {
            return self.ask(&client, &body, std::future::pending()).await;
        }
        // From here on no signal ends this process by itself: each is seen, also one that comes before the answer.
        let (first, second) = (Signals::new()?, Signals::new()?);
        tokio::select! {
            exit = self.ask(&client, &body, first.receive(1)) => exit,
            () = second.receive(2) => bail!("interrupted twice; whether the approval is cancelled is unknown"),
        }
    }

    async fn ask(
        &self,
        client: &Client,
        body: &Body<'_>,
        interrupted: impl Future<Output = ()>,
    ) -> anyhow::Result<Exit> {
        let key = self.idempotency_key.clone().unwrap_or_else(|| uuid::Uuid::now_v7().to_string());
        let created = client.create(&key, body).await?;
        let id = field(&created, "id");
        for warning in created["warnings"].as_array().into_iter().flatten() {
            say(&format!(
                "warning: {}",
                warning["message"].as_str().or(warning.as_str()).unwrap_or_default()
            ));
        }
        if self.no_wait {
            let text = if self.client.json { Text::json(created.text()) } else { Text::to_copy(&id) };
            done(print(&text), &format!("asked: {id}"))?;
            return Ok(Exit::Success);
        }
        let until = field(&created, "expires_at");
        say(&format!("asked: {id}; waiting until {until}"));
        let words = format!("{id} is still pending; waiting until {until}");
        let outcome = tokio::select! {
            outcome = remind(client.outcome(&id, created), &words) => outcome?,
            () = interrupted => withdraw(client, &id).await?,
        };
        tell_outcome(&outcome, self.client.json)
    }

    fn body<'a>(
        &'a self,
        context: &'a RawValue,
        metadata: Option<&'a RawValue>,
        policy: Option<&'a RawValue>,
        escalation: Option<&'a RawValue>,
    ) -> Body<'a> {
        let escalates = escalation.map(|_| "escalate");
        Body {
            run_id: &self.run,
            approval_type: &self.approval_type,
            task_id: self.task.as_deref(),
            session_id: self.session.as_deref(),
            workflow: self.workflow.as_deref(),
            title: self.title.as_deref(),
            description: self.description.as_deref(),
            context,
            metadata,
            response_schema: None,
            timeout_seconds: self.timeout.map(|it| it.as_secs()),
            timeout_action: self.timeout_action.as_deref().or(escalates),
            escalation,
            remind_before_seconds: self.remind_before.iter().map(Duration::as_secs).collect(),
            executors: &self.executors,
            claim_within_seconds: self.claim_within.map(|it| it.as_secs()),
            policy: match policy {
                Some(policy) => Policy::Whole(policy),
                None => Policy::Simple {
                    allowed_approvers: &self.approvers,
                    allowed_roles: &self.roles,
                    allowed_groups: &self.groups,
                    min_approvers: self.min_approvers,
                    require_all: self.require_all.then_some(true),
                    rejections_to_reject: self.rejections,
                },
            },
        }
    }
}

/// Cancels what nobody waits for any more. If it has ended before, that is the outcome.
async fn withdraw(client: &Client, id: &str) -> anyhow::Result<Answer> {
    say("interrupted; cancelling");
    let reason = json!({ "reason": "the asker was interrupted" });
    match client.decide(id, "cancel", &reason).await {
        Ok(answer) => Ok(serde_json::from_str(&answer.part(&["approval"]).unwrap_or_default())?),
        Err(refused @ ClientError::Refused { .. }) => {
            let approval = client.approval(id).await?;
            if approval["status"] == "pending" { Err(refused.into()) } else { Ok(approval) }
        }
        Err(trouble) => Err(trouble.into()),
    }
}

/// A new approval, with the caller's JSON as it was written.
#[derive(Serialize)]
struct Body<'a> {
    run_id: &'a str,
    approval_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    task_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    workflow: Option<&'a str>,
    title: Option<&'a str>,
    description: Option<&'a str>,
    context: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_schema: Option<&'a RawValue>,
    timeout_seconds: Option<u64>,
    timeout_action: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    escalation: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    remind_before_seconds: Vec<u64>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    executors: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    claim_within_seconds: Option<u64>,
    policy: Policy<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Policy<'a> {
    Whole(&'a RawValue),
    Simple {
        #[serde(skip_serializing_if = "<[_]>::is_empty")]
        allowed_approvers: &'a [String],
        #[serde(skip_serializing_if = "<[_]>::is_empty")]
        allowed_roles: &'a [String],
        #[serde(skip_serializing_if = "<[_]>::is_empty")]
        allowed_groups: &'a [String],
        min_approvers: Option<i64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        require_all: Option<bool>,
        #[serde(skip_serializing_if = "Option::is_none")]
        rejections_to_reject: Option<i64>,
    },
}
