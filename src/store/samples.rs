//! What heartbeats have stored of their instances, and what happened to the service: reading it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Error, Page};

/// A stretch of time; what is left out is decided by the database's clock.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    pub from: Option<DateTime<Utc>>,
    pub to: Option<DateTime<Utc>>,
    /// How long it is where `from` is left out.
    pub length: Duration,
}

/// A stretch of time, and how many instances have samples in it.
#[derive(Debug)]
pub struct Extent {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    pub instances: i64,
}

/// What one instance stored within one step of time.
#[derive(Debug)]
pub struct Bucket {
    pub instance_id: String,
    /// Steps since 1970.
    pub step: i64,
    pub samples: i64,
    /// The most, the longest.
    pub sockets: i32,
    pub waiters: i32,
    pub queued_writes: i32,
    pub queued_reads: i32,
    pub sweep_lag_seconds: f64,
    pub longest_commit_seconds: f64,
    /// All of the time.
    pub bus_up: bool,
    /// Counts since the instance's start, in the first and in the last sample.
    pub decisions: (i64, i64),
    pub commits: (i64, i64),
    pub commit_seconds: (f64, f64),
    pub wakes: (Vec<i64>, Vec<i64>),
    pub wake_delays: (Vec<i32>, Vec<i32>),
}

/// Which stretch is meant, and how many instances it is about.
pub async fn extent(conn: &mut PgConnection, span: &Span) -> Result<Extent, Error> {
    Ok(sqlx::query_as!(
        Extent,
        r#"SELECT s.since AS "from!", s.until AS "to!",
                  (SELECT count(DISTINCT i.instance_id) FROM instance_samples i
                    WHERE i.at >= s.since AND i.at < s.until) AS "instances!"
             FROM (SELECT coalesce($1, coalesce($2, clock_timestamp()) - make_interval(secs => $3)) AS since,
                          coalesce($2, clock_timestamp()) AS until) s"#,
        span.from,
        span.to,
        span.length.as_secs_f64(),
    )
    .fetch_one(conn)
    .await?)
}

/// `step` in seconds. The samples from `from` on and before `to`, each instance's step by step, newest first, up to `limit` in all.
///
/// An instance's counts only grow, and so does each element of its arrays: the least and the greatest are the first and
/// the last.
pub async fn buckets(
    conn: &mut PgConnection,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    step: i64,
    limit: i64,
) -> Result<Vec<Bucket>, Error> {
    let rows = sqlx::query!(
        r#"SELECT s.instance_id, (floor(extract(epoch FROM s.at) / $3::int8))::bigint AS "step!",
                  count(*) AS "samples!", max(s.sockets) AS "sockets!", max(s.waiters) AS "waiters!",
                  max(s.queued_writes) AS "queued_writes!", max(s.queued_reads) AS "queued_reads!",
                  max(s.sweep_lag_seconds) AS "sweep_lag_seconds!",
                  max(s.longest_commit_seconds) AS "longest_commit_seconds!", bool_and(s.bus_up) AS "bus_up!",
                  min(s.decisions) AS "first_decisions!", max(s.decisions) AS "last_decisions!",
                  min(s.commits) AS "first_commits!", max(s.commits) AS "last_commits!",
                  min(s.commit_seconds) AS "first_commit_seconds!",
                  max(s.commit_seconds) AS "last_commit_seconds!",
                  min(s.wakes) AS "first_wakes!", max(s.wakes) AS "last_wakes!",
                  min(s.wake_delays) AS "first_wake_delays!", max(s.wake_delays) AS "last_wake_delays!"
             FROM instance_samples s
            WHERE s.at >= $1 AND s.at < $2
            GROUP BY 1, 2
            ORDER BY 2 DESC, 1
            LIMIT $4"#,
        from,
        to,
        step,
        limit,
    )
    .fetch_all(conn)
    .await?;
    let bucket = rows.into_iter().map(|row| Bucket {
        instance_id: row.instance_id,
        step: row.step,
        samples: row.samples,
        sockets: row.sockets,
        waiters: row.waiters,
        queued_writes: row.queued_writes,
        queued_reads: row.queued_reads,
        sweep_lag_seconds: row.sweep_lag_seconds,
        longest_commit_seconds: row.longest_commit_seconds,
        bus_up: row.bus_up,
        decisions: (row.first_decisions, row.last_decisions),
        commits: (row.first_commits, row.last_commits),
        commit_seconds: (row.first_commit_seconds, row.last_commit_seconds),
        wakes: (row.first_wakes, row.last_wakes),
        wake_delays: (row.first_wake_delays, row.last_wake_delays),
    });
    Ok(bucket.collect())
}

/// Something that happened to the service.
#[derive(Debug)]
pub struct Event {
    pub id: Uuid,
    pub at: DateTime<Utc>,
    pub instance_id: String,
    pub kind: String,
}

/// What happened before a place in the list, and not before a time; newest first.
pub async fn events(
    conn: &mut PgConnection,
    since: Option<DateTime<Utc>>,
    before: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Page<Event>, Error> {
    let (at, id) = before.unzip();
    let found = sqlx::query_as!(
        Event,
        "SELECT e.id, e.at, e.instance_id, e.kind
           FROM cluster_events e
          WHERE ($1::timestamptz IS NULL OR e.at >= $1) AND ($2::timestamptz IS NULL OR (e.at, e.id) < ($2, $3))
          ORDER BY e.at DESC, e.id DESC
          LIMIT $4",
        since,
        at,
        id,
        limit + 1,
    )
    .fetch(conn);
    super::page(found, limit, |_| 200).await
}
