//! Sending hints: one task with one connection, in the order in which changes were committed.
//!
//! Callers hand over and go on. What can't be sent within 50 ms (a new connection may take a second) is dropped, and so is everything for the next
//! half second: the sweep brings it, and a Redis that hangs must not pile up work here.

use std::time::Duration;

use deadpool_redis::{Connection, redis};
use tokio::{
    sync::mpsc,
    time::{Instant, timeout},
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
            closed_until: Instant::now(),
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
    /// The breaker: nothing is tried before.
    closed_until: Instant,
    metrics: Metrics,
}

impl Actor {
    async fn run(mut self, mut hints: mpsc::Receiver<Hint>, lifecycle: Lifecycle) {
        let mut taken = Vec::with_capacity(MESSAGE);
        loop {
            let count = tokio::select! {
                // Whatever was handed over before the end is still sent.
                biased;
                count = hints.recv_many(&mut taken, MESSAGE) => count,
                () = lifecycle.stopping().cancelled() => return,
            };
            if count == 0 {
                return;
            }
            self.send(&taken).await;
            taken.clear();
        }
    }

    async fn send(&mut self, hints: &[Hint]) {
        if Instant::now() < self.closed_until {
            self.metrics.hints_dropped("breaker_open", hints.len());
            return;
        }
        if let Err(error) = self.try_send(hints).await {
            tracing::warn!(%error, hints = hints.len(), "could not publish; the sweep will wake instead");
            self.metrics.hints_dropped("redis_failed", hints.len());
            // Its state is unknown: not for the pool.
            if let Some(connection) = self.connection.take() {
                drop(Connection::take(connection));
            }
            self.closed_until = Instant::now() + OPEN;
        }
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
