//! `permit`: the permission prompts of Claude Code, answered by people. With the tools that ask, it is what `signoff mcp`
//! serves.
//!
//! What was asked is kept in files, so it is for a process on the agent's machine alone.

use std::time::Duration;

use anyhow::{Context, bail};
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, CancelTaskParams, ContentBlock,
        GetTaskParams, GetTaskResult, ListToolsResult, PaginatedRequestParams, ServerConfig, Tool,
    },
    service::RequestContext,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::time::{Instant, sleep_until};

use crate::{
    cli::{
        asked::{Asked, still_waiting},
        client::Client,
    },
    gate::{Call, Json, Rule, Rules, Unapproved, Verdict, verdict::in_its_place},
    mcp::{Server, server::arguments, tools, waiting::Caller},
};

const PERMIT: &str = "permit";
/// Longest that anything is waited for.
const LONGEST: Duration = Duration::from_hours(30 * 24);

pub struct WithPermit {
    pub server: Server<Client>,
    pub run: String,
    pub rules: Rules,
    /// Longest that it waits: nobody calls again.
    pub deadline: Duration,
}

/// Claude Code adds to it as it likes.
#[derive(Debug, Deserialize)]
struct Permit {
    tool_name: String,
    input: Map<String, Value>,
    tool_use_id: Option<String>,
}

fn tool() -> Tool {
    tools::tool(
        PERMIT,
        "For the permission prompts of Claude Code, as its --permission-prompt-tool. Not for you to call.",
        json!({
            "type": "object",
            "properties": {
                "tool_name": { "type": "string" },
                "input": { "type": "object" },
                "tool_use_id": { "type": "string" },
            },
            "required": ["tool_name", "input"],
        }),
        true,
    )
}

impl WithPermit {
    /// Claude Code reads exactly one text.
    async fn permit(&self, call: &CallToolRequestParams, caller: &Caller) -> Value {
        let end = Instant::now() + self.deadline.min(LONGEST);
        let permitted = async {
            let asked: Permit = arguments(call)?;
            tokio::select! {
                permission = self.permission(asked, caller, end) => permission,
                () = sleep_until(end + Duration::from_secs(1)) => bail!("there was no outcome in time"),
            }
        };
        permitted.await.unwrap_or_else(|error| {
            denied(&format!("Signoff could not ask: {error:#}. The call was not executed."), false)
        })
    }

    async fn permission(&self, asked: Permit, caller: &Caller, end: Instant) -> anyhow::Result<Value> {
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
        let known = question.ask(&self.server.service, &call, rule).await?;
        let approval = caller.wait_for(&self.server.service, &known.id, end).await?;
        if approval["status"] == "pending" {
            return Ok(denied(&still_waiting(&known.id), false));
        }
        Ok(match question.settle(&self.server.service, &call, rule, &approval).await? {
            Ok(Verdict::Runs { arguments, .. }) => allowed(&arguments)?,
            Ok(Verdict::Denied(words) | Verdict::Refused(words)) => denied(&words, false),
            Ok(Verdict::Answered(response)) => denied(&in_its_place(&response), false),
            Err(unapproved) => denied(&unapproved.to_string(), unapproved == Unapproved::Withdrawn),
        })
    }
}

impl ServerHandler for WithPermit {
    fn get_info(&self) -> ServerConfig {
        self.server.get_info()
    }

    async fn list_tools(
        &self,
        page: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let mut list = self.server.list_tools(page, context).await?;
        list.tools.push(tool());
        Ok(list)
    }

    async fn call_tool(
        &self,
        call: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        if call.name != PERMIT {
            return self.server.call_tool(call, context).await;
        }
        let permission = self.permit(&call, &context.into()).await;
        Ok(CallToolResult::success(vec![ContentBlock::text(permission.to_string())]).into())
    }

    async fn get_task(
        &self,
        params: GetTaskParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetTaskResult, ErrorData> {
        self.server.get_task(params, context).await
    }

    async fn cancel_task(
        &self,
        params: CancelTaskParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.server.cancel_task(params, context).await
    }
}

fn allowed(arguments: &Json) -> anyhow::Result<Value> {
    let input: Value = serde_json::from_str(&serde_json::to_string(arguments)?)?;
    Ok(json!({ "behavior": "allow", "updatedInput": input }))
}

fn denied(words: &str, interrupt: bool) -> Value {
    json!({ "behavior": "deny", "message": words, "interrupt": interrupt })
}
