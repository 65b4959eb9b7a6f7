//! `signoff tail`: a task's events as they happen, each once and in order, whatever becomes of connections.
//!
//! | | |
//! | --- | --- |
//! | [`follow`] | one connection after the other, and what lies between them |
//! | [`credential`] | whose it is, and what to do when that runs out |
//! | [`link`] | one connection: from its handshake to its end |
//! | [`way`] | what it goes over: straight, or through a proxy |
//! | [`exchange`] | a request that turns a connection into something else |
//! | [`ending`] | what each end means: come again, or stop |
//! | [`event`] | an event, and the line that it becomes |

mod credential;
mod ending;
mod event;
mod exchange;
mod follow;
mod link;
mod way;

use clap::Args;

use self::{ending::End, follow::Follower};
use super::{client::ClientArgs, exit::Exit, output::say_to_copy, signals::Signals};

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Tail {
    #[command(flatten)]
    client: ClientArgs,
    /// The task's name (for approvals without one: the run's).
    task: String,
    /// Go on behind this place: what a tail, an emit or a page of events named last.
    #[arg(long, value_name = "CURSOR", conflicts_with = "from_start")]
    cursor: Option<String>,
    /// Begin with the oldest event that is kept.
    #[arg(long)]
    from_start: bool,
    /// The session that this connection belongs to, for lists of connections.
    #[arg(long, value_name = "NAME")]
    session_id: Option<String>,
    /// End, with exit code 0, after the first event of this type.
    #[arg(long, value_name = "EVENT_TYPE")]
    until: Option<String>,
}

const EXAMPLES: &str = "\
Events go to standard output, one line each: time, type, data; with --json as they were received. How the \
connection fares goes to standard error. A connection that breaks is opened again, and nothing is missed or shown \
twice. Where the place in the log is lost (events behind it are no longer kept, or the database was set back), standard \
error says so, and what came later than the last event goes on: an older one is not shown again, and ends nothing. \
A sign-in that runs out is renewed; an API key that is no longer taken is looked for anew in \
SIGNOFF_API_KEY_FILE. A task has one socket at a time: a newer one, here or elsewhere, ends this command (exit code 14).

Exit codes: 0 the event of --until came (without --until: you ended it), 12 refused, or closed by an operator, \
13 no connection for --patience, 14 replaced, ended before the event came, or --until behind a --cursor that is not known \
any more.

Examples:
  signoff tail build-7                                    what happens from now on
  signoff tail build-7 --from-start --until workflow_completed
  signoff tail build-7 --json | jq -r 'select(.event_type == \"output\").data.line'
  signoff tail build-7 --cursor 1763700000000042          where an earlier one ended";

impl Tail {
    pub async fn run(self) -> anyhow::Result<Exit> {
        // A key may come from a pipe: a signal ends that by itself.
        let mut follower = Follower::new(&self, self.client.client()?);
        let signals = Signals::new()?;
        let end = tokio::select! {
            () = signals.receive(1) => Ok(End::Interrupted),
            end = follower.run() => end,
        };
        if let Some(cursor) = follower.place() {
            say_to_copy(&format!("to go on: signoff tail {} --cursor {cursor}", self.task));
        }
        Ok(match end? {
            // A script that waits for an event must not take anything else for it.
            End::Interrupted | End::NobodyReads if self.until.is_some() => Exit::Other,
            End::Reached | End::Interrupted | End::NobodyReads => Exit::Success,
        })
    }
}
