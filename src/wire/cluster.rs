//! The instances of the service, as operators see them.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::vocabulary;
use crate::store::instances::Listed;

#[derive(Serialize, ToSchema)]
#[schema(as = Cluster)]
pub struct ClusterView {
    /// Oldest first; lost ones stay for ten minutes.
    instances: Vec<InstanceView>,
    /// How often an instance says that it lives.
    #[schema(example = 10.0)]
    heartbeat_seconds: f64,
    /// After how long without a heartbeat an instance is lost.
    #[schema(example = 30.0)]
    lease_seconds: f64,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Instance)]
pub struct InstanceView {
    /// New at each start of the process.
    #[schema(example = "web-1-0af3c2d1")]
    id: String,
    version: String,
    started_at: DateTime<Utc>,
    uptime_seconds: f64,
    last_heartbeat: DateTime<Utc>,
    heartbeat_age_seconds: f64,
    /// Live sockets. Those of an instance that was lost disappear when they are reaped.
    connections: i64,
    /// Waiting calls, as of the last heartbeat.
    waiters: i32,
    #[schema(value_type = vocabulary::InstanceState, example = "serving")]
    state: String,
}

impl ClusterView {
    pub fn new(listed: Vec<Listed>, heartbeat: Duration, lease_ttl: Duration) -> Self {
        let ttl = lease_ttl.as_secs_f64();
        let view = |it: Listed| InstanceView {
            state: if it.heartbeat_age_seconds > ttl { "lost".to_owned() } else { it.state },
            id: it.id,
            version: it.version,
            started_at: it.started_at,
            uptime_seconds: it.uptime_seconds,
            last_heartbeat: it.last_heartbeat,
            heartbeat_age_seconds: it.heartbeat_age_seconds,
            connections: it.connections,
            waiters: it.waiters,
        };
        Self {
            instances: listed.into_iter().map(view).collect(),
            heartbeat_seconds: heartbeat.as_secs_f64(),
            lease_seconds: ttl,
        }
    }
}
