//! Deliveries: notifications that bring events to endpoints of webhooks. The router writes each with its body: every
//! try sends the same bytes.

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Error;
use crate::domain::{
    ids::{ApprovalId, EndpointId, NotificationId, WorkspaceId},
    lane::BREAKS_AT,
    notification::Cause,
    webhook::{Disabled, Format, KEPT, MOST_KEPT, ManagedBy},
};

/// How many deliveries one call sends again at most.
pub const MOST_REPLAYED: i64 = 10_000;
/// How long a test waits for its endpoint at most.
const TEST_SECONDS: f64 = 3_600.0;
/// A lane that is held for longer is left alone. A worker that has it holds it for less.
const LEFT_ALONE: Duration = Duration::from_mins(2);

/// An endpoint as the router sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscriber {
    pub id: EndpointId,
    pub workspace: WorkspaceId,
    /// The name of the workspace.
    pub name: String,
    pub events: Vec<String>,
    pub format: Format,
    pub include_context: bool,
    /// Since when it is disabled.
    pub disabled_at: Option<DateTime<Utc>>,
}

/// The endpoints of these workspaces. Deliveries for disabled endpoints are kept. Endpoints that the configuration no
/// longer names are left out.
pub async fn subscribers(
    conn: &mut PgConnection,
    workspaces: &BTreeSet<WorkspaceId>,
) -> Result<Vec<Subscriber>, Error> {
    let ids: Vec<Uuid> = workspaces.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        "SELECT e.id, e.workspace_id, w.name, e.events, e.format, e.include_context, e.disabled_at
           FROM webhook_endpoints e
           JOIN workspaces w ON w.id = e.workspace_id
          WHERE e.workspace_id = ANY($1) AND e.disabled_reason IS DISTINCT FROM 'configuration'
          ORDER BY e.workspace_id, e.id",
        &ids,
    )
    .fetch_all(conn)
    .await?;
    let subscribers = rows.into_iter().map(|row| Subscriber {
        id: EndpointId(row.id),
        workspace: WorkspaceId(row.workspace_id),
        name: row.name,
        events: row.events,
        // A newer version may have written another format.
        format: Format::from_word(&row.format).unwrap_or_default(),
        include_context: row.include_context,
        disabled_at: row.disabled_at,
    });
    Ok(subscribers.collect())
}

/// How many deliveries wait for an endpoint. Counting stops at `MOST_KEPT`. It reads all that it counts, so it has no
/// place in the router's transaction.
pub async fn kept(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    endpoint: EndpointId,
) -> Result<i64, Error> {
    let kept = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM (
                  SELECT FROM notification_lanes l
                   CROSS JOIN LATERAL (
                         SELECT FROM approval_notifications n WHERE n.lane_id = l.id AND n.status = 'pending' OFFSET 0) n
                   WHERE l.workspace_id = $1 AND l.channel = 'webhook' AND l.destination = $2::uuid::text
                   LIMIT $3) k"#,
        workspace.0,
        endpoint.0,
        MOST_KEPT,
    )
    .fetch_one(conn)
    .await?;
    Ok(kept)
}

/// An event for an endpoint.
#[derive(Debug)]
pub struct Delivery<'a> {
    pub endpoint: EndpointId,
    pub workspace: WorkspaceId,
    pub approval: ApprovalId,
    pub cause: Cause,
    pub level: i32,
    pub version: i32,
    pub ordinal: i16,
    pub at: DateTime<Utc>,
    /// What a list shows of the approval.
    pub subject: &'a str,
    pub body: &'a str,
}

/// Lanes by their endpoints.
pub type Lanes = HashMap<(WorkspaceId, EndpointId), i64>;

/// Wakes the lanes of these endpoints, and locks them in the same order as everywhere. Call this before the deliveries
/// are written, in the same transaction.
pub async fn wake(
    conn: &mut PgConnection,
    endpoints: &BTreeSet<(WorkspaceId, EndpointId)>,
) -> Result<Lanes, Error> {
    // The same order as the database's.
    let mut ordered: Vec<(Uuid, String)> =
        endpoints.iter().map(|(workspace, id)| (workspace.0, id.to_string())).collect();
    ordered.sort();
    let (workspaces, destinations): (Vec<Uuid>, Vec<String>) = ordered.into_iter().unzip();
    let rows = sqlx::query!(
        "INSERT INTO notification_lanes AS l (workspace_id, channel, destination, due_at, wakes)
         SELECT x.workspace_id, 'webhook', x.destination, clock_timestamp(), 1
           FROM unnest($1::uuid[], $2::text[]) AS x(workspace_id, destination)
         ON CONFLICT (workspace_id, channel, destination) DO UPDATE
            SET due_at = least(coalesce(l.due_at, 'infinity'), excluded.due_at), wakes = l.wakes + 1
         RETURNING id, workspace_id, destination",
        &workspaces,
        &destinations,
    )
    .fetch_all(conn)
    .await?;
    let lanes = rows.into_iter().filter_map(|row| {
        let endpoint = Uuid::try_parse(&row.destination).ok()?;
        Some(((WorkspaceId(row.workspace_id), EndpointId(endpoint)), row.id))
    });
    Ok(lanes.collect())
}

/// Writes deliveries. One that is there already is not written again.
pub async fn insert(conn: &mut PgConnection, lanes: &Lanes, new: &[Delivery<'_>]) -> Result<(), Error> {
    let new: Vec<(&Delivery<'_>, i64)> =
        new.iter().filter_map(|it| Some((it, *lanes.get(&(it.workspace, it.endpoint))?))).collect();
    let ids: Vec<Uuid> = new.iter().map(|_| NotificationId::generate().0).collect();
    let workspaces: Vec<Uuid> = new.iter().map(|(it, _)| it.workspace.0).collect();
    let approvals: Vec<Uuid> = new.iter().map(|(it, _)| it.approval.0).collect();
    let causes: Vec<String> = new.iter().map(|(it, _)| it.cause.as_str().to_owned()).collect();
    let levels: Vec<i32> = new.iter().map(|(it, _)| it.level).collect();
    let versions: Vec<i32> = new.iter().map(|(it, _)| it.version).collect();
    let ordinals: Vec<i16> = new.iter().map(|(it, _)| it.ordinal).collect();
    let times: Vec<DateTime<Utc>> = new.iter().map(|(it, _)| it.at).collect();
    let recipients: Vec<String> = new.iter().map(|(it, _)| it.endpoint.to_string()).collect();
    let subjects: Vec<String> = new.iter().map(|(it, _)| it.subject.to_owned()).collect();
    let bodies: Vec<String> = new.iter().map(|(it, _)| it.body.to_owned()).collect();
    let of: Vec<i64> = new.iter().map(|(_, lane)| *lane).collect();
    sqlx::query!(
        "INSERT INTO approval_notifications (id, workspace_id, approval_id, cause, level, version, ordinal, channel,
                recipient, subject, body, lane_id, due_at, give_up_at, created_at)
         SELECT x.id, x.workspace_id, x.approval_id, x.cause, x.level, x.version, x.ordinal, 'webhook', x.recipient,
                x.subject, x.body, x.lane, clock_timestamp(), clock_timestamp() + make_interval(secs => $13), x.at
           FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::integer[], $6::integer[], $7::smallint[],
                       $8::timestamptz[], $9::text[], $10::text[], $11::text[], $12::bigint[])
                AS x(id, workspace_id, approval_id, cause, level, version, ordinal, at, recipient, subject, body, lane)
         ON CONFLICT DO NOTHING",
        &ids,
        &workspaces,
        &approvals,
        &causes,
        &levels,
        &versions,
        &ordinals,
        &times,
        &recipients,
        &subjects,
        &bodies,
        &of,
        KEPT.as_secs_f64(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Counts events that were not kept, because too many wait.
pub async fn dropped(conn: &mut PgConnection, endpoint: &Subscriber, count: i64) -> Result<(), Error> {
    sqlx::query!(
        "UPDATE webhook_endpoints SET dropped = dropped + $3 WHERE workspace_id = $1 AND id = $2",
        endpoint.workspace.0,
        endpoint.id.0,
        count,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// All that is needed to send a delivery.
#[derive(Debug)]
pub struct Dispatch {
    pub body: String,
    pub url: String,
    pub format: Format,
    /// Sealed. `None`: the secret is in the configuration.
    pub secrets: Option<Vec<u8>>,
    pub managed_by: ManagedBy,
    pub disabled: Option<Disabled>,
    /// The database's clock.
    pub now: DateTime<Utc>,
}

/// Reads what is needed to send a delivery now. `None`: the endpoint was deleted.
pub async fn dispatch(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    id: NotificationId,
    endpoint: EndpointId,
) -> Result<Option<Dispatch>, Error> {
    let row = sqlx::query!(
        r#"SELECT n.body, e.url, e.format, e.secrets, e.managed_by, e.disabled_reason, clock_timestamp() AS "now!"
             FROM approval_notifications n
             JOIN webhook_endpoints e ON e.workspace_id = n.workspace_id
            WHERE n.workspace_id = $1 AND n.id = $2 AND e.id = $3"#,
        workspace.0,
        id.0,
        endpoint.0,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Dispatch {
        body: row.body.unwrap_or_default(),
        url: row.url,
        format: Format::from_word(&row.format).unwrap_or_default(),
        secrets: row.secrets,
        managed_by: ManagedBy::from_word(&row.managed_by).unwrap_or(ManagedBy::Api),
        disabled: row.disabled_reason.as_deref().and_then(Disabled::from_word),
        now: row.now,
    }))
}

/// Writes a test that a member wants. Call it only for an endpoint that is not disabled.
///
/// An endpoint that is left alone, because it fails or wants a pause, gets the test at once, before all else that waits. For that the lane
/// is taken from the worker that may have it. The message that this worker has under way may be sent twice then.
pub async fn test(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    endpoint: EndpointId,
    id: NotificationId,
    body: &str,
) -> Result<(), Error> {
    sqlx::query!(
        "WITH before AS MATERIALIZED (
             SELECT coalesce(bool_or(l.failures >= $6 OR l.hold_until > clock_timestamp() + make_interval(secs => $7)),
                             false) AS is_left_alone
               FROM notification_lanes l
              WHERE l.workspace_id = $1 AND l.channel = 'webhook' AND l.destination = $2::uuid::text
         ), lane AS (
             INSERT INTO notification_lanes AS l (workspace_id, channel, destination, due_at, wakes)
             SELECT $1, 'webhook', $2::uuid::text, clock_timestamp(), 1 FROM before
             ON CONFLICT (workspace_id, channel, destination) DO UPDATE
                SET due_at = clock_timestamp(), wakes = l.wakes + 1,
                    hold_until = CASE WHEN (SELECT b.is_left_alone FROM before b)
                                      THEN least(l.hold_until, clock_timestamp()) ELSE l.hold_until END,
                    generation = l.generation + (SELECT b.is_left_alone::integer FROM before b),
                    floor_at = CASE WHEN (SELECT b.is_left_alone FROM before b) THEN 'epoch' ELSE l.floor_at END
             RETURNING id
         )
         INSERT INTO approval_notifications (id, workspace_id, cause, channel, recipient, subject, body, lane_id, due_at,
                give_up_at)
         SELECT $3, $1, 'test', 'webhook', $2::uuid::text, 'webhook:test', $4, lane.id,
                CASE WHEN before.is_left_alone THEN 'epoch' ELSE clock_timestamp() END,
                clock_timestamp() + make_interval(secs => $5)
           FROM lane, before",
        workspace.0,
        endpoint.0,
        id.0,
        body,
        TEST_SECONDS,
        i32::try_from(BREAKS_AT).unwrap_or(i32::MAX),
        LEFT_ALONE.as_secs_f64(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Which deliveries are sent again.
#[derive(Debug, Clone)]
pub struct Which {
    pub from: Option<DateTime<Utc>>,
    pub to: Option<DateTime<Utc>>,
    /// `sent`, `failed`, or both.
    pub statuses: Vec<String>,
}

/// Makes sent or failed deliveries pending again, the oldest first. Answers how many. Deliveries that are pending stay
/// as they are.
pub async fn replay(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    endpoint: EndpointId,
    which: &Which,
) -> Result<i64, Error> {
    lock_lane(&mut *conn, workspace, endpoint).await?;
    let count = sqlx::query_scalar!(
        r#"
        WITH chosen AS MATERIALIZED (
            SELECT n.id, n.lane_id
              FROM approval_notifications n
             WHERE n.workspace_id = $1 AND n.channel = 'webhook' AND n.recipient = $2::uuid::text
               AND n.status = ANY($3) AND n.body IS NOT NULL AND n.approval_id IS NOT NULL
               AND n.created_at >= coalesce($4::timestamptz, '-infinity') AND n.created_at < coalesce($5::timestamptz, 'infinity')
             ORDER BY n.id
             LIMIT $6
               FOR UPDATE OF n
        ), clock AS MATERIALIZED (
            SELECT clock_timestamp() AS now
        ), again AS (
            UPDATE approval_notifications n
               SET status = 'pending', sent_at = NULL, failed_at = NULL, attempts = 0, due_at = clock.now,
                   updated_at = clock.now, give_up_at = clock.now + make_interval(secs => $7)
              FROM chosen c, clock
             WHERE n.workspace_id = $1 AND n.id = c.id
        ), woken AS (
            UPDATE notification_lanes l
               SET due_at = least(coalesce(l.due_at, 'infinity'), clock.now), wakes = l.wakes + 1
              FROM clock
             WHERE l.workspace_id = $1 AND l.id IN (SELECT c.lane_id FROM chosen c)
        )
        SELECT count(*) AS "count!" FROM chosen
        "#,
        workspace.0,
        endpoint.0,
        &which.statuses,
        which.from,
        which.to,
        MOST_REPLAYED,
        KEPT.as_secs_f64(),
    )
    .fetch_one(conn)
    .await?;
    Ok(count)
}

/// Locks the lane of an endpoint. Call it before its deliveries are locked: recorders lock in that order.
async fn lock_lane(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    endpoint: EndpointId,
) -> Result<(), Error> {
    sqlx::query!(
        "SELECT l.id FROM notification_lanes l
          WHERE l.workspace_id = $1 AND l.channel = 'webhook' AND l.destination = $2::uuid::text
            FOR UPDATE",
        workspace.0,
        endpoint.0,
    )
    .fetch_optional(conn)
    .await?;
    Ok(())
}

/// The body of a delivery, as it is sent.
pub async fn body(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    endpoint: EndpointId,
    id: NotificationId,
) -> Result<Option<String>, Error> {
    let body = sqlx::query_scalar!(
        "SELECT n.body FROM approval_notifications n
          WHERE n.workspace_id = $1 AND n.id = $3 AND n.channel = 'webhook' AND n.recipient = $2::uuid::text",
        workspace.0,
        endpoint.0,
        id.0,
    )
    .fetch_optional(conn)
    .await?;
    Ok(body.flatten())
}
