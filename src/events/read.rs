//! Reading the log: for sockets that follow it, and for readers that come later.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{Events, Shared};
use crate::{
    batch::{Calls, Trouble, Weigh},
    domain::{
        event::{Cursor, Epoch, TaskKey},
        ids::WorkspaceId,
    },
    store::{
        self,
        events::{self, Event, Opening, Page, Reading},
    },
};

/// Readings in one query at most, and workers that read.
const BATCH: usize = 64;
const WORKERS: usize = 2;
/// Events in one page at most.
const PAGE: i64 = 100;
/// Pending approvals that a socket is told of when it opens.
pub const PENDING: usize = 100;
/// Longest a look into the log may take.
const READ: Duration = Duration::from_secs(4);

impl Weigh for Reading {
    /// A page may be some 400 KiB, but mostly is a few events.
    fn weight(&self) -> usize {
        32 * 1024
    }

    fn workspace(&self) -> WorkspaceId {
        self.key.workspace
    }
}

impl Weigh for (TaskKey, Option<Cursor>) {
    /// A snapshot may be some 500 KiB, but mostly is a few approvals.
    fn weight(&self) -> usize {
        32 * 1024
    }

    fn workspace(&self) -> WorkspaceId {
        self.0.workspace
    }
}

pub(super) fn pages(shared: Shared, capacity: usize) -> Calls<Reading, Page> {
    let lifecycle = shared.lifecycle.clone();
    Calls::start(&lifecycle, "event reader", (WORKERS, BATCH, capacity), move |readings: Arc<[Reading]>| {
        let database = shared.database.clone();
        async move {
            let epoch = database.epoch()?;
            let pages = async |conn: &mut PgConnection| events::pages(conn, &readings, PAGE).await;
            let mut pages = database.read.run(READ, pages).await?;
            for page in &mut pages {
                page.epoch = epoch;
            }
            Ok(pages)
        }
    })
}

type Asked = (TaskKey, Option<Cursor>);

/// Where a log stands, and in which life of the database.
pub type Opened = (Opening, Epoch);

pub(super) fn openings(shared: Shared, capacity: usize) -> Calls<Asked, Option<Arc<Opened>>> {
    let lifecycle = shared.lifecycle.clone();
    Calls::start(&lifecycle, "opener", (1, BATCH, capacity), move |asked: Arc<[Asked]>| {
        let database = shared.database.clone();
        async move {
            let epoch = database.epoch()?;
            let most = i64::try_from(PENDING).unwrap_or(i64::MAX).saturating_add(1);
            let openings = async |conn: &mut PgConnection| events::openings(conn, &asked, most).await;
            let openings = database.read.run(READ, openings).await?;
            Ok(openings.into_iter().map(|opening| opening.map(|it| Arc::new((it, epoch)))).collect())
        }
    })
}

/// From where on to look into a log.
#[derive(Debug, Clone, Copy)]
pub enum From {
    /// The oldest event that is kept.
    Start,
    Cursor(Cursor),
    Time(DateTime<Utc>),
}

/// A part of a log.
#[derive(Debug)]
pub struct Replay {
    pub events: Vec<Event>,
    /// The life of the database in which they were read.
    pub epoch: Epoch,
    /// Everything up to here has been seen.
    pub cursor: Cursor,
    /// Whether there is more now.
    pub more: bool,
    /// False where events behind the cursor are no longer there, or where it is of another life of the database.
    /// `None` where there was no cursor.
    pub recovered: Option<bool>,
}

impl Events {
    /// How far the logs of these tasks of a workspace reach.
    pub async fn heads(
        &self,
        workspace: WorkspaceId,
        keys: &[TaskKey],
        limit: Duration,
    ) -> Result<(Vec<(TaskKey, i64)>, Epoch), store::Error> {
        let epoch = self.database.epoch()?;
        let read = async |conn: &mut PgConnection| events::heads(conn, keys).await;
        Ok((self.database.tenant.within(workspace, limit, read).await?, epoch))
    }

    /// What follows in the log of a task.
    pub async fn page(&self, reading: Reading) -> Result<Page, Trouble> {
        self.pages.call(reading).await
    }

    /// Where the log stands and what is pending. `None` for a task that nobody has named yet.
    pub async fn open(&self, key: TaskKey, cursor: Option<Cursor>) -> Result<Option<Arc<Opened>>, Trouble> {
        self.openings.call((key, cursor)).await
    }

    /// Looks into the log without following it. A cursor that can't be honoured is answered with the oldest
    /// events that are there.
    pub async fn replay(&self, key: TaskKey, from: From, limit: i64) -> Result<Replay, Trouble> {
        let epoch = self.database.epoch()?;
        let (cursor, recovered) = match from {
            From::Start => (Cursor::START, None),
            From::Cursor(cursor) => {
                let opening = self.open(key.clone(), Some(cursor)).await?;
                // Of a task that nobody has named yet, everything is still to come.
                let honoured = match opening {
                    Some(opened) => opened.0.resume(cursor, opened.1),
                    None => Some(cursor).filter(|cursor| *cursor == Cursor::START),
                };
                (honoured.unwrap_or(Cursor::START), Some(honoured.is_some()))
            }
            From::Time(since) => (Cursor { seq: self.before(&key, since).await?, epoch }, None),
        };
        let reading = Reading { key: key.clone(), after: cursor.seq, generation: None };
        let workspace = key.workspace;
        let look = async |conn: &mut PgConnection| {
            let mut pages = events::pages(conn, &[reading], limit).await?;
            let head = events::heads(conn, &[key]).await?.first().map_or(0, |(_, head)| *head);
            Ok((pages.pop().unwrap_or_default().events, head))
        };
        let (events, head) = self.database.tenant.within(workspace, READ, look).await?;
        if self.database.epoch()? != epoch {
            // Some of it was read in one life, some in another.
            return Err(Trouble::TimedOut);
        }
        let complete = events.first().is_none_or(|first| first.seq == cursor.seq + 1);
        // Only from what was read: what came since is for the next page.
        let end = events.last().map_or(cursor, |last| last.cursor(epoch));
        let more = !events.is_empty() && end.seq < head;
        Ok(Replay {
            events,
            epoch,
            cursor: end,
            more,
            recovered: recovered.map(|honoured| honoured && complete),
        })
    }

    /// The place before the first event from `since` on, or the end of the log.
    async fn before(&self, key: &TaskKey, since: DateTime<Utc>) -> Result<i64, Trouble> {
        let look = async |conn: &mut PgConnection| events::before(conn, key, since).await;
        Ok(self.database.tenant.within(key.workspace, READ, look).await?)
    }
}
