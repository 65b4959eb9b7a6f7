//! Deletes what has had its time: approvals of deleted runs and those that a workspace doesn't keep any longer, old
//! idempotency keys, events, tickets, sign-ins and sessions, leases long lost.

use std::time::{Duration, Instant};

use super::{Round, Workers};
use crate::store::{self, instances, purge};

const INTERVAL: Duration = Duration::from_mins(1);
/// The same while a workspace has more behind it than a round takes.
const PAUSE: Duration = Duration::from_secs(1);
/// When a round leaves the rest of it to the next.
const LONG: Duration = Duration::from_secs(2);
/// How long approvals of a deleted run stay readable.
const RUN_GRACE: Duration = Duration::from_mins(10);
/// How long a repeated create is recognised after its approval has ended.
const IDEMPOTENCY: Duration = Duration::from_hours(24);
/// How long an instance that was lost is still shown.
const LOST: Duration = Duration::from_mins(10);
const BATCH: i64 = 500;

pub(super) async fn run(workers: Workers) {
    let mut round = Round::new("janitor", workers.metrics.clone());
    let mut more = false;
    loop {
        let pause = if more { PAUSE } else { INTERVAL };
        tokio::time::sleep(pause.mul_f64(rand::random_range(0.5..1.0))).await;
        more = round.run(once(&workers)).await == Some(true);
    }
}

/// Answers whether there is more.
async fn once(workers: &Workers) -> Result<bool, store::Error> {
    let mut conn = workers.database.work.checkout().await?;
    while purge::approvals_of_deleted_runs(&mut conn, RUN_GRACE, BATCH).await? > 0 {}
    while purge::deleted_runs(&mut conn, RUN_GRACE, BATCH).await? > 0 {}
    while purge::idempotency_keys(&mut conn, IDEMPOTENCY, BATCH).await? > 0 {}
    let kept = Duration::from_hours(workers.events.retention_hours);
    while purge::events(&mut conn, kept, BATCH).await? > 0 {}
    while purge::unused_tasks(&mut conn, kept, BATCH).await? > 0 {}
    while purge::tickets(&mut conn, BATCH).await? > 0 {}
    while purge::sign_ins(&mut conn, BATCH).await? > 0 {}
    while purge::browser_sessions(&mut conn, BATCH).await? > 0 {}
    instances::forget_lost(&mut conn, LOST).await?;
    // Last, for there may be millions when a workspace begins to forget.
    let begun = Instant::now();
    let mut more = true;
    while more && begun.elapsed() < LONG {
        more = purge::ended_approvals(&mut conn, BATCH).await? > 0;
    }
    conn.done();
    Ok(more)
}
