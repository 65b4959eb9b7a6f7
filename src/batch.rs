//! The skeleton of everything that works in batches: one queue, a few workers, each takes what has queued up
//! while the others were busy. A lone command is a batch of one and waits for nobody.
//!
//! Workspaces take turns ([`lanes`]): a command waits for its own workspace's, and for one of each other's.

mod lanes;
#[cfg(test)]
mod tests;

use std::{
    future::Future,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{
    sync::{Notify, oneshot},
    time::timeout,
};

use self::lanes::Lanes;
pub use self::lanes::places_for_all;
use crate::{domain::ids::WorkspaceId, lifecycle::Lifecycle, store};

/// Heaviest batch, in bytes of what callers sent: large commands go in small company, so that no command waits for
/// sixty of them at once.
const HEAVIEST: usize = 1024 * 1024;

/// Why something could not be done that the rules would allow.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Trouble {
    /// Nothing was begun.
    #[error("too much is queued already")]
    Overloaded,
    /// The outcome is unknown; trying again is safe.
    #[error("{0}")]
    Store(Arc<store::Error>),
    /// The same, after too long a time.
    #[error("no answer in time")]
    TimedOut,
}

impl From<store::Error> for Trouble {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Crowded => Self::Overloaded,
            error => Self::Store(Arc::new(error)),
        }
    }
}

impl From<tokio::time::error::Elapsed> for Trouble {
    fn from(_: tokio::time::error::Elapsed) -> Self {
        Self::TimedOut
    }
}

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

/// Whether something has waited for too long to be done: since it was queued, or since its caller was looked at.
/// Nothing of it was begun.
pub fn is_late(what: &impl Weigh, since: Instant) -> bool {
    since.elapsed() >= QUEUED || has_lapsed(what.looked_at())
}

/// Whether a caller may have been shut out since for longer than the contract lets that go unnoticed.
pub fn has_lapsed(looked_at: Option<Instant>) -> bool {
    looked_at.is_some_and(|at| at.elapsed() >= AUTHORITY)
}

/// Calls that are run by themselves at once, of one kind.
const SINGLE: usize = 2;

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
const PATIENCE: Duration = Duration::from_millis(20);

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
    fn start_with<W, F>(
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
    fn offer(&self, command: T) -> Result<(), T> {
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

/// Longest a batch may take; longer than any time-out of the database's own.
const ATTEMPT: Duration = Duration::from_secs(4);
/// Longest a call may have queued for an attempt to be worth its while.
const QUEUED: Duration = Duration::from_secs(4);
/// How long a caller's authority holds after it was looked at.
const AUTHORITY: Duration = Duration::from_secs(5);

/// A queue whose every call gets an answer, where a batch of calls is one statement: one answer for each, in
/// their order, or one error for all.
pub struct Calls<T, R> {
    queue: Queue<Call<T, R>>,
    /// Calls of batches that failed for what was in them: each is run by itself. They take turns too, and are few at
    /// once, so that those of one workspace that have to wait for a lock leave connections to all others.
    singles: Queue<Call<T, R>>,
}

struct Call<T, R> {
    what: T,
    since: Instant,
    reply: oneshot::Sender<Result<R, Trouble>>,
}

impl<T, R> Clone for Calls<T, R> {
    fn clone(&self) -> Self {
        Self { queue: self.queue.clone(), singles: self.singles.clone() }
    }
}

impl<T: Weigh, R> Weigh for Call<T, R> {
    fn weight(&self) -> usize {
        self.what.weight()
    }

    fn workspace(&self) -> WorkspaceId {
        self.what.workspace()
    }

    fn looked_at(&self) -> Option<Instant> {
        self.what.looked_at()
    }
}

impl<T: Weigh + Clone + Send + Sync + 'static, R: Send + 'static> Calls<T, R> {
    /// Starts `count` workers that hand batches of at most `most` to `run`. Where a batch fails for what is in it (a
    /// row that is locked, a value that is refused), its calls are run again one by one, by workers of their own.
    pub fn start<W, F>(
        lifecycle: &Lifecycle,
        name: &'static str,
        sizes: (usize, usize, usize),
        run: W,
    ) -> Self
    where
        W: Fn(Arc<[T]>) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<Vec<R>, store::Error>> + Send + 'static,
    {
        let (_, _, capacity) = sizes;
        let one = run.clone();
        let take = move |calls| {
            let run = one.clone();
            async move { serve_singly(calls, &run).await }
        };
        let singles = Queue::start_with(lifecycle, name, (SINGLE, 1, capacity), Lanes::put_behind, take);
        let others = singles.clone();
        let queue = Queue::start(lifecycle, name, sizes, move |calls| {
            let (run, singles) = (run.clone(), others.clone());
            async move {
                serve(name, calls, &run, &singles).await;
                Vec::new()
            }
        });
        Self { queue, singles }
    }

    pub fn queued(&self) -> usize {
        self.queue.queued() + self.singles.queued()
    }

    /// Once this is called it happens or fails on its own, whether or not the caller stays to hear it.
    pub async fn call(&self, what: T) -> Result<R, Trouble> {
        let (reply, answer) = oneshot::channel();
        self.queue.send(Call { what, since: Instant::now(), reply })?;
        // A worker that is gone without an answer is one that was cut off: unknown, like a time-out.
        answer.await.unwrap_or(Err(Trouble::TimedOut))
    }
}

async fn serve<T, R, W, F>(name: &'static str, calls: Vec<Call<T, R>>, run: &W, singles: &Queue<Call<T, R>>)
where
    T: Weigh + Clone + Send + Sync + 'static,
    R: Send + 'static,
    W: Fn(Arc<[T]>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<Vec<R>, store::Error>> + Send + 'static,
{
    let (in_time, late): (Vec<_>, Vec<_>) = calls.into_iter().partition(|it| !is_late(it, it.since));
    for call in late {
        call.answer(Err(Trouble::TimedOut));
    }
    if in_time.is_empty() {
        return;
    }
    let whats: Arc<[T]> = in_time.iter().map(|call| call.what.clone()).collect();
    match attempt(run, whats).await {
        Ok(answers) => {
            for (call, answer) in in_time.into_iter().zip(answers) {
                call.answer(Ok(answer));
            }
        }
        // A row that another has is waited for, also by a call that was alone.
        Err(error)
            if error.is_of_the_data() && in_time.len() > 1 || matches!(error, store::Error::Busy(_)) =>
        {
            tracing::warn!(name, %error, size = in_time.len(), "a batch failed; each of its calls is run by itself");
            for call in in_time {
                if let Err(call) = singles.offer(call) {
                    call.answer(Err(Trouble::Overloaded));
                }
            }
        }
        Err(error) => {
            tracing::warn!(name, %error, size = in_time.len(), "a batch failed, or is not known to have worked");
            let trouble = Trouble::from(error);
            for call in in_time {
                call.answer(Err(trouble.clone()));
            }
        }
    }
}

/// One call by itself. While another has its row, it is tried again, for as long as that is worth its while.
async fn serve_singly<T, R, W, F>(calls: Vec<Call<T, R>>, run: &W) -> Vec<Call<T, R>>
where
    T: Weigh + Clone + Send + Sync + 'static,
    R: Send + 'static,
    W: Fn(Arc<[T]>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<Vec<R>, store::Error>> + Send + 'static,
{
    let mut again = Vec::new();
    for call in calls {
        if is_late(&call, call.since) {
            call.answer(Err(Trouble::TimedOut));
            continue;
        }
        match attempt(run, [call.what.clone()].into()).await {
            Ok(mut answers) => call.answer(answers.pop().ok_or(Trouble::TimedOut)),
            Err(store::Error::Busy(_)) => again.push(call),
            Err(error) => call.answer(Err(error.into())),
        }
    }
    again
}

async fn attempt<T, R, F>(run: &impl Fn(Arc<[T]>) -> F, whats: Arc<[T]>) -> Result<Vec<R>, store::Error>
where
    F: Future<Output = Result<Vec<R>, store::Error>>,
{
    timeout(ATTEMPT, run(whats)).await.unwrap_or_else(|elapsed| Err(elapsed.into()))
}

impl<T, R> Call<T, R> {
    fn answer(self, answer: Result<R, Trouble>) {
        // The caller may have gone; what was done stays.
        let _ = self.reply.send(answer);
    }
}
