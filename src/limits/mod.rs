//! How many requests anybody may make: token buckets, counted in Redis for all instances together, and by each
//! instance for itself where Redis is away.
//!
//! | | |
//! | --- | --- |
//! | [`bucket`] | the arithmetic |
//! | [`subject`] | whose buckets there are, and their limits |
//! | [`ledger`], [`entry`] | what this instance knows and has in hand, of all buckets and of one |
//! | [`clerk`] | the task that asks Redis |
//! | [`caps`], [`count`] | how much may be open at once, and how much is, here |
//! | [`turns`] | one after the other, here |
//! | [`answers`] | how much memory answers may take, here |
//!
//! **Exact** means: over all instances, and over any time, no more is let in than the burst and what has come back in
//! that time; and nobody is refused while there is a token that another instance doesn't hold. An instance holds
//! tokens of a bucket that is more than half full, some tens at most, for half a second, so that most requests ask
//! nobody; near its edge every token is asked for. What else a request waits for is one round trip, for all of its
//! buckets together and with everybody else who asks just then.
//!
//! A request takes one token of each bucket. What it costs beyond that (many ids in one call, a large answer) is
//! **charged** when it is known, also where no tokens are left: the next requests wait until they have come. What is
//! charged and not there is owed by the instance that let the request in: it takes tokens as they come, before it lets
//! in another request, and forgets nothing until all are paid. So nothing is let in that isn't paid for; other instances
//! know only that the bucket is empty.
//!
//! Nothing here ever fails a request. A Redis that hangs costs those who asked just then a few hundredths of a
//! second, once. What knows of HTTP is elsewhere.

mod answers;
mod bucket;
mod caps;
mod clerk;
mod count;
mod entry;
mod ledger;
mod subject;
mod turns;

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::sync::{mpsc, oneshot};

pub use self::{
    answers::{Answers, Full, Room, SMALL as SMALL_ANSWER},
    bucket::{Bucket, Rate},
    caps::{Cap, Held},
    count::{Count, Counted},
    entry::{LimitState, Refusal},
    subject::{Kind, Network, Subject},
    turns::{Turn, Turns},
};
use self::{
    clerk::{Ask, Clerk},
    ledger::{Ledger, Take},
    subject::Rules,
};
use crate::{
    bus::{Names, Redis, buckets::Buckets},
    config,
    lifecycle::Lifecycle,
    telemetry::Metrics,
};

/// Requests that may wait for tokens. Those beyond are limited by what is known here.
const QUEUE: usize = 4_096;

/// Lets requests in, or not. Clones share everything.
#[derive(Clone)]
pub struct Limiter {
    state: Arc<State>,
    asks: mpsc::Sender<Ask>,
    metrics: Metrics,
}

struct State {
    rules: Rules,
    ledger: Mutex<Ledger>,
    /// Whether Redis counts for all.
    shared: AtomicBool,
}

impl State {
    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn shared(&self) -> bool {
        self.shared.load(Ordering::Relaxed)
    }

    fn set_shared(&self, shared: bool) {
        self.shared.store(shared, Ordering::Relaxed);
    }
}

impl Limiter {
    /// Starts the task that asks. Redis need not be there.
    pub fn start(
        limits: &config::RateLimits,
        redis: &Redis,
        names: &Names,
        metrics: &Metrics,
        lifecycle: &Lifecycle,
    ) -> Self {
        let rules = Rules::from(limits);
        let state =
            Arc::new(State { rules, ledger: Mutex::new(Ledger::new(rules)), shared: AtomicBool::new(false) });
        let (asks, queue) = mpsc::channel(QUEUE);
        let clerk = Clerk {
            state: state.clone(),
            buckets: Buckets::new(redis.clone(), names.clone()),
            names: names.clone(),
            patience: Duration::from_millis(limits.redis_timeout_ms),
            metrics: metrics.clone(),
        };
        lifecycle.spawn_service("rate limits", clerk.serve(queue, lifecycle.clone()));
        Self { state, asks, metrics: metrics.clone() }
    }

    /// Takes a token from each of these, or from none. Answers how the tightest of them stands then; nothing where
    /// none of them has a limit.
    pub async fn take(&self, subjects: &[Subject]) -> Result<Option<LimitState>, Refusal> {
        let limited = |subject: &Subject| self.state.rules.of(subject.kind()).is_some();
        let subjects: Vec<Subject> = subjects.iter().copied().filter(limited).collect();
        if subjects.is_empty() {
            return Ok(None);
        }
        let step = self.state.ledger().take(&subjects, self.state.shared(), Instant::now());
        match step {
            Take::Taken(standing) => Ok(Some(standing)),
            Take::Refused(refusal) => Err(self.refused(refusal)),
            Take::Ask => self.ask(subjects).await,
        }
    }

    /// Makes what was let in cost so many tokens more, of each: known here at once, to all instances within half a
    /// second. Who owes tokens is refused here until they have come.
    pub fn charge(&self, subjects: &[Subject], tokens: u32) {
        if tokens > 0 {
            self.state.ledger().charge(subjects, tokens, Instant::now());
        }
    }

    async fn ask(&self, subjects: Vec<Subject>) -> Result<Option<LimitState>, Refusal> {
        let (reply, answer) = oneshot::channel();
        // One that finds no place is answered like one that Redis doesn't answer.
        let _ = self.asks.try_send(Ask { subjects: subjects.clone(), since: Instant::now(), reply });
        match answer.await {
            Ok(Ok(standing)) => Ok(Some(standing)),
            Ok(Err(refusal)) => Err(self.refused(refusal)),
            Err(_) => match self.state.ledger().take(&subjects, false, Instant::now()) {
                Take::Taken(standing) => Ok(Some(standing)),
                Take::Refused(refusal) => Err(self.refused(refusal)),
                Take::Ask => Ok(None),
            },
        }
    }

    /// Whether this one is known to have no token left, without asking anybody; and who comes is not `exempt`, which
    /// is looked at only then.
    pub fn known_empty(&self, subject: Subject, exempt: impl FnOnce() -> bool) -> Option<Refusal> {
        let refusal = self.state.ledger().known_empty(subject, self.state.shared(), Instant::now())?;
        (!exempt()).then(|| self.refused(refusal))
    }

    /// The same, but for one in a few: so that a good caller is not kept out for ever by those beside it who are
    /// not.
    pub fn mostly_refuses(&self, subject: Subject) -> Option<Refusal> {
        let mut ledger = self.state.ledger();
        let refusal = ledger.known_empty(subject, self.state.shared(), Instant::now())?;
        (!ledger.knock(subject)).then(|| self.refused(refusal))
    }

    fn refused(&self, refusal: Refusal) -> Refusal {
        self.metrics.rate_limited(refusal.standing.kind.name());
        refusal
    }
}
