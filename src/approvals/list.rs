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
        decision::{Verdict, Vote},
        ids::{ApprovalId, WorkspaceId},
        policy::admission::{Denied, NotEligible, Voter, Wish},
    },
    limits::Room,
    store::{
        self,
        approvals::{Loaded, Votes},
        listing::{self, Filter, Position},
    },
};

/// A page ends with the item that reaches so many bytes.
pub const LARGEST_PAGE: usize = store::approvals::LARGEST;

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

/// An item of the list.
pub struct Pending {
    pub loaded: Loaded,
    /// Whether whoever looks has voted on it already.
    pub voted: bool,
}

impl Approvals {
    /// A page of what is pending.
    pub async fn pending(&self, mut filter: Filter<'_>) -> Result<Page<Pending>, Trouble> {
        let limit = usize::try_from(filter.limit).unwrap_or(1);
        // One more than asked tells whether there is another page.
        filter.limit += 1;
        let find = async |conn: &mut PgConnection| listing::pending(conn, &filter).await;
        let found = self.shared.database.tenant.within(filter.workspace, READ, find).await?;
        let (fit, size) = fitting(found.iter().map(|entry| entry.size).take(limit));
        let next = found[..fit].last().map(|last| last.position).filter(|_| found.len() > fit);
        let room = self.shared.room(filter.workspace, size)?;
        let ids: Vec<ApprovalId> = found[..fit].iter().map(|entry| ApprovalId(entry.position.id)).collect();
        let mut loaded = self.shared.shown(filter.workspace, &ids).await?;
        let items = found[..fit].iter().filter_map(|entry| {
            let loaded = loaded.remove(&ApprovalId(entry.position.id))?;
            // What has ended since it was found is pending no more.
            (!loaded.approval.state.is_final()).then_some(Pending { loaded, voted: entry.voted })
        });
        Ok(Page::new(items.collect(), next, room))
    }
}

impl Shared {
    /// Approvals of a workspace, to be shown: those that are (still) there and make sense.
    pub(super) async fn shown(
        &self,
        workspace: WorkspaceId,
        ids: &[ApprovalId],
    ) -> Result<HashMap<ApprovalId, Loaded>, Trouble> {
        let mut shown = HashMap::new();
        let mut left = ids.to_vec();
        while !left.is_empty() {
            let read =
                async |conn: &mut PgConnection| store::approvals::load(conn, &left, Votes::OfPending).await;
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

/// Whether a voter may vote on it now, one way or the other: the policy admits them, and they haven't voted yet.
pub fn can_decide(Pending { loaded, voted }: &Pending, voter: &Voter) -> bool {
    let approval = &loaded.approval;
    let wish = |verdict| Wish {
        verdict,
        approval_type: &approval.request.approval_type,
        seat: None,
        at: loaded.now,
    };
    let at_this_level = loaded.votes.iter().filter(|vote| vote.level == approval.escalation_level);
    let here: Vec<Vote> = at_this_level.cloned().collect();
    let admits = |verdict| {
        let admitted = approval.policy_now().admit(&approval.asked(), voter, wish(verdict), &here);
        // Which of several seats, they will have to say.
        matches!(admitted, Ok(_) | Err(Denied::NotEligible(NotEligible::SeveralSeats(_))))
    };
    !approval.state.is_final()
        && !loaded.due
        && !voted
        && (admits(Verdict::Approved) || admits(Verdict::Rejected))
}
