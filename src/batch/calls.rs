//! Calls that are answered one by one, and run together.

use std::{
    future::Future,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::oneshot;

use super::{Answerable, Queue, Trouble, Weigh, fail_all, in_time, lanes::Lanes};
use crate::{domain::ids::WorkspaceId, lifecycle::Lifecycle, store};

/// Longest a batch may take; longer than any time-out of the database's own, and than what the work itself allows.
const ATTEMPT: Duration = Duration::from_millis(4_500);
/// Calls that are run by themselves at once, of one kind.
const SINGLE: usize = 2;

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

impl<T: Weigh, R> Answerable for Call<T, R> {
    fn since(&self) -> Instant {
        self.since
    }

    fn fail(self, trouble: Trouble) {
        self.answer(Err(trouble));
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
    let calls = in_time(calls);
    if calls.is_empty() {
        return;
    }
    let whats: Arc<[T]> = calls.iter().map(|call| call.what.clone()).collect();
    match store::in_time(ATTEMPT, run(whats)).await {
        Ok(answers) => {
            for (call, answer) in calls.into_iter().zip(answers) {
                call.answer(Ok(answer));
            }
        }
        // A row that another has is waited for, also by a call that was alone.
        Err(error) if error.is_of_the_data() && calls.len() > 1 || matches!(error, store::Error::Busy(_)) => {
            tracing::warn!(name, %error, size = calls.len(), "a batch failed; each of its calls is run by itself");
            for call in calls {
                if let Err(call) = singles.offer(call) {
                    call.answer(Err(Trouble::Overloaded));
                }
            }
        }
        Err(error) => {
            tracing::warn!(name, %error, size = calls.len(), "a batch failed, or is not known to have worked");
            fail_all(calls, &error.into());
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
    for call in in_time(calls) {
        match store::in_time(ATTEMPT, run([call.what.clone()].into())).await {
            Ok(mut answers) => call.answer(answers.pop().ok_or(Trouble::TimedOut)),
            Err(store::Error::Busy(_)) => again.push(call),
            Err(error) => call.answer(Err(error.into())),
        }
    }
    again
}

impl<T, R> Call<T, R> {
    fn answer(self, answer: Result<R, Trouble>) {
        // The caller may have gone; what was done stays.
        let _ = self.reply.send(answer);
    }
}
