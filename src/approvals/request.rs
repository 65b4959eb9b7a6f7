//! Asking: new approvals, written in groups.

use std::{sync::Arc, time::Instant};

use sqlx::Connection;
use tokio::{sync::oneshot, time::timeout};

use super::{ATTEMPT, Approvals, COMMAND, MUCH, Shared, aside::aside, commit::Failure};
use crate::{
    batch::{Answerable, Queue, Trouble, Weigh, fail_all, has_lapsed, in_time},
    domain::{
        approval::{Approval, NewApproval, State},
        escalation::{Escalation, Extended},
        ids::{ApprovalId, WorkspaceId},
        policy::Asked,
    },
    store::{
        self,
        creation::{self, Created},
        obstacles::{self, Replay, RunState},
    },
};

/// Most approvals in one commit.
const BATCH: usize = 64;

/// What a create came to.
#[derive(Debug, Clone)]
pub enum Requested {
    Created {
        approval: Arc<Approval>,
        /// See [`Created::present`].
        present: Option<u32>,
    },
    /// The key was used before for the same body: this is what it made, as it stands now.
    Replayed(Arc<Approval>),
}

/// Why nothing was created.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RequestFailure {
    #[error("the run was deleted")]
    RunDeleted,
    #[error("can't be satisfied by those whom it means as they are now")]
    NoMembers { level: usize },
    #[error("the idempotency key was used before with another body")]
    IdempotencyMismatch,
    #[error("what the idempotency key made was deleted with its run")]
    ReplayGone,
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

/// What the intake says; the approval of a replay is read by the caller's own task.
enum Taken {
    Created(Created),
    Replay(ApprovalId),
}

struct Command {
    new: NewApproval,
    /// When the caller was last looked at.
    looked_at: Instant,
    since: Instant,
    reply: oneshot::Sender<(NewApproval, Result<Taken, RequestFailure>)>,
}

#[derive(Clone)]
pub(super) struct Intake {
    queue: Queue<Command>,
}

impl Intake {
    pub fn start(shared: Shared, count: usize, capacity: usize) -> Self {
        let lifecycle = shared.lifecycle.clone();
        let queue = Queue::start(&lifecycle, "intake", (count, BATCH, capacity), move |batch| {
            let shared = shared.clone();
            async move {
                take(&shared, batch).await;
                Vec::new()
            }
        });
        Self { queue }
    }

    pub fn queued(&self) -> usize {
        self.queue.queued()
    }
}

impl Approvals {
    /// Creates an approval for a caller who was last looked at then. Once this is called it happens or fails on its own,
    /// like every command.
    pub async fn request(&self, new: NewApproval, looked_at: Instant) -> Result<Requested, RequestFailure> {
        let workspace = new.workspace;
        for &level in &new.check_membership {
            if !self.has_members(&new, level).await? {
                return Err(RequestFailure::NoMembers { level });
            }
        }
        let new = aside(new.request.size() > MUCH, move || new.digested()).await?;
        let (reply, answer) = oneshot::channel();
        self.intake.queue.send(Command { new, looked_at, since: Instant::now(), reply })?;
        let Ok((new, taken)) = answer.await else { return Err(Trouble::TimedOut.into()) };
        match taken? {
            Taken::Created(created) => Ok(Requested::Created {
                approval: Arc::new(approval(new, created)),
                present: created.present,
            }),
            Taken::Replay(id) => match self.get(workspace, id).await {
                Ok(approval) => Ok(Requested::Replayed(approval)),
                Err(Failure::Trouble(trouble)) => Err(trouble.into()),
                Err(Failure::NotFound | Failure::Refused { .. }) => Err(RequestFailure::ReplayGone),
            },
        }
    }
}

impl Approvals {
    /// Whether today's members could satisfy the policy, or the key was used before: then the answer is what it made.
    async fn has_members(&self, new: &NewApproval, level: usize) -> Result<bool, Trouble> {
        let above = level.checked_sub(1).and_then(|index| new.levels.get(index));
        let policy = above.map_or(&new.policy, |level| &level.policy);
        let asked = Asked { by: &new.requested_by, on_behalf_of: new.origin.on_behalf_of.as_ref() };
        if self.is_satisfiable_now(new.workspace, policy, &asked).await? {
            return Ok(true);
        }
        let Some(idempotency) = &new.idempotency else { return Ok(false) };
        let mut conn = self.shared.database.decide.checkout().await?;
        let replay = obstacles::replay(&mut conn, new.workspace, &new.requested_by, idempotency).await?;
        conn.done();
        Ok(replay != Replay::New)
    }
}

fn approval(new: NewApproval, created: Created) -> Approval {
    let mut approval = Approval {
        id: new.id,
        workspace: new.workspace,
        request: new.request,
        kept_digest: new.digest,
        policy: new.policy,
        requested_by: new.requested_by,
        on_behalf_of: new.origin.on_behalf_of.clone(),
        escalation: Escalation { levels: new.levels, hops: Vec::new() },
        escalation_level: 0,
        extended: Extended::default(),
        state: State::Pending,
        progress: None,
        version: 1,
        created_at: created.at,
        updated_at: created.at,
        expires_at: created.expires_at,
    };
    approval.look_for_progress(&[]);
    approval
}

impl Weigh for Command {
    fn weight(&self) -> usize {
        self.new.size()
    }

    fn workspace(&self) -> WorkspaceId {
        self.new.workspace
    }

    fn looked_at(&self) -> Option<Instant> {
        Some(self.looked_at)
    }
}

impl Answerable for Command {
    fn since(&self) -> Instant {
        self.since
    }

    fn fail(self, trouble: Trouble) {
        self.answer(Err(trouble.into()));
    }
}

impl Command {
    fn answer(self, result: Result<Taken, RequestFailure>) {
        // The caller may have gone; what was committed stays.
        let _ = self.reply.send((self.new, result));
    }
}

async fn take(shared: &Shared, commands: Vec<Command>) {
    let commands = in_time(commands);
    if commands.is_empty() {
        return;
    }
    let begun = Instant::now();
    let size = commands.len();
    let attempt = async {
        let batch: Vec<&NewApproval> = commands.iter().map(|command| &command.new).collect();
        let mut conn = shared.database.decide.checkout().await?;
        let created = creation::insert(&mut conn, &batch).await?;
        conn.done();
        Ok(created)
    };
    match store::in_time(ATTEMPT, attempt).await {
        Ok(created) => {
            shared.metrics.batch("request", size, begun.elapsed());
            for command in commands {
                match created.get(&command.new.id) {
                    Some(created) => {
                        shared.announce_requested(&command.new);
                        command.answer(Ok(Taken::Created(*created)));
                    }
                    None => spawn_singly(shared, command),
                }
            }
        }
        Err(error) if error.is_of_the_data() => {
            tracing::warn!(%error, size, "a batch failed; each of its requests is retried singly");
            for command in commands {
                spawn_singly(shared, command);
            }
        }
        Err(error) => {
            tracing::error!(%error, size, "a batch was not committed, or not known to be");
            shared.database.suspect(&error);
            shared.may_have_committed();
            fail_all(commands, &error.into());
        }
    }
}

fn spawn_singly(shared: &Shared, command: Command) {
    let shared_here = shared.clone();
    shared.lifecycle.spawn("single request", async move {
        let left = COMMAND.saturating_sub(command.since.elapsed());
        let result = match timeout(left, singly(&shared_here, &command)).await {
            Ok(result) => result,
            Err(elapsed) => Err(Trouble::from(elapsed).into()),
        };
        if let Err(RequestFailure::Trouble(trouble)) = &result {
            shared_here.may_have_committed();
            tracing::warn!(error = %trouble, approval_id = %command.new.id, "a request failed");
        }
        command.answer(result);
    });
}

/// Finds out why the batch left this one out, waiting for the transaction that was in the way.
async fn singly(shared: &Shared, command: &Command) -> Result<Taken, RequestFailure> {
    let new = &command.new;
    let trouble = |error: store::Error| RequestFailure::from(Trouble::from(error));
    loop {
        let (mut conn, _place) = shared.transaction(new.workspace).await.map_err(trouble)?;
        if let Some(idempotency) = &new.idempotency {
            let replay = obstacles::replay(&mut conn, new.workspace, &new.requested_by, idempotency).await;
            match replay.map_err(trouble)? {
                Replay::New => {}
                Replay::Same(id) => {
                    conn.done();
                    return Ok(Taken::Replay(id));
                }
                Replay::Mismatch => {
                    conn.done();
                    return Err(RequestFailure::IdempotencyMismatch);
                }
            }
        }
        let attempt = async {
            let mut transaction = conn.begin().await?;
            let run = obstacles::lock_run(&mut transaction, new.workspace, &new.request.run_id).await?;
            if run == RunState::Deleted {
                transaction.rollback().await?;
                return Ok(None);
            }
            if has_lapsed(command.looked_at()) {
                return Err(store::Error::TimedOut);
            }
            let created = creation::insert(&mut transaction, &[new]).await?;
            transaction.commit().await?;
            Ok(Some(created))
        };
        let created = attempt.await.map_err(trouble)?;
        conn.done();
        match created {
            None => return Err(RequestFailure::RunDeleted),
            Some(created) => {
                if let Some(created) = created.get(&new.id) {
                    shared.announce_requested(new);
                    return Ok(Taken::Created(*created));
                }
            }
        }
        // Its key or its run came into being just now; the next round sees it.
    }
}
