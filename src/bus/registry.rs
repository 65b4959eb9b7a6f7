//! Who waits on this instance, by approval.
//!
//! A waiter registers *before* it reads the row, so that whatever is committed after its reading finds it here.
//! An entry lives exactly as long as somebody holds an [`Interest`] in it; nothing else removes it.

use std::{
    collections::HashMap,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use tokio::sync::{Notify, futures::OwnedNotified};

use crate::{
    domain::{approval::Approval, ids::ApprovalId},
    telemetry::Metrics,
};

/// How a waiter learned that it should look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Decided on this instance.
    Local,
    /// A hint from another one.
    Redis,
    /// The sweep found it.
    Sweep,
}

impl Source {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Redis => "redis",
            Self::Sweep => "sweep",
        }
    }
}

/// The registry of one instance.
pub struct Registry {
    slots: Mutex<HashMap<ApprovalId, Slot>>,
    metrics: Metrics,
}

/// Counted by hand, under the lock: an `Arc`'s own count also counts whoever is just waking it, and two
/// waiters that leave at the same moment would each take the other for a third.
#[derive(Default)]
struct Slot {
    waiters: usize,
    entry: Arc<Entry>,
}

#[derive(Default)]
struct Entry {
    woken: Arc<Notify>,
    /// The committed outcome, where it was decided on this very instance: saves the waiters the reading.
    outcome: OnceLock<Arc<Approval>>,
}

impl Registry {
    pub fn new(metrics: Metrics) -> Self {
        Self { slots: Mutex::default(), metrics }
    }

    /// Registers for as long as the answer lives.
    pub fn register(self: &Arc<Self>, id: ApprovalId) -> Interest {
        let mut slots = self.lock();
        let slot = slots.entry(id).or_default();
        slot.waiters += 1;
        let entry = slot.entry.clone();
        drop(slots);
        Interest { id, entry, registry: self.clone() }
    }

    /// Wakes whoever waits for one of these. A hint: they go and read.
    pub fn wake(&self, ids: impl IntoIterator<Item = ApprovalId>, source: Source) {
        let mut woken = 0;
        for id in ids {
            if let Some(entry) = self.find(id) {
                entry.woken.notify_waiters();
                woken += 1;
            }
        }
        self.metrics.wakeups(source.as_str(), woken);
    }

    /// Wakes whoever waits for this approval, with the outcome that was just committed here.
    pub fn settle(&self, approval: &Arc<Approval>) {
        if let Some(entry) = self.find(approval.id) {
            if approval.state.is_final() {
                // Final is final: a second one can only be the same.
                let _ = entry.outcome.set(approval.clone());
            }
            entry.woken.notify_waiters();
            self.metrics.wakeups(Source::Local.as_str(), 1);
        }
    }

    /// The approvals that somebody waits for.
    pub fn waited(&self) -> Vec<ApprovalId> {
        self.lock().keys().copied().collect()
    }

    fn find(&self, id: ApprovalId) -> Option<Arc<Entry>> {
        self.lock().get(&id).map(|slot| slot.entry.clone())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ApprovalId, Slot>> {
        // No code that can panic runs under this lock.
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One waiter's registration; dropping it is all that it takes to stop waiting.
pub struct Interest {
    id: ApprovalId,
    entry: Arc<Entry>,
    registry: Arc<Registry>,
}

impl Interest {
    /// Starts listening at once: a wake-up after this call completes the future, whenever it is first polled.
    pub fn listen(&self) -> Pin<Box<OwnedNotified>> {
        let mut listening = Box::pin(self.entry.woken.clone().notified_owned());
        listening.as_mut().enable();
        listening
    }

    /// The outcome, if it was committed on this instance.
    pub fn outcome(&self) -> Option<Arc<Approval>> {
        self.entry.outcome.get().cloned()
    }
}

impl Drop for Interest {
    fn drop(&mut self) {
        let mut slots = self.registry.lock();
        let Some(slot) = slots.get_mut(&self.id) else { return };
        slot.waiters -= 1;
        if slot.waiters == 0 {
            slots.remove(&self.id);
            // A burst of waiters must not leave its table behind.
            if slots.capacity() > 1024 && slots.len() < slots.capacity() / 8 {
                let target = slots.len() * 2;
                slots.shrink_to(target);
            }
        }
    }
}
