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

pub(super) async fn run(workers: Workers) {
    let mut round = Round::new("search_index", workers.metrics.clone());
    let mut pass = Pass::default();
    let mut step = Step::new(MOST);
    loop {
        let more = round.run(once(&workers, &mut pass, &mut step)).await == Some(true);
        let pause = if more { PAUSE } else { INTERVAL };
        tokio::time::sleep(pause.mul_f64(rand::random_range(0.8..1.2))).await;
    }
}

/// Answers whether there may be more.
async fn once(workers: &Workers, pass: &mut Pass, step: &mut Step) -> Result<bool, store::Error> {
    let begun = Instant::now();
    let mut more = true;
    while more && begun.elapsed() < LONG {
        let most = usize::try_from(step.size()).unwrap_or(1);
        let index = async |conn: &mut PgConnection| search_index::index(conn, pass, (EXAMINE, most)).await;
        match workers.database.work.run(LONGEST, index).await {
            // Nothing: another instance is at it.
            Ok(indexed) => {
                step.worked();
                more = indexed.is_some_and(|indexed| indexed.more);
                if let Some(indexed) = indexed {
                    workers.metrics.search_behind(indexed.behind);
                }
            }
            Err(error) if may_be_too_much(&error) => {
                tracing::warn!(%error, size = step.size(), "outcomes could not be indexed; fewer are tried");
                if !step.halved() {
                    tracing::error!("an outcome can't be indexed; no search by words finds it");
                    let pass_over =
                        async |conn: &mut PgConnection| search_index::pass_over(conn, pass, EXAMINE).await;
                    workers.database.work.run(LONGEST, pass_over).await?;
                }
                return Ok(true);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(more)
}
