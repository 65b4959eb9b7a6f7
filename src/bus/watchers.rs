//! Which workspaces are watched on this instance, and which of their approvals changed: what screens are told.
//!
//! It knows neither screens nor approvals, only that there is news. Changes come from this instance, from the bus and
//! from the sweep, so one may come three times: what has been told once in this version is passed over. Where too much
//! changes at once the single approvals are forgotten, and those who watch are told that they missed something.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::sync::Notify;

use super::message::Change;
use crate::domain::ids::{ApprovalId, WorkspaceId};

/// Approvals of a workspace that may have changed and not been read yet.
const MOST: usize = 2_000;
/// For how long a version that was told is remembered: longer than the sweep looks back.
const REMEMBERED: Duration = Duration::from_secs(30);

/// Why single changes are not told.
const TOO_MUCH: &str = "too_much";

/// The workspaces that are watched here.
#[derive(Default)]
pub struct Watchers {
    workspaces: Mutex<HashMap<WorkspaceId, Watched>>,
    /// How many there are: read without the lock by all that changes something.
    count: AtomicUsize,
    /// The next place in the queue of workspaces with news.
    places: AtomicU64,
    woken: Notify,
}

#[derive(Default)]
struct Watched {
    /// How many watch.
    watching: usize,
    /// What changed, and in which version it was heard of.
    changed: HashMap<ApprovalId, i32>,
    missed: Option<&'static str>,
    /// Its place in the queue, while it has news: the lowest comes first.
    place: Option<u64>,
    told: Told,
}

/// Versions that were told lately: those of the last half a minute at least, and of the last minute at most.
#[derive(Default)]
struct Told {
    now: HashMap<ApprovalId, i32>,
    before: HashMap<ApprovalId, i32>,
    turned: Option<Instant>,
}

/// News of a workspace.
#[derive(Debug, PartialEq, Eq)]
pub struct News {
    pub workspace: WorkspaceId,
    pub approvals: Vec<ApprovalId>,
    /// Why changes are missing from the list, where some are.
    pub missed: Option<&'static str>,
}

/// One that watches a workspace, for as long as this lives.
pub struct Watching {
    workspace: WorkspaceId,
    watchers: Arc<Watchers>,
}

impl Watchers {
    pub fn watch(self: &Arc<Self>, workspace: WorkspaceId) -> Watching {
        let mut workspaces = self.lock();
        workspaces.entry(workspace).or_default().watching += 1;
        self.count.store(workspaces.len(), Ordering::Release);
        Watching { workspace, watchers: self.clone() }
    }

    /// The workspaces that are watched.
    pub fn watched(&self) -> Vec<WorkspaceId> {
        self.lock().keys().copied().collect()
    }

    pub fn changed(&self, change: &Change) {
        self.note(change.workspace, change.approval, change.version);
    }

    /// An approval has this version by now.
    pub fn note(&self, workspace: WorkspaceId, approval: ApprovalId, version: i32) {
        if self.count.load(Ordering::Acquire) == 0 {
            return;
        }
        let mut workspaces = self.lock();
        let Some(watched) = workspaces.get_mut(&workspace) else { return };
        if watched.told.has(approval, version) {
            return;
        }
        if watched.changed.len() >= MOST && !watched.changed.contains_key(&approval) {
            watched.miss(TOO_MUCH);
        }
        if watched.missed.is_none() {
            let known = watched.changed.entry(approval).or_insert(version);
            *known = version.max(*known);
        }
        self.line_up(watched);
        drop(workspaces);
        self.woken.notify_one();
    }

    /// A workspace missed something, or may have.
    pub fn missed_in(&self, workspace: WorkspaceId) {
        let mut workspaces = self.lock();
        let Some(watched) = workspaces.get_mut(&workspace) else { return };
        watched.miss(TOO_MUCH);
        self.line_up(watched);
        drop(workspaces);
        self.woken.notify_one();
    }

    /// All workspaces missed something, or may have.
    pub fn missed(&self) {
        self.all_missed(|watched| watched.miss(TOO_MUCH));
    }

    /// The database is another one, or has gone back in time: what was told may not be so, and a version that was told
    /// may come again.
    pub fn restored(&self) {
        self.all_missed(|watched| {
            watched.told = Told::default();
            watched.miss("restored");
        });
    }

    fn all_missed(&self, how: impl Fn(&mut Watched)) {
        let mut workspaces = self.lock();
        for watched in workspaces.values_mut() {
            how(watched);
            self.line_up(watched);
        }
        drop(workspaces);
        self.woken.notify_one();
    }

    /// Gives a workspace with news a place in the queue, unless it has one.
    fn line_up(&self, watched: &mut Watched) {
        if watched.place.is_none() {
            watched.place = Some(self.places.fetch_add(1, Ordering::Relaxed));
        }
    }

    /// Waits until there is news, of a workspace that is not among `besides`: of at most `most` approvals. What is more
    /// comes next time.
    pub async fn news(&self, besides: &HashSet<WorkspaceId>, most: usize) -> News {
        loop {
            if let Some(news) = self.take(besides, most) {
                return news;
            }
            self.woken.notified().await;
        }
    }

    fn take(&self, besides: &HashSet<WorkspaceId>, most: usize) -> Option<News> {
        let mut workspaces = self.lock();
        let in_line = workspaces.iter_mut().filter(|(workspace, _)| !besides.contains(workspace));
        let first = in_line.filter_map(|(workspace, watched)| Some((watched.place?, workspace, watched)));
        let (_, workspace, watched) = first.min_by_key(|(place, ..)| *place)?;
        watched.place = None;
        let approvals = if watched.changed.len() <= most {
            std::mem::take(&mut watched.changed).into_keys().collect()
        } else {
            let some: Vec<ApprovalId> = watched.changed.keys().take(most).copied().collect();
            watched.changed.retain(|approval, _| !some.contains(approval));
            // The rest comes behind the others.
            self.line_up(watched);
            some
        };
        Some(News { workspace: *workspace, approvals, missed: watched.missed.take() })
    }

    /// These versions were told.
    pub fn told(&self, workspace: WorkspaceId, versions: impl IntoIterator<Item = (ApprovalId, i32)>) {
        if let Some(watched) = self.lock().get_mut(&workspace) {
            watched.told.add(versions);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<WorkspaceId, Watched>> {
        // No code that can panic runs under this lock.
        self.workspaces.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watched {
    /// The single changes are forgotten. `restored` stays the reason: it asks for more than `too_much`.
    fn miss(&mut self, why: &'static str) {
        self.changed = HashMap::new();
        self.missed = Some(self.missed.filter(|it| *it != TOO_MUCH).unwrap_or(why));
    }
}

impl Told {
    fn has(&self, approval: ApprovalId, version: i32) -> bool {
        let of = |versions: &HashMap<ApprovalId, i32>| {
            versions.get(&approval).is_some_and(|told| *told >= version)
        };
        of(&self.now) || of(&self.before)
    }

    fn add(&mut self, versions: impl IntoIterator<Item = (ApprovalId, i32)>) {
        if self.turned.is_none_or(|turned| turned.elapsed() > REMEMBERED) {
            self.before = std::mem::take(&mut self.now);
            self.turned = Some(Instant::now());
        }
        self.now.extend(versions);
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let mut workspaces = self.watchers.lock();
        let Some(watched) = workspaces.get_mut(&self.workspace) else { return };
        watched.watching -= 1;
        if watched.watching == 0 {
            workspaces.remove(&self.workspace);
        }
        self.watchers.count.store(workspaces.len(), Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn none() -> HashSet<WorkspaceId> {
        HashSet::new()
    }

    #[tokio::test]
    async fn what_was_told_is_not_told_again_and_a_later_version_is() {
        let watchers = Arc::new(Watchers::default());
        let (ours, other, approval) =
            (WorkspaceId::generate(), WorkspaceId::generate(), ApprovalId::generate());
        watchers.note(ours, approval, 1);
        let watching = watchers.watch(ours);
        assert_eq!(watchers.take(&none(), 9), None, "nobody watched then");
        watchers.note(other, ApprovalId::generate(), 1);
        watchers.note(ours, approval, 1);
        watchers.note(ours, approval, 2);
        assert_eq!(watchers.news(&none(), 9).await.approvals, [approval], "once for both");
        watchers.told(ours, [(approval, 2)]);
        watchers.note(ours, approval, 2);
        watchers.note(ours, approval, 1);
        assert_eq!(watchers.take(&none(), 9), None);
        watchers.note(ours, approval, 3);
        assert_eq!(watchers.news(&none(), 9).await.approvals, [approval]);
        drop(watching);
        assert_eq!((watchers.watched(), watchers.count.load(Ordering::Acquire)), (vec![], 0));
    }

    #[tokio::test]
    async fn too_much_is_said_to_be_too_much() {
        let watchers = Arc::new(Watchers::default());
        let ours = WorkspaceId::generate();
        let _watching = watchers.watch(ours);
        for _ in 0..=MOST {
            watchers.note(ours, ApprovalId::generate(), 1);
        }
        let news = News { workspace: ours, approvals: vec![], missed: Some("too_much") };
        assert_eq!(watchers.news(&none(), 9).await, news);
        watchers.missed();
        assert_eq!(watchers.news(&none(), 9).await.missed, Some("too_much"));
        watchers.missed_in(ours);
        assert_eq!(watchers.news(&none(), 9).await.missed, Some("too_much"));
        watchers.note(ours, ApprovalId::generate(), 1);
        assert_eq!(watchers.news(&none(), 9).await.missed, None);
    }

    #[tokio::test]
    async fn after_a_restore_a_version_that_was_told_is_told_again() {
        let watchers = Arc::new(Watchers::default());
        let (ours, approval) = (WorkspaceId::generate(), ApprovalId::generate());
        let _watching = watchers.watch(ours);
        watchers.told(ours, [(approval, 2)]);
        watchers.restored();
        watchers.missed();
        let news = watchers.news(&none(), 9).await;
        assert_eq!((news.missed, news.approvals.len()), (Some("restored"), 0));
        watchers.note(ours, approval, 2);
        assert_eq!(watchers.news(&none(), 9).await.approvals, [approval]);
    }

    #[tokio::test]
    async fn workspaces_with_news_take_turns() {
        let watchers = Arc::new(Watchers::default());
        let all: Vec<WorkspaceId> = (0..8).map(|_| WorkspaceId::generate()).collect();
        let _watching: Vec<Watching> = all.iter().map(|it| watchers.watch(*it)).collect();
        let mut served = Vec::new();
        for _ in 0..24 {
            // There is always something new in each of them.
            for it in &all {
                watchers.note(*it, ApprovalId::generate(), 1);
            }
            served.push(watchers.news(&none(), 2).await.workspace);
        }
        assert_eq!(served, [&all[..], &all[..], &all[..]].concat());
    }

    #[tokio::test]
    async fn a_workspace_with_much_news_leaves_room_for_others() {
        let watchers = Arc::new(Watchers::default());
        let (busy, other) = (WorkspaceId::generate(), WorkspaceId::generate());
        let _watching = [watchers.watch(busy), watchers.watch(other)];
        for _ in 0..5 {
            watchers.note(busy, ApprovalId::generate(), 1);
        }
        let first = watchers.news(&[other].into(), 3).await;
        assert_eq!((first.workspace, first.approvals.len()), (busy, 3));
        watchers.note(other, ApprovalId::generate(), 1);
        assert_eq!(watchers.news(&[busy].into(), 3).await.workspace, other);
        assert_eq!(watchers.take(&[busy].into(), 3), None);
        assert_eq!(watchers.news(&none(), 3).await.approvals.len(), 2, "the rest");
    }
}
