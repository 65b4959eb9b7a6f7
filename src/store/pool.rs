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
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use sqlx::{
    AssertSqlSafe, Connection, PgConnection, Postgres,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPool, PgPoolOptions},
};

use super::{
    Error, Turn, Turns, epoch,
    gate::{Gate, Pass},
    health::{Health, Known},
    session,
    shortage::Shortage,
};
use crate::{
    config::Config,
    domain::{event::Epoch, ids::WorkspaceId},
};

/// Longest a caller waits for a connection.
const ACQUIRE: Duration = Duration::from_secs(2);
/// Where the server has no more to give: how long a connection that was just given back may take until it is found.
/// The driver would otherwise wait for a new one. Twice as long each time, for one that has to replace another.
const GIVEN_BACK: Duration = Duration::from_millis(25);
/// An idle connection is closed when it is this old, at twice this age at the latest: before the gateways of the big
/// clouds forget it (after 240 to 350 s).
const IDLE: Duration = Duration::from_secs(100);
/// Longest that what works in groups waits for a row's lock. All of a group wait for it, so it is far shorter than
/// elsewhere: what finds a lock held is then done by itself.
const GROUPED: &str = "300ms";
/// No connection is kept for longer than this.
const LIFETIME: Duration = Duration::from_mins(30);

/// The pool of the probe.
const PROBE: &str = "probe";

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
    /// Notifications: what is stuck there starves nothing else.
    pub notify: Pool,
    /// One connection, so that the probe never mistakes a busy pool for a database that is away.
    probe: Pool,
    pub(super) health: Arc<Health>,
    pub(super) shortage: Arc<Mutex<Shortage>>,
    /// For a connection that belongs to no pool.
    pub(super) options: PgConnectOptions,
}

/// How many connections each pool may open.
#[derive(Debug, Clone, Copy)]
pub struct PoolSizes {
    pub decide: u32,
    pub read: u32,
    pub tenant: u32,
    pub auth: u32,
    pub transact: u32,
    pub work: u32,
    pub notify: u32,
}

impl From<&Config> for PoolSizes {
    fn from(config: &Config) -> Self {
        let database = &config.database;
        Self {
            decide: database.decide_connections,
            read: database.read_connections,
            tenant: database.tenant_connections,
            auth: database.auth_connections,
            transact: database.transact_connections,
            work: database.work_connections,
            notify: config.notify.connections,
        }
    }
}

impl PoolSizes {
    /// What one instance asks of Postgres at most.
    pub fn sum(&self) -> u32 {
        let Self { decide, read, tenant, auth, transact, work, notify } = self;
        // And one for the probe.
        decide + read + tenant + auth + transact + work + notify + 1
    }
}

/// One pool.
#[derive(Clone)]
pub struct Pool {
    name: &'static str,
    pub(super) inner: PgPool,
    pub(super) gate: Arc<Gate>,
    health: Arc<Health>,
    turns: Turns,
}

impl Database {
    /// Opens the pools lazily: a database that is away is no reason not to start.
    pub fn new(options: PgConnectOptions, sizes: PoolSizes) -> Self {
        let health = Arc::new(Health::new());
        let options = session::serving(options);
        let grouped = options.clone().options([("lock_timeout", GROUPED)]);
        let open = |name, (role, options): (&str, &PgConnectOptions), size| {
            Pool::open(name, size, options.clone().options([("role", role)]), health.clone())
        };
        Self {
            decide: open("decide", ("signoff_commit", &grouped), sizes.decide),
            read: open("read", ("signoff_read", &options), sizes.read),
            tenant: open("tenant", ("signoff_app", &options), sizes.tenant),
            auth: open("auth", ("signoff_auth", &options), sizes.auth),
            transact: open("transact", ("signoff_commit", &options), sizes.transact),
            work: open("work", ("signoff_work", &options), sizes.work),
            notify: open("notify", ("signoff_notify", &options), sizes.notify),
            probe: open("probe", ("signoff_work", &options), 1),
            health,
            shortage: Arc::default(),
            options,
        }
    }

    pub fn pools(&self) -> [&Pool; 8] {
        let Self { decide, read, tenant, auth, transact, work, notify, probe, .. } = self;
        [decide, read, tenant, auth, transact, work, notify, probe]
    }

    /// Whether the last probe got an answer. Calls may be refused at once while it didn't.
    pub fn is_up(&self) -> bool {
        self.health.is_up()
    }

    /// How many connections were found dead when a call wanted one.
    pub fn found_dead(&self) -> u64 {
        self.health.found_dead()
    }

    /// Asks whether a writable primary answers, and remembers it. Connections to a demoted one (which answers
    /// `SELECT 1` as if nothing had happened) are evicted from all pools. `told` hears at once which life answered, and
    /// when it was asked; nothing where none did.
    pub async fn probe(&self, told: impl FnOnce(Option<(Epoch, Instant)>)) -> Result<(), Error> {
        let begun = Instant::now();
        let result = match tokio::time::timeout(ACQUIRE, self.probe_once()).await {
            Ok(result) => result,
            Err(elapsed) => Err(elapsed.into()),
        };
        match result {
            Ok(epoch) => {
                self.health.answered(begun.elapsed(), epoch);
                told(Some((epoch, begun)));
                self.share_out().await;
                Ok(())
            }
            Err(error) => {
                // A busy machine keeps a probe waiting like all else. While others are answered, the database is there.
                if !(is_silence(&error) && self.health.heard_lately()) {
                    self.health.failed();
                }
                told(None);
                match error {
                    // The driver doesn't say what it waited for; the server does.
                    Error::TimedOut | Error::Unavailable(sqlx::Error::PoolTimedOut) => {
                        self.look_for_room().await?;
                        Err(error)
                    }
                    error => Err(error),
                }
            }
        }
    }

    /// The life of the database that the last probe found. To be taken before the statement is sent whose numbers it
    /// is told with: numbers of a new life told with an old one are not believed, which costs a snapshot; the other
    /// way round they would be, and what lies between lost.
    pub fn epoch(&self) -> Result<Epoch, Error> {
        let unknown = || Error::Unavailable(sqlx::Error::Protocol("it was not probed yet".into()));
        self.health.epoch().ok_or_else(unknown)
    }

    /// Completes when the probe should look at once.
    pub async fn probe_wanted(&self) {
        self.health.wanted().await;
    }

    /// After an error that cost a connection: the others of its age are likely to be as dead, and each would cost
    /// another call its success.
    pub fn suspect(&self, error: &Error) {
        suspect(&self.health, error);
    }

    async fn probe_once(&self) -> Result<Epoch, Error> {
        let mut conn = self.probe.checkout().await?;
        let mut seen = epoch::look(&mut conn).await?;
        if seen.is_read_only {
            return Err(Error::Unavailable(sqlx::Error::Protocol("the server is read-only".into())));
        }
        if !seen.is_own {
            epoch::mark(&mut conn, &seen, Epoch::fresh(rand::random())).await?;
            seen = epoch::look(&mut conn).await?;
        }
        conn.done();
        let unmarked = || Error::Unavailable(sqlx::Error::Protocol("its mark is being changed".into()));
        seen.epoch().ok_or_else(unmarked)
    }

    pub async fn close(&self) {
        for pool in self.pools() {
            pool.inner.close().await;
        }
    }
}

/// No answer came in time, or only that a row is locked: the database may be there all the same.
fn is_silence(error: &Error) -> bool {
    matches!(error, Error::TimedOut | Error::Busy(_) | Error::Unavailable(sqlx::Error::PoolTimedOut))
}

/// Connections of the same age are opened anew after one broke. Where there was merely no answer in time, the database
/// may be slow or the connection dead: the others are asked first.
fn suspect(health: &Health, error: &Error) {
    match error {
        Error::TimedOut | Error::Unavailable(sqlx::Error::PoolTimedOut) => health.doubt(),
        // We closed it ourselves, or the connection is not to blame.
        Error::Unavailable(sqlx::Error::PoolClosed)
        | Error::Crowded
        | Error::Busy(_)
        | Error::Corrupt { .. }
        | Error::Refused(_) => {}
        Error::Unavailable(_) => health.evict(),
    }
}

impl Pool {
    fn open(name: &'static str, size: u32, options: PgConnectOptions, health: Arc<Health>) -> Self {
        let (watch, opened) = (health.clone(), health.clone());
        let inner = PgPoolOptions::new()
            .max_connections(size)
            .acquire_timeout(ACQUIRE)
            .idle_timeout(IDLE)
            .max_lifetime(LIFETIME)
            // A ping at each checkout would double the round trips; the probe and the check below do instead.
            .test_before_acquire(false)
            .after_connect(move |conn, _| {
                let opened = opened.clone();
                Box::pin(async move {
                    // The probe finds out what it leads to, for all others.
                    if name == PROBE || opened.knows(epoch::look(conn).await?.epoch()) {
                        return Ok(());
                    }
                    Err(sqlx::Error::Protocol("this is not the database that was probed".into()))
                })
            })
            .before_acquire(move |conn, meta| {
                let watch = watch.clone();
                let known = Known { age: meta.age, quiet_for: meta.idle_for };
                Box::pin(async move { Ok(watch.may_use(known, conn.ping()).await) })
            })
            .connect_lazy_with(options);
        Self { name, inner, gate: Gate::new(size as usize), health, turns: Turns::at(size as usize) }
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
        let result = tokio::time::timeout(limit, working).await.unwrap_or_else(|it| Err(it.into()));
        if let Err(error) = &result {
            suspect(&self.health, error);
        }
        result
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
        let acquiring = async {
            let mut patience = GIVEN_BACK;
            loop {
                let pass = self.gate.enter().await;
                let most = if self.gate.is_open() { ACQUIRE } else { patience };
                tokio::select! {
                    biased;
                    conn = tokio::time::timeout(most, self.inner.acquire()) => match conn {
                        Ok(conn) => break Ok((conn?, pass)),
                        Err(_) => patience *= 2,
                    },
                    () = self.gate.shrunk() => {}
                }
            }
        };
        let late = |_| Err(sqlx::Error::PoolTimedOut);
        let acquired = tokio::time::timeout(ACQUIRE, acquiring).await.unwrap_or_else(late);
        let (conn, mut pass) = acquired.map_err(Error::from).inspect_err(|error| {
            suspect(&self.health, error);
            // Busy, or not to be opened: only the latter is trouble of its own.
            if self.connections() < self.gate.allowed() {
                self.health.starve();
            }
        })?;
        pass.begin();
        Ok(Checkout { conn: Some(conn), pass, health: self.health.clone() })
    }
}

/// A borrowed connection. Dropped without [`Checkout::done`] (an error, a time-out, a cancelled future), it is
/// closed instead of returned.
pub struct Checkout {
    conn: Option<PoolConnection<Postgres>>,
    /// After the connection: one that is let in next finds it.
    pass: Pass,
    health: Arc<Health>,
}

impl Checkout {
    /// The work is over and no transaction is open: the pool may have it back.
    pub fn done(mut self) {
        self.health.heard();
        if !self.pass.is_wanted_elsewhere() {
            drop(self.conn.take());
        }
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
