//! The reminder sweep: tells the reminders that are due.

use std::time::Duration;

use super::{
    Round, Workers,
    due::{self, Due},
};
use crate::{
    approvals::expire::{Failed, Swept},
    domain::ids::ApprovalId,
    store::{self, reminders, sweep::Next},
};

pub(super) async fn run(workers: Workers) {
    let round = Round::new("reminders", workers.metrics.clone());
    Box::pin(due::run::<Reminders>(workers, round, |_, _| {})).await;
}

struct Reminders;

impl Due for Reminders {
    const SPREAD: Duration = Duration::from_millis(50);
    const BATCH: i64 = 100;
    const FAILED: &'static str = "reminders could not be told";
    const CANT: &'static str = "it can't be reminded of";

    async fn soon(workers: &Workers) {
        workers.approvals.reminder_soon().await;
    }

    async fn next(workers: &Workers) -> Result<Next, store::Error> {
        let mut conn = workers.database.work.checkout().await?;
        let next = reminders::next(&mut conn).await?;
        conn.done();
        Ok(next)
    }

    async fn work(workers: &Workers, most: i64, besides: &[ApprovalId]) -> Result<Swept, Failed> {
        workers.approvals.remind_due(most, besides).await
    }
}
