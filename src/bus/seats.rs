//! Which tasks' sockets are on this instance: one seat for each, taken by the newest.
//!
//! Sessions sleep on their seat; a part that learns something about a task leaves a signal there and wakes
//! it. A signal is a hint: the session goes and looks. Only a [`Dismissal`] is final, and only Postgres gives one
//! (or a newer socket that took the seat on this very instance).

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicI64, AtomicU8, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::sync::Notify;
use uuid::Uuid;

use super::owners::Owner;
use crate::{
    config,
    domain::{credential::Credential, event::TaskKey, ids::WorkspaceId},
};

const EVENTS: u8 = 1;
const CHECK: u8 = 2;

/// Why a socket is not to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dismissal {
    /// A newer one owns the task.
    Replaced,
    /// Its record is gone: the instance was taken for dead.
    Gone,
    /// A caller closed it by hand.
    Closed { by: String },
    /// Its credential was revoked, or its principal disabled.
    Revoked,
    /// Its credential could not be looked at for too long.
    Unchecked,
    /// Its credential is no longer good, and another may be.
    Outdated(Outdated),
}

/// Why a credential is no longer good that was not revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outdated {
    /// Its time is over.
    Expired,
    /// Another has taken its place.
    Rotated,
    /// It doesn't allow to follow tasks any more.
    Changed,
}

/// What woke a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Signals {
    /// There may be events.
    pub events: bool,
    /// Another may own the task.
    pub check: bool,
}

/// One socket's seat at its task.
#[derive(Debug)]
pub struct Seat {
    pub key: TaskKey,
    pub connection: Uuid,
    pub credential: Credential,
    /// 0 until the bid is through.
    generation: AtomicI64,
    /// The last event that was sent.
    position: AtomicI64,
    /// When the client last showed life, in milliseconds since `began`.
    seen: AtomicU64,
    began: Instant,
    signals: AtomicU8,
    woken: Notify,
    dismissal: OnceLock<Dismissal>,
    /// The owner that it was taken from. That one goes on until a newer one has become the owner. If this seat is displaced
    /// before it is the owner, the next seat takes this over, and tells it.
    displaced: Mutex<Option<Arc<Self>>>,
    /// Connections that left while this one was about to become the owner: their records go with its own.
    left: Mutex<Vec<Uuid>>,
}

impl Seat {
    pub fn new(key: TaskKey, credential: Credential) -> Self {
        Self {
            key,
            connection: Uuid::now_v7(),
            credential,
            generation: AtomicI64::new(0),
            position: AtomicI64::new(i64::MAX),
            seen: AtomicU64::new(0),
            began: Instant::now(),
            signals: AtomicU8::new(0),
            woken: Notify::new(),
            dismissal: OnceLock::new(),
            displaced: Mutex::default(),
            left: Mutex::default(),
        }
    }

    /// `None` until the bid is through.
    pub fn generation(&self) -> Option<i64> {
        Some(self.generation.load(Ordering::Acquire)).filter(|generation| *generation > 0)
    }

    pub fn owns(&self, generation: i64) {
        self.generation.store(generation, Ordering::Release);
    }

    /// As the bus names it; `None` until the bid is through.
    pub fn owner(&self, instance: &str) -> Option<Owner> {
        let generation = self.generation()?;
        Some(Owner { key: self.key.clone(), instance: instance.to_owned(), generation })
    }

    /// The last event that was sent. Before there is any question of that, the end of all.
    pub fn position(&self) -> i64 {
        self.position.load(Ordering::Relaxed)
    }

    pub fn sent(&self, seq: i64) {
        self.position.store(seq, Ordering::Relaxed);
    }

    /// The client showed life.
    pub fn touch(&self) {
        let now = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.seen.store(now, Ordering::Relaxed);
    }

    /// How long ago the client last showed life.
    pub fn silence(&self) -> Duration {
        self.began.elapsed().saturating_sub(Duration::from_millis(self.seen.load(Ordering::Relaxed)))
    }

    fn signal(&self, signals: u8) {
        self.signals.fetch_or(signals, Ordering::AcqRel);
        self.woken.notify_one();
    }

    /// There may be events.
    pub fn look(&self) {
        self.signal(EVENTS);
    }

    /// Another may own the task.
    pub fn doubt(&self) {
        self.signal(CHECK);
    }

    /// Ends it. The first dismissal counts.
    pub fn end(&self, dismissal: Dismissal) {
        // A second reason to go changes nothing.
        let _ = self.dismissal.set(dismissal);
        self.woken.notify_one();
    }

    // No code that can panic runs under these locks.

    fn displaced(&self) -> MutexGuard<'_, Option<Arc<Self>>> {
        self.displaced.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn left(&self) -> MutexGuard<'_, Vec<Uuid>> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn dismissal(&self) -> Option<&Dismissal> {
        self.dismissal.get()
    }

    /// Sleeps until something was left here. Signals that came before count.
    pub async fn woken(&self) -> Signals {
        self.woken.notified().await;
        let signals = self.signals.swap(0, Ordering::AcqRel);
        Signals { events: signals & EVENTS != 0, check: signals & CHECK != 0 }
    }
}

/// The seats of one instance.
#[derive(Default)]
pub struct Seats {
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    seats: HashMap<TaskKey, Arc<Seat>>,
    /// How many of them each workspace has.
    workspaces: HashMap<WorkspaceId, usize>,
}

/// How many seats there are.
#[derive(Debug, Clone, Copy)]
pub struct Most {
    pub in_all: usize,
    pub of_a_workspace: usize,
}

impl From<&config::Limits> for Most {
    fn from(limits: &config::Limits) -> Self {
        let of_a_workspace = match limits.max_instance_sockets_per_workspace {
            0 => limits.max_sockets,
            most => most,
        };
        Self { in_all: limits.max_sockets, of_a_workspace }
    }
}

/// A seat, for as long as this is held and nobody else takes it.
pub struct Seated {
    pub seat: Arc<Seat>,
    seats: Arc<Seats>,
}

/// There is no seat left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    /// For nobody; and whether another workspace has most of them.
    InAll { crowded_out: bool },
    /// For this workspace.
    Workspace,
}

impl Taken {
    fn check(&self, workspace: WorkspaceId, most: Most) -> Result<(), Full> {
        let own = self.workspaces.get(&workspace).copied().unwrap_or_default();
        if self.seats.len() >= most.in_all {
            let largest = self.workspaces.values().max().copied().unwrap_or_default();
            return Err(Full::InAll { crowded_out: largest > own && largest * 2 > most.in_all });
        }
        if own >= most.of_a_workspace { Err(Full::Workspace) } else { Ok(()) }
    }

    /// The one that had it before, if any.
    fn put(&mut self, seat: Arc<Seat>) -> Option<Arc<Seat>> {
        let workspace = seat.key.workspace;
        let before = self.seats.insert(seat.key.clone(), seat);
        if before.is_none() {
            *self.workspaces.entry(workspace).or_default() += 1;
        }
        before
    }

    fn remove(&mut self, key: &TaskKey) {
        if self.seats.remove(key).is_none() {
            return;
        }
        if let Some(count) = self.workspaces.get_mut(&key.workspace) {
            *count -= 1;
            if *count == 0 {
                self.workspaces.remove(&key.workspace);
            }
        }
        // A burst of sockets must not leave its table behind.
        if self.seats.capacity() > 1024 && self.seats.len() < self.seats.capacity() / 8 {
            self.seats.shrink_to(self.seats.len() * 2);
        }
    }
}

impl Seats {
    /// Takes the seat at a task. The socket that has it is replaced, which is never refused; a seat more is, where `most`
    /// are taken.
    pub fn sit(self: &Arc<Self>, seat: Seat, most: Most) -> Result<Seated, Full> {
        let seat = Arc::new(seat);
        let mut taken = self.lock();
        if !taken.seats.contains_key(&seat.key) {
            taken.check(seat.key.workspace, most)?;
        }
        if let Some(before) = taken.put(seat.clone()) {
            let owner = if before.generation().is_some() {
                Some(before)
            } else {
                // It must not become the owner after this one. Whom it displaced is this one's to tell.
                before.end(Dismissal::Replaced);
                before.displaced().take()
            };
            *seat.displaced() = owner;
        }
        drop(taken);
        Ok(Seated { seat, seats: self.clone() })
    }

    /// The socket of this seat has gone. Answers the connections whose records are to be removed.
    ///
    /// `None` while a newer socket here is about to become the owner: its bid takes the record over. Without a record
    /// meanwhile, an older owner elsewhere would hear that its record is gone, and not that a newer one has it.
    pub fn leave(&self, seat: &Seat) -> Option<Vec<Uuid>> {
        let taken = self.lock();
        let mut left = std::mem::take(&mut *seat.left());
        left.push(seat.connection);
        match taken.seats.get(&seat.key) {
            Some(newer) if newer.connection != seat.connection && newer.generation().is_none() => {
                newer.left().append(&mut left);
                None
            }
            _ => Some(left),
        }
    }

    pub fn count(&self) -> usize {
        self.lock().seats.len()
    }

    /// A task got events, perhaps.
    pub fn events(&self, key: &TaskKey) {
        if let Some(seat) = self.find(key) {
            seat.look();
        }
    }

    /// A task has another owner, perhaps.
    pub fn check(&self, key: &TaskKey) {
        if let Some(seat) = self.find(key) {
            seat.doubt();
        }
    }

    /// All seats, as they are at this moment.
    pub fn all(&self) -> Vec<Arc<Seat>> {
        self.lock().seats.values().cloned().collect()
    }

    fn find(&self, key: &TaskKey) -> Option<Arc<Seat>> {
        self.lock().seats.get(key).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        // No code that can panic runs under this lock.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seated {
    /// This one is the owner now, and the one before it is not.
    pub fn confirm(&mut self) {
        let displaced = self.seat.displaced().take();
        if let Some(displaced) = displaced {
            displaced.end(Dismissal::Replaced);
        }
    }
}

impl Drop for Seated {
    fn drop(&mut self) {
        // So that nobody gives the seat back to it.
        self.seat.end(Dismissal::Gone);
        let mut taken = self.seats.lock();
        if taken.seats.get(&self.seat.key).is_some_and(|there| Arc::ptr_eq(there, &self.seat)) {
            // It never became the owner: the owner has the seat again.
            let displaced = self.seat.displaced().take();
            if let Some(owner) = displaced.filter(|owner| owner.dismissal().is_none()) {
                taken.put(owner.clone());
                owner.look();
                return;
            }
            taken.remove(&self.seat.key);
        }
    }
}

#[cfg(test)]
mod tests;
