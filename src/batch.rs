//! The skeleton of everything that works in batches: one queue, a few workers, each takes what has queued up
//! while the others were busy. A lone command is a batch of one and waits for nobody.
//!
//! Workspaces take turns ([`lanes`]): a command waits for its own workspace's, and for one of each other's.

mod calls;
mod lanes;
mod queue;
#[cfg(test)]
mod tests;
mod trouble;

use std::time::{Duration, Instant};

pub use self::{calls::Calls, lanes::places_for_all, queue::Queue, trouble::Trouble};
use crate::domain::ids::WorkspaceId;

/// Longest a call may have queued for an attempt to be worth its while.
const QUEUED: Duration = Duration::from_secs(4);
/// How long a caller's authority holds after it was looked at.
const AUTHORITY: Duration = Duration::from_secs(5);

/// Something that takes room in a batch.
pub trait Weigh {
    /// Bytes, roughly, where it may be many.
    fn weight(&self) -> usize;

    /// Whose turn it takes.
    fn workspace(&self) -> WorkspaceId;

    /// When its caller was last looked at, if it needs a caller's authority.
    fn looked_at(&self) -> Option<Instant> {
        None
    }
}

/// Something whose caller waits for an answer.
pub trait Answerable: Weigh + Sized {
    /// When it was queued.
    fn since(&self) -> Instant;

    /// Tells the caller why it came to nothing.
    fn fail(self, trouble: Trouble);
}

/// Hands back what may still be done. What has waited for too long, since it was queued or since its caller was looked at, is
/// answered with a time-out: nothing of it was begun.
pub fn in_time<T: Answerable>(all: Vec<T>) -> Vec<T> {
    let is_late = |it: &T| it.since().elapsed() >= QUEUED || has_lapsed(it.looked_at());
    let (late, in_time): (Vec<_>, Vec<_>) = all.into_iter().partition(is_late);
    fail_all(late, &Trouble::TimedOut);
    in_time
}

/// Tells the callers of a batch that it came to nothing.
pub fn fail_all<T: Answerable>(batch: Vec<T>, trouble: &Trouble) {
    for it in batch {
        it.fail(trouble.clone());
    }
}

/// Whether a caller may have been shut out since for longer than the contract lets that go unnoticed.
pub fn has_lapsed(looked_at: Option<Instant>) -> bool {
    looked_at.is_some_and(|at| at.elapsed() >= AUTHORITY)
}
