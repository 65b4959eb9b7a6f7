//! A few counts that each heartbeat stores: what operators see of an instance without a Prometheus.
//!
//! Counting is one addition without a lock. Counts only grow. What is the worst of a while is taken out by the heart,
//! and put back where the heartbeat did not arrive.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// Upper bounds of the histogram of wake-up delays, in milliseconds. One more bucket counts what is beyond. Stored
/// samples are read by these: bounds may be added at the end only.
pub const WAKE_BOUNDS_MS: [u32; 15] = [1, 2, 3, 5, 10, 20, 30, 50, 100, 200, 300, 500, 1_000, 2_000, 5_000];
const BUCKETS: usize = WAKE_BOUNDS_MS.len() + 1;
/// Sources of wake-ups, in the order in which they are stored.
const SOURCES: [&str; 3] = ["local", "redis", "sweep"];
/// The sweeps whose lag counts: they are what outcomes and deadlines depend on.
const SWEEPS: [&str; 2] = ["outcomes", "deadlines"];

/// Counts of one instance.
#[derive(Default)]
pub struct Tally {
    decisions: AtomicU64,
    wakes: [AtomicU64; SOURCES.len()],
    wake_delays: [AtomicU64; BUCKETS],
    commits: AtomicU64,
    commit_micros: AtomicU64,
    longest_commit_micros: AtomicU64,
    sweep_lag_micros: AtomicU64,
}

/// How the counts stand.
#[derive(Debug, Clone, PartialEq)]
pub struct Counts {
    pub decisions: i64,
    /// Local, Redis, sweep.
    pub wakes: Vec<i64>,
    pub wake_delays: Vec<i32>,
    pub commits: i64,
    pub commit_seconds: f64,
}

/// The worst of a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Worst {
    pub commit: Duration,
    pub sweep_lag: Duration,
}

impl Tally {
    pub(super) fn decided(&self) {
        self.decisions.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn woken(&self, source: &str, count: u64) {
        if let Some(at) = SOURCES.iter().position(|it| *it == source) {
            self.wakes[at].fetch_add(count, Ordering::Relaxed);
        }
    }

    pub(super) fn wake_delay(&self, delay: Duration) {
        let within = |bound: &u32| delay <= Duration::from_millis(u64::from(*bound));
        let bucket = WAKE_BOUNDS_MS.iter().position(within).unwrap_or(WAKE_BOUNDS_MS.len());
        self.wake_delays[bucket].fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn committed(&self, took: Duration) {
        let micros = micros(took);
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.commit_micros.fetch_add(micros, Ordering::Relaxed);
        self.longest_commit_micros.fetch_max(micros, Ordering::Relaxed);
    }

    pub(super) fn sweep_lag(&self, sweep: &str, lag: Duration) {
        if SWEEPS.contains(&sweep) {
            self.sweep_lag_micros.fetch_max(micros(lag), Ordering::Relaxed);
        }
    }

    pub fn counts(&self) -> Counts {
        let count = |it: &AtomicU64| i64::try_from(it.load(Ordering::Relaxed)).unwrap_or(i64::MAX);
        let few = |it: &AtomicU64| i32::try_from(it.load(Ordering::Relaxed)).unwrap_or(i32::MAX);
        Counts {
            decisions: count(&self.decisions),
            wakes: self.wakes.iter().map(count).collect(),
            wake_delays: self.wake_delays.iter().map(few).collect(),
            commits: count(&self.commits),
            commit_seconds: Duration::from_micros(self.commit_micros.load(Ordering::Relaxed)).as_secs_f64(),
        }
    }

    /// The worst since it was taken last.
    pub fn take_worst(&self) -> Worst {
        let take = |it: &AtomicU64| Duration::from_micros(it.swap(0, Ordering::Relaxed));
        Worst { commit: take(&self.longest_commit_micros), sweep_lag: take(&self.sweep_lag_micros) }
    }

    /// It was not stored: it is still to be told.
    pub fn put_back(&self, worst: Worst) {
        self.longest_commit_micros.fetch_max(micros(worst.commit), Ordering::Relaxed);
        self.sweep_lag_micros.fetch_max(micros(worst.sweep_lag), Ordering::Relaxed);
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_counts_in_the_first_bucket_that_holds_it() {
        let tally = Tally::default();
        for micros in [0, 1_000, 1_001, 9_000, 5_000_000, 5_000_001] {
            tally.wake_delay(Duration::from_micros(micros));
        }
        let delays = tally.counts().wake_delays;
        assert_eq!(delays, [2, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1]);
    }

    #[test]
    fn the_worst_is_told_once_unless_it_did_not_arrive() {
        let tally = Tally::default();
        tally.committed(Duration::from_millis(3));
        tally.committed(Duration::from_millis(9));
        tally.sweep_lag("outcomes", Duration::from_secs(2));
        tally.sweep_lag("janitor", Duration::from_mins(1));
        let worst = tally.take_worst();
        assert_eq!(worst, Worst { commit: Duration::from_millis(9), sweep_lag: Duration::from_secs(2) });
        assert_eq!(tally.take_worst(), Worst::default());
        tally.put_back(worst);
        tally.committed(Duration::from_millis(4));
        assert_eq!(tally.take_worst(), worst);
        let counts = tally.counts();
        assert_eq!((counts.commits, counts.commit_seconds), (3, 0.016));
    }
}
