//! Reads what changed, once for all who look, and puts it into their mailboxes.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;

use super::{Feeds, mailbox::Told};
use crate::{bus::watchers::News, domain::ids::ApprovalId, wire::summary::SameView};

/// Between two looks: what changes meanwhile is read together.
const PACE: Duration = Duration::from_millis(20);
/// Approvals that are read at once.
const CHUNK: usize = 200;
/// Until what could not be read is tried again.
const RETRY: Duration = Duration::from_millis(500);

pub(super) async fn run(feeds: Feeds) {
    loop {
        let news = feeds.bus.watchers.news().await;
        let read = join_all(news.into_iter().map(|news| tell(&feeds, news))).await;
        let all_read = read.into_iter().all(|read| read);
        tokio::time::sleep(if all_read { PACE } else { RETRY }).await;
    }
}

/// Answers whether what changed could be read.
async fn tell(feeds: &Feeds, news: News) -> bool {
    let News { workspace, approvals, too_much } = news;
    if too_much {
        for mailbox in feeds.of(workspace) {
            mailbox.resync("too_much");
        }
    }
    for chunk in approvals.chunks(CHUNK) {
        let found = match feeds.approvals.brief(workspace, chunk).await {
            Ok(found) => found,
            Err(error) => {
                // Whoever looks is told by the banner of the screen what it can't reach itself. Here it is told once more
                // when it can be read again.
                tracing::debug!(%error, "what changed could not be read");
                for id in chunk {
                    feeds.bus.watchers.note(workspace, *id, i32::MAX);
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
    }
    true
}
