//! The leases of running instances.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use uuid::Uuid;

use super::Error;

/// What an instance says of itself with every heartbeat.
#[derive(Debug, Clone)]
pub struct Beat {
    /// An earlier beat has arrived: if the lease is gone by now, the instance had been given up.
    pub known: bool,
    pub sample: Sample,
    pub told: Vec<Told>,
    pub id: String,
    pub version: &'static str,
    pub state: &'static str,
    pub waiters: i32,
    pub connections: i32,
}

/// What is kept of a beat, besides what the lease says.
#[derive(Debug, Clone)]
pub struct Sample {
    pub queued_writes: i32,
    pub queued_reads: i32,
    pub bus_up: bool,
    /// The worst since the sample before.
    pub sweep_lag: Duration,
    pub longest_commit: Duration,
    /// Since the instance's start, here and below.
    pub decisions: i64,
    pub commits: i64,
    pub commit_seconds: f64,
    pub wakes: Vec<i64>,
    pub wake_delays: Vec<i32>,
}

/// Something that happened, and how long ago that was.
#[derive(Debug, Clone)]
pub struct Told {
    pub id: Uuid,
    pub kind: &'static str,
    pub ago: Duration,
}

/// The same as the database takes lists.
struct Columns {
    ids: Vec<Uuid>,
    kinds: Vec<String>,
    ago: Vec<f64>,
}

impl Columns {
    fn of(told: &[Told]) -> Self {
        Self {
            ids: told.iter().map(|it| it.id).collect(),
            kinds: told.iter().map(|it| it.kind.to_owned()).collect(),
            ago: told.iter().map(|it| it.ago.as_secs_f64()).collect(),
        }
    }
}

/// Renews the lease (or takes it, the first time), and tells the database's time. In the same statement it stores a
/// sample and what has happened, so that an instance at rest has no further transaction.
///
/// The row is locked before it is written: whether it was marked as lost is then read as it stands, and a mark that
/// comes at the same moment is neither missed nor told twice.
pub async fn beat(conn: &mut PgConnection, beat: &Beat) -> Result<DateTime<Utc>, Error> {
    let Beat { sample, told, .. } = beat;
    let Columns { ids, kinds, ago } = Columns::of(told);
    Ok(sqlx::query_scalar!(
        r#"WITH before AS (
               SELECT i.lost_at FROM instances i WHERE i.id = $1 FOR UPDATE
           ), beaten AS (
               INSERT INTO instances (id, version, state, waiters, connections)
               SELECT $1, $2, $3, $4, $5 FROM (SELECT count(*) FROM before) AS looked
               ON CONFLICT (id) DO UPDATE
                  SET last_heartbeat = now(), state = excluded.state, waiters = excluded.waiters,
                      connections = excluded.connections, lost_at = NULL
           ), told AS (
               INSERT INTO cluster_events (id, at, instance_id, kind)
               SELECT t.id, now() - make_interval(secs => t.ago), $1, t.kind
                 FROM unnest($6::uuid[], $7::text[], $8::float8[]) AS t (id, kind, ago)
               UNION ALL
               SELECT gen_random_uuid(), now(), $1, 'returned'
                WHERE EXISTS (SELECT FROM before b WHERE b.lost_at IS NOT NULL)
                   OR $9::boolean AND NOT EXISTS (SELECT FROM before)
               ON CONFLICT DO NOTHING
           ), sampled AS (
               INSERT INTO instance_samples (
                      instance_id, waiters, sockets, queued_writes, queued_reads, bus_up, sweep_lag_seconds,
                      longest_commit_seconds, decisions, commits, commit_seconds, wakes, wake_delays)
               VALUES ($1, $4, $5, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
               ON CONFLICT DO NOTHING
           )
           SELECT clock_timestamp() AS "now!""#,
        beat.id,
        beat.version,
        beat.state,
        beat.waiters,
        beat.connections,
        &ids,
        &kinds,
        &ago,
        beat.known,
        sample.queued_writes,
        sample.queued_reads,
        sample.bus_up,
        sample.sweep_lag.as_secs_f64(),
        sample.longest_commit.as_secs_f64(),
        sample.decisions,
        sample.commits,
        sample.commit_seconds,
        &sample.wakes,
        &sample.wake_delays,
    )
    .fetch_one(conn)
    .await?)
}

/// Gives the lease up: the instance has stopped in good order. What no beat has told any more is told with it.
pub async fn leave(conn: &mut PgConnection, id: &str, told: &[Told]) -> Result<(), Error> {
    let Columns { ids, kinds, ago } = Columns::of(told);
    sqlx::query!(
        "WITH gone AS (DELETE FROM instances WHERE id = $1 RETURNING id)
         INSERT INTO cluster_events (id, at, instance_id, kind)
         SELECT t.id, now() - make_interval(secs => t.ago), $1, t.kind
           FROM unnest($2::uuid[], $3::text[], $4::float8[]) AS t (id, kind, ago)
         UNION ALL
         SELECT gen_random_uuid(), clock_timestamp(), g.id, 'stopped' FROM gone g
         ON CONFLICT DO NOTHING",
        id,
        &ids,
        &kinds,
        &ago,
    )
    .execute(conn)
    .await?;
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

/// Forgets instances whose last heartbeat is older than `age`, once it has been told that they were lost.
pub async fn forget_lost(conn: &mut PgConnection, age: Duration) -> Result<u64, Error> {
    let gone = sqlx::query!(
        "DELETE FROM instances WHERE last_heartbeat < now() - make_interval(secs => $1) AND lost_at IS NOT NULL",
        age.as_secs_f64(),
    )
    .execute(conn)
    .await?;
    Ok(gone.rows_affected())
}
