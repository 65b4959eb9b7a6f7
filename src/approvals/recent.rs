//! What changed in a workspace since a moment: for screens that were away.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{Approvals, list::Page, list::fitting, read::READ};
use crate::{
    batch::Trouble,
    domain::ids::{ApprovalId, WorkspaceId},
    store::{
        approvals::{self, Extent, Loaded},
        recent,
    },
};

/// Longer than any transaction may live (statements 3 s, locks 2 s, idle 5 s, a command 8 s over all): what commits late
/// has a moment that lies this far back at most.
pub const OVERLAP: Duration = Duration::from_secs(15);
/// Changes since the moment that was asked for that are told at once; and with those that lie before it.
const MOST: usize = 500;
const MOST_IN_ALL: i64 = 2_000;
/// A deleted run's approvals stay readable for so long after they ended. Who was away longer may have missed them.
const LONGEST: Duration = Duration::from_mins(9);

/// What changed.
pub struct Recent {
    /// Each as it stands now, without what makes it large. In no order, and some of them told before.
    pub items: Page<Loaded>,
    /// Ask from here on next time.
    pub now: DateTime<Utc>,
    /// False: it was too much, or too long ago, and the lists are to be read anew.
    pub complete: bool,
}

impl Approvals {
    /// What changed since `after`, and somewhat before that. Without it: nothing, and the moment to ask from.
    pub async fn recent(
        &self,
        workspace: WorkspaceId,
        after: Option<DateTime<Utc>>,
    ) -> Result<Recent, Trouble> {
        let read = async |conn: &mut PgConnection| {
            let now = recent::now(&mut *conn).await?;
            let Some(after) = after else { return Ok((now, Some(Vec::new()))) };
            if (now - after).to_std().is_ok_and(|away| away > LONGEST) {
                return Ok((now, None));
            }
            let changed = recent::since(conn, &[workspace], after - OVERLAP, MOST_IN_ALL + 1).await?;
            let is_cut = i64::try_from(changed.len()).is_ok_and(|count| count > MOST_IN_ALL);
            let is_too_much = changed.iter().filter(|it| it.at > after).count() > MOST;
            Ok((now, (!is_cut && !is_too_much).then_some(changed)))
        };
        let (now, changed) = self.shared.database.tenant.within(workspace, READ, read).await?;
        let Some(changed) = changed else {
            return Ok(Recent { items: Page::new(Vec::new(), None, None), now, complete: false });
        };
        let ids: Vec<ApprovalId> = changed.iter().map(|it| it.id).collect();
        let measure = async |conn: &mut PgConnection| approvals::sizes(conn, &ids, Extent::Brief).await;
        let sizes = self.shared.database.tenant.within(workspace, READ, measure).await?;
        let (fit, size) = fitting(ids.iter().map(|id| sizes.get(id).copied().unwrap_or(0)));
        if fit < ids.len() {
            return Ok(Recent { items: Page::new(Vec::new(), None, None), now, complete: false });
        }
        let room = self.shared.room(workspace, size)?;
        let mut found = self.shared.shown(workspace, &ids, Extent::Brief).await?;
        let items = ids.iter().filter_map(|id| found.remove(id)).collect();
        Ok(Recent { items: Page::new(items, None, room), now, complete: true })
    }
}
