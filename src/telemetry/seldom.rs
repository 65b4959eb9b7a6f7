//! What may happen thousands of times a second, said once in a while.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Something that is said at most once in so long.
#[derive(Debug)]
pub struct Seldom {
    pause: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    said: Option<Instant>,
    unsaid: u64,
}

impl Seldom {
    pub fn new(pause: Duration) -> Self {
        Self { pause, state: Mutex::default() }
    }

    /// Whether to say it now; answers how often it wasn't said since the last time.
    pub fn turn(&self) -> Option<u64> {
        self.turn_at(Instant::now())
    }

    fn turn_at(&self, now: Instant) -> Option<u64> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.said.is_some_and(|said| now.saturating_duration_since(said) < self.pause) {
            state.unsaid += 1;
            return None;
        }
        state.said = Some(now);
        Some(std::mem::take(&mut state.unsaid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn once_in_a_while_and_how_often_meanwhile() {
        let (seldom, now) = (Seldom::new(Duration::from_mins(1)), Instant::now());
        assert_eq!(seldom.turn_at(now), Some(0));
        for second in 0..60 {
            assert_eq!(seldom.turn_at(now + Duration::from_secs(second)), None);
        }
        assert_eq!(seldom.turn_at(now + Duration::from_mins(1)), Some(60));
        assert_eq!(seldom.turn_at(now + Duration::from_mins(5)), Some(0));
    }
}
