//! Whether Postgres answers and the sweeps work: what readiness and the fast refusal of requests are based on.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use super::{Round, Workers};
use crate::presence::Happening;

const INTERVAL: Duration = Duration::from_secs(1);

/// What background work says of itself, and readiness shows.
#[derive(Clone, Default)]
pub struct Health {
    /// Outcomes are found that no hint told of.
    pub sweep: Fitness,
    /// Deadlines are applied in time.
    pub deadlines: Fitness,
    /// Records are linked in time.
    pub audit: Fitness,
}

/// Shared between a service, which writes it, and readiness, which reads it.
#[derive(Clone)]
pub struct Fitness(Arc<AtomicBool>);

impl Default for Fitness {
    fn default() -> Self {
        Self(Arc::new(AtomicBool::new(true)))
    }
}

impl Fitness {
    pub fn is_ok(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    pub(super) fn set(&self, ok: bool) {
        self.0.store(ok, Ordering::Relaxed);
    }
}

/// Between two looks that were asked for.
const AT_LEAST: Duration = Duration::from_millis(100);

/// Asks Postgres every second. While it is away, requests are refused at once instead of after two seconds of
/// waiting for a connection; when it is back, the next answer opens the door again.
pub(super) async fn probe(workers: Workers) {
    let mut round = Round::new("probe", workers.metrics.clone());
    let mut epoch = workers.database.epoch().ok();
    let mut was_up = workers.database.is_up();
    loop {
        round.run(workers.database.probe(|life| workers.bus.proofs.saw(life))).await;
        let is_up = workers.database.is_up();
        if was_up != is_up {
            // Told by the heart, once it can be.
            let happening = if is_up { Happening::DatabaseBack } else { Happening::DatabaseAway };
            workers.journal.note(happening);
        }
        was_up = is_up;
        workers.metrics.upkeep();
        let now = workers.database.epoch().ok();
        if epoch.is_some() && epoch != now {
            // What sockets have seen is no place in this log: each finds that out when it looks.
            workers.bus.seats.all().iter().for_each(|seat| seat.look());
            workers.bus.watchers.restored();
        }
        epoch = now;
        tokio::time::sleep(AT_LEAST).await;
        tokio::select! {
            () = tokio::time::sleep(INTERVAL.saturating_sub(AT_LEAST)) => {}
            () = workers.database.probe_wanted() => {}
        }
    }
}

/// Readiness alone goes by the answer. Whether messages arrive, the subscriber finds out.
const REDIS_INTERVAL: Duration = Duration::from_secs(3);

/// Asks Redis now and then, for readiness only: nothing else depends on the answer.
pub(super) async fn probe_redis(workers: Workers) {
    loop {
        workers.redis.probe().await;
        tokio::time::sleep(REDIS_INTERVAL).await;
    }
}
