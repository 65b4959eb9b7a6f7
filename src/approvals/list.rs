//! What is pending, and whether the caller may decide it.

use sqlx::PgConnection;

use super::{Approvals, read::READ};
use crate::{
    batch::Trouble,
    domain::{decision::Vote, policy::Actor},
    store::{
        approvals::Loaded,
        listing::{self, Filter, Position},
    },
};

/// Where a page ends before its limit: bytes of what callers sent with its items.
pub const LARGEST_PAGE: usize = 4 * 1024 * 1024;

/// One page.
pub struct Page {
    pub items: Vec<Loaded>,
    /// Where the next one begins; `None` on the last.
    pub next: Option<Position>,
}

impl Approvals {
    /// A page of what is pending.
    pub async fn pending(&self, mut filter: Filter<'_>) -> Result<Page, Trouble> {
        let limit = usize::try_from(filter.limit).unwrap_or(1);
        // One more than asked tells whether there is another page.
        filter.limit += 1;
        let read = async |conn: &mut PgConnection| listing::pending(conn, &filter).await;
        let mut items = self.shared.database.tenant.within(filter.workspace, READ, read).await?;
        let fit = fitting(&items).min(limit);
        let more = items.len() > fit;
        items.truncate(fit);
        let next = items.last().filter(|_| more).map(|last| Position::of(last, filter.sort));
        Ok(Page { items, next })
    }
}

/// How many of these fit into a page.
pub(super) fn fitting(items: &[Loaded]) -> usize {
    let fit = items.iter().scan(0, |size, loaded| {
        *size += loaded.approval.request.size();
        Some(*size)
    });
    // One item always fits, or there would be no way past it.
    fit.take_while(|size| *size <= LARGEST_PAGE).count().max(1)
}

/// Whether `actor` may vote on it now: the policy admits them, and they haven't voted yet.
pub fn can_decide(loaded: &Loaded, actor: &Actor) -> bool {
    let approval = &loaded.approval;
    let voted = |vote: &Vote| vote.by.id == actor.id && vote.level == approval.escalation_level;
    !approval.state.is_final()
        && !loaded.due
        && approval.policy.admits(actor, &approval.requested_by, approval.on_behalf_of.as_ref()).is_ok()
        && !loaded.votes.iter().any(voted)
}
