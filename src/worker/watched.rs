//! The sweep for those who watch a workspace: finds what changed without its hint having reached us.
//!
//! It looks back further than any transaction may live. After a pause longer than that it looks back as far as the
//! pause; where that is too far, or too much, those who watch are told that they may have missed something.

use std::{
    collections::{HashMap, hash_map::Entry},
    time::{Duration, Instant},
};

use super::{Pace, Round, Workers};
use crate::{
    approvals::recent::OVERLAP,
    domain::ids::WorkspaceId,
    store::{self, recent},
};

/// Changes of one workspace that one round looks for. Those that were told before are among them.
const MOST: i64 = 5_000;
/// After a longer pause all is read anew.
const LONGEST: Duration = Duration::from_mins(5);
/// Between two times that those who watch a workspace are told that it was too much.
const AGAIN: Duration = Duration::from_secs(5);

pub(super) async fn run(workers: Workers) {
    let mut round = Round::new("watched", workers.metrics.clone());
    let mut pace = Pace::new(&workers);
    let mut said: HashMap<WorkspaceId, Instant> = HashMap::new();
    while let Some(everything) = pace.next(&round).await {
        let workspaces = workers.bus.watchers.watched();
        let pause = round.lag();
        if everything && pause > LONGEST {
            workers.bus.watchers.missed();
        }
        if round.run(look(&workers, &workspaces, OVERLAP + pause.min(LONGEST), &mut said)).await.is_some() {
            pace.done();
        }
    }
}

async fn look(
    workers: &Workers,
    workspaces: &[WorkspaceId],
    window: Duration,
    said: &mut HashMap<WorkspaceId, Instant>,
) -> Result<(), store::Error> {
    if workspaces.is_empty() {
        return Ok(());
    }
    let mut conn = workers.database.work.checkout().await?;
    let changed = recent::lately(&mut conn, workspaces, window, MOST + 1).await?;
    conn.done();
    let mut counts: HashMap<WorkspaceId, i64> = HashMap::new();
    for it in changed {
        workers.bus.watchers.note(it.workspace, it.id, it.version);
        *counts.entry(it.workspace).or_default() += 1;
    }
    said.retain(|_, since| since.elapsed() < AGAIN);
    for (workspace, _) in counts.into_iter().filter(|(_, count)| *count > MOST) {
        if let Entry::Vacant(place) = said.entry(workspace) {
            place.insert(Instant::now());
            tracing::info!(%workspace, "more changed than one look finds; its screens read everything anew");
            workers.bus.watchers.missed_in(workspace);
        }
    }
    Ok(())
}
