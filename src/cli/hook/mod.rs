//! `signoff hook`: stands before the tools of a coding agent, as the command that the agent runs before each call.
//!
//! Agents run the tool when a hook breaks. So whatever goes wrong here ends with exit code 2 and a reason, which blocks
//! the call: a slip in the rules, a server that can't be reached, a panic, a signal.
//!
//! | | |
//! | --- | --- |
//! | [`exchange`] | what the agent gives, and what it is answered |
//! | [`gated`] | one call: its rule, the question, the outcome |
//! | [`reader`] | whether the agent still reads the answer |
//! | [`install`] | the entry in the agent's settings |
//! | [`check`] | whether that entry would hold a call |

mod check;
mod exchange;
mod gated;
mod install;
mod reader;

use std::{env, path::PathBuf, process, time::Duration};

use anyhow::Context;
use clap::{Args, Subcommand, ValueEnum};

use super::{argument, client::ClientArgs, exit::Exit, output::say, places};

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Hook {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Exit codes: 0 the agent reads the answer from standard output, or there is no rule for the call; 2 the call is blocked.
All trouble is 2, also a bad command line.

Examples:
  signoff hook install claude-code      puts the hook into ~/.claude/settings.json
  signoff hook check claude-code        looks whether it would hold a call
  echo '{\"session_id\": \"s\", \"tool_name\": \"Bash\", \"tool_input\": {\"command\": \"ls\"}, \"tool_use_id\": \"t\"}' | signoff hook claude-code";

#[derive(Subcommand)]
enum Command {
    /// Before a call of Claude Code: reads it from standard input, asks, waits, answers.
    ClaudeCode(Before),
    /// Before a call of Codex, in the same way.
    Codex(Before),
    /// Put the hook into an agent's settings.
    Install(install::Install),
    /// Look whether the hook would hold a call: its entry, the rules, the service, the key.
    Check(check::Check),
}

/// Whose hook it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Agent {
    ClaudeCode,
    Codex,
}

impl Agent {
    /// As approvals name it. Claude Code's SDKs ask under the same name.
    fn dialect(self) -> &'static str {
        match self {
            Self::ClaudeCode => "claude",
            Self::Codex => "codex",
        }
    }

    /// The subcommand that stands before its calls.
    fn command(self) -> &'static str {
        match self {
            Self::ClaudeCode => "claude-code",
            Self::Codex => "codex",
        }
    }
}

/// Agents take no longer time-outs.
const LONGEST: Duration = Duration::from_hours(30 * 24);

#[derive(Args)]
struct Before {
    #[command(flatten)]
    client: ClientArgs,
    #[command(flatten)]
    rules: RulesArg,
    /// The run's name; by default the agent's session. Sessions with the same name share what was asked.
    #[arg(long, env = "SIGNOFF_RUN", value_name = "NAME")]
    run: Option<String>,
    /// Longest to wait for people. Then the call is denied, and the same call goes on with the same approval. It must end
    /// before the agent's own time-out for hooks, after which the agent may run the call.
    #[arg(long, value_name = "DURATION", default_value = "590s", value_parser = argument::duration)]
    deadline: Duration,
    /// Don't wait: let Claude Code end its run instead, which goes on where it is resumed. Only with `claude -p`, and with
    /// one call in a turn.
    #[arg(long)]
    park: bool,
}

/// Where the rules are.
#[derive(Args)]
struct RulesArg {
    /// The file of rules; by default hook.toml in ~/.config/signoff.
    #[arg(long, env = "SIGNOFF_HOOK_RULES", value_name = "FILE")]
    rules: Option<PathBuf>,
}

impl RulesArg {
    fn path(&self) -> anyhow::Result<PathBuf> {
        let given = self.rules.clone();
        given.map_or_else(
            || Ok(places::settings().context("say where the rules are: --rules FILE")?.join("hook.toml")),
            Ok,
        )
    }
}

/// Whether this process stands before a tool call. All its trouble must block that call.
pub fn is_wanted() -> bool {
    let command = env::args_os().skip(1).find(|it| !it.as_encoded_bytes().starts_with(b"-"));
    command.is_some_and(|command| command == "hook")
}

/// From here on, a panic blocks the call, too.
pub fn block_on_panic() {
    std::panic::set_hook(Box::new(|panic| {
        say(&format!("signoff: the call is blocked, by a mistake in Signoff itself: {panic}"));
        process::exit(i32::from(Exit::BLOCKED as u8));
    }));
}

impl Hook {
    pub async fn run(self) -> anyhow::Result<Exit> {
        match self.command {
            Command::ClaudeCode(before) => gated::run(Agent::ClaudeCode, &before).await,
            Command::Codex(before) => gated::run(Agent::Codex, &before).await,
            Command::Install(install) => install.run(),
            Command::Check(check) => check.run().await,
        }
    }
}
