//! How many connections are open, and how many may be: in all, from one address, and together with those that have
//! become sockets.
//!
//! Where there is no room for one more, idle ones go: first the ones that never sent a request, then the ones that have
//! been idle for longest. What is left over is answered in the *lobby*: health checks are told how
//! the instance is, everything else that it is full. The lobby has few places; beyond them a connection is reset.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

use crate::{
    config,
    http::address::TrustedProxies,
    limits::{Cap, Count, Held, Network},
    line::{Awaiting, Control},
    telemetry::Metrics,
};

/// Connections past the cap while those that were asked to leave are leaving.
pub const SLACK: usize = 64;
/// Connections that are being told that there is no room, and of those the ones from one address.
pub const LOBBY: usize = 64;
const LOBBY_OF_ADDRESS: usize = 8;
/// A new connection's request may be on its way for so long; what has begun, or had a request before, has longer.
const SETTLED: Duration = Duration::from_secs(1);
const STALE: Duration = Duration::from_secs(5);
/// After a look that found none to send away, the next look waits for so long.
const PAUSE: Duration = Duration::from_millis(100);

/// Clones share the counts.
#[derive(Clone)]
pub struct Connections(Arc<Parts>);

struct Parts {
    most: usize,
    /// All that are open, sockets as well, and how many that may be.
    lines: Count,
    room: usize,
    addresses: Cap<Network>,
    lobby: Arc<AtomicUsize>,
    lobby_addresses: Cap<Network>,
    proxies: TrustedProxies,
    metrics: Metrics,
    roll: Mutex<Roll>,
}

#[derive(Default)]
struct Roll {
    next: u64,
    open: HashMap<u64, Entry>,
    /// When a look found none to send away: among all, and among those of one address.
    in_vain: Option<Instant>,
    in_vain_of_address: Option<Instant>,
}

struct Entry {
    control: Control,
    address: Network,
    trusted: bool,
}

/// What becomes of a connection.
pub enum Admitted {
    Place(Place),
    /// It is told that there is no room.
    Lobby(Corner),
    /// Not even that.
    Nowhere,
}

/// One connection, for as long as this lives.
pub struct Place {
    connections: Connections,
    number: u64,
    _of_address: Option<Held<Network>>,
}

/// A place in the lobby.
pub struct Corner {
    places: Arc<AtomicUsize>,
    _of_address: Option<Held<Network>>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.0.roll().open.remove(&self.number);
    }
}

impl Drop for Corner {
    fn drop(&mut self) {
        self.places.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Connections {
    /// As configured; `room` is for connections and sockets together.
    pub fn new(limits: &config::Limits, room: usize, proxies: TrustedProxies, metrics: Metrics) -> Self {
        let (most, of_address) = (limits.max_connections, limits.max_connections_per_address);
        Self::with(most, of_address, room, proxies, metrics)
    }

    /// No more than `most`, and no other rule.
    pub fn at_most(most: usize, proxies: TrustedProxies, metrics: Metrics) -> Self {
        Self::with(most, most, usize::MAX, proxies, metrics)
    }

    fn with(most: usize, of_address: usize, room: usize, proxies: TrustedProxies, metrics: Metrics) -> Self {
        Self(Arc::new(Parts {
            most,
            lines: Count::default(),
            room,
            addresses: Cap::new(of_address),
            lobby: Arc::default(),
            lobby_addresses: Cap::new(LOBBY_OF_ADDRESS),
            proxies,
            metrics,
            roll: Mutex::default(),
        }))
    }

    pub fn lines(&self) -> &Count {
        &self.0.lines
    }

    /// Those that are no sockets.
    pub fn count(&self) -> usize {
        self.0.roll().open.len()
    }

    /// Finds a place for a connection.
    pub fn admit(&self, peer: IpAddr, control: &Control) -> Admitted {
        let trusted = self.0.proxies.trusts(peer.to_canonical());
        // A proxy stands for all of its clients.
        let held =
            |cap: &Cap<Network>| if trusted { Ok(None) } else { cap.enter(peer.into()).map(Some).ok_or(()) };
        let refused = match held(&self.0.addresses) {
            Err(()) => {
                // There is room for the next one of the address, if not for this one.
                self.0.make_room(&mut self.0.roll(), Some(peer.into()));
                "connections_of_address"
            }
            Ok(of_address) => {
                let entry = Entry { control: control.clone(), address: peer.into(), trusted };
                if let Some(number) = self.0.enter(entry) {
                    let connections = self.clone();
                    return Admitted::Place(Place { connections, number, _of_address: of_address });
                }
                "connections"
            }
        };
        self.0.metrics.shed(refused);
        let Ok(of_address) = held(&self.0.lobby_addresses) else { return Admitted::Nowhere };
        let corner = Corner { places: self.0.lobby.clone(), _of_address: of_address };
        if corner.places.fetch_add(1, Ordering::Relaxed) < LOBBY {
            Admitted::Lobby(corner)
        } else {
            Admitted::Nowhere
        }
    }
}

impl Parts {
    fn roll(&self) -> MutexGuard<'_, Roll> {
        // No code that can panic runs under this lock.
        self.roll.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self, entry: Entry) -> Option<u64> {
        let mut roll = self.roll();
        // The new one is among the lines already.
        let full = |roll: &Roll, slack: usize| {
            roll.open.len() >= self.most.saturating_add(slack)
                || self.lines.get() > self.room.saturating_add(slack)
        };
        if full(&roll, 0) {
            let leaving = self.make_room(&mut roll, None);
            if full(&roll, if leaving > 0 { SLACK } else { 0 }) {
                return None;
            }
        }
        let number = roll.next;
        roll.next += 1;
        roll.open.insert(number, entry);
        Some(number)
    }

    /// Asks some to leave, of one address or of all; answers how many.
    fn make_room(&self, roll: &mut Roll, of: Option<Network>) -> usize {
        let leaving = roll.make_room((self.most.min(self.room) / 32).clamp(1, SLACK), of);
        (0..leaving).for_each(|_| self.metrics.shed("idle_connections"));
        leaving
    }
}

impl Roll {
    /// Asks at most `most` idle ones to leave; answers how many. Several at a time: one look serves many newcomers.
    fn make_room(&mut self, most: usize, of: Option<Network>) -> usize {
        let now = Instant::now();
        let in_vain = if of.is_none() { &mut self.in_vain } else { &mut self.in_vain_of_address };
        if in_vain.is_some_and(|at| now - at < PAUSE) {
            return 0;
        }
        let mut idle: Vec<(u8, Instant, &Control)> = self
            .open
            .values()
            .filter(|entry| of.is_none_or(|of| of == entry.address))
            .filter_map(|entry| {
                let (class, since) = dispensable(entry, now)?;
                Some((class, since, &entry.control))
            })
            .collect();
        if idle.is_empty() {
            *in_vain = Some(now);
            return 0;
        }
        let leaving = idle.len().min(most);
        idle.select_nth_unstable_by_key(leaving - 1, |(class, since, _)| (*class, *since));
        idle[..leaving].iter().for_each(|(_, _, control)| control.unwant());
        leaving
    }
}

/// Whether a connection may be sent away, how soon before others, and since when it could have been.
fn dispensable(entry: &Entry, now: Instant) -> Option<(u8, Instant)> {
    let (class, since, settled) = match entry.control.standing() {
        Awaiting::New { since, begun: false } => (0, since, SETTLED),
        Awaiting::New { since, begun: true } => (0, since, STALE),
        // A balancer sends its next request into such a one; it comes last, and a trusted one's never goes.
        Awaiting::Idle { since, .. } if !entry.trusted => (1, since, STALE),
        Awaiting::Idle { .. } | Awaiting::Busy => return None,
    };
    (now - since >= settled).then_some((class, since))
}
