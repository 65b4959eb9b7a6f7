//! Waking across instances: Redis pub/sub, the registry of who waits here, the seats of who is connected
//! here, and what those who watch are to be told.
//!
//! Postgres decides, Redis only wakes. A message is a hint that may be lost, late, doubled or forged. A waiter that it
//! wakes reads the row, unless the message proves the outcome ([`proof`]).
//!
//! So nothing here is ever awaited by a request, and everything here may fail without
//! any consequence but time: the outcome sweep covers what a hint missed. The one exception is [`buckets`], for which
//! requests do wait, within bounds: what limits count is worth nothing a minute later, and belongs nowhere else.

pub mod buckets;
mod complaints;
pub mod message;
pub mod names;
pub mod owners;
pub mod proof;
mod publisher;
mod redis;
pub mod registry;
pub mod seats;
mod subscriber;
pub mod watchers;

use std::sync::Arc;

use tokio::sync::watch;

pub use self::{
    message::{Change, Letter},
    names::Names,
    proof::Proofs,
    publisher::Publisher,
    redis::{Error, Found, Redis},
    registry::{Interest, Registry, Source},
    seats::{Seat, Seats},
    watchers::Watchers,
};
use crate::{lifecycle::Lifecycle, telemetry::Metrics};

/// Whether hints arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BusState {
    pub up: bool,
    /// How often a subscription was confirmed. Each new one means that hints may have been missed before it.
    pub confirmed: u64,
}

/// What the rest of the instance uses of the bus.
#[derive(Clone)]
pub struct Bus {
    pub registry: Arc<Registry>,
    pub seats: Arc<Seats>,
    pub watchers: Arc<Watchers>,
    pub publisher: Publisher,
    pub proofs: Arc<Proofs>,
    state: watch::Receiver<BusState>,
}

impl Bus {
    /// Starts publisher and subscriber. Redis need not be there.
    pub fn start(redis: &Redis, names: &Names, metrics: &Metrics, lifecycle: &Lifecycle) -> Self {
        let registry = Arc::new(Registry::new(metrics.clone()));
        let seats = Arc::new(Seats::default());
        let watchers = Arc::new(Watchers::default());
        let proofs = Arc::new(Proofs::default());
        let publisher = Publisher::start(redis.clone(), names, metrics.clone(), lifecycle);
        let state = subscriber::start(
            redis.clone(),
            names.clone(),
            publisher.clone(),
            subscriber::Listeners {
                registry: registry.clone(),
                seats: seats.clone(),
                watchers: watchers.clone(),
                proofs: proofs.clone(),
            },
            metrics.clone(),
            lifecycle,
        );
        Self { registry, seats, watchers, publisher, proofs, state }
    }

    /// Follows whether hints arrive.
    pub fn state(&self) -> watch::Receiver<BusState> {
        self.state.clone()
    }

    pub fn is_up(&self) -> bool {
        self.state.borrow().up
    }
}
