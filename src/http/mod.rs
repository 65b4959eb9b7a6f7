//! The API: routes, extractors, and the one place that knows status codes.
//!
//! A handler takes what the extractors have checked, calls one use case, and turns its answer into a response.
//! What a caller must be allowed stands in its signature ([`caller::May`]), which also counts the request against the
//! caller's limits ([`admission`]); neither can be forgotten.

mod accept;
mod address;
mod admission;
pub mod answers;
mod app;
mod approvals;
mod audit;
mod auth;
pub mod body;
mod browser_sessions;
pub mod budget;
mod caller;
mod channels;
mod cluster;
mod connections;
mod cookies;
mod discard;
mod established;
mod events;
mod feed;
mod health;
mod identity;
mod jwks;
mod links;
mod mcp;
mod me;
mod middleware;
pub mod names;
mod notification_preferences;
mod notifications;
mod openapi;
mod outbox;
mod path;
mod policies;
mod preferences;
mod query;
mod request_id;
mod respond;
mod runs;
pub mod server;
mod site;
mod slack;
mod sockets;
mod upgrade;
mod verifications;
mod webhooks;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    routing::{get, head, post},
};
use utoipa_axum::{router::OpenApiRouter, routes};
use utoipa_swagger_ui::SwaggerUi;

pub use self::{
    address::{ClientAddress, TrustedProxies},
    app::build,
    health::operator_router,
    openapi::document,
};
use crate::{
    approvals::Approvals,
    audit::verifications::Verifications,
    auth::Authenticator,
    bus::{Bus, Redis},
    events::Events,
    identity::Identity,
    lifecycle::Lifecycle,
    limits::{Cap, Limiter, Network},
    notify::{Channels, Hints, Redactions, Slack, Webhooks},
    presence::{DatabaseClock, Listing},
    realtime::{Realtime, feed::Feeds},
    receipts::Receipts,
    store::Database,
    telemetry::Metrics,
    worker::Health,
};

/// How many of one address the issuer is asked about at once, so that not all of a crowd are tried before the first has
/// failed.
pub const SIGNING_IN: usize = 20;

/// What handlers work with.
#[derive(Clone)]
pub struct Api(Arc<Parts>);

/// The parts of one instance that the API shows or uses.
pub struct Parts {
    pub instance: String,
    pub approvals: Approvals,
    pub events: Events,
    pub realtime: Realtime,
    pub feeds: Feeds,
    pub authenticator: Authenticator,
    pub limiter: Limiter,
    /// Those whose sign-in the issuer is being asked about, by where they are.
    pub signing_in: Cap<Network>,
    pub identity: Identity,
    pub proxies: TrustedProxies,
    pub database: Database,
    pub redis: Redis,
    pub bus: Bus,
    pub health: Health,
    pub metrics: Metrics,
    pub lifecycle: Lifecycle,
    pub clock: DatabaseClock,
    pub listing: Listing,
    pub verifications: Verifications,
    /// By which people can be reached.
    pub channels: Channels,
    /// What workspaces show to no one outside.
    pub redactions: Redactions,
    /// Apps in Slack, if there may be any.
    pub slack: Option<Slack>,
    pub webhooks: Webhooks,
    /// Tells deliverers of this instance that something may be due.
    pub hints: Hints,
    pub connections: server::Connections,
    pub bodies: budget::Budget,
    pub sending: answers::Sending,
    pub sizes: body::Sizes,
    pub names: names::Names,
    /// Longest that the reader of an export may take nothing of it.
    pub export_pause: Duration,
    /// Where browsers find us, and where the issuer sends them back to, as configured.
    pub public_url: String,
    /// Signs receipts of claims.
    pub receipts: Receipts,
    pub redirect_url: String,
    /// Longest that a browser session lasts.
    pub session_seconds: i64,
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
        .routes(routes!(approvals::changes::changes))
        .routes(routes!(approvals::counts::counts))
        .routes(routes!(approvals::counts::facets))
        .routes(routes!(approvals::get::get))
        .routes(routes!(approvals::eligible::eligible))
        .routes(routes!(policies::check))
        .routes(routes!(approvals::get::decisions))
        .routes(routes!(approvals::get::audit))
        .routes(routes!(approvals::wait::wait))
        .routes(routes!(approvals::decide::approve))
        .routes(routes!(approvals::decide::reject))
        .routes(routes!(approvals::bulk::bulk))
        .routes(routes!(approvals::cancel::cancel))
        .routes(routes!(approvals::escalate::escalate))
        .routes(routes!(approvals::escalate::extend))
        .routes(routes!(approvals::claim::show, approvals::claim::claim))
        .routes(routes!(approvals::claim::renew))
        .routes(routes!(approvals::claim::release))
        .routes(routes!(approvals::claim::complete))
        .routes(routes!(runs::get, runs::delete_run))
        .routes(routes!(events::publish))
        .routes(routes!(events::replay))
        .routes(routes!(sockets::ticket))
        .routes(routes!(connections::list))
        .routes(routes!(connections::get))
        .routes(routes!(connections::close))
        .routes(routes!(identity::workspace::get, identity::workspace::update))
        .routes(routes!(identity::principals::list, identity::principals::create))
        .routes(routes!(identity::principals::get, identity::principals::update))
        .routes(routes!(identity::roles::list))
        .routes(routes!(identity::roles::put, identity::roles::delete))
        .routes(routes!(identity::keys::list, identity::keys::create))
        .routes(routes!(identity::keys::get, identity::keys::revoke))
        .routes(routes!(identity::keys::rotate))
        .routes(routes!(identity::delegations::list, identity::delegations::create))
        .routes(routes!(identity::delegations::get, identity::delegations::revoke))
        .routes(routes!(audit::list))
        .routes(routes!(audit::checkpoints))
        .routes(routes!(verifications::begin))
        .routes(routes!(verifications::latest))
        .routes(routes!(verifications::get))
        .routes(routes!(cluster::cluster))
        .routes(routes!(cluster::samples))
        .routes(routes!(cluster::events))
        .routes(routes!(outbox::outbox))
        .routes(routes!(notifications::list))
        .routes(routes!(notifications::get))
        .routes(routes!(notifications::redrive_one))
        .routes(routes!(notifications::redrive_all))
        .routes(routes!(channels::get_slack, channels::put_slack, channels::delete_slack))
        .routes(routes!(webhooks::list, webhooks::create))
        .routes(routes!(webhooks::get, webhooks::update, webhooks::delete))
        .routes(routes!(webhooks::actions::rotate))
        .routes(routes!(webhooks::actions::test))
        .routes(routes!(webhooks::actions::replay))
        .routes(routes!(webhooks::deliveries::list))
        .routes(routes!(webhooks::deliveries::get))
        .routes(routes!(preferences::get, preferences::put))
        .routes(routes!(notification_preferences::get, notification_preferences::put))
        .routes(routes!(me::list))
        .routes(routes!(me::unread_count))
        .routes(routes!(me::read))
        .routes(routes!(browser_sessions::list))
        .routes(routes!(browser_sessions::end))
        .routes(routes!(auth::session::open, auth::session::show, auth::session::end))
        .routes(routes!(auth::workspaces::list))
        .routes(routes!(auth::workspaces::switch))
        .routes(routes!(auth::sign_in::login))
        .routes(routes!(auth::sign_in::callback))
        .routes(routes!(auth::configuration::configuration))
        .routes(routes!(jwks::jwks))
}

/// Everything that the public listener serves.
pub fn router(api: Api) -> Router {
    let (documented, _) = documented().split_for_parts();
    let around = || axum::middleware::from_fn_with_state(api.clone(), middleware::around);
    let within = documented.clone().layer(around()).with_state(api.clone());
    documented
        .merge(SwaggerUi::new("/docs").url("/openapi.json", document()))
        .route("/ws/{task_id}", get(sockets::open).head(respond::no_head))
        .route("/api/v1/feed", get(feed::open).head(respond::no_head))
        .route("/slack/interactions", post(slack::interactions))
        .route("/auth/login", head(respond::no_head))
        .route("/auth/callback", head(respond::no_head))
        .route("/d/{token}", get(links::look).post(links::decide))
        .route("/livez", get(health::livez))
        .route("/readyz", get(health::readyz))
        .merge(mcp::routes(within))
        .merge(app::routes())
        .fallback(respond::no_such_route)
        .method_not_allowed_fallback(respond::no_such_method)
        .layer(around())
        .with_state(api)
}

/// What those are served for whom there is no room: how the instance is, and that it is full.
pub fn lobby(api: Api) -> Router {
    Router::new()
        .route("/livez", get(health::livez))
        .route("/readyz", get(health::readyz))
        .fallback(respond::no_room)
        .layer(axum::middleware::from_fn_with_state(api.clone(), middleware::briefly))
        .with_state(api)
}
