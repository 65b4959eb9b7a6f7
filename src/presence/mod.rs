//! The instance's lease: how the others, and operators, know that it lives.
//!
//! One row and one key each heartbeat, however much the instance holds. The id is new at each start, so that a
//! process that comes back is never taken for the one that died.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use serde_json::json;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::{
    approvals::Approvals,
    bus::{Bus, Names, Redis},
    config::Lease,
    lifecycle::Lifecycle,
    store::{
        self, Database,
        instances::{self, Beat},
    },
    telemetry::Metrics,
};

/// This binary's version.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// An id for this process: a name for people, and what makes it this one start of it.
pub fn new_instance_id(name: &str) -> String {
    let host = || gethostname::gethostname().to_string_lossy().into_owned();
    let name = if name.is_empty() { host() } else { name.to_owned() };
    let plain = |c: char| if c.is_ascii_alphanumeric() || "._:-".contains(c) { c } else { '-' };
    let name: String = name.chars().take(100).map(plain).collect();
    format!("{name}-{:08x}", rand::random::<u32>())
}

/// What the database's clock says, without asking it each time. For measuring only, never for deciding.
#[derive(Clone, Default)]
pub struct DatabaseClock(Arc<Mutex<Option<Reading>>>);

/// What it said, and when that was by our own.
#[derive(Clone, Copy)]
struct Reading {
    at: Instant,
    time: DateTime<Utc>,
}

impl DatabaseClock {
    fn set(&self, now: DateTime<Utc>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(Reading { at: Instant::now(), time: now });
    }

    /// `None` before the first heartbeat.
    pub fn now(&self) -> Option<DateTime<Utc>> {
        let reading = (*self.0.lock().unwrap_or_else(PoisonError::into_inner))?;
        Some(reading.time + reading.at.elapsed())
    }
}

/// Keeps the lease.
pub struct Heart {
    pub id: String,
    pub database: Database,
    pub redis: Redis,
    pub names: Names,
    pub approvals: Approvals,
    pub bus: Bus,
    pub metrics: Metrics,
    pub lifecycle: Lifecycle,
    pub lease: Lease,
    pub clock: DatabaseClock,
}

impl Heart {
    /// Beats until the instance stops, then gives the lease up.
    pub async fn run(self) {
        // Never cut off within a beat: one that still reached the database after we left would bring us back.
        Box::pin(self.keep()).await;
        self.leave().await;
    }

    async fn keep(&self) {
        // The first beat at once, so that the cluster knows us; the second after a random part of the interval,
        // so that instances that started together do not beat together.
        let first = self.lease.heartbeat().mul_f64(rand::random_range(0.1..1.0));
        let mut ticks = interval_at(Instant::now() + first, self.lease.heartbeat());
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut bus = self.bus.state();
        loop {
            bus.borrow_and_update();
            self.beat().await;
            // A change of state is told at once.
            tokio::select! {
                _ = ticks.tick() => {}
                changed = bus.changed() => if changed.is_err() {
                    return;
                },
                () = self.lifecycle.stopping().cancelled() => return,
                () = self.lifecycle.draining().cancelled(), if !self.lifecycle.is_draining() => {}
            }
        }
    }

    async fn beat(&self) {
        let beat = Beat {
            id: self.id.clone(),
            version: VERSION,
            state: self.state(),
            waiters: i32::try_from(self.approvals.waiting()).unwrap_or(i32::MAX),
            connections: 0,
        };
        let to_postgres = self.to_postgres(&beat);
        let to_redis = self.to_redis(&beat);
        let (postgres, redis) = tokio::join!(to_postgres, to_redis);
        if let Err(error) = &postgres {
            tracing::warn!(%error, "the heartbeat did not reach Postgres");
        }
        if let Err(error) = &redis {
            tracing::debug!(%error, "the heartbeat did not reach Redis");
        }
        self.metrics.heartbeat("postgres", postgres.is_ok());
        self.metrics.heartbeat("redis", redis.is_ok());
    }

    fn state(&self) -> &'static str {
        if self.lifecycle.is_draining() {
            "draining"
        } else if self.bus.is_up() {
            "serving"
        } else {
            "degraded"
        }
    }

    async fn to_postgres(&self, beat: &Beat) -> Result<(), store::Error> {
        let writing = async {
            let mut conn = self.database.work.checkout().await?;
            let now = instances::beat(&mut conn, beat).await?;
            conn.done();
            self.clock.set(now);
            Ok(())
        };
        tokio::time::timeout(Duration::from_secs(4), writing).await?
    }

    async fn to_redis(&self, beat: &Beat) -> Result<(), crate::bus::Error> {
        let value = json!({
            "version": beat.version, "state": beat.state, "waiters": beat.waiters,
            "connections": beat.connections,
        });
        self.redis.set_lease(&self.names.lease(), &value.to_string(), self.lease.ttl()).await
    }

    async fn leave(&self) {
        let leaving = async {
            let mut conn = self.database.work.checkout().await?;
            instances::leave(&mut conn, &self.id).await?;
            conn.done();
            Ok::<_, store::Error>(())
        };
        match tokio::time::timeout(Duration::from_secs(2), leaving).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the lease could not be given up; it will run out"),
            Err(_) => tracing::warn!("the lease could not be given up in time; it will run out"),
        }
        if let Err(error) = self.redis.delete(&self.names.lease()).await {
            tracing::debug!(%error, "the key of the lease stays until it runs out");
        }
    }
}
