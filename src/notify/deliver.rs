//! From lanes to messages that have arrived: one deliverer for each channel.
//!
//! A deliverer leases lanes that are due, sends what waits in them, and gives them back with what became of it. A lane's
//! turn ends well before its lease does, so no one else has begun with it by then. What is sent is decided when it is
//! sent: what need not be asked any more is skipped.

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
        lanes::{self, Lease, Waiting},
    },
    telemetry::Metrics,
};

/// How long a lane is leased.
pub(in crate::notify) const LEASE: Duration = Duration::from_mins(1);
/// No message is begun when less than its time-out and this is left of the lease.
const SPARE: Duration = Duration::from_secs(5);
/// How long a turn goes by what was read of its approvals at its beginning.
const FRESH: Duration = Duration::from_secs(10);
/// Longest that a statement of ours may take.
pub(in crate::notify) const STATEMENT: Duration = Duration::from_secs(4);
/// How long lanes rest of which nothing could be read.
const AFTER_FAILURE: Duration = Duration::from_secs(5);
/// What becomes due together is leased together.
const GATHER: Duration = Duration::from_millis(5);
/// How often lanes are looked for that no hint told of.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);

/// Leases lanes of one channel and sends what waits in them.
pub struct Deliverer<C> {
    database: Database,
    courier: Arc<C>,
    lifecycle: Lifecycle,
    metrics: Metrics,
    redactions: Redactions,
    hints: Arc<Notify>,
    slots: Arc<Semaphore>,
    /// Room for messages beyond one of each lane.
    more: Arc<Semaphore>,
    most: usize,
    /// Lanes under way, by workspace.
    busy: Arc<Mutex<HashMap<WorkspaceId, usize>>>,
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
    /// `hints`: told when something new may be due.
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

    /// Runs until the drain begins. Turns that are under way end by themselves: the drain waits for them.
    pub async fn run(self) {
        let (turns, ended) = mpsc::channel(self.most);
        let recorder = Recorder {
            database: self.database.clone(),
            metrics: self.metrics.clone(),
            channel: C::CHANNEL,
            hints: self.hints.clone(),
        };
        self.lifecycle.spawn("recorder of notifications", recorder.run(ended));
        let (channel, mut is_failing) = (C::CHANNEL.as_str(), false);
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
            if !matches!(begun, Ok(true)) {
                self.rest(LONGEST_SLEEP).await;
            }
        }
        drop(turns);
        self.lifecycle.stopping().cancelled().await;
    }

    async fn rest(&self, longest: Duration) {
        let pause = longest.mul_f64(rand::random_range(0.7..1.0));
        tokio::select! {
            () = self.hints.notified() => tokio::time::sleep(GATHER).await,
            () = tokio::time::sleep(pause) => {}
            () = self.lifecycle.draining().cancelled() => {}
        }
    }

    /// Begins the turns of lanes that are due; answers whether there may be more.
    async fn begin(&self, turns: &mpsc::Sender<Turn>) -> Result<bool, Error> {
        let free = self.slots.available_permits();
        if free == 0 {
            // The next that ends makes room; it is a lane of ours.
            drop(self.slots.acquire().await);
            return Ok(true);
        }
        let limit = i64::try_from(free).unwrap_or(i64::MAX);
        let begun = Instant::now();
        let full = self.full();
        let mut taken = Vec::new();
        let work = async |conn: &mut PgConnection| {
            let mut leases = lanes::lease(&mut *conn, C::CHANNEL, &full, limit, LEASE).await?;
            if leases.is_empty() && !full.is_empty() {
                // No one else waits: then the rest is for those who have much.
                leases = lanes::lease(&mut *conn, C::CHANNEL, &[], limit, LEASE).await?;
            }
            if leases.is_empty() {
                return Ok((leases, Vec::new(), Material::default()));
            }
            taken.clone_from(&leases);
            let waiting = lanes::fetch(&mut *conn, &leases, BATCH).await?;
            let reading = Reading { approvals: C::AS_IT_STANDS, links: C::LINKS };
            let material = Material::read(conn, &waiting, &self.redactions, reading).await?;
            Ok((leases, waiting, material))
        };
        let (leases, waiting, material) = match self.database.notify.run(STATEMENT, work).await {
            Ok(read) => read,
            Err(error) => {
                self.give_back(&taken).await;
                return Err(error);
            }
        };
        let is_full = leases.len() == free;
        let material = Arc::new(material);
        let mut by_lane: HashMap<i64, Vec<Waiting>> = HashMap::new();
        for it in waiting {
            by_lane.entry(it.lane).or_default().push(it);
        }
        let any = !leases.is_empty();
        for lease in leases {
            let Ok(slot) = self.slots.clone().acquire_owned().await else { return Ok(false) };
            *self.lock().entry(lease.workspace).or_default() += 1;
            let place = Place { busy: self.busy.clone(), workspace: lease.workspace, _slot: slot };
            let waiting = by_lane.remove(&lease.lane).unwrap_or_default();
            let (courier, material, turns) = (self.courier.clone(), material.clone(), turns.clone());
            let ends = begun + FRESH.min(LEASE.saturating_sub(C::LONGEST + SPARE));
            let until = Until { ends, draining: self.lifecycle.draining().clone(), more: self.more.clone() };
            self.lifecycle.spawn("a lane of notifications", async move {
                let turn = take_turn(&*courier, lease, waiting, &material, &until).await;
                // It holds its slot until the recorder has it: so there is no more to record than there are slots.
                if turns.send(turn).await.is_err() {
                    tracing::warn!(
                        "what became of notifications could not be recorded: their lane's lease will end"
                    );
                }
                drop(place);
            });
        }
        Ok(any && is_full)
    }

    /// Gives lanes back in which nothing was begun. Where that fails, their leases end by themselves.
    async fn give_back(&self, leases: &[Lease]) {
        if leases.is_empty() {
            return;
        }
        let work = async |conn: &mut PgConnection| lanes::give_back(conn, leases, AFTER_FAILURE).await;
        if let Err(error) = self.database.notify.run(STATEMENT, work).await {
            tracing::debug!(%error, "lanes could not be given back; their leases will end");
        }
    }

    /// Workspaces that have half of the slots.
    fn full(&self) -> Vec<WorkspaceId> {
        let half = self.most.div_ceil(2);
        self.lock().iter().filter(|(_, count)| **count >= half).map(|(workspace, _)| *workspace).collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<WorkspaceId, usize>> {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
