//! Receiving hints: a dedicated connection, supervised.
//!
//! The end of the stream is a normal event, and silence proves nothing: a killed client ends it without an
//! error, a frozen server leaves it open without a word. So the loop sends itself a canary through the normal
//! path and takes its absence for the truth, reconnects with jittered back-off, and announces every confirmed
//! subscription so that the waiters here read once more. It hands over and never waits for a consumer.

use std::{sync::Arc, time::Duration};

use futures_util::StreamExt;
use tokio::{
    sync::watch,
    time::{Instant, MissedTickBehavior, interval_at, timeout},
};

use super::{
    BusState, Change, Error, Redis, message::Letter, names::Names, proof::Proofs, publisher::Publisher,
    redis::CONNECT, registry::Registry, seats::Seats, watchers::Watchers,
};
use crate::{
    domain::event::TaskKey,
    lifecycle::Lifecycle,
    telemetry::{Metrics, Seldom},
};

/// How often we ask ourselves whether messages arrive, and how long we wait for the answer.
const CANARY: Duration = Duration::from_secs(2);
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

pub(super) fn start(
    redis: Redis,
    names: Names,
    publisher: Publisher,
    listeners: Listeners,
    metrics: Metrics,
    lifecycle: &Lifecycle,
) -> watch::Receiver<BusState> {
    let (state, follow) = watch::channel(BusState { up: false, confirmed: 0 });
    let gone = Seldom::new(Duration::from_mins(1));
    let subscriber = Subscriber { redis, names, publisher, listeners, metrics, state, canaries: 0, gone };
    lifecycle.spawn_loop("subscriber", subscriber.run());
    follow
}

/// Who is told what comes.
pub(super) struct Listeners {
    pub registry: Arc<Registry>,
    pub seats: Arc<Seats>,
    pub watchers: Arc<Watchers>,
    pub proofs: Arc<Proofs>,
}

struct Subscriber {
    redis: Redis,
    names: Names,
    publisher: Publisher,
    listeners: Listeners,
    metrics: Metrics,
    state: watch::Sender<BusState>,
    canaries: u64,
    gone: Seldom,
}

impl Subscriber {
    async fn run(mut self) {
        let mut pause = BACK_OFF.0;
        loop {
            match self.listen().await {
                Ok(reason) => {
                    pause = BACK_OFF.0;
                    // Where messages never come through, it goes every few seconds.
                    if let Some(unsaid) = self.gone.turn() {
                        tracing::warn!(
                            reason,
                            unsaid,
                            "the bus connection is gone; the sweep wakes until it is back"
                        );
                    }
                }
                Err(error) => {
                    pause = (pause * 2).min(BACK_OFF.1);
                    self.redis.tell("subscribe", &Err::<(), _>(error));
                }
            }
            self.state.send_modify(|state| state.up = false);
            self.metrics.bus_up(false);
            tokio::time::sleep(pause.mul_f64(rand::random_range(0.5..1.0))).await;
        }
    }

    /// Listens on one connection until it is no longer good; says why. An error means that there was none.
    async fn listen(&mut self) -> Result<&'static str, Error> {
        let (mut sink, mut messages) = self.redis.subscriber().await?.split();
        let channels = [self.names.changes(), self.names.inbox()];
        timeout(CONNECT, sink.subscribe(&channels)).await??;
        self.redis.tell("subscribe", &Ok::<_, Error>(()));
        self.state.send_modify(|state| {
            state.up = true;
            state.confirmed += 1;
        });
        self.metrics.bus_up(true);
        tracing::info!("the bus is up");

        let mut tick = interval_at(Instant::now() + CANARY, CANARY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heard = self.canaries;
        loop {
            tokio::select! {
                message = messages.next() => match message {
                    None => return Ok("the stream ended"),
                    Some(message) => {
                        // What isn't text isn't ours.
                        let Ok(text) = std::str::from_utf8(message.get_payload_bytes()) else { continue };
                        if message.get_channel_name() == channels[0] {
                            self.changed(text);
                        } else if let Some(number) = self.received(text)
                            // One that we have not sent yet says nothing of those that we did.
                            && number <= self.canaries
                        {
                            heard = heard.max(number);
                        }
                    }
                },
                _ = tick.tick() => {
                    if heard < self.canaries {
                        return Ok("no canary came back");
                    }
                    self.canaries += 1;
                    self.publisher.canary(self.canaries);
                }
            }
        }
    }

    /// Approvals changed: their waiters look, and so do the sockets of their tasks and the feeds of their workspaces.
    fn changed(&self, text: &str) {
        let changes: Vec<Change> = Change::decode(text).collect();
        self.listeners.registry.told(&changes, &self.listeners.proofs);
        for change in changes {
            self.listeners.watchers.changed(&change);
            let Change { workspace, task, .. } = change;
            self.listeners.seats.events(&TaskKey { workspace, task });
        }
    }

    /// Something for us alone; answers with a canary's number.
    fn received(&self, text: &str) -> Option<u64> {
        match Letter::decode(text)? {
            Letter::Canary(number) => return Some(number),
            Letter::Events(key) => self.listeners.seats.events(&key),
            Letter::Owner(key) => self.listeners.seats.check(&key),
        }
        None
    }
}
