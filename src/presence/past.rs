//! How the instances were: samples of the heartbeats, put together step by step.
//!
//! Counts in samples only grow. What came within a step is the difference to the step before; where there is none, to
//! the step's own first sample. So nothing is told twice, and a sample that is missing only makes times coarser.

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

use crate::{
    store::{
        self,
        samples::{self, Bucket, Extent, Span},
    },
    telemetry::tally::WAKE_BOUNDS_MS,
};

/// Most points in one answer.
const POINTS: i64 = 2_000;
/// Points of each instance where the caller wishes for no step.
const USUAL: i64 = 120;
/// Longest step, in seconds.
pub const LONGEST_STEP: i64 = 86_400;

/// Which samples are wanted, and how fine.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    pub span: Span,
    /// In seconds.
    pub step: Option<i64>,
}

/// How the instances were.
#[derive(Debug)]
pub struct Past {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    /// The step that was used, in seconds.
    pub step: i64,
    /// Whether every step from `from` on is there: not where too many instances had samples.
    pub complete: bool,
    /// By instance, oldest first.
    pub instances: BTreeMap<String, Vec<Point>>,
}

/// One instance within one step.
#[derive(Debug, PartialEq)]
pub struct Point {
    pub at: DateTime<Utc>,
    pub samples: i64,
    pub sockets: i32,
    pub waiters: i32,
    pub queued_writes: i32,
    pub queued_reads: i32,
    pub bus_up: bool,
    pub sweep_lag_seconds: f64,
    pub longest_commit_seconds: f64,
    /// Local, Redis, sweep.
    pub wakes: [i64; 3],
    pub wake_delays: i64,
    /// Half, and 99 of 100, were no longer; `None` where there was none.
    pub wake_p50_seconds: Option<f64>,
    pub wake_p99_seconds: Option<f64>,
    pub decisions: i64,
    pub commits: i64,
    pub mean_commit_seconds: Option<f64>,
}

/// Reads what is wanted, in a coarser step where it would be too much.
pub async fn read(
    conn: &mut PgConnection,
    wanted: &Wanted,
    heartbeat: Duration,
) -> Result<Past, store::Error> {
    let extent = samples::extent(conn, &wanted.span).await?;
    let heartbeat = i64::try_from(heartbeat.as_secs()).unwrap_or(LONGEST_STEP).max(1);
    let length = (extent.to - extent.from).num_seconds().max(1);
    let step = step(length, wanted.step, extent.instances, heartbeat);
    // From the beginning of a step on; what is before it is what the first step is measured from.
    let first = extent.from.timestamp().div_euclid(step);
    let since = first.checked_mul(step).and_then(|it| DateTime::from_timestamp(it, 0)).unwrap_or(extent.from);
    let before = TimeDelta::try_seconds(step.max(3 * heartbeat)).unwrap_or_default();
    let span = (since - before, extent.to);
    // And one more of each instance, to measure from.
    let most = POINTS + extent.instances.min(POINTS / 2);
    let buckets = samples::buckets(conn, span, step, most).await?;
    let complete = i64::try_from(buckets.len()).is_ok_and(|found| found < most);
    let Extent { from, to, .. } = extent;
    Ok(Past { from, to, step, complete, instances: put_together(buckets, step, first) })
}

/// A step that gives few enough points, not finer than samples come.
fn step(length: i64, wanted: Option<i64>, instances: i64, heartbeat: i64) -> i64 {
    let usual = up(length, USUAL);
    let least = up(length.saturating_mul(instances.max(1)), POINTS - instances.min(POINTS / 2));
    wanted.unwrap_or(usual).max(least).max(heartbeat)
}

/// How often `by` fits, and once more for what is left.
fn up(length: i64, by: i64) -> i64 {
    length / by + i64::from(length % by > 0)
}

/// From the newest first to each instance's oldest first.
fn put_together(buckets: Vec<Bucket>, step: i64, first: i64) -> BTreeMap<String, Vec<Point>> {
    let mut instances: BTreeMap<String, Vec<Point>> = BTreeMap::new();
    let mut befores: BTreeMap<String, Bucket> = BTreeMap::new();
    for bucket in buckets.into_iter().rev() {
        if bucket.step >= first {
            let point = point(&bucket, befores.get(&bucket.instance_id), step);
            instances.entry(bucket.instance_id.clone()).or_default().push(point);
        }
        befores.insert(bucket.instance_id.clone(), bucket);
    }
    instances
}

fn point(bucket: &Bucket, before: Option<&Bucket>, step: i64) -> Point {
    let since = |last: &dyn Fn(&Bucket) -> i64, own: (i64, i64)| (own.1 - before.map_or(own.0, last)).max(0);
    let wakes = differences(&bucket.wakes.1, before.map_or(&bucket.wakes.0, |it| &it.wakes.1));
    let wide = |counts: &[i32]| counts.iter().map(|it| i64::from(*it)).collect::<Vec<i64>>();
    let delays = differences(
        &wide(&bucket.wake_delays.1),
        &wide(before.map_or(&bucket.wake_delays.0, |it| &it.wake_delays.1)),
    );
    let commits = since(&|it| it.commits.1, bucket.commits);
    let commit_seconds =
        bucket.commit_seconds.1 - before.map_or(bucket.commit_seconds.0, |it| it.commit_seconds.1);
    #[expect(clippy::cast_precision_loss, reason = "a mean; no count here nears 2^52")]
    let mean_commit_seconds = (commits > 0).then(|| commit_seconds.max(0.0) / commits as f64);
    let wake = |source: usize| wakes.get(source).copied().unwrap_or(0);
    Point {
        at: DateTime::from_timestamp(bucket.step.saturating_mul(step), 0).unwrap_or_default(),
        samples: bucket.samples,
        sockets: bucket.sockets,
        waiters: bucket.waiters,
        queued_writes: bucket.queued_writes,
        queued_reads: bucket.queued_reads,
        bus_up: bucket.bus_up,
        sweep_lag_seconds: bucket.sweep_lag_seconds,
        longest_commit_seconds: bucket.longest_commit_seconds,
        wakes: [wake(0), wake(1), wake(2)],
        wake_delays: delays.iter().sum(),
        wake_p50_seconds: quantile(&delays, 0.5),
        wake_p99_seconds: quantile(&delays, 0.99),
        decisions: since(&|it| it.decisions.1, bucket.decisions),
        commits,
        mean_commit_seconds,
    }
}

fn differences(now: &[i64], then: &[i64]) -> Vec<i64> {
    let before = then.iter().copied().chain(std::iter::repeat(0));
    now.iter().zip(before).map(|(now, then)| (now - then).max(0)).collect()
}

/// The value that the part `q` of all was not beyond, in seconds: within a bucket as if its values were spread evenly,
/// as Prometheus' `histogram_quantile` does. Beyond the last bound it is that bound: longer, how much is not known.
#[expect(clippy::cast_precision_loss, reason = "a quantile; no count here nears 2^52")]
fn quantile(counts: &[i64], q: f64) -> Option<f64> {
    let all: i64 = counts.iter().sum();
    if all == 0 {
        return None;
    }
    let rank = q * all as f64;
    let (mut below, mut lower) = (0.0, 0.0);
    for (count, bound) in counts.iter().zip(WAKE_BOUNDS_MS) {
        let upper = f64::from(bound) / 1_000.0;
        let count = *count as f64;
        if count > 0.0 && below + count >= rank {
            return Some(lower + (upper - lower) * ((rank - below) / count).clamp(0.0, 1.0));
        }
        below += count;
        lower = upper;
    }
    Some(lower)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(step: i64, decisions: (i64, i64), delays: (i32, i32)) -> Bucket {
        let few = |n: i32| {
            let mut counts = vec![0; 16];
            counts[3] = n;
            counts
        };
        Bucket {
            instance_id: "one".into(),
            step,
            samples: 2,
            sockets: 1,
            waiters: 2,
            queued_writes: 0,
            queued_reads: 0,
            sweep_lag_seconds: 0.1,
            longest_commit_seconds: 0.2,
            bus_up: true,
            decisions,
            commits: decisions,
            commit_seconds: (0.0, 0.0),
            wakes: (vec![0, 0, 0], vec![decisions.1, 0, 0]),
            wake_delays: (few(delays.0), few(delays.1)),
        }
    }

    fn past(buckets: Vec<Bucket>, first: i64) -> Vec<Point> {
        put_together(buckets, 10, first).remove("one").unwrap()
    }

    #[test]
    fn what_came_within_a_step_is_the_difference_to_the_one_before() {
        // Newest first, as they are read. A step is missing: what came in it is told with the next.
        let points = past(
            vec![bucket(9, (30, 31), (5, 9)), bucket(7, (12, 20), (4, 4)), bucket(6, (5, 10), (1, 2))],
            7,
        );
        let told: Vec<(i64, i64, i64)> =
            points.iter().map(|it| (it.at.timestamp(), it.decisions, it.wake_delays)).collect();
        assert_eq!(told, [(70, 10, 2), (90, 11, 5)]);
        // Without one before it, a step tells what it saw itself: an instance's counts since its start are not of now.
        assert_eq!(past(vec![bucket(7, (1_000, 1_003), (0, 0))], 7)[0].decisions, 3);
    }

    #[test]
    fn a_quantile_lies_within_its_bucket() {
        let mut counts = vec![0; 16];
        assert_eq!(quantile(&counts, 0.5), None);
        counts[3] = 100;
        let half = quantile(&counts, 0.5).unwrap();
        assert!((half - 0.004).abs() < 1e-9, "{half}");
        counts[15] = 900;
        assert_eq!(quantile(&counts, 0.99), Some(5.0));
    }

    #[test]
    fn a_step_leaves_few_enough_points() {
        for (length, wanted, instances) in
            [(3_600, None, 3), (86_400, Some(10), 40), (86_400, Some(1), 8_640), (60, None, 0)]
        {
            let step = step(length, wanted, instances, 10);
            assert!(step >= 10 && length / step * instances.min(POINTS / 2) <= POINTS, "{step}");
        }
        assert_eq!(step(3_600, Some(60), 3, 10), 60);
    }
}
