//! How much a socket's client may send: a bucket of tokens that fills up again, with room for a burst.

use std::time::Duration;

use tokio::time::Instant;

use crate::limits::{Bucket, Rate};

/// A burst may be this many times what a second allows.
const BURST: u32 = 5;
/// A message of more bytes counts for several.
const MESSAGE: f64 = 16.0 * 1024.0;

pub struct Allowance {
    rate: Rate,
    bucket: Bucket,
}

impl Allowance {
    pub fn new(each_second: u32) -> Self {
        let rate = Rate { per_second: f64::from(each_second), burst: each_second.saturating_mul(BURST) };
        Self { rate, bucket: Bucket::full(now()) }
    }

    /// Takes a message of `size` bytes, if it is allowed. A large one counts for several.
    pub fn take(&mut self, size: usize) -> bool {
        let weight = (f64::from(u32::try_from(size).unwrap_or(u32::MAX)) / MESSAGE).max(1.0);
        // One that is heavier than any bucket goes with a full one.
        let weight = weight.min(f64::from(self.rate.burst));
        let is_allowed = self.bucket.free(self.rate, now()) >= weight;
        if is_allowed {
            self.bucket.spend(weight, self.rate, now());
        }
        is_allowed
    }

    /// Takes `count` frames that have come already. Where they were too many: how long to read nothing more.
    pub fn owe(&mut self, count: u32) -> Option<Duration> {
        if count == 0 {
            return None;
        }
        self.bucket.spend(f64::from(count), self.rate, now());
        let left = self.bucket.free(self.rate, now());
        (left < 0.0).then(|| self.rate.time_for(-left))
    }

    /// Until there is one more.
    pub fn interval(&self) -> Duration {
        self.rate.time_for(1.0)
    }
}

/// By the runtime's clock, which tests can stop.
fn now() -> std::time::Instant {
    Instant::now().into_std()
}
