//! Lanes that no one looks at, and how all of them are.

use std::collections::HashMap;

use sqlx::PgConnection;

use crate::{store::Error, telemetry::outbox::Lanes};

/// Gives up what has waited for too long in lanes that no one serves any more: a channel that was switched off, say.
/// Answers how many.
pub async fn give_up(conn: &mut PgConnection, limit: i64) -> Result<u64, Error> {
    let given_up = sqlx::query!(
        "WITH old AS MATERIALIZED (
             SELECT m.workspace_id, m.id
               FROM notification_lanes l
              CROSS JOIN LATERAL (
                    SELECT n.workspace_id, n.id
                      FROM approval_notifications n
                     WHERE n.lane_id = l.id AND n.status = 'pending' AND n.give_up_at <= statement_timestamp()
                     ORDER BY n.due_at, n.id
                     LIMIT $1) m
              WHERE l.due_at < statement_timestamp() - interval '1 hour'
                AND l.hold_until < statement_timestamp() - interval '1 hour'
              LIMIT $1
         ), locked AS MATERIALIZED (
             SELECT n.id FROM approval_notifications n, old o
              WHERE n.workspace_id = o.workspace_id AND n.id = o.id
              ORDER BY n.id
                FOR UPDATE OF n
         )
         UPDATE approval_notifications n
            SET status = 'failed', failed_at = clock_timestamp(), updated_at = clock_timestamp(),
                error_message = 'given up: no instance serves its channel'
           FROM old o, locked
          WHERE n.workspace_id = o.workspace_id AND n.id = o.id AND n.id = locked.id AND n.status = 'pending'",
        limit,
    )
    .execute(conn)
    .await?;
    Ok(given_up.rows_affected())
}

/// Wakes lanes in which something waits and which no one would look at: the certainty behind hints. Answers how many.
pub async fn wake_forgotten(conn: &mut PgConnection) -> Result<u64, Error> {
    let woken = sqlx::query!(
        "WITH forgotten AS MATERIALIZED (
             SELECT l.id
               FROM notification_lanes l
              WHERE l.due_at IS NULL AND EXISTS (
                    SELECT FROM approval_notifications n WHERE n.lane_id = l.id AND n.status = 'pending')
              ORDER BY l.workspace_id, l.channel, l.destination
                FOR UPDATE SKIP LOCKED
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

/// How lanes are in which something waits, by channel.
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
