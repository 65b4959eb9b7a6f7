//! Deciding: commands on existing approvals, committed in groups.
//!
//! A committer reads the approvals of its batch without a lock, lets [`plan`] apply the rules, and writes with
//! the one statement that checks version, state and deadline again ([`crate::store::changes`]). What that
//! statement leaves out (another transaction holds the row, or was faster) is taken singly, under the row's lock, in a
//! task of its own, so that one contended row delays nobody else.

mod draft;
mod one_step;
mod plan;
pub(super) mod record;
mod singly;

use std::{collections::HashSet, sync::Arc, time::Instant};

use futures_util::future::join_all;
use sqlx::{Connection, PgConnection};
use tokio::sync::oneshot;

use self::{
    draft::Planned,
    plan::{Drafts, Plan, Written},
};
use super::{ATTEMPT, Authority, COMMAND, MUCH, Shared, aside::aside};
use crate::{
    batch::{Answerable, Queue, Trouble, Weigh, fail_all, in_time},
    domain::{
        approval::{Approval, Brief},
        decision::{Ballot, Precondition, Refusal},
        digest::Digest,
        escalation::Push,
        event::Epoch,
        ids::{ApprovalId, WorkspaceId},
        policy::{Actor, admission::Voter},
    },
    limits::Room,
    store::{
        self,
        approvals::{self, Found, Part, Votes},
        changes,
        moves::{self, Moved},
    },
};

/// Most commands in one commit.
const BATCH: usize = 64;

/// What a caller wants done to an approval.
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
    /// Hand it to the next level.
    Escalate {
        push: Push,
        expected: Precondition,
    },
    /// Move its deadline.
    Extend {
        by: Arc<Voter>,
        seconds: u32,
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
    /// Room to tell so, where that is much.
    pub room: Option<Arc<Room>>,
}

/// Why it was not done.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Failure {
    #[error("there is no such approval")]
    NotFound,
    #[error("{refusal}")]
    Refused { refusal: Refusal, approval: Arc<Approval>, room: Option<Arc<Room>> },
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

/// A command on its way.
pub(super) struct Command {
    authority: Authority,
    approval: ApprovalId,
    act: Act,
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
            async move { commit(&shared, batch).await }
        });
        Self { queue }
    }

    pub fn queued(&self) -> usize {
        self.queue.queued()
    }
}

impl super::Approvals {
    /// Does `act` to an approval of the caller's workspace. Once this is called it happens or fails on its own, whether
    /// or not the caller stays to hear it.
    pub async fn act(&self, authority: Authority, approval: ApprovalId, act: Act) -> Result<Answer, Failure> {
        let act = digested(act).await?;
        self.send(authority, approval, act)?.answer().await
    }

    /// The same for many, each by itself; what `told` makes of the answers, in their order. All are sent before the
    /// first is waited for, so they share batches, and the caller may vanish in the middle: it happens as a whole.
    /// Each is told as it comes, so that no more is kept of them than is to be shown.
    pub async fn act_all<T>(
        &self,
        authority: &Authority,
        acts: Vec<(ApprovalId, Act)>,
        told: impl Fn(Result<Answer, Failure>) -> T,
    ) -> Vec<T> {
        let dispatch = |(approval, act)| self.send(authority.clone(), approval, act);
        let sent: Vec<Result<Sent, Trouble>> = acts.into_iter().map(dispatch).collect();
        let told = &told;
        let answers = sent.into_iter().map(|command| async move {
            told(match command {
                Ok(sent) => sent.answer().await,
                Err(trouble) => Err(trouble.into()),
            })
        });
        join_all(answers).await
    }

    fn send(&self, authority: Authority, approval: ApprovalId, act: Act) -> Result<Sent, Trouble> {
        let (reply, answer) = oneshot::channel();
        let command = Command { authority, approval, act, since: Instant::now(), reply };
        self.committers.queue.send(command)?;
        Ok(Sent(answer))
    }
}

/// With the digest of a vote's edits.
async fn digested(mut act: Act) -> Result<Act, Trouble> {
    if let Act::Vote { ballot, .. } = &mut act
        && let Some(edits) = ballot.modifications.clone()
    {
        ballot.modifications_digest =
            aside(edits.0.get().len() > MUCH, move || Digest::of_json(&edits.0)).await?;
    }
    Ok(act)
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
            Act::Cancel { .. } | Act::Escalate { .. } | Act::Extend { .. } | Act::Settle => 0,
        }
    }

    fn workspace(&self) -> WorkspaceId {
        self.authority.workspace
    }

    fn looked_at(&self) -> Option<Instant> {
        self.authority.looked_at
    }
}

impl Answerable for Command {
    fn since(&self) -> Instant {
        self.since
    }

    fn fail(self, trouble: Trouble) {
        self.answer(Err(Failure::Trouble(trouble)));
    }
}

impl Command {
    /// Room to tell what becomes of it, which is the whole approval. Taken before anything is done: where there is none,
    /// nothing is begun.
    fn room(&self, shared: &Shared, found: &Found) -> Result<Option<Room>, Trouble> {
        match found.get(&self.approval) {
            Some(Ok(loaded)) if loaded.approval.workspace == self.workspace() => {
                shared.room(self.workspace(), loaded.size)
            }
            _ => Ok(None),
        }
    }

    fn answer(self, result: Result<Answer, Failure>) {
        // The caller may have gone; what was committed stays.
        let _ = self.reply.send(result);
    }
}

/// Commits what is not too much to be read at once; answers what is left, which queues again: other workspaces' commands
/// come before it.
async fn commit(shared: &Shared, commands: Vec<Command>) -> Vec<Command> {
    // Looked at again afterwards: the first step may have taken long.
    let commands = in_time(one_step::commit(shared, in_time(commands)).await);
    if commands.is_empty() {
        return Vec::new();
    }
    let begun = Instant::now();
    let size = commands.len();
    let attempt = async {
        let epoch = shared.database.epoch().ok();
        let mut conn = shared.database.decide.checkout().await?;
        let verdicts = attempt(shared, &mut conn, &commands).await?.written_in(epoch);
        conn.done();
        Ok(verdicts)
    };
    match store::in_time(ATTEMPT, attempt).await {
        Ok(outcome) => {
            shared.metrics.batch("decide", size, begun.elapsed());
            return outcome.conclude(shared, commands);
        }
        // A row that can't be written hurts only itself.
        Err(error) if error.is_of_the_data() => {
            tracing::warn!(%error, size, "a batch failed; each of its commands is retried singly");
            for command in commands {
                singly::spawn(shared, command);
            }
        }
        Err(error) => give_up(shared, error, commands),
    }
    Vec::new()
}

/// What was not committed, or is not known to be.
fn give_up(shared: &Shared, error: store::Error, commands: Vec<Command>) {
    // If it was, nothing else tells of it here.
    shared.may_have_committed();
    tracing::error!(%error, size = commands.len(), "a batch was not committed, or not known to be");
    shared.database.suspect(&error);
    fail_all(commands, &error.into());
}

/// What one round of reading, deciding and writing came to.
struct Committed {
    /// In the order of the commands.
    results: Vec<Taken>,
    /// What was changed, to be announced once it is committed.
    changed: Vec<Arc<Approval>>,
    /// What was moved on, whether or not more became of it.
    moved: Vec<(Brief, Moved)>,
    votes: Vec<&'static str>,
    /// The life of the database in which it was written, as far as that was known before.
    epoch: Option<Epoch>,
}

/// What became of one command.
enum Taken {
    Done(Result<Answer, Failure>),
    /// Left out by the write: to be taken by itself.
    Singly,
    /// Not come to: there was too much before it, or something that has to be written first.
    Later,
}

impl Committed {
    /// The epoch is taken before the connection is: what an old connection commits is of no newer life than that.
    fn written_in(self, epoch: Option<Epoch>) -> Self {
        Self { epoch, ..self }
    }

    /// After the commit: wake, publish, answer. What was not come to is handed back.
    fn conclude(mut self, shared: &Shared, commands: Vec<Command>) -> Vec<Command> {
        self.announce(shared);
        let mut later = Vec::new();
        for (command, taken) in commands.into_iter().zip(self.results) {
            match taken {
                Taken::Done(result) => command.answer(result),
                Taken::Singly => singly::spawn(shared, command),
                Taken::Later => later.push(command),
            }
        }
        later
    }

    fn announce(&mut self, shared: &Shared) {
        for (brief, moved) in self.moved.drain(..) {
            shared.announce_moved(brief, &moved);
        }
        for approval in self.changed.drain(..) {
            shared.announce(&approval, self.epoch);
        }
        for verdict in self.votes.drain(..) {
            shared.metrics.vote(verdict);
        }
    }
}

/// Writes what the plan comes to.
///
/// Two statements in one transaction lock the rows of tasks twice, so two batches could wait for each other in a circle.
/// So a batch of several approvals is one statement: where some are moved and others decided, those that are moved are
/// left to be taken singly.
async fn write(conn: &mut PgConnection, plan: &Plan<'_>) -> Result<Written, store::Error> {
    let (moves, batch) = (plan.moves(), plan.batch(Drafts::All));
    let mut written = Written::default();
    match (moves.is_empty(), batch.is_empty()) {
        (true, true) => {}
        (true, false) => written.changed = changes::write(conn, &batch).await?,
        (false, true) => written.moved = moves::write(conn, &moves).await?,
        (false, false) if plan.is_of_one() => {
            let mut transaction = conn.begin().await?;
            written.moved = moves::write(&mut transaction, &moves).await?;
            written.changed = changes::write(&mut transaction, &batch).await?;
            transaction.commit().await?;
        }
        (false, false) => {
            let batch = plan.batch(Drafts::NotMoved);
            if !batch.is_empty() {
                written.changed = changes::write(conn, &batch).await?;
            }
        }
    }
    Ok(written)
}

async fn attempt(
    shared: &Shared,
    conn: &mut PgConnection,
    commands: &[Command],
) -> Result<Committed, store::Error> {
    let mut ids: Vec<ApprovalId> = commands.iter().map(|command| command.approval).collect();
    // In their order: so what is left out for its size is what came last.
    let mut seen = HashSet::new();
    ids.retain(|id| seen.insert(*id));
    let Part { found, rest } = approvals::load(&mut *conn, &ids, Votes::Read).await?;
    let rooms: Vec<_> = commands.iter().map(|command| command.room(shared, &found)).collect();
    let plan = Plan::new(found, commands, |index| rooms[index].is_ok());
    let written = write(conn, &plan).await?;
    let moved = plan.moved(&written);
    let mut votes = Vec::new();
    let (drafts, verdicts) = plan.finish(&written);
    let taken = |((command, verdict), room): ((&Command, Planned), Result<Option<Room>, Trouble>)| {
        if rest.binary_search(&command.approval).is_ok() {
            return Taken::Later;
        }
        let room = match room {
            Ok(room) => room.map(Arc::new),
            Err(trouble) => return Taken::Done(Err(trouble.into())),
        };
        match (verdict, drafts.get(&command.approval).cloned().flatten()) {
            (Planned::NotFound, _) => Taken::Done(Err(Failure::NotFound)),
            (Planned::Unreadable(trouble), _) => Taken::Done(Err(trouble.into())),
            (_, None) => Taken::Singly,
            (Planned::Later, Some(_)) => Taken::Later,
            (Planned::Refused(refusal), Some(approval)) => {
                Taken::Done(Err(Failure::Refused { refusal, approval, room }))
            }
            (Planned::Same, Some(approval)) => Taken::Done(Ok(Answer { changed: false, approval, room })),
            (Planned::Changed(_), Some(approval)) => {
                if let Act::Vote { ballot, .. } = &command.act {
                    votes.push(ballot.verdict.as_str());
                }
                Taken::Done(Ok(Answer { changed: true, approval, room }))
            }
        }
    };
    let results = commands.iter().zip(verdicts).zip(rooms).map(taken).collect();
    let changed = written.changed.keys().filter_map(|id| drafts.get(id)?.clone()).collect();
    Ok(Committed { results, changed, moved, votes, epoch: None })
}
