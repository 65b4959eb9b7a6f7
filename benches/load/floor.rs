//! The least that a durable decision with a wake-up can cost: one committed `UPDATE … RETURNING` by its key, one
//! `PUBLISH`, one message received; no HTTP, no rules, no vote, no record, one process.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use anyhow::Context;
use futures_util::{StreamExt, future::try_join_all};
use redis::{AsyncTypedCommands, IntoConnectionInfo, aio::MultiplexedConnection, io::tcp::TcpSettings};
use sqlx::{
    AssertSqlSafe, Executor, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::{sync::oneshot, task::JoinHandle};

use super::figures::Samples;

/// Rows that are updated in turn.
pub const ROWS: i32 = 50_000;
/// More only make Postgres slower.
const CONNECTIONS: u32 = 16;

/// The bare statement, as pgbench runs it too: what ends an approval, and nothing else. It may be repeated.
pub const UPDATE: &str = "UPDATE floor_requests SET status = 'resolved', resolution = 'approved', \
     resolved_via = 'human', resolved_by_name = 'someone', result = '{}', version = version + 1, \
     updated_at = now(), resolved_at = now() WHERE n = $1 RETURNING id, version";

/// The bare append of one event, for which it takes a row number as well.
pub const APPEND: &str =
    "INSERT INTO floor_events (workspace_id, task_id, seq, event_type, data, size, created_at)
     SELECT '00000000-0000-0000-0000-000000000001', 't-' || $1, nextval('floor_seq'), 'output',
            json_build_object('line', repeat('x', 100)), 113, now() RETURNING seq";

/// A table like the approvals', with all of its indexes, and two with their key alone or little more.
pub async fn prepare(database_url: &str) -> anyhow::Result<()> {
    let options: PgConnectOptions = database_url.parse()?;
    let pool = PgPool::connect_with(options).await?;
    pool.execute(
        "CREATE TABLE IF NOT EXISTS floor_requests (LIKE approval_requests INCLUDING ALL, n integer UNIQUE);
         CREATE TABLE IF NOT EXISTS floor_keyed (LIKE approval_requests INCLUDING DEFAULTS, n integer PRIMARY KEY);
         CREATE TABLE IF NOT EXISTS floor_inserts (LIKE approval_requests INCLUDING DEFAULTS, PRIMARY KEY (id));
         CREATE INDEX IF NOT EXISTS floor_listed ON floor_inserts (workspace_id, status, expires_at, id);
         CREATE INDEX IF NOT EXISTS floor_due ON floor_inserts (expires_at) WHERE status = 'pending';
         CREATE TABLE IF NOT EXISTS floor_events (LIKE task_events INCLUDING ALL);
         CREATE SEQUENCE IF NOT EXISTS floor_seq;",
    )
    .await?;
    sqlx::query(
        "INSERT INTO floor_requests (n, id, workspace_id, run_id, task_id, approval_type, context, policy,
                timeout_action, metadata, requested_by, requested_by_name, created_at, updated_at, expires_at)
         SELECT n, gen_random_uuid(), gen_random_uuid(), 'run-1', 'run-1', 'tool_call',
                json_build_object('sql', repeat('x', 1000)), '{}', 'expire', '{}', gen_random_uuid(), 'agent',
                now(), now(), now() + interval '1 day'
           FROM generate_series(1, $1) n
         ON CONFLICT DO NOTHING",
    )
    .bind(ROWS)
    .execute(&pool)
    .await?;
    pool.execute("INSERT INTO floor_keyed SELECT * FROM floor_requests ON CONFLICT DO NOTHING").await?;
    for table in ["floor_requests", "floor_keyed"] {
        // Not in a transaction, hence not together.
        pool.execute(AssertSqlSafe(format!("VACUUM ANALYZE {table}"))).await?;
    }
    pool.close().await;
    Ok(())
}

type Listeners = Arc<Mutex<HashMap<i32, oneshot::Sender<Instant>>>>;

/// Commits, publishes, and is woken.
pub struct Floor {
    pool: PgPool,
    publisher: MultiplexedConnection,
    channel: String,
    listeners: Listeners,
    subscriber: JoinHandle<()>,
}

impl Floor {
    pub async fn start(database_url: &str, redis_url: &str) -> anyhow::Result<Self> {
        prepare(database_url).await?;
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .min_connections(CONNECTIONS)
            .test_before_acquire(false)
            .connect(database_url)
            .await?;
        let info = redis_url.into_connection_info()?;
        let client = redis::Client::open(info.set_tcp_settings(TcpSettings::default().set_nodelay(true)))?;
        let channel = format!("floor:{}", uuid::Uuid::new_v4());
        let mut messages = client.get_async_pubsub().await?;
        messages.subscribe(&channel).await?;
        let listeners = Listeners::default();
        let waiting = listeners.clone();
        #[expect(clippy::disallowed_methods, reason = "nothing here drains; it ends with the floor")]
        let subscriber = tokio::task::spawn(async move {
            let mut messages = messages.into_on_message();
            while let Some(message) = messages.next().await {
                let row = std::str::from_utf8(message.get_payload_bytes()).unwrap_or_default().parse();
                let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(listener) = row.ok().and_then(|row: i32| waiting.remove(&row)) {
                    let _ = listener.send(Instant::now());
                }
            }
        });
        let publisher = client.get_multiplexed_async_connection().await?;
        Ok(Self { pool, publisher, channel, listeners, subscriber })
    }

    /// Once: from the statement's sending to the message's arrival.
    async fn once(&self, statement: &'static str, row: i32) -> anyhow::Result<Duration> {
        let (wake, woken) = oneshot::channel();
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner).insert(row, wake);
        let begun = Instant::now();
        sqlx::query(statement).bind(row).fetch_one(&self.pool).await?;
        let mut publisher = self.publisher.clone();
        publisher.publish(&self.channel, row).await?;
        Ok(woken.await.context("the subscription ended")? - begun)
    }

    pub async fn one_by_one(&self, count: usize, pause: Duration) -> anyhow::Result<Samples> {
        self.statements(UPDATE, count, pause).await
    }

    /// The same with an event that is appended.
    pub async fn appends(&self, count: usize, pause: Duration) -> anyhow::Result<Samples> {
        self.statements(APPEND, count, pause).await
    }

    async fn statements(
        &self,
        statement: &'static str,
        count: usize,
        pause: Duration,
    ) -> anyhow::Result<Samples> {
        let mut samples = Samples::default();
        for row in (1..=ROWS).cycle().take(count) {
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
            samples.push(self.once(statement, row).await?);
        }
        Ok(samples)
    }

    /// `lanes` at a time, a commit for each. Rows of different lanes never meet.
    pub async fn together(&self, lanes: usize, each: usize) -> anyhow::Result<Samples> {
        let work = (0..lanes).map(|lane| async move {
            let mut samples = Samples::default();
            let rows = (1..=ROWS).skip(lane).step_by(lanes).cycle();
            for row in rows.take(each) {
                samples.push(self.once(UPDATE, row).await?);
            }
            anyhow::Ok(samples)
        });
        let mut samples = Samples::default();
        for lane in try_join_all(work).await? {
            samples.merge(lane);
        }
        Ok(samples)
    }

    /// The hop alone.
    pub async fn hop(&self, count: usize) -> anyhow::Result<Samples> {
        let mut samples = Samples::default();
        for row in (1..=ROWS).cycle().take(count) {
            let (wake, woken) = oneshot::channel();
            self.listeners.lock().unwrap_or_else(PoisonError::into_inner).insert(row, wake);
            let begun = Instant::now();
            self.publisher.clone().publish(&self.channel, row).await?;
            samples.push(woken.await.context("the subscription ended")? - begun);
        }
        Ok(samples)
    }
}

impl Drop for Floor {
    fn drop(&mut self) {
        self.subscriber.abort();
    }
}
