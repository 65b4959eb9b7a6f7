//! The reminder sweep: sleeps until the earliest reminder it knows of (a second at most, because another instance may
//! have taken an earlier one), and tells those that are due.
//!
//! It serves all workspaces. A batch that fails is halved until the row that is to blame stands alone; that row is
//! passed over for a while, so that all other reminders go on.

use std::time::{Duration, Instant};

use super::{
    Round, Workers,
    passed_over::PassedOver,
    step::{Step, may_be_too_much},
};
use crate::{
    approvals::expire::Failed,
    store::{self, reminders, sweep::Next},
};

const LONGEST_SLEEP: Duration = Duration::from_secs(1);
/// Time that several instances with the same reminder in mind spread their look over.
const SPREAD: Duration = Duration::from_millis(50);
/// Most reminders in one statement.
const BATCH: i64 = 100;
/// When a round leaves the rest to the next.
const LONG: Duration = Duration::from_secs(1);
/// What the log says of what is passed over.
const CANT: &str = "it can't be reminded of";

pub(super) async fn run(workers: Workers) {
    let mut round = Round::new("reminders", workers.metrics.clone());
    let mut sweep = Reminders { step: Step::new(BATCH), passed_over: PassedOver::default(), told: 0 };
    loop {
        let pause = match round.run(sweep.once(&workers)).await {
            Some(Next::In(time)) => time.min(LONGEST_SLEEP),
            // A full round leaves the rest to the next. What one could not tell is not tried again at once.
            Some(Next::Overdue(_)) if sweep.told > 0 => SPREAD,
            Some(Next::Overdue(_) | Next::None) | None => LONGEST_SLEEP,
        };
        tokio::time::sleep(pause + SPREAD.mul_f64(rand::random_range(0.0..1.0))).await;
    }
}

struct Reminders {
    step: Step,
    passed_over: PassedOver,
    /// How many the last round told.
    told: usize,
}

impl Reminders {
    /// Tells what is due; answers how far off the next reminder is then.
    async fn once(&mut self, workers: &Workers) -> Result<Next, store::Error> {
        let begun = Instant::now();
        self.told = 0;
        let mut more = matches!(look(workers).await?, Next::Overdue(_));
        while more && begun.elapsed() < LONG {
            let besides = self.passed_over.now();
            match workers.approvals.remind_due(self.step.size(), &besides).await {
                Ok(told) => {
                    self.told += told;
                    more = told > 0;
                    self.step.worked();
                }
                Err(Failed { error, batch }) if may_be_too_much(&error) => {
                    tracing::warn!(%error, size = self.step.size(), "reminders could not be told; fewer are tried");
                    if !self.step.halved() {
                        self.passed_over.add(&batch, CANT);
                    }
                }
                Err(failed) => return Err(failed.error),
            }
        }
        look(workers).await
    }
}

async fn look(workers: &Workers) -> Result<Next, store::Error> {
    let mut conn = workers.database.work.checkout().await?;
    let next = reminders::next(&mut conn).await?;
    conn.done();
    Ok(next)
}
