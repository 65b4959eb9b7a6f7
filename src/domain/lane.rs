//! How a lane of notifications treats its destination: how many messages it sends at once, when it leaves the
//! destination alone, and for how long. Pure.

use std::time::Duration;

/// After this many failures in a row a destination is left alone.
pub const BREAKS_AT: u32 = 5;
/// How long it is left alone, longer with each further failure.
const HOLDS: [Duration; 5] = [
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_mins(2),
    Duration::from_mins(10),
    Duration::from_mins(30),
];
/// How long a notification waits if its destination could not be reached and the lane goes on.
pub const SOON: Duration = Duration::from_secs(5);

/// A destination, during one turn of its lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Breaker {
    failures: u32,
    /// How many messages may be under way now, and how many at most.
    at_once: usize,
    most: usize,
    is_open: bool,
}

impl Breaker {
    /// A destination after this number of failures in a row. One that was left alone is tried with one message first.
    pub fn new(failures: u32, most: usize) -> Self {
        let at_once = if failures >= BREAKS_AT { 1 } else { most };
        Self { failures, at_once, most, is_open: false }
    }

    pub fn failures(self) -> u32 {
        self.failures
    }

    /// How many messages may be under way. None once the breaker is open.
    pub fn at_once(self) -> usize {
        if self.is_open { 0 } else { self.at_once }
    }

    /// The destination took a message, or refused that one alone: so it is there. This also closes a breaker that other
    /// messages have opened a moment ago.
    pub fn is_there(&mut self) {
        self.failures = 0;
        self.is_open = false;
        self.at_once = (self.at_once * 2).min(self.most);
    }

    /// The destination could not be reached.
    pub fn is_away(&mut self) {
        // Messages that were under way when it opened fail for the same reason, and don't count.
        if !self.is_open {
            self.failures = self.failures.saturating_add(1);
            self.is_open = self.failures >= BREAKS_AT;
        }
    }

    /// How long the destination is left alone. Zero while the breaker is closed.
    pub fn hold(self) -> Duration {
        if !self.is_open {
            return Duration::ZERO;
        }
        let step = usize::try_from(self.failures - BREAKS_AT).unwrap_or(usize::MAX);
        HOLDS[step.min(HOLDS.len() - 1)]
    }
}

/// A fifth more or less, by a number from 0 to 1. So messages that failed together don't come back together.
pub fn jittered(wait: Duration, random: f64) -> Duration {
    wait.mul_f64(0.8 + 0.4 * random.clamp(0.0, 1.0))
}

/// Up to a fifth more, never less: the destination has said how long it must be left alone.
pub fn at_least(wait: Duration, random: f64) -> Duration {
    wait.mul_f64(1.0 + 0.2 * random.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_destination_that_stays_away_is_left_alone_for_longer_each_time() {
        let mut failures = 0;
        let mut holds = Vec::new();
        for _ in 0..11 {
            let mut breaker = Breaker::new(failures, 8);
            breaker.is_away();
            failures = breaker.failures();
            holds.push(breaker.hold().as_secs());
        }
        assert_eq!(holds, [0, 0, 0, 0, 5, 30, 120, 600, 1_800, 1_800, 1_800]);
    }

    #[test]
    fn one_message_tries_a_destination_that_was_left_alone_and_then_more_and_more() {
        let mut breaker = Breaker::new(BREAKS_AT, 8);
        let mut at_once = Vec::new();
        for _ in 0..5 {
            at_once.push(breaker.at_once());
            breaker.is_there();
        }
        assert_eq!(at_once, [1, 2, 4, 8, 8]);
        assert_eq!((breaker.failures(), breaker.hold()), (0, Duration::ZERO));
    }

    #[test]
    fn nothing_more_is_begun_once_it_is_open() {
        let mut breaker = Breaker::new(4, 8);
        assert_eq!(breaker.at_once(), 8);
        breaker.is_away();
        assert_eq!(breaker.at_once(), 0);
    }

    #[test]
    fn messages_that_fail_together_count_once_beyond_the_break() {
        let mut breaker = Breaker::new(4, 4);
        for _ in 0..4 {
            breaker.is_away();
        }
        assert_eq!((breaker.failures(), breaker.hold()), (5, Duration::from_secs(5)));
    }

    #[test]
    fn one_that_was_under_way_and_arrives_after_all_closes_it_again() {
        let mut breaker = Breaker::new(4, 4);
        breaker.is_away();
        assert_eq!(breaker.at_once(), 0);
        breaker.is_there();
        assert_eq!((breaker.failures(), breaker.hold(), breaker.at_once()), (0, Duration::ZERO, 4));
        breaker.is_away();
        assert_eq!((breaker.failures(), breaker.hold()), (1, Duration::ZERO));
    }

    #[test]
    fn waits_differ_by_a_fifth() {
        let wait = Duration::from_secs(10);
        assert_eq!(jittered(wait, 0.0), Duration::from_secs(8));
        assert_eq!(jittered(wait, 1.0), Duration::from_secs(12));
        assert_eq!(at_least(wait, 0.0), wait, "what a destination asks for is kept");
        assert_eq!(at_least(wait, 1.0), Duration::from_secs(12));
    }

    proptest! {
        #[test]
        fn whatever_becomes_of_messages_it_is_left_alone_only_after_failures_in_a_row(
            before in any::<u32>(),
            arrives in prop::collection::vec(any::<bool>(), 0..40),
        ) {
            let mut breaker = Breaker::new(before, 8);
            for arrives in arrives {
                if arrives {
                    breaker.is_there();
                } else {
                    breaker.is_away();
                }
                let is_left_alone = !breaker.hold().is_zero();
                prop_assert_eq!(is_left_alone, breaker.at_once() == 0);
                prop_assert_eq!(is_left_alone, !arrives && breaker.failures() >= BREAKS_AT);
            }
        }
    }
}
