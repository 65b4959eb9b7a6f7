//! Which tasks' sockets are on this instance: one seat for each, taken by the newest.
//!
//! Sessions sleep on their seat; whoever learns something that concerns a task leaves a signal there and wakes
//! it. A signal is a hint: the session goes and looks. Only a [`Verdict`] is final, and only Postgres gives one
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
use crate::domain::{credential::Credential, event::TaskKey};

const EVENTS: u8 = 1;
const CHECK: u8 = 2;

/// Why a socket is not to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// A newer one owns the task.
    Replaced,
    /// Its record is gone: the instance was taken for dead.
    Gone,
    /// Somebody closed it by hand.
    Closed { by: String },
    /// Its credential is no longer good.
    Revoked,
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
    /// 0 until the claim is through.
    generation: AtomicI64,
    /// The last event that was sent.
    position: AtomicI64,
    /// When the client last showed life, in milliseconds since `began`.
    seen: AtomicU64,
    began: Instant,
    signals: AtomicU8,
    woken: Notify,
    verdict: OnceLock<Verdict>,
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
            verdict: OnceLock::new(),
        }
    }

    /// `None` until the claim is through.
    pub fn generation(&self) -> Option<i64> {
        Some(self.generation.load(Ordering::Acquire)).filter(|generation| *generation > 0)
    }

    pub fn owns(&self, generation: i64) {
        self.generation.store(generation, Ordering::Release);
    }

    /// As the bus names it; `None` until the claim is through.
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

    /// Ends it. The first verdict counts.
    pub fn end(&self, verdict: Verdict) {
        // A second reason to go changes nothing.
        let _ = self.verdict.set(verdict);
        self.woken.notify_one();
    }

    pub fn verdict(&self) -> Option<&Verdict> {
        self.verdict.get()
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
    taken: Mutex<HashMap<TaskKey, Arc<Seat>>>,
}

/// A seat, for as long as this is held and nobody else takes it.
pub struct Seated {
    pub seat: Arc<Seat>,
    /// The owner that it was taken from, which goes on until this one has become the owner.
    displaced: Option<Arc<Seat>>,
    seats: Arc<Seats>,
}

/// There is no seat left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

impl Seats {
    /// Takes the seat at a task. Whoever has it is replaced, which is never refused; a seat more is, where `most`
    /// are taken.
    pub fn sit(self: &Arc<Self>, seat: Seat, most: usize) -> Result<Seated, Full> {
        let seat = Arc::new(seat);
        let mut taken = self.lock();
        if taken.len() >= most && !taken.contains_key(&seat.key) {
            return Err(Full);
        }
        let displaced = taken.insert(seat.key.clone(), seat.clone());
        drop(taken);
        // One that is about to become the owner must not do so after this one.
        let displaced = displaced.filter(|before| {
            let owns = before.generation().is_some();
            if !owns {
                before.end(Verdict::Replaced);
            }
            owns
        });
        Ok(Seated { seat, displaced, seats: self.clone() })
    }

    pub fn count(&self) -> usize {
        self.lock().len()
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
        self.lock().values().cloned().collect()
    }

    fn find(&self, key: &TaskKey) -> Option<Arc<Seat>> {
        self.lock().get(key).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TaskKey, Arc<Seat>>> {
        // No code that can panic runs under this lock.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seated {
    /// This one is the owner now, and the one before it is not.
    pub fn confirm(&mut self) {
        if let Some(displaced) = self.displaced.take() {
            displaced.end(Verdict::Replaced);
        }
    }
}

impl Drop for Seated {
    fn drop(&mut self) {
        // So that nobody gives the seat back to it.
        self.seat.end(Verdict::Gone);
        let mut taken = self.seats.lock();
        if taken.get(&self.seat.key).is_some_and(|there| Arc::ptr_eq(there, &self.seat)) {
            // It never became the owner: whoever is has the seat again.
            if let Some(owner) = self.displaced.take().filter(|owner| owner.verdict().is_none()) {
                taken.insert(owner.key.clone(), owner.clone());
                owner.look();
                return;
            }
            taken.remove(&self.seat.key);
            // A burst of sockets must not leave its table behind.
            if taken.capacity() > 1024 && taken.len() < taken.capacity() / 8 {
                let target = taken.len() * 2;
                taken.shrink_to(target);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        ids::{KeyId, WorkspaceId},
        names::CallerName,
    };

    fn seat(task: &str) -> Seat {
        let workspace = WorkspaceId(Uuid::from_u128(1));
        Seat::new(
            TaskKey { workspace, task: CallerName::new(task).unwrap() },
            Credential::Key(KeyId::generate()),
        )
    }

    #[test]
    fn the_newest_has_the_seat_and_the_older_one_hears_of_it() {
        let seats = Arc::new(Seats::default());
        let first = seats.sit(seat("a"), 1).unwrap();
        let second = seats.sit(seat("a"), 1).unwrap();
        assert_eq!(first.seat.verdict(), Some(&Verdict::Replaced), "it had not become the owner yet");
        drop(first);
        assert_eq!(seats.count(), 1, "the older one leaves without the seat");
        assert!(seats.sit(seat("b"), 1).is_err());
        drop(second);
        assert_eq!(seats.count(), 0);
    }

    #[test]
    fn an_owner_goes_on_until_the_next_one_is_the_owner() {
        let seats = Arc::new(Seats::default());
        let first = seats.sit(seat("a"), 1).unwrap();
        first.seat.owns(1);
        let refused = seats.sit(seat("a"), 1).unwrap();
        assert_eq!(first.seat.verdict(), None);
        drop(refused);
        assert!(Arc::ptr_eq(&seats.all()[0], &first.seat), "it has its seat again");
        let mut second = seats.sit(seat("a"), 1).unwrap();
        second.confirm();
        assert_eq!(first.seat.verdict(), Some(&Verdict::Replaced));
        drop((first, second));
        assert_eq!(seats.count(), 0);
        // One that has gone meanwhile gets nothing back.
        let first = seats.sit(seat("a"), 1).unwrap();
        first.seat.owns(2);
        let refused = seats.sit(seat("a"), 1).unwrap();
        drop(first);
        drop(refused);
        assert_eq!(seats.count(), 0);
    }

    #[tokio::test]
    async fn a_signal_that_came_before_is_not_lost() {
        let seats = Arc::new(Seats::default());
        let seated = seats.sit(seat("a"), 1).unwrap();
        seats.events(&seated.seat.key);
        seats.check(&seated.seat.key);
        assert_eq!(seated.seat.woken().await, Signals { events: true, check: true });
    }
}
