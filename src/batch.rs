//! The skeleton of everything that works in batches: one queue, a few workers, each takes what has queued up
//! while the others were busy. A lone command is a batch of one and waits for nobody.

use std::{
    future::Future,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    sync::{Mutex, mpsc, oneshot},
    time::timeout,
};

use crate::{lifecycle::Lifecycle, store};

/// Heaviest batch, in bytes of what callers sent: large commands go in small company, so that nobody waits for
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
        Self::Store(Arc::new(error))
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
}

/// The sending end.
pub struct Queue<T> {
    sender: mpsc::Sender<T>,
}

// Derived, it would ask that T be Clone.
impl<T> Clone for Queue<T> {
    fn clone(&self) -> Self {
        Self { sender: self.sender.clone() }
    }
}

impl<T: Weigh + Send + 'static> Queue<T> {
    /// Starts `count` workers that hand batches of at most `most` to `work`. They end, after whatever has been
    /// queued, when the instance stops.
    pub fn start<W, F>(
        lifecycle: &Lifecycle,
        name: &'static str,
        (count, most, capacity): (usize, usize, usize),
        work: W,
    ) -> Self
    where
        W: Fn(Vec<T>) -> F + Clone + Send + 'static,
        F: Future<Output = ()> + Send,
    {
        let (sender, receiver) = mpsc::channel(capacity);
        let receiver = Arc::new(Mutex::new(receiver));
        for _ in 0..count {
            let (receiver, work, stopping) = (receiver.clone(), work.clone(), lifecycle.stopping().clone());
            lifecycle.spawn_service(name, async move {
                loop {
                    let mut batch = Vec::new();
                    let taking = async { receiver.lock().await.recv_many(&mut batch, most).await };
                    let taken = tokio::select! {
                        biased;
                        taken = taking => taken,
                        () = stopping.cancelled() => return,
                    };
                    if taken == 0 {
                        return;
                    }
                    for batch in by_weight(batch) {
                        work(batch).await;
                    }
                }
            });
        }
        Self { sender }
    }

    /// Never waits: a full queue is an answer.
    pub fn send(&self, command: T) -> Result<(), Trouble> {
        self.sender.try_send(command).map_err(|_| Trouble::Overloaded)
    }

    pub fn queued(&self) -> usize {
        self.sender.max_capacity() - self.sender.capacity()
    }
}

/// Longest a batch may take; longer than any time-out of the database's own.
const ATTEMPT: Duration = Duration::from_secs(4);
/// Longest a call may have queued for an attempt to be worth its while.
const QUEUED: Duration = Duration::from_secs(4);

/// A queue whose every call gets an answer, where a batch of calls is one statement: one answer for each, in
/// their order, or one error for all.
pub struct Calls<T, R> {
    queue: Queue<Call<T, R>>,
}

struct Call<T, R> {
    what: T,
    since: Instant,
    reply: oneshot::Sender<Result<R, Trouble>>,
}

impl<T, R> Clone for Calls<T, R> {
    fn clone(&self) -> Self {
        Self { queue: self.queue.clone() }
    }
}

impl<T: Weigh, R> Weigh for Call<T, R> {
    fn weight(&self) -> usize {
        self.what.weight()
    }
}

impl<T: Weigh + Clone + Send + Sync + 'static, R: Send + 'static> Calls<T, R> {
    /// Starts `count` workers that hand batches of at most `most` to `run`. Where a batch fails for what is in it (a
    /// row that is locked, a value that is refused), its calls are run again one by one.
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
        let tracker = lifecycle.clone();
        let queue = Queue::start(lifecycle, name, sizes, move |calls| {
            let (run, tracker) = (run.clone(), tracker.clone());
            async move { serve(&tracker, name, calls, &run).await }
        });
        Self { queue }
    }

    pub fn queued(&self) -> usize {
        self.queue.queued()
    }

    /// Once this is called it happens or fails on its own, whether or not the caller stays to hear it.
    pub async fn call(&self, what: T) -> Result<R, Trouble> {
        let (reply, answer) = oneshot::channel();
        self.queue.send(Call { what, since: Instant::now(), reply })?;
        // A worker that is gone without an answer is one that was cut off: unknown, like a time-out.
        answer.await.unwrap_or(Err(Trouble::TimedOut))
    }
}

async fn serve<T, R, W, F>(lifecycle: &Lifecycle, name: &'static str, calls: Vec<Call<T, R>>, run: &W)
where
    T: Clone + Send + Sync + 'static,
    R: Send + 'static,
    W: Fn(Arc<[T]>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<Vec<R>, store::Error>> + Send + 'static,
{
    let (in_time, late): (Vec<_>, Vec<_>) = calls.into_iter().partition(|it| it.since.elapsed() < QUEUED);
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
        Err(error) if error.is_of_the_data() && in_time.len() > 1 => {
            tracing::warn!(name, %error, size = in_time.len(), "a batch failed; each of its calls is run by itself");
            for call in in_time {
                let run = run.clone();
                lifecycle.spawn(name, async move {
                    let answer = attempt(&run, [call.what.clone()].into()).await;
                    let answer = answer.map(|mut answers| answers.pop()).map_err(Trouble::from);
                    call.answer(answer.and_then(|answer| answer.ok_or(Trouble::TimedOut)));
                });
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

async fn attempt<T, R, F>(run: &impl Fn(Arc<[T]>) -> F, whats: Arc<[T]>) -> Result<Vec<R>, store::Error>
where
    F: Future<Output = Result<Vec<R>, store::Error>>,
{
    timeout(ATTEMPT, run(whats)).await.unwrap_or_else(|elapsed| Err(elapsed.into()))
}

impl<T, R> Call<T, R> {
    fn answer(self, answer: Result<R, Trouble>) {
        // Whoever asked may have gone; what was done stays.
        let _ = self.reply.send(answer);
    }
}

/// Cuts a batch where it would become too heavy. A command that is too heavy by itself goes alone.
fn by_weight<T: Weigh>(commands: Vec<T>) -> Vec<Vec<T>> {
    let mut batches = vec![Vec::with_capacity(commands.len())];
    let mut weight = 0;
    for command in commands {
        weight += command.weight();
        if weight > HEAVIEST && batches.last().is_some_and(|batch| !batch.is_empty()) {
            weight = command.weight();
            batches.push(Vec::new());
        }
        if let Some(batch) = batches.last_mut() {
            batch.push(command);
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Weigh for usize {
        fn weight(&self) -> usize {
            *self
        }
    }

    #[test]
    fn heavy_commands_go_in_small_company() {
        let cut = |weights: &[usize]| by_weight(weights.to_vec()).iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(cut(&[1; 64]), [64]);
        assert_eq!(cut(&[HEAVIEST / 2; 5]), [2, 2, 1]);
        assert_eq!(cut(&[3 * HEAVIEST, 1, 3 * HEAVIEST, 1, 1]), [1, 1, 1, 2]);
    }
}
