//! The instance's lease: how the others, and operators, know that it lives.
//!
//! One row and one key each heartbeat, however much the instance holds; what is known of each connection rides
//! along in batches. A process that was frozen notices here that a beat came too late, and asks what is still its
//! own before it goes on.

use std::time::Duration;

use serde_json::json;
use sqlx::PgConnection;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::{DatabaseClock, Happening, Journal, Ownership, Pulse, VERSION, journal::Noted, pulse::BEAT};
use crate::{
    approvals::Approvals,
    bus::{Bus, Names, Redis},
    config::Lease,
    events::Events,
    lifecycle::Lifecycle,
    store::{
        self, Database, connections,
        instances::{self, Beat, Sample, Told},
    },
    telemetry::{Metrics, tally::Worst},
};

/// Keeps the lease.
pub struct Heart {
    pub id: String,
    pub database: Database,
    pub redis: Redis,
    pub names: Names,
    pub approvals: Approvals,
    pub events: Events,
    pub bus: Bus,
    pub metrics: Metrics,
    pub lifecycle: Lifecycle,
    pub ownership: Ownership,
    pub lease: Lease,
    pub clock: DatabaseClock,
    pub pulse: Pulse,
    pub journal: Journal,
}

/// What the heart knows of the beats before.
#[derive(Default)]
struct Beats {
    /// A beat has reached Postgres.
    is_known: bool,
    is_draining: bool,
    /// `None` until it was up for the first time, or should have been.
    bus_was_up: Option<bool>,
}

/// What a beat found.
struct Beaten {
    /// The lease's key was there; after a flush none of ours is.
    key_was_there: bool,
    reached_postgres: bool,
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
        let mut renewed = Instant::now();
        let mut beats = 0;
        let mut standing = Beats::default();
        self.journal.note(Happening::Started);
        loop {
            bus.borrow_and_update();
            self.notice(&mut standing, beats == 0);
            let begun = Instant::now();
            let late = renewed.elapsed() > self.lease.ttl();
            let beaten = self.beat(beats == 0, standing.is_known).await;
            if beaten.reached_postgres {
                standing.is_known = true;
                renewed = begun;
                self.pulse.beat();
                if late {
                    tracing::warn!(
                        "the lease had run out (a freeze, or a database that was away); asking what is still ours"
                    );
                    self.ownership.check_all().await;
                }
            }
            if !self.lifecycle.is_draining() {
                self.ownership.keep_up(beats, !beaten.key_was_there).await;
            }
            beats += 1;
            // A change of state is told at once.
            tokio::select! {
                _ = ticks.tick() => {}
                // The bus ends when the instance stops, and may be seen to end first.
                changed = bus.changed() => if changed.is_err() {
                    break;
                },
                () = self.lifecycle.stopping().cancelled() => break,
                () = self.lifecycle.draining().cancelled(), if !self.lifecycle.is_draining() => {}
            }
        }
        // Where there was no grace, no beat has told of the drain.
        self.notice(&mut standing, false);
    }

    /// Notes what has changed since the last beat.
    fn notice(&self, standing: &mut Beats, first: bool) {
        if self.lifecycle.is_draining() && !standing.is_draining {
            standing.is_draining = true;
            self.journal.note(Happening::Draining);
        }
        let is_up = self.bus.is_up();
        match standing.bus_was_up {
            // It takes a moment to come up after the start; that it did is no news.
            None if !is_up && first => return,
            None | Some(true) if !is_up => self.journal.note(Happening::RedisAway),
            Some(false) if is_up => self.journal.note(Happening::RedisBack),
            _ => {}
        }
        standing.bus_was_up = Some(is_up);
    }

    async fn beat(&self, first: bool, known: bool) -> Beaten {
        let noted = self.journal.untold();
        let worst = self.metrics.tally().take_worst();
        let beat = Beat {
            known,
            sample: self.sample(worst),
            told: noted.iter().map(told).collect(),
            id: self.id.clone(),
            version: VERSION,
            state: self.state(),
            waiters: i32::try_from(self.approvals.waiting()).unwrap_or(i32::MAX),
            connections: i32::try_from(self.bus.seats.count()).unwrap_or(i32::MAX),
        };
        let begun = Instant::now();
        let to_postgres = self.to_postgres(&beat);
        let to_redis = self.to_redis(&beat);
        let (postgres, redis) = tokio::join!(to_postgres, to_redis);
        if postgres.is_ok() {
            self.journal.told(&noted);
        } else {
            self.metrics.tally().put_back(worst);
        }
        if let Err(error) = &postgres {
            tracing::warn!(%error, "the heartbeat did not reach Postgres");
        }
        self.redis.tell("write keys", &redis);
        self.metrics.heartbeat_part("lease", begun.elapsed());
        self.metrics.heartbeat("postgres", postgres.is_ok());
        self.metrics.heartbeat("redis", redis.is_ok());
        Beaten { key_was_there: first || redis.unwrap_or(true), reached_postgres: postgres.is_ok() }
    }

    /// What is stored of this moment.
    fn sample(&self, worst: Worst) -> Sample {
        let (mut queued_writes, mut queued_reads) = (0, 0);
        for (queue, length) in [self.approvals.queues(), self.events.queues()].concat() {
            let is_write = ["decide", "request", "publish"].contains(&queue);
            *(if is_write { &mut queued_writes } else { &mut queued_reads }) += length;
        }
        let counts = self.metrics.tally().counts();
        let counted = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
        Sample {
            queued_writes: counted(queued_writes),
            queued_reads: counted(queued_reads),
            bus_up: self.bus.is_up(),
            sweep_lag: worst.sweep_lag,
            longest_commit: worst.commit,
            decisions: counts.decisions,
            commits: counts.commits,
            commit_seconds: counts.commit_seconds,
            wakes: counts.wakes,
            wake_delays: counts.wake_delays,
        }
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
        let write = async |conn: &mut PgConnection| instances::beat(conn, beat).await;
        let now = self.database.work.run(BEAT, write).await?;
        self.clock.set(now);
        Ok(())
    }

    /// Answers whether the key was still there.
    async fn to_redis(&self, beat: &Beat) -> Result<bool, crate::bus::Error> {
        let value = json!({
            "version": beat.version, "state": beat.state, "waiters": beat.waiters,
            "connections": beat.connections,
        });
        self.redis.set_lease(&self.names.lease(), &value.to_string(), self.lease.ttl()).await
    }

    async fn leave(&self) {
        let untold: Vec<Told> = self.journal.untold().iter().map(told).collect();
        let leave = async |conn: &mut PgConnection| {
            connections::release_all(conn, &self.id).await?;
            instances::leave(conn, &self.id, &untold).await
        };
        if let Err(error) = self.database.work.run(Duration::from_secs(2), leave).await {
            tracing::warn!(%error, "the lease could not be given up; it will run out");
        }
        if let Err(error) = self.redis.delete(&self.names.lease()).await {
            tracing::debug!(%error, "the key of the lease stays until it runs out");
        }
    }
}

fn told(noted: &Noted) -> Told {
    Told { id: noted.id, kind: noted.what.as_str(), ago: noted.at.elapsed() }
}
