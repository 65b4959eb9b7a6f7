//! What the sweeps ask: which approvals ended lately, which are due, when the next one will be.

use std::time::Duration;

use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    Error,
    approvals::{Loaded, readable, select_approvals},
};
use crate::domain::ids::ApprovalId;

/// Approvals that ended within `window`. The window overlaps the last one by more than any transaction may
/// take: a watermark would miss what commits late.
pub async fn ended_within(conn: &mut PgConnection, window: Duration) -> Result<Vec<ApprovalId>, Error> {
    let ids: Vec<Uuid> = sqlx::query_scalar!(
        "SELECT id FROM approval_requests WHERE resolved_at > now() - make_interval(secs => $1)",
        window.as_secs_f64(),
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(ApprovalId).collect())
}

/// Those of `ids` that have ended, or exist no longer.
pub async fn ended_among(conn: &mut PgConnection, ids: &[ApprovalId]) -> Result<Vec<ApprovalId>, Error> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let ended: Vec<Uuid> = sqlx::query_scalar!(
        r#"SELECT waited.id AS "id!"
             FROM unnest($1::uuid[]) AS waited(id)
             LEFT JOIN approval_requests a ON a.id = waited.id
            WHERE a.status IS DISTINCT FROM 'pending'"#,
        &ids,
    )
    .fetch_all(conn)
    .await?;
    Ok(ended.into_iter().map(ApprovalId).collect())
}

/// Begins a transaction in which background work may do what whoever decides may.
pub const BEGIN_DECIDING: &str = "BEGIN; SET LOCAL ROLE signoff_commit";

/// Pending approvals whose deadline has passed, the longest overdue first; not those that somebody else is at.
///
/// `now()` rather than the clock's own reading, so that the index can be used; the write that follows looks at
/// the clock under the row's lock.
pub async fn due(conn: &mut PgConnection, limit: i64) -> Result<Vec<Loaded>, Error> {
    let rows = select_approvals!(
        "FROM approval_requests a WHERE a.status = 'pending' AND a.expires_at <= now()
          ORDER BY a.expires_at LIMIT $1 FOR UPDATE OF a SKIP LOCKED",
        limit
    )
    .fetch_all(conn)
    .await?;
    Ok(readable(rows))
}

/// Time until the next deadline; zero if one has passed, `None` if there is none.
pub async fn next_deadline(conn: &mut PgConnection) -> Result<Option<Duration>, Error> {
    let seconds = sqlx::query_scalar!(
        "SELECT extract(epoch FROM min(expires_at) - clock_timestamp())::float8
           FROM approval_requests WHERE status = 'pending'"
    )
    .fetch_one(conn)
    .await?;
    Ok(seconds.map(|seconds| Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX)))
}
