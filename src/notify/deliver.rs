//! From lanes to messages that have arrived: one deliverer for each channel.
//!
//! A deliverer leases lanes that are due, sends what waits in them, and gives them back with what became of it. A lane's
//! turn ends well before its lease does, so no one else has begun with it by then. What is sent is decided when it is
//! sent: what need not be asked any more is skipped.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::{StreamExt, stream::FuturesUnordered};
use sqlx::PgConnection;
use tokio::{
    sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc},
    time::{Instant, timeout},
};
use uuid::Uuid;

use crate::{
    domain::{
        ids::{ApprovalId, WorkspaceId},
        lane::{Breaker, SOON, jittered},
        notification::{Cause, Channel, Outcome, Skipped, Status},
    },
    lifecycle::Lifecycle,
    store::{
        Database, Error,
        approvals::{self, Found, Loaded, Votes},
        lanes::{self, Attempt, Fate, Handback, Lease, Waiting},
    },
    telemetry::Metrics,
};

/// How long a lane is leased.
const LEASE: Duration = Duration::from_secs(60);
/// No message is begun when less than its time-out and this is left of the lease.
const SPARE: Duration = Duration::from_secs(5);
/// Most messages of a lane in one turn.
const BATCH: i64 = 50;
/// Longest that a statement of ours may take.
const STATEMENT: Duration = Duration::from_secs(4);
/// Outcomes that are recorded together at most, by lanes.
const TOGETHER: usize = 32;
/// Between two tries to record what happened.
const RECORD_AGAIN: Duration = Duration::from_millis(500);
/// How often lanes are looked for that no hint told of.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);

/// A way to hand messages over.
pub trait Courier: Send + Sync + 'static {
    /// Which channel it serves.
    const CHANNEL: Channel;
    /// Messages of one lane that may be under way at once.
    const AT_ONCE: usize;
    /// Longest that a message may take.
    const LONGEST: Duration;

    /// Hands one message over.
    fn send(&self, message: &Message<'_>) -> impl Future<Output = Handed> + Send;

    /// How long a message waits that was refused for now, after so many tries; `None`: it is given up.
    fn again(tries: i32) -> Option<Duration>;
}

/// One message, for one recipient.
pub struct Message<'a> {
    pub waiting: &'a Waiting,
    /// `None`: it is about no approval.
    pub loaded: Option<&'a Loaded>,
}

/// What came of handing a message over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Handed {
    Over { code: Option<i32>, answer: Option<String> },
    /// This message, or its recipient, is refused for now.
    Deferred { code: Option<i32>, error: String },
    /// This message, or its recipient, is refused for good.
    Refused { code: Option<i32>, error: String },
    /// The destination can't be reached.
    Away { code: Option<i32>, error: String },
    /// The destination is to be left alone for so long; it is no try.
    Held { hold: Duration, code: Option<i32>, error: String },
}

/// Leases lanes of one channel and sends what waits in them.
pub struct Deliverer<C> {
    database: Database,
    courier: Arc<C>,
    lifecycle: Lifecycle,
    metrics: Metrics,
    hints: Arc<Notify>,
    slots: Arc<Semaphore>,
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

/// What became of a lane's turn.
struct Turn {
    fates: Vec<Fate>,
    handback: Handback,
}

impl<C: Courier> Deliverer<C> {
    /// `slots`: lanes that it may have at once. `hints`: told when something new may be due.
    pub fn new(
        database: Database,
        courier: C,
        lifecycle: Lifecycle,
        metrics: Metrics,
        hints: Arc<Notify>,
        slots: usize,
    ) -> Self {
        Self {
            database,
            courier: Arc::new(courier),
            lifecycle,
            metrics,
            hints,
            slots: Arc::new(Semaphore::new(slots)),
            most: slots,
            busy: Arc::default(),
        }
    }

    /// Runs until the drain begins. Turns that are under way end by themselves: the drain waits for them.
    pub async fn run(self) {
        let (turns, ended) = mpsc::channel(self.most);
        let recorder = record(self.database.clone(), self.metrics.clone(), C::CHANNEL, ended);
        self.lifecycle.spawn("recorder of notifications", recorder);
        while !self.lifecycle.is_draining() {
            match self.begin(&turns).await {
                Ok(true) => {}
                Ok(false) => self.rest(LONGEST_SLEEP).await,
                Err(error) => {
                    tracing::warn!(%error, channel = C::CHANNEL.as_str(), "lanes could not be leased");
                    self.rest(LONGEST_SLEEP).await;
                }
            }
        }
        drop(turns);
        self.lifecycle.stopping().cancelled().await;
    }

    async fn rest(&self, longest: Duration) {
        let pause = longest.mul_f64(rand::random_range(0.7..1.0));
        tokio::select! {
            () = self.hints.notified() => {}
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
        let work = async |conn: &mut PgConnection| {
            let mut leases = lanes::lease(&mut *conn, C::CHANNEL, &full, limit, LEASE).await?;
            if leases.is_empty() && !full.is_empty() {
                // No one else waits: then the rest is for those who have much.
                leases = lanes::lease(&mut *conn, C::CHANNEL, &[], limit, LEASE).await?;
            }
            if leases.is_empty() {
                return Ok((leases, Vec::new(), Found::default()));
            }
            let waiting = lanes::fetch(&mut *conn, &leases, BATCH).await?;
            let found = load(conn, &waiting).await?;
            Ok((leases, waiting, found))
        };
        let (leases, waiting, found) = self.database.notify.run(STATEMENT, work).await?;
        let is_full = leases.len() == free;
        let found = Arc::new(found);
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
            let (courier, found, turns) = (self.courier.clone(), found.clone(), turns.clone());
            self.lifecycle.spawn("a lane of notifications", async move {
                let ends = begun + LEASE - C::LONGEST - SPARE;
                let turn = take_turn(&*courier, lease, waiting, &found, ends).await;
                // It holds its slot until it is recorded: so there is no more to record than there are slots.
                if turns.send(turn).await.is_err() {
                    tracing::warn!("what became of notifications could not be recorded: their lane's lease will end");
                }
                drop(place);
            });
        }
        Ok(any && is_full)
    }

    /// Workspaces that have half of the slots.
    fn full(&self) -> Vec<WorkspaceId> {
        let half = self.most.div_ceil(2);
        self.lock().iter().filter(|(_, count)| **count >= half).map(|(workspace, _)| *workspace).collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<WorkspaceId, usize>> {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The approvals that messages are about, in as many readings as it takes.
async fn load(conn: &mut PgConnection, waiting: &[Waiting]) -> Result<Found, Error> {
    let ids: HashSet<ApprovalId> =
        waiting.iter().filter(|it| !it.is_later).filter_map(|it| it.approval).collect();
    let mut rest: Vec<ApprovalId> = ids.into_iter().collect();
    let mut found = Found::default();
    while !rest.is_empty() {
        let part = approvals::load(&mut *conn, &rest, Votes::OfPending).await?;
        found.extend(part.found);
        rest = part.rest;
    }
    Ok(found)
}

/// Sends what waits in a lane, the longest overdue first, until the time is up or its destination is to be left alone.
/// Never two messages about one approval at once: they would overtake each other.
async fn take_turn<C: Courier>(
    courier: &C,
    lease: Lease,
    waiting: Vec<Waiting>,
    found: &Found,
    ends: Instant,
) -> Turn {
    let batch = usize::try_from(BATCH).unwrap_or(usize::MAX);
    let is_more = waiting.len() > batch && waiting.get(batch).is_some_and(|it| !it.is_later);
    let next_at = waiting.iter().find(|it| it.is_later).map(|it| it.due_at);
    let mut queue: VecDeque<Waiting> = waiting.into_iter().take(batch).filter(|it| !it.is_later).collect();
    let mut breaker = Breaker::new(u32::try_from(lease.failures).unwrap_or(0), C::AT_ONCE);
    let mut fates = Vec::with_capacity(queue.len());
    let mut under_way: HashSet<Option<ApprovalId>> = HashSet::new();
    let mut sending = FuturesUnordered::new();
    let (mut hold, mut last_error, mut has_succeeded) = (Duration::ZERO, None, false);
    loop {
        while hold.is_zero() && sending.len() < breaker.at_once() && Instant::now() < ends {
            let is_free = |it: &Waiting| it.approval.is_none() || !under_way.contains(&it.approval);
            let Some(place) = queue.iter().position(is_free) else { break };
            let Some(it) = queue.remove(place) else { break };
            let loaded = it.approval.and_then(|id| found.get(&id)).and_then(|it| it.as_ref().ok());
            if let Some(fate) = settled(&it, loaded) {
                fates.push(fate);
                continue;
            }
            under_way.insert(it.approval);
            sending.push(send(courier, it, loaded));
        }
        let Some((it, handed, began)) = sending.next().await else { break };
        under_way.remove(&it.approval);
        match &handed {
            Handed::Over { .. } => {
                has_succeeded = true;
                breaker.is_there();
            }
            Handed::Deferred { error, .. } | Handed::Refused { error, .. } => {
                last_error = Some(error.clone());
                breaker.is_there();
            }
            Handed::Away { error, .. } => {
                last_error = Some(error.clone());
                breaker.is_away();
                hold = hold.max(jittered(breaker.hold(), rand::random()));
            }
            Handed::Held { hold: wanted, error, .. } => {
                last_error = Some(error.clone());
                hold = hold.max(*wanted);
            }
        }
        fates.push(fate::<C>(&it, handed, began));
    }
    let soonest = fates.iter().filter_map(|it| it.again_in).min();
    let next_in = if is_more || !queue.is_empty() { Some(Duration::ZERO) } else { soonest };
    let oldest = queue.iter().map(|it| it.due_at).min();
    let failures = i32::try_from(breaker.failures()).unwrap_or(i32::MAX);
    let handback = Handback { lease, oldest, next_at, next_in, hold, failures, last_error, has_succeeded };
    Turn { fates, handback }
}

async fn send<'a, C: Courier>(
    courier: &C,
    it: Waiting,
    loaded: Option<&'a Loaded>,
) -> (Waiting, Handed, Instant) {
    let began = Instant::now();
    let message = Message { waiting: &it, loaded };
    let handed = timeout(C::LONGEST, courier.send(&message)).await.unwrap_or_else(|_| {
        let error = format!("no answer within {} s", C::LONGEST.as_secs());
        Handed::Away { code: None, error }
    });
    (it, handed, began)
}

/// What becomes of a message without sending it: it is too late for it, or needs no answer any more.
fn settled(it: &Waiting, loaded: Option<&Loaded>) -> Option<Fate> {
    let skipped = |why| Fate {
        id: it.id,
        workspace: it.workspace,
        status: Status::Skipped,
        skipped: Some(why),
        again_in: None,
        counts: false,
        attempt: None,
    };
    let asks = matches!(Cause::from_word(&it.cause), Some(Cause::Requested | Cause::Escalated | Cause::Reminder));
    if let Some(loaded) = loaded {
        let approval = &loaded.approval;
        let has_voted = loaded
            .votes
            .iter()
            .any(|vote| vote.level == approval.escalation_level && Some(vote.by.id) == it.person);
        let is_moot = approval.state.is_final() || loaded.due || approval.escalation_level != it.level;
        if asks && (is_moot || has_voted && it.asks) {
            return Some(skipped(Skipped::Superseded));
        }
    } else if it.approval.is_some() {
        // Deleted, or unreadable.
        return Some(skipped(Skipped::Superseded));
    }
    it.is_over.then(|| Fate {
        status: Status::Failed,
        skipped: None,
        attempt: None,
        ..skipped(Skipped::Superseded)
    })
}

/// What becomes of a message that was sent, or was tried to.
fn fate<C: Courier>(it: &Waiting, handed: Handed, began: Instant) -> Fate {
    let (status, outcome, code, error, answer, again_in, counts) = match handed {
        Handed::Over { code, answer } => (Status::Sent, Outcome::Sent, code, None, answer, None, true),
        Handed::Deferred { code, error } => match C::again(it.attempts) {
            Some(wait) => {
                let wait = jittered(wait, rand::random());
                (Status::Pending, Outcome::Retried, code, Some(error), None, Some(wait), true)
            }
            None => (Status::Failed, Outcome::Failed, code, Some(error), None, None, true),
        },
        Handed::Refused { code, error } => {
            (Status::Failed, Outcome::Failed, code, Some(error), None, None, true)
        }
        Handed::Away { code, error } => {
            let wait = jittered(SOON, rand::random());
            (Status::Pending, Outcome::Retried, code, Some(error), None, Some(wait), false)
        }
        Handed::Held { code, error, .. } => {
            (Status::Pending, Outcome::Held, code, Some(error), None, Some(Duration::ZERO), false)
        }
    };
    let took = began.elapsed();
    Fate {
        id: it.id,
        workspace: it.workspace,
        status,
        skipped: None,
        again_in,
        counts,
        attempt: Some(Attempt {
            id: Uuid::now_v7(),
            ago: took,
            took,
            outcome,
            code,
            error: error.map(|it| cut(it, 500)),
            answer: answer.map(|it| cut(it, 4_096)),
        }),
    }
}

/// At most so many bytes, at a character's edge.
fn cut(mut text: String, most: usize) -> String {
    let end = (0..=most.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    text.truncate(end);
    text
}

/// Writes down what became of turns, those that have ended meanwhile together. It is tried again as long as the leases
/// last: a message that is not recorded is sent twice.
async fn record(
    database: Database,
    metrics: Metrics,
    channel: Channel,
    mut ended: mpsc::Receiver<Turn>,
) {
    let mut turns = Vec::new();
    while ended.recv_many(&mut turns, TOGETHER).await > 0 {
        let (mut fates, mut handbacks) = (Vec::new(), Vec::new());
        for turn in turns.drain(..) {
            fates.extend(turn.fates);
            handbacks.push(turn.handback);
        }
        let begun = Instant::now();
        loop {
            let work = async |conn: &mut PgConnection| lanes::record(conn, &fates, &handbacks).await;
            match database.notify.run(STATEMENT, work).await {
                Ok(()) => {
                    for fate in &fates {
                        metrics.notification(channel.as_str(), fate.status.as_str());
                    }
                    break;
                }
                Err(error) if begun.elapsed() < LEASE / 2 => {
                    tracing::warn!(%error, "what became of notifications could not be recorded; it is tried again");
                    tokio::time::sleep(RECORD_AGAIN).await;
                }
                Err(error) => {
                    tracing::error!(%error, count = fates.len(), "what became of notifications was not recorded: they are sent again");
                    break;
                }
            }
        }
    }
}
