//! Trouble that goes on, and how long a command bears it.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::{
    backoff::Backoff,
    failure::{ClientError, Trouble},
    output::say,
};

/// How long an approval is asked for that nobody has told us the deadline of.
pub const UNKNOWN: Duration = Duration::from_mins(15);

/// When trouble has gone on for too long; never, by default.
#[derive(Debug, Clone, Copy, Default)]
pub struct Limit {
    /// Longest without an answer.
    pub patience: Option<Duration>,
    /// What comes first counts.
    pub end: Option<Instant>,
}

impl Limit {
    pub fn patience(patience: Duration) -> Self {
        Self { patience: Some(patience), end: None }
    }
}

/// Calls that may have to be repeated.
#[derive(Default)]
pub struct Struggle {
    backoff: Backoff,
    /// When the trouble began.
    since: Option<Instant>,
    /// Whether there was an answer before.
    answered: bool,
    /// What was said last.
    said: String,
}

impl Struggle {
    /// Leaves the service alone for a while, and says so where that is news; or hands the trouble back when it has gone
    /// on for too long.
    pub async fn bear(&mut self, trouble: Trouble, limit: Limit) -> Result<(), ClientError> {
        // Such an address never led to the service.
        if trouble.redirected && !self.answered {
            return Err(ClientError::Unreachable(trouble));
        }
        let now = Instant::now();
        let since = *self.since.get_or_insert(now);
        let patience = limit.patience.and_then(|patience| since.checked_add(patience));
        let end = [patience, limit.end].into_iter().flatten().min();
        if end.is_some_and(|end| end <= now) {
            return Err(ClientError::Unreachable(trouble));
        }
        if self.said != trouble.why {
            say(&format!("{trouble}; trying again"));
            self.said.clone_from(&trouble.why);
        }
        // The last try is at the very end.
        let next = now + self.backoff.delay(trouble.retry_after);
        sleep_until(end.map_or(next, |end| next.min(end))).await;
        Ok(())
    }

    /// There was an answer.
    pub fn is_over(&mut self) {
        self.is_answered();
        self.is_steady();
    }

    /// The same, to another call than the one that came to nothing: that one may do so again.
    pub fn is_answered(&mut self) {
        self.answered = true;
        self.said.clear();
        if self.since.take().is_some() {
            say("it answers again");
        }
    }

    /// The next trouble has nothing to do with that of before.
    pub fn is_steady(&mut self) {
        self.backoff.reset();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn trouble_is_borne_until_its_limit() {
        let begun = Instant::now();
        let limit = Limit::patience(Duration::from_secs(100));
        let mut struggle = Struggle::default();
        while struggle.bear(Trouble::new("x"), limit).await.is_ok() {}
        assert_eq!(begun.elapsed().as_secs(), 100);
        // An answer begins it anew.
        struggle.is_over();
        let begun = Instant::now();
        let end = Limit { end: Some(begun + Duration::from_secs(7)), ..limit };
        while struggle.bear(Trouble::new("x"), end).await.is_ok() {}
        assert_eq!(begun.elapsed().as_secs(), 7);
        assert!(struggle.bear(Trouble::new("x"), Limit::patience(Duration::ZERO)).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_to_another_call_does_not_end_the_back_off() {
        let (begun, mut struggle) = (Instant::now(), Struggle::default());
        for _ in 0..10 {
            struggle.bear(Trouble::new("x"), Limit::default()).await.unwrap();
            struggle.is_answered();
        }
        assert!(begun.elapsed() > Duration::from_secs(20));
        struggle.is_steady();
        let begun = Instant::now();
        struggle.bear(Trouble::new("x"), Limit::default()).await.unwrap();
        assert!(begun.elapsed() < Duration::from_secs(1));
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_that_leads_elsewhere_is_borne_only_where_it_led_to_the_service() {
        let redirected = || Trouble { redirected: true, ..Trouble::new("x") };
        let limit = Limit::patience(Duration::from_secs(100));
        let mut struggle = Struggle::default();
        assert!(struggle.bear(redirected(), limit).await.is_err());
        struggle.is_over();
        assert!(struggle.bear(redirected(), limit).await.is_ok());
    }
}
