//! The skeleton of everything that works in batches: one queue, a few workers, each takes what has queued up
//! while the others were busy. A lone command is a batch of one and waits for nobody.

use std::{future::Future, sync::Arc};

use tokio::sync::{Mutex, mpsc};

use super::Trouble;
use crate::lifecycle::Lifecycle;

/// Heaviest batch, in bytes of what callers sent: large commands go in small company, so that nobody waits for
/// sixty of them at once.
const HEAVIEST: usize = 1024 * 1024;

/// Something that takes room in a batch.
pub(super) trait Weigh {
    /// Bytes, roughly, where it may be many.
    fn weight(&self) -> usize;
}

/// The sending end.
pub(super) struct Queue<T> {
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
