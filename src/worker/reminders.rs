//! The reminder sweep: sleeps until the earliest reminder it knows of (a second at most, because another instance may
//! have taken an earlier one), and tells those that are due.

use std::time::Duration;

use super::{Round, Workers};
use crate::store::{self, reminders, sweep::Next};

const LONGEST_SLEEP: Duration = Duration::from_secs(1);
/// Time that several instances with the same reminder in mind spread their look over.
const SPREAD: Duration = Duration::from_millis(50);
/// Most reminders in one statement.
const BATCH: i64 = 100;
/// Most batches of one round: the rest is left to the next.
const BATCHES: usize = 10;

pub(super) async fn run(workers: Workers) {
    let mut round = Round::new("reminders", workers.metrics.clone());
    loop {
        let pause = match round.run(once(&workers)).await {
            Some((Next::In(time), _)) => time.min(LONGEST_SLEEP),
            // A full round leaves the rest to the next. What one could not tell is not tried again at once.
            Some((Next::Overdue(_), told)) if told > 0 => SPREAD,
            _ => LONGEST_SLEEP,
        };
        tokio::time::sleep(pause + SPREAD.mul_f64(rand::random_range(0.0..1.0))).await;
    }
}

/// How far off the next reminder is then, and how many were told.
async fn once(workers: &Workers) -> Result<(Next, usize), store::Error> {
    let next = look(workers).await?;
    if !matches!(next, Next::Overdue(_)) {
        return Ok((next, 0));
    }
    let mut told = 0;
    for _ in 0..BATCHES {
        match workers.approvals.remind_due(BATCH).await? {
            0 => break,
            more => told += more,
        }
    }
    Ok((look(workers).await?, told))
}

async fn look(workers: &Workers) -> Result<Next, store::Error> {
    let mut conn = workers.database.work.checkout().await?;
    let next = reminders::next(&mut conn).await?;
    conn.done();
    Ok(next)
}
