//! Deleting what has had its time, in batches small enough to stay within a statement's time-out.

use std::time::Duration;

use sqlx::PgConnection;

use super::Error;

/// Deletes approvals of runs that were deleted longer than `age` ago, with their decisions.
pub async fn approvals_of_deleted_runs(
    conn: &mut PgConnection,
    age: Duration,
    limit: i64,
) -> Result<u64, Error> {
    let gone = sqlx::query_scalar!(
        r#"WITH gone AS MATERIALIZED (
            SELECT a.id
              FROM workflow_runs r
              JOIN approval_requests a ON a.workspace_id = r.workspace_id AND a.run_id = r.id
             WHERE r.deleted_at < now() - make_interval(secs => $1)
             LIMIT $2
               FOR UPDATE OF a SKIP LOCKED
        ), decisions AS (
            DELETE FROM approval_decisions d USING gone WHERE d.approval_id = gone.id
        ), approvals AS (
            DELETE FROM approval_requests a USING gone WHERE a.id = gone.id
        )
        SELECT count(*) AS "count!" FROM gone"#,
        age.as_secs_f64(),
        limit,
    )
    .fetch_one(conn)
    .await?;
    Ok(gone.unsigned_abs())
}

/// Deletes runs that were deleted longer than `age` ago and have no approvals left.
pub async fn deleted_runs(conn: &mut PgConnection, age: Duration, limit: i64) -> Result<u64, Error> {
    let gone = sqlx::query!(
        "DELETE FROM workflow_runs WHERE (workspace_id, id) IN (
            SELECT r.workspace_id, r.id
              FROM workflow_runs r
             WHERE r.deleted_at < now() - make_interval(secs => $1)
               AND NOT EXISTS (
                   SELECT FROM approval_requests a WHERE a.workspace_id = r.workspace_id AND a.run_id = r.id)
             LIMIT $2
               FOR UPDATE SKIP LOCKED)",
        age.as_secs_f64(),
        limit,
    )
    .execute(conn)
    .await?;
    Ok(gone.rows_affected())
}

/// Deletes idempotency keys older than `age`.
pub async fn idempotency_keys(conn: &mut PgConnection, age: Duration, limit: i64) -> Result<u64, Error> {
    let gone = sqlx::query!(
        "DELETE FROM idempotency_keys WHERE (workspace_id, principal_id, key) IN (
            SELECT k.workspace_id, k.principal_id, k.key
              FROM idempotency_keys k
             WHERE k.created_at < now() - make_interval(secs => $1)
             LIMIT $2
               FOR UPDATE SKIP LOCKED)",
        age.as_secs_f64(),
        limit,
    )
    .execute(conn)
    .await?;
    Ok(gone.rows_affected())
}
