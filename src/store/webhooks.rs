//! Endpoints of webhooks: where workspaces want their events, and how they fare. Secrets come and go sealed.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Error, deliveries::lock_lane};
use crate::domain::{
    ids::{EndpointId, WorkspaceId},
    webhook::{Disabled, Format, ManagedBy},
};

/// What a lane of an endpoint is left alone until that is disabled.
const FOR_GOOD: &str = "9999-01-01 00:00:00+00";

/// How an endpoint is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    pub url: String,
    pub description: Option<String>,
    /// None: all.
    pub events: Vec<String>,
    pub format: Format,
    pub include_context: bool,
}

/// An endpoint, and how its lane is.
#[derive(Debug, Clone)]
pub struct Endpoint {
    pub id: EndpointId,
    pub workspace: WorkspaceId,
    pub wanted: Wanted,
    /// Sealed. `None`: they stand in the configuration.
    pub secrets: Option<Vec<u8>>,
    pub managed_by: ManagedBy,
    pub disabled: Option<(DateTime<Utc>, Disabled)>,
    /// Events that were not kept for it, because too many waited.
    pub dropped: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Since when nothing has arrived.
    pub failing_since: Option<DateTime<Utc>>,
    pub last_error: Option<String>,
    pub last_success_at: Option<DateTime<Utc>>,
    /// How many events wait, 1,001 at most.
    pub waiting: i64,
    /// The database's clock at the reading.
    pub now: DateTime<Utc>,
}

struct Row {
    id: Uuid,
    workspace_id: Uuid,
    url: String,
    description: Option<String>,
    events: Vec<String>,
    format: String,
    include_context: bool,
    secrets: Option<Vec<u8>>,
    managed_by: String,
    disabled_at: Option<DateTime<Utc>>,
    disabled_reason: Option<String>,
    dropped: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    failing_since: Option<DateTime<Utc>>,
    last_error: Option<String>,
    last_success_at: Option<DateTime<Utc>>,
    waiting: i64,
    now: DateTime<Utc>,
}

impl TryFrom<Row> for Endpoint {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let corrupt =
            |what: String| Error::Corrupt { table: "webhook_endpoints", id: row.id.to_string(), what };
        let format =
            Format::from_word(&row.format).ok_or_else(|| corrupt(format!("format {}", row.format)))?;
        let managed_by = ManagedBy::from_word(&row.managed_by)
            .ok_or_else(|| corrupt(format!("managed by {}", row.managed_by)))?;
        let disabled = match (row.disabled_at, row.disabled_reason) {
            (Some(at), Some(why)) => {
                let why = Disabled::from_word(&why).ok_or_else(|| corrupt(format!("disabled: {why}")))?;
                Some((at, why))
            }
            _ => None,
        };
        let (url, description, events) = (row.url, row.description, row.events);
        Ok(Self {
            id: EndpointId(row.id),
            workspace: WorkspaceId(row.workspace_id),
            wanted: Wanted { url, description, events, format, include_context: row.include_context },
            secrets: row.secrets,
            managed_by,
            disabled,
            dropped: row.dropped,
            created_at: row.created_at,
            updated_at: row.updated_at,
            failing_since: row.failing_since,
            last_error: row.last_error,
            last_success_at: row.last_success_at,
            waiting: row.waiting,
            now: row.now,
        })
    }
}

macro_rules! endpoints {
    ($rest:literal, $($argument:expr),*) => {
        sqlx::query_as!(
            Row,
            r#"SELECT e.id, e.workspace_id, e.url, e.description, e.events, e.format, e.include_context, e.secrets,
                      e.managed_by, e.disabled_at, e.disabled_reason, e.dropped, e.created_at, e.updated_at,
                      l.failing_since AS "failing_since?", l.last_error AS "last_error?",
                      l.last_success_at AS "last_success_at?",
                      (SELECT count(*) FROM (
                              SELECT FROM approval_notifications n
                               WHERE n.lane_id = l.id AND n.status = 'pending' LIMIT 1001) w) AS "waiting!",
                      clock_timestamp() AS "now!"
                 FROM webhook_endpoints e
                 LEFT JOIN notification_lanes l ON l.workspace_id = e.workspace_id AND l.channel = 'webhook'
                                               AND l.destination = e.id::text "# + $rest,
            $($argument),*
        )
    };
}

/// All of a workspace, the oldest first.
pub async fn list(conn: &mut PgConnection, workspace: WorkspaceId) -> Result<Vec<Endpoint>, Error> {
    let rows =
        endpoints!("WHERE e.workspace_id = $1 ORDER BY e.id LIMIT 1000", workspace.0).fetch_all(conn).await?;
    rows.into_iter().map(Endpoint::try_from).collect()
}

pub async fn get(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    id: EndpointId,
) -> Result<Option<Endpoint>, Error> {
    let row =
        endpoints!("WHERE e.workspace_id = $1 AND e.id = $2", workspace.0, id.0).fetch_optional(conn).await?;
    row.map(Endpoint::try_from).transpose()
}

/// The same; the endpoint stays as it is until the transaction ends.
pub async fn lock(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    id: EndpointId,
) -> Result<Option<Endpoint>, Error> {
    let row = endpoints!("WHERE e.workspace_id = $1 AND e.id = $2 FOR UPDATE OF e", workspace.0, id.0)
        .fetch_optional(conn)
        .await?;
    row.map(Endpoint::try_from).transpose()
}

/// How many a workspace has that its members made.
pub async fn count(conn: &mut PgConnection, workspace: WorkspaceId) -> Result<i64, Error> {
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM webhook_endpoints WHERE workspace_id = $1 AND managed_by = 'api'"#,
        workspace.0
    );
    Ok(count.fetch_one(conn).await?)
}

pub async fn insert(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    id: EndpointId,
    wanted: &Wanted,
    secrets: &[u8],
) -> Result<(), Error> {
    sqlx::query!(
        "INSERT INTO webhook_endpoints (id, workspace_id, url, description, events, format, include_context, secrets)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        id.0,
        workspace.0,
        wanted.url,
        wanted.description,
        &wanted.events,
        wanted.format.as_str(),
        wanted.include_context,
        secrets,
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub async fn update(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    id: EndpointId,
    wanted: &Wanted,
) -> Result<(), Error> {
    sqlx::query!(
        "UPDATE webhook_endpoints
            SET url = $3, description = $4, events = $5, format = $6, include_context = $7,
                updated_at = clock_timestamp()
          WHERE workspace_id = $1 AND id = $2",
        workspace.0,
        id.0,
        wanted.url,
        wanted.description,
        &wanted.events,
        wanted.format.as_str(),
        wanted.include_context,
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub async fn set_secrets(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    id: EndpointId,
    secrets: &[u8],
) -> Result<(), Error> {
    sqlx::query!(
        "UPDATE webhook_endpoints SET secrets = $3, updated_at = clock_timestamp()
          WHERE workspace_id = $1 AND id = $2 AND managed_by = 'api'",
        workspace.0,
        id.0,
        secrets,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Lets an endpoint get nothing more; answers whether it did before. What waits is kept. The lane is taken from the worker
/// that has it: what that one sends is recorded, and the lane stays held.
pub async fn disable(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    id: EndpointId,
    why: Disabled,
) -> Result<bool, Error> {
    let disabled = sqlx::query!(
        "UPDATE webhook_endpoints
            SET disabled_at = clock_timestamp(), disabled_reason = $3, updated_at = clock_timestamp()
          WHERE workspace_id = $1 AND id = $2 AND disabled_at IS NULL",
        workspace.0,
        id.0,
        why.as_str(),
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "INSERT INTO notification_lanes AS l (workspace_id, channel, destination, hold_until)
         VALUES ($1, 'webhook', $2::uuid::text, $3::text::timestamptz)
         ON CONFLICT (workspace_id, channel, destination) DO UPDATE
            SET hold_until = excluded.hold_until, generation = l.generation + 1",
        workspace.0,
        id.0,
        FOR_GOOD,
    )
    .execute(conn)
    .await?;
    Ok(disabled.rows_affected() > 0)
}

/// Lets an endpoint get what waits, one event first; answers whether it was disabled.
pub async fn enable(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    id: EndpointId,
    failures: u32,
) -> Result<bool, Error> {
    let enabled = sqlx::query!(
        "UPDATE webhook_endpoints
            SET disabled_at = NULL, disabled_reason = NULL, told_at = NULL, updated_at = clock_timestamp()
          WHERE workspace_id = $1 AND id = $2 AND disabled_at IS NOT NULL",
        workspace.0,
        id.0,
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "UPDATE notification_lanes
            SET hold_until = 'epoch', failing_since = NULL, failures = $3, wakes = wakes + 1,
                due_at = clock_timestamp(), floor_at = 'epoch'
          WHERE workspace_id = $1 AND channel = 'webhook' AND destination = $2::uuid::text",
        workspace.0,
        id.0,
        i32::try_from(failures).unwrap_or(i32::MAX),
    )
    .execute(conn)
    .await?;
    Ok(enabled.rows_affected() > 0)
}

/// Takes an endpoint away; what waits for it is skipped.
pub async fn delete(conn: &mut PgConnection, workspace: WorkspaceId, id: EndpointId) -> Result<bool, Error> {
    let deleted = sqlx::query!(
        "DELETE FROM webhook_endpoints WHERE workspace_id = $1 AND id = $2 AND managed_by = 'api'",
        workspace.0,
        id.0
    )
    .execute(&mut *conn)
    .await?;
    if deleted.rows_affected() == 0 {
        return Ok(false);
    }
    lock_lane(&mut *conn, workspace, id).await?;
    // What is written at this moment finds no endpoint when its turn comes, and is skipped then.
    sqlx::query!(
        "UPDATE approval_notifications n
            SET status = 'skipped', skip_reason = 'endpoint_deleted', updated_at = clock_timestamp()
           FROM notification_lanes l
          WHERE l.workspace_id = $1 AND l.channel = 'webhook' AND l.destination = $2::uuid::text
            AND n.workspace_id = $1 AND n.lane_id = l.id AND n.status = 'pending'",
        workspace.0,
        id.0
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "UPDATE notification_lanes
            SET due_at = NULL, hold_until = 'epoch', generation = generation + 1
          WHERE workspace_id = $1 AND channel = 'webhook' AND destination = $2::uuid::text",
        workspace.0,
        id.0
    )
    .execute(conn)
    .await?;
    Ok(true)
}

/// An endpoint that fails.
#[derive(Debug)]
pub struct Failing {
    pub id: EndpointId,
    pub workspace: WorkspaceId,
    pub url: String,
    pub last_error: Option<String>,
    /// It has failed for so long that it is disabled.
    pub is_over: bool,
}

/// Endpoints where nothing has arrived for a while, though something was tried lately: those of which administrators are to
/// be told, and those that are to be disabled. What another instance looks at is left to it.
pub async fn failing(
    conn: &mut PgConnection,
    (told_after, disabled_after, lately): (f64, f64, f64),
    limit: i64,
) -> Result<Vec<Failing>, Error> {
    let rows = sqlx::query!(
        r#"SELECT e.id, e.workspace_id, e.url, l.last_error,
                  l.failing_since <= clock_timestamp() - make_interval(secs => $2) AS "is_over!"
             FROM notification_lanes l
             JOIN webhook_endpoints e ON e.workspace_id = l.workspace_id AND e.id::text = l.destination
            WHERE l.channel = 'webhook' AND e.disabled_at IS NULL
              AND l.failing_since <= clock_timestamp() - make_interval(secs => $1)
              AND l.last_failure_at >= clock_timestamp() - make_interval(secs => $3)
              AND (e.told_at IS NULL OR e.told_at < l.failing_since
                   OR l.failing_since <= clock_timestamp() - make_interval(secs => $2))
            ORDER BY l.failing_since
            LIMIT $4
              FOR UPDATE OF e SKIP LOCKED"#,
        told_after,
        disabled_after,
        lately,
        limit,
    )
    .fetch_all(conn)
    .await?;
    let failing = rows.into_iter().map(|row| Failing {
        id: EndpointId(row.id),
        workspace: WorkspaceId(row.workspace_id),
        url: row.url,
        last_error: row.last_error,
        is_over: row.is_over,
    });
    Ok(failing.collect())
}

/// Remembers that administrators know.
pub async fn told(conn: &mut PgConnection, workspace: WorkspaceId, id: EndpointId) -> Result<(), Error> {
    sqlx::query!(
        "UPDATE webhook_endpoints SET told_at = clock_timestamp() WHERE workspace_id = $1 AND id = $2",
        workspace.0,
        id.0
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Fails what has waited too long for endpoints that are disabled: no one looks at their lanes. Answers how many.
pub async fn give_up(conn: &mut PgConnection, limit: i64) -> Result<u64, Error> {
    let given_up = sqlx::query!(
        "UPDATE approval_notifications n
            SET status = 'failed', failed_at = clock_timestamp(), updated_at = clock_timestamp(),
                error_message = 'given up: its endpoint was disabled for too long'
          WHERE (n.workspace_id, n.id) IN (
                SELECT m.workspace_id, m.id
                  FROM webhook_endpoints e
                  JOIN notification_lanes l ON l.workspace_id = e.workspace_id AND l.channel = 'webhook'
                                           AND l.destination = e.id::text
                  JOIN approval_notifications m ON m.lane_id = l.id AND m.status = 'pending'
                 WHERE e.disabled_at IS NOT NULL AND m.give_up_at <= clock_timestamp()
                 LIMIT $1
                   FOR UPDATE OF m SKIP LOCKED)",
        limit
    )
    .execute(conn)
    .await?;
    Ok(given_up.rows_affected())
}

/// Keeps the endpoint that the configuration names, in the workspace of that name, or in all, of those given; answers
/// where it is new or other than it was.
pub async fn keep_configured(
    conn: &mut PgConnection,
    workspaces: Option<&BTreeSet<WorkspaceId>>,
    name: Option<&str>,
    url: &str,
) -> Result<Vec<(WorkspaceId, EndpointId)>, Error> {
    let among: Option<Vec<Uuid>> = workspaces.map(|ids| ids.iter().map(|id| id.0).collect());
    let ids: Vec<Uuid> = sqlx::query_scalar!(
        "SELECT w.id FROM workspaces w
           LEFT JOIN webhook_endpoints e ON e.workspace_id = w.id AND e.managed_by = 'configuration'
          WHERE ($1::uuid[] IS NULL OR w.id = ANY ($1)) AND ($2::text IS NULL OR w.name = $2)
            AND (e.id IS NULL OR e.url <> $3 OR e.disabled_reason = 'configuration')
          ORDER BY w.id",
        among.as_deref(),
        name,
        url,
    )
    .fetch_all(&mut *conn)
    .await?;
    let mut kept = Vec::with_capacity(ids.len());
    for id in ids {
        let endpoint = sqlx::query_scalar!(
            "INSERT INTO webhook_endpoints AS e (id, workspace_id, url, description, managed_by)
             VALUES ($1, $2, $3, 'set by the operator', 'configuration')
             ON CONFLICT (workspace_id) WHERE managed_by = 'configuration' DO UPDATE
                SET url = excluded.url, updated_at = clock_timestamp(), disabled_at = NULL, disabled_reason = NULL
             RETURNING id",
            EndpointId::generate().0,
            id,
            url,
        )
        .fetch_one(&mut *conn)
        .await?;
        enable(&mut *conn, WorkspaceId(id), EndpointId(endpoint), 0).await?;
        kept.push((WorkspaceId(id), EndpointId(endpoint)));
    }
    Ok(kept)
}

/// Endpoints that the configuration named and names no more, and that are on.
pub async fn no_longer_configured(
    conn: &mut PgConnection,
    workspace: Option<&str>,
    url: Option<&str>,
) -> Result<Vec<(WorkspaceId, EndpointId)>, Error> {
    let rows = sqlx::query!(
        "SELECT e.workspace_id, e.id
           FROM webhook_endpoints e
           JOIN workspaces w ON w.id = e.workspace_id
          WHERE e.managed_by = 'configuration' AND e.disabled_at IS NULL
            AND ($2::text IS NULL OR w.name <> $1)",
        workspace,
        url,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (WorkspaceId(row.workspace_id), EndpointId(row.id))).collect())
}
