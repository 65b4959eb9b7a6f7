//! Reads the keys by which outcomes are proved: soon after one was rotated, and at once when a message names one that is
//! not known here. Without them nothing is wrong, only slower: outcomes are read.

use std::time::{Duration, Instant};

use sqlx::PgConnection;

use super::{Round, Workers};
use crate::{
    bus::proof::GOOD,
    store::{self, proof_keys},
};

const INTERVAL: Duration = Duration::from_secs(10);
/// Between two readings, whatever messages name.
const AT_LEAST: Duration = Duration::from_secs(1);
/// Longest that it may take.
const LONGEST: Duration = Duration::from_secs(3);

pub(super) async fn run(workers: Workers) {
    let mut round = Round::new("proof_keys", workers.metrics.clone());
    loop {
        round.run(once(&workers)).await;
        tokio::time::sleep(AT_LEAST).await;
        tokio::select! {
            () = tokio::time::sleep(INTERVAL.saturating_sub(AT_LEAST).mul_f64(rand::random_range(0.8..1.2))) => {}
            () = workers.bus.proofs.wanted() => {}
        }
    }
}

async fn once(workers: &Workers) -> Result<(), store::Error> {
    let asked = Instant::now();
    let read = async |conn: &mut PgConnection| proof_keys::newest(conn, GOOD).await;
    workers.bus.proofs.know(workers.database.work.run(LONGEST, read).await?, asked);
    Ok(())
}
