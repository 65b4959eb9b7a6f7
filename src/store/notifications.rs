//! Notifications: the router writes them here, and callers' lists are read here. What became of a try is written in
//! `lanes/outcome.rs`.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
};

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Error, Page, page, written};
use crate::domain::{
    ids::{ApprovalId, EndpointId, NotificationId, PrincipalId, WorkspaceId},
    notification::{Card, Cause, Channel, Notice, Skipped, Status},
};

/// How long a notification waits for its channel at most. After that it has failed.
pub const GIVE_UP_SECONDS: i32 = 75 * 3_600;

/// A notification to be written.
#[derive(Debug)]
pub struct New<'a> {
    pub workspace: WorkspaceId,
    pub approval: ApprovalId,
    pub cause: Cause,
    pub level: i32,
    pub version: i32,
    pub ordinal: i16,
    /// When the change happened.
    pub at: DateTime<Utc>,
    pub notice: &'a Notice,
    /// What a list shows of the approval.
    pub subject: Cow<'a, str>,
    /// The destination, if the channel leaves the service.
    pub destination: Option<&'a str>,
}

#[derive(Serialize)]
struct Row<'a> {
    id: Uuid,
    workspace_id: Uuid,
    approval_id: Uuid,
    cause: &'static str,
    level: i32,
    version: i32,
    ordinal: i16,
    at: DateTime<Utc>,
    channel: &'static str,
    action: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    updates: Option<Uuid>,
    recipient: &'a str,
    subject: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal_id: Option<Uuid>,
    asks: bool,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    skip_reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    destination: Option<&'a str>,
}

impl<'a> From<&'a New<'_>> for Row<'a> {
    fn from(new: &'a New<'_>) -> Self {
        let Notice { channel, action, of, recipient, principal, asks, skipped } = new.notice;
        // A notification in the app has arrived as soon as it is written.
        let status = match (skipped, channel) {
            (Some(_), _) => Status::Skipped,
            (None, Channel::InApp) => Status::Sent,
            (None, _) => Status::Pending,
        };
        Self {
            id: NotificationId::generate().0,
            workspace_id: new.workspace.0,
            approval_id: new.approval.0,
            cause: new.cause.as_str(),
            level: new.level,
            version: new.version,
            ordinal: new.ordinal,
            at: new.at,
            channel: channel.as_str(),
            action: action.as_str(),
            updates: of.map(|id| id.0),
            recipient,
            subject: &new.subject,
            principal_id: principal.map(|id| id.0),
            asks: *asks,
            status: status.as_str(),
            skip_reason: skipped.map(Skipped::as_str),
            destination: new.destination,
        }
    }
}

/// Writes notifications and wakes their lanes. A notification that is there already is not written again. Lanes are
/// locked in the same order as everywhere.
pub async fn insert(conn: &mut PgConnection, new: &[New<'_>]) -> Result<(), Error> {
    let rows: Vec<Row<'_>> = new.iter().map(Row::from).collect();
    sqlx::query!(
        r#"
        WITH input AS MATERIALIZED (
            SELECT x.id, x.workspace_id, x.approval_id, x.cause, x.level, x.version, x.ordinal, x.at, x.channel, x.action,
                   x.updates, x.recipient, x.subject, x.principal_id, x.asks, x.status, x.skip_reason, x.destination
              FROM json_to_recordset($1::text::json) AS x(
                   id uuid, workspace_id uuid, approval_id uuid, cause text, level integer, version integer,
                   ordinal smallint, at timestamptz, channel text, action text, updates uuid, recipient text,
                   subject text, principal_id uuid, asks boolean, status text, skip_reason text, destination text)
        ), clock AS MATERIALIZED (
            SELECT clock_timestamp() AS now
        ), lanes AS (
            INSERT INTO notification_lanes AS l (workspace_id, channel, destination, due_at, wakes)
            SELECT d.workspace_id, d.channel, d.destination, clock.now, 1
              FROM (SELECT DISTINCT i.workspace_id, i.channel, i.destination FROM input i
                     WHERE i.destination IS NOT NULL
                     ORDER BY i.workspace_id, i.channel, i.destination) d
             CROSS JOIN clock
            ON CONFLICT (workspace_id, channel, destination) DO UPDATE
               SET due_at = least(coalesce(l.due_at, 'infinity'), excluded.due_at), wakes = l.wakes + 1
            RETURNING id, workspace_id, channel, destination
        )
        INSERT INTO approval_notifications (id, workspace_id, approval_id, cause, level, version, ordinal, channel,
               action, updates, recipient, subject, principal_id, asks, lane_id, due_at, give_up_at, status, sent_at, skip_reason,
               created_at)
        SELECT i.id, i.workspace_id, i.approval_id, i.cause, i.level, i.version, i.ordinal, i.channel, i.action,
               i.updates, i.recipient, i.subject, i.principal_id, i.asks, l.id, clock.now,
               clock.now + make_interval(secs => $2), i.status, CASE WHEN i.status = 'sent' THEN clock.now END, i.skip_reason, i.at
          FROM input i
         CROSS JOIN clock
          LEFT JOIN lanes l ON l.workspace_id = i.workspace_id AND l.channel = i.channel
                           AND l.destination = i.destination
        ON CONFLICT DO NOTHING
        "#,
        super::json(&rows)?,
        f64::from(GIVE_UP_SECONDS),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// People who have been told of an approval, by id, with the names that they had then.
pub type ToldBefore = BTreeMap<PrincipalId, String>;

/// Who has been asked, or told of a question, in the app, for each of these approvals.
pub async fn told(
    conn: &mut PgConnection,
    approvals: &[ApprovalId],
) -> Result<HashMap<ApprovalId, ToldBefore>, Error> {
    let ids: Vec<Uuid> = approvals.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"SELECT DISTINCT n.approval_id AS "approval!", n.principal_id AS "principal!", n.recipient
             FROM approval_notifications n
            WHERE n.approval_id = ANY($1) AND n.cause IN ('requested', 'escalated', 'reminder')
              AND n.channel = 'in_app' AND n.principal_id IS NOT NULL AND n.status <> 'skipped'"#,
        &ids,
    )
    .fetch_all(conn)
    .await?;
    let mut told: HashMap<ApprovalId, ToldBefore> = HashMap::new();
    for row in rows {
        told.entry(ApprovalId(row.approval)).or_default().insert(PrincipalId(row.principal), row.recipient);
    }
    Ok(told)
}

/// The cards in Slack about these approvals: those that were posted, and those that wait.
pub async fn cards(
    conn: &mut PgConnection,
    approvals: &[ApprovalId],
) -> Result<HashMap<ApprovalId, Vec<Card>>, Error> {
    let ids: Vec<Uuid> = approvals.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"SELECT n.approval_id AS "approval!", n.id, n.recipient, n.principal_id, n.level
             FROM approval_notifications n
            WHERE n.approval_id = ANY($1) AND n.channel = 'slack' AND n.action = 'send' AND n.updates IS NULL
              AND n.status IN ('pending', 'sent')
            ORDER BY n.id"#,
        &ids,
    )
    .fetch_all(conn)
    .await?;
    let mut cards: HashMap<ApprovalId, Vec<Card>> = HashMap::new();
    for row in rows {
        let (id, person) = (NotificationId(row.id), row.principal_id.map(PrincipalId));
        let card = Card { id, recipient: row.recipient, person, level: row.level };
        cards.entry(ApprovalId(row.approval)).or_default().push(card);
    }
    Ok(cards)
}

/// A notification as the list shows it.
#[derive(Debug)]
pub struct Notification {
    pub id: NotificationId,
    pub approval: Option<ApprovalId>,
    pub cause: String,
    pub level: i32,
    pub version: i32,
    pub channel: String,
    pub action: String,
    pub recipient: String,
    pub principal: Option<String>,
    pub asks: bool,
    pub status: String,
    pub attempts: i32,
    pub due_at: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
    pub sent_at: Option<DateTime<Utc>>,
    pub read_at: Option<DateTime<Utc>>,
    pub failed_at: Option<DateTime<Utc>>,
    pub error_message: Option<String>,
    pub skip_reason: Option<String>,
}

/// Which notifications a list shows.
#[derive(Debug, Default)]
pub struct Filter {
    pub status: Option<Status>,
    pub channel: Option<Channel>,
    pub approval: Option<ApprovalId>,
    pub recipient: Option<String>,
    /// Only those before this one.
    pub before: Option<NotificationId>,
}

macro_rules! notifications {
    ($rest:literal, $($argument:expr),*) => {
        sqlx::query!(
            r#"SELECT n.id, n.approval_id, n.cause, n.level, n.version, n.channel, n.action, n.recipient,
                      (SELECT p.name FROM principals p WHERE p.id = n.principal_id) AS principal, n.asks, n.status,
                      n.attempts, n.due_at, n.created_at, n.sent_at, n.read_at, n.failed_at, n.error_message,
                      n.skip_reason
                 FROM approval_notifications n "# + $rest,
            $($argument),*
        )
        .map(|row| Notification {
            id: NotificationId(row.id),
            approval: row.approval_id.map(ApprovalId),
            cause: row.cause,
            level: row.level,
            version: row.version,
            channel: row.channel,
            action: row.action,
            recipient: row.recipient,
            principal: row.principal,
            asks: row.asks,
            status: row.status,
            attempts: row.attempts,
            due_at: row.due_at,
            created_at: row.created_at,
            sent_at: row.sent_at,
            read_at: row.read_at,
            failed_at: row.failed_at,
            error_message: row.error_message,
            skip_reason: row.skip_reason,
        })
    };
}

/// How many notifications are looked at for one page. Where few of them fit, a page may be short or empty without being
/// the last.
const SPAN: i64 = 20_000;

/// A page of notifications, the newest first. And where the next page begins.
pub async fn list(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    filter: &Filter,
    limit: i64,
) -> Result<(Page<Notification>, Option<NotificationId>), Error> {
    let before = filter.before.map(|id| id.0);
    let (status, channel) = (filter.status.map(Status::as_str), filter.channel.map(Channel::as_str));
    let size = |it: &Notification| {
        256 + written([Some(&it.recipient), it.error_message.as_ref()].into_iter().flatten())
    };
    if let Some(approval) = filter.approval {
        let rows = notifications!(
            "WHERE n.workspace_id = $1 AND n.approval_id = $6 AND n.id < coalesce($2, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
               AND n.status = coalesce($3, n.status) AND n.channel = coalesce($4, n.channel)
               AND n.recipient = coalesce($5, n.recipient)
             ORDER BY n.id DESC LIMIT $7",
            workspace.0,
            before,
            status,
            channel,
            filter.recipient,
            approval.0,
            limit + 1
        );
        let page = page(rows.fetch(conn), limit, size).await?;
        let next = page.items.last().filter(|_| page.more).map(|it| it.id);
        return Ok((page, next));
    }
    let ends = span(&mut *conn, workspace, filter).await?;
    let rows = notifications!(
        "WHERE n.workspace_id = $1 AND n.id < coalesce($2, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
           AND n.id >= coalesce($7, '00000000-0000-0000-0000-000000000000'::uuid)
           AND n.status = coalesce($3, n.status) AND n.channel = coalesce($4, n.channel)
           AND n.recipient = coalesce($5, n.recipient)
         ORDER BY n.id DESC LIMIT $6",
        workspace.0,
        before,
        status,
        channel,
        filter.recipient,
        limit + 1,
        ends.map(|id| id.0)
    );
    let page = page(rows.fetch(conn), limit, size).await?;
    let next = page.items.last().filter(|_| page.more).map(|it| it.id).or(ends);
    Ok((page, next))
}

/// The last notification that a page looks at. `None`: the page may look at all that are left. Failed notifications
/// have an index of their own, so only failed ones are counted for them.
async fn span(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    filter: &Filter,
) -> Result<Option<NotificationId>, Error> {
    let before = filter.before.map(|id| id.0);
    let ends = if filter.status == Some(Status::Failed) {
        sqlx::query_scalar!(
            "SELECT n.id FROM approval_notifications n
              WHERE n.workspace_id = $1 AND n.status = 'failed'
                AND n.id < coalesce($2, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
              ORDER BY n.id DESC OFFSET $3 LIMIT 1",
            workspace.0,
            before,
            SPAN,
        )
        .fetch_optional(conn)
        .await?
    } else {
        sqlx::query_scalar!(
            "SELECT n.id FROM approval_notifications n
              WHERE n.workspace_id = $1 AND n.id < coalesce($2, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
              ORDER BY n.id DESC OFFSET $3 LIMIT 1",
            workspace.0,
            before,
            SPAN,
        )
        .fetch_optional(conn)
        .await?
    };
    Ok(ends.map(NotificationId))
}

/// The deliveries to an endpoint, the newest first: those with this status, before that one.
pub async fn deliveries(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    endpoint: EndpointId,
    (status, before): (Option<Status>, Option<NotificationId>),
    limit: i64,
) -> Result<Page<Notification>, Error> {
    let size = |it: &Notification| 512 + written(it.error_message.iter());
    let rows = notifications!(
        "WHERE n.workspace_id = $1 AND n.channel = 'webhook' AND n.recipient = $2
           AND n.id < coalesce($3, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid) AND n.status = coalesce($4, n.status)
         ORDER BY n.id DESC LIMIT $5",
        workspace.0,
        endpoint.to_string(),
        before.map(|id| id.0),
        status.map(Status::as_str),
        limit + 1
    );
    page(rows.fetch(conn), limit, size).await
}

/// One notification.
pub async fn get(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    id: NotificationId,
) -> Result<Option<Notification>, Error> {
    let rows = notifications!("WHERE n.workspace_id = $1 AND n.id = $2", workspace.0, id.0);
    Ok(rows.fetch_optional(conn).await?)
}

/// One try, and what came of it.
#[derive(Debug)]
pub struct Attempt {
    pub at: DateTime<Utc>,
    pub duration_ms: i32,
    pub outcome: String,
    pub status_code: Option<i32>,
    pub error: Option<String>,
    pub answer: Option<String>,
}

/// The last tries of a notification, the oldest first.
pub async fn attempts(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    id: NotificationId,
) -> Result<Vec<Attempt>, Error> {
    let mut attempts = sqlx::query_as!(
        Attempt,
        "SELECT a.at, a.duration_ms, a.outcome, a.status_code, a.error, a.answer
           FROM notification_attempts a
          WHERE a.notification_id = $1 AND a.workspace_id = $2
          ORDER BY a.id DESC
          LIMIT 100",
        id.0,
        workspace.0,
    )
    .fetch_all(conn)
    .await?;
    attempts.reverse();
    Ok(attempts)
}
