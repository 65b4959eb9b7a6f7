//! Endpoints of webhooks: where workspaces want their events, and whether messages arrive there. Secrets are read and
//! written sealed.

mod upkeep;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

pub use self::upkeep::{Failing, failing, keep_configured, no_longer_configured, told};
use super::Error;
use crate::domain::{
    ids::{EndpointId, WorkspaceId},
    webhook::{Disabled, Format, ManagedBy},
};

/// The lane of a disabled endpoint is held until then.
const FOR_GOOD: &str = "9999-01-01 00:00:00+00";

/// What can be chosen of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    pub url: String,
    pub description: Option<String>,
    /// Empty: all events.
    pub events: Vec<String>,
    pub format: Format,
    pub include_context: bool,
}

/// An endpoint, and how its lane stands.
#[derive(Debug, Clone)]
pub struct Endpoint {
    pub id: EndpointId,
    pub workspace: WorkspaceId,
    pub wanted: Wanted,
    /// Sealed. `None`: the secret is in the configuration.
    pub secrets: Option<Vec<u8>>,
    pub managed_by: ManagedBy,
    pub disabled: Option<(DateTime<Utc>, Disabled)>,
    /// How many events were not kept for it, because too many waited.
    pub dropped: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Since when messages have failed and none has arrived.
    pub failing_since: Option<DateTime<Utc>>,
    pub last_error: Option<String>,
    pub last_success_at: Option<DateTime<Utc>>,
    /// How many deliveries wait. Counting stops at 1,001.
    pub waiting: i64,
    /// The time of the reading, by the database's clock.
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

/// All endpoints of a workspace, the oldest first.
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

/// The same, locked: no other transaction changes the endpoint until this one ends.
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

/// How many endpoints the members of a workspace have made.
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

/// Disables an endpoint. Answers whether it was enabled before. Its pending deliveries are kept. `url`: only if it is
/// still at this URL. The caller holds its lane then, by [`hold`].
pub async fn disable(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    id: EndpointId,
    why: Disabled,
    url: Option<&str>,
) -> Result<bool, Error> {
    let disabled = sqlx::query!(
        "UPDATE webhook_endpoints
            SET disabled_at = clock_timestamp(), disabled_reason = $3, updated_at = clock_timestamp()
          WHERE workspace_id = $1 AND id = $2 AND disabled_at IS NULL AND url = coalesce($4, url)",
        workspace.0,
        id.0,
        why.as_str(),
        url,
    )
    .execute(conn)
    .await?;
    Ok(disabled.rows_affected() > 0)
}

/// Holds the lane of an endpoint that was disabled. The lane is taken from the worker that has it: what this worker still
/// sends is recorded, and the lane stays held.
pub async fn hold(conn: &mut PgConnection, workspace: WorkspaceId, id: EndpointId) -> Result<(), Error> {
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
    Ok(())
}

/// Enables an endpoint, and lets its pending deliveries go. Answers whether it was disabled. `failures`: with enough of
/// them, one message tries the endpoint first.
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

/// Deletes an endpoint that members made. Answers whether there was one.
///
/// Its pending deliveries are skipped in the turns of its lane, because they find no endpoint. Here they are not
/// touched: there may be a hundred thousand, and a statement that changed all of them would hold the lane for longer
/// than it may take. The lane is taken from the worker that may have it.
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
    sqlx::query!(
        "UPDATE notification_lanes
            SET hold_until = 'epoch', due_at = clock_timestamp(), floor_at = 'epoch', wakes = wakes + 1,
                generation = generation + 1, failures = 0, failing_since = NULL
          WHERE workspace_id = $1 AND channel = 'webhook' AND destination = $2::uuid::text",
        workspace.0,
        id.0
    )
    .execute(conn)
    .await?;
    Ok(true)
}
