//! Who waits on this instance, by approval.
//!
//! Of what is waited for, the pending version is kept, while there is room: with the outcome that a message proves, it
//! is the answer.
//!
//! A waiter registers *before* it reads the row, so that whatever is committed after its reading finds it here.
//! An entry lives exactly as long as an [`Interest`] in it is held; nothing else removes it.

use std::{
    collections::HashMap,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::sync::{Notify, futures::OwnedNotified};

use super::{
    message::Change,
    proof::{Doubt, Proofs},
};
use crate::{
    domain::{
        approval::{Approval, State},
        event::Epoch,
        ids::ApprovalId,
    },
    telemetry::{Metrics, Seldom},
};

/// Most bytes of approvals that are kept, as [`Approval::size`] counts them: some 3,700 small ones. The others are read
/// when they end.
const KEPT: usize = 4 * 1024 * 1024;
/// The largest that is kept.
const LARGEST: usize = 8 * 1024;

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
    /// Bytes that are kept.
    kept: Arc<AtomicUsize>,
    metrics: Metrics,
    forged: Seldom,
}

/// Counted by hand, under the lock: an `Arc`'s own count also counts a part that is just waking it, and two
/// waiters that leave at the same moment would each take the other for a third.
#[derive(Default)]
struct Slot {
    waiters: usize,
    entry: Arc<Entry>,
}

#[derive(Default)]
struct Entry {
    woken: Arc<Notify>,
    /// The committed outcome, where it was decided on this very instance, or proved by the one where it was: saves the
    /// waiters the reading.
    outcome: OnceLock<Arc<Approval>>,
    kept: Mutex<Option<Kept>>,
}

/// A version that was pending.
struct Kept {
    approval: Arc<Approval>,
    /// In which life of the database it was read.
    epoch: Epoch,
    bytes: usize,
    all: Arc<AtomicUsize>,
}

impl Kept {
    /// `None` where it is too large, or there is no room.
    fn new(approval: &Arc<Approval>, epoch: Epoch, all: &Arc<AtomicUsize>) -> Option<Self> {
        let bytes = approval.size();
        if bytes > LARGEST {
            return None;
        }
        // Counted first; dropped, it is no longer counted.
        let before = all.fetch_add(bytes, Ordering::Relaxed);
        let kept = Self { approval: approval.clone(), epoch, bytes, all: all.clone() };
        (before + bytes <= KEPT).then_some(kept)
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.all.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

impl Entry {
    /// The outcome that a change proves, of the version that is kept; nothing where it tells none.
    fn proved(&self, change: &Change, proofs: &Proofs) -> Result<Option<Approval>, Doubt> {
        let Some(proof) = &change.proof else { return Ok(None) };
        let kept = self.kept().as_ref().map(|kept| (kept.approval.clone(), kept.epoch));
        let fits = |(approval, _): &(Arc<Approval>, Epoch)| {
            approval.workspace == change.workspace && approval.version + 1 == change.version
        };
        let (approval, epoch) = kept.filter(fits).ok_or(Doubt::NotKept)?;
        let state = proofs.judge(change, proof, epoch)?;
        let mut approval = (*approval).clone();
        if let State::Final { at, .. } = &state {
            approval.updated_at = *at;
        }
        approval.version = change.version;
        approval.progress = None;
        approval.state = state;
        Ok(Some(approval))
    }

    fn kept(&self) -> MutexGuard<'_, Option<Kept>> {
        // No code that can panic runs under this lock.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Registry {
    pub fn new(metrics: Metrics) -> Self {
        let forged = Seldom::new(Duration::from_mins(1));
        Self { slots: Mutex::default(), kept: Arc::default(), metrics, forged }
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

    /// Wakes the waiters of these. A hint: they go and read.
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

    /// Wakes those who wait for what another instance says has changed: with the outcome where it is proved, and to go
    /// and read otherwise.
    pub fn told(&self, changes: &[Change], proofs: &Proofs) {
        let mut woken = 0;
        for change in changes {
            // A waiter has read the first version or a later one: before that, there is nothing to wait for.
            if change.version == 1 {
                continue;
            }
            let Some(entry) = self.find(change.approval) else { continue };
            match entry.proved(change, proofs) {
                Ok(None) => {}
                Ok(Some(approval)) => {
                    self.metrics.proof("used");
                    // Final is final: a second one can only be the same.
                    let _ = entry.outcome.set(Arc::new(approval));
                }
                Err(doubt) => self.doubt(change, doubt),
            }
            entry.woken.notify_waiters();
            woken += 1;
        }
        self.metrics.wakeups(Source::Redis.as_str(), woken);
    }

    fn doubt(&self, change: &Change, doubt: Doubt) {
        self.metrics.proof(doubt.as_str());
        if doubt == Doubt::Forged
            && let Some(unsaid) = self.forged.turn()
        {
            tracing::warn!(
                approval_id = %change.approval, unsaid,
                "a message in Redis tells an outcome with a seal that does not fit: it is not believed. Look who can \
                 write to Redis"
            );
        }
    }

    /// Wakes the waiters of this approval, with the outcome that was just committed here.
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

    /// The approvals that have waiters.
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

    /// Keeps the pending version that was read, for when a message proves its outcome. `epoch` is of before it was read.
    pub fn keep(&self, approval: &Arc<Approval>, epoch: Epoch) {
        let mut place = self.entry.kept();
        if place.as_ref().is_none_or(|kept| kept.epoch != epoch || kept.approval.version < approval.version) {
            // What was kept before makes room first.
            *place = None;
            *place = Kept::new(approval, epoch, &self.registry.kept);
        }
    }

    /// The outcome, if it was committed on this instance or proved to it.
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

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::domain::{approval::tests::pending, ids::PrincipalId, names::PrincipalName, policy::Actor};

    const NOW: Epoch = Epoch(1);

    fn of_size(bytes: usize) -> Arc<Approval> {
        let agent = Actor { id: PrincipalId::generate(), name: PrincipalName::new("agent").unwrap() };
        let mut approval = pending(agent);
        let more = bytes - approval.size();
        approval.request.description = Some("x".repeat(more));
        assert_eq!(approval.size(), bytes);
        Arc::new(approval)
    }

    #[test]
    fn nobody_wakes_for_what_they_have_read() {
        let registry = Arc::new(Registry::new(Metrics::new("test").unwrap()));
        let approval = of_size(LARGEST);
        let interest = registry.register(approval.id);
        let mut listening = interest.listen();
        let change = |version| Change {
            workspace: approval.workspace,
            approval: approval.id,
            version,
            task: approval.request.task_id.clone(),
            proof: None,
        };
        registry.told(&[change(1)], &Proofs::default());
        assert!((&mut listening).now_or_never().is_none());
        registry.told(&[change(2)], &Proofs::default());
        assert!(listening.now_or_never().is_some());
    }

    #[test]
    fn no_more_is_kept_than_there_is_room_for() {
        let registry = Arc::new(Registry::new(Metrics::new("test").unwrap()));
        let kept = || registry.kept.load(Ordering::Relaxed);
        let interests: Vec<Interest> = (0..KEPT / LARGEST + 10)
            .map(|_| {
                let interest = registry.register(ApprovalId::generate());
                interest.keep(&of_size(LARGEST), NOW);
                interest
            })
            .collect();
        assert_eq!(kept(), KEPT);
        // Another version takes the place of the one before.
        let mut next = (*of_size(LARGEST)).clone();
        next.version += 1;
        interests[0].keep(&Arc::new(next), NOW);
        assert_eq!(kept(), KEPT);
        assert_eq!(interests[0].entry.kept().as_ref().unwrap().approval.version, 2);
        drop(interests);
        assert_eq!(kept(), 0);
        let interest = registry.register(ApprovalId::generate());
        interest.keep(&of_size(LARGEST + 1), NOW);
        assert_eq!(kept(), 0);
        interest.keep(&of_size(LARGEST), NOW);
        assert_eq!(kept(), LARGEST);
    }
}
