//! The API: routes, extractors, and the one place that knows status codes.
//!
//! A handler takes what the extractors have checked, calls one use case, and turns its answer into a response.
//! Whoever is allowed to call it stands in its signature ([`caller::May`]); it can't be forgotten.

mod accept;
mod approvals;
pub mod body;
mod caller;
mod cluster;
mod connections;
mod discard;
mod events;
mod health;
mod middleware;
mod openapi;
mod path;
mod query;
mod respond;
mod runs;
pub mod server;
mod sockets;

use std::sync::Arc;

use axum::{Router, routing::get};
use utoipa_axum::{router::OpenApiRouter, routes};
use utoipa_swagger_ui::SwaggerUi;

pub use self::{health::operator_router, openapi::document};
use crate::{
    approvals::Approvals,
    auth::Authenticator,
    bus::{Bus, Redis},
    events::Events,
    lifecycle::Lifecycle,
    presence::{DatabaseClock, Listing},
    realtime::Realtime,
    store::Database,
    telemetry::Metrics,
    worker::SweepHealth,
};

/// What handlers work with.
#[derive(Clone)]
pub struct Api(Arc<Parts>);

/// The parts of one instance that the API shows or uses.
pub struct Parts {
    pub instance: String,
    pub approvals: Approvals,
    pub events: Events,
    pub realtime: Realtime,
    pub authenticator: Authenticator,
    pub database: Database,
    pub redis: Redis,
    pub bus: Bus,
    pub sweep: SweepHealth,
    pub metrics: Metrics,
    pub lifecycle: Lifecycle,
    pub clock: DatabaseClock,
    pub listing: Listing,
    pub connections: server::Connections,
    pub bodies: body::Budget,
}

impl Api {
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

impl std::ops::Deref for Api {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// The routes that the OpenAPI document describes.
fn documented() -> OpenApiRouter<Api> {
    OpenApiRouter::with_openapi(openapi::base())
        .routes(routes!(approvals::create::create))
        .routes(routes!(approvals::pending::pending))
        .routes(routes!(approvals::history::history))
        .routes(routes!(approvals::get::get))
        .routes(routes!(approvals::get::decisions))
        .routes(routes!(approvals::get::audit))
        .routes(routes!(approvals::wait::wait))
        .routes(routes!(approvals::decide::approve))
        .routes(routes!(approvals::decide::reject))
        .routes(routes!(approvals::bulk::bulk))
        .routes(routes!(approvals::cancel::cancel))
        .routes(routes!(approvals::cancel::escalate))
        .routes(routes!(runs::delete_run))
        .routes(routes!(events::publish))
        .routes(routes!(events::replay))
        .routes(routes!(sockets::ticket))
        .routes(routes!(connections::list))
        .routes(routes!(connections::get))
        .routes(routes!(connections::close))
        .routes(routes!(cluster::cluster))
}

/// Everything that the public listener serves.
pub fn router(api: Api) -> Router {
    let (router, _) = documented().split_for_parts();
    router
        .merge(SwaggerUi::new("/docs").url("/openapi.json", document()))
        .route("/ws/{task_id}", get(sockets::open))
        .route("/livez", get(health::livez))
        .route("/readyz", get(health::readyz))
        .fallback(respond::no_such_route)
        .method_not_allowed_fallback(respond::no_such_method)
        .layer(axum::middleware::from_fn_with_state(api.clone(), middleware::around))
        .with_state(api)
}
