//! How much a workspace may send in a day, so that none fills the disk of all.
//!
//! Each instance counts what it takes, and adds it to everybody's count every few seconds; so it learns what the others
//! took. Publishing asks nobody: it looks at what is known here. The price is that a workspace may get past its quota
//! by what all instances take in those few seconds, and by one call.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::{domain::ids::WorkspaceId, store::usage::Today, telemetry::Metrics};

/// What an event takes besides its data.
const OF_EACH: usize = 250;
/// Told from this share of the quota on, in hundredths.
const TOLD: u64 = 80;
const MEBIBYTE: u64 = 1024 * 1024;

/// A workspace's quota is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "this workspace has used up its quota of events, {mebibytes} MiB a day (events.workspace_mebibytes_per_day); it \
     begins anew at 00:00 UTC, in {} s", left.as_secs()
)]
pub struct UsedUp {
    pub mebibytes: u64,
    /// Until the day ends.
    pub left: Duration,
}

/// The quota, and what is known of today. Clones share it.
#[derive(Clone)]
pub struct Quota(Arc<Parts>);

struct Parts {
    /// In mebibytes; 0: none.
    most: u64,
    metrics: Metrics,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    of: HashMap<WorkspaceId, Spent>,
    /// When the day ends; `None`: it isn't known yet.
    day_ends: Option<Instant>,
}

/// What one workspace has sent.
#[derive(Default)]
struct Spent {
    /// Today, over all instances, as far as was told.
    told: u64,
    /// Here, and not told to the others yet.
    fresh: u64,
    /// Whether what the others took may have changed what it may.
    asked: bool,
    warned: bool,
}

/// How much these events count.
pub fn weight<'a>(data: impl Iterator<Item = &'a str>) -> u64 {
    data.map(|data| (OF_EACH + data.len()) as u64).sum()
}

impl Quota {
    pub fn new(mebibytes: u64, metrics: Metrics) -> Self {
        Self(Arc::new(Parts { most: mebibytes, metrics, known: Mutex::default() }))
    }

    /// Whether a workspace may send more today.
    pub fn check(&self, workspace: WorkspaceId, now: Instant) -> Result<(), UsedUp> {
        let Parts { most, metrics, .. } = &*self.0;
        if *most == 0 {
            return Ok(());
        }
        let mut known = self.known(now);
        let day_ends = known.day_ends;
        let Some(spent) = known.of.get_mut(&workspace) else { return Ok(()) };
        if spent.told.saturating_add(spent.fresh) < most.saturating_mul(MEBIBYTE) {
            return Ok(());
        }
        spent.asked = true;
        metrics.events_over_quota();
        // Before that is known, the next look at the others' counts comes soon.
        let left = day_ends.map_or(Duration::from_secs(2), |ends| ends.saturating_duration_since(now));
        Err(UsedUp { mebibytes: *most, left })
    }

    /// It has sent so much.
    pub fn count(&self, workspace: WorkspaceId, bytes: u64, now: Instant) {
        if self.0.most > 0 {
            let mut known = self.known(now);
            let spent = known.of.entry(workspace).or_default();
            spent.fresh = spent.fresh.saturating_add(bytes);
        }
    }

    /// What the others are to be told.
    pub fn fresh(&self, now: Instant) -> Vec<(WorkspaceId, u64)> {
        let known = self.known(now);
        let news = known.of.iter().filter(|(_, spent)| spent.fresh > 0 || spent.asked);
        news.map(|(workspace, spent)| (*workspace, spent.fresh)).collect()
    }

    /// They were `told` this, and this is what it makes today.
    pub fn learn(&self, told: &[(WorkspaceId, u64)], today: &[Today], now: Instant) {
        let Parts { most, metrics, .. } = &*self.0;
        let most = most.saturating_mul(MEBIBYTE);
        let mut known = self.known(now);
        for (workspace, bytes) in told {
            if let Some(spent) = known.of.get_mut(workspace) {
                spent.fresh = spent.fresh.saturating_sub(*bytes);
                spent.asked = false;
            }
        }
        for Today { workspace, bytes, left } in today {
            known.day_ends = now.checked_add(*left);
            let spent = known.of.entry(*workspace).or_default();
            spent.told = *bytes;
            if !spent.warned && bytes.saturating_mul(100) >= most.saturating_mul(TOLD) {
                spent.warned = true;
                tracing::warn!(
                    %workspace, mebibytes = bytes / MEBIBYTE, quota = most / MEBIBYTE,
                    "a workspace has nearly used up its quota of events for today; beyond it, they are refused"
                );
            }
        }
        let fullest = known.of.values().map(|spent| spent.told).max().unwrap_or_default();
        metrics.event_quota_used(fullest, most);
    }

    /// What is known of this day: with its end all is forgotten but what the others have not been told.
    fn known(&self, now: Instant) -> MutexGuard<'_, Known> {
        // No code that can panic runs under this lock.
        let mut known = self.0.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.day_ends.is_some_and(|ends| ends <= now) {
            known.day_ends = None;
            known.of.retain(|_, spent| {
                *spent = Spent { fresh: spent.fresh, ..Spent::default() };
                spent.fresh > 0
            });
        }
        known
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quota(mebibytes: u64) -> Quota {
        Quota::new(mebibytes, Metrics::new("test").unwrap())
    }

    #[test]
    fn what_all_instances_took_counts_until_the_day_ends() {
        let (quota, now) = (quota(1), Instant::now());
        let (ours, other) = (WorkspaceId::generate(), WorkspaceId::generate());
        assert!(quota.check(ours, now).is_ok());
        quota.count(ours, MEBIBYTE / 2, now);
        assert!(quota.check(ours, now).is_ok());
        let sent = quota.fresh(now);
        assert_eq!(sent, [(ours, MEBIBYTE / 2)]);
        // What comes while they are told is not lost, and the others took much.
        quota.count(ours, 7, now);
        let left = Duration::from_hours(1);
        quota.learn(&sent, &[Today { workspace: ours, bytes: MEBIBYTE - 7, left }], now);
        assert_eq!(quota.check(ours, now), Err(UsedUp { mebibytes: 1, left }));
        assert!(quota.check(other, now).is_ok());
        assert_eq!(quota.fresh(now), [(ours, 7)]);
        let tomorrow = now + left;
        assert!(quota.check(ours, tomorrow).is_ok());
        assert_eq!(quota.fresh(tomorrow), [(ours, 7)], "still to be told");
        quota.learn(&[(ours, 7)], &[], tomorrow);
        quota.0.known.lock().unwrap().day_ends = Some(tomorrow);
        assert!(quota.known(tomorrow).of.is_empty(), "nothing is kept of a day that is over");
    }

    /// A caller that is refused hears of it when the quota was raised, or the count was set right.
    #[test]
    fn who_is_refused_is_asked_about() {
        let (quota, ours, now) = (quota(1), WorkspaceId::generate(), Instant::now());
        quota.count(ours, MEBIBYTE, now);
        let sent = quota.fresh(now);
        quota.learn(&sent, &[Today { workspace: ours, bytes: MEBIBYTE, left: Duration::from_secs(9) }], now);
        assert!(quota.fresh(now).is_empty());
        assert!(quota.check(ours, now).is_err());
        assert_eq!(quota.fresh(now), [(ours, 0)]);
    }

    #[test]
    fn none_is_none() {
        let (quota, ours, now) = (quota(0), WorkspaceId::generate(), Instant::now());
        quota.count(ours, u64::MAX, now);
        assert!(quota.check(ours, now).is_ok() && quota.fresh(now).is_empty());
    }
}
