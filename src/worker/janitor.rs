//! Deletes what has had its time: approvals of deleted runs and those that a workspace doesn't keep any longer, old
//! idempotency keys, events, tickets, sign-ins and sessions, notifications, requests of Slack's, leases long lost.
//!
//! Each kind has its own turn and its own size of batch: what can't be deleted, or is too much at once, keeps nothing
//! else.

use std::time::{Duration, Instant};

use sqlx::PgConnection;

use super::{
    Round, Workers,
    step::{Step, may_be_too_much},
};
use crate::store::{self, instances, purge, slack};

const INTERVAL: Duration = Duration::from_mins(1);
/// The same while there is more than a round takes.
const PAUSE: Duration = Duration::from_secs(1);
/// When a kind, and when a round, leaves the rest to the next.
const TURN: Duration = Duration::from_millis(500);
const LONG: Duration = Duration::from_secs(1);
/// Longest a batch may take.
const LONGEST: Duration = Duration::from_millis(3_500);
/// How long approvals of a deleted run stay readable.
const RUN_GRACE: Duration = Duration::from_mins(10);
/// How long a repeated create is recognised after its approval has ended.
const IDEMPOTENCY: Duration = Duration::from_hours(24);
/// How long an instance that was lost is still shown.
const LOST: Duration = Duration::from_mins(10);
/// How long it is known that a request of Slack's was taken: longer than its time is good.
const SLACK_REQUESTS: Duration = Duration::from_mins(15);
const BATCH: i64 = 500;

pub(super) async fn run(workers: Workers) {
    let mut round = Round::new("janitor", workers.metrics.clone());
    let mut turns = Kind::ALL.map(|kind| (kind, Step::new(BATCH)));
    let mut more = false;
    loop {
        let pause = if more { PAUSE } else { INTERVAL };
        tokio::time::sleep(pause.mul_f64(rand::random_range(0.5..1.0))).await;
        more = round.run(once(&workers, &mut turns)).await == Some(true);
    }
}

/// How long what is configured is kept.
struct Kept {
    events: Duration,
    samples: Duration,
    cluster_events: Duration,
    notifications: Duration,
}

impl Kept {
    fn of(workers: &Workers) -> Self {
        Self {
            events: Duration::from_hours(workers.events.retention_hours),
            samples: Duration::from_hours(workers.cluster.samples_hours),
            cluster_events: Duration::from_hours(24 * workers.cluster.events_days),
            notifications: Duration::from_hours(24 * workers.notify.retention_days),
        }
    }
}

/// What there is to delete.
#[derive(Debug, Clone, Copy)]
enum Kind {
    ApprovalsOfDeletedRuns,
    DeletedRuns,
    IdempotencyKeys,
    Events,
    UnusedTasks,
    Tickets,
    SignIns,
    BrowserSessions,
    EndedApprovals,
    Samples,
    ClusterEvents,
    Notifications,
    Links,
    SlackRequests,
}

impl Kind {
    const ALL: [Self; 14] = [
        Self::ApprovalsOfDeletedRuns,
        Self::DeletedRuns,
        Self::IdempotencyKeys,
        Self::Events,
        Self::UnusedTasks,
        Self::Tickets,
        Self::SignIns,
        Self::BrowserSessions,
        Self::EndedApprovals,
        Self::Samples,
        Self::ClusterEvents,
        Self::Notifications,
        Self::Links,
        Self::SlackRequests,
    ];

    /// Deletes up to `most`; answers how many that were.
    async fn purge(self, conn: &mut PgConnection, most: i64, kept: &Kept) -> Result<u64, store::Error> {
        match self {
            Self::ApprovalsOfDeletedRuns => purge::approvals_of_deleted_runs(conn, RUN_GRACE, most).await,
            Self::DeletedRuns => purge::deleted_runs(conn, RUN_GRACE, most).await,
            Self::IdempotencyKeys => purge::idempotency_keys(conn, IDEMPOTENCY, most).await,
            Self::Events => purge::events(conn, kept.events, most).await,
            Self::UnusedTasks => purge::unused_tasks(conn, kept.events, most).await,
            Self::Tickets => purge::tickets(conn, most).await,
            Self::SignIns => purge::sign_ins(conn, most).await,
            Self::BrowserSessions => purge::browser_sessions(conn, most).await,
            Self::EndedApprovals => purge::ended_approvals(conn, most).await,
            Self::Samples => purge::samples(conn, kept.samples, most).await,
            Self::ClusterEvents => purge::cluster_events(conn, kept.cluster_events, most).await,
            Self::Notifications => purge::notifications(conn, kept.notifications, most).await,
            Self::SlackRequests => slack::forget(conn, SLACK_REQUESTS, most).await,
            Self::Links => purge::links(conn, kept.notifications, most).await,
        }
    }
}

/// Gives each kind its turn, as far as there is time; the others come first in the next round. Answers whether there is
/// more.
async fn once(workers: &Workers, turns: &mut [(Kind, Step)]) -> Result<bool, store::Error> {
    let begun = Instant::now();
    let mut more = false;
    for _ in 0..turns.len() {
        if begun.elapsed() > LONG {
            return Ok(true);
        }
        let [(kind, step), ..] = turns else { break };
        more |= turn(workers, *kind, step).await?;
        turns.rotate_left(1);
    }
    let mut conn = workers.database.work.checkout().await?;
    instances::forget_lost(&mut conn, LOST).await?;
    conn.done();
    Ok(more)
}

/// Answers whether there is more. What fails is tried again with half as much, and left to the next round in the end.
async fn turn(workers: &Workers, kind: Kind, step: &mut Step) -> Result<bool, store::Error> {
    let begun = Instant::now();
    let kept = Kept::of(workers);
    while begun.elapsed() < TURN {
        let mut conn = workers.database.work.checkout().await?;
        match store::in_time(LONGEST, kind.purge(&mut conn, step.size(), &kept)).await {
            Ok(gone) => {
                conn.done();
                step.worked();
                if gone == 0 {
                    return Ok(false);
                }
            }
            Err(error) if may_be_too_much(&error) => {
                tracing::warn!(%error, ?kind, size = step.size(), "could not be deleted; fewer are tried");
                step.halved();
                return Ok(true);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}
