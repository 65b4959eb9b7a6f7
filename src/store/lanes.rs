//! Lanes: one destination each, and one worker has it at a time. What waits in a lane is not looked at while the lane is
//! held, however much it is.

use std::{collections::HashMap, time::Duration};

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::Error;
use crate::{
    domain::{
        ids::{ApprovalId, NotificationId, PrincipalId, WorkspaceId},
        notification::{Action, Channel, Outcome, Skipped, Status},
    },
    telemetry::outbox::Lanes,
};

/// A lane that this worker has, until the lease ends.
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
    /// When it was leased, by the database's clock.
    pub leased_at: DateTime<Utc>,
}

/// A notification whose turn it may be.
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
    /// The notification whose message is edited, or in whose thread this one goes.
    pub of: Option<NotificationId>,
    /// Where that message is, once it was sent.
    pub place: Option<Value>,
    /// Of mail: the person's address of today.
    pub recipient: String,
    pub person: Option<PrincipalId>,
    /// The person may not sign in any more.
    pub is_disabled: bool,
    pub asks: bool,
    /// What news say. `None`: it is about an approval.
    pub news: Option<String>,
    pub due_at: DateTime<Utc>,
    /// For how long it has waited since what it is about happened.
    pub waited: Duration,
    pub attempts: i32,
    pub when: When,
}

/// Whether its time has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    Now,
    /// It only says when its lane is due next.
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

/// What became of a notification in a turn of its lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fate {
    pub id: NotificationId,
    pub workspace: WorkspaceId,
    pub status: Status,
    pub skipped: Option<Skipped>,
    /// Why it failed, or is tried again.
    pub error: Option<String>,
    /// For one that waits on: how long.
    pub again_in: Option<Duration>,
    /// Whether the try counts.
    pub counts: bool,
    pub attempt: Option<Attempt>,
    /// Where the message is now, in the channel's own terms.
    pub place: Option<Value>,
    /// How long it took until it was handed over.
    pub delay: Option<Duration>,
}

/// A try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    pub id: Uuid,
    /// How long ago it began, when it is recorded.
    pub ago: Duration,
    pub took: Duration,
    pub outcome: Outcome,
    pub code: Option<i32>,
    pub answer: Option<String>,
}

/// How a lane is given back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handback {
    pub lease: Lease,
    /// The oldest due time of what was fetched and is pending still.
    pub oldest: Option<DateTime<Utc>>,
    /// When something is due next, as far as is known: at a moment, and in so long.
    pub next_at: Option<DateTime<Utc>>,
    pub next_in: Option<Duration>,
    /// For how long the lane is left alone.
    pub hold: Duration,
    /// Failures of the destination in a row.
    pub failures: i32,
    pub last_error: Option<String>,
    pub has_succeeded: bool,
    /// Whether it was tried in vain, whatever the failures in a row say.
    pub has_failed: bool,
}

/// Leases up to `limit` lanes of a channel that are due, those due for longest first, of none of `full` workspaces.
pub async fn lease(
    conn: &mut PgConnection,
    channel: Channel,
    full: &[WorkspaceId],
    limit: i64,
    lease: Duration,
) -> Result<Vec<Lease>, Error> {
    let full: Vec<Uuid> = full.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"WITH due AS MATERIALIZED (
               SELECT l.id
                 FROM notification_lanes l
                WHERE l.channel = $1 AND l.due_at IS NOT NULL AND l.workspace_id <> ALL ($2)
                  AND greatest(l.due_at, l.hold_until) <= statement_timestamp()
                ORDER BY greatest(l.due_at, l.hold_until)
                LIMIT $3
                  FOR UPDATE SKIP LOCKED
           )
           UPDATE notification_lanes l
              SET hold_until = clock_timestamp() + make_interval(secs => $4), generation = l.generation + 1
             FROM due
            WHERE l.id = due.id
           RETURNING l.id, l.workspace_id, l.destination, l.generation, l.wakes, l.floor_at, l.failures,
                     l.failing_since, clock_timestamp() AS "leased_at!""#,
        channel.as_str(),
        &full,
        limit,
        lease.as_secs_f64(),
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

/// What waits in these lanes, the longest overdue first: up to `batch` of each, and one more that says when the lane is
/// due next.
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
             LEFT JOIN principals p ON p.id = n.principal_id"#,
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

#[derive(Serialize)]
struct FateRow<'a> {
    id: Uuid,
    workspace_id: Uuid,
    status: &'static str,
    skip_reason: Option<&'static str>,
    again_in: Option<f64>,
    counts: bool,
    attempt: Option<Uuid>,
    ago: f64,
    took: i64,
    outcome: Option<&'static str>,
    code: Option<i32>,
    error: Option<&'a str>,
    answer: Option<&'a str>,
    place: Option<&'a Value>,
}

impl<'a> From<&'a Fate> for FateRow<'a> {
    fn from(it: &'a Fate) -> Self {
        let attempt = it.attempt.as_ref();
        Self {
            id: it.id.0,
            workspace_id: it.workspace.0,
            status: it.status.as_str(),
            skip_reason: it.skipped.map(Skipped::as_str),
            again_in: it.again_in.map(|it| it.as_secs_f64()),
            counts: it.counts,
            attempt: attempt.map(|it| it.id),
            ago: attempt.map_or(0.0, |it| it.ago.as_secs_f64()),
            took: attempt.map_or(0, |it| i64::try_from(it.took.as_millis()).unwrap_or(i64::MAX)),
            outcome: attempt.map(|it| it.outcome.as_str()),
            code: attempt.and_then(|it| it.code),
            error: it.error.as_deref(),
            answer: attempt.and_then(|it| it.answer.as_deref()),
            place: it.place.as_ref(),
        }
    }
}

#[derive(Serialize)]
struct LaneRow<'a> {
    lane: i64,
    generation: i64,
    wakes: i64,
    leased_at: DateTime<Utc>,
    oldest: Option<DateTime<Utc>>,
    next_at: Option<DateTime<Utc>>,
    next_in: Option<f64>,
    hold: f64,
    failures: i32,
    last_error: Option<&'a str>,
    succeeded: bool,
    failed: bool,
}

impl<'a> From<&'a Handback> for LaneRow<'a> {
    fn from(it: &'a Handback) -> Self {
        Self {
            lane: it.lease.lane,
            generation: it.lease.generation,
            wakes: it.lease.wakes,
            leased_at: it.lease.leased_at,
            oldest: it.oldest,
            next_at: it.next_at,
            next_in: it.next_in.map(|it| it.as_secs_f64()),
            hold: it.hold.as_secs_f64(),
            failures: it.failures,
            last_error: it.last_error.as_deref(),
            succeeded: it.has_succeeded,
            failed: it.has_failed,
        }
    }
}

/// Records what became of notifications, and gives lanes back. A message that was sent counts as sent, also where another
/// worker has its lane by now: only the lane itself goes by the lease. A success counts, too, where another worker has given the message up
/// meanwhile. Lanes are locked first, in the order in which everyone locks them; the last `SELECT` sees to that. Answers
/// whether one of them is due again.
pub async fn record(
    conn: &mut PgConnection,
    fates: &[&Fate],
    handbacks: &[&Handback],
) -> Result<bool, Error> {
    let fates: Vec<FateRow<'_>> = fates.iter().map(|it| FateRow::from(*it)).collect();
    let lanes: Vec<LaneRow<'_>> = handbacks.iter().map(|it| LaneRow::from(*it)).collect();
    let is_due = sqlx::query_scalar!(
        r#"
        WITH lanes AS MATERIALIZED (
            SELECT x.lane, x.generation, x.wakes, x.leased_at, x.oldest, x.next_at, x.next_in, x.hold, x.failures,
                   x.last_error, x.succeeded, x.failed
              FROM json_to_recordset($2::text::json) AS x(
                   lane bigint, generation bigint, wakes bigint, leased_at timestamptz, oldest timestamptz, next_at timestamptz,
                   next_in double precision, hold double precision, failures integer, last_error text, succeeded boolean,
                   failed boolean)
        ), ordered AS MATERIALIZED (
            SELECT l.id
              FROM notification_lanes l
             WHERE l.id IN (SELECT x.lane FROM lanes x)
             ORDER BY l.workspace_id, l.channel, l.destination
               FOR UPDATE
        ), given_back AS (
            UPDATE notification_lanes l
               SET hold_until = clock_timestamp() + make_interval(secs => x.hold),
                   -- What came after the lane was looked at was not fetched, however long its turn took.
                   floor_at = least(coalesce(x.oldest, 'infinity'), x.leased_at - interval '15 s'),
                   due_at = CASE WHEN l.wakes = x.wakes
                                 THEN least(x.next_at, clock_timestamp() + make_interval(secs => x.next_in))
                                 ELSE clock_timestamp() END,
                   failures = x.failures,
                   failing_since = CASE WHEN x.succeeded THEN NULL
                                        WHEN x.failed THEN coalesce(l.failing_since, clock_timestamp())
                                        ELSE l.failing_since END,
                   last_failure_at = CASE WHEN x.failed THEN clock_timestamp() ELSE l.last_failure_at END,
                   last_error = coalesce(x.last_error, l.last_error),
                   last_success_at = CASE WHEN x.succeeded THEN clock_timestamp() ELSE l.last_success_at END
              FROM lanes x, ordered o
             WHERE l.id = x.lane AND l.id = o.id AND l.generation = x.generation
            RETURNING l.due_at <= clock_timestamp() AND l.hold_until <= clock_timestamp() AS is_due
        ), fates AS MATERIALIZED (
            SELECT x.id, x.workspace_id, x.status, x.skip_reason, x.again_in, x.counts, x.attempt, x.ago, x.took,
                   x.outcome, x.code, x.error, x.answer, x.place
              FROM json_to_recordset($1::text::json) AS x(
                   id uuid, workspace_id uuid, status text, skip_reason text, again_in double precision,
                   counts boolean, attempt uuid, ago double precision, took integer, outcome text, code integer,
                   error text, answer text, place jsonb)
        ), attempts AS (
            INSERT INTO notification_attempts (id, notification_id, workspace_id, at, duration_ms, outcome, status_code,
                   error, answer)
            SELECT f.attempt, f.id, f.workspace_id, clock_timestamp() - make_interval(secs => f.ago), f.took, f.outcome,
                   f.code, f.error, f.answer
              FROM fates f
             WHERE f.attempt IS NOT NULL
            ON CONFLICT DO NOTHING
        ), locked AS MATERIALIZED (
            SELECT n.id
              FROM approval_notifications n, fates f
             WHERE n.workspace_id = f.workspace_id AND n.id = f.id
             ORDER BY n.id
               FOR UPDATE OF n
        ), told AS (
        UPDATE approval_notifications n
           SET status = f.status, skip_reason = f.skip_reason,
               due_at = CASE WHEN f.again_in IS NULL THEN n.due_at
                             ELSE clock_timestamp() + make_interval(secs => f.again_in) END,
               sent_at = CASE WHEN f.status = 'sent' THEN clock_timestamp() END,
               failed_at = CASE WHEN f.status = 'failed' THEN clock_timestamp() END,
               error_message = coalesce(f.error, n.error_message),
               external = coalesce(f.place, n.external),
               attempts = n.attempts + CASE WHEN f.counts THEN 1 ELSE 0 END,
               updated_at = clock_timestamp()
          FROM fates f, locked
         WHERE n.workspace_id = f.workspace_id AND n.id = f.id AND n.id = locked.id
           AND (n.status = 'pending' OR f.status = 'sent' AND n.status IN ('failed', 'skipped'))
        )
        SELECT coalesce(bool_or(g.is_due), false) AS "is_due!" FROM given_back g
        "#,
        super::json(&fates)?,
        super::json(&lanes)?,
    )
    .fetch_one(conn)
    .await?;
    Ok(is_due)
}

/// Gives lanes back as they were, after a rest.
pub async fn give_back(conn: &mut PgConnection, leases: &[Lease], rest: Duration) -> Result<(), Error> {
    let lanes: Vec<i64> = leases.iter().map(|it| it.lane).collect();
    let generations: Vec<i64> = leases.iter().map(|it| it.generation).collect();
    sqlx::query!(
        "WITH ordered AS MATERIALIZED (
             SELECT l.id
               FROM notification_lanes l, unnest($1::bigint[], $2::bigint[]) AS x(lane, generation)
              WHERE l.id = x.lane AND l.generation = x.generation
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

/// Gives up what has waited for too long in lanes that no one serves any more: a channel that was switched off, say.
/// Answers how many.
pub async fn give_up(conn: &mut PgConnection, limit: i64) -> Result<u64, Error> {
    let given_up = sqlx::query!(
        "WITH old AS MATERIALIZED (
             SELECT m.workspace_id, m.id
               FROM notification_lanes l
              CROSS JOIN LATERAL (
                    SELECT n.workspace_id, n.id
                      FROM approval_notifications n
                     WHERE n.lane_id = l.id AND n.status = 'pending' AND n.give_up_at <= statement_timestamp()
                     ORDER BY n.due_at, n.id
                     LIMIT $1) m
              WHERE l.due_at < statement_timestamp() - interval '1 hour'
                AND l.hold_until < statement_timestamp() - interval '1 hour'
              LIMIT $1
         ), locked AS MATERIALIZED (
             SELECT n.id FROM approval_notifications n, old o
              WHERE n.workspace_id = o.workspace_id AND n.id = o.id
              ORDER BY n.id
                FOR UPDATE OF n
         )
         UPDATE approval_notifications n
            SET status = 'failed', failed_at = clock_timestamp(), updated_at = clock_timestamp(),
                error_message = 'given up: no instance serves its channel'
           FROM old o, locked
          WHERE n.workspace_id = o.workspace_id AND n.id = o.id AND n.id = locked.id AND n.status = 'pending'",
        limit,
    )
    .execute(conn)
    .await?;
    Ok(given_up.rows_affected())
}

/// Wakes lanes in which something waits and which no one would look at: the certainty behind hints. Answers how many.
pub async fn wake_forgotten(conn: &mut PgConnection) -> Result<u64, Error> {
    let woken = sqlx::query!(
        "WITH forgotten AS MATERIALIZED (
             SELECT l.id
               FROM notification_lanes l
              WHERE l.due_at IS NULL AND EXISTS (
                    SELECT FROM approval_notifications n WHERE n.lane_id = l.id AND n.status = 'pending')
              ORDER BY l.workspace_id, l.channel, l.destination
                FOR UPDATE SKIP LOCKED
         )
         UPDATE notification_lanes l
            SET due_at = clock_timestamp(), floor_at = 'epoch', wakes = l.wakes + 1
           FROM forgotten f
          WHERE l.id = f.id"
    )
    .execute(conn)
    .await?;
    Ok(woken.rows_affected())
}

/// How lanes are in which something waits, by channel.
pub async fn standing(conn: &mut PgConnection) -> Result<HashMap<String, Lanes>, Error> {
    let rows = sqlx::query!(
        r#"SELECT l.channel,
                  count(*) FILTER (WHERE l.due_at <= clock_timestamp() AND l.hold_until <= clock_timestamp()) AS "due!",
                  count(*) FILTER (WHERE l.due_at IS NOT NULL AND l.hold_until > clock_timestamp()) AS "held!",
                  count(*) FILTER (WHERE l.due_at IS NOT NULL AND l.failures > 0) AS "failing!",
                  coalesce(extract(epoch FROM clock_timestamp() - min(l.due_at)
                           FILTER (WHERE l.hold_until <= clock_timestamp() AND l.due_at <= clock_timestamp())),
                           0)::double precision AS "oldest_seconds!"
             FROM notification_lanes l
            WHERE l.due_at IS NOT NULL
            GROUP BY l.channel"#
    )
    .fetch_all(conn)
    .await?;
    let lanes = rows.into_iter().map(|row| {
        let (due, held, failing, oldest_seconds) = (row.due, row.held, row.failing, row.oldest_seconds);
        (row.channel, Lanes { due, held, failing, oldest_seconds })
    });
    Ok(lanes.collect())
}
