//! The deadline sweep: sleeps until the earliest deadline it knows of (a second at most, because another
//! instance may have taken a shorter one), and applies the timeout actions of what is due.
//!
//! It serves all workspaces. A batch that fails is halved until the row that is to blame stands alone; that row is
//! passed over for a while, so that all other deadlines go on.

use std::time::{Duration, Instant};

use super::{
    Health, Round, Workers,
    passed_over::PassedOver,
    step::{Step, may_be_too_much},
};
use crate::{
    approvals::expire::Failed,
    store::{
        self,
        sweep::{self, Next},
    },
};

const LONGEST_SLEEP: Duration = Duration::from_secs(1);
/// Time that several instances with the same deadline in mind spread their look over.
const SPREAD: Duration = Duration::from_millis(20);
/// Most approvals in one statement.
const BATCH: i64 = 200;
/// When a round leaves the rest to the next.
const LONG: Duration = Duration::from_secs(1);
/// What is overdue longer than this is late.
const LATE: Duration = Duration::from_secs(15);
/// What the log says of what is passed over.
const CANT: &str = "its deadline can't be applied";

pub(super) async fn run(workers: Workers, health: Health) {
    let mut round = Round::new("deadlines", workers.metrics.clone());
    let mut sweep = Deadlines { step: Step::new(BATCH), passed_over: PassedOver::default(), ended: 0 };
    loop {
        let next = round.run(sweep.once(&workers)).await;
        let overdue = if let Some(Next::Overdue(overdue)) = next { overdue } else { Duration::ZERO };
        health.deadlines.set(round.lag() < LATE && overdue < LATE);
        let pause = match next {
            Some(Next::In(time)) => time.min(LONGEST_SLEEP),
            // A full round leaves the rest to the next. What one could not end is not tried again at once.
            Some(Next::Overdue(_)) if sweep.ended > 0 => SPREAD,
            Some(Next::Overdue(_) | Next::None) | None => LONGEST_SLEEP,
        };
        tokio::time::sleep(pause + SPREAD.mul_f64(rand::random_range(0.0..1.0))).await;
    }
}

struct Deadlines {
    step: Step,
    passed_over: PassedOver,
    /// How many the last round ended.
    ended: usize,
}

impl Deadlines {
    /// Ends what is due; answers how far off the next deadline is then.
    async fn once(&mut self, workers: &Workers) -> Result<Next, store::Error> {
        let begun = Instant::now();
        self.ended = 0;
        let mut more = matches!(look(workers).await?, Next::Overdue(_));
        while more && begun.elapsed() < LONG {
            let besides = self.passed_over.now();
            match workers.approvals.expire_due(self.step.size(), &besides).await {
                Ok(swept) => {
                    self.passed_over.add(&swept.unreadable, CANT);
                    self.ended += swept.ended;
                    // Where nothing was ended, others are at all that is left.
                    more = swept.full && (swept.ended > 0 || !swept.unreadable.is_empty());
                    self.step.worked();
                }
                Err(Failed { error, batch }) if may_be_too_much(&error) => {
                    tracing::warn!(%error, size = self.step.size(), "deadlines could not be applied; fewer are tried");
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
    let next = sweep::next_deadline(&mut conn).await?;
    conn.done();
    Ok(next)
}
