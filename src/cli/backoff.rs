//! How long to leave a service alone that is in trouble.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(15);
/// Longest that a service can ask for.
const PATIENCE: Duration = Duration::from_mins(1);

/// Delays that double up to a limit, each with some chance in it: clients that lost the same instance must not
/// come back at the same moment.
#[derive(Debug, Default)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The next delay; `least` is what the service itself asked for.
    pub fn delay(&mut self, least: Duration) -> Duration {
        let most = FIRST.saturating_mul(2_u32.saturating_pow(self.failures)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        most.mul_f64(rand::random_range(0.5..1.0)).max(least.min(PATIENCE))
    }

    /// It worked.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_up_to_a_limit() {
        let mut backoff = Backoff::default();
        for most in [200, 400, 800, 1600, 3200, 6400, 12_800, 15_000, 15_000] {
            let (delay, most) = (backoff.delay(Duration::ZERO), Duration::from_millis(most));
            assert!(delay >= most / 2 && delay <= most, "{delay:?} {most:?}");
        }
        for _ in 0..100 {
            assert!(backoff.delay(Duration::ZERO) <= LONGEST);
        }
        backoff.reset();
        assert!(backoff.delay(Duration::ZERO) <= FIRST);
    }

    #[test]
    fn the_service_is_heeded_within_reason() {
        assert_eq!(Backoff::default().delay(Duration::from_secs(7)), Duration::from_secs(7));
        assert_eq!(Backoff::default().delay(Duration::from_hours(7)), PATIENCE);
    }
}
