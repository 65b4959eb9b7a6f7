//! The instances of the service, as their leases tell.

use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Api,
    caller::{May, ViewCluster},
};
use crate::wire::problem::Problem;

#[derive(Serialize, ToSchema)]
pub struct Cluster {
    /// Oldest first; lost ones stay for ten minutes.
    instances: Vec<Instance>,
}

#[derive(Serialize, ToSchema)]
pub struct Instance {
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
    /// `serving`, `degraded` (without Redis), `draining`, or `lost` (its lease ran out).
    #[schema(example = "serving")]
    state: String,
}

/// List the instances
///
/// Every instance that holds a lease, with its heartbeat's age, and those that lost theirs within ten minutes.
#[utoipa::path(get, path = "/api/v1/cluster", tag = "operating",
    security(("key" = ["cluster:view"])), responses((status = 200, body = Cluster)))]
pub async fn cluster(State(api): State<Api>, _: May<ViewCluster>) -> Result<Json<Cluster>, Problem> {
    let listed = api.listing.instances().await?;
    let ttl = api.listing.lease_ttl.as_secs_f64();
    let instances = listed
        .into_iter()
        .map(|it| Instance {
            state: if it.heartbeat_age_seconds > ttl { "lost".to_owned() } else { it.state },
            id: it.id,
            version: it.version,
            started_at: it.started_at,
            uptime_seconds: it.uptime_seconds,
            last_heartbeat: it.last_heartbeat,
            heartbeat_age_seconds: it.heartbeat_age_seconds,
            connections: it.connections,
            waiters: it.waiters,
        })
        .collect();
    Ok(Json(Cluster { instances }))
}
