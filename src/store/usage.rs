//! What workspaces use: bytes of events by day, and how much of the tables is whose.

use std::time::Duration;

use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use super::Error;
use crate::domain::ids::WorkspaceId;

/// How much a workspace has sent today, over all instances.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Today {
    pub workspace: WorkspaceId,
    pub bytes: u64,
    /// Until the day ends, by the database's clock.
    pub left: Duration,
}

/// Adds what each of these has sent, which may be nothing; answers how much that makes today.
pub async fn add(conn: &mut PgConnection, sent: &[(WorkspaceId, u64)]) -> Result<Vec<Today>, Error> {
    let workspaces: Vec<Uuid> = sent.iter().map(|(workspace, _)| workspace.0).collect();
    let bytes: Vec<i64> = sent.iter().map(|(_, bytes)| i64::try_from(*bytes).unwrap_or(i64::MAX)).collect();
    // In one order, so that two instances never wait for each other in a circle.
    let rows = sqlx::query!(
        r#"INSERT INTO event_usage AS u (workspace_id, day, bytes)
           SELECT s.workspace_id, (now() AT TIME ZONE 'UTC')::date, s.bytes
             FROM unnest($1::uuid[], $2::bigint[]) AS s(workspace_id, bytes) ORDER BY s.workspace_id
           ON CONFLICT (workspace_id, day) DO UPDATE SET bytes = u.bytes + excluded.bytes
           RETURNING workspace_id, bytes,
                     extract(epoch FROM ((now() AT TIME ZONE 'UTC')::date + 1)::timestamp AT TIME ZONE 'UTC' - now())::float8
                     AS "left!""#,
        &workspaces,
        &bytes,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Today {
            workspace: WorkspaceId(row.workspace_id),
            bytes: u64::try_from(row.bytes).unwrap_or_default(),
            left: Duration::try_from_secs_f64(row.left).unwrap_or_default(),
        })
        .collect())
}

/// Forgets days long gone.
pub async fn forget(conn: &mut PgConnection) -> Result<(), Error> {
    sqlx::query!("DELETE FROM event_usage WHERE day < (now() AT TIME ZONE 'UTC')::date - 7")
        .execute(conn)
        .await?;
    Ok(())
}

/// What a workspace holds, in bytes as they are on the disk, indexes and all that goes with it included: an estimate
/// from a sample.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Holding {
    pub workspace_id: Uuid,
    pub events: i64,
    pub approvals: i64,
    pub records: i64,
}

impl Holding {
    pub fn total(&self) -> i64 {
        self.events.saturating_add(self.approvals).saturating_add(self.records)
    }
}

/// What each workspace holds, the largest first. At most some thousand pages of each table are read, however large it
/// is: their rows say whose share of the table is how large, and the table how much that is. Who has little may be
/// missing.
pub async fn holdings(conn: &mut PgConnection) -> Result<Vec<Holding>, Error> {
    Ok(sqlx::query_as!(
        Holding,
        r#"WITH tables AS (
               SELECT t.name, pg_total_relation_size(t.name::regclass) AS bytes,
                      least(100, 100 * 2000 / greatest(pg_relation_size(t.name::regclass) / 8192, 1)::real)::real AS part
                 FROM unnest(ARRAY['task_events', 'approval_requests', 'audit_log']) AS t(name)
           ), weighed AS (
               SELECT 'task_events' AS name, e.workspace_id, sum(100 + pg_column_size(e.data))::float8 AS weight
                 FROM task_events e TABLESAMPLE SYSTEM ((SELECT t.part FROM tables t WHERE t.name = 'task_events'))
                GROUP BY e.workspace_id
               UNION ALL
               SELECT 'approval_requests', a.workspace_id,
                      sum(400 + pg_column_size(a.context) + coalesce(pg_column_size(a.description), 0)
                          + pg_column_size(a.policy) + pg_column_size(a.metadata)
                          + coalesce(pg_column_size(a.checkpoint), 0) + coalesce(pg_column_size(a.result), 0))::float8
                 FROM approval_requests a
                      TABLESAMPLE SYSTEM ((SELECT t.part FROM tables t WHERE t.name = 'approval_requests'))
                GROUP BY a.workspace_id
               UNION ALL
               SELECT 'audit_log', l.workspace_id,
                      sum(200 + pg_column_size(l.detail) + coalesce(pg_column_size(l.before), 0)
                          + coalesce(pg_column_size(l.after), 0))::float8
                 FROM audit_log l TABLESAMPLE SYSTEM ((SELECT t.part FROM tables t WHERE t.name = 'audit_log'))
                GROUP BY l.workspace_id
           ), shares AS (
               SELECT w.workspace_id, w.name,
                      (t.bytes * w.weight / sum(w.weight) OVER (PARTITION BY w.name))::bigint AS bytes
                 FROM weighed w JOIN tables t ON t.name = w.name
           )
           SELECT s.workspace_id AS "workspace_id!",
                  coalesce(sum(s.bytes) FILTER (WHERE s.name = 'task_events'), 0)::bigint AS "events!",
                  coalesce(sum(s.bytes) FILTER (WHERE s.name = 'approval_requests'), 0)::bigint AS "approvals!",
                  coalesce(sum(s.bytes) FILTER (WHERE s.name = 'audit_log'), 0)::bigint AS "records!"
             FROM shares s GROUP BY s.workspace_id ORDER BY sum(s.bytes) DESC"#
    )
    .fetch_all(conn)
    .await?)
}

/// Bytes of events of today, by workspace.
pub async fn today(conn: &mut PgConnection) -> Result<Vec<(Uuid, i64)>, Error> {
    let rows = sqlx::query!(
        "SELECT workspace_id, bytes FROM event_usage WHERE day = (now() AT TIME ZONE 'UTC')::date"
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.workspace_id, row.bytes)).collect())
}
