//! How much a socket's client may send: a bucket of tokens that fills up again, with room for a burst.

use std::time::Duration;

use tokio::time::Instant;

/// A burst may be this many times what a second allows.
const BURST: u32 = 5;
/// A message of more bytes counts for several.
const MESSAGE: f64 = 16.0 * 1024.0;

pub struct Allowance {
    each_second: f64,
    /// Below zero: what was taken beyond it.
    left: f64,
    at: Instant,
}

impl Allowance {
    pub fn new(each_second: u32) -> Self {
        let each_second = f64::from(each_second);
        Self { each_second, left: each_second * f64::from(BURST), at: Instant::now() }
    }

    fn full(&self) -> f64 {
        self.each_second * f64::from(BURST)
    }

    fn refill(&mut self) {
        let gained = self.at.elapsed().as_secs_f64() * self.each_second;
        self.at = Instant::now();
        self.left = (self.left + gained).min(self.full());
    }

    /// Takes a message of `size` bytes, if it is allowed. A large one counts for several.
    pub fn take(&mut self, size: usize) -> bool {
        let weight = (f64::from(u32::try_from(size).unwrap_or(u32::MAX)) / MESSAGE).max(1.0);
        self.refill();
        // One that is heavier than any bucket goes with a full one.
        let weight = weight.min(self.full());
        if self.left < weight {
            return false;
        }
        self.left -= weight;
        true
    }

    /// Takes `count` frames that have come already. Where they were too many: how long to read nothing more.
    pub fn owe(&mut self, count: u32) -> Option<Duration> {
        if count == 0 {
            return None;
        }
        self.refill();
        self.left -= f64::from(count);
        (self.left < 0.0).then(|| Duration::from_secs_f64(-self.left / self.each_second))
    }

    /// Until there is one more.
    pub fn interval(&self) -> Duration {
        Duration::from_secs_f64(1.0 / self.each_second)
    }
}
