//! News for the administrators of a workspace: about no approval, in the app and by mail.

use sqlx::PgConnection;
use uuid::Uuid;

use super::{Error, notifications::GIVE_UP_SECONDS};
use crate::domain::{
    ids::{NotificationId, WorkspaceId},
    notification::News,
};

/// What is told, and to whom.
#[derive(Debug, Clone, Copy)]
pub struct Bulletin<'a> {
    pub workspace: WorkspaceId,
    /// People with one of these permissions, or one of these roles, are told.
    pub permissions: &'a [String],
    pub roles: &'a [String],
    pub news: News,
    pub subject: &'a str,
    /// The relay that takes our mail.
    pub relay: Option<&'a str>,
}

/// Tells people: in the app, and by mail those who have an address and want mail. Roles and live keys count.
pub async fn tell(conn: &mut PgConnection, it: &Bulletin<'_>) -> Result<(), Error> {
    let people = sqlx::query!(
        r#"SELECT p.id, p.name, CASE WHEN NOT coalesce('email' = ANY (f.muted), false) THEN p.email END AS email
           FROM principals p
           LEFT JOIN notification_preferences f ON f.principal_id = p.id
          WHERE p.workspace_id = $1 AND p.kind = 'person' AND p.disabled_at IS NULL
            AND ((p.roles || p.claimed_roles) && $3
                 OR EXISTS (SELECT FROM roles r
                             WHERE r.workspace_id = $1 AND r.name = ANY (p.roles || p.claimed_roles)
                               AND r.permissions && $2)
                 OR EXISTS (SELECT FROM api_keys k
                             WHERE k.workspace_id = $1 AND k.principal_id = p.id AND k.revoked_at IS NULL
                               AND (k.expires_at IS NULL OR k.expires_at > clock_timestamp())
                               AND (k.permissions && $2 OR k.roles && $3)))
          ORDER BY p.id
          LIMIT 200"#,
        it.workspace.0,
        it.permissions,
        it.roles,
    )
    .fetch_all(&mut *conn)
    .await?;
    let ids: Vec<Uuid> = people.iter().map(|_| NotificationId::generate().0).collect();
    let whose: Vec<Uuid> = people.iter().map(|it| it.id).collect();
    let names: Vec<String> = people.iter().map(|it| it.name.clone()).collect();
    sqlx::query!(
        "INSERT INTO approval_notifications (id, workspace_id, cause, channel, recipient, principal_id, subject, due_at,
                give_up_at, status, sent_at)
         SELECT x.id, $1, $2, 'in_app', x.name, x.principal_id, $3, clock_timestamp(), clock_timestamp(), 'sent',
                clock_timestamp()
           FROM unnest($4::uuid[], $5::uuid[], $6::text[]) AS x(id, principal_id, name)",
        it.workspace.0,
        it.news.as_str(),
        it.subject,
        &ids,
        &whose,
        &names,
    )
    .execute(&mut *conn)
    .await?;
    let mail = people.into_iter().filter_map(|it| Some((it.id, it.email?)));
    let (whose, addresses): (Vec<Uuid>, Vec<String>) = mail.unzip();
    match it.relay {
        Some(relay) if !whose.is_empty() => post(conn, it, relay, &whose, &addresses).await,
        _ => Ok(()),
    }
}

async fn post(
    conn: &mut PgConnection,
    it: &Bulletin<'_>,
    relay: &str,
    whose: &[Uuid],
    addresses: &[String],
) -> Result<(), Error> {
    let ids: Vec<Uuid> = whose.iter().map(|_| NotificationId::generate().0).collect();
    sqlx::query!(
        "WITH lane AS (
             INSERT INTO notification_lanes AS l (workspace_id, channel, destination, due_at, wakes)
             VALUES ($1, 'email', $4, clock_timestamp(), 1)
             ON CONFLICT (workspace_id, channel, destination) DO UPDATE
                SET due_at = least(coalesce(l.due_at, 'infinity'), excluded.due_at), wakes = l.wakes + 1
             RETURNING id
         )
         INSERT INTO approval_notifications (id, workspace_id, cause, channel, recipient, principal_id, subject, lane_id,
                due_at, give_up_at)
         SELECT x.id, $1, $2, 'email', x.address, x.principal_id, $3, lane.id, clock_timestamp(),
                clock_timestamp() + make_interval(secs => $8)
           FROM lane, unnest($5::uuid[], $6::uuid[], $7::text[]) AS x(id, principal_id, address)",
        it.workspace.0,
        it.news.as_str(),
        it.subject,
        relay,
        &ids,
        whose,
        addresses,
        f64::from(GIVE_UP_SECONDS),
    )
    .execute(conn)
    .await?;
    Ok(())
}
