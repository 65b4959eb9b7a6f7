//! Lanes: each destination has one, and one worker at a time leases it. Workers look for lanes that are due, not for
//! notifications. So what waits in a held lane costs nothing, however much it is.
//!
//! A lane is held (`hold_until`) while a worker leases it, and while its destination is left alone. `generation` grows
//! with each lease: only the last worker gives the lane back. `wakes` grows with each notification that is added, so a
//! worker sees that more came. `due_at` says when the lane is looked at next, and `floor_at` from which due time on it
//! is read.

mod giving_up;
mod outcome;
mod upkeep;

use std::{collections::HashMap, time::Duration};

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

pub use self::{
    giving_up::{give_up, give_up_disabled},
    outcome::{Attempt, Fate, Handback, record},
    upkeep::{standing, wake_forgotten},
};
use super::Error;
use crate::domain::{
    ids::{ApprovalId, NotificationId, PrincipalId, WorkspaceId},
    notification::{Action, Channel},
};

/// A lane that a worker has, until the lease ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    pub lane: i64,
    pub workspace: WorkspaceId,
    pub destination: String,
    pub generation: i64,
    pub wakes: i64,
    pub floor_at: DateTime<Utc>,
    pub failures: i32,
    pub failing_since: Option<DateTime<Utc>>,
    /// When the lane was leased, by the database's clock.
    pub leased_at: DateTime<Utc>,
}

/// A pending notification of a leased lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    pub id: NotificationId,
    pub lane: i64,
    pub workspace: WorkspaceId,
    pub approval: Option<ApprovalId>,
    pub cause: String,
    pub level: i32,
    pub version: i32,
    pub ordinal: i16,
    pub action: Action,
    /// An earlier notification: its message is edited, or this one goes into its thread.
    pub of: Option<NotificationId>,
    /// Where that message is, once it is sent.
    pub place: Option<Value>,
    /// For mail: the person's current address.
    pub recipient: String,
    pub person: Option<PrincipalId>,
    /// Whether the person is disabled.
    pub is_disabled: bool,
    pub asks: bool,
    /// The text of news. `None`: the notification is about an approval.
    pub news: Option<String>,
    pub due_at: DateTime<Utc>,
    /// How long ago the change happened that it tells of.
    pub waited: Duration,
    pub attempts: i32,
    pub when: When,
}

/// Whether the time of a notification has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    Now,
    /// It is not due yet. It says when its lane is due next.
    Later,
    /// It has waited for too long.
    Over,
}

impl Waiting {
    pub fn is_later(&self) -> bool {
        self.when == When::Later
    }

    pub fn is_over(&self) -> bool {
        self.when == When::Over
    }
}

/// How many lanes of a channel each workspace may have under way on an instance.
#[derive(Debug, Clone)]
pub struct Shares {
    pub most: i64,
    /// Lanes under way, by workspace.
    pub taken: Vec<(WorkspaceId, i64)>,
}

impl Shares {
    /// Workspaces that have their share.
    fn full(&self) -> impl Iterator<Item = WorkspaceId> {
        self.taken.iter().filter(|(_, count)| *count >= self.most).map(|(workspace, _)| *workspace)
    }

    pub fn is_any_full(&self) -> bool {
        self.full().next().is_some()
    }

    /// Whether these leases give any workspace all of its share. Then more of its lanes may be due.
    pub fn are_used_up_by(&self, leases: &[Lease]) -> bool {
        let mut counts: HashMap<WorkspaceId, i64> = self.taken.iter().copied().collect();
        leases.iter().any(|lease| {
            let count = counts.entry(lease.workspace).or_default();
            *count += 1;
            *count >= self.most
        })
    }
}

/// Leases up to `limit` lanes of a channel that are due, the longest overdue first. `shares`: no workspace gets more
/// than its share.
///
/// What is beyond a share is locked until the statement ends, and stays as it is. So another instance that leases at
/// the same time takes lanes behind it.
pub async fn lease(
    conn: &mut PgConnection,
    channel: Channel,
    shares: Option<&Shares>,
    limit: i64,
    lease: Duration,
) -> Result<Vec<Lease>, Error> {
    let full: Vec<Uuid> = shares.into_iter().flat_map(Shares::full).map(|id| id.0).collect();
    let taken = shares.map_or(&[][..], |it| it.taken.as_slice());
    let (workspaces, counts): (Vec<Uuid>, Vec<i64>) = taken.iter().map(|(id, count)| (id.0, *count)).unzip();
    let rows = sqlx::query!(
        r#"WITH due AS MATERIALIZED (
               SELECT l.id, l.workspace_id, greatest(l.due_at, l.hold_until) AS since
                 FROM notification_lanes l
                WHERE l.channel = $1 AND l.due_at IS NOT NULL AND l.workspace_id <> ALL ($2)
                  AND greatest(l.due_at, l.hold_until) <= statement_timestamp()
                ORDER BY greatest(l.due_at, l.hold_until)
                LIMIT $3
                  FOR UPDATE SKIP LOCKED
           ), ranked AS (
               SELECT d.id, d.workspace_id, row_number() OVER (PARTITION BY d.workspace_id ORDER BY d.since) AS place
                 FROM due d
           ), chosen AS MATERIALIZED (
               SELECT r.id
                 FROM ranked r
                 LEFT JOIN unnest($6::uuid[], $7::bigint[]) AS t(workspace_id, lanes)
                           ON t.workspace_id = r.workspace_id
                WHERE r.place <= $5 - coalesce(t.lanes, 0)
           )
           UPDATE notification_lanes l
              SET hold_until = clock_timestamp() + make_interval(secs => $4), generation = l.generation + 1
             FROM chosen c
            WHERE l.id = c.id
           RETURNING l.id, l.workspace_id, l.destination, l.generation, l.wakes, l.floor_at, l.failures,
                     l.failing_since, clock_timestamp() AS "leased_at!""#,
        channel.as_str(),
        &full,
        limit,
        lease.as_secs_f64(),
        shares.map_or(limit, |it| it.most),
        &workspaces,
        &counts,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Lease {
            lane: row.id,
            workspace: WorkspaceId(row.workspace_id),
            destination: row.destination,
            generation: row.generation,
            wakes: row.wakes,
            floor_at: row.floor_at,
            failures: row.failures,
            failing_since: row.failing_since,
            leased_at: row.leased_at,
        })
        .collect())
}

/// The notifications that wait in these lanes, the longest overdue first: up to `batch` of each lane, and one more that
/// says when the lane is due next.
pub async fn fetch(conn: &mut PgConnection, leases: &[Lease], batch: i64) -> Result<Vec<Waiting>, Error> {
    let lanes: Vec<i64> = leases.iter().map(|it| it.lane).collect();
    let floors: Vec<DateTime<Utc>> = leases.iter().map(|it| it.floor_at).collect();
    let rows = sqlx::query!(
        r#"SELECT n.id, x.lane AS "lane!", n.workspace_id, n.approval_id, n.cause, n.level, n.version, n.ordinal,
                  coalesce(CASE WHEN n.channel = 'email' THEN p.email END, n.recipient) AS "recipient!", n.principal_id,
                  p.disabled_at IS NOT NULL AS "is_disabled!", n.action, n.updates, n.asks, n.due_at, n.attempts,
                  CASE WHEN n.approval_id IS NULL THEN n.subject END AS news,
                  (SELECT c.external FROM approval_notifications c
                    WHERE c.workspace_id = n.workspace_id AND c.id = n.updates) AS "place: Json<Value>",
                  extract(epoch FROM clock_timestamp() - n.created_at)::double precision AS "waited!",
                  n.due_at > clock_timestamp() AS "is_later!", n.give_up_at <= clock_timestamp() AS "is_over!"
             FROM unnest($1::bigint[], $2::timestamptz[]) AS x(lane, floor)
            CROSS JOIN LATERAL (
                  SELECT m.id, m.workspace_id, m.approval_id, m.channel, m.cause, m.level, m.version, m.ordinal, m.action,
                         m.updates, m.recipient, m.subject, m.principal_id, m.asks, m.due_at, m.give_up_at, m.created_at, m.attempts
                    FROM approval_notifications m
                   WHERE m.lane_id = x.lane AND m.status = 'pending' AND m.due_at >= x.floor
                   ORDER BY m.due_at, m.id
                   LIMIT $3) n
             LEFT JOIN LATERAL (
                  SELECT o.email, o.disabled_at FROM principals o WHERE o.id = n.principal_id OFFSET 0) p ON true
            ORDER BY x.lane, n.due_at, n.id"#,
        &lanes,
        &floors,
        batch + 1,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Waiting {
            id: NotificationId(row.id),
            lane: row.lane,
            workspace: WorkspaceId(row.workspace_id),
            approval: row.approval_id.map(ApprovalId),
            cause: row.cause,
            level: row.level,
            version: row.version,
            ordinal: row.ordinal,
            action: if row.action == Action::Update.as_str() { Action::Update } else { Action::Send },
            of: row.updates.map(NotificationId),
            place: row.place.map(|it| it.0),
            recipient: row.recipient,
            person: row.principal_id.map(PrincipalId),
            is_disabled: row.is_disabled,
            asks: row.asks,
            news: row.news,
            due_at: row.due_at,
            waited: Duration::try_from_secs_f64(row.waited).unwrap_or_default(),
            attempts: row.attempts,
            when: match (row.is_later, row.is_over) {
                (_, true) => When::Over,
                (true, false) => When::Later,
                (false, false) => When::Now,
            },
        })
        .collect())
}
/// Gives lanes back unchanged. They rest for a while first.
pub async fn give_back(conn: &mut PgConnection, leases: &[Lease], rest: Duration) -> Result<(), Error> {
    let lanes: Vec<i64> = leases.iter().map(|it| it.lane).collect();
    let generations: Vec<i64> = leases.iter().map(|it| it.generation).collect();
    sqlx::query!(
        "WITH ordered AS MATERIALIZED (
             SELECT l.id
               FROM notification_lanes l, unnest($1::bigint[], $2::bigint[]) AS x(lane, generation)
              WHERE l.id = x.lane AND l.generation = x.generation AND x.generation >= 0 AND x.lane >= 0
              ORDER BY l.workspace_id, l.channel, l.destination
                FOR UPDATE OF l
         )
         UPDATE notification_lanes l
            SET hold_until = clock_timestamp() + make_interval(secs => $3)
           FROM ordered o
          WHERE l.id = o.id",
        &lanes,
        &generations,
        rest.as_secs_f64(),
    )
    .execute(conn)
    .await?;
    Ok(())
}
