//! The command line: the server, its administration, and a client for people and shell scripts.

mod address;
mod approvals;
mod argument;
mod ask;
mod asked;
mod audit;
mod backoff;
mod channels;
mod check;
mod claim;
mod client;
mod cluster;
mod delegations;
mod digest;
mod eligible;
mod emit;
mod escalate;
mod exit;
mod failure;
mod history;
mod hook;
mod keys;
mod login;
mod mcp;
mod migrate;
mod notifications;
mod operator;
mod output;
mod places;
mod policy;
mod principals;
mod proof_key;
mod receipt;
mod reminder;
mod reply;
mod restored;
mod roles;
mod serve;
mod signals;
mod struggle;
mod tail;
mod waiting;
mod webhooks;
mod workspaces;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use self::{
    exit::Exit,
    output::{Unprinted, say},
};
use crate::{config::misspelt, wire::answer};

#[derive(Parser)]
#[command(
    name = "signoff",
    version,
    about = "Human sign-off for agents and workflows: ask, block at no cost, go on when a person has decided.",
    after_help = EXAMPLES
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Exit codes of ask, wait and show: 0 approved (or modified), 1 rejected, 2 expired, 3 cancelled, 11 still pending.
Of audit verify: 0 whole, 1 broken; of receipt verify: 0 good, 1 bad. Of all commands: 10 a bad command line, 12 refused, 13 can't be reached (unknown whether it was done), 14 other trouble.

Examples:
  signoff serve                                                           run an instance
  signoff keys create --workspace acme --principal agent-7 --roles agent  make an agent's key
  signoff ask --run run-42 --type tool_call --title 'Drop table users?' && ./drop-it
  signoff pending                                                         what waits for a decision
  signoff history --search 'drop table' --from 2026-11-01
  signoff approve 0193d1a4-7c1e-7b60-9f43-0f2f5a3c9a10 --comment 'go on'
  signoff tail run-42                                                     what happens there, as it happens
  make 2>&1 | signoff emit run-42 --lines                                 tell whoever follows";

#[derive(Subcommand)]
enum Command {
    /// Run an instance of the service.
    Serve(serve::Serve),
    /// Bring the database's schema up to date, back, or show where it stands.
    Migrate(migrate::Migrate),
    /// Make, list, rotate and revoke API keys.
    Keys(keys::Keys),
    /// Make, list and set workspaces.
    Workspaces(workspaces::Workspaces),
    /// Add, list, change and disable principals: people and services.
    Principals(principals::Principals),
    /// Make, list and delete roles.
    Roles(roles::Roles),
    /// Look at the record, verify it, export it, sign where it stands.
    Audit(audit::Audit),
    /// Say that the database was set back in a way that it can't notice itself: from a snapshot of its files.
    Restored(restored::Restored),
    /// Rotate the key by which instances prove outcomes to each other.
    ProofKey(proof_key::ProofKey),
    /// Check the configuration and the connections, in words.
    Check(check::Check),
    /// Sign in, for the commands that follow.
    Login(login::Login),
    /// Forget what was signed in with.
    Logout(login::Logout),
    /// Show who you are, and what you may do.
    Whoami(login::WhoAmI),
    /// Ask for an approval and wait for the outcome.
    Ask(Box<ask::Ask>),
    /// Wait for an approval's outcome.
    Wait(approvals::Wait),
    /// List what is pending.
    Pending(approvals::Pending),
    /// List what has ended, search it, or export it.
    History(history::History),
    /// Show one approval.
    Show(approvals::Show),
    /// Compute the digest of what an approval asks.
    Digest(digest::DigestOf),
    /// Show who may agree, and what is still missing.
    Eligible(eligible::Eligible),
    /// Policies.
    Policy(policy::Policy),
    /// Approve.
    Approve(approvals::Approve),
    /// Reject.
    Reject(approvals::Reject),
    /// Cancel.
    Cancel(approvals::Cancel),
    /// Hand an approval to its next level.
    Escalate(escalate::Escalate),
    /// Move an approval's deadline.
    Extend(escalate::Extend),
    /// Claim what was approved, to act on it.
    Claim(claim::Claim),
    /// Begin a claim's lease anew.
    Renew(claim::Renew),
    /// Give a claim back, where nothing was done.
    Release(claim::Release),
    /// Say that the work of a claim is over.
    Complete(claim::Complete),
    /// Verify the receipt of a claim.
    Receipt(receipt::Receipt),
    /// Let another person sit in your seat for a time.
    Delegate(delegations::Delegate),
    /// List and revoke delegations.
    Delegations(delegations::Delegations),
    /// See what was sent to whom, and send again what failed.
    Notifications(notifications::Notifications),
    /// By which ways people are reached: the workspace's app in Slack.
    Channels(channels::Channels),
    /// Make endpoints for a workspace's events, and look at what was sent to them.
    Webhooks(webhooks::Webhooks),
    /// Follow a task's events as they happen.
    Tail(tail::Tail),
    /// Send events of a task.
    Emit(emit::Emit),
    /// Stand before the tools of Claude Code or Codex: ask people before a call runs.
    Hook(Box<hook::Hook>),
    /// Serve MCP on standard input and output: an agent asks people by its tools.
    Mcp(mcp::Mcp),
    /// List the instances of the service.
    Cluster(cluster::Cluster),
}

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    if !hook::is_wanted() {
        return started().into();
    }
    hook::block_on_panic();
    match started() {
        Exit::Success => ExitCode::SUCCESS,
        _ => Exit::BLOCKED.into(),
    }
}

fn started() -> Exit {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version arrive here too.
            let printed = error.print().map_err(Unprinted::from);
            return match printed {
                _ if error.use_stderr() => Exit::Usage,
                Err(failed @ Unprinted::Failed(_)) => ended(&failed.into()),
                _ => Exit::Success,
            };
        }
    };
    warn(&cli.command).and_then(|()| run(cli.command)).unwrap_or_else(|error| ended(&error))
}

/// Of variables that change nothing. An instance has a log for that.
fn warn(command: &Command) -> anyhow::Result<()> {
    if !matches!(command, Command::Serve(_)) {
        for misspelt in misspelt()? {
            say(&format!("warning: {misspelt}"));
        }
    }
    Ok(())
}

/// By an error; that standard output was closed is none.
fn ended(error: &anyhow::Error) -> Exit {
    if !matches!(error.downcast_ref(), Some(Unprinted::Closed)) {
        say(&format!("signoff: {error:#}"));
    }
    exit::of_error(error)
}

fn run(command: Command) -> anyhow::Result<Exit> {
    // One TLS implementation, chosen before anything connects.
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        anyhow::bail!("a TLS provider was installed before ours");
    }
    let mut runtime = match &command {
        Command::Serve(command) => command.runtime()?,
        _ => tokio::runtime::Builder::new_current_thread(),
    };
    let runtime = runtime.enable_all().build()?;
    let result = runtime.block_on(async {
        match command {
            Command::Serve(command) => command.run().await,
            Command::Migrate(command) => command.run().await,
            Command::Keys(command) => command.run().await,
            Command::Workspaces(command) => command.run().await,
            Command::Principals(command) => command.run().await,
            Command::Roles(command) => command.run().await,
            Command::Audit(command) => command.run().await,
            Command::Restored(command) => command.run().await,
            Command::ProofKey(command) => command.run().await,
            Command::Check(command) => Box::pin(command.run()).await,
            Command::Login(command) => command.run().await,
            Command::Logout(command) => command.run(),
            Command::Whoami(command) => command.run().await,
            Command::Ask(command) => command.run().await,
            Command::Wait(command) => command.run().await,
            Command::Pending(command) => command.run().await,
            Command::History(command) => command.run().await,
            Command::Show(command) => command.run().await,
            Command::Digest(command) => command.run().await,
            Command::Eligible(command) => command.run().await,
            Command::Policy(command) => command.run().await,
            Command::Approve(command) => command.run().await,
            Command::Reject(command) => command.run().await,
            Command::Cancel(command) => command.run().await,
            Command::Escalate(command) => command.run().await,
            Command::Extend(command) => command.run().await,
            Command::Claim(command) => command.run().await,
            Command::Renew(command) => command.run().await,
            Command::Release(command) => command.run().await,
            Command::Complete(command) => command.run().await,
            Command::Receipt(command) => command.run().await,
            Command::Delegate(command) => command.run().await,
            Command::Delegations(command) => command.run().await,
            Command::Notifications(command) => command.run().await,
            Command::Channels(command) => command.run().await,
            Command::Webhooks(command) => command.run().await,
            Command::Tail(command) => command.run().await,
            Command::Emit(command) => command.run().await,
            Command::Hook(command) => command.run().await,
            Command::Mcp(command) => command.run().await,
            Command::Cluster(command) => command.run().await,
        }
    });
    // A terminal or a pipe may still hold up a write; the program doesn't wait for that.
    runtime.shutdown_background();
    result
}
