//! What happens to tasks, and who is told: the use cases around the log of events.
//!
//! The log in Postgres is the only buffer. A socket that is told of news comes here for the next page, sends it,
//! and comes again: a slow reader has one page in memory, and what is not sent yet waits where it is
//! safe. All that read at the same moment share one query, like all that append share one commit.

pub mod publish;
pub mod quota;
pub mod read;

use std::{sync::Arc, time::Duration};

use crate::{
    batch::{Calls, places_for_all},
    bus::Bus,
    config,
    domain::event::{Cursor, TaskKey},
    lifecycle::Lifecycle,
    store::{
        Database,
        events::{Page, Reading},
    },
    telemetry::Metrics,
};

use self::{
    publish::{Accepted, Publication},
    quota::Quota,
};

/// The use cases of one instance. Clones share everything.
#[derive(Clone)]
pub struct Events {
    database: Database,
    publications: Calls<Publication, Accepted>,
    pages: Calls<Reading, Page>,
    openings: Calls<(TaskKey, Option<Cursor>), Option<Arc<read::Opened>>>,
    pub quota: Quota,
}

/// What the use cases work with.
#[derive(Clone)]
struct Shared {
    database: Database,
    bus: Bus,
    metrics: Metrics,
    lifecycle: Lifecycle,
    lease_ttl: Duration,
    /// Most events that are kept of one task.
    keep: i64,
    quota: Quota,
}

impl Events {
    pub fn start(
        database: Database,
        bus: Bus,
        metrics: Metrics,
        lifecycle: &Lifecycle,
        config: &config::Config,
    ) -> Self {
        let quota = Quota::new(config.events.workspace_mebibytes_per_day, metrics.clone());
        let shared = Shared {
            database: database.clone(),
            bus,
            metrics,
            lifecycle: lifecycle.clone(),
            lease_ttl: config.lease.ttl(),
            keep: config.events.max_per_task,
            quota: quota.clone(),
        };
        let queued = config.limits.max_queued;
        // All sockets may open at once, and all have news at once: one workspace's, too.
        let reading = places_for_all(queued.saturating_add(config.limits.max_sockets));
        Self {
            publications: publish::start(shared.clone(), queued),
            pages: read::pages(shared.clone(), reading),
            openings: read::openings(shared, reading),
            database,
            quota,
        }
    }

    /// Queues and their lengths.
    pub fn queues(&self) -> Vec<(&'static str, usize)> {
        vec![
            ("publish", self.publications.queued()),
            ("page", self.pages.queued()),
            ("open", self.openings.queued()),
        ]
    }
}
