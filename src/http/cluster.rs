//! The instances of the service, as their leases tell.

use axum::{Json, extract::State};

use super::{
    Api,
    caller::{May, ViewCluster},
};
use crate::wire::{cluster::ClusterView, problem::Problem};

/// List the instances
///
/// Every instance that holds a lease, with its heartbeat's age, and those that lost theirs within ten minutes.
#[utoipa::path(get, path = "/api/v1/cluster", tag = "operating",
    security(("key" = ["cluster:view"])), responses((status = 200, body = ClusterView)))]
pub async fn cluster(State(api): State<Api>, _: May<ViewCluster>) -> Result<Json<ClusterView>, Problem> {
    Ok(Json(ClusterView::new(api.listing.instances().await?, api.listing.lease_ttl)))
}
