//! The deadline sweep: applies the timeout actions of what is due.

use std::time::Duration;

use super::{
    Health, Round, Workers,
    due::{self, Due},
};
use crate::{
    approvals::expire::{Failed, Swept},
    domain::ids::ApprovalId,
    store::{
        self,
        sweep::{self, Next},
    },
};

/// What is overdue longer than this is late.
const LATE: Duration = Duration::from_secs(15);

pub(super) async fn run(workers: Workers, health: Health) {
    let tell = move |lag, overdue| health.deadlines.set(lag < LATE && overdue < LATE);
    let round = Round::new("deadlines", workers.metrics.clone());
    Box::pin(due::run::<Deadlines>(workers, round, tell)).await;
}

struct Deadlines;

impl Due for Deadlines {
    const SPREAD: Duration = Duration::from_millis(20);
    const BATCH: i64 = 200;
    const FAILED: &'static str = "deadlines could not be applied";
    const CANT: &'static str = "its deadline can't be applied";

    async fn soon(workers: &Workers) {
        workers.approvals.deadline_soon().await;
    }

    async fn next(workers: &Workers) -> Result<Next, store::Error> {
        let mut conn = workers.database.work.checkout().await?;
        let next = sweep::next_deadline(&mut conn).await?;
        conn.done();
        Ok(next)
    }

    async fn work(workers: &Workers, most: i64, besides: &[ApprovalId]) -> Result<Swept, Failed> {
        workers.approvals.expire_due(most, besides).await
    }
}
