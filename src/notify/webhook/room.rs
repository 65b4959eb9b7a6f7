//! How many more deliveries may wait for disabled endpoints.
//!
//! The router knows this by heart: it never counts. To count a full backlog takes a fifth of a second, one workspace
//! may have fifty of them, and a statement has three seconds. Within the router's transaction that would stop routing
//! for everyone. So what waits is counted beside the router, and the router subtracts what it writes until the next
//! count.
//!
//! This is not exact. An endpoint that was not counted yet has all the room, and an instance hears of what other
//! instances write only by counting. So somewhat more than `MOST_KEPT` may be kept for a while.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use tokio::sync::Notify;

use super::{STATEMENT, Webhooks};
use crate::{
    domain::{
        ids::{EndpointId, WorkspaceId},
        webhook::MOST_KEPT,
    },
    store::deliveries::{self, Subscriber},
    telemetry::Seldom,
};

/// How long a count is good for.
const GOOD: Duration = Duration::from_secs(30);
/// An endpoint about which the router has not asked for this long is forgotten.
const FORGOTTEN: Duration = Duration::from_hours(1);
/// How long one round of counting goes on with further endpoints.
const ROUND: Duration = Duration::from_secs(3);
/// How often the log says that a count failed.
const SAID: Duration = Duration::from_mins(1);

/// The room of one disabled endpoint.
#[derive(Debug)]
struct Room {
    workspace: WorkspaceId,
    /// An endpoint that was disabled again is another matter.
    disabled_at: DateTime<Utc>,
    left: i64,
    asked_at: Instant,
    /// When it was counted last, or when that failed last.
    counted_at: Option<Instant>,
}

impl Room {
    fn new(workspace: WorkspaceId, disabled_at: DateTime<Utc>, now: Instant) -> Self {
        Self { workspace, disabled_at, left: MOST_KEPT, asked_at: now, counted_at: None }
    }

    /// Whether the router asked when the count was too old, or when there was none.
    fn is_wanted(&self) -> bool {
        self.counted_at.is_none_or(|at| self.asked_at.saturating_duration_since(at) >= GOOD)
    }
}

/// The rooms of disabled endpoints for which events came lately.
#[derive(Debug)]
pub(super) struct Rooms {
    known: Mutex<HashMap<EndpointId, Room>>,
    /// Wakes the one who counts.
    wanted: Notify,
    failures: Seldom,
}

impl Default for Rooms {
    fn default() -> Self {
        Self { known: Mutex::default(), wanted: Notify::new(), failures: Seldom::new(SAID) }
    }
}

impl Rooms {
    /// How many more deliveries may wait for an endpoint, as far as is known. If the count is old, another one is
    /// wanted.
    pub fn of(&self, endpoint: &Subscriber) -> i64 {
        self.of_at(endpoint, Instant::now())
    }

    fn of_at(&self, endpoint: &Subscriber, now: Instant) -> i64 {
        let Some(disabled_at) = endpoint.disabled_at else { return i64::MAX };
        let mut known = self.lock();
        let room =
            known.entry(endpoint.id).or_insert_with(|| Room::new(endpoint.workspace, disabled_at, now));
        if room.disabled_at != disabled_at {
            *room = Room::new(endpoint.workspace, disabled_at, now);
        }
        room.asked_at = now;
        if room.is_wanted() {
            self.wanted.notify_one();
        }
        room.left
    }

    /// One more delivery is written. Only for disabled endpoints this makes a difference.
    pub fn used(&self, endpoint: EndpointId) {
        if let Some(room) = self.lock().get_mut(&endpoint) {
            room.left -= 1;
        }
    }

    /// Endpoints that are to be counted, those that have waited the longest first.
    fn wanted_at(&self, now: Instant) -> Vec<(WorkspaceId, EndpointId)> {
        let mut known = self.lock();
        known.retain(|_, room| now.saturating_duration_since(room.asked_at) < FORGOTTEN);
        let mut wanted: Vec<_> = known.iter().filter(|(_, room)| room.is_wanted()).collect();
        wanted.sort_by_key(|(_, room)| room.counted_at);
        wanted.into_iter().map(|(id, room)| (room.workspace, *id)).collect()
    }

    /// `kept`: how many wait. `None`: that could not be counted, and the last known room stays.
    fn counted_at(&self, endpoint: EndpointId, kept: Option<i64>, now: Instant) {
        if let Some(room) = self.lock().get_mut(&endpoint) {
            room.counted_at = Some(now);
            room.left = kept.map_or(room.left, |kept| MOST_KEPT - kept);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<EndpointId, Room>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Webhooks {
    /// Completes when the router wants to know what waits for an endpoint.
    pub async fn count_wanted(&self) {
        self.rooms.wanted.notified().await;
    }

    /// Counts what waits for the endpoints that the router has asked about. Each is a statement of its own. A round that
    /// has taken long leaves the others to the next.
    pub async fn count(&self) {
        let begun = Instant::now();
        for (workspace, endpoint) in self.rooms.wanted_at(begun) {
            if begun.elapsed() >= ROUND {
                self.rooms.wanted.notify_one();
                return;
            }
            let work = async |conn: &mut PgConnection| deliveries::kept(conn, workspace, endpoint).await;
            let kept = self.database.notify.run(STATEMENT, work).await.inspect_err(|error| {
                if let Some(unsaid) = self.rooms.failures.turn() {
                    tracing::warn!(%error, %endpoint, unsaid, "what waits for an endpoint could not be counted; the last count is used");
                }
            });
            self.rooms.counted_at(endpoint, kept.ok(), Instant::now());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::webhook::Format;

    fn endpoint(disabled_at: Option<i64>) -> Subscriber {
        Subscriber {
            id: EndpointId(uuid::Uuid::from_u128(7)),
            workspace: WorkspaceId(uuid::Uuid::from_u128(1)),
            name: "acme".to_owned(),
            events: Vec::new(),
            format: Format::Standard,
            include_context: false,
            disabled_at: disabled_at.map(|at| DateTime::from_timestamp(at, 0).unwrap()),
        }
    }

    #[test]
    fn what_is_written_is_subtracted_until_the_next_count() {
        let (rooms, now, it) = (Rooms::default(), Instant::now(), endpoint(Some(1)));
        assert_eq!(rooms.of_at(&it, now), MOST_KEPT, "it was not counted yet");
        assert_eq!(rooms.wanted_at(now), [(it.workspace, it.id)]);
        rooms.counted_at(it.id, Some(MOST_KEPT - 2), now);
        assert_eq!(rooms.of_at(&it, now), 2);
        rooms.used(it.id);
        assert_eq!(rooms.of_at(&it, now), 1);
        assert!(rooms.wanted_at(now).is_empty(), "the count is good for a while");
        let later = now + GOOD;
        assert!(rooms.wanted_at(later).is_empty(), "nobody has asked");
        assert_eq!(rooms.of_at(&it, later), 1);
        assert_eq!(rooms.wanted_at(later), [(it.workspace, it.id)]);
        rooms.counted_at(it.id, None, later);
        assert_eq!(rooms.of_at(&it, later), 1, "a count that failed changes nothing");
        assert!(rooms.wanted_at(later).is_empty(), "and is not tried again at once");
    }

    #[test]
    fn an_enabled_endpoint_has_all_room_and_one_disabled_anew_begins_anew() {
        let (rooms, now) = (Rooms::default(), Instant::now());
        rooms.of_at(&endpoint(Some(1)), now);
        rooms.counted_at(endpoint(None).id, Some(MOST_KEPT), now);
        assert_eq!(rooms.of_at(&endpoint(Some(1)), now), 0);
        assert_eq!(rooms.of_at(&endpoint(None), now), i64::MAX);
        assert_eq!(rooms.of_at(&endpoint(Some(2)), now), MOST_KEPT);
        assert_eq!(rooms.wanted_at(now).len(), 1);
        assert!(rooms.wanted_at(now + FORGOTTEN).is_empty());
        assert!(rooms.lock().is_empty(), "nothing is kept of endpoints that get no events");
    }
}
