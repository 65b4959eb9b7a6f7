//! What waits to be sent, for those who run the service: numbers of all workspaces, and nothing of what they are about.

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Api,
    caller::{May, ViewCluster},
};
use crate::{
    store::outbox::ChannelState,
    telemetry::outbox::Causes,
    wire::{problem::Problem, vocabulary::NotificationChannel},
};

/// What waits to be sent, in all workspaces together.
#[derive(Serialize, ToSchema)]
pub struct Outbox {
    /// Each channel that sends to somewhere else.
    channels: Vec<OutboxChannel>,
    causes: OutboxCauses,
}

/// How a channel stands.
#[derive(Serialize, ToSchema)]
pub struct OutboxChannel {
    #[schema(value_type = NotificationChannel)]
    channel: String,
    /// Messages that wait; 10,001 for more than ten thousand.
    waiting: i64,
    /// Destinations for which something waits: relays, conversations, endpoints.
    destinations: i64,
    /// Those of them that are left alone for now: because they failed or asked for it, or because an instance has them.
    held: i64,
    /// Those of them whose last try failed.
    failing: i64,
    /// How long the longest overdue of them has been due, held or not. 0: nothing is overdue.
    oldest_seconds: f64,
    /// The same of those that nothing holds: an instance should have sent it. Above 60, none does.
    late_seconds: f64,
}

/// What happened, and is not made messages of yet.
#[derive(Serialize, ToSchema)]
pub struct OutboxCauses {
    /// Causes that could not be made messages of so far; 1,000 at most.
    stuck: i64,
    /// How long the oldest has waited. 0: none waits.
    oldest_seconds: f64,
}

/// Show what waits to be sent
///
/// By channel, of all workspaces together.
#[utoipa::path(get, path = "/api/v1/cluster/outbox", operation_id = "get_outbox", tag = "operating",
    security(("key" = ["cluster:view"])), responses((status = 200, body = Outbox)))]
pub async fn outbox(State(api): State<Api>, _: May<ViewCluster>) -> Result<Json<Outbox>, Problem> {
    let (channels, Causes { stuck, oldest_seconds }) = api.listing.outbox().await?;
    let view = |it: ChannelState| OutboxChannel {
        channel: it.channel,
        waiting: it.waiting,
        destinations: it.lanes,
        held: it.held,
        failing: it.failing,
        oldest_seconds: it.oldest_seconds,
        late_seconds: it.late_seconds,
    };
    let channels = channels.into_iter().map(view).collect();
    Ok(Json(Outbox { channels, causes: OutboxCauses { stuck, oldest_seconds } }))
}
