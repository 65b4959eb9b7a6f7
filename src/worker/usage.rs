//! What workspaces use: tells the others every few seconds how much this instance took of whose quota, and measures now
//! and then what each holds.

use std::time::{Duration, Instant};

use super::{Round, Workers};
use crate::store::{self, usage};

const INTERVAL: Duration = Duration::from_secs(2);
/// Workspaces in one statement.
const CHUNK: usize = 500;
/// How often what is held is measured, and days long gone are forgotten.
const MEASURED: Duration = Duration::from_mins(10);

pub(super) async fn run(workers: Workers) {
    let mut round = Round::new("usage", workers.metrics.clone());
    loop {
        tokio::time::sleep(INTERVAL.mul_f64(rand::random_range(0.8..1.0))).await;
        round.run(tell(&workers)).await;
    }
}

async fn tell(workers: &Workers) -> Result<(), store::Error> {
    let quota = &workers.events_log.quota;
    let fresh = quota.fresh(Instant::now());
    if fresh.is_empty() {
        return Ok(());
    }
    let mut conn = workers.database.work.checkout().await?;
    for chunk in fresh.chunks(CHUNK) {
        let today = usage::add(&mut conn, chunk).await?;
        quota.learn(chunk, &today, Instant::now());
    }
    conn.done();
    Ok(())
}

pub(super) async fn measure(workers: Workers) {
    let mut round = Round::new("holdings", workers.metrics.clone());
    loop {
        // Soon after the start, and then now and then.
        round.run(weigh(&workers)).await;
        tokio::time::sleep(MEASURED.mul_f64(rand::random_range(0.8..1.2))).await;
    }
}

async fn weigh(workers: &Workers) -> Result<(), store::Error> {
    let mut conn = workers.database.work.checkout().await?;
    usage::forget(&mut conn).await?;
    let holdings = usage::holdings(&mut conn).await?;
    conn.done();
    let sum = |of: fn(&usage::Holding) -> i64| holdings.iter().map(of).fold(0, i64::saturating_add);
    let of_all = [
        ("events", sum(|it| it.events)),
        ("approvals", sum(|it| it.approvals)),
        ("records", sum(|it| it.records)),
    ];
    let most = holdings.iter().map(usage::Holding::total).max().unwrap_or_default();
    workers.metrics.holdings(of_all, most);
    Ok(())
}
