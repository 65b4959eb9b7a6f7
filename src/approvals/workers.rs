//! The skeleton of everything that works in batches: one queue, a few workers, each takes what has queued up
//! while the others were busy. A lone command is a batch of one and waits for nobody.

use std::{future::Future, sync::Arc};

use tokio::sync::{Mutex, mpsc};

use super::Trouble;
use crate::lifecycle::Lifecycle;

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

impl<T: Send + 'static> Queue<T> {
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
                    work(batch).await;
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
