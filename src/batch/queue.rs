//! The queue, and the workers that take batches from it.

use std::{
    future::Future,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::sync::Notify;

use super::{Trouble, Weigh, lanes::Lanes};
use crate::lifecycle::Lifecycle;

/// Heaviest batch, in bytes of what callers sent: large commands go in small company, so that no command waits for
/// sixty of them at once.
const HEAVIEST: usize = 1024 * 1024;

/// The sending end.
pub struct Queue<T>(Arc<Waiting<T>>);

/// What waits, and what the workers sleep on.
struct Waiting<T> {
    lanes: Mutex<Lanes<T>>,
    arrived: Notify,
    /// Workers that have a batch.
    at_work: AtomicUsize,
    /// From this many calls on, a second batch beside the first is worth its cost. Fewer calls wait for the first: a batch
    /// costs Postgres about as much as ten calls in it, and a commit besides.
    crowd: usize,
}

/// The longest time that few calls wait for the batch before them. That batch may have to wait for a lock.
pub(super) const PATIENCE: Duration = Duration::from_millis(20);

/// What a worker finds.
enum Found<T> {
    Batch(Vec<T>),
    /// Few calls, and another worker at work that will take them when it is done.
    Few,
    Nothing,
}

/// A worker that has a batch.
struct AtWork<'a>(&'a AtomicUsize);

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

// Derived, it would ask that T be Clone.
impl<T> Clone for Queue<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: Weigh + Send + 'static> Queue<T> {
    /// Starts `count` workers that hand batches of at most `most` to `work`, which answers with what it has not come to:
    /// that is queued again, before all else of its workspace. They end, after whatever has been queued, when the
    /// instance stops.
    pub fn start<W, F>(
        lifecycle: &Lifecycle,
        name: &'static str,
        sizes: (usize, usize, usize),
        work: W,
    ) -> Self
    where
        W: Fn(Vec<T>) -> F + Clone + Send + 'static,
        F: Future<Output = Vec<T>> + Send,
    {
        Self::start_with(lifecycle, name, sizes, Lanes::put_back, work)
    }

    /// The same; `again` says where in its lane what comes back is queued.
    pub(super) fn start_with<W, F>(
        lifecycle: &Lifecycle,
        name: &'static str,
        (count, most, capacity): (usize, usize, usize),
        again: fn(&mut Lanes<T>, Vec<T>),
        work: W,
    ) -> Self
    where
        W: Fn(Vec<T>) -> F + Clone + Send + 'static,
        F: Future<Output = Vec<T>> + Send,
    {
        let waiting = Arc::new(Waiting {
            lanes: Mutex::new(Lanes::new(capacity)),
            arrived: Notify::new(),
            at_work: AtomicUsize::new(0),
            crowd: most / 4,
        });
        for _ in 0..count {
            let (waiting, work, stopping) = (waiting.clone(), work.clone(), lifecycle.stopping().clone());
            lifecycle.spawn_service(name, async move {
                loop {
                    let batch = tokio::select! {
                        biased;
                        batch = waiting.next(most) => batch,
                        () = stopping.cancelled() => return,
                    };
                    let rest = {
                        let _at_work = AtWork(&waiting.at_work);
                        work(batch).await
                    };
                    if !rest.is_empty() {
                        again(&mut waiting.lanes(), rest);
                    }
                }
            });
        }
        Self(waiting)
    }

    /// Never waits: a full queue is an answer, and so is a full share of it.
    pub fn send(&self, command: T) -> Result<(), Trouble> {
        self.offer(command).map_err(|_| Trouble::Overloaded)
    }

    /// The same; what finds no place comes back.
    pub(super) fn offer(&self, command: T) -> Result<(), T> {
        self.0.lanes().push(command)?;
        self.0.arrived.notify_one();
        Ok(())
    }

    pub fn queued(&self) -> usize {
        self.0.lanes().len()
    }
}

impl<T: Weigh> Waiting<T> {
    fn lanes(&self) -> MutexGuard<'_, Lanes<T>> {
        // No code that can panic runs under this lock.
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next batch, once there is one. The worker that gets it counts as at work from then on.
    async fn next(&self, most: usize) -> Vec<T> {
        let mut patience = None;
        loop {
            let is_over = patience.is_some_and(|until| until <= tokio::time::Instant::now());
            // What came since a look has left a permit.
            match self.take(most, if is_over { 0 } else { self.crowd }) {
                Found::Batch(batch) => return batch,
                Found::Nothing => {
                    self.arrived.notified().await;
                    patience = None;
                }
                Found::Few => {
                    let until = *patience.get_or_insert_with(|| tokio::time::Instant::now() + PATIENCE);
                    // Either way it looks again.
                    let _ = tokio::time::timeout_at(until, self.arrived.notified()).await;
                }
            }
        }
    }

    fn take(&self, most: usize, crowd: usize) -> Found<T> {
        let mut lanes = self.lanes();
        if lanes.len() == 0 {
            return Found::Nothing;
        }
        // Read and raised under the lock: two workers never both find no other at work.
        if lanes.len() < crowd && self.at_work.load(Ordering::Relaxed) > 0 {
            return Found::Few;
        }
        let batch = lanes.take(most, HEAVIEST);
        self.at_work.fetch_add(1, Ordering::Relaxed);
        if lanes.len() > 0 {
            // For another worker.
            self.arrived.notify_one();
        }
        Found::Batch(batch)
    }
}
