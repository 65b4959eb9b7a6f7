//! What has ended: page by page, and searched.
//!
//! Every step reads a bounded number of rows, so no search takes long, however large the workspace is and however
//! rare what is looked for. The price is that a page may be short, or even empty, and still not be the last.

use std::time::{Duration, Instant};

use sqlx::PgConnection;

use super::{
    Approvals, Shared,
    list::{Page, fitting},
    read::READ,
};
use crate::{
    batch::Trouble,
    domain::ids::ApprovalId,
    store::{
        self,
        approvals::{Extent, Loaded},
        history::{self, Search, Walked},
        listing::Position,
    },
};

/// What a step looks at besides what it is to find: enough where one in twenty matches.
const EXAMINE: i64 = 1_000;
/// The same where that was not enough, and too much was in the index.
const EXAMINE_MORE: i64 = 10_000;
/// Most that is taken from the index, to be put in order.
const CANDIDATES: i64 = 20_000;
/// When a page is as full as it gets.
const LONG: Duration = Duration::from_secs(1);

/// How far a search has come.
#[derive(Debug, Clone, Copy)]
pub(super) struct Progress {
    /// Behind this it goes on; `None`: from the beginning.
    pub after: Option<Position>,
    /// Whether there may be anything behind it.
    pub more: bool,
    /// The index was found to hold too much of it.
    dense: bool,
}

impl Progress {
    pub fn new(after: Option<Position>) -> Self {
        Self { after, more: true, dense: false }
    }

    /// The same behind a position of the caller's own.
    pub fn behind(self, position: Position) -> Self {
        Self { after: Some(position), more: true, ..self }
    }

    /// Behind what was looked at last; `None`: that was all.
    fn at(self, after: Option<Position>) -> Self {
        Self { after: after.or(self.after), more: after.is_some(), ..self }
    }

    /// Finds up to `most`, perhaps none, and says how far that has brought it.
    pub async fn step(
        self,
        shared: &Shared,
        search: &Search,
        most: usize,
    ) -> Result<(Vec<Position>, Self), store::Error> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let read = async |conn: &mut PgConnection| {
            if !search.is_for_all() {
                return self.find(conn, search, most).await;
            }
            let found = history::newest(conn, search, self.after, most).await?;
            let last = found.last().copied().filter(|_| is_at_least(&found, most));
            Ok((found, self.at(last)))
        };
        shared.database.tenant.within(search.workspace, READ, read).await
    }

    async fn find(
        self,
        conn: &mut PgConnection,
        search: &Search,
        most: i64,
    ) -> Result<(Vec<Position>, Self), store::Error> {
        let examine = if self.dense { EXAMINE_MORE } else { EXAMINE } + 5 * most;
        let Walked { mut found, stopped } = history::walk(conn, search, self.after, (examine, most)).await?;
        let walked = self.at(stopped);
        let Some(stopped) = stopped.filter(|_| !self.dense && !is_at_least(&found, most)) else {
            return Ok((found, walked));
        };
        // What ended later is not all in the index yet, and has to be walked through.
        let indexed = history::indexed(conn).await?;
        if (stopped.at, stopped.id) > (indexed.at, indexed.id) {
            return Ok((found, walked));
        }
        let candidates = match history::look_up(conn, search, stopped, CANDIDATES + 1).await {
            Ok(candidates) if !is_at_least(&candidates, CANDIDATES + 1) => candidates,
            // More than the database can find in its time is too much as well.
            Ok(_) | Err(store::Error::Busy(_)) => return Ok((found, Self { dense: true, ..walked })),
            Err(error) => return Err(error),
        };
        let room = usize::try_from(most).unwrap_or(usize::MAX) - found.len();
        let more = candidates.len() > room;
        found.extend(candidates.into_iter().take(room));
        let last = found.last().copied().filter(|_| more);
        Ok((found, walked.at(last)))
    }
}

fn is_at_least(found: &[Position], count: i64) -> bool {
    i64::try_from(found.len()).is_ok_and(|found| found >= count)
}

impl Approvals {
    /// A page of what has ended, newest first.
    pub async fn history(
        &self,
        search: &Search,
        after: Option<Position>,
        (limit, extent): (usize, Extent),
    ) -> Result<Page<Loaded>, Trouble> {
        let begun = Instant::now();
        let mut progress = Progress::new(after);
        let mut keys = Vec::new();
        // One more than asked tells whether there is another page.
        while keys.len() <= limit && progress.more && begun.elapsed() < LONG {
            let (found, came) = progress.step(&self.shared, search, limit + 1 - keys.len()).await?;
            keys.extend(found);
            progress = came;
        }
        let mut next = progress.after.filter(|_| progress.more);
        if keys.len() > limit {
            keys.truncate(limit);
            next = keys.last().copied();
        }
        let ids: Vec<ApprovalId> = keys.iter().map(|key| ApprovalId(key.id)).collect();
        let measure = async |conn: &mut PgConnection| store::approvals::sizes(conn, &ids, extent).await;
        let sizes = self.shared.database.tenant.within(search.workspace, READ, measure).await?;
        // What is gone by now takes nothing.
        let (fit, size) = fitting(ids.iter().map(|id| sizes.get(id).copied().unwrap_or(0)));
        if fit < keys.len() {
            next = keys[..fit].last().copied();
        }
        let room = self.shared.room(search.workspace, size)?;
        let mut found = self.shared.shown(search.workspace, &ids[..fit], extent).await?;
        let items = ids[..fit].iter().filter_map(|id| found.remove(id)).collect();
        Ok(Page::new(items, next, room))
    }
}
