//! Puts what has ended into the index of terms, so that nobody who decides waits for that. Whichever instance comes
//! first does it; until then a search looks at the approvals themselves.

use std::time::{Duration, Instant};

use super::{Round, Workers};
use crate::store::{
    self,
    search_index::{self, Pass},
};

const INTERVAL: Duration = Duration::from_secs(5);
/// The same while there is more, as after an upgrade or an import.
const PAUSE: Duration = Duration::from_millis(50);
/// How many are looked at, and how many of them indexed, in one step. The latter are few, for a description may have
/// thousands of words, and a statement three seconds.
const STEP: (usize, usize) = (5_000, 100);
/// When a round takes no further step.
const LONG: Duration = Duration::from_secs(1);

pub(super) async fn run(workers: Workers) {
    let mut round = Round::new("search_index", workers.metrics.clone());
    let mut pass = Pass::default();
    loop {
        let more = round.run(once(&workers, &mut pass)).await == Some(true);
        let pause = if more { PAUSE } else { INTERVAL };
        tokio::time::sleep(pause.mul_f64(rand::random_range(0.8..1.2))).await;
    }
}

/// Answers whether there may be more.
async fn once(workers: &Workers, pass: &mut Pass) -> Result<bool, store::Error> {
    let begun = Instant::now();
    let mut conn = workers.database.work.checkout().await?;
    let mut more = true;
    while more && begun.elapsed() < LONG {
        // Nothing: another instance is at it.
        let indexed = search_index::index(&mut conn, pass, STEP).await?;
        more = indexed.is_some_and(|indexed| indexed.more);
        if let Some(indexed) = indexed {
            workers.metrics.search_behind(indexed.behind);
        }
    }
    conn.done();
    Ok(more)
}
