//! Sockets whose key was revoked: found within half a minute, and closed.

use std::{collections::HashSet, sync::Arc, time::Duration};

use super::{Round, Workers};
use crate::{
    bus::{Seat, seats::Verdict},
    domain::ids::KeyId,
    store::{self, keys},
};

const INTERVAL: Duration = Duration::from_secs(15);
/// Keys in one query.
const CHUNK: usize = 1_000;

pub(super) async fn run(workers: Workers) {
    let mut round = Round::new("credentials", workers.metrics.clone());
    loop {
        tokio::time::sleep(INTERVAL.mul_f64(rand::random_range(0.8..1.0))).await;
        let seats = workers.bus.seats.all();
        round.run(once(&workers, &seats)).await;
    }
}

async fn once(workers: &Workers, seats: &[Arc<Seat>]) -> Result<(), store::Error> {
    let used: HashSet<KeyId> = seats.iter().map(|seat| seat.credential).collect();
    if used.is_empty() {
        return Ok(());
    }
    let used: Vec<KeyId> = used.into_iter().collect();
    let mut good = HashSet::new();
    let mut conn = workers.database.work.checkout().await?;
    for chunk in used.chunks(CHUNK) {
        good.extend(keys::still_good(&mut conn, chunk).await?);
    }
    conn.done();
    for seat in seats.iter().filter(|seat| !good.contains(&seat.credential)) {
        seat.end(Verdict::Revoked);
    }
    Ok(())
}
