//! Sending again what has failed.

use sqlx::PgConnection;
use uuid::Uuid;

use super::Error;
use crate::domain::{
    ids::{ApprovalId, NotificationId, WorkspaceId},
    notification::Channel,
};

/// Most that one call sends again.
pub const MOST: i64 = 10_000;

/// Which of what has failed is meant: what fits all that is given.
#[derive(Debug, Default)]
pub struct Which {
    pub id: Option<NotificationId>,
    pub channel: Option<Channel>,
    pub approval: Option<ApprovalId>,
    pub recipient: Option<String>,
}

/// Lets what has failed wait for its channel again, the oldest first; answers how many. What asks for a decision
/// about an approval that has ended stays failed. Lanes are locked in the order in which everyone locks them.
pub async fn redrive(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    which: &Which,
    give_up_seconds: f64,
) -> Result<i64, Error> {
    let count = sqlx::query_scalar!(
        r#"
        WITH chosen AS MATERIALIZED (
            SELECT n.id, n.lane_id
              FROM approval_notifications n
             WHERE n.workspace_id = $1 AND n.status = 'failed'
               AND ($2::uuid IS NULL OR n.id = $2) AND n.channel = coalesce($3, n.channel)
               AND ($4::uuid IS NULL OR n.approval_id = $4) AND n.recipient = coalesce($5, n.recipient)
               AND (n.approval_id IS NULL OR n.channel = 'webhook' OR n.cause IN ('decided', 'expired', 'cancelled')
                    OR EXISTS (SELECT FROM approval_requests a WHERE a.id = n.approval_id AND a.status = 'pending'))
             ORDER BY n.id
             LIMIT $6
               FOR UPDATE OF n
        ), clock AS MATERIALIZED (
            SELECT clock_timestamp() AS now
        ), again AS (
            UPDATE approval_notifications n
               SET status = 'pending', failed_at = NULL, attempts = 0, due_at = clock.now, updated_at = clock.now,
                   give_up_at = clock.now + make_interval(secs => $7)
              FROM chosen c, clock
             WHERE n.workspace_id = $1 AND n.id = c.id
        ), ordered AS MATERIALIZED (
            SELECT l.id FROM notification_lanes l
             WHERE l.workspace_id = $1 AND l.id IN (SELECT c.lane_id FROM chosen c)
             ORDER BY l.workspace_id, l.channel, l.destination
               FOR UPDATE
        ), woken AS (
            UPDATE notification_lanes l
               SET due_at = least(coalesce(l.due_at, 'infinity'), clock.now), wakes = l.wakes + 1
              FROM ordered o, clock
             WHERE l.id = o.id
        )
        SELECT count(*) AS "count!" FROM chosen
        "#,
        workspace.0,
        which.id.map(|id| id.0) as Option<Uuid>,
        which.channel.map(Channel::as_str),
        which.approval.map(|id| id.0),
        which.recipient,
        MOST,
        give_up_seconds,
    )
    .fetch_one(conn)
    .await?;
    Ok(count)
}
