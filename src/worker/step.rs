//! How much a background service takes on at once: half as much after each failure, and more again after each success.
//! So one row that can't be worked on, or is too heavy in company, holds up itself and nothing else for long.

use crate::store::Error;

/// The size of the next batch.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    now: i64,
    most: i64,
}

impl Step {
    pub fn new(most: i64) -> Self {
        Self { now: most, most }
    }

    pub fn size(self) -> i64 {
        self.now
    }

    /// A batch of this size worked.
    pub fn worked(&mut self) {
        self.now = (self.now * 2).min(self.most);
    }

    /// It failed. `true`: less can be tried. `false`: there was one thing in it, and that is to be passed over.
    pub fn halved(&mut self) -> bool {
        let is_less = self.now > 1;
        self.now = (self.now / 2).max(1);
        is_less
    }
}

/// Whether a smaller batch may work where this one failed: not where the database is away.
pub fn may_be_too_much(error: &Error) -> bool {
    error.is_of_the_data() || matches!(error, Error::TimedOut)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_that_fails_is_halved_down_to_one() {
        let mut step = Step::new(200);
        let mut sizes = vec![step.size()];
        while step.halved() {
            sizes.push(step.size());
        }
        assert_eq!(sizes, [200, 100, 50, 25, 12, 6, 3, 1]);
        for _ in 0..8 {
            step.worked();
        }
        assert_eq!(step.size(), 200);
    }
}
