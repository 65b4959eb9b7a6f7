//! The sweep for those who watch a workspace: finds what changed without its hint having reached us.
//!
//! It looks back further than any transaction may live. After a pause longer than that it looks back as far as the
//! pause; where that is too far, those who watch are told that they may have missed something.

use std::time::Duration;

use super::{Pace, Round, Workers};
use crate::{
    approvals::recent::OVERLAP,
    domain::ids::WorkspaceId,
    store::{self, recent},
};

/// Changes of one workspace that one round looks for.
const MOST: i64 = 1_000;
/// After a longer pause all is read anew.
const LONGEST: Duration = Duration::from_mins(5);

pub(super) async fn run(workers: Workers) {
    let mut round = Round::new("watched", workers.metrics.clone());
    let mut pace = Pace::new(&workers);
    while let Some(everything) = pace.next(&round).await {
        let workspaces = workers.bus.watchers.watched();
        let pause = round.lag();
        if everything && pause > LONGEST {
            workers.bus.watchers.missed();
        }
        if round.run(look(&workers, &workspaces, OVERLAP + pause.min(LONGEST))).await.is_some() {
            pace.done();
        }
    }
}

async fn look(workers: &Workers, workspaces: &[WorkspaceId], window: Duration) -> Result<(), store::Error> {
    if workspaces.is_empty() {
        return Ok(());
    }
    let mut conn = workers.database.work.checkout().await?;
    let changed = recent::lately(&mut conn, workspaces, window, MOST).await?;
    conn.done();
    for it in changed {
        workers.bus.watchers.note(it.workspace, it.id, it.version);
    }
    Ok(())
}
