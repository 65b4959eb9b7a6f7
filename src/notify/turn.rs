//! A lane's turn: sends what waits in it, and says what became of each message and of the destination. It knows no
//! database: what is written down is the recorder's.

use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError},
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    courier::{Courier, Handed, Message},
    material::{About, Material},
    parcel::{Parcel, is_request, parcels},
};
use crate::{
    domain::{
        ids::ApprovalId,
        lane::{Breaker, SOON, jittered},
        notification::{Outcome, Skipped, Status},
    },
    store::{
        approvals::Loaded,
        lanes::{Attempt, Fate, Handback, Lease, Waiting},
    },
};

/// How long a notification waits whose approval this instance can't read.
const UNREADABLE: Duration = Duration::from_mins(1);
/// Most messages of a lane in one turn.
pub(super) const BATCH: i64 = 50;

/// What became of a lane's turn.
pub(super) struct Turn {
    pub fates: Vec<Fate>,
    pub handback: Handback,
}

/// Until when a turn begins with messages, and with how many.
pub(super) struct Until {
    pub ends: Instant,
    pub draining: CancellationToken,
    /// Room for messages beyond the one that each lane may have under way.
    pub more: Arc<Semaphore>,
}

/// How long the messages under way may take from the beginning of the drain on.
const LAST: Duration = Duration::from_secs(8);

impl Until {
    /// Completes when what is under way is to be left.
    async fn is_cut_off(&self) {
        self.draining.cancelled().await;
        sleep(LAST).await;
    }

    fn is_over(&self) -> bool {
        self.draining.is_cancelled() || Instant::now() >= self.ends
    }

    /// Whether one more may be begun beside `under_way` others, and its place where it needs one.
    fn room(&self, under_way: usize) -> Result<Option<OwnedSemaphorePermit>, TryAcquireError> {
        if under_way == 0 { Ok(None) } else { self.more.clone().try_acquire_owned().map(Some) }
    }
}

/// Sends what waits in a lane, the longest overdue first, until the time is up or its destination is to be left alone.
/// Never two messages about one approval at once: they would overtake each other.
pub(super) async fn take_turn<C: Courier>(
    courier: &C,
    lease: Lease,
    waiting: Vec<Waiting>,
    material: &Material,
    until: &Until,
) -> Turn {
    let read = Instant::now();
    let batch = usize::try_from(BATCH).unwrap_or(usize::MAX);
    // The one beyond the batch: it is not sent, and it must not be passed over.
    let beyond = waiting.get(batch).filter(|it| !it.is_later()).map(|it| it.due_at);
    let next_at = waiting.iter().find(|it| it.is_later()).map(|it| it.due_at);
    let due = waiting.into_iter().take(batch).filter(|it| !it.is_later());
    let is_left = |it: &Waiting| matches!(material.about(it), About::Left);
    let (left, waiting): (Vec<Waiting>, Vec<Waiting>) = due.partition(is_left);
    let is_open = |it: &Waiting| settled(it, material.about(it)).is_none();
    let mut queue: VecDeque<Parcel> = parcels(waiting, C::FLOOD, is_open);
    let mut fates = Vec::with_capacity(queue.len());
    let mut breaker = Breaker::new(u32::try_from(lease.failures).unwrap_or(0), C::AT_ONCE);
    let mut under_way: HashSet<ApprovalId> = HashSet::new();
    let mut sending = FuturesUnordered::new();
    let (mut hold, mut last_error) = (Duration::ZERO, None);
    let (mut has_succeeded, mut has_failed) = (false, false);
    loop {
        while hold.is_zero() && sending.len() < breaker.at_once() && !until.is_over() {
            let is_free = |it: &Parcel| !it.approvals().any(|id| under_way.contains(&id));
            let Some(place) = queue.iter().position(is_free) else { break };
            let Ok(room) = until.room(sending.len()) else { break };
            let Some(parcel) = queue.remove(place) else { break };
            let first = &parcel.first;
            let fate = if C::AS_IT_STANDS { settled(first, material.about(first)) } else { overdue(first) };
            if let Some(fate) = fate {
                // Of those that go together, none is.
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
        match &handed {
            Handed::Over { .. } => {
                has_succeeded = true;
                breaker.is_there();
            }
            Handed::Deferred { error, .. } | Handed::Refused { error, .. } => {
                last_error = Some(error.clone());
                breaker.is_there();
            }
            Handed::Moot { .. } => {}
            Handed::Away { error, .. } => {
                (last_error, has_failed) = (Some(error.clone()), true);
                breaker.is_away();
                hold = hold.max(jittered(breaker.hold(), rand::random()));
            }
            Handed::InVain { of_destination, error, .. } => {
                (last_error, has_failed) = (Some(error.clone()), true);
                if *of_destination {
                    breaker.is_away();
                    hold = hold.max(jittered(breaker.hold(), rand::random()));
                } else {
                    breaker.is_there();
                }
            }
            Handed::Paused { hold: wanted, fails, error, .. } => {
                last_error = Some(error.clone());
                if *fails {
                    has_failed = true;
                    breaker.is_away();
                    hold = hold.max(jittered(breaker.hold(), rand::random()));
                }
                hold = hold.max(wanted.unwrap_or_default());
            }
            Handed::Held { hold: wanted, error, .. } => {
                last_error = Some(error.clone());
                hold = hold.max(jittered(*wanted, rand::random()));
            }
        }
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
    let failures = i32::try_from(breaker.failures()).unwrap_or(i32::MAX);
    let last_error = last_error.map(|it: String| kept(&it, 500));
    let handback = Handback {
        lease,
        read: read.into_std(),
        oldest,
        next_at,
        next_in,
        hold,
        failures,
        last_error,
        has_succeeded,
        has_failed,
    };
    Turn { fates, handback }
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

/// What becomes of a message without sending it: it is too late for it, or needs no answer any more.
pub(super) fn settled(it: &Waiting, about: About<'_>) -> Option<Fate> {
    let superseded = || Fate { skipped: Some(Skipped::Superseded), ..unsent(it, Status::Skipped) };
    if it.is_disabled {
        return Some(Fate { skipped: Some(Skipped::Disabled), ..superseded() });
    }
    if let About::Approval(loaded) = about {
        let approval = &loaded.approval;
        let has_voted = loaded
            .votes
            .iter()
            .any(|vote| vote.level == approval.escalation_level && Some(vote.by.id) == it.person);
        let is_moot = approval.state.is_final() || loaded.due || approval.escalation_level != it.level;
        if is_request(it) && (is_moot || has_voted && it.asks) {
            return Some(superseded());
        }
    }
    match about {
        // An instance of a later version wrote it, say.
        About::Unreadable if !it.is_over() => {
            let error = Some("its approval can't be read by this instance".to_owned());
            return Some(Fate { error, again_in: Some(UNREADABLE), ..unsent(it, Status::Pending) });
        }
        About::Deleted => return Some(superseded()),
        _ => {}
    }
    overdue(it)
}

/// What becomes of a message that has waited for too long.
fn overdue(it: &Waiting) -> Option<Fate> {
    let why = "given up: its destination could not be reached for too long";
    it.is_over().then(|| Fate { error: Some(why.to_owned()), ..unsent(it, Status::Failed) })
}

/// Without a try.
fn unsent(it: &Waiting, status: Status) -> Fate {
    Fate {
        id: it.id,
        workspace: it.workspace,
        status,
        skipped: None,
        error: None,
        again_in: None,
        counts: false,
        attempt: None,
        delay: None,
    }
}

/// What becomes of all that one message was about. Where that is many, the try stands with the first of them.
fn fates_of<C: Courier>(parcel: &Parcel, handed: Handed, began: Instant, read: Instant) -> Vec<Fate> {
    let mut first = fate::<C>(&parcel.first, handed, began, read);
    if !parcel.others.is_empty() && first.status == Status::Sent {
        (first.status, first.skipped) = (Status::Skipped, Some(Skipped::Summarised));
    }
    let others = parcel.others.iter().map(|it| Fate {
        id: it.id,
        workspace: it.workspace,
        attempt: None,
        delay: None,
        ..first.clone()
    });
    let mut fates: Vec<Fate> = others.collect();
    fates.push(first);
    fates
}

/// What becomes of a message that was sent, or was tried to.
/// `read`: when it was read how long it had waited.
fn fate<C: Courier>(it: &Waiting, handed: Handed, began: Instant, read: Instant) -> Fate {
    let mut skipped = None;
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
        Handed::InVain { code, error, answer, .. } => match C::again(it.attempts) {
            Some(wait) => {
                let wait = jittered(wait, rand::random());
                (Status::Pending, Outcome::Retried, code, Some(error), answer, Some(wait), true)
            }
            None => (Status::Failed, Outcome::Failed, code, Some(error), answer, None, true),
        },
        Handed::Paused { hold, code, error, answer, .. } => {
            let wait = if hold.is_some() { Duration::ZERO } else { jittered(SOON, rand::random()) };
            (Status::Pending, Outcome::Held, code, Some(error), answer, Some(wait), false)
        }
        Handed::Held { code, error, .. } => {
            (Status::Pending, Outcome::Held, code, Some(error), None, Some(Duration::ZERO), false)
        }
        Handed::Moot { why, code, error } => {
            skipped = Some(why);
            (Status::Skipped, Outcome::Skipped, code, Some(error), None, None, false)
        }
    };
    let took = began.elapsed();
    Fate {
        id: it.id,
        workspace: it.workspace,
        status,
        skipped,
        error: error.map(|it| kept(&it, 500)),
        again_in,
        counts,
        attempt: Some(Attempt {
            id: Uuid::now_v7(),
            ago: took,
            took,
            outcome,
            code,
            answer: answer.map(|it| kept(&it, 4_096)),
        }),
        delay: (status == Status::Sent).then(|| it.waited + read.elapsed()),
    }
}

/// What the other side said, as it can be stored: no U+0000, and at most so many bytes, cut at a character's edge.
fn kept(text: &str, most: usize) -> String {
    let mut text = text.replace('\0', "\u{fffd}");
    let end = (0..=most.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    text.truncate(end);
    text
}
