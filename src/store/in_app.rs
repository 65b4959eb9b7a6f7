//! What people are told in the app: each person's own list, what of it is unread, and that it was read.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Error, Page, page, written};
use crate::domain::ids::{ApprovalId, NotificationId, PrincipalId, WorkspaceId};

/// Most that are counted as unread: beyond that the number says nothing more to a person.
pub const MOST_COUNTED: i64 = 1_000;
/// Most that one call marks as read.
pub const MOST_READ: i64 = 10_000;

/// A notification as its reader sees it.
#[derive(Debug)]
pub struct Told {
    pub id: NotificationId,
    pub approval: Option<ApprovalId>,
    pub cause: String,
    pub level: i32,
    pub asks: bool,
    pub subject: Option<String>,
    pub sent_at: DateTime<Utc>,
    pub read_at: Option<DateTime<Utc>>,
}

/// Which of them are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which<'a> {
    These(&'a [Uuid]),
    /// Those that came before this moment.
    Before(DateTime<Utc>),
}

/// The newest first.
pub async fn list(
    conn: &mut PgConnection,
    (workspace, person): (WorkspaceId, PrincipalId),
    is_unread: bool,
    before: Option<NotificationId>,
    limit: i64,
) -> Result<Page<Told>, Error> {
    macro_rules! told {
        ($condition:literal) => {
            sqlx::query!(
                r#"SELECT n.id, n.approval_id, n.cause, n.level, n.asks, n.subject, n.sent_at AS "sent_at!", n.read_at
                     FROM approval_notifications n
                    WHERE n.workspace_id = $1 AND n.principal_id = $2 AND n.channel = 'in_app' AND "#
                    + $condition
                    + "AND n.id < coalesce($3, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
                    ORDER BY n.id DESC LIMIT $4",
                workspace.0,
                person.0,
                before.map(|id| id.0),
                limit + 1
            )
            .map(|row| Told {
                id: NotificationId(row.id),
                approval: row.approval_id.map(ApprovalId),
                cause: row.cause,
                level: row.level,
                asks: row.asks,
                subject: row.subject,
                sent_at: row.sent_at,
                read_at: row.read_at,
            })
            .fetch(conn)
        };
    }
    let size = |it: &Told| 256 + written(it.subject.as_ref());
    if is_unread {
        page(told!("n.status = 'sent' "), limit, size).await
    } else {
        page(told!("n.status IN ('sent', 'read') "), limit, size).await
    }
}

/// How many are unread, [`MOST_COUNTED`] at most.
pub async fn unread(
    conn: &mut PgConnection,
    (workspace, person): (WorkspaceId, PrincipalId),
) -> Result<i64, Error> {
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM (
               SELECT FROM approval_notifications n
                WHERE n.workspace_id = $1 AND n.principal_id = $2 AND n.channel = 'in_app' AND n.status = 'sent'
                LIMIT $3) s"#,
        workspace.0,
        person.0,
        MOST_COUNTED,
    )
    .fetch_one(conn)
    .await?;
    Ok(count)
}

/// Marks them as read; answers how many were unread. The oldest first, [`MOST_READ`] at most.
pub async fn read(
    conn: &mut PgConnection,
    (workspace, person): (WorkspaceId, PrincipalId),
    which: Which<'_>,
) -> Result<u64, Error> {
    let (ids, before) = match which {
        Which::These(ids) => (Some(ids), None),
        Which::Before(moment) => (None, Some(moment)),
    };
    let done = sqlx::query!(
        "WITH unread AS MATERIALIZED (
             SELECT n.id FROM approval_notifications n
              WHERE n.workspace_id = $1 AND n.principal_id = $2 AND n.channel = 'in_app' AND n.status = 'sent'
                AND ($3::uuid[] IS NULL OR n.id = ANY ($3)) AND n.sent_at < coalesce($4::timestamptz, 'infinity')
              ORDER BY n.id
              LIMIT $5
                FOR UPDATE
         )
         UPDATE approval_notifications n
            SET status = 'read', read_at = clock_timestamp(), updated_at = clock_timestamp()
           FROM unread u
          WHERE n.workspace_id = $1 AND n.id = u.id AND n.status = 'sent'",
        workspace.0,
        person.0,
        ids,
        before,
        MOST_READ,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// The newest notification of each of these people who has one.
pub async fn newest(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    people: &[PrincipalId],
) -> Result<HashMap<PrincipalId, Told>, Error> {
    let ids: Vec<Uuid> = people.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"SELECT x.person AS "person!", n.id, n.approval_id, n.cause, n.level, n.asks, n.subject, n.sent_at AS "sent_at!",
                  n.read_at
             FROM unnest($2::uuid[]) AS x(person)
            CROSS JOIN LATERAL (
                  SELECT m.id, m.approval_id, m.cause, m.level, m.asks, m.subject, m.sent_at, m.read_at
                    FROM approval_notifications m
                   WHERE m.workspace_id = $1 AND m.principal_id = x.person AND m.channel = 'in_app'
                     AND m.status IN ('sent', 'read')
                   ORDER BY m.id DESC
                   LIMIT 1) n"#,
        workspace.0,
        &ids,
    )
    .fetch_all(conn)
    .await?;
    let told = rows.into_iter().map(|row| {
        let told = Told {
            id: NotificationId(row.id),
            approval: row.approval_id.map(ApprovalId),
            cause: row.cause,
            level: row.level,
            asks: row.asks,
            subject: row.subject,
            sent_at: row.sent_at,
            read_at: row.read_at,
        };
        (PrincipalId(row.person), told)
    });
    Ok(told.collect())
}

/// How many of each of these people's are unread, [`MOST_COUNTED`] at most.
pub async fn unread_of(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    people: &[PrincipalId],
) -> Result<HashMap<PrincipalId, i64>, Error> {
    let ids: Vec<Uuid> = people.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"SELECT x.person AS "person!",
                  (SELECT count(*) FROM (
                          SELECT FROM approval_notifications n
                           WHERE n.workspace_id = $1 AND n.principal_id = x.person AND n.channel = 'in_app'
                             AND n.status = 'sent'
                           LIMIT $3) s) AS "unread!"
             FROM unnest($2::uuid[]) AS x(person)"#,
        workspace.0,
        &ids,
        MOST_COUNTED,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (PrincipalId(row.person), row.unread)).collect())
}
