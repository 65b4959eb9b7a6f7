//! Being there: the instance's lease, and the connections that it owns while the lease lives.
//!
//! The id is new at each start, so that a process that comes back is never taken for the one that died.

mod heart;
pub mod journal;
pub mod listing;
pub mod ownership;
pub mod past;
mod pulse;

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use tokio::time::Instant;

pub use self::{
    heart::Heart,
    journal::{Happening, Journal},
    listing::Listing,
    ownership::Ownership,
    pulse::Pulse,
};

/// This binary's version.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// An id for this process: a name for people, and what makes it this one start of it.
pub fn new_instance_id(name: &str) -> String {
    let host = || gethostname::gethostname().to_string_lossy().into_owned();
    let name = if name.is_empty() { host() } else { name.to_owned() };
    let plain = |c: char| if c.is_ascii_alphanumeric() || "._:-".contains(c) { c } else { '-' };
    let name: String = name.chars().take(100).map(plain).collect();
    format!("{name}-{:08x}", rand::random::<u32>())
}

/// What the database's clock says, without asking it each time. For measuring only, never for deciding.
#[derive(Clone, Default)]
pub struct DatabaseClock(Arc<Mutex<Option<Reading>>>);

/// What it said, and when that was by our own.
#[derive(Clone, Copy)]
struct Reading {
    at: Instant,
    time: DateTime<Utc>,
}

impl DatabaseClock {
    fn set(&self, now: DateTime<Utc>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(Reading { at: Instant::now(), time: now });
    }

    /// `None` before the first heartbeat.
    pub fn now(&self) -> Option<DateTime<Utc>> {
        let reading = (*self.0.lock().unwrap_or_else(PoisonError::into_inner))?;
        Some(reading.time + reading.at.elapsed())
    }
}
