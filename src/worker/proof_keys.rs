//! Reads the keys by which outcomes are proved: every ten seconds, and within a second when a message names a key that is
//! not known here. Without keys nothing is wrong, only slower: outcomes are read.

use std::time::{Duration, Instant};

use sqlx::PgConnection;

use super::{Round, Workers};
use crate::{
    bus::proof::GOOD,
    store::{self, proof_keys},
    telemetry::Seldom,
};

const INTERVAL: Duration = Duration::from_secs(10);
/// Between two readings, whatever messages name.
const AT_LEAST: Duration = Duration::from_secs(1);
/// Longest that it may take.
const LONGEST: Duration = Duration::from_secs(3);

pub(super) async fn run(workers: Workers) {
    let mut round = Round::new("proof_keys", workers.metrics.clone());
    let none = Seldom::new(Duration::from_hours(1));
    loop {
        if round.run(once(&workers)).await == Some(0)
            && let Some(unsaid) = none.turn()
        {
            tracing::warn!(
                unsaid,
                "there is no key to prove outcomes with, so each waiter reads its outcome: run signoff proof-key rotate"
            );
        }
        tokio::time::sleep(AT_LEAST).await;
        tokio::select! {
            () = tokio::time::sleep(INTERVAL.saturating_sub(AT_LEAST).mul_f64(rand::random_range(0.8..1.2))) => {}
            () = workers.bus.proofs.wanted() => {}
        }
    }
}

/// Answers how many there are.
async fn once(workers: &Workers) -> Result<usize, store::Error> {
    let asked = Instant::now();
    let read = async |conn: &mut PgConnection| proof_keys::newest(conn, GOOD).await;
    let keys = workers.database.work.run(LONGEST, read).await?;
    let count = keys.len();
    workers.bus.proofs.know(keys, asked);
    Ok(count)
}
