//! News for the administrators of a workspace: about no approval, in the app.

use sqlx::PgConnection;
use uuid::Uuid;

use super::Error;
use crate::domain::{
    ids::{NotificationId, WorkspaceId},
    notification::News,
};

/// Tells all people who have one of these permissions, or one of these roles, by their roles or a live key.
pub async fn tell(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    (permissions, roles): (&[String], &[String]),
    news: News,
    subject: &str,
) -> Result<(), Error> {
    let people = sqlx::query!(
        "SELECT p.id, p.name
           FROM principals p
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
          LIMIT 200",
        workspace.0,
        permissions,
        roles,
    )
    .fetch_all(&mut *conn)
    .await?;
    let ids: Vec<Uuid> = people.iter().map(|_| NotificationId::generate().0).collect();
    let whose: Vec<Uuid> = people.iter().map(|it| it.id).collect();
    let names: Vec<String> = people.into_iter().map(|it| it.name).collect();
    sqlx::query!(
        "INSERT INTO approval_notifications (id, workspace_id, cause, channel, recipient, principal_id, subject, due_at,
                give_up_at, status, sent_at)
         SELECT x.id, $1, $2, 'in_app', x.name, x.principal_id, $3, clock_timestamp(), clock_timestamp(), 'sent',
                clock_timestamp()
           FROM unnest($4::uuid[], $5::uuid[], $6::text[]) AS x(id, principal_id, name)",
        workspace.0,
        news.as_str(),
        subject,
        &ids,
        &whose,
        &names,
    )
    .execute(conn)
    .await?;
    Ok(())
}
