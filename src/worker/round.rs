//! One round of a background service: measured, bounded in time, its failure logged once.

use std::{
    future::Future,
    time::{Duration, Instant},
};

use crate::{store, telemetry::Metrics};

/// Longest a round may take before it counts as failed.
pub(super) const LONGEST: Duration = Duration::from_secs(5);

/// Keeps the books of one service.
pub struct Round {
    name: &'static str,
    metrics: Metrics,
    last_success: Instant,
    failing: bool,
}

impl Round {
    pub fn new(name: &'static str, metrics: Metrics) -> Self {
        Self { name, metrics, last_success: Instant::now(), failing: false }
    }

    /// Time since the last round that worked.
    pub fn lag(&self) -> Duration {
        self.last_success.elapsed()
    }

    /// Runs one round; `None` if it failed, which has been logged then. A failure that lasts is logged once.
    pub async fn run<T>(&mut self, round: impl Future<Output = Result<T, store::Error>>) -> Option<T> {
        let begun = Instant::now();
        let result = store::in_time(LONGEST, round).await;
        self.metrics.swept(self.name, begun.elapsed(), result.is_ok());
        let done = match result {
            Ok(done) => {
                if self.failing {
                    tracing::info!(service = self.name, "works again");
                }
                self.failing = false;
                self.last_success = begun;
                Some(done)
            }
            Err(error) => {
                if !self.failing {
                    tracing::warn!(service = self.name, %error, "a round failed; it is tried again");
                }
                self.failing = true;
                None
            }
        };
        self.metrics.sweep_lag(self.name, self.lag());
        done
    }
}
