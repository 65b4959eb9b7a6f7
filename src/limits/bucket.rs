//! A token bucket: pure arithmetic over how much is used, and as of when.
//!
//! What is kept is what is *used*, not what is left: a bucket that nobody uses is then the same as no bucket, and one
//! whose limit is configured anew goes on sensibly.

use std::time::{Duration, Instant};

/// What is lost to rounding; far less than a token.
const EPSILON: f64 = 1e-6;

/// How fast tokens come back, and how many there are at most.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    pub per_second: f64,
    pub burst: u32,
}

impl Rate {
    /// Until so many tokens have come, rounded up: who waits for so long doesn't come too early.
    pub fn time_for(self, tokens: f64) -> Duration {
        let nanos = (tokens.max(0.0) / self.per_second * 1e9).ceil();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive; `as` caps it")]
        Duration::from_nanos(nanos as u64)
    }

    /// Until an empty bucket is full.
    pub fn window(self) -> Duration {
        self.time_for(f64::from(self.burst))
    }

    /// How many come in that time.
    pub fn gained(self, time: Duration) -> f64 {
        time.as_secs_f64() * self.per_second
    }
}

/// One bucket.
#[derive(Debug, Clone, Copy)]
pub struct Bucket {
    used: f64,
    at: Instant,
}

impl Bucket {
    pub fn full(now: Instant) -> Self {
        Self { used: 0.0, at: now }
    }

    fn used(self, rate: Rate, now: Instant) -> f64 {
        (self.used - rate.gained(now.saturating_duration_since(self.at))).max(0.0)
    }

    /// How many tokens are there; less than none where more were spent than there were.
    pub fn free(self, rate: Rate, now: Instant) -> f64 {
        f64::from(rate.burst) - self.used(rate, now)
    }

    pub fn is_full(self, rate: Rate, now: Instant) -> bool {
        self.used(rate, now) <= 0.0
    }

    /// Until a token is there; nothing if one is.
    pub fn wait(self, rate: Rate, now: Instant) -> Option<Duration> {
        let missing = 1.0 - self.free(rate, now);
        (missing > EPSILON).then(|| rate.time_for(missing))
    }

    /// Takes tokens, also such as aren't there: a caller that must not, asks first.
    pub fn spend(&mut self, tokens: f64, rate: Rate, now: Instant) {
        // A request that comes late with an earlier time must not turn it back.
        let now = now.max(self.at);
        *self = Self { used: self.used(rate, now) + tokens, at: now };
    }

    /// At least so many are used.
    pub fn at_least(&mut self, used: f64, rate: Rate, now: Instant) {
        let now = now.max(self.at);
        *self = Self { used: self.used(rate, now).max(used), at: now };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn take(bucket: &mut Bucket, rate: Rate, now: Instant) -> bool {
        let there = bucket.wait(rate, now).is_none();
        if there {
            bucket.spend(1.0, rate, now);
        }
        there
    }

    #[test]
    fn the_burst_then_the_rate() {
        let rate = Rate { per_second: 10.0, burst: 5 };
        let begin = Instant::now();
        let mut bucket = Bucket::full(begin);
        assert_eq!((0..20).filter(|_| take(&mut bucket, rate, begin)).count(), 5);
        assert_eq!(bucket.wait(rate, begin), Some(Duration::from_millis(100)));
        let later = begin + Duration::from_millis(100);
        assert_eq!((0..20).filter(|_| take(&mut bucket, rate, later)).count(), 1);
        let almost = later + Duration::from_millis(499);
        let full = later + rate.window();
        assert!(!bucket.is_full(rate, almost) && bucket.is_full(rate, full));
        assert_eq!((0..20).filter(|_| take(&mut bucket, rate, full)).count(), 5);
    }

    proptest! {
        /// Whatever comes when: never more than the limit allows, and never a token refused that has come.
        #[test]
        fn exactly_the_limit(
            per_second in 0.001..10_000.0_f64,
            burst in 1..1_000_u32,
            pauses in prop::collection::vec(0..2_000_000_u64, 1..300),
        ) {
            let rate = Rate { per_second, burst };
            let begin = Instant::now();
            let mut bucket = Bucket::full(begin);
            let mut now = begin;
            // The same limit told as a sum: what has come, at most a burst of it kept, less what was taken.
            let (mut there, mut taken) = (f64::from(burst), 0_u32);
            for micros in pauses {
                let pause = Duration::from_micros(micros);
                now += pause;
                there = (there + rate.gained(pause)).min(f64::from(burst));
                for _ in 0..3 {
                    if take(&mut bucket, rate, now) {
                        taken += 1;
                        there -= 1.0;
                        prop_assert!(there > -0.001, "{there} after {taken}");
                    } else {
                        prop_assert!(there < 1.001, "refused, though {there} were there");
                    }
                }
                let most = f64::from(burst) + rate.gained(now - begin);
                prop_assert!(f64::from(taken) <= most + 0.001, "{taken} of {most}");
            }
        }

        /// A caller that waits as long as it was told gets a token.
        #[test]
        fn waiting_helps(per_second in 0.001..10_000.0_f64, burst in 1..100_u32) {
            let rate = Rate { per_second, burst };
            let now = Instant::now();
            let mut bucket = Bucket::full(now);
            while take(&mut bucket, rate, now) {}
            let wait = bucket.wait(rate, now).unwrap();
            prop_assert!(take(&mut bucket, rate, now + wait));
        }
    }
}
