//! The deadline sweep: sleeps until the earliest deadline it knows of (a second at most, because another
//! instance may have taken a shorter one), and applies the timeout actions of what is due.

use std::time::Duration;

use super::{Round, Workers};
use crate::store::{self, sweep};

const LONGEST_SLEEP: Duration = Duration::from_secs(1);
/// Time that several instances with the same deadline in mind spread their look over.
const SPREAD: Duration = Duration::from_millis(20);

pub(super) async fn run(workers: Workers) {
    let mut round = Round::new("deadlines", workers.metrics.clone());
    loop {
        let pause = round.run(once(&workers)).await.unwrap_or(LONGEST_SLEEP);
        tokio::time::sleep(pause.min(LONGEST_SLEEP) + SPREAD.mul_f64(rand::random_range(0.0..1.0))).await;
    }
}

/// Ends what is due; answers how long the next one is off.
async fn once(workers: &Workers) -> Result<Duration, store::Error> {
    let mut next = look(workers).await?;
    if next.is_zero() {
        while workers.approvals.expire_due().await?.1 {}
        next = look(workers).await?;
    }
    Ok(next)
}

async fn look(workers: &Workers) -> Result<Duration, store::Error> {
    let mut conn = workers.database.work.checkout().await?;
    let next = sweep::next_deadline(&mut conn).await?;
    conn.done();
    Ok(next.unwrap_or(LONGEST_SLEEP))
}
