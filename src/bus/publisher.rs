//! Sending hints: one task with one connection, in the order in which changes were committed.
//!
//! Callers hand over and go on. What can't be sent in time is kept, up to a bound, and tried again half a second
//! later: the sweep wakes meanwhile, and a Redis that hangs must not pile up work here.

use std::time::Duration;

use deadpool_redis::{Connection, redis};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until, timeout},
};

use super::{
    Error, Redis,
    message::{Change, encode_canary},
    names::Names,
    redis::COMMAND,
};
use crate::{lifecycle::Lifecycle, telemetry::Metrics};

/// Hints that may wait to be sent.
const QUEUE: usize = 16_384;
/// Hints that go into one message at most; some 10 KB.
const MESSAGE: usize = 128;
/// Hints that are kept for when Redis is back.
const KEPT: usize = 4_096;
/// How long a failure keeps us from trying again.
const OPEN: Duration = Duration::from_millis(500);

/// Takes hints. Clones share one connection.
#[derive(Clone)]
pub struct Publisher {
    queue: mpsc::Sender<Hint>,
    metrics: Metrics,
}

enum Hint {
    Change(Change),
    Canary(u64),
}

impl Publisher {
    pub(super) fn start(redis: Redis, names: &Names, metrics: Metrics, lifecycle: &Lifecycle) -> Self {
        let (queue, hints) = mpsc::channel(QUEUE);
        let actor = Actor {
            redis,
            changes: names.changes(),
            inbox: names.inbox(),
            connection: None,
            kept: Vec::new(),
            closed_until: Instant::now(),
            failing: false,
            metrics: metrics.clone(),
        };
        lifecycle.spawn_service("publisher", actor.run(hints, lifecycle.clone()));
        Self { queue, metrics }
    }

    /// Tells the other instances. Never waits and never fails.
    pub fn changed(&self, change: Change) {
        self.send(Hint::Change(change));
    }

    pub(super) fn canary(&self, number: u64) {
        self.send(Hint::Canary(number));
    }

    fn send(&self, hint: Hint) {
        if self.queue.try_send(hint).is_err() {
            self.metrics.hints_dropped("queue_full", 1);
        }
    }
}

struct Actor {
    redis: Redis,
    changes: String,
    inbox: String,
    connection: Option<Connection>,
    /// What could not be sent yet.
    kept: Vec<Hint>,
    /// The breaker: nothing is tried before.
    closed_until: Instant,
    /// A failure that lasts is logged once.
    failing: bool,
    metrics: Metrics,
}

impl Actor {
    async fn run(mut self, mut hints: mpsc::Receiver<Hint>, lifecycle: Lifecycle) {
        let mut taken = Vec::with_capacity(MESSAGE);
        loop {
            tokio::select! {
                // Whatever was handed over before the end is still sent.
                biased;
                count = hints.recv_many(&mut taken, MESSAGE) => if count == 0 {
                    return;
                },
                () = sleep_until(self.closed_until), if !self.kept.is_empty() => {}
                () = lifecycle.stopping().cancelled() => return,
            }
            self.keep(&mut taken);
            if Instant::now() >= self.closed_until {
                self.send().await;
            }
        }
    }

    /// Queues behind what is left over; the oldest go where there are too many.
    fn keep(&mut self, taken: &mut Vec<Hint>) {
        self.kept.append(taken);
        let excess = self.kept.len().saturating_sub(KEPT);
        if excess > 0 {
            self.metrics.hints_dropped("redis_failed", excess);
            self.kept.drain(..excess);
        }
    }

    async fn send(&mut self) {
        while !self.kept.is_empty() {
            let count = self.kept.len().min(MESSAGE);
            let hints: Vec<Hint> = self.kept.drain(..count).collect();
            let result = self.try_send(&hints).await;
            if let Err(error) = result {
                // A canary that comes late would prove nothing.
                self.kept.splice(0..0, hints.into_iter().filter(|hint| hint.change().is_some()));
                self.fail(&error);
                return;
            }
            if self.failing {
                tracing::info!("publishing works again");
                self.failing = false;
            }
        }
    }

    fn fail(&mut self, error: &Error) {
        if !self.failing {
            tracing::warn!(%error, "could not publish; until it works again, the sweep wakes instead");
        }
        self.failing = true;
        // Its state is unknown: not for the pool.
        if let Some(connection) = self.connection.take() {
            drop(Connection::take(connection));
        }
        self.closed_until = Instant::now() + OPEN;
    }

    async fn try_send(&mut self, hints: &[Hint]) -> Result<(), Error> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            // Kept from here on: a checkout from the pool pings first, which would double the way.
            none => none.insert(self.redis.connection().await?),
        };
        let mut pipeline = redis::pipe();
        for hint in hints {
            if let Hint::Canary(number) = hint {
                pipeline.publish(&self.inbox, encode_canary(*number)).ignore();
            }
        }
        let changes: Vec<&Change> = hints.iter().filter_map(Hint::change).collect();
        if !changes.is_empty() {
            pipeline.publish(&self.changes, Change::encode(changes)).ignore();
        }
        timeout(COMMAND, pipeline.exec_async(connection)).await??;
        Ok(())
    }
}

impl Hint {
    fn change(&self) -> Option<&Change> {
        match self {
            Self::Change(change) => Some(change),
            Self::Canary(_) => None,
        }
    }
}
