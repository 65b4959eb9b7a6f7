//! What each person was told in the app, looked at now and then while a screen of theirs is open.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::{sync::Semaphore, time::MissedTickBehavior};

use super::{
    Feeds,
    mailbox::{InAppState, Mailbox},
    messages::Topic,
    rounds::LOOK,
};
use crate::{
    domain::ids::{NotificationId, PrincipalId, WorkspaceId},
    notify::in_app::{self, Latest},
};

/// Workspaces that are looked at at once.
const AT_ONCE: usize = 3;
/// How often it is looked whether there is something new; and a workspace rests at least so many times as long as its
/// look took.
const NEWS: Duration = Duration::from_millis(500);
const REST: u32 = 4;
/// How often it is counted anew what is unread: another screen may have marked something as read.
const COUNTING: Duration = Duration::from_secs(5);

/// Who looks, by workspace.
type Followers = HashMap<WorkspaceId, HashMap<PrincipalId, Vec<Arc<Mailbox>>>>;

/// What is known of the people of one workspace.
#[derive(Default)]
struct Known {
    standings: HashMap<PrincipalId, InAppState>,
    counted: Option<Instant>,
}

/// Each workspace has rounds of its own, so one in which looking takes long keeps only itself waiting.
pub(super) async fn run(feeds: Feeds) {
    let at_once = Semaphore::new(AT_ONCE);
    let mut known: HashMap<WorkspaceId, Known> = HashMap::new();
    let mut busy: HashSet<WorkspaceId> = HashSet::new();
    let mut looking = FuturesUnordered::new();
    let mut rounds = tokio::time::interval(NEWS);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            Some((workspace, after)) = looking.next() => {
                busy.remove(&workspace);
                known.insert(workspace, after);
                continue;
            }
            _ = rounds.tick() => {}
            () = feeds.0.looked.notifications.notified() => {}
        }
        let followers = followers(&feeds);
        known.retain(|workspace, _| followers.contains_key(workspace));
        for (workspace, people) in followers {
            if busy.insert(workspace) {
                let before = known.remove(&workspace).unwrap_or_default();
                looking.push(look(&feeds, &at_once, workspace, people, before));
            }
        }
    }
}

fn followers(feeds: &Feeds) -> Followers {
    let mut followers = Followers::new();
    for mailbox in feeds.all().into_iter().filter(|it| it.follows(&Topic::Notifications)) {
        let person = mailbox.caller().actor.id;
        followers.entry(mailbox.workspace).or_default().entry(person).or_default().push(mailbox);
    }
    followers
}

/// One workspace's round, and the rest after it. What can't be looked at is left to the next round.
async fn look(
    feeds: &Feeds,
    at_once: &Semaphore,
    workspace: WorkspaceId,
    people: HashMap<PrincipalId, Vec<Arc<Mailbox>>>,
    mut known: Known,
) -> (WorkspaceId, Known) {
    let place = at_once.acquire().await;
    let begun = Instant::now();
    known.standings.retain(|person, _| people.contains_key(person));
    let is_count_due = known.counted.is_none_or(|at| at.elapsed() >= COUNTING);
    let asked: Vec<PrincipalId> = people.keys().copied().collect();
    let seen: HashMap<PrincipalId, Option<NotificationId>> =
        known.standings.iter().map(|(person, it)| (*person, it.newest_id())).collect();
    match in_app::latest(&feeds.database, workspace, &asked, &seen, is_count_due, LOOK).await {
        Ok(changed) => {
            known.standings.extend(changed.into_iter().map(|(person, it)| (person, it.into())));
            if is_count_due {
                known.counted = Some(begun);
            }
            for (person, standing) in &known.standings {
                for mailbox in people.get(person).into_iter().flatten() {
                    mailbox.notified(standing);
                }
            }
        }
        Err(error) => tracing::debug!(%error, "notifications could not be looked at; it is tried again"),
    }
    drop(place);
    tokio::time::sleep((NEWS / 2).max(begun.elapsed() * REST)).await;
    (workspace, known)
}

impl From<Latest> for InAppState {
    fn from(Latest { newest, unread }: Latest) -> Self {
        Self { newest: newest.map(|it| Arc::new(it.into())), unread }
    }
}
