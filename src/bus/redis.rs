//! Connections to Redis, every step of them under a time-out.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use deadpool_redis::{
    Manager, Pool, Runtime,
    redis::{
        self, IntoConnectionInfo,
        io::tcp::{TcpSettings, socket2::TcpKeepalive},
    },
};
use futures_util::StreamExt;

use super::{
    buckets::Buckets,
    complaints::Complaints,
    names::Names,
    owners::{self, Owner},
};

/// Longest a command may take. No request waits for one.
pub const COMMAND: Duration = Duration::from_millis(250);
/// Longest a new connection may take.
pub const CONNECT: Duration = Duration::from_secs(1);
/// A connection that is quiet shows life this often, below anything that we wait for.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Sets a lease's key, whatever stands there; answers whether something did.
const LEASE: &str = include_str!("lua/lease.lua");

/// What stands in a key, byte for byte.
pub type Found = Vec<u8>;

/// What can go wrong with Redis. Nothing of it is ever a caller's concern.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{0}")]
    Redis(#[from] redis::RedisError),
    #[error("no connection: {0}")]
    Pool(#[from] deadpool_redis::PoolError),
    #[error("no answer in time")]
    TimedOut,
    #[error("{0}")]
    Setup(String),
}

impl From<tokio::time::error::Elapsed> for Error {
    fn from(_: tokio::time::error::Elapsed) -> Self {
        Self::TimedOut
    }
}

/// How to reach Redis.
#[derive(Clone)]
pub struct Redis {
    client: redis::Client,
    pool: Pool,
    answers: Arc<AtomicBool>,
    complaints: Arc<Complaints>,
}

fn tcp() -> TcpSettings {
    // Gateways forget flows that are quiet, and say nothing.
    let alive = TcpKeepalive::new().with_time(KEEP_ALIVE).with_interval(KEEP_ALIVE);
    // Without the first the kernel holds small messages back for up to 40 ms.
    let tcp = TcpSettings::default().set_nodelay(true).set_keepalive(alive);
    #[cfg(target_os = "linux")]
    let tcp = tcp.set_user_timeout(KEEP_ALIVE * 3);
    tcp
}

impl Redis {
    /// Checks the URL; connects to nothing yet.
    pub fn new(url: &str) -> Result<Self, Error> {
        let info = url.into_connection_info()?;
        let info = info.set_tcp_settings(tcp());
        let manager = Manager::new(info.clone())?;
        let pool = Pool::builder(manager)
            .max_size(4)
            .wait_timeout(Some(CONNECT))
            .create_timeout(Some(CONNECT))
            .recycle_timeout(Some(COMMAND))
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| Error::Setup(error.to_string()))?;
        Ok(Self {
            client: redis::Client::open(info)?,
            pool,
            answers: Arc::default(),
            complaints: Arc::default(),
        })
    }

    /// A connection for commands.
    pub async fn connection(&self) -> Result<deadpool_redis::Connection, Error> {
        Ok(self.pool.get().await?)
    }

    /// A connection of its own for commands, for one that keeps it: a checkout from the pool pings first, which
    /// would double the way.
    pub async fn lasting(&self) -> Result<redis::aio::MultiplexedConnection, Error> {
        // How long an answer may take is the keeper's to say.
        let config = redis::AsyncConnectionConfig::new().set_response_timeout(None);
        let connecting = self.client.get_multiplexed_async_connection_with_config(&config);
        Ok(tokio::time::timeout(CONNECT, connecting).await??)
    }

    /// A connection of its own for subscriptions.
    pub async fn subscriber(&self) -> Result<redis::aio::PubSub, Error> {
        Ok(tokio::time::timeout(CONNECT, self.client.get_async_pubsub()).await??)
    }

    /// Whether the last probe was answered.
    pub fn answers(&self) -> bool {
        self.answers.load(Ordering::Relaxed)
    }

    /// Asks whether Redis answers, and remembers it.
    pub async fn probe(&self) {
        let asking = async {
            let mut conn = self.connection().await?;
            redis::cmd("PING").exec_async(&mut conn).await?;
            Ok::<_, Error>(())
        };
        let asked = tokio::time::timeout(CONNECT, asking).await.unwrap_or_else(|elapsed| Err(elapsed.into()));
        self.answers.store(asked.is_ok(), Ordering::Relaxed);
        self.tell("connect", &asked);
    }

    /// Says why it can't be used for something, once.
    pub fn tell<T>(&self, doing: &'static str, result: &Result<T, Error>) {
        match result {
            Ok(_) => self.complaints.worked(doing),
            Err(error) => self.complaints.failed(doing, error),
        }
    }

    /// Does once, for an operator, what an instance does all the time: hears its own messages, writes a key, runs a
    /// script. Answers what could not be done, and why.
    pub async fn try_out(&self, names: &Names) -> Result<(), (&'static str, Error)> {
        let failed = |doing| move |error| (doing, error);
        let mut messages = self.subscriber().await.map_err(failed("connect"))?;
        let channels = [names.changes(), names.inbox()];
        let within =
            async |work: &mut (dyn Future<Output = Result<(), redis::RedisError>> + Unpin + Send)| {
                Ok::<_, Error>(tokio::time::timeout(CONNECT, work).await??)
            };
        within(&mut Box::pin(messages.subscribe(&channels))).await.map_err(failed("subscribe"))?;
        let mut conn = self.connection().await.map_err(failed("connect"))?;
        let publish = redis::cmd("PUBLISH").arg(names.inbox()).arg("check").to_owned();
        within(&mut Box::pin(publish.exec_async(&mut conn))).await.map_err(failed("publish"))?;
        let heard = tokio::time::timeout(CONNECT, async { messages.on_message().next().await }).await;
        if !matches!(heard, Ok(Some(_))) {
            return Err(("hear what was published", Error::TimedOut));
        }
        self.set_lease(&names.lease(), "check", CONNECT).await.map_err(failed("write keys"))?;
        self.delete(&names.lease()).await.map_err(failed("delete keys"))?;
        let mut buckets = Buckets::new(self.clone(), names.clone());
        buckets.connect(CONNECT).await.map_err(failed("count requests"))
    }

    /// Whether Redis answers, with what it says its version is.
    pub async fn version(&self) -> Result<String, Error> {
        let mut conn = self.connection().await?;
        let query = redis::cmd("INFO").arg("server").to_owned();
        let info: String = tokio::time::timeout(CONNECT, query.query_async(&mut conn)).await??;
        let version = info.lines().find_map(|line| line.strip_prefix("redis_version:"));
        Ok(version.unwrap_or("unknown").to_owned())
    }

    /// Sets a key that vanishes after `ttl` unless it is set again; answers whether it was there.
    pub async fn set_lease(&self, key: &str, value: &str, ttl: Duration) -> Result<bool, Error> {
        let mut conn = self.connection().await?;
        let ttl = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX);
        let command = redis::cmd("EVAL").arg(LEASE).arg(1).arg(key).arg(value).arg(ttl).to_owned();
        Ok(tokio::time::timeout(CONNECT, command.query_async(&mut conn)).await??)
    }

    /// Writes or refreshes the keys of connections that are ours; answers the places of those where a newer
    /// owner stands, and what stands there.
    pub async fn hold(&self, names: &Names, owners: &[Owner]) -> Result<Vec<(usize, Found)>, Error> {
        let mut conn = self.connection().await?;
        let command = owners::hold(names, owners);
        let newer: Vec<(usize, Found)> =
            tokio::time::timeout(CONNECT, command.query_async(&mut conn)).await??;
        Ok(newer.into_iter().filter_map(|(place, found)| Some((place.checked_sub(1)?, found))).collect())
    }

    /// Makes owners' keys say so again, where what was found still stands in their place.
    pub async fn take_back(&self, names: &Names, owners: &[(Owner, Found)]) -> Result<(), Error> {
        if owners.is_empty() {
            return Ok(());
        }
        let mut conn = self.connection().await?;
        let command = owners::take_back(names, owners);
        tokio::time::timeout(CONNECT, command.exec_async(&mut conn)).await??;
        Ok(())
    }

    /// Removes a key.
    pub async fn delete(&self, key: &str) -> Result<(), Error> {
        let mut conn = self.connection().await?;
        let command = redis::cmd("DEL").arg(key).to_owned();
        tokio::time::timeout(CONNECT, command.exec_async(&mut conn)).await??;
        Ok(())
    }
}
