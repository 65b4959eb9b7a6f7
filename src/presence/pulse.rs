//! Since when the heartbeats of this instance have reached Postgres without a gap.
//!
//! After an outage of the database every lease has run out, that of healthy instances too. An instance that takes others
//! for dead must therefore have been alive itself for long enough that they, too, could say that they are.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// Longest that a beat may take.
pub(super) const BEAT: Duration = Duration::from_secs(4);
/// What another instance may need after an outage, besides its interval. A beat that it began before may hang, and the next
/// one takes its time.
const RETURN: Duration = BEAT.saturating_add(Duration::from_secs(1));

/// Shared between the heart, which writes it, and the reaper, which judges others.
#[derive(Clone)]
pub struct Pulse {
    heartbeat: Duration,
    beats: Arc<Mutex<Option<Beats>>>,
}

#[derive(Clone, Copy)]
struct Beats {
    /// The first after the last gap.
    first: Instant,
    last: Instant,
}

impl Pulse {
    pub fn new(heartbeat: Duration) -> Self {
        Self { heartbeat, beats: Arc::default() }
    }

    /// A beat has reached Postgres.
    pub(super) fn beat(&self) {
        let now = Instant::now();
        let mut beats = self.beats.lock().unwrap_or_else(PoisonError::into_inner);
        let first = beats.filter(|beats| !self.is_gap(now - beats.last)).map_or(now, |beats| beats.first);
        *beats = Some(Beats { first, last: now });
    }

    /// Whether it has gone on for long enough that every live instance has had its turn.
    pub fn is_steady(&self) -> bool {
        let beats = *self.beats.lock().unwrap_or_else(PoisonError::into_inner);
        beats.is_some_and(|beats| {
            let turn = self.heartbeat.mul_f64(1.5).max(self.heartbeat + RETURN);
            !self.is_gap(beats.last.elapsed()) && beats.first.elapsed() > turn
        })
    }

    fn is_gap(&self, pause: Duration) -> bool {
        pause > self.heartbeat * 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn others_have_time_for_a_beat_that_hangs() {
        let pulse = Pulse::new(Duration::from_secs(1));
        for _ in 0..6 {
            pulse.beat();
            tokio::time::advance(Duration::from_secs(1)).await;
            assert!(!pulse.is_steady());
        }
        pulse.beat();
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(pulse.is_steady());
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_steady_after_some_beats_and_not_after_a_gap() {
        let pulse = Pulse::new(Duration::from_secs(10));
        assert!(!pulse.is_steady());
        pulse.beat();
        tokio::time::advance(Duration::from_secs(10)).await;
        pulse.beat();
        assert!(!pulse.is_steady());
        tokio::time::advance(Duration::from_secs(10)).await;
        pulse.beat();
        assert!(pulse.is_steady());
        tokio::time::advance(Duration::from_secs(21)).await;
        assert!(!pulse.is_steady(), "before it is noticed that a beat is missing");
        pulse.beat();
        assert!(!pulse.is_steady(), "nor right after it came");
    }
}
