//! What is pending, and whether the caller may decide it.
//!
//! Lists are made in three steps: places and sizes are found, room is taken for as many as fit into a page, and only
//! then are those read.

use std::collections::HashMap;

use sqlx::PgConnection;

use super::{Approvals, Shared, read::READ};
use crate::{
    batch::Trouble,
    domain::{
        decision::Verdict,
        ids::{ApprovalId, WorkspaceId},
        policy::admission::Voter,
        standing::Reading,
    },
    limits::Room,
    store::{
        self,
        approvals::{Extent, Loaded, Votes},
        listing::{self, Counts, Facet, Filter, Paging, Position},
    },
};

/// A page ends with the item that reaches so many bytes.
pub const LARGEST_PAGE: usize = store::approvals::LARGEST;

/// Most values of each kind that there is to filter by.
const FACETS: i64 = 50;

/// One page.
pub struct Page<T> {
    pub items: Vec<T>,
    /// Where the next one begins; `None` on the last.
    pub next: Option<Position>,
    /// What it takes until the answer is made.
    _room: Option<Room>,
}

impl<T> Page<T> {
    pub(super) fn new(items: Vec<T>, next: Option<Position>, room: Option<Room>) -> Self {
        Self { items, next, _room: room }
    }
}

impl Approvals {
    /// A page of what is pending: whole, or without what makes an approval large.
    pub async fn pending(&self, filter: &Filter, mut paging: Paging<'_>) -> Result<Page<Loaded>, Trouble> {
        let limit = usize::try_from(paging.limit).unwrap_or(1);
        // One more than asked tells whether there is another page.
        paging.limit += 1;
        let find = async |conn: &mut PgConnection| listing::pending(conn, filter, paging).await;
        let found = self.shared.database.tenant.within(filter.workspace, READ, find).await?;
        let (fit, size) = fitting(found.iter().map(|entry| entry.size).take(limit));
        let next = found[..fit].last().map(|last| last.position).filter(|_| found.len() > fit);
        let room = self.shared.room(filter.workspace, size)?;
        let ids: Vec<ApprovalId> = found[..fit].iter().map(|entry| ApprovalId(entry.position.id)).collect();
        let mut loaded = self.shared.shown(filter.workspace, &ids, paging.extent).await?;
        let items = found[..fit].iter().filter_map(|entry| {
            let loaded = loaded.remove(&ApprovalId(entry.position.id))?;
            // What has ended since it was found is pending no more.
            (!loaded.approval.state.is_final()).then_some(loaded)
        });
        Ok(Page::new(items.collect(), next, room))
    }

    /// Some approvals as they stand, without what makes them large; those that are there.
    pub async fn brief(
        &self,
        workspace: WorkspaceId,
        ids: &[ApprovalId],
    ) -> Result<HashMap<ApprovalId, Loaded>, Trouble> {
        self.shared.shown(workspace, ids, Extent::Brief).await
    }

    /// How many are pending, and how many of them are for this person to vote on: those that [`Self::pending`] lists.
    pub async fn count(&self, filter: &Filter, voter: &Voter) -> Result<Counts, Trouble> {
        let count = async |conn: &mut PgConnection| listing::count(conn, filter, voter).await;
        Ok(self.shared.database.tenant.within(filter.workspace, READ, count).await?)
    }

    /// What there is to filter by, the most frequent first.
    pub async fn facets(&self, filter: &Filter, voter: &Voter) -> Result<Vec<Facet>, Trouble> {
        let find = async |conn: &mut PgConnection| listing::facets(conn, filter, voter, FACETS).await;
        Ok(self.shared.database.tenant.within(filter.workspace, READ, find).await?)
    }
}

impl Shared {
    /// Approvals of a workspace, to be shown: those that are (still) there and make sense.
    pub(super) async fn shown(
        &self,
        workspace: WorkspaceId,
        ids: &[ApprovalId],
        extent: Extent,
    ) -> Result<HashMap<ApprovalId, Loaded>, Trouble> {
        let mut shown = HashMap::new();
        let mut left = ids.to_vec();
        while !left.is_empty() {
            let read = async |conn: &mut PgConnection| match extent {
                Extent::Whole => store::approvals::load(conn, &left, Votes::OfPending).await,
                Extent::Brief => store::approvals::load_brief(conn, &left).await,
            };
            let part = self.database.tenant.within(workspace, READ, read).await?;
            left = part.rest;
            for (id, loaded) in part.found {
                match loaded {
                    Ok(loaded) if loaded.approval.workspace == workspace => drop(shown.insert(id, loaded)),
                    Ok(_) => {}
                    Err(error) => tracing::error!(%error, "a row is left out"),
                }
            }
        }
        Ok(shown)
    }
}

/// How many of these sizes fit into a page, and what those come to. One always fits, or there would be no way past it.
pub(super) fn fitting(sizes: impl Iterator<Item = usize>) -> (usize, usize) {
    let (mut count, mut total) = (0, 0);
    for size in sizes {
        if total >= LARGEST_PAGE {
            break;
        }
        (count, total) = (count + 1, total + size);
    }
    (count, total)
}

/// Whether a voter may vote on it now, one way or the other: what `approver=me` lists.
pub fn can_decide(reading: Reading<'_>, voter: &Voter) -> bool {
    [Verdict::Approved, Verdict::Rejected].into_iter().any(|it| reading.vote(voter, true, it).is_allowed())
}
