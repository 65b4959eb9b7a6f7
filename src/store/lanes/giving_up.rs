//! Gives up what has waited for too long in lanes that no worker looks at. In all other lanes, workers do it in turns.

use sqlx::PgConnection;

use crate::store::Error;

/// How many notifications of a lane show whether the lane has any that have waited for too long. They are those that
/// are due first. What waits behind them is not read: a lane may hold a hundred thousand.
const PROBED: i64 = 10;

/// `$from`: the lanes `l`, and what they are judged by. `$which`: those that are meant. `$why`: what the list says.
macro_rules! give_up_in {
    ($from:literal, $which:literal, $why:literal, $limit:expr) => {
        sqlx::query!(
            "WITH old AS MATERIALIZED (
                 SELECT m.workspace_id, m.id FROM "
                + $from
                + "
                  CROSS JOIN LATERAL (
                        SELECT min(o.give_up_at) AS give_up_at FROM (
                               SELECT n.give_up_at FROM approval_notifications n
                                WHERE n.lane_id = l.id AND n.status = 'pending'
                                ORDER BY n.due_at, n.id
                                LIMIT $2) o) p
                  CROSS JOIN LATERAL (
                        SELECT o.workspace_id, o.id FROM (
                               SELECT n.workspace_id, n.id, n.give_up_at FROM approval_notifications n
                                WHERE n.lane_id = l.id AND n.status = 'pending'
                                ORDER BY n.due_at, n.id
                                LIMIT $1) o
                         WHERE o.give_up_at <= statement_timestamp()) m
                  WHERE p.give_up_at <= statement_timestamp() AND "
                + $which
                + "
                  LIMIT $1
             ), locked AS MATERIALIZED (
                 SELECT n.workspace_id, n.id FROM approval_notifications n, old o
                  WHERE n.workspace_id = o.workspace_id AND n.id = o.id
                  ORDER BY n.id
                    FOR UPDATE OF n SKIP LOCKED
             )
             UPDATE approval_notifications n
                SET status = 'failed', failed_at = clock_timestamp(), updated_at = clock_timestamp(),
                    error_message = 'given up: "
                + $why
                + "'
               FROM locked
              WHERE n.workspace_id = locked.workspace_id AND n.id = locked.id AND n.status = 'pending'",
            $limit,
            PROBED,
        )
    };
}

/// In lanes that no instance serves any more: a channel was switched off, for example. Answers how many.
pub async fn give_up(conn: &mut PgConnection, limit: i64) -> Result<u64, Error> {
    let given_up = give_up_in!(
        "notification_lanes l",
        "l.due_at < statement_timestamp() - interval '1 hour'
         AND l.hold_until < statement_timestamp() - interval '1 hour'",
        "no instance serves its channel",
        limit
    );
    Ok(given_up.execute(conn).await?.rows_affected())
}

/// In lanes of disabled endpoints. Answers how many.
pub async fn give_up_disabled(conn: &mut PgConnection, limit: i64) -> Result<u64, Error> {
    let given_up = give_up_in!(
        "webhook_endpoints e
          JOIN notification_lanes l ON l.workspace_id = e.workspace_id AND l.channel = 'webhook'
                                   AND l.destination = e.id::text",
        "e.disabled_at IS NOT NULL",
        "its endpoint was disabled for too long",
        limit
    );
    Ok(given_up.execute(conn).await?.rows_affected())
}
