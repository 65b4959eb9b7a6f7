//! `signoff mcp gateway`: another MCP server's tools, behind sign-off. The agent sees them as they are.
//!
//! A tool that no rule names is asked about. A call that waits longer than its client does is made again, and finds its
//! approval by what it is: the gateway keeps nothing of it in memory.

use std::{path::PathBuf, process::Stdio, time::Duration};

use anyhow::{Context, bail};
use clap::Args;
use rmcp::{
    ErrorData, Peer, RoleClient, RoleServer, ServerHandler, ServiceError, ServiceExt,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, GetPromptRequestParams,
        GetPromptResponse, Implementation, ListPromptsResult, ListResourceTemplatesResult,
        ListResourcesResult, ListToolsResult, PaginatedRequestParams, ReadResourceRequestParams,
        ReadResourceResponse, RequestMetaObject, ServerCapabilities, ServerConfig,
    },
    service::RequestContext,
    transport::{self, TokioChildProcess},
};
use serde_json::Value;
use tokio::{process::Command, time::Instant};

use crate::{
    cli::{
        argument,
        asked::{Asked, Place},
        client::{Client, ClientArgs},
        exit::Exit,
    },
    gate::{Call, Rule, Rules, Verdict, call::run_name},
    mcp::{
        server::{call_id, conversation},
        waiting::{Caller, Manner, State},
    },
};

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Gateway {
    #[command(flatten)]
    client: ClientArgs,
    /// Rules, in the form of hook.toml: whom to ask about which tools. A tool that no rule names is asked about.
    #[arg(long, env = "SIGNOFF_MCP_RULES", value_name = "FILE")]
    rules: Option<PathBuf>,
    /// The run of all that is asked; by default the client's conversation, or a name of this process's own.
    #[arg(long, env = "SIGNOFF_RUN", value_name = "NAME")]
    run: Option<String>,
    /// Believe the server where it says that a tool only reads: such a tool is asked about only where a rule names it.
    #[arg(long)]
    trust_read_only: bool,
    /// Longest that one call is held, before the client or the model calls again.
    #[arg(long, value_name = "DURATION", default_value = "50s", value_parser = argument::duration)]
    hold: Duration,
    /// The server's command and its arguments, behind --.
    #[arg(last = true, required = true, value_name = "COMMAND")]
    server: Vec<String>,
}

const EXAMPLES: &str = "\
Examples:
  claude mcp add files -- signoff mcp gateway -- npx -y @modelcontextprotocol/server-filesystem .
  signoff mcp gateway --rules gateway.toml --trust-read-only -- my-server --port 7";

impl Gateway {
    pub async fn run(self) -> anyhow::Result<Exit> {
        let client = self.client.client()?;
        let rules = self.rules.as_deref().map(Rules::read).transpose()?.unwrap_or_default();
        let Some((program, arguments)) = self.server.split_first() else {
            bail!("say which server: -- COMMAND")
        };
        let mut command = Command::new(program);
        command.args(arguments);
        // What it says goes where ours does.
        let (child, _) = TokioChildProcess::builder(command)
            .stderr(Stdio::inherit())
            .spawn()
            .with_context(|| format!("{program} can't be started"))?;
        let upstream = ().serve(child).await.with_context(|| format!("{program} does not speak MCP"))?;
        let said = upstream.peer_info().and_then(|it| it.server_info.clone());
        let name = said.map_or_else(|| program.clone(), |it| it.name);
        let between = Between {
            run: self.run,
            own: format!("mcp-{}", uuid::Uuid::now_v7()),
            place: Place::server(&self.server, &name),
            upstream: upstream.peer().clone(),
            hold: self.hold,
            trust_read_only: self.trust_read_only,
            client,
            rules,
        };
        let running = between.serve(transport::stdio()).await.context("no client spoke MCP")?;
        tokio::select! {
            ended = running.waiting() => { ended?; }
            ended = upstream.waiting() => { ended?; bail!("{program} has ended") }
        }
        Ok(Exit::Success)
    }
}

/// Stands between a client and the server.
struct Between {
    client: Client,
    rules: Rules,
    run: Option<String>,
    /// The run where nothing says which it is.
    own: String,
    place: Place,
    upstream: Peer<RoleClient>,
    hold: Duration,
    trust_read_only: bool,
}

impl Between {
    async fn call(
        &self,
        params: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> anyhow::Result<CallToolResponse> {
        let end = Instant::now() + self.hold;
        let call = self.described(&params, &context.meta)?;
        let caller = Caller::from(context);
        let default = Rule::default();
        let Some(rule) = self.rule(&call, &default).await? else {
            return Ok(self.forward(params, None, &caller).await);
        };
        let state = State::of(&params)?;
        let mut question = Asked::take(&call, Some(&self.place))?;
        let id = caller.within(end, question.ask(&self.client, &call, rule)).await?.id;
        let approval = caller.wait_for(&self.client, &id, end).await?;
        if approval["status"] == "pending" {
            let state = state.unwrap_or_else(|| State::new(&id, &params));
            if caller.without_task == Manner::Again
                && let Some(again) = state.again()?
            {
                return Ok(again.into());
            }
            let words = format!("Not decided yet. Approval {id} is waiting. Make the same call again.");
            return Ok(CallToolResult::error(vec![ContentBlock::text(words)]).into());
        }
        let told = match question.settle(&self.client, &call, rule, &approval).await? {
            Ok(Verdict::Runs { arguments, note }) => {
                let Value::Object(arguments) = serde_json::from_str(&serde_json::to_string(&arguments)?)?
                else {
                    bail!("the arguments are no object")
                };
                let params = CallToolRequestParams::new(params.name).with_arguments(arguments);
                return Ok(self.forward(params, note, &caller).await);
            }
            Ok(Verdict::Answered(words)) => {
                return Ok(CallToolResult::success(vec![ContentBlock::text(words)]).into());
            }
            Ok(Verdict::Denied(words) | Verdict::Refused(words)) => words,
            Err(unapproved) => unapproved.to_string(),
        };
        Ok(CallToolResult::error(vec![ContentBlock::text(told)]).into())
    }

    /// The rule by which people are asked; `None`: they are not.
    async fn rule<'a>(&'a self, call: &Call, default: &'a Rule) -> anyhow::Result<Option<&'a Rule>> {
        if let Some(named) = self.rules.named(call)? {
            return Ok(named.asks().then_some(named));
        }
        if !self.trust_read_only {
            return Ok(Some(default));
        }
        let tools = self.upstream.list_all_tools().await.context("the server does not list its tools")?;
        let tool = tools.iter().find(|it| it.name == call.tool);
        let reads = tool.and_then(|it| it.annotations.as_ref()).and_then(|it| it.read_only_hint);
        Ok((reads != Some(true)).then_some(default))
    }

    /// The call as people are asked about it.
    fn described(&self, params: &CallToolRequestParams, meta: &RequestMetaObject) -> anyhow::Result<Call> {
        let run = self.run.clone().or_else(|| conversation(meta));
        let arguments = Value::Object(params.arguments.clone().unwrap_or_default());
        Ok(Call {
            dialect: "mcp-gateway".to_owned(),
            run: run_name(&run.unwrap_or_else(|| self.own.clone())),
            tool: params.name.to_string(),
            // Clients that say nothing are told apart by the questions themselves.
            call_id: call_id(meta).unwrap_or_else(|| "-".to_owned()),
            agent: None,
            arguments: serde_json::from_str(&arguments.to_string())?,
        })
    }

    /// The call, once nothing is in its way. From here on it may have run, whatever becomes of the answer.
    async fn forward(
        &self,
        params: CallToolRequestParams,
        note: Option<String>,
        caller: &Caller,
    ) -> CallToolResponse {
        let answered = tokio::select! {
            answered = self.upstream.call_tool(params) => answered,
            // The server is told, because nobody waits for its answer any more.
            () = caller.cancelled() => return unknown("the client has cancelled it"),
        };
        match answered {
            Ok(result) => noted(result, note).into(),
            Err(ServiceError::McpError(error)) => {
                let words = format!("The server refused the call: {}", error.message);
                CallToolResult::error(vec![ContentBlock::text(words)]).into()
            }
            Err(error) => unknown(&error.to_string()),
        }
    }
}

/// The result, behind what the model must read before it.
fn noted(mut result: CallToolResult, note: Option<String>) -> CallToolResult {
    let Some(note) = note else { return result };
    // Some clients show the model the data alone.
    if let Some(Value::Object(data)) = &mut result.structured_content {
        data.insert("signoff".to_owned(), note.clone().into());
    }
    result.content.insert(0, ContentBlock::text(note));
    result
}

fn unknown(why: &str) -> CallToolResponse {
    let words = format!("The call was sent to the server, and whether it ran is unknown: {why}.");
    CallToolResult::error(vec![ContentBlock::text(words)]).into()
}

impl ServerHandler for Between {
    /// As the server says it, but for what the gateway can't pass on.
    fn get_info(&self) -> ServerConfig {
        let upstream = self.upstream.peer_info();
        let theirs = upstream.as_ref().map(|it| &it.capabilities);
        let mut capabilities = ServerCapabilities::builder().enable_tools().build();
        capabilities.resources = theirs.and_then(|it| it.resources.clone());
        capabilities.prompts = theirs.and_then(|it| it.prompts.clone());
        let info = ServerConfig::new(capabilities)
            .with_server_info(Implementation::new("signoff", env!("CARGO_PKG_VERSION")));
        match upstream.as_ref().and_then(|it| it.instructions.clone()) {
            Some(instructions) => info.with_instructions(instructions),
            None => info,
        }
    }

    async fn call_tool(
        &self,
        params: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        Ok(self.call(params, context).await.unwrap_or_else(|error| {
            let words = format!("The call was not executed: {error:#}.");
            CallToolResult::error(vec![ContentBlock::text(words)]).into()
        }))
    }

    async fn list_tools(
        &self,
        page: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        self.upstream.list_tools(page).await.map_err(passed)
    }

    async fn list_resources(
        &self,
        page: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        self.upstream.list_resources(page).await.map_err(passed)
    }

    async fn list_resource_templates(
        &self,
        page: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        self.upstream.list_resource_templates(page).await.map_err(passed)
    }

    async fn read_resource(
        &self,
        params: ReadResourceRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        self.upstream.read_resource(params).await.map(ReadResourceResponse::from).map_err(passed)
    }

    async fn list_prompts(
        &self,
        page: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        self.upstream.list_prompts(page).await.map_err(passed)
    }

    async fn get_prompt(
        &self,
        params: GetPromptRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        self.upstream.get_prompt(params).await.map(GetPromptResponse::from).map_err(passed)
    }
}

/// The server's own error; of trouble on the way, that.
fn passed(error: ServiceError) -> ErrorData {
    match error {
        ServiceError::McpError(error) => error,
        other => ErrorData::internal_error(format!("the server has not answered: {other}"), None),
    }
}
