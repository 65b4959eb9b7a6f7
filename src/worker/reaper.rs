//! The reaper: connections of instances whose lease has run out disappear, whichever instance finds them first.
//!
//! It also finds what this instance was not told of while Redis was away: sockets that a caller closed by hand,
//! and, as long as that lasts, sockets whose task has another owner.

use std::time::Duration;

use super::{Round, Workers};
use crate::{
    bus::owners::Owner,
    store::{self, connections},
};

const BATCH: i64 = 1_000;
/// Between two rounds, and between two while the bus is down.
const INTERVAL: Duration = Duration::from_secs(10);
const INTERVAL_BUS_DOWN: Duration = Duration::from_secs(3);

pub(super) async fn run(workers: Workers) {
    let mut round = Round::new("reaper", workers.metrics.clone());
    loop {
        let up = workers.bus.is_up();
        // Never longer than the lease itself: it is what others wait for.
        let interval = if up { INTERVAL.min(workers.lease.ttl() / 3) } else { INTERVAL_BUS_DOWN };
        tokio::time::sleep(interval.mul_f64(rand::random_range(0.8..1.0))).await;
        round.run(once(&workers)).await;
        if !workers.bus.is_up() {
            workers.ownership.check_all().await;
        }
    }
}

async fn once(workers: &Workers) -> Result<(), store::Error> {
    let mut conn = workers.database.work.checkout().await?;
    // Just back ourselves, we can't tell who else is about to come back.
    while workers.pulse.is_steady() {
        let reaped = connections::reap(&mut conn, workers.lease.ttl(), BATCH).await?;
        if reaped.is_empty() {
            break;
        }
        tracing::info!(connections = reaped.len(), "removed connections of dead instances");
        workers.metrics.connections_reaped(reaped.len());
        for connections::Reaped { key, instance, generation } in reaped {
            workers.bus.publisher.released(Owner { key, instance, generation });
        }
    }
    for key in connections::to_close(&mut conn, &workers.instance).await? {
        workers.bus.seats.check(&key);
    }
    conn.done();
    workers.ownership.remove_orphans().await
}
