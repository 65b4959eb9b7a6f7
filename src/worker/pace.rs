//! The pace of the sweeps that make up for lost hints: now and then while the bus works, often while it doesn't,
//! and at once when it is back; then everything is looked at, because anything may have been missed.

use std::time::Duration;

use tokio::sync::watch;

use super::{Round, Workers};
use crate::{bus::BusState, config::Sweep};

/// A pause after which the window that a sweep looks at may have a hole.
const PAUSE: Duration = Duration::from_secs(5);

/// Paces one sweep.
pub struct Pace {
    sweep: Sweep,
    bus: watch::Receiver<BusState>,
    /// The subscription since which everything has been looked at.
    covered: u64,
    current: u64,
}

impl Pace {
    pub fn new(workers: &Workers) -> Self {
        let mut bus = workers.bus.state();
        let confirmed = bus.borrow_and_update().confirmed;
        Self { sweep: workers.sweep.clone(), bus, covered: confirmed, current: confirmed }
    }

    /// Sleeps until the next round; answers whether everything is to be looked at then. `None`: the bus has ended.
    pub async fn next(&mut self, round: &Round) -> Option<bool> {
        let interval = self.sweep.interval(self.bus.borrow().up).mul_f64(rand::random_range(0.8..1.0));
        tokio::select! {
            () = tokio::time::sleep(interval) => {}
            changed = self.bus.changed() => changed.ok()?,
        }
        self.current = self.bus.borrow_and_update().confirmed;
        Some(self.current != self.covered || round.lag() > PAUSE)
    }

    /// The round worked.
    pub fn done(&mut self) {
        self.covered = self.current;
    }
}
