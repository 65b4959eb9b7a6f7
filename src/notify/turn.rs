//! A lane's turn: sends what waits in the lane, and says what became of each message and of the destination. It knows
//! no database: the recorder writes its result down.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use chrono::{DateTime, Utc};
use futures_util::{StreamExt, stream::FuturesUnordered};
use serde_json::Value;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError},
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{
    courier::{Courier, Handed, Message},
    fate::{fates_of, kept, overdue, settled, skipped},
    material::{About, Material},
    parcel::{Parcel, parcels},
};
use crate::{
    domain::{
        ids::{ApprovalId, NotificationId},
        lane::{Breaker, at_least, jittered},
        notification::{Action, Skipped},
    },
    store::{
        approvals::Loaded,
        lanes::{Fate, Handback, Lease, Waiting},
    },
};

/// How many messages of a lane one turn sends at most.
pub(super) const BATCH: i64 = 50;

/// The result of a lane's turn: what became of its messages, and how the lane is given back.
pub(super) struct Turn {
    pub fates: Vec<Fate>,
    pub handback: Handback,
}

/// When a turn begins no further message: at a given time, or when the instance drains. And how many messages may be
/// under way.
pub(super) struct Until {
    pub ends: Instant,
    pub draining: CancellationToken,
    /// Room for messages beyond the one that each lane may have under way.
    pub more: Arc<Semaphore>,
}

/// How long the drain waits for messages under way.
const LAST: Duration = Duration::from_secs(8);

impl Until {
    /// Completes when the drain has waited long enough for messages under way.
    async fn is_cut_off(&self) {
        self.draining.cancelled().await;
        sleep(LAST).await;
    }

    fn is_over(&self) -> bool {
        self.draining.is_cancelled() || Instant::now() >= self.ends
    }

    /// Room for one more message beside `under_way` others of the lane. The first one needs no permit.
    fn room(&self, under_way: usize) -> Result<Option<OwnedSemaphorePermit>, TryAcquireError> {
        if under_way == 0 { Ok(None) } else { self.more.clone().try_acquire_owned().map(Some) }
    }
}

/// Sends what waits in a lane, the longest overdue first, until the time is up or the destination is to be left alone.
/// A question that need not be asked any more is skipped. Two messages about one approval are never under way at once:
/// one could overtake the other.
pub(super) async fn take_turn<C: Courier>(
    courier: &C,
    lease: Lease,
    waiting: Vec<Waiting>,
    material: &Material,
    until: &Until,
) -> Turn {
    let read = Instant::now();
    let batch = usize::try_from(BATCH).unwrap_or(usize::MAX);
    // The one beyond the batch is not sent now. Its due time is kept, so that the lane doesn't pass over it.
    let beyond = waiting.get(batch).filter(|it| !it.is_later()).map(|it| it.due_at);
    let next_at = waiting.iter().filter(|it| it.is_later()).map(|it| it.due_at).min();
    let due = waiting.into_iter().take(batch).filter(|it| !it.is_later());
    let is_left = |it: &Waiting| matches!(material.about(it), About::Left);
    let (left, waiting): (Vec<Waiting>, Vec<Waiting>) = due.partition(is_left);
    let is_open = |it: &Waiting| settled(it, material.about(it)).is_none();
    let mut queue: VecDeque<Parcel> = parcels(waiting, C::FLOOD, is_open);
    let mut fates = Vec::with_capacity(queue.len());
    let mut destination = Destination::new(lease.failures, C::AT_ONCE);
    let mut under_way: HashSet<ApprovalId> = HashSet::new();
    let mut sending = FuturesUnordered::new();
    // Where messages of this turn were posted. The database doesn't know it yet.
    let mut placed: HashMap<NotificationId, Value> = HashMap::new();
    loop {
        while destination.takes_beside(sending.len()) && !until.is_over() {
            let is_free = |it: &Parcel| !it.approvals().any(|id| under_way.contains(&id));
            let Some(place) = queue.iter().position(is_free) else { break };
            let Ok(room) = until.room(sending.len()) else { break };
            let Some(mut parcel) = queue.remove(place) else { break };
            let it = &mut parcel.first;
            if let Some(place) = it.of.and_then(|of| placed.get(&of)) {
                it.place = Some(place.clone());
            }
            // A later edit of the same message waits in this turn, and makes this one needless.
            let is_newer = |other: &Parcel| other.first.action == Action::Update && other.first.of == it.of;
            let is_outdone = it.action == Action::Update && queue.iter().any(is_newer);
            let outdone = is_outdone.then(|| skipped(it, Skipped::Superseded));
            let settled = || if C::AS_IT_STANDS { settled(it, material.about(it)) } else { overdue(it) };
            if let Some(fate) = outdone.or_else(settled) {
                // A parcel with several notifications never gets here: all of them are still to be sent.
                fates.push(fate);
                continue;
            }
            under_way.extend(parcel.approvals());
            sending.push(send(courier, parcel, material, (until, room)));
        }
        let Some((parcel, handed, began)) = sending.next().await else { break };
        for id in parcel.approvals() {
            under_way.remove(&id);
        }
        if let Handed::Over { place: Some(place), .. } = &handed {
            placed.insert(parcel.first.id, place.clone());
        }
        destination.answered(&handed);
        fates.extend(fates_of::<C>(&parcel, handed, began, read));
    }
    let soonest = fates.iter().filter_map(|it| it.again_in).min();
    let next_in = if beyond.is_some() || !queue.is_empty() || !left.is_empty() {
        Some(Duration::ZERO)
    } else {
        soonest
    };
    let rest = queue.iter().flat_map(Parcel::all).chain(&left).map(|it| it.due_at);
    let oldest = rest.chain(beyond).min();
    let handback = destination.handback(lease, oldest, (next_at, next_in));
    Turn { fates, handback }
}

/// How the destination of a lane does in a turn.
struct Destination {
    breaker: Breaker,
    /// For how long it is left alone when the turn has ended. Once this is set, no further message begins.
    hold: Duration,
    last_error: Option<String>,
    has_succeeded: bool,
    has_failed: bool,
}

impl Destination {
    fn new(failures: i32, at_once: usize) -> Self {
        let breaker = Breaker::new(u32::try_from(failures).unwrap_or(0), at_once);
        Self { breaker, hold: Duration::ZERO, last_error: None, has_succeeded: false, has_failed: false }
    }

    /// Whether one more message may begin beside so many.
    fn takes_beside(&self, under_way: usize) -> bool {
        self.hold.is_zero() && under_way < self.breaker.at_once()
    }

    fn answered(&mut self, handed: &Handed) {
        match handed {
            Handed::Over { .. } => {
                self.has_succeeded = true;
                self.breaker.is_there();
            }
            Handed::Moot { .. } => self.breaker.is_there(),
            Handed::Deferred { error, .. } | Handed::Refused { error, .. } => {
                self.last_error = Some(error.clone());
                self.breaker.is_there();
            }
            Handed::Away { error, .. } | Handed::InVain { of_destination: true, error, .. } => {
                self.failed(error);
                self.rests();
            }
            Handed::InVain { error, .. } => {
                self.failed(error);
                self.breaker.is_there();
            }
            Handed::Paused { hold, fails, error, .. } => {
                // An endpoint that only ever asks for pauses takes nothing: administrators must hear of it.
                self.failed(error);
                if *fails {
                    self.rests();
                }
                self.hold = self.hold.max(hold.unwrap_or_default());
            }
            Handed::Held { hold, error, .. } => {
                self.last_error = Some(error.clone());
                self.hold = self.hold.max(at_least(*hold, rand::random()));
            }
        }
    }

    fn failed(&mut self, error: &str) {
        (self.last_error, self.has_failed) = (Some(error.to_owned()), true);
    }

    /// It is left alone for as long as its failures in a row say.
    fn rests(&mut self) {
        self.breaker.is_away();
        self.hold = self.hold.max(jittered(self.breaker.hold(), rand::random()));
    }

    fn handback(
        self,
        lease: Lease,
        oldest: Option<DateTime<Utc>>,
        (next_at, next_in): (Option<DateTime<Utc>>, Option<Duration>),
    ) -> Handback {
        Handback {
            lease,
            oldest,
            next_at,
            next_in,
            hold: self.hold,
            failures: i32::try_from(self.breaker.failures()).unwrap_or(i32::MAX),
            last_error: self.last_error.map(|it| kept(&it, 500)),
            has_succeeded: self.has_succeeded,
            has_failed: self.has_failed,
        }
    }
}

async fn send<C: Courier>(
    courier: &C,
    parcel: Parcel,
    material: &Material,
    (until, _room): (&Until, Option<OwnedSemaphorePermit>),
) -> (Parcel, Handed, Instant) {
    let began = Instant::now();
    let it = &parcel.first;
    let Some(redactor) = material.redactor(it) else {
        let error = "its workspace is gone".to_owned();
        return (parcel, Handed::Refused { code: None, error }, began);
    };
    let others: Vec<&Loaded> = parcel.others.iter().filter_map(|it| material.loaded(it)).collect();
    let message = Message {
        waiting: it,
        loaded: material.loaded(it),
        place: it.place.as_ref(),
        others: &others,
        redactor,
        zone: material.zone(it),
        link: material.link(it),
    };
    let handed = tokio::select! {
        handed = timeout(C::LONGEST, courier.send(&message)) => handed.unwrap_or_else(|_| {
            let error = format!("no answer within {} s", C::LONGEST.as_secs());
            Handed::Away { code: None, error }
        }),
        () = until.is_cut_off() => {
            let error = "the instance stopped before there was an answer".to_owned();
            Handed::Held { hold: Duration::ZERO, code: None, error }
        }
    };
    (parcel, handed, began)
}
