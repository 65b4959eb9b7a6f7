//! What waits to be sent, of all workspaces together, for those who run the service. Numbers alone.

use sqlx::PgConnection;

use super::Error;

/// Most messages of a channel that are counted.
pub const MOST_COUNTED: i64 = 10_000;

/// How a channel stands.
#[derive(Debug, PartialEq)]
pub struct ChannelState {
    pub channel: String,
    /// Messages that wait; one more than are counted where there are more.
    pub waiting: i64,
    /// Destinations for which something waits: all, those that are held, those that failed last.
    pub lanes: i64,
    pub held: i64,
    pub failing: i64,
    /// How long the longest overdue of them has been due, held or not.
    pub oldest_seconds: f64,
    /// The same of those that nothing holds.
    pub late_seconds: f64,
}

/// Of each of these channels, in their order.
pub async fn standing(conn: &mut PgConnection, channels: &[String]) -> Result<Vec<ChannelState>, Error> {
    Ok(sqlx::query_as!(
        ChannelState,
        r#"SELECT c.channel AS "channel!",
                  (SELECT count(*) FROM (
                          SELECT FROM notification_lanes w
                            JOIN approval_notifications n ON n.lane_id = w.id AND n.status = 'pending'
                           WHERE w.channel = c.channel AND w.due_at IS NOT NULL
                           LIMIT $2) s) AS "waiting!",
                  count(l.id) AS "lanes!",
                  count(l.id) FILTER (WHERE l.hold_until > clock_timestamp()) AS "held!",
                  count(l.id) FILTER (WHERE l.failures > 0) AS "failing!",
                  greatest(coalesce(extract(epoch FROM clock_timestamp() - min(l.due_at)), 0), 0)::double precision
                      AS "oldest_seconds!",
                  greatest(coalesce(extract(epoch FROM clock_timestamp() - min(l.due_at)
                           FILTER (WHERE l.hold_until <= clock_timestamp())), 0), 0)::double precision
                      AS "late_seconds!"
             FROM unnest($1::text[]) WITH ORDINALITY c (channel, place)
             LEFT JOIN notification_lanes l ON l.channel = c.channel AND l.due_at IS NOT NULL
            GROUP BY c.channel, c.place
            ORDER BY c.place"#,
        channels,
        MOST_COUNTED + 1,
    )
    .fetch_all(conn)
    .await?)
}
