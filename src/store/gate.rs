//! How many of a pool's connections may be used at once: all of them, or, where Postgres gives fewer, as many as there
//! are.
//!
//! A pool that may open one more does so, and waits in vain while the server has none to give, though others of its own
//! come back meanwhile. Behind a gate that lets in as many as there are connections, each finds one.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, futures::Notified};

/// A pool's gate.
pub struct Gate {
    permits: Arc<Semaphore>,
    limit: Mutex<Limit>,
    /// Connections that are in use.
    used: AtomicUsize,
    /// It lets in fewer: those inside without a connection go out and queue again.
    shrunk: Notify,
    /// The next connection that comes back is given to another pool.
    give_back: AtomicBool,
}

struct Limit {
    size: usize,
    allowed: usize,
    /// Permits that are kept when they come back.
    owed: usize,
}

/// Lets one in. Back when it is dropped.
pub struct Pass {
    gate: Arc<Gate>,
    permit: Option<OwnedSemaphorePermit>,
    in_use: bool,
}

impl Gate {
    pub fn new(size: usize) -> Arc<Self> {
        Arc::new(Self {
            permits: Arc::new(Semaphore::new(size)),
            limit: Mutex::new(Limit { size, allowed: size, owed: 0 }),
            used: AtomicUsize::new(0),
            shrunk: Notify::new(),
            give_back: AtomicBool::new(false),
        })
    }

    /// Waits for its turn.
    pub async fn enter(self: &Arc<Self>) -> Pass {
        // Never closed: there is always a permit to wait for.
        let permit = self.permits.clone().acquire_owned().await.ok();
        Pass { gate: self.clone(), permit, in_use: false }
    }

    /// Completes when it lets in fewer. Those who wait for a connection that can't be opened would be in the way of
    /// those who find one.
    pub fn shrunk(&self) -> Notified<'_> {
        self.shrunk.notified()
    }

    pub fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    pub fn allowed(&self) -> usize {
        self.limit().allowed
    }

    pub fn is_open(&self) -> bool {
        let limit = self.limit();
        limit.allowed == limit.size
    }

    /// Lets so many in, at least one and at most as many as the pool may open.
    pub fn allow(&self, count: usize) {
        let mut limit = self.limit();
        let count = count.clamp(1, limit.size.max(1));
        if count > limit.allowed {
            let more = count - limit.allowed;
            let paid = more.min(limit.owed);
            limit.owed -= paid;
            self.permits.add_permits(more - paid);
        } else {
            let fewer = limit.allowed - count;
            limit.owed += fewer - self.permits.forget_permits(fewer);
            self.shrunk.notify_waiters();
        }
        limit.allowed = count;
    }

    /// The next connection that comes back is closed, for another pool.
    pub fn give_back(&self) {
        self.give_back.store(true, Ordering::Relaxed);
    }

    fn limit(&self) -> MutexGuard<'_, Limit> {
        self.limit.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pass {
    /// A connection was had.
    pub fn begin(&mut self) {
        self.in_use = true;
        self.gate.used.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether the connection is to be closed when its work is done, for another pool.
    pub fn is_wanted_elsewhere(&self) -> bool {
        self.gate.give_back.load(Ordering::Relaxed) && self.gate.give_back.swap(false, Ordering::Relaxed)
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if self.in_use {
            self.gate.used.fetch_sub(1, Ordering::Relaxed);
        }
        let mut limit = self.gate.limit();
        if limit.owed > 0
            && let Some(permit) = self.permit.take()
        {
            limit.owed -= 1;
            permit.forget();
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn as_many_are_in_as_are_allowed() {
        let gate = Gate::new(3);
        let enter = || gate.enter().now_or_never();
        let inside: Vec<Pass> = (0..3).map(|_| enter().unwrap()).collect();
        assert!(enter().is_none());
        gate.allow(1);
        let mut inside = inside.into_iter();
        drop(inside.next());
        drop(inside.next());
        assert!(enter().is_none(), "one is inside still");
        drop(inside.next());
        let one = enter().unwrap();
        assert!(enter().is_none());
        gate.allow(2);
        let two = enter().unwrap();
        assert!(enter().is_none() && !gate.is_open());
        gate.allow(0);
        assert_eq!(gate.allowed(), 1, "never none");
        gate.allow(9);
        assert!(gate.is_open());
        let three = enter().unwrap();
        assert!(enter().is_none());
        drop((one, two, three));
        assert_eq!((0..3).filter_map(|_| enter()).collect::<Vec<_>>().len(), 3);
    }

    #[test]
    fn one_connection_goes_elsewhere() {
        let gate = Gate::new(2);
        let (mut one, two) = (gate.enter().now_or_never().unwrap(), gate.enter().now_or_never().unwrap());
        one.begin();
        assert_eq!(gate.used(), 1);
        gate.give_back();
        assert!(one.is_wanted_elsewhere() && !two.is_wanted_elsewhere());
        drop(one);
        assert_eq!(gate.used(), 0);
    }
}
