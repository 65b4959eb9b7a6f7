//! The leases of running instances.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::Error;

/// What an instance says of itself with every heartbeat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beat {
    pub id: String,
    pub version: &'static str,
    pub state: &'static str,
    pub waiters: i32,
    pub connections: i32,
}

/// Renews the lease (or takes it, the first time), and tells the database's time.
pub async fn beat(conn: &mut PgConnection, beat: &Beat) -> Result<DateTime<Utc>, Error> {
    Ok(sqlx::query_scalar!(
        r#"INSERT INTO instances (id, version, state, waiters, connections)
           VALUES ($1, $2, $3, $4, $5)
           ON CONFLICT (id) DO UPDATE
              SET last_heartbeat = now(), state = excluded.state, waiters = excluded.waiters,
                  connections = excluded.connections
           RETURNING clock_timestamp() AS "now!""#,
        beat.id,
        beat.version,
        beat.state,
        beat.waiters,
        beat.connections,
    )
    .fetch_one(conn)
    .await?)
}

/// Gives the lease up: the instance has stopped in good order.
pub async fn leave(conn: &mut PgConnection, id: &str) -> Result<(), Error> {
    sqlx::query!("DELETE FROM instances WHERE id = $1", id).execute(conn).await?;
    Ok(())
}

/// One instance, with its ages by the database's clock.
#[derive(Debug)]
pub struct Listed {
    pub id: String,
    pub version: String,
    pub started_at: DateTime<Utc>,
    pub last_heartbeat: DateTime<Utc>,
    pub state: String,
    /// As of the last heartbeat.
    pub waiters: i32,
    /// Now.
    pub connections: i64,
    pub uptime_seconds: f64,
    pub heartbeat_age_seconds: f64,
}

/// All instances that hold a lease, or lost theirs not long ago, oldest first.
pub async fn list(conn: &mut PgConnection) -> Result<Vec<Listed>, Error> {
    Ok(sqlx::query_as!(
        Listed,
        r#"SELECT id, version, started_at, last_heartbeat, state, waiters,
                  (SELECT count(*) FROM active_connections c
                    WHERE c.server_instance = instances.id AND c.closed_by IS NULL) AS "connections!",
                  extract(epoch FROM clock_timestamp() - started_at)::float8 AS "uptime_seconds!",
                  extract(epoch FROM clock_timestamp() - last_heartbeat)::float8 AS "heartbeat_age_seconds!"
             FROM instances
            ORDER BY started_at, id"#
    )
    .fetch_all(conn)
    .await?)
}

/// Forgets instances whose last heartbeat is older than `age`.
pub async fn forget_lost(conn: &mut PgConnection, age: Duration) -> Result<u64, Error> {
    let gone = sqlx::query!(
        "DELETE FROM instances WHERE last_heartbeat < now() - make_interval(secs => $1)",
        age.as_secs_f64(),
    )
    .execute(conn)
    .await?;
    Ok(gone.rows_affected())
}
