//! Looks over a workspace's chain: that one was begun, how far it has come, what came of it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::value::RawValue;
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::Error;
use crate::domain::{ids::WorkspaceId, policy::Actor};

/// How many of a workspace are kept.
const KEPT: i64 = 10;
/// What is said of one whose instance has gone.
const GONE: &str = "the instance that ran it is gone";

/// One of them, as it stands.
#[derive(Debug, Clone)]
pub struct Verification {
    pub id: Uuid,
    /// `running`, `whole`, `broken` or `failed`.
    pub state: String,
    pub started_by: String,
    pub started_by_id: Uuid,
    pub started_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
    pub records: i64,
    pub walked: i64,
    pub checkpoints: Option<i64>,
    pub unlinked: Option<i64>,
    pub findings: Option<i64>,
    pub found: Option<Json<Box<RawValue>>>,
    pub failure: Option<String>,
}

/// One that is to be.
pub struct New<'a> {
    pub id: Uuid,
    pub workspace: WorkspaceId,
    pub instance: &'a str,
    pub by: &'a Actor,
}

/// How one ended.
#[derive(Debug)]
pub enum End {
    Looked { walked: i64, checkpoints: i64, unlinked: i64, findings: i64, found: Box<RawValue> },
    Failed { walked: i64, why: String },
}

/// Begins one, unless another of the workspace runs: answers whether it did. One that was not heard of for `ttl` runs
/// no more. Called within a transaction.
pub async fn begin(conn: &mut PgConnection, new: &New<'_>, ttl: Duration) -> Result<bool, Error> {
    sqlx::query!(
        "UPDATE audit_verifications SET state = 'failed', failure = $3, finished_at = now()
          WHERE workspace_id = $1 AND state = 'running' AND seen_at < now() - make_interval(secs => $2)",
        new.workspace.0,
        ttl.as_secs_f64(),
        GONE,
    )
    .execute(&mut *conn)
    .await?;
    let begun = sqlx::query!(
        "INSERT INTO audit_verifications (id, workspace_id, state, instance_id, started_by, started_by_name, records)
         VALUES ($1, $2, 'running', $3, $4, $5,
                 greatest(0, (SELECT max(c.position) FROM audit_chain c WHERE c.workspace_id = $2)))
         ON CONFLICT (workspace_id) WHERE state = 'running' DO NOTHING",
        new.id,
        new.workspace.0,
        new.instance,
        new.by.id.0,
        new.by.name.as_str(),
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "DELETE FROM audit_verifications
          WHERE workspace_id = $1 AND state <> 'running' AND id NOT IN (
                SELECT v.id FROM audit_verifications v WHERE v.workspace_id = $1
                 ORDER BY v.started_at DESC, v.id DESC LIMIT $2)",
        new.workspace.0,
        KEPT,
    )
    .execute(conn)
    .await?;
    Ok(begun.rows_affected() > 0)
}

/// Says how far one has come; answers whether it is still to go on.
pub async fn progress(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    id: Uuid,
    walked: i64,
) -> Result<bool, Error> {
    let told = sqlx::query!(
        "UPDATE audit_verifications SET walked = $3, seen_at = now()
          WHERE workspace_id = $1 AND id = $2 AND state = 'running'",
        workspace.0,
        id,
        walked,
    )
    .execute(conn)
    .await?;
    Ok(told.rows_affected() > 0)
}

/// Says what came of it, if it still runs.
pub async fn finish(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    id: Uuid,
    end: &End,
) -> Result<(), Error> {
    let (state, walked, why) = match end {
        End::Looked { walked, findings: 0, .. } => ("whole", walked, None),
        End::Looked { walked, .. } => ("broken", walked, None),
        End::Failed { walked, why } => ("failed", walked, Some(why.as_str())),
    };
    let (checkpoints, unlinked, findings, found) = match end {
        End::Looked { checkpoints, unlinked, findings, found, .. } => {
            (Some(checkpoints), Some(unlinked), Some(findings), Some(Json(found)))
        }
        End::Failed { .. } => (None, None, None, None),
    };
    sqlx::query!(
        "UPDATE audit_verifications
            SET state = $3, walked = $4, failure = $5, checkpoints = $6, unlinked = $7, findings = $8, found = $9,
                seen_at = now(), finished_at = now()
          WHERE workspace_id = $1 AND id = $2 AND state = 'running'",
        workspace.0,
        id,
        state,
        walked,
        why,
        checkpoints,
        unlinked,
        findings,
        found as _,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// One of the workspace's, or its latest. One that was not heard of for `ttl` has failed, whether or not that was written down.
pub async fn get(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    id: Option<Uuid>,
    ttl: Duration,
) -> Result<Option<Verification>, Error> {
    Ok(sqlx::query_as!(
        Verification,
        r#"SELECT v.id, CASE WHEN l.is_lost THEN 'failed' ELSE v.state END AS "state!",
                  v.started_by_name AS started_by, v.started_by AS started_by_id, v.started_at,
                  CASE WHEN l.is_lost THEN v.seen_at ELSE v.finished_at END AS finished_at,
                  v.records, v.walked, v.checkpoints, v.unlinked, v.findings,
                  v.found AS "found: Json<Box<RawValue>>",
                  CASE WHEN l.is_lost THEN $4 ELSE v.failure END AS failure
             FROM audit_verifications v
            CROSS JOIN LATERAL (
                  SELECT v.state = 'running' AND v.seen_at < now() - make_interval(secs => $3) AS is_lost) l
            WHERE v.workspace_id = $1 AND ($2::uuid IS NULL OR v.id = $2)
            ORDER BY v.started_at DESC, v.id DESC LIMIT 1"#,
        workspace.0,
        id,
        ttl.as_secs_f64(),
        GONE,
    )
    .fetch_optional(conn)
    .await?)
}
