//! Writes down a turn: what became of its notifications, and how its lane is given back.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Lease, Waiting};
use crate::{
    domain::{
        ids::{NotificationId, WorkspaceId},
        notification::{Skipped, Status, TryResult},
    },
    store::{Error, json},
};

/// What became of a notification in a turn of its lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fate {
    pub id: NotificationId,
    pub workspace: WorkspaceId,
    pub status: Status,
    pub skipped: Option<Skipped>,
    /// Why it failed, or why it is tried again.
    pub error: Option<String>,
    /// How long it waits, if it stays pending.
    pub again_in: Option<Duration>,
    /// Whether the try is counted.
    pub counts: bool,
    pub attempt: Option<Attempt>,
    /// Where the message is now, as the channel names it.
    pub place: Option<Value>,
    /// How long it took from the change until the message was handed over.
    pub delay: Option<Duration>,
}

impl Fate {
    /// The fate of a notification that was not tried.
    pub fn untried(it: &Waiting, status: Status) -> Self {
        Self {
            id: it.id,
            workspace: it.workspace,
            status,
            skipped: None,
            error: None,
            again_in: None,
            counts: false,
            attempt: None,
            place: None,
            delay: None,
        }
    }
}

/// A try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    pub id: Uuid,
    /// How long ago the try began, at the time of recording.
    pub ago: Duration,
    pub took: Duration,
    pub outcome: TryResult,
    pub code: Option<i32>,
    pub answer: Option<String>,
}

/// How a lane is given back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handback {
    pub lease: Lease,
    /// The oldest due time of fetched notifications that were not tried.
    pub oldest: Option<DateTime<Utc>>,
    /// When the next notification is due, as far as is known: at a time, and after a time.
    pub next_at: Option<DateTime<Utc>>,
    pub next_in: Option<Duration>,
    /// How long the lane is left alone.
    pub hold: Duration,
    /// Failures of the destination in a row.
    pub failures: i32,
    pub last_error: Option<String>,
    pub has_succeeded: bool,
    /// Whether a try failed, also where the failures in a row begin anew.
    pub has_failed: bool,
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

/// Records what became of notifications, and gives lanes back. Answers whether one of the lanes is due again.
///
/// A lane is given back only by the worker that leased it last. What became of its notifications is recorded also where
/// another worker has the lane by now. A success counts even where another worker has given the message up or skipped
/// it. Lanes are locked first, in the same order as everywhere: the last `SELECT` makes sure of that.
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
             -- True of every row. So Postgres expects few rows, and looks each up by its key (decision 11).
             WHERE x.generation >= 0 AND x.wakes >= 0 AND x.hold >= 0 AND x.failures >= 0
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
             -- True of every row, too.
             WHERE x.took >= 0 AND x.ago >= 0 AND x.status IN ('pending', 'sent', 'failed', 'skipped')
        ), attempts AS (
            INSERT INTO notification_attempts (id, notification_id, workspace_id, at, duration_ms, outcome, status_code,
                   error, answer)
            SELECT f.attempt, f.id, f.workspace_id, clock_timestamp() - make_interval(secs => f.ago), f.took, f.outcome,
                   f.code, f.error, f.answer
              FROM fates f
             WHERE f.attempt IS NOT NULL
            ON CONFLICT DO NOTHING
        ), locked AS MATERIALIZED (
            SELECT f.*
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
          FROM locked f
         WHERE n.workspace_id = f.workspace_id AND n.id = f.id
           AND (n.status = 'pending' OR f.status = 'sent' AND n.status IN ('failed', 'skipped'))
        )
        SELECT coalesce(bool_or(g.is_due), false) AS "is_due!" FROM given_back g
        "#,
        json(&fates)?,
        json(&lanes)?,
    )
    .fetch_one(conn)
    .await?;
    Ok(is_due)
}
