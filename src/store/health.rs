//! What is known of the database's health: whether the last probe was answered, and which open connections are dead
//! or may be.
//!
//! A connection can die without a word. A gateway forgets a flow that was quiet for some minutes, and what is sent on
//! it afterwards goes nowhere. Only silence tells, so each question about it has a deadline of its own, far below that
//! of a call; and what one dead connection teaches is used for all others.
//!
//! Times are milliseconds since this was made; 0 means never.

use std::{
    future::Future,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::{Duration, Instant},
};

use tokio::{sync::Notify, time::timeout};

use crate::{domain::event::Epoch, telemetry::Seldom};

/// A connection that was quiet for this long is asked before it is used.
pub const QUIET: Duration = Duration::from_secs(10);
/// How long the answer may take: a multiple of the probe's round trip, within these bounds.
const PATIENCE: (u32, Duration, Duration) = (10, Duration::from_millis(100), Duration::from_secs(1));

/// The database is there if it answered anything within this time. Shorter than a probe's patience: when a database falls
/// silent, the probe that finds it out was sent after the last answer.
const LATELY: Duration = Duration::from_secs(1);

/// The epoch of a database that has not been probed yet.
const UNKNOWN: u64 = u64::MAX;

/// Shared by all pools.
pub struct Health {
    epoch: Instant,
    /// Since when the database has not answered; 0 while it does.
    down_since: AtomicU64,
    /// Connections opened before this are not used any more.
    evict_before: AtomicU64,
    /// Connections last used before this may be dead: they are asked before they are used.
    doubt_before: AtomicU64,
    /// Connections last used before this are dead.
    dead_before: AtomicU64,
    /// When a call last ended with an answer.
    heard_at: AtomicU64,
    /// Microseconds.
    round_trip: AtomicU64,
    /// Connections that were found dead when a call wanted one.
    found_dead: AtomicU64,
    silent: Seldom,
    epoch_of_log: AtomicU64,
    wanted: Notify,
    /// A call waited for a connection in vain.
    starved: AtomicBool,
}

/// A connection as the pool knows it.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    pub age: Duration,
    pub quiet_for: Duration,
}

impl Health {
    pub fn new() -> Self {
        Self {
            epoch: Instant::now(),
            down_since: AtomicU64::new(0),
            evict_before: AtomicU64::new(0),
            doubt_before: AtomicU64::new(0),
            dead_before: AtomicU64::new(0),
            heard_at: AtomicU64::new(0),
            round_trip: AtomicU64::new(0),
            found_dead: AtomicU64::new(0),
            silent: Seldom::new(Duration::from_mins(1)),
            epoch_of_log: AtomicU64::new(UNKNOWN),
            wanted: Notify::new(),
            starved: AtomicBool::new(false),
        }
    }

    pub fn is_up(&self) -> bool {
        self.down_since.load(Ordering::Relaxed) == 0
    }

    /// The life of the database, once it is known.
    pub fn epoch(&self) -> Option<Epoch> {
        u32::try_from(self.epoch_of_log.load(Ordering::Acquire)).ok().map(Epoch)
    }

    /// Whether what a new connection leads to is the database that was probed. Where it isn't, the probe looks at once.
    pub fn knows(&self, epoch: Option<Epoch>) -> bool {
        let known = epoch.is_some() && epoch == self.epoch();
        if !known {
            self.wanted.notify_one();
        }
        known
    }

    /// A call waited for a connection in vain: the probe finds out why.
    pub fn starve(&self) {
        self.starved.store(true, Ordering::Relaxed);
        self.wanted.notify_one();
    }

    /// Whether one did, since this was last asked.
    pub fn take_starved(&self) -> bool {
        self.starved.swap(false, Ordering::Relaxed)
    }

    /// Completes when the probe should look.
    pub async fn wanted(&self) {
        self.wanted.notified().await;
    }

    /// The probe was answered, by a database in this life.
    pub fn answered(&self, after: Duration, epoch: Epoch) {
        let before = self.epoch();
        if before.is_some_and(|before| before != epoch) {
            // Before it is told: what is opened from then on leads to the new one.
            self.evict();
            tracing::warn!(
                "the database was restored, or took over for another: cursors of before are not honoured, and \
                 sockets are told to come again, screens to read everything anew"
            );
        }
        self.epoch_of_log.store(u64::from(epoch.0), Ordering::Release);
        // One quick answer among slow ones says little.
        let took = u64::try_from(after.as_micros()).unwrap_or(u64::MAX);
        let fading = self.round_trip.load(Ordering::Relaxed) / 10 * 9;
        self.round_trip.store(took.max(fading), Ordering::Relaxed);
        self.down_since.store(0, Ordering::Relaxed);
    }

    /// The probe was not answered, or by a server that can't be used.
    pub fn failed(&self) {
        let now = self.now();
        // Only the first failure says since when.
        let _ = self.down_since.compare_exchange(0, now, Ordering::Relaxed, Ordering::Relaxed);
        self.evict_before.store(now, Ordering::Relaxed);
    }

    /// A call got its answer.
    pub fn heard(&self) {
        self.heard_at.store(self.now(), Ordering::Relaxed);
    }

    /// Whether a call got an answer within the last second.
    pub fn heard_lately(&self) -> bool {
        let heard_at = self.heard_at.load(Ordering::Relaxed);
        heard_at != 0 && self.ago(LATELY) < heard_at
    }

    /// Connections that are open now are not used any more.
    pub fn evict(&self) {
        self.evict_before.store(self.now(), Ordering::Relaxed);
    }

    /// Connections that are idle now are asked before they are used.
    pub fn doubt(&self) {
        self.doubt_before.fetch_max(self.now(), Ordering::Relaxed);
    }

    /// How many connections were found dead when a call wanted one.
    pub fn found_dead(&self) -> u64 {
        self.found_dead.load(Ordering::Relaxed)
    }

    /// Whether a connection may be used. Asks it, with `ping`, where that isn't certain.
    pub async fn may_use<E>(&self, known: Known, ping: impl Future<Output = Result<(), E>>) -> bool {
        let (opened, used) = (self.ago(known.age), self.ago(known.quiet_for));
        if opened < self.evict_before.load(Ordering::Relaxed) {
            return false;
        }
        if used < self.dead_before.load(Ordering::Relaxed) {
            self.found_dead.fetch_add(1, Ordering::Relaxed);
            return false;
        }
        if known.quiet_for < QUIET && used >= self.doubt_before.load(Ordering::Relaxed) {
            return true;
        }
        match timeout(self.patience(), ping).await {
            Ok(Ok(())) => true,
            // It was closed, and we were told: that says nothing of the others.
            Ok(Err(_)) => {
                self.found_dead.fetch_add(1, Ordering::Relaxed);
                false
            }
            Err(_) => {
                self.forgotten(known, used);
                false
            }
        }
    }

    /// It doesn't answer. Those that were quiet for longer won't either.
    fn forgotten(&self, known: Known, used: u64) {
        self.found_dead.fetch_add(1, Ordering::Relaxed);
        self.dead_before.fetch_max(used + 1, Ordering::Relaxed);
        if let Some(unsaid) = self.silent.turn() {
            tracing::warn!(
                quiet_for_seconds = known.quiet_for.as_secs(),
                unsaid,
                "an open connection to Postgres does not answer; it is replaced, and so are those that were quiet \
                 for longer. Something on the way may forget quiet flows"
            );
        }
    }

    /// Long enough for a database that is merely slow: to open a new connection would be slower.
    fn patience(&self) -> Duration {
        let (times, least, most) = PATIENCE;
        let round_trip = Duration::from_micros(self.round_trip.load(Ordering::Relaxed));
        round_trip.saturating_mul(times).clamp(least, most)
    }

    fn now(&self) -> u64 {
        u64::try_from(self.epoch.elapsed().as_millis()).unwrap_or(u64::MAX).max(1)
    }

    fn ago(&self, age: Duration) -> u64 {
        self.now().saturating_sub(u64::try_from(age.as_millis()).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, convert::Infallible};

    use super::*;

    const ANSWER: fn() -> std::future::Ready<Result<(), Infallible>> = || std::future::ready(Ok(()));

    fn known(quiet_for: Duration) -> Known {
        Known { age: quiet_for, quiet_for }
    }

    /// As if it had been there for an hour.
    fn health() -> Health {
        let mut health = Health::new();
        health.epoch = Instant::now().checked_sub(Duration::from_hours(1)).unwrap();
        health
    }

    #[tokio::test(start_paused = true)]
    async fn a_dead_connection_costs_its_deadline_and_the_others_nothing() {
        let health = health();
        let begun = tokio::time::Instant::now();
        let silence = std::future::pending::<Result<(), Infallible>>;
        assert!(!health.may_use(known(Duration::from_secs(40)), silence()).await);
        assert_eq!(begun.elapsed(), Duration::from_millis(100));
        // Those that were quiet for longer are dead without being asked; those that were not are asked.
        for quiet in [41, 3000] {
            assert!(!health.may_use(known(Duration::from_secs(quiet)), silence()).await);
        }
        assert_eq!(begun.elapsed(), Duration::from_millis(100));
        assert!(health.may_use(known(Duration::from_secs(20)), ANSWER()).await);
        assert!(health.may_use(known(Duration::from_secs(1)), silence()).await, "it was used just now");
        assert_eq!(health.found_dead(), 3);
    }

    #[test]
    fn what_was_answered_a_second_ago_is_long_ago() {
        let mut health = health();
        assert!(!health.heard_lately(), "nothing was ever answered");
        health.heard();
        assert!(health.heard_lately());
        health.epoch = health.epoch.checked_sub(LATELY).unwrap();
        assert!(!health.heard_lately());
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_database_has_more_time() {
        let health = health();
        health.answered(Duration::from_millis(60), Epoch::FIRST);
        let slow = async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            Ok::<_, Infallible>(())
        };
        assert!(health.may_use(known(Duration::from_secs(40)), slow).await);
    }

    #[tokio::test(start_paused = true)]
    async fn doubt_asks_and_eviction_does_not() {
        let health = health();
        let asked = Cell::new(0);
        let ask = || {
            asked.set(asked.get() + 1);
            ANSWER()
        };
        assert!(health.may_use(known(Duration::from_secs(2)), async { ask().await }).await);
        assert_eq!(asked.get(), 0);
        health.doubt();
        assert!(health.may_use(known(Duration::from_secs(2)), async { ask().await }).await);
        assert_eq!(asked.get(), 1);
        health.evict();
        assert!(!health.may_use(known(Duration::from_secs(2)), async { ask().await }).await);
        assert_eq!(asked.get(), 1);
    }
}
