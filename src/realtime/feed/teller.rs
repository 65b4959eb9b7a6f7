//! Reads what changed, once for all who look, and puts it into their mailboxes.
//!
//! Workspaces take turns: a few are read at once, a part of each at a time. So one with very much news, or one whose
//! reading takes long, doesn't hold up the others.

use std::{collections::HashSet, sync::Arc, time::Duration};

use futures_util::{StreamExt, stream::FuturesUnordered};

use super::{Feeds, mailbox::Told};
use crate::{
    bus::watchers::News,
    domain::ids::{ApprovalId, WorkspaceId},
    wire::summary::SameView,
};

/// Workspaces that are read at once.
const AT_ONCE: usize = 4;
/// Approvals of one that are read at once.
const CHUNK: usize = 200;
/// Between two looks at one workspace: what changes meanwhile is read together.
const PACE: Duration = Duration::from_millis(20);
/// Until what could not be read is tried again.
const RETRY: Duration = Duration::from_millis(500);

pub(super) async fn run(feeds: Feeds) {
    let mut busy: HashSet<WorkspaceId> = HashSet::new();
    let mut telling = FuturesUnordered::new();
    loop {
        tokio::select! {
            news = feeds.bus.watchers.news(&busy, CHUNK), if busy.len() < AT_ONCE => {
                busy.insert(news.workspace);
                telling.push(turn(&feeds, news));
            }
            Some(workspace) = telling.next() => drop(busy.remove(&workspace)),
        }
    }
}

/// One workspace's turn, and the rest after it.
async fn turn(feeds: &Feeds, news: News) -> WorkspaceId {
    let workspace = news.workspace;
    let rest = if tell(feeds, news).await { PACE } else { RETRY };
    tokio::time::sleep(rest).await;
    workspace
}

/// Answers whether what changed could be read.
async fn tell(feeds: &Feeds, news: News) -> bool {
    let News { workspace, approvals, missed } = news;
    if let Some(why) = missed {
        for mailbox in feeds.of(workspace) {
            mailbox.resync(why);
        }
    }
    if approvals.is_empty() {
        return true;
    }
    let found = match feeds.approvals.brief(workspace, &approvals).await {
        Ok(found) => found,
        Err(error) => {
            tracing::debug!(%error, "what changed could not be read; it is tried again");
            for id in approvals {
                // Whichever version was told, this one is to be looked at.
                feeds.bus.watchers.note(workspace, id, i32::MAX);
            }
            return false;
        }
    };
    let told: Vec<Arc<Told>> = found
        .into_values()
        .map(|loaded| {
            let same = serde_json::to_vec(&SameView::from(&loaded)).unwrap_or_default();
            Arc::new(Told { loaded, same })
        })
        .collect();
    let versions: Vec<(ApprovalId, i32)> =
        told.iter().map(|it| (it.loaded.approval.id, it.loaded.approval.version)).collect();
    feeds.bus.watchers.told(workspace, versions);
    for mailbox in feeds.of(workspace) {
        mailbox.approvals(&told);
    }
    true
}
