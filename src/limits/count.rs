//! How many of something there are on this instance.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// A number that goes up and down. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Count(Arc<AtomicUsize>);

/// Counts for as long as it lives.
#[derive(Debug)]
pub struct Counted(Count);

impl Count {
    pub fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// One more.
    pub fn enter(&self) -> Counted {
        self.0.fetch_add(1, Ordering::Relaxed);
        Counted(self.clone())
    }

    /// One more, if there are fewer than `most`.
    pub fn enter_below(&self, most: usize) -> Option<Counted> {
        let before = self.0.fetch_add(1, Ordering::Relaxed);
        let counted = Counted(self.clone());
        (before < most).then_some(counted)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused_does_not_count() {
        let count = Count::default();
        let first = count.enter_below(1);
        assert!(first.is_some() && count.enter_below(1).is_none());
        assert_eq!(count.get(), 1);
        drop(first);
        assert_eq!(count.get(), 0);
        let other = count.enter();
        assert!(count.enter_below(1).is_none());
        drop(other);
        assert!(count.enter_below(1).is_some());
    }
}
