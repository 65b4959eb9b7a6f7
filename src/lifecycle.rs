//! The life of one instance: which tasks it runs, and in which order it lets go.
//!
//! Serving → draining (unready, but still serving, so that load balancers notice) → closing (waiters are
//! answered, connections end after their current response) → stopping (background services end). Every task is
//! spawned here, so that a drain waits for what has begun, and so that the death of a background service is
//! the death of the process: an instance that looks alive but no longer sweeps is worse than none.

use std::{
    fmt::Display,
    future::Future,
    panic::AssertUnwindSafe,
    sync::{Arc, OnceLock},
    time::Duration,
};

use futures_util::FutureExt;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Spawns and ends tasks. Clones share one life.
#[derive(Clone, Default)]
pub struct Lifecycle {
    /// What must complete once begun: commands, connections.
    work: TaskTracker,
    /// What runs until the end: committers, sweeps, the bus.
    services: TaskTracker,
    draining: CancellationToken,
    closing: CancellationToken,
    stopping: CancellationToken,
    failed: CancellationToken,
    failure: Arc<OnceLock<String>>,
}

impl Lifecycle {
    /// Runs a task that a drain waits for. It goes on when its caller has vanished.
    pub fn spawn(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        let me = self.clone();
        self.work.spawn(async move {
            if AssertUnwindSafe(task).catch_unwind().await.is_err() {
                me.fail(format_args!("{name} panicked"));
            }
        });
    }

    /// Runs a background service. It ends when [`Lifecycle::stopping`] says so; if it ends earlier, or panics,
    /// the whole instance goes down.
    pub fn spawn_service(&self, name: &'static str, service: impl Future<Output = ()> + Send + 'static) {
        let me = self.clone();
        self.services.spawn(async move {
            let outcome = AssertUnwindSafe(service).catch_unwind().await;
            if outcome.is_err() {
                me.fail(format_args!("{name} panicked"));
            } else if !me.stopping.is_cancelled() {
                me.fail(format_args!("{name} ended by itself"));
            }
        });
    }

    /// Runs a background service that can be cut off at any point when the instance stops.
    pub fn spawn_loop(&self, name: &'static str, service: impl Future<Output = ()> + Send + 'static) {
        let stopping = self.stopping.clone();
        let service = Box::pin(service);
        self.spawn_service(name, async move {
            stopping.run_until_cancelled(service).await;
        });
    }

    fn fail(&self, reason: impl Display) {
        let reason = reason.to_string();
        tracing::error!(reason, "an internal task died; the instance goes down");
        // The first reason is the one that counts; a second death changes nothing.
        let _ = self.failure.set(reason);
        self.failed.cancel();
    }

    /// Completes when a task has died; says why.
    pub async fn failed(&self) -> String {
        self.failed.cancelled().await;
        self.failure.get().cloned().unwrap_or_else(|| "unknown".to_owned())
    }

    /// Completes when the drain begins.
    pub fn draining(&self) -> &CancellationToken {
        &self.draining
    }

    pub fn is_draining(&self) -> bool {
        self.draining.is_cancelled()
    }

    /// Waiters and connections end when this completes.
    pub fn closing(&self) -> &CancellationToken {
        &self.closing
    }

    /// Background services end when this completes.
    pub fn stopping(&self) -> &CancellationToken {
        &self.stopping
    }

    /// Goes from serving to stopped: `grace` for load balancers to notice, then up to `deadline` for what has
    /// begun. Answers whether everything ended in time.
    pub async fn drain(&self, grace: Duration, deadline: Duration) -> bool {
        self.draining.cancel();
        tracing::info!(grace_seconds = grace.as_secs_f64(), "draining: unready, still serving");
        tokio::time::sleep(grace).await;
        self.closing.cancel();
        self.work.close();
        let finished = tokio::time::timeout(deadline, self.work.wait()).await.is_ok();
        if !finished {
            tracing::warn!(tasks = self.work.len(), "the drain's deadline passed; these tasks are cut off");
        }
        self.stopping.cancel();
        self.services.close();
        tokio::time::timeout(Duration::from_secs(5), self.services.wait()).await.is_ok() && finished
    }
}
