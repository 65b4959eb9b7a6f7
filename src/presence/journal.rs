//! What happened to this instance and is not stored yet: the next heartbeat takes it along.
//!
//! So it costs no transaction of its own, and what happens while the database is away is told once it is back. What is
//! not told when the process ends is lost.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::time::Instant;
use uuid::Uuid;

use crate::domain::vocabulary::vocabulary;

/// More than this is never kept; the oldest go first.
const MOST: usize = 100;

/// Something that an instance says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happening {
    Started,
    Draining,
    RedisAway,
    RedisBack,
    DatabaseAway,
    DatabaseBack,
}

vocabulary! {
    Happening {
        Started = "started", Draining = "draining", RedisAway = "redis_away", RedisBack = "redis_back",
        DatabaseAway = "database_away", DatabaseBack = "database_back",
    }
}

/// Something that is to be told.
#[derive(Debug, Clone, Copy)]
pub struct Noted {
    /// So that telling it twice stores it once.
    pub id: Uuid,
    pub what: Happening,
    pub at: Instant,
}

/// Shared between those who notice something and the heart, which tells it.
#[derive(Clone, Default)]
pub struct Journal(Arc<Mutex<VecDeque<Noted>>>);

impl Journal {
    pub fn note(&self, what: Happening) {
        let mut noted = self.lock();
        if noted.len() == MOST {
            noted.pop_front();
        }
        noted.push_back(Noted { id: Uuid::now_v7(), what, at: Instant::now() });
    }

    /// What is to be told.
    pub(super) fn untold(&self) -> Vec<Noted> {
        self.lock().iter().copied().collect()
    }

    /// These have been stored.
    pub(super) fn told(&self, told: &[Noted]) {
        self.lock().retain(|noted| told.iter().all(|it| it.id != noted.id));
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Noted>> {
        // No code that can panic runs under this lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_noted_meanwhile_is_told_the_next_time() {
        let journal = Journal::default();
        journal.note(Happening::RedisAway);
        let first = journal.untold();
        journal.note(Happening::RedisBack);
        journal.told(&first);
        let kinds: Vec<Happening> = journal.untold().iter().map(|it| it.what).collect();
        assert_eq!(kinds, [Happening::RedisBack]);
        (0..2 * MOST).for_each(|_| journal.note(Happening::DatabaseAway));
        assert_eq!(journal.untold().len(), MOST);
    }
}
