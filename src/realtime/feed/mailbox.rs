//! What waits to be told to one screen: of each approval the latest only, so that it is bounded by what there is and not
//! by how often it changes. Where it is too much, it is dropped, and the screen is told to read anew.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

use super::messages::Topic;
use crate::{
    auth::Caller,
    domain::{
        event::Cursor,
        ids::{ApprovalId, NotificationId, WorkspaceId},
        names::CallerName,
    },
    store::{approvals::Loaded, listing::Counts},
    wire::notification::OwnNotification,
};

/// Approvals that may wait for one screen.
const MOST: usize = 1_000;

/// An approval as it was read for all who look, and the part of its summary that is the same for them.
#[derive(Debug)]
pub struct Told {
    pub loaded: Loaded,
    pub same: Vec<u8>,
}

/// What a person has been told in the app.
#[derive(Debug, Clone)]
pub struct InAppState {
    pub newest: Option<Arc<OwnNotification>>,
    pub unread: i64,
}

impl InAppState {
    pub fn newest_id(&self) -> Option<NotificationId> {
        self.newest.as_ref().map(|it| it.id)
    }
}

/// What is to be told.
#[derive(Debug, Default)]
pub struct Letters {
    pub approvals: HashMap<ApprovalId, Arc<Told>>,
    pub counts: Option<Counts>,
    pub cluster: Option<Arc<str>>,
    pub tasks: HashMap<CallerName, Cursor>,
    pub notification: Option<Arc<OwnNotification>>,
    pub unread: Option<i64>,
    /// Why something may have been missed.
    pub resync: Option<&'static str>,
}

impl Letters {
    fn is_empty(&self) -> bool {
        let Self { approvals, counts, cluster, tasks, notification, unread, resync } = self;
        approvals.is_empty()
            && counts.is_none()
            && cluster.is_none()
            && tasks.is_empty()
            && notification.is_none()
            && unread.is_none()
            && resync.is_none()
    }
}

/// One screen's.
pub struct Mailbox {
    pub workspace: WorkspaceId,
    inner: Mutex<Inner>,
    woken: Notify,
}

struct Inner {
    caller: Arc<Caller>,
    topics: BTreeSet<Topic>,
    letters: Letters,
    /// The counts may have changed since they were told.
    recount: bool,
    /// Up to where the screen knows its tasks' logs.
    places: HashMap<CallerName, i64>,
    /// What the person's notifications came to when the screen was told last.
    notified: Option<(Option<NotificationId>, i64)>,
}

impl Mailbox {
    pub fn new(caller: Caller) -> Self {
        let workspace = caller.workspace;
        let inner = Inner {
            topics: BTreeSet::new(),
            letters: Letters::default(),
            recount: false,
            places: HashMap::new(),
            notified: None,
            caller: Arc::new(caller),
        };
        Self { workspace, inner: Mutex::new(inner), woken: Notify::new() }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // No code that can panic runs under this lock.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who looks, as of the last look at them.
    pub fn caller(&self) -> Arc<Caller> {
        self.lock().caller.clone()
    }

    pub fn is_seen_by(&self, caller: Arc<Caller>) {
        self.lock().caller = caller;
    }

    pub fn topics(&self) -> BTreeSet<Topic> {
        self.lock().topics.clone()
    }

    pub fn follows(&self, topic: &Topic) -> bool {
        self.lock().topics.contains(topic)
    }

    /// From now on it follows these, and nothing else. What waits of others is dropped.
    pub fn follow(&self, topics: BTreeSet<Topic>) {
        let mut inner = self.lock();
        inner.recount |= topics.contains(&Topic::Counts) && !inner.topics.contains(&Topic::Counts);
        let is_followed = |task: &CallerName| topics.contains(&Topic::Task(task.clone()));
        inner.places.retain(|task, _| is_followed(task));
        inner.letters.tasks.retain(|task, _| is_followed(task));
        if !topics.contains(&Topic::Approvals) {
            inner.letters.approvals = HashMap::new();
        }
        if !topics.contains(&Topic::Notifications) {
            inner.notified = None;
            (inner.letters.notification, inner.letters.unread) = (None, None);
        }
        if !topics.contains(&Topic::Counts) {
            inner.letters.counts = None;
        }
        if !topics.contains(&Topic::Cluster) {
            inner.letters.cluster = None;
        }
        inner.topics = topics;
    }

    /// The tasks that it follows, and up to where it knows their logs.
    pub fn tasks(&self) -> Vec<(CallerName, Option<i64>)> {
        let inner = self.lock();
        let task = |topic: &Topic| match topic {
            Topic::Task(task) => Some((task.clone(), inner.places.get(task).copied())),
            _ => None,
        };
        inner.topics.iter().filter_map(task).collect()
    }

    /// A task's log ends here by now. The first time it is told in any case: something may have come since the screen
    /// read the log, or the log may have begun since.
    pub fn task_is_at(&self, task: &CallerName, cursor: Cursor) {
        let mut inner = self.lock();
        if !inner.topics.contains(&Topic::Task(task.clone())) {
            return;
        }
        if inner.places.insert(task.clone(), cursor.seq) != Some(cursor.seq) {
            inner.letters.tasks.insert(task.clone(), cursor);
            drop(inner);
            self.woken.notify_one();
        }
    }

    /// Approvals changed.
    pub fn approvals(&self, told: &[Arc<Told>]) {
        let mut inner = self.lock();
        inner.recount |= inner.topics.contains(&Topic::Counts);
        if !inner.topics.contains(&Topic::Approvals) {
            return;
        }
        for it in told {
            let approval = &it.loaded.approval;
            let waiting = inner.letters.approvals.get(&approval.id);
            if waiting.is_none_or(|waiting| waiting.loaded.approval.version <= approval.version) {
                inner.letters.approvals.insert(approval.id, it.clone());
            }
        }
        if inner.letters.approvals.len() > MOST {
            inner.letters.approvals = HashMap::new();
            inner.letters.resync = Some("too_much");
        }
        drop(inner);
        self.woken.notify_one();
    }

    /// Something may have been missed, and everything is to be read anew. Of tasks it is told again where they are.
    pub fn resync(&self, reason: &'static str) {
        let mut inner = self.lock();
        inner.recount |= inner.topics.contains(&Topic::Counts);
        inner.places = HashMap::new();
        inner.notified = None;
        inner.letters.resync = Some(reason);
        drop(inner);
        self.woken.notify_one();
    }

    /// Who is to be told new counts, if the counts may have changed since this was last asked.
    pub fn wants_counts(&self) -> Option<Arc<Caller>> {
        let mut inner = self.lock();
        std::mem::take(&mut inner.recount).then(|| inner.caller.clone())
    }

    pub fn is_to_be_counted(&self) -> bool {
        self.lock().recount
    }

    pub fn counts(&self, counts: Counts) {
        let mut inner = self.lock();
        if inner.topics.contains(&Topic::Counts) {
            inner.letters.counts = Some(counts);
            drop(inner);
            self.woken.notify_one();
        }
    }

    pub fn recount(&self) {
        self.lock().recount = true;
    }

    pub fn cluster(&self, cluster: &Arc<str>) {
        let mut inner = self.lock();
        if inner.topics.contains(&Topic::Cluster) {
            inner.letters.cluster = Some(cluster.clone());
            drop(inner);
            self.woken.notify_one();
        }
    }

    /// What the person has been told by now. The first time only the count is told: who follows it has read the list.
    pub fn notified(&self, standing: &InAppState) {
        let mut inner = self.lock();
        if !inner.topics.contains(&Topic::Notifications) {
            return;
        }
        let now = (standing.newest_id(), standing.unread);
        let before = inner.notified.replace(now);
        if before == Some(now) {
            return;
        }
        let is_newer = before.is_some_and(|(newest, _)| newest < now.0);
        if let Some(newest) = standing.newest.as_ref().filter(|_| is_newer) {
            inner.letters.notification = Some(newest.clone());
        }
        inner.letters.unread = Some(standing.unread);
        drop(inner);
        self.woken.notify_one();
    }

    /// Waits until there is something to tell.
    pub async fn full(&self) {
        while self.lock().letters.is_empty() {
            self.woken.notified().await;
        }
    }

    /// What there is to tell, of at most so many approvals, and whether there is more.
    pub fn take(&self, most: usize) -> (Letters, bool) {
        let waiting = &mut self.lock().letters;
        let mut letters = std::mem::take(waiting);
        let beyond = letters.approvals.keys().skip(most).copied().collect::<Vec<_>>();
        waiting.approvals = beyond.into_iter().filter_map(|id| letters.approvals.remove_entry(&id)).collect();
        let more = !waiting.is_empty();
        (letters, more)
    }
}
