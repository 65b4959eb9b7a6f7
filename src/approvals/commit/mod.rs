//! Deciding: commands on existing approvals, committed in groups.
//!
//! A committer reads the approvals of its batch without a lock, lets [`plan`] apply the rules, and writes with
//! the one statement that checks version, state and deadline again ([`crate::store::changes`]). What that
//! statement leaves out (somebody else holds the row, or was faster) is taken singly, under the row's lock, in a
//! task of its own, so that one contended row delays nobody else.

mod plan;

use std::{sync::Arc, time::Instant};

use sqlx::{Connection, PgConnection};
use tokio::{sync::oneshot, time::timeout};

use self::plan::{Plan, Verdict};
use super::{ATTEMPT, COMMAND, QUEUED, Shared};
use crate::{
    batch::{Queue, Trouble, Weigh},
    domain::{
        approval::{Approval, Ending},
        credential::Origin,
        decision::{Ballot, Precondition, Refusal},
        ids::{ApprovalId, WorkspaceId},
        policy::Actor,
    },
    store::{self, approvals, changes},
};

/// Most commands in one commit.
const BATCH: usize = 64;

/// What somebody wants done to an approval.
#[derive(Debug, Clone)]
pub enum Act {
    Vote {
        ballot: Box<Ballot>,
        expected: Precondition,
    },
    Cancel {
        by: Actor,
        reason: String,
        expected: Precondition,
    },
    /// Apply the timeout action if the deadline has passed; changes nothing otherwise.
    Settle,
}

/// What became of it.
#[derive(Debug, Clone)]
pub struct Answer {
    /// False where the same had been said before.
    pub changed: bool,
    /// As it stands now.
    pub approval: Arc<Approval>,
}

/// Why it was not done.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Failure {
    #[error("there is no such approval")]
    NotFound,
    #[error("{refusal}")]
    Refused { refusal: Refusal, approval: Arc<Approval> },
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

/// A command on its way.
pub(super) struct Command {
    workspace: WorkspaceId,
    approval: ApprovalId,
    act: Act,
    origin: Arc<Origin>,
    since: Instant,
    reply: oneshot::Sender<Result<Answer, Failure>>,
}

/// Takes commands.
#[derive(Clone)]
pub(super) struct Committers {
    queue: Queue<Command>,
}

impl Committers {
    pub fn start(shared: Shared, count: usize, capacity: usize) -> Self {
        let lifecycle = shared.lifecycle.clone();
        let queue = Queue::start(&lifecycle, "committer", (count, BATCH, capacity), move |batch| {
            let shared = shared.clone();
            async move {
                commit(&shared, batch).await;
                Vec::new()
            }
        });
        Self { queue }
    }

    pub fn queued(&self) -> usize {
        self.queue.queued()
    }
}

impl super::Approvals {
    /// Does `act` to an approval of `workspace`. Once this is called it happens or fails on its own, whether or
    /// not the caller stays to hear it.
    pub async fn act(
        &self,
        workspace: WorkspaceId,
        approval: ApprovalId,
        act: Act,
        origin: Arc<Origin>,
    ) -> Result<Answer, Failure> {
        self.send(workspace, approval, act, origin)?.answer().await
    }

    /// The same for many, each by itself; answers in their order. All are sent before the first is waited for, so
    /// they share batches, and whoever asked may vanish in the middle: it happens as a whole.
    pub async fn act_all(
        &self,
        workspace: WorkspaceId,
        acts: Vec<(ApprovalId, Act)>,
        origin: &Arc<Origin>,
    ) -> Vec<Result<Answer, Failure>> {
        let dispatch = |(approval, act)| self.send(workspace, approval, act, origin.clone());
        let sent: Vec<Result<Sent, Trouble>> = acts.into_iter().map(dispatch).collect();
        let mut answers = Vec::with_capacity(sent.len());
        for command in sent {
            answers.push(match command {
                Ok(sent) => sent.answer().await,
                Err(trouble) => Err(trouble.into()),
            });
        }
        answers
    }

    fn send(
        &self,
        workspace: WorkspaceId,
        approval: ApprovalId,
        act: Act,
        origin: Arc<Origin>,
    ) -> Result<Sent, Trouble> {
        let (reply, answer) = oneshot::channel();
        let command = Command { workspace, approval, act, origin, since: Instant::now(), reply };
        self.committers.queue.send(command)?;
        Ok(Sent(answer))
    }
}

/// A command that happens, or fails, on its own.
struct Sent(oneshot::Receiver<Result<Answer, Failure>>);

impl Sent {
    async fn answer(self) -> Result<Answer, Failure> {
        // A committer that is gone without an answer is one that was cut off: unknown, like a time-out.
        self.0.await.unwrap_or(Err(Failure::Trouble(Trouble::TimedOut)))
    }
}

impl Weigh for Command {
    fn weight(&self) -> usize {
        match &self.act {
            Act::Vote { ballot, .. } => {
                let edits = ballot.modifications.as_ref().map_or(0, |edits| edits.0.get().len());
                edits + ballot.metadata.as_ref().map_or(0, |metadata| metadata.get().len())
            }
            Act::Cancel { .. } | Act::Settle => 0,
        }
    }

    fn workspace(&self) -> WorkspaceId {
        self.workspace
    }
}

impl Command {
    fn answer(self, result: Result<Answer, Failure>) {
        // Whoever asked may have gone; what was committed stays.
        let _ = self.reply.send(result);
    }
}

async fn commit(shared: &Shared, commands: Vec<Command>) {
    let (commands, late): (Vec<_>, Vec<_>) =
        commands.into_iter().partition(|command| command.since.elapsed() < QUEUED);
    for command in late {
        command.answer(Err(Failure::Trouble(Trouble::TimedOut)));
    }
    if commands.is_empty() {
        return;
    }
    let begun = Instant::now();
    let size = commands.len();
    let attempt = timeout(ATTEMPT, async {
        let mut conn = shared.database.decide.checkout().await?;
        let verdicts = attempt(&mut conn, &commands).await?;
        conn.done();
        Ok::<_, store::Error>(verdicts)
    });
    match attempt.await.unwrap_or_else(|elapsed| Err(elapsed.into())) {
        Ok(outcome) => {
            shared.metrics.batch("decide", size, begun.elapsed());
            outcome.conclude(shared, commands);
        }
        // A row that can't be written hurts only itself.
        Err(error) if error.is_of_the_data() => {
            tracing::warn!(%error, size, "a batch failed; each of its commands is retried singly");
            for command in commands {
                spawn_singly(shared, command);
            }
        }
        Err(error) => {
            tracing::error!(%error, size, "a batch was not committed, or not known to be");
            shared.database.suspect(&error);
            let trouble = Trouble::from(error);
            for command in commands {
                command.answer(Err(Failure::Trouble(trouble.clone())));
            }
        }
    }
}

/// What one round of reading, deciding and writing came to.
struct Outcome {
    /// In the order of the commands; `None`: left out, to be taken singly.
    results: Vec<Option<Result<Answer, Failure>>>,
    /// What was changed, to be announced once it is committed.
    changed: Vec<Arc<Approval>>,
    votes: Vec<&'static str>,
}

impl Outcome {
    /// After the commit: wake, publish, answer.
    fn conclude(self, shared: &Shared, commands: Vec<Command>) {
        for approval in &self.changed {
            shared.announce(approval);
        }
        for verdict in self.votes {
            shared.metrics.vote(verdict);
        }
        for (command, result) in commands.into_iter().zip(self.results) {
            match result {
                Some(result) => command.answer(result),
                None => spawn_singly(shared, command),
            }
        }
    }
}

async fn attempt(conn: &mut PgConnection, commands: &[Command]) -> Result<Outcome, store::Error> {
    let mut ids: Vec<ApprovalId> = commands.iter().map(|command| command.approval).collect();
    ids.sort_unstable();
    ids.dedup();
    let loaded = approvals::load(&mut *conn, &ids).await?;
    let plan = Plan::new(loaded, commands);
    let written = match plan.batch() {
        batch if batch.is_empty() => std::collections::HashMap::new(),
        batch => changes::write(conn, &batch).await?,
    };
    let mut changed = Vec::with_capacity(written.len());
    let mut votes = Vec::new();
    let (drafts, verdicts) = plan.finish(&written);
    let results = commands
        .iter()
        .zip(verdicts)
        .map(|(command, verdict)| {
            let verdict = match verdict {
                Verdict::NotFound => return Some(Err(Failure::NotFound)),
                Verdict::Unreadable(trouble) => return Some(Err(trouble.into())),
                verdict => verdict,
            };
            let approval = drafts.get(&command.approval)?.clone()?;
            Some(match verdict {
                Verdict::NotFound | Verdict::Unreadable(_) => Err(Failure::NotFound),
                Verdict::Refused(refusal) => Err(Failure::Refused { refusal, approval }),
                Verdict::Same => Ok(Answer { changed: false, approval }),
                Verdict::Changed(_) => {
                    if let Act::Vote { ballot, .. } = &command.act {
                        votes.push(ballot.verdict.as_str());
                    }
                    Ok(Answer { changed: true, approval })
                }
            })
        })
        .collect();
    changed.extend(written.keys().filter_map(|id| drafts.get(id)?.clone()));
    Ok(Outcome { results, changed, votes })
}

/// Takes one command under the row's lock, waiting for whoever holds it.
fn spawn_singly(shared: &Shared, command: Command) {
    let shared_here = shared.clone();
    shared.lifecycle.spawn("single commit", async move {
        let left = COMMAND.saturating_sub(command.since.elapsed());
        let commands = [command];
        let result = timeout(left, singly(&shared_here, &commands)).await;
        let [command] = commands;
        match result {
            Ok(Ok(outcome)) => outcome.conclude(&shared_here, vec![command]),
            Ok(Err(error)) => {
                tracing::warn!(%error, approval_id = %command.approval, "a command failed");
                command.answer(Err(Failure::Trouble(error.into())));
            }
            Err(elapsed) => command.answer(Err(Failure::Trouble(elapsed.into()))),
        }
    });
}

async fn singly(shared: &Shared, command: &[Command; 1]) -> Result<Outcome, store::Error> {
    loop {
        let (mut conn, _place) = shared.transaction(command[0].workspace).await?;
        let mut transaction = conn.begin().await?;
        approvals::lock(&mut transaction, command[0].approval).await?;
        let outcome = attempt(&mut transaction, command).await?;
        transaction.commit().await?;
        conn.done();
        // Under the lock only the deadline can still come between reading and writing; then it is due.
        if outcome.results.iter().all(Option::is_some) {
            return Ok(outcome);
        }
    }
}

/// The words of the record for an ending.
pub(super) fn action_of(ending: &Ending) -> &'static str {
    match ending {
        Ending::Resolved { .. } => "approval.resolved",
        Ending::Expired { .. } => "approval.expired",
        Ending::Cancelled { .. } => "approval.cancelled",
    }
}
