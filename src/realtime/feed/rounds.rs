//! What is looked at now and then while a feed follows it: counts, instances, the ends of tasks' logs. Each costs by
//! what is followed, and nothing where nothing is.

use std::{
    collections::{HashMap, HashSet, hash_map::Entry},
    time::{Duration, Instant},
};

use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::{
    sync::{Notify, Semaphore},
    time::MissedTickBehavior,
};

use super::{Feeds, messages::Topic};
use crate::{
    domain::{
        event::{Cursor, TaskKey},
        ids::{PrincipalId, WorkspaceId},
        names::CallerName,
    },
    store::listing::{Counts, Filter},
    wire::cluster::ClusterView,
};

/// Workspaces that are counted at once.
const AT_ONCE: usize = 3;
/// Between two rounds of counting; and a workspace rests at least so many times as long as its round took.
const COUNTING: Duration = Duration::from_millis(500);
const REST: u32 = 4;
/// How often instances are told of: a screen that hears nothing for longer has lost its feed.
const CLUSTER: Duration = Duration::from_secs(2);
/// How often it is looked whether there is more of a task.
const TASKS: Duration = Duration::from_millis(500);
/// Longest a look may take.
pub(super) const LOOK: Duration = Duration::from_secs(4);

/// Waits for the next round. A new follower ends the wait.
async fn next(looked: &Notify, interval: Duration) {
    tokio::select! {
        () = tokio::time::sleep(interval.mul_f64(rand::random_range(0.8..1.0))) => {}
        () = looked.notified() => {}
    }
}

/// How many are pending, for those who follow it and whose workspace has changed. Each workspace has rounds of its own,
/// so one in which counting takes long keeps only itself waiting.
pub(super) async fn counts(feeds: Feeds) {
    let at_once = Semaphore::new(AT_ONCE);
    let mut busy: HashSet<WorkspaceId> = HashSet::new();
    let mut counting = FuturesUnordered::new();
    let mut rounds = tokio::time::interval(COUNTING);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            Some(workspace) = counting.next() => {
                busy.remove(&workspace);
                continue;
            }
            _ = rounds.tick() => {}
            () = feeds.0.looked.counts.notified() => {}
        }
        let waiting: HashSet<WorkspaceId> =
            feeds.all().iter().filter(|it| it.is_to_be_counted()).map(|it| it.workspace).collect();
        for workspace in waiting {
            if busy.insert(workspace) {
                counting.push(count(&feeds, &at_once, workspace));
            }
        }
    }
}

/// One workspace's round, and the rest after it. Who looks at two screens is counted for once. What can't be counted is
/// left to the next round, with all that comes behind it.
async fn count(feeds: &Feeds, at_once: &Semaphore, workspace: WorkspaceId) -> WorkspaceId {
    let place = at_once.acquire().await;
    let begun = Instant::now();
    let mut counted: HashMap<PrincipalId, Counts> = HashMap::new();
    for mailbox in feeds.of(workspace) {
        let Some(caller) = mailbox.wants_counts() else { continue };
        let counts = match counted.entry(caller.actor.id) {
            Entry::Occupied(counted) => *counted.get(),
            Entry::Vacant(place) => {
                match feeds.approvals.count(&Filter::all(workspace), &caller.voter).await {
                    Ok(counts) => *place.insert(counts),
                    Err(error) => {
                        tracing::debug!(%error, "what is pending could not be counted; it is tried again");
                        mailbox.recount();
                        break;
                    }
                }
            }
        };
        mailbox.counts(counts);
    }
    drop(place);
    tokio::time::sleep(COUNTING.max(begun.elapsed() * REST)).await;
    workspace
}

/// The instances of the service, for those who follow them.
pub(super) async fn cluster(feeds: Feeds) {
    loop {
        next(&feeds.0.looked.cluster, CLUSTER).await;
        let followers: Vec<_> = feeds.all().into_iter().filter(|it| it.follows(&Topic::Cluster)).collect();
        if followers.is_empty() {
            continue;
        }
        match feeds.listing.instances().await {
            Ok(instances) => {
                let view = ClusterView::new(instances, feeds.listing.heartbeat, feeds.listing.lease_ttl);
                let text = serde_json::to_string(&view).unwrap_or_else(|_| "null".to_owned()).into();
                for mailbox in followers {
                    mailbox.cluster(&text);
                }
            }
            Err(error) => tracing::debug!(%error, "the instances could not be read; it is tried again"),
        }
    }
}

/// Whether there is more of the tasks that feeds follow.
pub(super) async fn tasks(feeds: Feeds) {
    loop {
        next(&feeds.0.looked.tasks, TASKS).await;
        let mut followed: HashMap<WorkspaceId, HashSet<CallerName>> = HashMap::new();
        let mailboxes = feeds.all();
        for mailbox in &mailboxes {
            for (task, _) in mailbox.tasks() {
                followed.entry(mailbox.workspace).or_default().insert(task);
            }
        }
        for (workspace, tasks) in followed {
            let keys: Vec<TaskKey> = tasks.into_iter().map(|task| TaskKey { workspace, task }).collect();
            match feeds.events.heads(workspace, &keys, LOOK).await {
                Ok((heads, epoch)) => {
                    for mailbox in mailboxes.iter().filter(|it| it.workspace == workspace) {
                        for (key, seq) in &heads {
                            mailbox.task_is_at(&key.task, Cursor { seq: *seq, epoch });
                        }
                    }
                }
                Err(error) => tracing::debug!(%error, "the logs of tasks could not be looked at"),
            }
        }
    }
}
