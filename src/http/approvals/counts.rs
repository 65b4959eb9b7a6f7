//! How many approvals are pending, and what there is to filter them by.

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use super::{filters::Filters, pending::decides};
use crate::{
    http::{
        Api,
        caller::{May, ViewPending},
    },
    store::listing::Facet,
    wire::{counts::CountsView, problem::Problem, validate::Check},
};

/// What there is to filter by.
#[derive(Serialize, ToSchema)]
#[schema(as = Facets)]
pub struct FacetsView {
    /// The most frequent first, 50 at most; so the others.
    workflow: Vec<FacetView>,
    approval_type: Vec<FacetView>,
    requested_by: Vec<FacetView>,
}

/// A value, and how many pending approvals have it.
#[derive(Serialize, ToSchema)]
#[schema(as = Facet)]
pub struct FacetView {
    #[schema(example = "tool_call")]
    value: String,
    #[schema(example = 4)]
    count: i64,
}

/// Count pending approvals
///
/// All that the list of the same filters has, and those of them that the caller may still vote on. By the condition that
/// the list goes by, so that they agree.
#[utoipa::path(
    get, path = "/api/v1/approvals/counts", operation_id = "count_pending", tag = "approvals",
    security(("key" = ["approval:view:pending"])),
    params(Filters), responses((status = 200, body = CountsView))
)]
pub async fn counts(
    State(api): State<Api>,
    may: May<ViewPending>,
    filters: Filters,
) -> Result<Json<CountsView>, Problem> {
    let mut check = Check::default();
    let caller = may.caller();
    let filter = filters.filter(&mut check, caller.workspace);
    check.finish()?;
    let counts = api.approvals.count(&filter, &caller.voter).await?;
    Ok(Json(CountsView::new(counts, decides(caller))))
}

/// List what pending approvals can be filtered by
///
/// The workflows, types and requesters of what is pending, with their numbers.
#[utoipa::path(
    get, path = "/api/v1/approvals/facets", operation_id = "pending_facets", tag = "approvals",
    security(("key" = ["approval:view:pending"])),
    params(Filters), responses((status = 200, body = FacetsView))
)]
pub async fn facets(
    State(api): State<Api>,
    may: May<ViewPending>,
    filters: Filters,
) -> Result<Json<FacetsView>, Problem> {
    let mut check = Check::default();
    let caller = may.caller();
    let filter = filters.filter(&mut check, caller.workspace);
    check.finish()?;
    let facets = api.approvals.facets(&filter, &caller.voter).await?;
    let of = |number: i32| {
        let of = facets.iter().filter(|facet| facet.of == number);
        of.map(|Facet { value, count, .. }| FacetView { value: value.clone(), count: *count }).collect()
    };
    Ok(Json(FacetsView { workflow: of(1), approval_type: of(2), requested_by: of(3) }))
}
