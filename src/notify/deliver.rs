//! Sends what waits in lanes: one deliverer for each channel.
//!
//! A deliverer leases lanes that are due, lets each have its turn, and gives it back with what became of its messages.
//! A turn ends well before the lease: no other worker may have the lane by then. What a turn does is in `turn`. What is
//! written down afterwards is the recorder's.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use sqlx::PgConnection;
use tokio::{
    sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc},
    time::Instant,
};

use super::{
    Redactions,
    courier::Courier,
    material::{Material, Reading},
    record::Recorder,
    turn::{BATCH, Turn, Until, take_turn},
};
use crate::{
    domain::ids::WorkspaceId,
    lifecycle::Lifecycle,
    store::{
        Database, Error,
        lanes::{self, Lease, Shares, Waiting},
    },
    telemetry::Metrics,
};

/// How long a lane is leased.
pub(in crate::notify) const LEASE: Duration = Duration::from_mins(1);
/// What is left of a lease, at least, when the last message of a turn has taken its longest time.
const SPARE: Duration = Duration::from_secs(5);
/// How long a turn goes by the approvals that were read when it began.
const FRESH: Duration = Duration::from_secs(10);
/// The longest time that a statement of ours may take.
pub(in crate::notify) const STATEMENT: Duration = Duration::from_secs(4);
/// How long lanes rest whose notifications could not be read.
const AFTER_FAILURE: Duration = Duration::from_secs(5);
/// How long a deliverer waits after a hint, so that lanes that become due together are leased together.
const GATHER: Duration = Duration::from_millis(5);
/// How often a deliverer looks for lanes of which no hint has told.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);
/// The same after [`QUIET`] looks at which nothing was due and before which no hint came.
const QUIET_SLEEP: Duration = Duration::from_secs(3);
const QUIET: u32 = 30;

/// Leases lanes of one channel and sends what waits in them.
pub struct Deliverer<C> {
    database: Database,
    courier: Arc<C>,
    lifecycle: Lifecycle,
    metrics: Metrics,
    redactions: Redactions,
    hints: Arc<Notify>,
    slots: Arc<Semaphore>,
    /// Room for messages beyond the one that each lane may have.
    more: Arc<Semaphore>,
    most: usize,
    /// Lanes under way, by workspace.
    busy: Arc<Mutex<HashMap<WorkspaceId, usize>>>,
}

/// What a deliverer does once it has begun turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// It begins more: further lanes may be due.
    More,
    /// It waits for a hint: no further lane is due.
    Hint,
    /// It waits for a hint, or for a slot beyond those that stay free: lanes may be due of workspaces that have their
    /// share.
    Room,
}

/// A lane under way.
struct Place {
    busy: Arc<Mutex<HashMap<WorkspaceId, usize>>>,
    workspace: WorkspaceId,
    _slot: OwnedSemaphorePermit,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = busy.get_mut(&self.workspace) {
            *count -= 1;
            if *count == 0 {
                busy.remove(&self.workspace);
            }
        }
    }
}

impl<C: Courier> Deliverer<C> {
    /// `hints`: wakes the deliverer when something may be due.
    pub fn new(
        database: Database,
        courier: C,
        lifecycle: Lifecycle,
        metrics: Metrics,
        redactions: Redactions,
        hints: Arc<Notify>,
    ) -> Self {
        Self {
            database,
            courier: Arc::new(courier),
            lifecycle,
            metrics,
            redactions,
            hints,
            slots: Arc::new(Semaphore::new(C::LANES)),
            more: Arc::new(Semaphore::new(C::TOGETHER.saturating_sub(C::LANES))),
            most: C::LANES,
            busy: Arc::default(),
        }
    }

    /// Runs until the drain begins. Turns under way end by themselves, and the drain waits for them.
    pub async fn run(self) {
        let (turns, ended) = mpsc::channel(self.most);
        let recorder = Recorder {
            database: self.database.clone(),
            metrics: self.metrics.clone(),
            channel: C::CHANNEL,
            hints: self.hints.clone(),
        };
        self.lifecycle.spawn("recorder of notifications", recorder.run(ended));
        let (channel, mut is_failing, mut empty) = (C::CHANNEL.as_str(), false, 0_u32);
        while !self.lifecycle.is_draining() {
            let begun = self.begin(&turns).await;
            match &begun {
                Ok(_) if is_failing => tracing::info!(channel, "lanes are leased again"),
                Err(error) if !is_failing => {
                    tracing::warn!(%error, channel, "lanes could not be leased; it is tried again");
                }
                _ => {}
            }
            is_failing = begun.is_err();
            match begun {
                Ok(Next::More) => empty = 0,
                Ok(Next::Room) => {
                    tokio::select! {
                        _ = self.rest(LONGEST_SLEEP) => {}
                        () = self.has_room() => {}
                    }
                }
                Ok(Next::Hint) | Err(_) => {
                    let longest = if empty < QUIET { LONGEST_SLEEP } else { QUIET_SLEEP };
                    empty = if self.rest(longest).await { 0 } else { empty.saturating_add(1) };
                }
            }
        }
        drop(turns);
        self.lifecycle.stopping().cancelled().await;
    }

    /// Answers whether a hint has ended it.
    async fn rest(&self, longest: Duration) -> bool {
        let pause = longest.mul_f64(rand::random_range(0.7..1.0));
        tokio::select! {
            () = self.hints.notified() => {
                tokio::time::sleep(GATHER).await;
                return true;
            }
            () = tokio::time::sleep(pause) => {}
            () = self.lifecycle.draining().cancelled() => {}
        }
        false
    }

    /// Completes when more slots are free than stay free for other workspaces.
    async fn has_room(&self) {
        let wanted = u32::try_from(self.spared() + 1).unwrap_or(u32::MAX);
        drop(self.slots.acquire_many(wanted).await);
    }

    /// Begins the turns of lanes that are due.
    ///
    /// A workspace gets half of the slots at most, as long as lanes of others are due. If there are none, it gets more,
    /// but a few slots stay free: a lane of another workspace that becomes due later need not wait for one.
    async fn begin(&self, turns: &mpsc::Sender<Turn>) -> Result<Next, Error> {
        let free = self.slots.available_permits();
        if free == 0 {
            // The next turn of ours that ends makes room.
            drop(self.slots.acquire().await);
            return Ok(Next::More);
        }
        let begun = Instant::now();
        let shares = self.shares();
        let mut taken = Vec::new();
        let work = async |conn: &mut PgConnection| {
            let (leases, next) = self.lease(&mut *conn, &shares, free).await?;
            if leases.is_empty() {
                return Ok((leases, next, Vec::new(), Material::default()));
            }
            taken.clone_from(&leases);
            let waiting = lanes::fetch(&mut *conn, &leases, BATCH).await?;
            let reading = Reading { approvals: C::AS_IT_STANDS, links: C::LINKS };
            let material = Material::read(conn, &waiting, &self.redactions, reading).await?;
            Ok((leases, next, waiting, material))
        };
        let (leases, next, waiting, material) = match self.database.notify.run(STATEMENT, work).await {
            Ok(read) => read,
            Err(error) => {
                self.give_back(&taken).await;
                return Err(error);
            }
        };
        let material = Arc::new(material);
        let mut by_lane: HashMap<i64, Vec<Waiting>> = HashMap::new();
        for it in waiting {
            by_lane.entry(it.lane).or_default().push(it);
        }
        for lease in leases {
            let Ok(slot) = self.slots.clone().acquire_owned().await else { return Ok(Next::Hint) };
            *self.lock().entry(lease.workspace).or_default() += 1;
            let place = Place { busy: self.busy.clone(), workspace: lease.workspace, _slot: slot };
            let waiting = by_lane.remove(&lease.lane).unwrap_or_default();
            let (courier, material, turns) = (self.courier.clone(), material.clone(), turns.clone());
            let ends = begun + FRESH.min(LEASE.saturating_sub(C::LONGEST + SPARE));
            let until = Until { ends, draining: self.lifecycle.draining().clone(), more: self.more.clone() };
            self.lifecycle.spawn("a lane of notifications", async move {
                let turn = take_turn(&*courier, lease, waiting, &material, &until).await;
                // The turn keeps its slot until the recorder has it. So at most as many turns wait to be recorded as
                // there are slots.
                if turns.send(turn).await.is_err() {
                    tracing::warn!(
                        "what became of notifications could not be recorded: their lane's lease will end"
                    );
                }
                drop(place);
            });
        }
        Ok(next)
    }

    /// Leases lanes for these free slots, and says what is done then.
    async fn lease(
        &self,
        conn: &mut PgConnection,
        shares: &Shares,
        free: usize,
    ) -> Result<(Vec<Lease>, Next), Error> {
        let limit = i64::try_from(free).unwrap_or(i64::MAX);
        let leases = lanes::lease(&mut *conn, C::CHANNEL, Some(shares), limit, LEASE).await?;
        if !leases.is_empty() {
            let is_more = leases.len() == free || shares.are_used_up_by(&leases);
            return Ok((leases, if is_more { Next::More } else { Next::Hint }));
        }
        if !shares.is_any_full() {
            return Ok((leases, Next::Hint));
        }
        // No other workspace waits: the free slots go to those that have half already, except for a few.
        let limit = i64::try_from(free.saturating_sub(self.spared())).unwrap_or(i64::MAX);
        if limit == 0 {
            return Ok((leases, Next::Room));
        }
        let leases = lanes::lease(conn, C::CHANNEL, None, limit, LEASE).await?;
        let is_more = i64::try_from(leases.len()).is_ok_and(|count| count == limit);
        Ok((leases, if is_more { Next::Room } else { Next::Hint }))
    }

    /// Gives back lanes in which no message was begun. Where that fails, their leases end by themselves.
    async fn give_back(&self, leases: &[Lease]) {
        if leases.is_empty() {
            return;
        }
        let work = async |conn: &mut PgConnection| lanes::give_back(conn, leases, AFTER_FAILURE).await;
        if let Err(error) = self.database.notify.run(STATEMENT, work).await {
            tracing::debug!(%error, "lanes could not be given back; their leases will end");
        }
    }

    /// Half of the slots for each workspace.
    fn shares(&self) -> Shares {
        let count = |lanes: usize| i64::try_from(lanes).unwrap_or(i64::MAX);
        let taken = self.lock().iter().map(|(workspace, lanes)| (*workspace, count(*lanes))).collect();
        Shares { most: count(self.most.div_ceil(2)), taken }
    }

    /// How many slots stay free for workspaces that have less than their share.
    fn spared(&self) -> usize {
        self.most.div_ceil(8)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<WorkspaceId, usize>> {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
