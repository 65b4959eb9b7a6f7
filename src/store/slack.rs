//! Slack: which account is whose, which requests of Slack's were taken, and which notification a card belongs to.

use std::{collections::HashMap, time::Duration};

use sqlx::PgConnection;
use uuid::Uuid;

use super::Error;
use crate::domain::{
    ids::{ApprovalId, NotificationId, PrincipalId, WorkspaceId},
    notification::News,
    slack::Account,
};

/// How far the time of a request may be before or behind the database's clock.
pub const TOLERANCE_SECONDS: i32 = 300;

fn account(team: String, user: String) -> Account {
    Account { team, user }
}

/// The accounts of these people.
pub async fn accounts(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    people: &[PrincipalId],
) -> Result<HashMap<PrincipalId, Account>, Error> {
    let ids: Vec<Uuid> = people.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        "SELECT s.principal_id, s.team, s.slack_user FROM slack_users s
          WHERE s.workspace_id = $1 AND s.principal_id = ANY($2)",
        workspace.0,
        &ids,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (PrincipalId(row.principal_id), account(row.team, row.slack_user)))
        .collect())
}

/// The person who has this account.
pub async fn holder(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    account: &Account,
) -> Result<Option<PrincipalId>, Error> {
    let found = sqlx::query_scalar!(
        "SELECT s.principal_id FROM slack_users s WHERE s.workspace_id = $1 AND s.team = $2 AND s.slack_user = $3",
        workspace.0,
        account.team,
        account.user,
    )
    .fetch_optional(conn)
    .await?;
    Ok(found.map(PrincipalId))
}

/// Who or what bound an account to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    Administrator,
    Email,
}

/// Binds this account to a person, or none, in place of the one that they had. Answers whether the account was free.
pub async fn bind(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    person: PrincipalId,
    account: Option<&Account>,
    by: By,
) -> Result<bool, Error> {
    sqlx::query!(
        "DELETE FROM slack_users s WHERE s.workspace_id = $1 AND s.principal_id = $2",
        workspace.0,
        person.0
    )
    .execute(&mut *conn)
    .await?;
    let Some(account) = account else { return Ok(true) };
    let by = match by {
        By::Administrator => "administrator",
        By::Email => "email",
    };
    let bound = sqlx::query!(
        "INSERT INTO slack_users (workspace_id, team, slack_user, principal_id, bound_by) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT DO NOTHING",
        workspace.0,
        account.team,
        account.user,
        person.0,
        by,
    )
    .execute(conn)
    .await?;
    Ok(bound.rows_affected() == 1)
}

/// The people of a workspace who have this address and are not disabled. Two are read at most: they show that the
/// address is not one person's.
pub async fn with_address(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    email: &str,
) -> Result<Vec<PrincipalId>, Error> {
    let found = sqlx::query_scalar!(
        "SELECT p.id FROM principals p
          WHERE p.workspace_id = $1 AND lower(p.email) = lower($2) AND p.kind = 'person' AND p.disabled_at IS NULL
          LIMIT 2",
        workspace.0,
        email,
    )
    .fetch_all(conn)
    .await?;
    Ok(found.into_iter().map(PrincipalId).collect())
}

/// Takes a request of Slack's that was made at this second, by its own word. Answers false if it was taken before, or
/// if that second is too far from now.
pub async fn take(conn: &mut PgConnection, hash: &[u8; 32], made_at: i64) -> Result<bool, Error> {
    let taken = sqlx::query!(
        "INSERT INTO slack_requests (hash, at)
         SELECT $1, clock_timestamp()
          WHERE extract(epoch FROM clock_timestamp())::bigint BETWEEN $2::bigint - $3 AND $2::bigint + $3
         ON CONFLICT DO NOTHING",
        hash.as_slice(),
        made_at,
        i64::from(TOLERANCE_SECONDS),
    )
    .execute(conn)
    .await?;
    Ok(taken.rows_affected() == 1)
}

/// Forgets a request on which nothing was done, so that Slack may send it again.
pub async fn give_back(conn: &mut PgConnection, hash: &[u8; 32]) -> Result<(), Error> {
    sqlx::query!("DELETE FROM slack_requests r WHERE r.hash = $1", hash.as_slice()).execute(conn).await?;
    Ok(())
}

/// Forgets requests that are so old that their time alone keeps them from being taken again.
pub async fn forget(conn: &mut PgConnection, older: Duration, most: i64) -> Result<u64, Error> {
    let forgotten = sqlx::query!(
        "DELETE FROM slack_requests r
          WHERE r.hash = ANY (ARRAY(SELECT o.hash FROM slack_requests o
                                     WHERE o.at < clock_timestamp() - make_interval(secs => $1)
                                     ORDER BY o.at LIMIT $2))",
        older.as_secs_f64(),
        most,
    )
    .execute(conn)
    .await?;
    Ok(forgotten.rows_affected())
}

/// Workspaces for which messages to Slack wait, and whose administrators were not told within a day. `only`: among
/// these workspaces; without it, among those without an app of their own. Another transaction that calls this waits
/// until this one ends.
pub async fn to_be_told(
    conn: &mut PgConnection,
    news: News,
    only: Option<&[WorkspaceId]>,
) -> Result<Vec<WorkspaceId>, Error> {
    let only: Option<Vec<Uuid>> = only.map(|ids| ids.iter().map(|id| id.0).collect());
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtextextended('slack news', 0))")
        .execute(&mut *conn)
        .await?;
    let found = sqlx::query_scalar!(
        r#"SELECT l.workspace_id AS "workspace!"
             FROM (SELECT DISTINCT n.workspace_id FROM notification_lanes n
                    WHERE n.channel = 'slack' AND n.due_at IS NOT NULL
                      AND CASE WHEN $2::uuid[] IS NULL
                               THEN NOT EXISTS (SELECT FROM slack_installations i WHERE i.workspace_id = n.workspace_id)
                               ELSE n.workspace_id = ANY ($2) END) l
            WHERE NOT EXISTS (
                  SELECT FROM approval_notifications t
                   WHERE t.workspace_id = l.workspace_id AND t.approval_id IS NULL AND t.cause = $1
                     AND t.created_at > clock_timestamp() - interval '1 day')
            ORDER BY l.workspace_id"#,
        news.as_str(),
        only.as_deref(),
    )
    .fetch_all(conn)
    .await?;
    Ok(found.into_iter().map(WorkspaceId).collect())
}

/// A card that was posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    pub id: NotificationId,
    pub workspace: WorkspaceId,
    pub level: i32,
    pub asks: bool,
    /// The workspace's own app that posted it. `None`: the service's app.
    pub app: Option<String>,
    /// Whether the service's app may have posted it all the same: it is not written down which app did, and the
    /// workspace's own was set later.
    pub may_be_services: bool,
    /// Whether it is written down that the card is there. Otherwise the router never edits it.
    pub is_recorded: bool,
}

/// The card about an approval and a level, at a place in Slack. The message alone finds it, not the team: in an
/// organisation a press may name another team than the post did.
///
/// A card may be there though that was never written down: Slack's answer was lost, or the instance crashed. Then the
/// card counts as another card of the same conversation and level, or as the message that was to be sent there. Its app
/// is the workspace's own. Where that was set after what the card is about happened, the service's app counts, too.
pub async fn posted(
    conn: &mut PgConnection,
    (approval, level): (ApprovalId, i32),
    channel: &str,
    ts: &str,
) -> Result<Option<Posted>, Error> {
    let found = sqlx::query!(
        r#"SELECT n.id, n.workspace_id, n.level, n.asks,
                  CASE WHEN n.external IS NOT NULL THEN n.external ->> 'app'
                       ELSE i.team || '/' || i.bot END AS app,
                  n.external IS NULL AND coalesce(i.set_at > n.created_at, false) AS "may_be_services!",
                  coalesce(n.external ->> 'ts' = $3, false) AS "is_recorded!"
             FROM approval_notifications n
             LEFT JOIN slack_installations i ON i.workspace_id = n.workspace_id
            WHERE n.approval_id = $1 AND n.channel = 'slack' AND n.action = 'send'
              AND (n.external ->> 'channel' = $2 AND (n.external ->> 'ts' = $3 OR n.level = $4)
                   OR n.external IS NULL AND n.level = $4 AND (n.recipient = $2 OR n.principal_id IS NOT NULL))
            ORDER BY coalesce(n.external ->> 'ts' = $3, false) DESC, n.external IS NOT NULL DESC, n.asks DESC
            LIMIT 1"#,
        approval.0,
        channel,
        ts,
        level,
    )
    .fetch_optional(conn)
    .await?;
    Ok(found.map(|row| Posted {
        id: NotificationId(row.id),
        workspace: WorkspaceId(row.workspace_id),
        level: row.level,
        asks: row.asks,
        app: row.app,
        may_be_services: row.may_be_services,
        is_recorded: row.is_recorded,
    }))
}
