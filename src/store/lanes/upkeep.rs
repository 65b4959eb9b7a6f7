//! Lanes that no worker looks at, and the numbers of all lanes.

use std::collections::HashMap;

use sqlx::PgConnection;

use crate::{store::Error, telemetry::outbox::Lanes};

/// Wakes lanes in which notifications wait though the lane is not due: without this, no worker would ever look at them.
/// Answers how many.
///
/// The order makes Postgres look up one notification of each such lane, by index. Without the order it may read all that
/// wait.
pub async fn wake_forgotten(conn: &mut PgConnection) -> Result<u64, Error> {
    let woken = sqlx::query!(
        "WITH forgotten AS MATERIALIZED (
             SELECT l.id
               FROM notification_lanes l
              CROSS JOIN LATERAL (
                    SELECT FROM approval_notifications n
                     WHERE n.lane_id = l.id AND n.status = 'pending'
                     ORDER BY n.due_at, n.id
                     LIMIT 1) w
              WHERE l.due_at IS NULL
              ORDER BY l.workspace_id, l.channel, l.destination
                FOR UPDATE OF l SKIP LOCKED
         )
         UPDATE notification_lanes l
            SET due_at = clock_timestamp(), floor_at = 'epoch', wakes = l.wakes + 1
           FROM forgotten f
          WHERE l.id = f.id"
    )
    .execute(conn)
    .await?;
    Ok(woken.rows_affected())
}

/// The numbers of lanes in which notifications wait, by channel.
pub async fn standing(conn: &mut PgConnection) -> Result<HashMap<String, Lanes>, Error> {
    let rows = sqlx::query!(
        r#"SELECT l.channel,
                  count(*) FILTER (WHERE l.due_at <= clock_timestamp() AND l.hold_until <= clock_timestamp()) AS "due!",
                  count(*) FILTER (WHERE l.due_at IS NOT NULL AND l.hold_until > clock_timestamp()) AS "held!",
                  count(*) FILTER (WHERE l.due_at IS NOT NULL AND l.failures > 0) AS "failing!",
                  coalesce(extract(epoch FROM clock_timestamp() - min(l.due_at)
                           FILTER (WHERE l.hold_until <= clock_timestamp() AND l.due_at <= clock_timestamp())),
                           0)::double precision AS "oldest_seconds!"
             FROM notification_lanes l
            WHERE l.due_at IS NOT NULL
            GROUP BY l.channel"#
    )
    .fetch_all(conn)
    .await?;
    let lanes = rows.into_iter().map(|row| {
        let (due, held, failing, oldest_seconds) = (row.due, row.held, row.failing, row.oldest_seconds);
        (row.channel, Lanes { due, held, failing, oldest_seconds })
    });
    Ok(lanes.collect())
}
