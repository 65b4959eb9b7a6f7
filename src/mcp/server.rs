//! A call of the agent: the question, the wait, the result. All trouble is a result that says not to go on.

use std::time::Duration;

use anyhow::{Context, bail, ensure};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::DateTime;
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, CancelTaskParams, ContentBlock,
        CreateTaskResult, DetailedTask, GetTaskParams, GetTaskResult, Implementation, ListToolsResult,
        PaginatedRequestParams, RequestMetaObject, ServerCapabilities, ServerConfig, Task, TaskPayload,
        TaskStatus,
    },
    service::RequestContext,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::time::Instant;
use uuid::Uuid;

use super::{
    Service, Unanswered,
    service::Question,
    told,
    tools::{self, REQUEST, Request, WAIT, Wait},
    waiting::{Caller, Manner, State},
};
use crate::{
    gate::{call::run_name, json::canonical},
    wire::answer::Answer,
};

const INSTRUCTIONS: &str = "Before you do something that matters and can't be undone, call request_approval and wait for the \
                            result. Go on only where it says that it was approved.";
const DIALECT: &str = "mcp";
/// A task stays to be read for so long after its deadline.
const AFTERWARDS: Duration = Duration::from_hours(24);
/// How often a task is to be looked at, in milliseconds: by a process of its own; by all agents of a principal.
const POLL: u64 = 1_000;
const POLL_OF_MANY: u64 = 5_000;
/// Characters of an id that no other call has. Those of models' providers have 24 and more.
const UNIQUE: usize = 20;

pub struct Server<S> {
    pub service: S,
    pub session: Session,
    /// Longest that one call is held, before the client or the model calls again.
    pub hold: Duration,
}

/// Whose calls come through this server.
#[derive(Clone)]
pub enum Session {
    /// One agent's, for as long as the process lives. The same question again is the same request.
    Own { run: String },
    /// Those of a principal, by its id, at any time. The same words may mean another action tomorrow. So only what
    /// names itself is the same request: by a key, or by the id that the client gives a call.
    Shared { run: String, principal: Uuid },
}

impl Session {
    fn run(&self) -> &str {
        match self {
            Self::Own { run } | Self::Shared { run, .. } => run,
        }
    }

    /// The idempotency key, by which the same request is found again. `None`: each call is a new request.
    fn key(&self, asked: &Request, run: &str, meta: &RequestMetaObject) -> Option<String> {
        if asked.key.is_some() {
            return asked.key.clone();
        }
        let parts = match self {
            Self::Own { .. } => json!([run, asked.title, asked.context]),
            Self::Shared { .. } => json!([run, unique_call_id(meta)?, asked.title, asked.context]),
        };
        Some(format!("mr1.{}", BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(canonical(&parts).as_bytes()))))
    }

    /// Whether others than one process's agent come through it.
    pub fn is_shared(&self) -> bool {
        matches!(self, Self::Shared { .. })
    }

    /// Whether this agent has asked for it, by `request_approval`. What another principal has asked is no answer to it.
    fn has_asked(&self, approval: &Value) -> bool {
        let by_us = match self {
            // Its key is the agent's alone.
            Self::Own { .. } => true,
            Self::Shared { principal, .. } => {
                approval["requested_by_id"].as_str() == Some(principal.to_string().as_str())
            }
        };
        by_us && approval["metadata"]["dialect"] == DIALECT
    }

    /// The approval as a task: its id is the approval's.
    fn task(&self, approval: &Value) -> anyhow::Result<Task> {
        let (created, expires) = (text(approval, "created_at")?, text(approval, "expires_at")?);
        let (begin, end) = (DateTime::parse_from_rfc3339(created)?, DateTime::parse_from_rfc3339(expires)?);
        let lives = (end - begin).to_std().unwrap_or_default() + AFTERWARDS;
        let updated = approval["resolved_at"].as_str().unwrap_or(created);
        Ok(Task::new(text(approval, "id")?, TaskStatus::Working, created, updated)
            .with_ttl_ms(u64::try_from(lives.as_millis()).unwrap_or(u64::MAX))
            .with_poll_interval_ms(if self.is_shared() { POLL_OF_MANY } else { POLL }))
    }
}

/// The id that the client gives a call, where it tells it: Claude Code and Codex do.
pub fn call_id(meta: &RequestMetaObject) -> Option<String> {
    text_of(meta, "claudecode/toolUseId").or_else(|| text_of(meta, "callId"))
}

/// The same, where it is long enough to be unique. A shorter one may be a count, which each conversation begins anew.
fn unique_call_id(meta: &RequestMetaObject) -> Option<String> {
    call_id(meta).filter(|id| id.len() >= UNIQUE)
}

/// The conversation, where the client tells it: Codex does.
pub fn conversation(meta: &RequestMetaObject) -> Option<String> {
    text_of(meta, "threadId").or_else(|| text_of(meta, "sessionId"))
}

fn text_of(meta: &RequestMetaObject, name: &str) -> Option<String> {
    let text = meta.get(name)?.as_str()?;
    (!text.is_empty()).then(|| text.to_owned())
}

impl<S: Service> Server<S> {
    /// Asks. What the question was made of is let go of before the wait.
    async fn request(
        &self,
        call: CallToolRequestParams,
        context: RequestContext<RoleServer>,
        end: Instant,
    ) -> anyhow::Result<CallToolResponse> {
        let asked: Request = arguments(&call)?;
        if let Some(state) = State::of(&call)? {
            drop((asked, call));
            return self.hold(state, context.into(), end, told::outcome).await;
        }
        let run = asked.run_id.clone().or_else(|| match self.session {
            Session::Own { .. } => None,
            Session::Shared { .. } => conversation(&context.meta),
        });
        let run = run_name(run.as_deref().unwrap_or(self.session.run()));
        let key = self.session.key(&asked, &run, &context.meta);
        let caller = Caller::from(context);
        let question = Question {
            run_id: &run,
            approval_type: "step_approval",
            title: &asked.title,
            description: asked.description.as_deref(),
            context: &asked.context,
            timeout_seconds: asked.timeout_seconds,
            policy: asked.approvers.as_ref().map(|names| json!({ "allowed_approvers": names })),
            metadata: json!({ "dialect": DIALECT }),
        };
        let created = caller.within(end, self.service.create(key.as_deref(), &question)).await?;
        if created["status"] != "pending" {
            return Ok(told::outcome(&created).into());
        }
        if caller.manner == Manner::Task {
            return Ok(CreateTaskResult::new(self.session.task(&created)?).into());
        }
        let state = State::new(text(&created, "id")?, &call);
        drop((created, asked, call));
        self.hold(state, caller, end, told::outcome).await
    }

    async fn wait(
        &self,
        call: CallToolRequestParams,
        context: RequestContext<RoleServer>,
        end: Instant,
    ) -> anyhow::Result<CallToolResponse> {
        let asked: Wait = arguments(&call)?;
        let state = State::of(&call)?.unwrap_or_else(|| State::new(&asked.approval_id, &call));
        drop((asked, call));
        self.hold(state, context.into(), end, told::outcome_of).await
    }

    /// One leg of the wait. What isn't decided by its end goes back in the way that the client understands.
    async fn hold(
        &self,
        state: State,
        caller: Caller,
        end: Instant,
        outcome: fn(&Answer) -> CallToolResult,
    ) -> anyhow::Result<CallToolResponse> {
        let id = &state.approval_id;
        let approval = match caller.wait_for(&self.service, id, end).await {
            Ok(approval) => approval,
            Err(error) if is_refused(&error) => return Err(error),
            // It was asked, and the next call must find it.
            Err(error) => return Ok(told::broken_off(id, &error).into()),
        };
        ensure!(self.session.has_asked(&approval), "approval {id} is none of this agent's request_approval");
        if approval["status"] != "pending" {
            return Ok(outcome(&approval).into());
        }
        if caller.without_task == Manner::Again
            && let Some(again) = state.again()?
        {
            return Ok(again.into());
        }
        Ok(told::waiting(&approval).into())
    }

    /// An approval that `request_approval` has asked. What was asked elsewhere is no answer to this agent.
    async fn own(&self, id: &str) -> anyhow::Result<Answer> {
        let approval = self.service.approval(id).await?;
        ensure!(self.session.has_asked(&approval), "approval {id} is none of this agent's request_approval");
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
        Ok(DetailedTask::new(self.session.task(&approval)?, payload))
    }
}

impl<S: Service> ServerHandler for Server<S> {
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
        Ok(ListToolsResult::with_all_items(tools::all(&self.session)))
    }

    async fn call_tool(
        &self,
        call: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let end = Instant::now() + self.hold;
        let answered = match call.name.as_ref() {
            REQUEST => self.request(call, context, end).await,
            WAIT => self.wait(call, context, end).await,
            other => {
                let shown: String = other.chars().take(100).collect();
                return Err(ErrorData::invalid_params(format!("there is no tool {shown}"), None));
            }
        };
        Ok(answered.unwrap_or_else(|error| {
            let words = format!("Signoff could not ask: {error:#}. It is not approved: don't do it.");
            CallToolResult::error(vec![ContentBlock::text(words)]).into()
        }))
    }

    async fn get_task(
        &self,
        params: GetTaskParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetTaskResult, ErrorData> {
        let end = Instant::now() + self.hold;
        let task = Caller::from(context).within(end, self.task(&params.task_id)).await;
        task.map(GetTaskResult::new).map_err(|error| refused(&error))
    }

    async fn cancel_task(
        &self,
        params: CancelTaskParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        let cancelling = async {
            let approval = self.own(&params.task_id).await?;
            self.service.cancel(text(&approval, "id")?, "the client has cancelled the task").await?;
            anyhow::Ok(())
        };
        let end = Instant::now() + self.hold;
        Caller::from(context).within(end, cancelling).await.map_err(|error| refused(&error))
    }
}

/// What a tool is called with.
pub fn arguments<T: DeserializeOwned>(call: &CallToolRequestParams) -> anyhow::Result<T> {
    let arguments = call.arguments.clone().unwrap_or_default();
    serde_json::from_value(Value::Object(arguments))
        .with_context(|| format!("the arguments of {} are not valid", call.name))
}

fn text<'a>(approval: &'a Value, name: &str) -> anyhow::Result<&'a str> {
    approval[name].as_str().with_context(|| format!("an approval without {name}"))
}

fn is_refused(error: &anyhow::Error) -> bool {
    error.downcast_ref().is_some_and(|it: &Unanswered| it.is_refused)
}

fn refused(error: &anyhow::Error) -> ErrorData {
    let words = format!("{error:#}");
    if is_refused(error) {
        ErrorData::invalid_params(words, None)
    } else {
        ErrorData::internal_error(words, None)
    }
}
