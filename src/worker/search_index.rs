//! Puts what has ended into the index of terms, so that nobody who decides waits for that. Whichever instance comes
//! first does it; until then a search looks at the approvals themselves.

use std::time::{Duration, Instant};

use sqlx::PgConnection;

use super::{
    Round, Workers,
    step::{Step, may_be_too_much},
};
use crate::store::{
    self,
    search_index::{self, Pass},
};

const INTERVAL: Duration = Duration::from_secs(5);
/// The same while there is more, as after an upgrade or an import.
const PAUSE: Duration = Duration::from_millis(50);
/// How many are looked at, and how many of them indexed, in one step. The latter are few, for a description may have
/// thousands of words, and a statement three seconds; where it fails, they are fewer.
const EXAMINE: usize = 5_000;
const MOST: i64 = 100;
/// Longest a step may take.
const LONGEST: Duration = Duration::from_millis(3_500);
/// When a round takes no further step.
const LONG: Duration = Duration::from_secs(1);
/// How often the next outcome may find the table held, or take too long, until it is passed over for good. With what
/// each attempt takes, that is some minutes: longer than most maintenance.
const PATIENCE: u32 = 60;

pub(super) async fn run(workers: Workers) {
    let mut round = Round::new("search_index", workers.metrics.clone());
    let mut pass = Pass::default();
    let mut effort = Effort { step: Step::new(MOST), delayed: 0 };
    loop {
        let more = round.run(once(&workers, &mut pass, &mut effort)).await == Some(true);
        let pause = if more { PAUSE } else { INTERVAL };
        tokio::time::sleep(pause.mul_f64(rand::random_range(0.8..1.2))).await;
    }
}

/// How much is tried at once, and how often that was in vain.
struct Effort {
    step: Step,
    /// Attempts at one outcome that may have had to wait for others.
    delayed: u32,
}

impl Effort {
    /// A single outcome was tried. Whether that is to blame: what has to wait for a lock may work later.
    fn is_hopeless(&mut self, error: &store::Error) -> bool {
        if matches!(error, store::Error::Busy(_) | store::Error::TimedOut) {
            self.delayed += 1;
            return self.delayed >= PATIENCE;
        }
        true
    }
}

/// Answers whether there may be more.
async fn once(workers: &Workers, pass: &mut Pass, effort: &mut Effort) -> Result<bool, store::Error> {
    let begun = Instant::now();
    let mut more = true;
    while more && begun.elapsed() < LONG {
        let most = usize::try_from(effort.step.size()).unwrap_or(1);
        let index = async |conn: &mut PgConnection| search_index::index(conn, pass, (EXAMINE, most)).await;
        match workers.database.work.run(LONGEST, index).await {
            // Nothing: another instance is at it.
            Ok(indexed) => {
                effort.step.worked();
                effort.delayed = 0;
                more = indexed.is_some_and(|indexed| indexed.more);
                if let Some(indexed) = indexed {
                    workers.metrics.search_behind(indexed.behind);
                }
            }
            Err(error) if may_be_too_much(&error) => {
                tracing::warn!(%error, size = effort.step.size(), "outcomes could not be indexed; fewer are tried");
                if effort.step.halved() {
                    return Ok(true);
                }
                if !effort.is_hopeless(&error) {
                    return Err(error);
                }
                effort.delayed = 0;
                tracing::error!("an outcome can't be indexed; no search by words finds it");
                let pass_over =
                    async |conn: &mut PgConnection| search_index::pass_over(conn, pass, EXAMINE).await;
                workers.database.work.run(LONGEST, pass_over).await?;
                return Ok(true);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(more)
}
