//! Which connections are this instance's: owned, kept up, checked, released.
//!
//! Postgres decides who owns a task ([`crate::store::connections`]); the `conn` keys in Redis say it to the one that
//! has something for the owner. Everything here is batched, so that ten thousand sockets cost a few statements,
//! and nothing here ever touches what a newer owner wrote.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use sqlx::PgConnection;
use tokio::{sync::Notify, time::timeout};
use uuid::Uuid;

use crate::{
    batch::{Calls, Trouble, Weigh, places_for_all},
    bus::{
        Bus, Found, Letter, Names, Redis,
        owners::Owner,
        seats::{Dismissal, Seat},
    },
    config,
    domain::{event::TaskKey, ids::WorkspaceId, names::CallerName, policy::Actor},
    lifecycle::Lifecycle,
    store::{
        self, Database,
        connections::{self, Bid, Caps, Owned, SocketState},
    },
    telemetry::Metrics,
};

/// Bids, and checks, in one statement at most; and the longest that it may take.
const BATCH: usize = 64;
const BID: Duration = Duration::from_secs(4);
/// Connections in one statement where all of them are gone through.
const CHUNK: usize = 1_000;
/// Keys in one command.
const KEYS: usize = 100;
/// Each key is refreshed about this often; it lives more than twice as long.
const REFRESH: Duration = Duration::from_mins(2);
/// When clients last showed life is written down this often.
const TOUCH: Duration = Duration::from_mins(1);
/// Longest a new socket waits for its key to be written: what is sent to it meanwhile, the sweep brings.
const KNOWN: Duration = Duration::from_millis(50);
/// A bid that is older than this has been answered, one way or the other.
const UNOWNED: Duration = Duration::from_secs(15);
/// Longest a pass over all connections may take.
const PASS: Duration = Duration::from_secs(8);

/// The connections of one instance. Clones share everything.
#[derive(Clone)]
pub struct Ownership {
    shared: Arc<Shared>,
    bids: Calls<Asked, BidResult>,
    checks: Calls<Arc<Seat>, ()>,
}

struct Shared {
    names: Names,
    database: Database,
    redis: Redis,
    bus: Bus,
    metrics: Metrics,
    heartbeat: Duration,
    caps: Caps,
    /// Records that are to be removed. Kept until they are: a live instance's ghosts nobody else would remove.
    leaving: Mutex<Vec<(TaskKey, Uuid)>>,
    left: Notify,
    /// Redis was emptied, and our keys have not all been written again.
    keys_lost: AtomicBool,
}

/// A bid on its way.
#[derive(Clone)]
pub struct Asked {
    seat: Arc<Seat>,
    session: Option<CallerName>,
    principal: Actor,
}

/// What a bid came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BidResult {
    /// The seat's generation says so.
    Owner,
    Full,
    /// It was given up, or taken by a newer socket, before its turn came.
    Ended,
}

impl Weigh for Asked {
    fn weight(&self) -> usize {
        0
    }

    fn workspace(&self) -> WorkspaceId {
        self.seat.key.workspace
    }
}

impl Weigh for Arc<Seat> {
    fn weight(&self) -> usize {
        0
    }

    fn workspace(&self) -> WorkspaceId {
        self.key.workspace
    }
}

impl Ownership {
    pub fn start(
        names: Names,
        database: Database,
        redis: Redis,
        bus: Bus,
        metrics: Metrics,
        lifecycle: &Lifecycle,
        config: &config::Config,
    ) -> Self {
        let caps = Caps {
            workspace: config.limits.max_sockets_per_workspace,
            principal: config.limits.max_sockets_per_principal,
        };
        let shared = Arc::new(Shared {
            names,
            database,
            redis,
            bus,
            metrics,
            heartbeat: config.lease.heartbeat(),
            caps,
            leaving: Mutex::default(),
            left: Notify::new(),
            keys_lost: AtomicBool::new(false),
        });
        // All sockets come at once where another instance went away; and all are in doubt where Redis was.
        let limits = &config.limits;
        let capacity = places_for_all(limits.max_sockets.saturating_add(limits.max_queued));
        // One worker: the order of this instance's bids is the order in which their seats were taken.
        let bidding = shared.clone();
        let bids = Calls::start(lifecycle, "bids", (1, BATCH, capacity), move |asked: Arc<[Asked]>| {
            let shared = bidding.clone();
            async move { shared.bid(&asked).await }
        });
        let checking = shared.clone();
        let checks =
            Calls::start(lifecycle, "checks", (1, BATCH, capacity), move |seats: Arc<[Arc<Seat>]>| {
                let shared = checking.clone();
                async move {
                    shared.check(&seats).await?;
                    Ok(vec![(); seats.len()])
                }
            });
        lifecycle.spawn_service("releases", release(shared.clone(), lifecycle.clone()));
        Self { shared, bids, checks }
    }

    /// Makes the seat's socket the owner of its task, cluster-wide.
    pub async fn bid(
        &self,
        seat: &Arc<Seat>,
        session: Option<CallerName>,
        principal: Actor,
    ) -> Result<BidResult, Trouble> {
        let outcome = self.bids.call(Asked { seat: seat.clone(), session, principal }).await?;
        if let Some(owner) = seat.owner(&self.shared.names.instance) {
            // Known first, read then: what comes after the reading finds its way here.
            let _ = timeout(KNOWN, self.shared.bus.publisher.owned(owner)).await;
        }
        Ok(outcome)
    }

    /// Asks whether the seat's socket is still the owner; its dismissal is set if it isn't.
    pub async fn check(&self, seat: &Arc<Seat>) -> Result<(), Trouble> {
        self.checks.call(seat.clone()).await
    }

    /// The socket is gone. Its record goes, whatever happens to Postgres meanwhile, unless a newer one owns it.
    pub fn release(&self, seat: &Arc<Seat>) {
        if let Some(owner) = seat.owner(&self.shared.names.instance) {
            self.shared.bus.publisher.released(owner);
        }
        let Some(connections) = self.shared.bus.seats.leave(seat) else { return };
        let records = connections.into_iter().map(|connection| (seat.key.clone(), connection));
        self.shared.leaving.lock().unwrap_or_else(PoisonError::into_inner).extend(records);
        self.shared.left.notify_one();
    }

    /// Asks of all connections whether they are still ours.
    pub async fn check_all(&self) {
        let seats = self.shared.bus.seats.all();
        for chunk in seats.chunks(CHUNK) {
            if let Err(error) = store::in_time(PASS, self.shared.check(chunk)).await {
                tracing::warn!(%error, "could not ask which connections are still ours");
                return;
            }
        }
    }

    /// Removes records of ours that have no socket: a bid that was given up, and was committed all the same.
    pub async fn remove_orphans(&self) -> Result<(), store::Error> {
        let instance = &self.shared.names.instance;
        let most = i64::try_from(self.shared.bus.seats.count()).unwrap_or(i64::MAX);
        let remove = async |conn: &mut PgConnection| {
            if connections::count(&mut *conn, instance).await? <= most {
                return Ok(());
            }
            let records = connections::of_instance(&mut *conn, instance, UNOWNED).await?;
            // By task: a socket that is just taking a task over will have its record, or leave it to the one that had it.
            let seats: HashSet<TaskKey> =
                self.shared.bus.seats.all().iter().map(|seat| seat.key.clone()).collect();
            let orphans: Vec<_> = records.into_iter().filter(|(key, _)| !seats.contains(key)).collect();
            if !orphans.is_empty() {
                tracing::warn!(connections = orphans.len(), "removed records of connections that nobody has");
                connections::release(conn, &orphans).await?;
            }
            Ok(())
        };
        self.shared.database.work.run(PASS, remove).await
    }

    /// What rides along with a heartbeat: some keys are refreshed, all of them if they were lost; now and then it
    /// is written down when the clients last showed life.
    pub async fn keep_up(&self, beat: u64, lost: bool) {
        let seats = self.shared.bus.seats.all();
        if seats.is_empty() {
            return;
        }
        if lost {
            // Until all of them have been written: Redis may be gone again before that.
            self.shared.keys_lost.store(true, Ordering::Relaxed);
            tracing::info!(connections = seats.len(), "Redis has lost our keys; they are written again");
        }
        if self.shared.bus.is_up() {
            let begun = Instant::now();
            let all = self.shared.keys_lost.load(Ordering::Relaxed);
            if self.shared.refresh(&seats, beat, all).await && all {
                self.shared.keys_lost.store(false, Ordering::Relaxed);
            }
            self.shared.metrics.heartbeat_part("keys", begun.elapsed());
        }
        let beats = beats_in(TOUCH, self.shared.heartbeat);
        if beat % beats == beats - 1 {
            let begun = Instant::now();
            if let Err(error) = store::in_time(PASS, self.shared.touch(&seats)).await {
                tracing::warn!(%error, "could not write down when clients last showed life");
            }
            self.shared.metrics.heartbeat_part("touch", begun.elapsed());
        }
    }
}

fn beats_in(time: Duration, heartbeat: Duration) -> u64 {
    (time.as_secs() / heartbeat.as_secs().max(1)).max(1)
}

impl Shared {
    async fn bid(&self, asked: &[Asked]) -> Result<Vec<BidResult>, store::Error> {
        // A socket that was replaced, or left, while queueing must not take the task from one that came after.
        let bids: Vec<Option<Bid>> = asked.iter().map(Asked::bid).collect();
        let wanted: Vec<&Bid> = bids.iter().flatten().collect();
        let mut owned = Vec::new();
        if !wanted.is_empty() {
            let bid = async |conn: &mut PgConnection| {
                connections::bid(conn, &self.names.instance, &wanted, self.caps).await
            };
            owned = self.database.decide.run(BID, bid).await?;
        }
        let mut owned = owned.into_iter();
        let outcomes = asked.iter().zip(&bids).map(|(asked, bid)| match bid {
            None => BidResult::Ended,
            Some(_) => match owned.next() {
                Some(Owned::Owner { generation, previous }) => {
                    asked.seat.owns(generation);
                    if let Some(previous) = previous.filter(|it| *it != self.names.instance) {
                        self.bus.publisher.letter(&previous, Letter::Owner(asked.seat.key.clone()));
                    }
                    BidResult::Owner
                }
                Some(Owned::Full) | None => BidResult::Full,
            },
        });
        Ok(outcomes.collect())
    }

    async fn check(&self, seats: &[Arc<Seat>]) -> Result<(), store::Error> {
        let owners: Vec<&Arc<Seat>> = seats.iter().filter(|seat| seat.generation().is_some()).collect();
        if owners.is_empty() {
            return Ok(());
        }
        let owned: Vec<_> =
            owners.iter().map(|seat| (seat.key.clone(), seat.generation().unwrap_or(0))).collect();
        let look = async |conn: &mut PgConnection| connections::standings(conn, &owned).await;
        let standings = self.database.work.run(BID, look).await?;
        for (seat, standing) in owners.into_iter().zip(standings) {
            match standing {
                SocketState::Owner => {}
                SocketState::Replaced => seat.end(Dismissal::Replaced),
                SocketState::Closed { by } => seat.end(Dismissal::Closed { by }),
                SocketState::Gone => seat.end(Dismissal::Gone),
            }
        }
        Ok(())
    }

    /// Answers whether all that was due was done.
    async fn refresh(&self, seats: &[Arc<Seat>], beat: u64, all: bool) -> bool {
        let beats = beats_in(REFRESH, self.heartbeat);
        let due: Vec<&Arc<Seat>> = seats
            .iter()
            .filter(|seat| all || u64::from(seat.connection.as_bytes()[15]) % beats == beat % beats)
            .collect();
        for chunk in due.chunks(KEYS) {
            let (held, owners): (Vec<_>, Vec<_>) =
                chunk.iter().filter_map(|seat| Some((*seat, seat.owner(&self.names.instance)?))).unzip();
            if owners.is_empty() {
                continue;
            }
            match self.redis.hold(&self.names, &owners).await {
                Ok(newer) => {
                    let disputed = newer.into_iter().filter_map(|(place, found)| {
                        let seat: &Arc<Seat> = held.get(place)?;
                        Some((seat.clone(), owners.get(place)?.clone(), found))
                    });
                    self.dispute(disputed.collect()).await;
                }
                Err(error) => {
                    tracing::debug!(%error, "keys of connections were not refreshed");
                    return false;
                }
            }
        }
        true
    }

    /// Keys name newer owners. Redis may be wrong, or another hand have written there: Postgres is asked. Where it says
    /// that a connection is ours, its key says so again; otherwise nothing that is sent would find us.
    async fn dispute(&self, disputed: Vec<(Arc<Seat>, Owner, Found)>) {
        if disputed.is_empty() {
            return;
        }
        let seats: Vec<Arc<Seat>> = disputed.iter().map(|(seat, ..)| seat.clone()).collect();
        if let Err(error) = store::in_time(PASS, self.check(&seats)).await {
            tracing::warn!(%error, "could not ask which connections are still ours");
            return;
        }
        let ours: Vec<(Owner, Found)> = disputed
            .into_iter()
            .filter_map(|(seat, owner, found)| seat.dismissal().is_none().then_some((owner, found)))
            .collect();
        if let Err(error) = self.redis.take_back(&self.names, &ours).await {
            tracing::debug!(%error, "the keys of connections were not taken back");
        }
    }

    async fn touch(&self, seats: &[Arc<Seat>]) -> Result<(), store::Error> {
        let lively: Vec<&Arc<Seat>> =
            seats.iter().filter(|seat| seat.generation().is_some() && seat.silence() < TOUCH).collect();
        for chunk in lively.chunks(CHUNK) {
            let owned: Vec<_> =
                chunk.iter().map(|seat| (seat.key.clone(), seat.generation().unwrap_or(0))).collect();
            let ages: Vec<f64> = chunk.iter().map(|seat| seat.silence().as_secs_f64()).collect();
            let touch = async |conn: &mut PgConnection| connections::touch(conn, &owned, &ages).await;
            let lost = self.database.work.run(PASS, touch).await?;
            lost.into_iter().filter_map(|place| chunk.get(place)).for_each(|seat| seat.doubt());
        }
        Ok(())
    }
}

impl Asked {
    fn bid(&self) -> Option<Bid> {
        self.seat.dismissal().is_none().then(|| Bid {
            id: self.seat.connection,
            key: self.seat.key.clone(),
            session: self.session.clone(),
            principal: self.principal.clone(),
        })
    }
}

/// Removes the records of sockets that have gone, until none is left.
async fn release(shared: Arc<Shared>, lifecycle: Lifecycle) {
    loop {
        let stopping = tokio::select! {
            () = shared.left.notified() => false,
            () = lifecycle.stopping().cancelled() => true,
        };
        while let Err(error) = store::in_time(PASS, shared.remove()).await {
            tracing::warn!(%error, "records of connections could not be removed; they are tried again");
            if stopping {
                break;
            }
            tokio::select! {
                () = tokio::time::sleep(Duration::from_secs(1)) => {}
                () = lifecycle.stopping().cancelled() => break,
            }
        }
        if stopping {
            return;
        }
    }
}

impl Shared {
    async fn remove(&self) -> Result<(), store::Error> {
        loop {
            let gone: Vec<(TaskKey, Uuid)> = {
                let leaving = self.leaving.lock().unwrap_or_else(PoisonError::into_inner);
                leaving.iter().take(CHUNK).cloned().collect()
            };
            if gone.is_empty() {
                return Ok(());
            }
            let release = async |conn: &mut PgConnection| connections::release(conn, &gone).await;
            self.database.work.run(PASS, release).await?;
            let mut leaving = self.leaving.lock().unwrap_or_else(PoisonError::into_inner);
            leaving.drain(..gone.len());
        }
    }
}
