//! Claiming what was approved: one executor acts.

use axum::{Json, extract::State, response::IntoResponse, response::Response};

use crate::{
    approvals::claims::{Advance, Held},
    auth::Permission,
    domain::{
        claim::{Holder, Step},
        ids::ApprovalId,
    },
    http::{
        Api,
        body::Body,
        caller::{Claim, May, ViewPending},
        path::IdPath,
    },
    wire::{
        claim::{ClaimBody, ClaimOf, ClaimView, Claimed, CompleteBody, ReleaseBody, RenewBody},
        problem::Problem,
    },
};

/// See the claim
///
/// Who acts on what was approved, and until when. Its receipt is told to the executor alone.
#[utoipa::path(
    get, path = "/api/v1/approvals/{id}/claim", operation_id = "get_claim", tag = "acting",
    security(("key" = ["approval:view:pending"])),
    params(("id" = uuid::Uuid, Path, description = "The approval's id")),
    responses((status = 200, body = ClaimOf))
)]
pub async fn show(
    State(api): State<Api>,
    may: May<ViewPending>,
    IdPath(approval): IdPath,
) -> Result<Response, Problem> {
    let claim = api.approvals.claim_of(may.caller().workspace, approval).await?;
    Ok(Json(ClaimOf { claim: claim.as_ref().map(ClaimView::from) }).into_response())
}

/// Claim
///
/// Gets the right to act on what was approved, for one executor: the requester, or one of the request's `executors`. The
/// same principal with the same key gets the same claim and the same receipt, so a retry is safe. All others get 409
/// `already_claimed` until the lease runs out or the claim is released; then the fence rises.
#[utoipa::path(
    post, path = "/api/v1/approvals/{id}/claim", operation_id = "claim", tag = "acting",
    security(("key" = ["approval:claim"])),
    params(("id" = uuid::Uuid, Path, description = "The approval's id")),
    request_body = ClaimBody,
    responses((status = 200, body = Claimed))
)]
pub async fn claim(
    State(api): State<Api>,
    may: May<Claim>,
    IdPath(approval): IdPath,
    Body { value: body, .. }: Body<ClaimBody>,
) -> Result<Response, Problem> {
    let new = body.claim(may.caller(), approval)?;
    let held = api.approvals.claim(may.authority(), new, api.receipts.are_signed()).await?;
    Ok(claimed(&api, &held))
}

/// Renew a claim
///
/// Begins its lease anew, and gives a new receipt. That goes on also after the lease, until another executor takes over.
#[utoipa::path(
    post, path = "/api/v1/approvals/{id}/claim/renew", operation_id = "renew_claim", tag = "acting",
    security(("key" = ["approval:claim"])),
    params(("id" = uuid::Uuid, Path, description = "The approval's id")),
    request_body = RenewBody,
    responses((status = 200, body = Claimed))
)]
pub async fn renew(
    State(api): State<Api>,
    may: May<Claim>,
    IdPath(approval): IdPath,
    Body { value: body, .. }: Body<RenewBody>,
) -> Result<Response, Problem> {
    advance(&api, &may, approval, body.read()?).await
}

/// Release a claim
///
/// Gives it back, where nothing was done: another executor may claim it. With `reason` instead of the key, an administrator
/// releases another's.
#[utoipa::path(
    post, path = "/api/v1/approvals/{id}/claim/release", operation_id = "release_claim", tag = "acting",
    security(("key" = ["approval:claim"])),
    params(("id" = uuid::Uuid, Path, description = "The approval's id")),
    request_body = ReleaseBody,
    responses((status = 200, body = Claimed))
)]
pub async fn release(
    State(api): State<Api>,
    may: May<Claim>,
    IdPath(approval): IdPath,
    Body { value: body, .. }: Body<ReleaseBody>,
) -> Result<Response, Problem> {
    advance(&api, &may, approval, body.read(may.caller())?).await
}

/// Complete a claim
///
/// Says that the work is over, and how it ended. Nobody claims it again.
#[utoipa::path(
    post, path = "/api/v1/approvals/{id}/claim/complete", operation_id = "complete_claim", tag = "acting",
    security(("key" = ["approval:claim"])),
    params(("id" = uuid::Uuid, Path, description = "The approval's id")),
    request_body = CompleteBody,
    responses((status = 200, body = Claimed))
)]
pub async fn complete(
    State(api): State<Api>,
    may: May<Claim>,
    IdPath(approval): IdPath,
    Body { value: body, .. }: Body<CompleteBody>,
) -> Result<Response, Problem> {
    advance(&api, &may, approval, body.read(may.caller())?).await
}

async fn advance(
    api: &Api,
    may: &May<Claim>,
    approval: ApprovalId,
    (holder, step): (Holder, Step),
) -> Result<Response, Problem> {
    let caller = may.caller();
    // What has ended has no receipt.
    let with_ground = api.receipts.are_signed() && matches!(step, Step::Renew { .. });
    let may_see = caller.may(Permission::ApprovalViewPending);
    let advance = Advance { approval, by: caller.actor.clone(), holder, step, with_ground, may_see };
    let held = api.approvals.advance_claim(may.authority(), advance).await?;
    Ok(claimed(api, &held))
}

fn claimed(api: &Api, held: &Held) -> Response {
    let receipt = held.ground.as_ref().filter(|_| held.claim.end.is_none());
    let receipt = receipt.and_then(|ground| api.receipts.sign(&held.claim, ground));
    Json(Claimed { changed: held.changed, claim: (&held.claim).into(), receipt }).into_response()
}
