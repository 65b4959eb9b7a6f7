//! `signoff mcp`: an MCP server on standard input and output, by which an agent asks people. Its tools are
//! [`crate::mcp`]'s; here is what only a process on the agent's machine can do.
//!
//! | | |
//! | --- | --- |
//! | [`gateway`] | another server's tools, behind sign-off |
//! | [`permit`] | the permission prompts of Claude Code |
//! | [`service`] | the service behind its address |
//!
//! Standard output is the protocol's alone.

mod gateway;
mod permit;
mod service;

use std::{path::PathBuf, time::Duration};

use anyhow::Context;
use clap::{Args, Subcommand};
use rmcp::{ServiceExt, transport};

use super::{argument, client::ClientArgs, exit::Exit};
use crate::{
    gate::Rules,
    mcp::{Server, Session},
};

#[derive(Args)]
#[command(after_help = EXAMPLES)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Mcp {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    client: ClientArgs,
    /// The run of all that is asked; by default a name of this process's own.
    #[arg(long, env = "SIGNOFF_RUN", value_name = "NAME")]
    run: Option<String>,
    /// Rules for `permit`, in the form of hook.toml: whom to ask, and for how long. What no rule fits is asked all the same.
    #[arg(long, env = "SIGNOFF_MCP_RULES", value_name = "FILE")]
    rules: Option<PathBuf>,
    /// Longest that one call is held, before the client or the model calls again. It must be shorter than the client's
    /// time-out for one request.
    #[arg(long, value_name = "DURATION", default_value = "50s", value_parser = argument::duration)]
    hold: Duration,
    /// Longest that `permit` waits for people. It must be shorter than the agent's own time-out for tools.
    #[arg(long, value_name = "DURATION", default_value = "590s", value_parser = argument::duration)]
    deadline: Duration,
}

#[derive(Subcommand)]
enum Command {
    /// Put another MCP server's tools behind sign-off.
    Gateway(Box<gateway::Gateway>),
}

const EXAMPLES: &str = "\
Examples:
  claude mcp add signoff -- signoff mcp
  codex mcp add signoff -- signoff mcp
  claude -p 'tidy up' --permission-prompt-tool mcp__signoff__permit

Tools: request_approval asks and waits, wait_for_approval goes on waiting, permit is for Claude Code's permission prompts.";

impl Mcp {
    pub async fn run(self) -> anyhow::Result<Exit> {
        if let Some(Command::Gateway(gateway)) = self.command {
            return gateway.run().await;
        }
        let client = self.client.client()?;
        let rules = self.rules.as_deref().map(Rules::read).transpose()?.unwrap_or_default();
        let run = self.run.unwrap_or_else(|| format!("mcp-{}", uuid::Uuid::now_v7()));
        let session = Session::Own { run: run.clone() };
        let server = Server { service: client, session, hold: self.hold };
        let server = permit::WithPermit { server, run, rules, deadline: self.deadline };
        let running = server.serve(transport::stdio()).await.context("no client spoke MCP")?;
        running.waiting().await?;
        Ok(Exit::Success)
    }
}
