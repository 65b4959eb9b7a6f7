//! Connections: a few pools, each for work that must not starve the others, and a checkout that never gives
//! back a connection in an unknown state.
//!
//! A future that is dropped half-way through a transaction would otherwise return its connection with the
//! transaction open, and the next borrower's acknowledged write would be part of it: visible to nobody, gone
//! with the connection. So a [`Checkout`] is closed on drop unless its work said that it is [`Checkout::done`].
//!
//! Each pool's connections have taken one of the database's roles, which may do what that pool is for and nothing
//! else (docs/database-roles.md). What serves one workspace alone goes through [`Pool::within`] of the pool
//! `tenant`: there the database itself lets nothing else be seen.

use std::{
    ops::{Deref, DerefMut},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use sqlx::{
    AssertSqlSafe, Connection, PgConnection, Postgres,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPool, PgPoolOptions},
};

use super::{Error, Turn, Turns};
use crate::domain::ids::WorkspaceId;

/// Longest a caller waits for a connection.
const ACQUIRE: Duration = Duration::from_secs(2);

/// The pools. Their sizes add up to what one instance asks of Postgres.
#[derive(Clone)]
pub struct Database {
    /// Creating and deciding: single statements that commit themselves.
    pub decide: Pool,
    /// Reading for many at once: waiters, sockets.
    pub read: Pool,
    /// One workspace at a time: lists, records, administration.
    pub tenant: Pool,
    /// Credentials.
    pub auth: Pool,
    /// What needs a transaction, and may have to wait for a row's lock.
    pub transact: Pool,
    /// Sweeps and leases.
    pub work: Pool,
    /// One connection, so that the probe never mistakes a busy pool for a database that is away.
    probe: Pool,
    health: Arc<Health>,
}

/// How many connections each pool may open.
#[derive(Debug, Clone, Copy, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PoolSizes {
    pub decide: u32,
    pub read: u32,
    pub tenant: u32,
    pub auth: u32,
    pub transact: u32,
    pub work: u32,
}

/// One pool.
#[derive(Clone)]
pub struct Pool {
    name: &'static str,
    inner: PgPool,
    turns: Turns,
}

/// What the probe found. Times are milliseconds since `epoch`; 0 means never.
struct Health {
    epoch: Instant,
    /// Since when the database has not answered; 0 while it does.
    down_since: AtomicU64,
    /// Connections opened before this are not to be used any more.
    evict_before: AtomicU64,
}

impl Database {
    /// Opens the pools lazily: a database that is away is no reason not to start.
    pub fn new(options: PgConnectOptions, sizes: PoolSizes) -> Self {
        let health = Arc::new(Health {
            epoch: Instant::now(),
            down_since: AtomicU64::new(0),
            evict_before: AtomicU64::new(0),
        });
        // Longer than any single statement of ours takes, shorter than what the sweep's window assumes.
        let options = options.application_name("signoff").options([
            ("statement_timeout", "3s"),
            ("lock_timeout", "2s"),
            ("idle_in_transaction_session_timeout", "5s"),
            ("synchronous_commit", "on"),
            // A statement that was planned while the tables were small, or not analysed yet, keeps its plan. What
            // we read, we read by index; a plan that scans is good for a while and then a thousand times too slow.
            ("enable_seqscan", "off"),
            // Planned once for each connection: arrays of one id would otherwise be planned anew each time, for
            // longer than they take. And never compiled, which only pays for minutes of work.
            ("plan_cache_mode", "force_generic_plan"),
            ("jit", "off"),
        ]);
        let open = |name, role, size| {
            Pool::open(name, size, options.clone().options([("role", role)]), health.clone())
        };
        Self {
            decide: open("decide", "signoff_commit", sizes.decide),
            read: open("read", "signoff_read", sizes.read),
            tenant: open("tenant", "signoff_app", sizes.tenant),
            auth: open("auth", "signoff_auth", sizes.auth),
            transact: open("transact", "signoff_commit", sizes.transact),
            work: open("work", "signoff_work", sizes.work),
            probe: open("probe", "signoff_app", 1),
            health,
        }
    }

    pub fn pools(&self) -> [&Pool; 7] {
        let Self { decide, read, tenant, auth, transact, work, probe, health: _ } = self;
        [decide, read, tenant, auth, transact, work, probe]
    }

    /// Whether the last probe got an answer. Calls may be refused at once while it didn't.
    pub fn is_up(&self) -> bool {
        self.health.down_since.load(Ordering::Relaxed) == 0
    }

    /// Asks whether a writable primary answers, and remembers it. Connections to a demoted one (which answers
    /// `SELECT 1` as if nothing had happened) are evicted from all pools.
    pub async fn probe(&self) -> Result<(), Error> {
        let result = match tokio::time::timeout(ACQUIRE, self.probe_once()).await {
            Ok(result) => result,
            Err(elapsed) => Err(elapsed.into()),
        };
        let now = self.health.now();
        if result.is_ok() {
            self.health.down_since.store(0, Ordering::Relaxed);
        } else {
            // Only the first failure says since when.
            let since = &self.health.down_since;
            let _ = since.compare_exchange(0, now, Ordering::Relaxed, Ordering::Relaxed);
            self.health.evict_before.store(now, Ordering::Relaxed);
        }
        result
    }

    /// After an error that cost a connection: the others of its age are likely to be as dead, and each would cost
    /// another call its success. They are opened anew.
    pub fn suspect(&self, error: &Error) {
        if let Error::Unavailable(cause) = error
            && !matches!(cause, sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed)
        {
            self.health.evict_before.store(self.health.now(), Ordering::Relaxed);
        }
    }

    async fn probe_once(&self) -> Result<(), Error> {
        let mut conn = self.probe.checkout().await?;
        let read_only =
            sqlx::query_scalar!(r#"SELECT current_setting('transaction_read_only') = 'on' AS "on!""#)
                .fetch_one(&mut *conn)
                .await?;
        if read_only {
            return Err(Error::Unavailable(sqlx::Error::Protocol("the server is read-only".into())));
        }
        conn.done();
        Ok(())
    }

    pub async fn close(&self) {
        for pool in self.pools() {
            pool.inner.close().await;
        }
    }
}

impl Health {
    fn now(&self) -> u64 {
        u64::try_from(self.epoch.elapsed().as_millis()).unwrap_or(u64::MAX).max(1)
    }

    fn opened_at(&self, age: Duration) -> u64 {
        self.now().saturating_sub(u64::try_from(age.as_millis()).unwrap_or(u64::MAX))
    }
}

impl Pool {
    fn open(name: &'static str, size: u32, options: PgConnectOptions, health: Arc<Health>) -> Self {
        let inner = PgPoolOptions::new()
            .max_connections(size)
            .acquire_timeout(ACQUIRE)
            // A ping at each checkout would double the round trips; the probe and the check below do instead.
            .test_before_acquire(false)
            .before_acquire(move |conn, meta| {
                let stale = health.opened_at(meta.age) < health.evict_before.load(Ordering::Relaxed);
                let idle_for_long = meta.idle_for > Duration::from_secs(30);
                Box::pin(async move { Ok(!stale && (!idle_for_long || conn.ping().await.is_ok())) })
            })
            .connect_lazy_with(options);
        Self { name, inner, turns: Turns::at(size as usize) }
    }

    pub fn name(&self) -> &'static str {
        self.name
    }

    /// How many connections it may open.
    pub fn size(&self) -> usize {
        self.inner.options().get_max_connections() as usize
    }

    /// Open connections, and those of them that nobody uses now.
    pub fn usage(&self) -> (u32, u32) {
        let size = self.inner.size();
        (size, u32::try_from(self.inner.num_idle()).unwrap_or(u32::MAX).min(size))
    }

    /// Does `work` on a connection, all of it within `limit`. The connection goes back only if the work was done.
    pub async fn run<T>(
        &self,
        limit: Duration,
        work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let working = async {
            let mut conn = self.checkout().await?;
            let done = work(&mut conn).await?;
            conn.done();
            Ok(done)
        };
        tokio::time::timeout(limit, working).await?
    }

    /// The same for one workspace, of which no more is done at once than its share of the pool. How long it takes beyond
    /// `limit` is the wait for its turn, two seconds at most.
    pub async fn shared<T>(
        &self,
        workspace: WorkspaceId,
        limit: Duration,
        work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let turn = tokio::time::timeout(ACQUIRE, self.turn(workspace)).await;
        let _turn = turn.map_err(|_| Error::Crowded)??;
        self.run(limit, work).await
    }

    /// The workspace's next turn at this pool, for as long as that takes.
    pub async fn turn(&self, workspace: WorkspaceId) -> Result<Turn, Error> {
        self.turns.take(workspace).await
    }

    /// Does `work` in a transaction that sees one workspace alone, and commits it; all of it within `limit`, once it is
    /// the workspace's turn.
    ///
    /// Where the time runs out during the commit, whether it happened is unknown.
    pub async fn within<T>(
        &self,
        workspace: WorkspaceId,
        limit: Duration,
        work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, Error>,
    ) -> Result<T, Error> {
        // One round trip for both; a UUID's text can't be anything else.
        let begin = format!("BEGIN; SELECT set_config('signoff.workspace', '{}', true)", workspace.0);
        let in_transaction = async |conn: &mut PgConnection| {
            let mut transaction = conn.begin_with(AssertSqlSafe(begin)).await?;
            let done = work(&mut transaction).await?;
            transaction.commit().await?;
            Ok(done)
        };
        self.shared(workspace, limit, in_transaction).await
    }

    /// A connection, within two seconds.
    pub async fn checkout(&self) -> Result<Checkout, Error> {
        let conn = self.inner.acquire().await?;
        Ok(Checkout { conn: Some(conn) })
    }
}

/// A borrowed connection. Dropped without [`Checkout::done`] (an error, a time-out, a cancelled future), it is
/// closed instead of returned.
pub struct Checkout {
    conn: Option<PoolConnection<Postgres>>,
}

impl Checkout {
    /// The work is over and no transaction is open: the pool may have it back.
    pub fn done(mut self) {
        drop(self.conn.take());
    }
}

impl Drop for Checkout {
    fn drop(&mut self) {
        if let Some(mut conn) = self.conn.take() {
            conn.close_on_drop();
        }
    }
}

impl Deref for Checkout {
    type Target = PgConnection;

    #[expect(clippy::expect_used, reason = "only done() takes it, and consumes self")]
    fn deref(&self) -> &PgConnection {
        self.conn.as_ref().expect("a checkout holds its connection until done")
    }
}

impl DerefMut for Checkout {
    #[expect(clippy::expect_used, reason = "only done() takes it, and consumes self")]
    fn deref_mut(&mut self) -> &mut PgConnection {
        self.conn.as_mut().expect("a checkout holds its connection until done")
    }
}
