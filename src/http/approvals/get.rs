//! Looking at one approval.

use axum::{Json, extract::State, response::Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    http::{
        Api,
        caller::{May, MayEither, Needs, ViewHistory, ViewPending},
        path::IdPath,
        query::{Params, decode_cursor, encode_cursor, limit},
        respond,
    },
    store::{audit::AuditRecord, decisions::DecisionRecord},
    wire::{approval::ApprovalView, problem::Problem, validate::Check},
};

/// Get an approval
///
/// As it stands now. One whose deadline has passed is settled first.
#[utoipa::path(
    get, path = "/api/v1/approvals/{id}", operation_id = "get_approval", tag = "approvals",
    security(("key" = ["approval:view:pending"])),
    params(("id" = uuid::Uuid, Path, description = "The approval's id")),
    responses((status = 200, body = ApprovalView, headers(("ETag", description = "Its version"))))
)]
pub async fn get(
    State(api): State<Api>,
    may: May<ViewPending>,
    IdPath(id): IdPath,
) -> Result<Response, Problem> {
    let approval = api.approvals.get(may.caller().workspace, id).await?;
    respond::shown(&api, &approval)
}

/// How much of a list that only grows, and from where on.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PartQuery {
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// 1 to 200; 200 by default. A page with much in it ends earlier.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200)]
    limit: Option<String>,
}

/// How many items were told before: nothing is ever put between them.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Seen {
    seen: u32,
}

impl PartQuery {
    /// How many to pass over, and how many to tell.
    fn part(&self) -> Result<(i64, i64), Problem> {
        let mut check = Check::default();
        let limit = limit(&mut check, self.limit.as_deref().or(Some("200")));
        let seen = self.cursor.as_deref().map(|cursor| {
            let seen = decode_cursor::<Seen>(cursor);
            if seen.is_none() {
                check.fail("?cursor", "cursor", "must be a next_cursor of this list");
            }
            seen.map_or(0, |it| i64::from(it.seen))
        });
        check.finish()?;
        Ok((seen.unwrap_or(0), limit))
    }
}

/// Where the next page begins.
fn next(before: i64, told: usize, more: bool) -> Result<Option<String>, Problem> {
    let seen =
        u32::try_from(before).unwrap_or(u32::MAX).saturating_add(u32::try_from(told).unwrap_or(u32::MAX));
    more.then(|| encode_cursor(&Seen { seen })).transpose()
}

#[derive(Serialize, ToSchema)]
pub struct Decisions {
    /// Oldest first.
    items: Vec<DecisionRecord>,
    /// Null on the last page.
    next_cursor: Option<String>,
}

/// List an approval's decisions
///
/// Who said what, oldest first. With `approval:view:pending` alone those of what is pending: what has ended takes
/// `approval:view:history`.
#[utoipa::path(
    get, path = "/api/v1/approvals/{id}/decisions", tag = "approvals",
    security(("key" = ["approval:view:history"]), ("key" = ["approval:view:pending"])),
    params(("id" = uuid::Uuid, Path, description = "The approval's id"), PartQuery),
    responses((status = 200, body = Decisions))
)]
pub async fn decisions(
    State(api): State<Api>,
    may: MayEither<ViewHistory, ViewPending>,
    IdPath(id): IdPath,
    Params(query): Params<PartQuery>,
) -> Result<Json<Decisions>, Problem> {
    let part = query.part()?;
    let somebody = may.whichever();
    let caller = somebody.caller();
    let (items, more) = api.approvals.decisions(caller.workspace, id, part).await?;
    // Looked at after they were read: what is pending then was pending when they were.
    if !caller.may(ViewHistory::PERMISSION) && api.approvals.get(caller.workspace, id).await?.state.is_final()
    {
        return Err(Problem::forbidden(ViewHistory::PERMISSION));
    }
    Ok(Json(Decisions { next_cursor: next(part.0, items.len(), more)?, items }))
}

#[derive(Serialize, ToSchema)]
pub struct Audit {
    /// Oldest first.
    items: Vec<AuditRecord>,
    /// Null on the last page.
    next_cursor: Option<String>,
}

/// List an approval's changes
///
/// Every change has exactly one record, written with it; a vote that resolves is one.
#[utoipa::path(
    get, path = "/api/v1/approvals/{id}/audit", tag = "approvals",
    security(("key" = ["approval:view:history"])),
    params(("id" = uuid::Uuid, Path, description = "The approval's id"), PartQuery),
    responses((status = 200, body = Audit))
)]
pub async fn audit(
    State(api): State<Api>,
    may: May<ViewHistory>,
    IdPath(id): IdPath,
    Params(query): Params<PartQuery>,
) -> Result<Json<Audit>, Problem> {
    let part = query.part()?;
    let (items, more) = api.approvals.audit(may.caller().workspace, id, part).await?;
    Ok(Json(Audit { next_cursor: next(part.0, items.len(), more)?, items }))
}
