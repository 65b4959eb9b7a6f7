//! Looking a workspace's chain over because a caller asked: in the background, one at a time for each workspace.
//!
//! It takes one connection of its own, and memory for one page. It says every second how far it has come; one that is
//! not heard of any more has failed. It ends with a drain: it can be begun anew, on any instance.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use serde_json::value::to_raw_value;
use sqlx::{Connection, PgConnection};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{MissedTickBehavior, interval},
};
use uuid::Uuid;

use super::verify::{self, Only, Wanted};
use crate::{
    batch::Trouble,
    domain::{ids::WorkspaceId, policy::Actor},
    lifecycle::Lifecycle,
    store::{
        self, Database,
        verifications::{self, End, New, Verification},
    },
};

/// Those under way on one instance, of all workspaces: each has a connection.
const MOST: usize = 2;
/// How often one says that it goes on.
const PROGRESS: Duration = Duration::from_secs(1);
/// Longest a look, or a change, may take.
const LOOK: Duration = Duration::from_secs(4);
/// Findings that are kept; all of them are counted.
const SHOWN: usize = 20;
/// How often it is tried to say what came of one.
const TRIES: u32 = 5;

/// Clones share everything.
#[derive(Clone)]
pub struct Verifications {
    database: Database,
    lifecycle: Lifecycle,
    instance: String,
    /// How long one may be silent.
    ttl: Duration,
    places: Arc<Semaphore>,
}

impl Verifications {
    pub fn new(database: &Database, lifecycle: &Lifecycle, instance: &str, ttl: Duration) -> Self {
        let places = Arc::new(Semaphore::new(MOST));
        let (database, lifecycle) = (database.clone(), lifecycle.clone());
        Self { database, lifecycle, instance: instance.to_owned(), ttl, places }
    }

    /// One of the workspace's, or its latest.
    pub async fn show(
        &self,
        workspace: WorkspaceId,
        id: Option<Uuid>,
    ) -> Result<Option<Verification>, Trouble> {
        let ttl = self.ttl;
        let get = async |conn: &mut PgConnection| verifications::get(conn, workspace, id, ttl).await;
        Ok(self.database.tenant.within(workspace, LOOK, get).await?)
    }

    /// Begins one, or finds the one that runs; answers whether it is new.
    pub async fn begin(&self, workspace: WorkspaceId, by: &Actor) -> Result<(Verification, bool), Trouble> {
        if let Some(running) = self.show(workspace, None).await?.filter(|it| it.state == "running") {
            return Ok((running, false));
        }
        let place = self.places.clone().try_acquire_owned().map_err(|_| Trouble::Overloaded)?;
        let (id, ttl) = (Uuid::now_v7(), self.ttl);
        let new = New { id, workspace, instance: &self.instance, by };
        let begin = async |conn: &mut PgConnection| {
            let is_new = verifications::begin(conn, &new, ttl).await?;
            Ok((is_new, verifications::get(conn, workspace, is_new.then_some(id), ttl).await?))
        };
        let (is_new, found) = self.database.tenant.within(workspace, LOOK, begin).await?;
        if is_new {
            // Boxed: what it takes is needed by few tasks.
            self.lifecycle.spawn("verification", Box::pin(self.clone().run(workspace, id, place)));
        }
        // It was written, or stood in the way, in this very transaction.
        found.map(|found| (found, is_new)).ok_or(Trouble::TimedOut)
    }

    async fn run(self, workspace: WorkspaceId, id: Uuid, _place: OwnedSemaphorePermit) {
        let walked = Arc::new(AtomicU64::new(0));
        let so_far = || i64::try_from(walked.load(Ordering::Relaxed)).unwrap_or(i64::MAX);
        let mut looking = Box::pin(self.look_over(workspace, walked.clone()));
        let mut ticks = interval(PROGRESS);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let end = loop {
            tokio::select! {
                () = self.lifecycle.closing().cancelled() => {
                    break End::Failed { walked: so_far(), why: "the instance that ran it went away".to_owned() };
                }
                looked = &mut looking => break looked.unwrap_or_else(|error| {
                    tracing::warn!(%error, "a verification of the audit's chain failed");
                    End::Failed { walked: so_far(), why: "the database could not be read to the end".to_owned() }
                }),
                _ = ticks.tick() => {
                    let tell = async |conn: &mut PgConnection| {
                        verifications::progress(conn, workspace, id, so_far()).await
                    };
                    match self.database.tenant.within(workspace, LOOK, tell).await {
                        Ok(true) => {}
                        // It was given up by others meanwhile.
                        Ok(false) => return,
                        Err(error) => tracing::debug!(%error, "how far a verification has come is not told"),
                    }
                }
            }
        };
        drop(looking);
        self.tell(workspace, id, &end).await;
    }

    /// Says what came of it. Where that can't be said, it reads as failed after a while.
    async fn tell(&self, workspace: WorkspaceId, id: Uuid, end: &End) {
        for attempt in 0..TRIES {
            let finish =
                async |conn: &mut PgConnection| verifications::finish(conn, workspace, id, end).await;
            match self.database.tenant.within(workspace, LOOK, finish).await {
                Ok(()) => return,
                Err(error) => tracing::warn!(%error, attempt, "what came of a verification is not told"),
            }
            tokio::select! {
                () = tokio::time::sleep(PROGRESS) => {}
                () = self.lifecycle.stopping().cancelled() => return,
            }
        }
    }

    async fn look_over(&self, workspace: WorkspaceId, walked: Arc<AtomicU64>) -> Result<End, store::Error> {
        let mut conn = self.database.apart().await?;
        let only = Some(Only { id: workspace.0, is_sure: true });
        let mut found = Vec::new();
        let wanted = Wanted { only, walked, ..Wanted::default() };
        let tell = |it: verify::Found| {
            if found.len() < SHOWN {
                found.push(it.finding);
            }
        };
        let summary = verify::database(&mut conn, wanted, tell).await?;
        conn.close().await?;
        found.sort_by_key(|it| it.position);
        let counted = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        Ok(End::Looked {
            walked: counted(summary.links),
            checkpoints: counted(summary.checkpoints),
            unlinked: counted(summary.unlinked),
            findings: counted(summary.findings),
            found: to_raw_value(&found).unwrap_or_default(),
        })
    }
}
