//! The append-only record of what changed, for changes that are not part of an approval batch, and its reading.

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Error, vocabulary};
use crate::domain::{
    credential::Origin,
    ids::{ApprovalId, WorkspaceId},
    names::{CallerName, PrincipalName},
    policy::Actor,
};

/// One change of something other than an approval.
pub struct Entry<'a> {
    pub workspace: WorkspaceId,
    /// What happened, for example `key.revoked`.
    pub action: &'static str,
    /// What it happened to, by its name.
    pub subject: Option<&'a str>,
    pub run: Option<&'a CallerName>,
    /// `None`: the operator, at the command line.
    pub actor: Option<&'a Actor>,
    pub via: &'static str,
    pub origin: &'a Origin,
    pub before: Option<Value>,
    pub after: Option<Value>,
    pub detail: Value,
}

/// Appends in the transaction that makes the change.
pub async fn append(conn: &mut PgConnection, entry: Entry<'_>) -> Result<(), Error> {
    let Origin { credential, on_behalf_of, address, user_agent, request_id } = entry.origin;
    sqlx::query!(
        "INSERT INTO audit_log (workspace_id, at, action, subject, run_id, actor_id, actor_name, on_behalf_of, via,
                credential, address, user_agent, request_id, before, after, detail)
         VALUES ($1, clock_timestamp(), $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        entry.workspace.0,
        entry.action,
        entry.subject,
        entry.run.map(CallerName::as_str),
        entry.actor.map(|actor| actor.id.0),
        entry.actor.map(|actor| actor.name.as_str()),
        on_behalf_of.as_ref().map(PrincipalName::as_str),
        entry.via,
        credential.as_deref(),
        address.map(|it| it.to_string()),
        user_agent.as_deref(),
        request_id.as_deref(),
        entry.before,
        entry.after,
        entry.detail,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// One entry of the record, as it is shown.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct AuditRecord {
    /// Its place in the workspace's chain; null until it is linked, which takes a second at most.
    pub position: Option<i64>,
    pub at: DateTime<Utc>,
    #[schema(example = "approval.resolved")]
    pub action: String,
    pub approval_id: Option<Uuid>,
    pub run_id: Option<String>,
    /// What it happened to, where that is no approval: a key's prefix, a name.
    pub subject: Option<String>,
    /// Null: nobody (a timeout), or an operator at the command line.
    pub actor: Option<String>,
    pub actor_id: Option<Uuid>,
    /// For whom the actor acted.
    pub on_behalf_of: Option<String>,
    #[schema(value_type = vocabulary::RecordVia, example = "human")]
    pub via: String,
    /// What the actor came with, by its public name.
    #[schema(example = "key:lkaqmt2vfljk")]
    pub credential: Option<String>,
    pub address: Option<String>,
    pub user_agent: Option<String>,
    pub request_id: Option<String>,
    #[schema(value_type = Option<Object>)]
    pub before: Option<Stored>,
    #[schema(value_type = Option<Object>)]
    pub after: Option<Stored>,
    #[schema(value_type = Object)]
    pub detail: Stored,
    /// Bytes that it takes, roughly.
    #[serde(skip)]
    pub bytes: i32,
}

/// JSON as it stands in the table. What not every reader can take (a number without bounds, half a surrogate, brackets
/// without end) is shown as the text that it is, so that a reader can see the rest.
#[derive(Debug, Clone, sqlx::Type)]
#[sqlx(transparent)]
pub struct Stored(String);

impl Serialize for Stored {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match serde_json::from_str::<Value>(&self.0) {
            Ok(value) => value.serialize(serializer),
            Err(_) => self.0.serialize(serializer),
        }
    }
}

/// Reads records with their positions, from what follows `FROM`. The owner of the table can spoil a moment: it is shown
/// as 1970 then, and a record that was changed is named by the verifier.
macro_rules! records {
    ([$($from:tt)+], $($argument:expr),*) => {
        sqlx::query_as!(
            AuditRecord,
            r#"SELECT l.position AS "position?",
                      CASE WHEN l.at >= '0001-01-01 00:00+00' AND l.at < '10000-01-01 00:00+00' THEN l.at
                           ELSE 'epoch' END AS "at!",
                      l.action, l.approval_id, l.run_id, l.subject, l.actor_name AS actor, l.actor_id, l.on_behalf_of,
                      l.via, l.credential, l.address, l.user_agent, l.request_id, l.before::text AS "before: Stored",
                      l.after::text AS "after: Stored", l.detail::text AS "detail!: Stored", l.bytes AS "bytes!"
                 FROM "# + $($from)+,
            $($argument),*
        )
    };
}

/// A page ends with the record that reaches so many bytes.
const LARGEST: i64 = 4 * 1024 * 1024;

/// Whether something may have been left out for its size.
fn is_cut(items: &[AuditRecord]) -> bool {
    items.iter().map(|item| i64::from(item.bytes)).sum::<i64>() >= LARGEST
}

/// Changes of one approval, oldest first, behind the first `seen`; and whether there may be more.
pub async fn of_approval(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    id: ApprovalId,
    (seen, limit): (i64, i64),
) -> Result<(Vec<AuditRecord>, bool), Error> {
    let mut items = records!(
        ["(SELECT w.*, sum(w.bytes) OVER (ORDER BY w.at, w.seq ROWS UNBOUNDED PRECEDING) AS total
             FROM (SELECT r.*, c.position,
                          audit_record_size(r.before, r.after, r.detail, r.subject, r.user_agent) AS bytes
                     FROM audit_log r
                     LEFT JOIN audit_chain c ON c.seq = r.seq AND c.workspace_id = r.workspace_id
                    WHERE r.approval_id = $1 AND r.workspace_id = $2
                    ORDER BY r.at, r.seq OFFSET $3 LIMIT $4) w) l
          WHERE l.total - l.bytes < $5
          ORDER BY l.at, l.seq"],
        id.0,
        workspace.0,
        seen,
        limit + 1,
        LARGEST
    )
    .fetch_all(conn)
    .await?;
    let more = is_cut(&items) || i64::try_from(items.len()).is_ok_and(|count| count > limit);
    items.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok((items, more))
}

/// Which records of a workspace are wanted.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter<'a> {
    pub action: Option<&'a str>,
    /// By name.
    pub actor: Option<&'a str>,
    pub approval: Option<Uuid>,
    pub run: Option<&'a str>,
    pub subject: Option<&'a str>,
    /// From then on, by the record's own time.
    pub from: Option<DateTime<Utc>>,
    /// Before then.
    pub to: Option<DateTime<Utc>>,
}

/// A page of linked records, newest first.
pub struct Page {
    pub items: Vec<AuditRecord>,
    /// The next page's `below`; `None` on the last.
    pub next: Option<i64>,
}

/// Links that one page looks at, at most: one that finds little there is short, or empty.
const LOOKED_AT: i64 = 5_000;

/// Up to `limit` records that fit, at positions below `below` (`None`: from the end).
pub async fn page(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    filter: &Filter<'_>,
    below: Option<i64>,
    limit: i64,
) -> Result<Page, Error> {
    let below = below.unwrap_or(i64::MAX);
    // An approval has few records, and an index; for all else the chain is read backwards.
    let (floor, mut items) = if let Some(approval) = filter.approval {
        (1, of_one(conn, (workspace, approval), filter, below, limit + 1).await?)
    } else {
        let floor = floor(conn, workspace, below).await?;
        (floor, backwards(conn, workspace, filter, (floor, below), limit + 1).await?)
    };
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let next = if items.len() > most || is_cut(&items) {
        items.truncate(most);
        items.last().and_then(|last| last.position)
    } else {
        (floor > 1).then_some(floor)
    };
    Ok(Page { items, next })
}

/// The last of the links below a position that one page looks at. By links, not by positions: between these may lie
/// more than anybody can page through.
async fn floor(conn: &mut PgConnection, workspace: WorkspaceId, below: i64) -> Result<i64, Error> {
    let floor = sqlx::query_scalar!(
        "SELECT position FROM audit_chain WHERE workspace_id = $1 AND position < $2
          ORDER BY position DESC OFFSET $3 LIMIT 1",
        workspace.0,
        below,
        LOOKED_AT - 1,
    )
    .fetch_optional(conn)
    .await?;
    Ok(floor.unwrap_or(1))
}

/// Where a workspace's chain ends; 0: it has not begun.
pub async fn end(conn: &mut PgConnection, workspace: WorkspaceId) -> Result<i64, Error> {
    let end = sqlx::query_scalar!(
        "SELECT position FROM audit_chain WHERE workspace_id = $1 AND position IS NOT NULL
          ORDER BY position DESC LIMIT 1",
        workspace.0,
    )
    .fetch_optional(conn)
    .await?;
    Ok(end.unwrap_or(0))
}

/// Reads records that fit a filter, from what follows `FROM`.
macro_rules! listed {
    ($from:tt, $filter:expr, $($argument:expr),*) => {
        records!(
            [r#"(SELECT w.*, sum(w.bytes) OVER (ORDER BY w.position DESC ROWS UNBOUNDED PRECEDING) AS total
                   FROM (SELECT r.*, c.position,
                                audit_record_size(r.before, r.after, r.detail, r.subject, r.user_agent) AS bytes
                           FROM "# + $from + r#"
                            AND ($1::text IS NULL OR r.action = $1)
                            AND ($2::text IS NULL OR r.actor_name = $2)
                            AND ($3::text IS NULL OR r.run_id = $3)
                            AND ($4::text IS NULL OR r.subject = $4)
                            AND ($5::timestamptz IS NULL OR r.at >= $5)
                            AND ($6::timestamptz IS NULL OR r.at < $6)
                          ORDER BY c.position DESC LIMIT $7) w) l
                  WHERE l.total - l.bytes < $8
                  ORDER BY l.position DESC"#],
            $filter.action,
            $filter.actor,
            $filter.run,
            $filter.subject,
            $filter.from,
            $filter.to,
            $($argument),*
        )
    };
}

async fn backwards(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    filter: &Filter<'_>,
    (floor, below): (i64, i64),
    most: i64,
) -> Result<Vec<AuditRecord>, Error> {
    Ok(listed!(
        "audit_chain c JOIN audit_log r ON r.seq = c.seq AND r.workspace_id = c.workspace_id
         WHERE c.workspace_id = $9 AND c.position >= $10 AND c.position < $11",
        filter,
        most,
        LARGEST,
        workspace.0,
        floor,
        below
    )
    .fetch_all(conn)
    .await?)
}

async fn of_one(
    conn: &mut PgConnection,
    (workspace, approval): (WorkspaceId, Uuid),
    filter: &Filter<'_>,
    below: i64,
    most: i64,
) -> Result<Vec<AuditRecord>, Error> {
    Ok(listed!(
        "audit_log r JOIN audit_chain c ON c.seq = r.seq AND c.workspace_id = r.workspace_id
         WHERE r.approval_id = $9 AND r.workspace_id = $10 AND c.position < $11",
        filter,
        most,
        LARGEST,
        approval,
        workspace.0,
        below
    )
    .fetch_all(conn)
    .await?)
}
