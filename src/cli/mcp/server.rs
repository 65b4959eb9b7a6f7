//! A call of the agent: the question, the wait, the result. All trouble is a result that says not to go on.

use std::time::Duration;

use anyhow::{Context, bail, ensure};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::DateTime;
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, CancelTaskParams, ContentBlock,
        CreateTaskResult, DetailedTask, GetTaskParams, GetTaskResult, Implementation, InputRequiredResult,
        JsonObject, ListToolsResult, PaginatedRequestParams, ServerCapabilities, ServerConfig, Task,
        TaskPayload, TaskStatus,
    },
    service::RequestContext,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::time::{Instant, sleep_until};

use super::{
    told,
    tools::{self, PERMIT, Permit, REQUEST, Request, WAIT, Wait},
    waiting::{Manner, Seal, State, wait_for, within},
};
use crate::{
    cli::{
        answer::Answer,
        asked::{Asked, still_waiting},
        client::Client,
        failure::ClientError,
    },
    gate::{
        Call, Json, Rule, Rules, Unapproved, Verdict, call::run_name, json::canonical, verdict::in_its_place,
    },
};

const INSTRUCTIONS: &str = "Before you do something that matters and can't be undone, call request_approval and wait for the \
                            result. Go on only where it says that it was approved.";
/// Longest that anything is waited for.
const LONGEST: Duration = Duration::from_hours(30 * 24);
const DIALECT: &str = "mcp";
/// A task stays to be read for so long after its deadline.
const AFTERWARDS: Duration = Duration::from_hours(24);
const POLL: u64 = 1_000;

pub struct Server {
    client: Client,
    run: String,
    rules: Rules,
    times: Times,
    seal: Seal,
}

/// How long calls last.
pub struct Times {
    /// One call, before the client or the model calls again.
    pub hold: Duration,
    /// `permit`, which nobody calls again.
    pub deadline: Duration,
}

impl Server {
    pub async fn new(client: Client, run: String, rules: Rules, times: Times) -> anyhow::Result<Self> {
        let secret = client.bearer().await?.context("there is no key")?;
        Ok(Self { seal: Seal::new(&secret)?, client, run, rules, times })
    }

    async fn request(
        &self,
        call: &CallToolRequestParams,
        context: &RequestContext<RoleServer>,
    ) -> anyhow::Result<CallToolResponse> {
        let asked: Request = arguments(call)?;
        let name = canonical(&json!([call.name, call.arguments]));
        if let Some(sealed) = &call.request_state {
            let state = self
                .seal
                .open(sealed, name.as_bytes())
                .context("the state of the call is not valid; call anew")?;
            return self.hold(state, name.as_bytes(), context).await;
        }
        let run = run_name(asked.run_id.as_deref().unwrap_or(&self.run));
        let key = asked.key.clone().unwrap_or_else(|| {
            let parts = json!([run, asked.title, asked.context]);
            format!("mr1.{}", BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(canonical(&parts).as_bytes())))
        });
        let policy = asked.approvers.as_ref().map(|names| json!({ "allowed_approvers": names }));
        let body = Body {
            run_id: &run,
            approval_type: "step_approval",
            title: &asked.title,
            description: asked.description.as_deref(),
            context: &asked.context,
            timeout_seconds: asked.timeout_seconds,
            policy,
            metadata: json!({ "dialect": DIALECT }),
        };
        let created = within(self.times.hold, context, self.client.create(&key, &body)).await?;
        if created["status"] != "pending" {
            return Ok(told::outcome(&created).into());
        }
        if Manner::of(context) == Manner::Task {
            return Ok(CreateTaskResult::new(task(&created)?).into());
        }
        self.hold(State::new(text(&created, "id")?), name.as_bytes(), context).await
    }

    async fn wait(
        &self,
        call: &CallToolRequestParams,
        context: &RequestContext<RoleServer>,
    ) -> anyhow::Result<CallToolResponse> {
        let asked: Wait = arguments(call)?;
        let name = canonical(&json!([call.name, call.arguments]));
        let state = match &call.request_state {
            Some(sealed) => self
                .seal
                .open(sealed, name.as_bytes())
                .context("the state of the call is not valid; call anew")?,
            None => State::new(&asked.approval_id),
        };
        self.hold(state, name.as_bytes(), context).await
    }

    /// One leg of the wait. What isn't decided by its end goes back in the way that the client understands.
    async fn hold(
        &self,
        state: State,
        name: &[u8],
        context: &RequestContext<RoleServer>,
    ) -> anyhow::Result<CallToolResponse> {
        let approval = wait_for(&self.client, &state.approval_id, self.times.hold, context).await?;
        ensure!(is_own(&approval), "approval {} is none of request_approval", state.approval_id);
        if approval["status"] != "pending" {
            return Ok(told::outcome(&approval).into());
        }
        if Manner::of(context) == Manner::Again
            && let Some(next) = state.next()
        {
            return Ok(InputRequiredResult::from_request_state(self.seal.seal(&next, name)?).into());
        }
        Ok(told::waiting(&approval).into())
    }

    /// Claude Code reads exactly one text.
    async fn permit(&self, call: &CallToolRequestParams, context: &RequestContext<RoleServer>) -> Value {
        let end = Instant::now() + self.times.deadline.min(LONGEST);
        let permitted = async {
            let asked: Permit = arguments(call)?;
            tokio::select! {
                permission = self.permission(asked, context, end) => permission,
                () = sleep_until(end + Duration::from_secs(1)) => bail!("there was no outcome in time"),
            }
        };
        permitted.await.unwrap_or_else(|error| {
            denied(&format!("Signoff could not ask: {error:#}. The call was not executed."), false)
        })
    }

    async fn permission(
        &self,
        asked: Permit,
        context: &RequestContext<RoleServer>,
        end: Instant,
    ) -> anyhow::Result<Value> {
        let call = Call {
            dialect: "claude".to_owned(),
            run: self.run.clone(),
            call_id: asked.tool_use_id.filter(|it| !it.is_empty()).context("the call has no id")?,
            agent: None,
            arguments: serde_json::from_str(&Value::Object(asked.input).to_string())?,
            tool: asked.tool_name,
        };
        let default = Rule::default();
        let rule = self.rules.of(&call)?.unwrap_or(&default);
        let mut question = Asked::take(&call, None)?;
        let known = question.ask(&self.client, &call, rule).await?;
        let left = end.saturating_duration_since(Instant::now());
        let approval = wait_for(&self.client, &known.id, left, context).await?;
        if approval["status"] == "pending" {
            return Ok(denied(&still_waiting(&known.id), false));
        }
        Ok(match question.settle(&self.client, &call, rule, &approval).await? {
            Ok(Verdict::Runs { arguments, .. }) => allowed(&arguments)?,
            Ok(Verdict::Denied(words) | Verdict::Refused(words)) => denied(&words, false),
            Ok(Verdict::Answered(response)) => denied(&in_its_place(&response), false),
            Err(unapproved) => denied(&unapproved.to_string(), unapproved == Unapproved::Withdrawn),
        })
    }

    /// An approval that `request_approval` has asked. What was asked elsewhere is no answer to this agent.
    async fn own(&self, id: &str) -> anyhow::Result<Answer> {
        let approval = self.client.approval(id).await?;
        ensure!(is_own(&approval), "approval {id} is none of request_approval");
        Ok(approval)
    }

    async fn task(&self, id: &str) -> anyhow::Result<DetailedTask> {
        let approval = self.own(id).await?;
        let payload = match text(&approval, "status")? {
            "pending" => TaskPayload::Working,
            "cancelled" => TaskPayload::Cancelled,
            _ => {
                let Value::Object(result) = serde_json::to_value(told::outcome(&approval))? else {
                    bail!("a result is no object")
                };
                TaskPayload::Completed { result }
            }
        };
        Ok(DetailedTask::new(task(&approval)?, payload))
    }
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder().enable_tools().enable_tasks().build();
        ServerConfig::new(capabilities)
            .with_server_info(Implementation::new("signoff", env!("CARGO_PKG_VERSION")))
            .with_instructions(INSTRUCTIONS)
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(tools::all()))
    }

    async fn call_tool(
        &self,
        call: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let answered = match call.name.as_ref() {
            REQUEST => self.request(&call, &context).await,
            WAIT => self.wait(&call, &context).await,
            PERMIT => {
                let permission = self.permit(&call, &context).await;
                return Ok(CallToolResult::success(vec![ContentBlock::text(permission.to_string())]).into());
            }
            other => return Err(ErrorData::invalid_params(format!("there is no tool {other}"), None)),
        };
        Ok(answered.unwrap_or_else(|error| {
            let words = format!("Signoff could not ask: {error:#}. It is not approved: don't do it.");
            CallToolResult::error(vec![ContentBlock::text(words)]).into()
        }))
    }

    async fn get_task(
        &self,
        params: GetTaskParams,
        _: RequestContext<RoleServer>,
    ) -> Result<GetTaskResult, ErrorData> {
        self.task(&params.task_id).await.map(GetTaskResult::new).map_err(|error| refused(&error))
    }

    async fn cancel_task(
        &self,
        params: CancelTaskParams,
        _: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        let cancelled = async {
            let approval = self.own(&params.task_id).await?;
            let reason = json!({ "reason": "the client has cancelled the task" });
            self.client.decide(text(&approval, "id")?, "cancel", &reason).await?;
            Ok(())
        };
        cancelled.await.map_err(|error| refused(&error))
    }
}

/// A new approval.
#[derive(Serialize)]
struct Body<'a> {
    run_id: &'a str,
    approval_type: &'a str,
    title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    context: &'a JsonObject,
    #[serde(skip_serializing_if = "Option::is_none")]
    timeout_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<Value>,
    metadata: Value,
}

fn is_own(approval: &Value) -> bool {
    approval["metadata"]["dialect"] == DIALECT
}

fn arguments<T: DeserializeOwned>(call: &CallToolRequestParams) -> anyhow::Result<T> {
    let arguments = call.arguments.clone().unwrap_or_default();
    serde_json::from_value(Value::Object(arguments))
        .with_context(|| format!("the arguments of {} are not valid", call.name))
}

fn text<'a>(approval: &'a Value, name: &str) -> anyhow::Result<&'a str> {
    approval[name].as_str().with_context(|| format!("an approval without {name}"))
}

/// The approval as a task: its id is the approval's.
fn task(approval: &Value) -> anyhow::Result<Task> {
    let (created, expires) = (text(approval, "created_at")?, text(approval, "expires_at")?);
    let (begin, end) = (DateTime::parse_from_rfc3339(created)?, DateTime::parse_from_rfc3339(expires)?);
    let lives = (end - begin).to_std().unwrap_or_default() + AFTERWARDS;
    let updated = approval["resolved_at"].as_str().unwrap_or(created);
    Ok(Task::new(text(approval, "id")?, TaskStatus::Working, created, updated)
        .with_ttl_ms(u64::try_from(lives.as_millis()).unwrap_or(u64::MAX))
        .with_poll_interval_ms(POLL))
}

fn allowed(arguments: &Json) -> anyhow::Result<Value> {
    let input: Value = serde_json::from_str(&serde_json::to_string(arguments)?)?;
    Ok(json!({ "behavior": "allow", "updatedInput": input }))
}

fn denied(words: &str, interrupt: bool) -> Value {
    json!({ "behavior": "deny", "message": words, "interrupt": interrupt })
}

fn refused(error: &anyhow::Error) -> ErrorData {
    match error.downcast_ref() {
        Some(ClientError::Refused { .. }) => ErrorData::invalid_params(format!("{error:#}"), None),
        _ => ErrorData::internal_error(format!("{error:#}"), None),
    }
}
