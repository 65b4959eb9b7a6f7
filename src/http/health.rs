//! Liveness, readiness, and the operator's listener.

use axum::{Json, Router, extract::State, http::StatusCode, routing::get};
use serde::Serialize;

use super::Api;
use crate::{telemetry::metrics::Readings, worker::Health};

#[derive(Serialize)]
pub struct Readiness {
    status: &'static str,
    instance_id: String,
    parts: Parts,
}

#[derive(Serialize)]
struct Parts {
    postgres: &'static str,
    redis: &'static str,
    bus: &'static str,
    sweep: &'static str,
    deadlines: &'static str,
    audit: &'static str,
}

/// The process runs. Nothing else: a restart mends neither Postgres nor Redis.
pub async fn livez() -> &'static str {
    "ok\n"
}

/// Whether to send requests here. Redis is not needed for that; Postgres is.
pub async fn readyz(State(api): State<Api>) -> (StatusCode, Json<Readiness>) {
    let word = |up| if up { "up" } else { "down" };
    let (postgres, bus) = (api.database.is_up(), api.bus.is_up());
    let Health { sweep, deadlines, audit } = &api.health;
    let works = [sweep, deadlines, audit].iter().all(|it| it.is_ok());
    let (code, status) = if api.lifecycle.is_draining() {
        (StatusCode::SERVICE_UNAVAILABLE, "draining")
    } else if !postgres {
        (StatusCode::SERVICE_UNAVAILABLE, "down")
    } else if bus && works && api.redis.answers() {
        (StatusCode::OK, "ready")
    } else {
        (StatusCode::OK, "degraded")
    };
    let parts = Parts {
        postgres: word(postgres),
        redis: word(api.redis.answers()),
        bus: word(bus),
        sweep: word(sweep.is_ok()),
        deadlines: word(deadlines.is_ok()),
        audit: word(audit.is_ok()),
    };
    (code, Json(Readiness { status, instance_id: api.instance.clone(), parts }))
}

impl super::Parts {
    fn readings(&self) -> Readings {
        Readings {
            waiters: self.approvals.waiting(),
            connections: self.connections.count(),
            sockets: self.bus.seats.count(),
            pools: self
                .database
                .pools()
                .map(|pool| {
                    let (open, idle) = pool.usage();
                    (pool.name(), open, idle)
                })
                .to_vec(),
            queues: [self.approvals.queues(), self.events.queues()].concat(),
            database_up: self.database.is_up(),
            draining: self.lifecycle.is_draining(),
        }
    }
}

/// What operators reach, on a listener of its own.
pub fn operator_router(api: Api) -> Router {
    Router::new()
        .route("/metrics", get(|State(api): State<Api>| async move { api.metrics.render(&api.readings()) }))
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .with_state(api)
}
