//! The outcome sweep: finds what ended without its hint having reached us.
//!
//! It costs by what is smaller, the outcomes of the last seconds or the waiters here. The window overlaps the
//! round before it by more than any transaction may live, so that a late commit can't fall between two rounds.
//! After a pause longer than that (a frozen process, a database that was away) and after every confirmed
//! subscription, all that is waited for here is read once.

use std::time::Duration;

use super::{Health, Pace, Round, Workers};
use crate::{
    bus::Source,
    domain::ids::ApprovalId,
    store::{self, sweep},
};

/// Longer than any transaction may live (statements 3 s, locks 2 s, idle 5 s, a command 8 s over all).
pub(super) const WINDOW: Duration = Duration::from_secs(15);
/// Up to so many waited approvals are asked for by id; more, by the window.
const FEW: usize = 256;
/// Ids in one query.
const CHUNK: usize = 1_000;

pub(super) async fn run(workers: Workers, health: Health) {
    let mut round = Round::new("outcomes", workers.metrics.clone());
    let mut pace = Pace::new(&workers);
    while let Some(everything) = pace.next(&round).await {
        let waited = workers.bus.registry.waited();
        if let Some(ended) = round.run(look(&workers, &waited, everything)).await {
            pace.done();
            workers.bus.registry.wake(ended, Source::Sweep);
        }
        health.sweep.set(round.lag() < WINDOW);
    }
}

async fn look(
    workers: &Workers,
    waited: &[ApprovalId],
    everything: bool,
) -> Result<Vec<ApprovalId>, store::Error> {
    if waited.is_empty() {
        return Ok(Vec::new());
    }
    let mut conn = workers.database.work.checkout().await?;
    let mut ended = Vec::new();
    if everything || waited.len() <= FEW {
        for chunk in waited.chunks(CHUNK) {
            ended.extend(sweep::ended_among(&mut conn, chunk).await?);
        }
    } else {
        ended = sweep::ended_within(&mut conn, WINDOW).await?;
    }
    conn.done();
    Ok(ended)
}
