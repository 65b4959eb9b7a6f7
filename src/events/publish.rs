//! Appending what producers send: many events, one durable commit.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use sqlx::PgConnection;

use super::{
    Events, Shared,
    quota::{self, UsedUp},
};
use crate::{
    batch::{Calls, Trouble, Weigh},
    domain::{
        approval::Opaque,
        event::{Cursor, EventType, TaskKey},
        ids::WorkspaceId,
    },
    store::{
        self,
        events::{self, NewEvent},
    },
};

/// Publications in one commit at most, and workers that commit.
const BATCH: usize = 64;
const WORKERS: usize = 2;
/// How far a task's log may grow beyond what is kept of it before it is cut.
const SLACK: i64 = 1_000;
/// Longest that appending, and cutting a log, may take.
const APPEND: Duration = Duration::from_secs(4);
const TRIM: Duration = Duration::from_secs(4);
/// Events that one statement deletes.
const CUT: i64 = 2_000;

/// Events of one task, in their order.
#[derive(Clone)]
pub struct Publication {
    pub key: TaskKey,
    /// Shared: a batch keeps its calls until they are answered, and must not copy what they carry.
    pub events: Arc<[(EventType, Opaque)]>,
    /// When the producer was last looked at.
    pub looked_at: Instant,
}

/// The events are in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    /// Of the last one.
    pub cursor: Cursor,
    /// Whether a socket follows the task now.
    pub connected: bool,
}

impl Weigh for Publication {
    fn weight(&self) -> usize {
        self.events.iter().map(|(_, data)| data.get().len()).sum()
    }

    fn workspace(&self) -> WorkspaceId {
        self.key.workspace
    }

    fn looked_at(&self) -> Option<Instant> {
        Some(self.looked_at)
    }
}

/// Why events were not taken.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PublishFailure {
    #[error(transparent)]
    UsedUp(#[from] UsedUp),
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

impl Events {
    /// Appends events to a task's log and tells its followers. Once this is called it happens or fails on
    /// its own, whether or not the caller stays to hear it.
    pub async fn publish(&self, publication: Publication) -> Result<Accepted, PublishFailure> {
        self.quota.check(publication.key.workspace, Instant::now())?;
        Ok(self.publications.call(publication).await?)
    }
}

pub(super) fn start(shared: Shared, capacity: usize) -> Calls<Publication, Accepted> {
    let lifecycle = shared.lifecycle.clone();
    Calls::start(&lifecycle, "events", (WORKERS, BATCH, capacity), move |publications: Arc<[Publication]>| {
        let shared = shared.clone();
        async move { append(&shared, &publications).await }
    })
}

async fn append(shared: &Shared, publications: &[Publication]) -> Result<Vec<Accepted>, store::Error> {
    // One entry for each task; for each publication, its task and where its last event stands among the task's.
    let mut tasks: Vec<(TaskKey, i64)> = Vec::new();
    let mut places: HashMap<&TaskKey, usize> = HashMap::new();
    let mut rows = Vec::new();
    let mut lasts = Vec::with_capacity(publications.len());
    for publication in publications {
        let t = *places.entry(&publication.key).or_insert_with(|| {
            tasks.push((publication.key.clone(), 0));
            tasks.len() - 1
        });
        let count = &mut tasks[t].1;
        for (event_type, data) in publication.events.iter() {
            *count += 1;
            rows.push(NewEvent {
                t,
                nth: *count,
                event_type: event_type.as_str(),
                size: data.get().len(),
                data,
            });
        }
        lasts.push((t, *count));
    }
    let begun = Instant::now();
    let epoch = shared.database.epoch()?;
    let append = async |conn: &mut PgConnection| events::append(conn, &tasks, &rows, shared.lease_ttl).await;
    let appended = shared.database.decide.run(APPEND, append).await?;
    shared.metrics.batch("events", rows.len(), begun.elapsed());
    shared.metrics.events_published(rows.len());
    for publication in publications {
        let weight = quota::weight(publication.events.iter().map(|(_, data)| data.get()));
        shared.quota.count(publication.key.workspace, weight, begun);
    }
    for ((key, count), appended) in tasks.iter().zip(&appended) {
        shared.bus.seats.events(key);
        shared.bus.publisher.events(key.clone());
        // Every so often; what is cut twice, or once less, costs nothing.
        if appended.before / SLACK != (appended.before + count) / SLACK {
            trim(shared, key.clone());
        }
    }
    Ok(lasts
        .into_iter()
        .filter_map(|(t, last)| {
            let appended = appended.get(t)?;
            let cursor = Cursor { seq: appended.before + last, epoch };
            Some(Accepted { cursor, connected: appended.connected })
        })
        .collect())
}

/// Cuts a log down to what is kept, by the way.
fn trim(shared: &Shared, key: TaskKey) {
    let (database, keep) = (shared.database.clone(), shared.keep);
    shared.lifecycle.spawn("trim", async move {
        let cut = async |conn: &mut PgConnection| {
            while events::trim(conn, &key, keep, CUT).await? > 0 {}
            Ok(())
        };
        if let Err(error) = database.work.run(TRIM, cut).await {
            tracing::warn!(%error, "a task's log could not be cut; the next events try again");
        }
    });
}
