//! Queues without a database.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use futures_util::future::join_all;

use super::{queue::PATIENCE, *};
use crate::{lifecycle::Lifecycle, store};

/// Whose it is, and when its caller was looked at.
#[derive(Debug, Clone, Copy)]
struct Asked(WorkspaceId, Option<Instant>);

impl Weigh for Asked {
    fn weight(&self) -> usize {
        1
    }

    fn workspace(&self) -> WorkspaceId {
        self.0
    }

    fn looked_at(&self) -> Option<Instant> {
        self.1
    }
}

fn busy() -> store::Error {
    store::Error::Busy(sqlx::Error::PoolTimedOut)
}

/// What its caller may have lost meanwhile is not done any more.
#[tokio::test]
async fn authority_that_is_old_does_nothing() {
    let done = Arc::new(AtomicUsize::new(0));
    let count = done.clone();
    let calls = Calls::start(&Lifecycle::default(), "test", (1, 8, 8), move |asked: Arc<[Asked]>| {
        count.fetch_add(asked.len(), Ordering::Relaxed);
        async move { Ok::<_, store::Error>(vec![(); asked.len()]) }
    });
    let workspace = WorkspaceId::generate();
    let long_ago = Instant::now().checked_sub(AUTHORITY).unwrap();
    let late = calls.call(Asked(workspace, Some(long_ago))).await;
    assert!(matches!(late, Err(Trouble::TimedOut)), "{late:?}");
    calls.call(Asked(workspace, Some(Instant::now()))).await.unwrap();
    calls.call(Asked(workspace, None)).await.unwrap();
    assert_eq!(done.load(Ordering::Relaxed), 2);
}

/// One that is alone in its batch has as much patience as others: a slow disk holds rows for longer than a group waits.
#[tokio::test(start_paused = true)]
async fn a_lone_call_waits_for_a_lock_too() {
    let tried = Arc::new(AtomicUsize::new(0));
    let count = tried.clone();
    let calls = Calls::start(&Lifecycle::default(), "test", (1, 8, 8), move |asked: Arc<[Asked]>| {
        let earlier = count.fetch_add(1, Ordering::Relaxed);
        async move {
            tokio::time::sleep(Duration::from_millis(300)).await;
            if earlier < 3 { Err(busy()) } else { Ok(vec![(); asked.len()]) }
        }
    });
    calls.call(Asked(WorkspaceId::generate(), None)).await.unwrap();
    assert_eq!(tried.load(Ordering::Relaxed), 4);
}

/// Calls that have to wait for a lock are tried again, in turn with those of others.
#[tokio::test(start_paused = true)]
async fn what_waits_for_a_lock_keeps_nobody_else_waiting() {
    let (crowd, other) = (WorkspaceId::generate(), WorkspaceId::generate());
    let calls =
        Calls::start(&Lifecycle::default(), "test", (1, 64, 1_000), move |asked: Arc<[Asked]>| async move {
            if asked.iter().any(|asked| asked.0 == crowd) {
                tokio::time::sleep(Duration::from_millis(300)).await;
                return Err(busy());
            }
            Ok(vec![(); asked.len()])
        });
    let waiting = join_all((0..50).map(|_| calls.call(Asked(crowd, None))));
    let others = async {
        for _ in 0..10 {
            tokio::task::yield_now().await;
            calls.call(Asked(other, None)).await.unwrap();
        }
    };
    let (waited, ()) = tokio::join!(waiting, others);
    assert!(waited.into_iter().all(|answer| answer.is_err()));
}

/// Two workers; the first call takes as long as `first`. Then so many others come; answers when each batch began, and how
/// large it was.
async fn batches(first: Duration, others: usize) -> Vec<(Duration, usize)> {
    let begun = tokio::time::Instant::now();
    let batches = Arc::new(Mutex::new(Vec::new()));
    let noted = batches.clone();
    let calls = Calls::start(&Lifecycle::default(), "test", (2, 64, 1_000), move |asked: Arc<[Asked]>| {
        let is_first = {
            let mut noted = noted.lock().unwrap();
            noted.push((begun.elapsed(), asked.len()));
            noted.len() == 1
        };
        async move {
            tokio::time::sleep(if is_first { first } else { Duration::ZERO }).await;
            Ok(vec![(); asked.len()])
        }
    });
    let workspace = WorkspaceId::generate();
    let one = calls.call(Asked(workspace, None));
    let rest = async {
        while batches.lock().unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        join_all((0..others).map(|_| calls.call(Asked(workspace, None)))).await
    };
    let (one, rest) = tokio::join!(one, rest);
    one.unwrap();
    assert!(rest.iter().all(Result::is_ok));
    let batches = batches.lock().unwrap();
    batches.clone()
}

#[tokio::test(start_paused = true)]
async fn few_calls_wait_for_the_batch_before_them() {
    let took = Duration::from_millis(10);
    assert_eq!(batches(took, 15).await, [(Duration::ZERO, 1), (took, 15)]);
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_takes_long_is_not_waited_for() {
    assert_eq!(batches(Duration::from_secs(3), 3).await, [(Duration::ZERO, 1), (PATIENCE, 3)]);
}

#[tokio::test(start_paused = true)]
async fn many_calls_are_a_batch_beside_another() {
    assert_eq!(batches(Duration::from_secs(3), 16).await, [(Duration::ZERO, 1), (Duration::ZERO, 16)]);
}
