//! Approvals that have ended, many at once, straight into the database.

use signoff::store::search_index::{self, Pass};
use sqlx::PgConnection;
use uuid::Uuid;

/// A workspace's id, by its name.
pub async fn workspace(conn: &mut PgConnection, name: &str) -> Uuid {
    sqlx::query_scalar("SELECT id FROM workspaces WHERE name = $1").bind(name).fetch_one(conn).await.unwrap()
}

/// Adds `count` approved approvals, a second apart, the newest an hour old; `title` is an SQL expression over `n`,
/// which is 1 for the newest. Each has one vote, of ana. Answers with the ids, the newest first.
pub async fn add(conn: &mut PgConnection, workspace: Uuid, count: i32, title: &'static str) -> Vec<Uuid> {
    sqlx::query("INSERT INTO workflow_runs (workspace_id, id) VALUES ($1, 'bulk') ON CONFLICT DO NOTHING")
        .bind(workspace)
        .execute(&mut *conn)
        .await
        .unwrap();
    let add = sqlx::AssertSqlSafe(format!(
        "WITH added AS (
             INSERT INTO approval_requests (id, workspace_id, run_id, task_id, approval_type, title, context, policy,
                    status, resolution, resolved_via, resolved_by, resolved_by_name, result, timeout_action, metadata,
                    requested_by, requested_by_name, version, created_at, updated_at, expires_at, resolved_at)
             SELECT gen_random_uuid(), $1, 'bulk', 'bulk', 'tool_call', {title}, '{{}}',
                    '{{\"min_approvers\": 1, \"require_all\": false, \"allow_self_approval\": false,
                       \"rejections_to_reject\": 1}}',
                    'resolved', 'approved', 'human', $1, 'ana',
                    '{{\"resolution\": \"approved\", \"feedback\": null, \"modifications\": null, \"comment\": null}}',
                    'expire', '{{}}', $1, 'agent', 2, at - interval '1 minute', at, at + interval '4 minutes', at
               FROM (SELECT n, now() - interval '1 hour' - n * interval '1 second' AS at
                       FROM generate_series(1, $2) n) x
             RETURNING id, resolved_at
         ), votes AS (
             INSERT INTO approval_decisions (id, approval_id, workspace_id, principal_id, principal_name, level, verdict,
                    created_at)
             SELECT gen_random_uuid(), id, $1, $1, 'ana', 0, 'approved', resolved_at FROM added
         )
         SELECT id FROM added ORDER BY resolved_at DESC, id DESC"
    ));
    sqlx::query_scalar(add).bind(workspace).bind(count).fetch_all(conn).await.unwrap()
}

/// Puts whatever has ended into the search's index, as the instances would do soon.
pub async fn index(conn: &mut PgConnection) {
    let mut pass = Pass::default();
    loop {
        match search_index::index(conn, &mut pass, (5_000, 1_000)).await.unwrap() {
            Some(indexed) if !indexed.more => return,
            // Somebody else is at it, or there is more.
            _ => tokio::task::yield_now().await,
        }
    }
}
