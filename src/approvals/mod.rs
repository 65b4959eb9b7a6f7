//! The use cases: ask, read, wait, decide, cancel, claim, list, look back, delete a run.
//!
//! One [`Approvals`] for an instance. Whatever changes something is a command to a few committers
//! ([`commit`], [`request`]), which take what has queued up, write it in one statement and one commit, and answer
//! each; commands outlive the callers that sent them. Reading for many waiters goes through [`read`] in the same
//! way. This module knows neither HTTP nor SQL.

mod aside;
pub mod claims;
pub mod commit;
pub mod delete_run;
pub mod eligible;
pub mod expire;
pub mod export;
pub mod history;
pub mod list;
pub mod read;
pub mod recent;
pub mod remind;
pub mod request;
pub mod wait;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use crate::{
    batch::{Trouble, places_for_all},
    bus::{Bus, Change, Source},
    domain::{
        approval::{Approval, Brief, Ending, NewApproval, Resolution, State},
        credential::Origin,
        event::{Epoch, TaskKey},
        ids::WorkspaceId,
    },
    lifecycle::Lifecycle,
    limits::{Answers, Full, Room, Subject},
    store::{self, Checkout, Database, Turn, moves::Moved},
    telemetry::Metrics,
};

use self::{commit::Committers, export::Exports, read::Readers, request::Intake, wait::Waiters};

/// How many workers there are of each kind. Two of each that write: one gathers while the other's commit is on
/// its way to the disk.
const COMMITTERS: usize = 2;
const INTAKE: usize = 2;
const READERS: usize = 3;

/// A command is answered, one way or the other, within this time.
const COMMAND: Duration = Duration::from_secs(8);
/// Longest a batch may take, its commit included; longer than any time-out of the database's own.
const ATTEMPT: Duration = Duration::from_secs(4);

/// JSON of more bytes than this is made canonical aside: 256 KiB take some 15 ms.
const MUCH: usize = 32 * 1024;

/// By whose authority something is done.
#[derive(Debug, Clone)]
pub struct Authority {
    pub workspace: WorkspaceId,
    /// For the record.
    pub origin: Arc<Origin>,
    /// When the caller was last looked at. `None`: it takes no caller.
    pub looked_at: Option<Instant>,
}

/// What all use cases share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub database: Database,
    pub bus: Bus,
    pub metrics: Metrics,
    pub lifecycle: Lifecycle,
    /// Places for what waits for a row's lock: what finds none waits here, not for a connection.
    pub contended: Arc<Semaphore>,
    /// Room for what is read to be shown.
    pub answers: Answers,
    /// Whose lease is older than this is gone.
    pub lease_ttl: Duration,
    /// Wakes the router of notifications.
    pub caused: Arc<Notify>,
    pub soon: Arc<Soon>,
}

/// Wakes the sweeps of what is due at a moment, where that may come before their next look.
#[derive(Default)]
pub(crate) struct Soon {
    deadlines: Notify,
    reminders: Notify,
}

impl Soon {
    fn wake(&self) {
        self.deadlines.notify_one();
        self.reminders.notify_one();
    }

    /// What was asked for just now.
    fn asked(&self, new: &NewApproval) {
        let is_soon = |seconds: u32| Duration::from_secs(seconds.into()) <= LOOK;
        if is_soon(new.timeout_seconds) {
            self.deadlines.notify_one();
        }
        let first = new.request.remind_before.first();
        if first.is_some_and(|before| is_soon(new.timeout_seconds.saturating_sub(*before))) {
            self.reminders.notify_one();
        }
    }
}

/// The sweeps of deadlines and reminders look at least this often. An instance that writes something which is due sooner
/// wakes its own sweeps. Only what an instance wrote before it died may wait for this long.
pub const LOOK: Duration = Duration::from_secs(3);

impl Shared {
    /// A connection for a transaction that may have to wait for others, and the place that goes with it. One workspace
    /// has half of the places: what it locks, it may wait for as long as it likes.
    pub async fn transaction(
        &self,
        workspace: WorkspaceId,
    ) -> Result<(Checkout, (OwnedSemaphorePermit, Turn)), store::Error> {
        let turn = self.database.transact.turn(workspace).await?;
        let place = self.contended.clone().acquire_owned().await;
        let place = place.map_err(|_| store::Error::Unavailable(sqlx::Error::PoolClosed))?;
        Ok((self.database.transact.checkout().await?, (place, turn)))
    }

    /// Room to read so much of a workspace and show it.
    pub fn room(&self, workspace: WorkspaceId, bytes: usize) -> Result<Option<Room>, Trouble> {
        let room = self.answers.to_make(Subject::Workspace(workspace), bytes);
        room.map_err(|Full| self.shed("answers"))
    }

    /// Counts what a cap of this instance refused, by the cap's setting.
    pub fn shed(&self, cap: &'static str) -> Trouble {
        self.metrics.shed(cap);
        Trouble::Overloaded
    }

    /// Tells the followers of its task, and the feeds of its workspace, that there is a new approval.
    pub fn announce_requested(&self, new: &NewApproval) {
        self.metrics.approval_requested();
        self.soon.asked(new);
        let NewApproval { workspace, id: approval, request, .. } = new;
        let task = request.task_id.clone();
        self.look(Change { workspace: *workspace, approval: *approval, version: 1, task, proof: None });
    }

    /// Tells the followers of a task that there is more in its log.
    pub fn announce_event(&self, task: TaskKey) {
        self.bus.seats.events(&task);
        self.bus.publisher.events(task);
    }

    /// Tells everybody who may be interested that an approval was changed and committed. `epoch` is of before the
    /// connection was taken.
    pub fn announce(&self, approval: &Arc<Approval>, epoch: Option<Epoch>) {
        let brief = Brief::from(&**approval);
        let mut change = Change::from(&brief);
        if let State::Final { ending, at } = &approval.state
            && let Some(epoch) = epoch
        {
            self.bus.proofs.prove(&mut change, epoch, ending, *at);
        }
        self.look(change);
        self.bus.registry.settle(approval);
        if let State::Final { ending, at } = &approval.state {
            self.count(&Ended::new(&brief, ending, *at));
        }
    }

    /// Tells everybody who may be interested that an approval, as it was read, was moved on; it is pending still, so no
    /// waiter wakes.
    pub fn announce_moved(&self, mut approval: Brief, moved: &Moved) {
        approval.version += 1;
        if let Some(via) = moved.hop {
            self.metrics.escalated(via.as_str());
        }
        // Its next deadline, or its next reminder, may be near.
        self.soon.wake();
        self.look(Change::from(&approval));
    }

    /// Something may have been committed here that was not announced: the sweeps and the router look at once.
    pub fn may_have_committed(&self) {
        self.soon.wake();
        self.caused.notify_one();
    }

    /// The same of one that ended, as it was read, where the approval itself was not kept: waiters here read it like those
    /// elsewhere.
    pub fn announce_ended(&self, mut ended: Ended) {
        self.count(&ended);
        ended.change.version += 1;
        self.bus.registry.wake([ended.change.approval], Source::Local);
        self.look(ended.change);
    }

    /// For the other instances, for the task's socket where it is here, and for those here who watch the workspace.
    fn look(&self, change: Change) {
        self.bus.seats.events(&TaskKey { workspace: change.workspace, task: change.task.clone() });
        self.bus.watchers.changed(&change);
        self.caused.notify_one();
        self.bus.publisher.changed(change);
    }

    fn count(&self, ended: &Ended) {
        self.metrics.outcome(ended.outcome, ended.via);
        if let Some(lateness) = ended.lateness {
            self.metrics.expiry_lateness(lateness);
        }
    }
}

/// What there is to tell of an approval that ended.
pub(crate) struct Ended {
    change: Change,
    outcome: &'static str,
    via: &'static str,
    /// For a deadline: from it to the commit.
    lateness: Option<Duration>,
}

impl Ended {
    pub fn new(approval: &Brief, ending: &Ending, at: DateTime<Utc>) -> Self {
        let expired = matches!(ending, Ending::Expired { .. });
        Self {
            change: Change::from(approval),
            outcome: ending.resolution().map_or(ending.status().as_str(), Resolution::as_str),
            via: ending.via().as_str(),
            lateness: expired.then(|| (at - approval.expires_at).to_std().unwrap_or_default()),
        }
    }
}

/// The use cases of one instance. Clones share everything.
#[derive(Clone)]
pub struct Approvals {
    shared: Shared,
    committers: Committers,
    intake: Intake,
    readers: Readers,
    claims: claims::Claims,
    waiters: Waiters,
    exports: Exports,
}

/// How much may be under way at once.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub queued: usize,
    pub waiters: usize,
    pub waiters_of_a_workspace: usize,
    /// How long an instance's lease lasts.
    pub lease_ttl: Duration,
}

impl Approvals {
    pub fn start(
        database: Database,
        bus: Bus,
        metrics: Metrics,
        lifecycle: Lifecycle,
        answers: Answers,
        limits: Limits,
    ) -> Self {
        let contended = Arc::new(Semaphore::new(database.transact.size()));
        // All waiters wake at once where the instance goes away, and each reads once more; beside those that only look.
        let reading = places_for_all(limits.waiters.saturating_add(limits.queued));
        let lease_ttl = limits.lease_ttl;
        let (caused, soon) = (Arc::default(), Arc::default());
        let shared =
            Shared { database, bus, metrics, lifecycle, contended, answers, lease_ttl, caused, soon };
        Self {
            committers: Committers::start(shared.clone(), COMMITTERS, limits.queued),
            intake: Intake::start(shared.clone(), INTAKE, limits.queued),
            readers: Readers::start(&shared, READERS, reading),
            claims: claims::start(&shared, limits.queued),
            waiters: Waiters::new(limits.waiters, limits.waiters_of_a_workspace),
            exports: Exports::new(shared.database.tenant.size()),
            shared,
        }
    }

    /// Completes when something has happened here that people may be told of.
    pub async fn caused(&self) {
        self.shared.caused.notified().await;
    }

    /// Completes when a deadline may come before the sweep's next look.
    pub async fn deadline_soon(&self) {
        self.shared.soon.deadlines.notified().await;
    }

    /// The same of a reminder.
    pub async fn reminder_soon(&self) {
        self.shared.soon.reminders.notified().await;
    }

    /// How many calls wait now.
    pub fn waiting(&self) -> usize {
        self.waiters.asleep()
    }

    /// Queues and their lengths.
    pub fn queues(&self) -> Vec<(&'static str, usize)> {
        vec![
            ("decide", self.committers.queued()),
            ("request", self.intake.queued()),
            ("read", self.readers.queued()),
            ("claim", self.claims.queued()),
        ]
    }
}
