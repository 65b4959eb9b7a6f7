//! How much anybody may have open at once on this instance, where [`bucket`](super::bucket) says how often.
//!
//! A count for each of those who have something open, and none for those who haven't: it costs by what is open,
//! and neither asks nor tells anybody else.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// At most so many for each `K`. Clones share the counts.
#[derive(Debug)]
pub struct Cap<K>(Arc<Parts<K>>);

#[derive(Debug)]
struct Parts<K> {
    most: usize,
    counts: Mutex<HashMap<K, usize>>,
}

/// What is open, for as long as this lives.
#[derive(Debug)]
pub struct Held<K: Eq + Hash> {
    key: K,
    amount: usize,
    parts: Arc<Parts<K>>,
}

impl<K> Clone for Cap<K> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<K: Copy + Eq + Hash> Cap<K> {
    pub fn new(most: usize) -> Self {
        Self(Arc::new(Parts { most, counts: Mutex::default() }))
    }

    /// One more; nothing where there are as many as may be.
    pub fn enter(&self, key: K) -> Option<Held<K>> {
        self.take(key, 1)
    }

    /// So many more, or nothing.
    pub fn take(&self, key: K, amount: usize) -> Option<Held<K>> {
        let mut counts = self.0.lock();
        let count = counts.get(&key).copied().unwrap_or_default();
        let count = count.checked_add(amount).filter(|count| *count <= self.0.most)?;
        counts.insert(key, count);
        Some(Held { key, amount, parts: self.0.clone() })
    }

    /// So many more, also where that is more than may be: what has happened has to be counted.
    pub fn take_anyway(&self, key: K, amount: usize) -> Held<K> {
        let mut counts = self.0.lock();
        *counts.entry(key).or_default() += amount;
        Held { key, amount, parts: self.0.clone() }
    }
}

impl<K> Parts<K> {
    fn lock(&self) -> MutexGuard<'_, HashMap<K, usize>> {
        // No code that can panic runs under this lock.
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Eq + Hash> Drop for Held<K> {
    fn drop(&mut self) {
        let mut counts = self.parts.lock();
        let Some(count) = counts.get_mut(&self.key) else { return };
        *count -= self.amount;
        if *count == 0 {
            counts.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_its_own() {
        let cap = Cap::new(2);
        let first = cap.enter('a').unwrap();
        let _second = cap.enter('a').unwrap();
        assert!(cap.enter('a').is_none());
        let other = cap.enter('b').unwrap();
        drop(first);
        let _third = cap.enter('a').unwrap();
        assert!(cap.enter('a').is_none());
        drop(other);
        assert_eq!(cap.0.lock().len(), 1, "nobody is remembered who has nothing open");
    }

    #[test]
    fn amounts_are_taken_whole_or_not_at_all() {
        let cap = Cap::new(10);
        let most = cap.take('a', 7).unwrap();
        assert!(cap.take('a', 4).is_none());
        let rest = cap.take('a', 3).unwrap();
        assert!(cap.enter('a').is_none());
        drop(most);
        assert!(cap.take('a', 7).is_some());
        drop(rest);
        assert!(cap.0.lock().is_empty());
    }

    #[test]
    fn nothing_may_be_allowed() {
        let cap = Cap::new(0);
        assert!(cap.enter('a').is_none());
        assert!(cap.0.lock().is_empty());
    }
}
