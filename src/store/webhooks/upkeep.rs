//! What is done about endpoints by itself: finding those that fail, and keeping those that the configuration names.

use std::collections::BTreeSet;

use sqlx::PgConnection;
use uuid::Uuid;

use super::enable;
use crate::{
    domain::ids::{EndpointId, WorkspaceId},
    store::Error,
};

/// An endpoint that fails.
#[derive(Debug)]
pub struct Failing {
    pub id: EndpointId,
    pub workspace: WorkspaceId,
    pub url: String,
    pub last_error: Option<String>,
    /// Whether it has failed for so long that it must be disabled.
    pub is_over: bool,
}

/// Endpoints where no message has arrived for a while, though one was tried lately. They are those of which
/// administrators must be told, and those that must be disabled. Endpoints that another instance looks at are left out.
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

/// Remembers that administrators were told.
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

/// Makes, corrects or enables the endpoint that the configuration names. `workspaces`: only in these. `name`: only in
/// the workspace of that name. Answers the endpoints that were changed.
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

/// Endpoints that the configuration named and no longer names, and that are still enabled.
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
