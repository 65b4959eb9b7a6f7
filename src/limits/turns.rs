//! One at a time, for each of those who share something on this instance; the others wait here, where waiting costs
//! nothing, and not with a connection in their hands.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{Mutex as Queue, OwnedMutexGuard};

/// Turns for each `K`, in the order in which they were asked for. Clones share them.
#[derive(Debug)]
pub struct Turns<K>(Arc<Mutex<HashMap<K, Arc<Queue<()>>>>>);

/// A turn, for as long as this lives.
#[derive(Debug)]
pub struct Turn<K: Eq + Hash> {
    // Let go of before the place: fields are dropped in this order.
    _guard: OwnedMutexGuard<()>,
    _place: Place<K>,
}

/// A place in the queue, or at its head.
#[derive(Debug)]
struct Place<K: Eq + Hash> {
    key: K,
    turns: Turns<K>,
}

impl<K> Clone for Turns<K> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<K> Default for Turns<K> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K: Copy + Eq + Hash> Turns<K> {
    /// Waits for a turn. A caller that stops waiting leaves the queue.
    pub async fn take(&self, key: K) -> Turn<K> {
        let place = Place { key, turns: self.clone() };
        let queue = self.lock().entry(key).or_default().clone();
        Turn { _guard: queue.lock_owned().await, _place: place }
    }
}

impl<K> Turns<K> {
    fn lock(&self) -> MutexGuard<'_, HashMap<K, Arc<Queue<()>>>> {
        // No code that can panic runs under this lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Eq + Hash> Drop for Place<K> {
    fn drop(&mut self) {
        let mut turns = self.turns.lock();
        // Of those who wait, each holds the queue as well.
        if turns.get(&self.key).is_some_and(|queue| Arc::strong_count(queue) == 1) {
            turns.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn one_at_a_time_and_nothing_is_kept_of_those_who_have_gone() {
        let turns = Turns::default();
        let first = turns.take(1).await;
        let mut second = Box::pin(turns.take(1));
        let mut third = Box::pin(turns.take(1));
        assert!((&mut second).now_or_never().is_none() && (&mut third).now_or_never().is_none());
        let other = turns.take(2).await;
        drop(second);
        drop(first);
        let third = third.await;
        assert_eq!(turns.lock().len(), 2);
        drop((third, other));
        assert!(turns.lock().is_empty());
    }
}
