//! Who may agree to an approval.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use crate::{
    auth::Permission,
    http::{
        Api,
        caller::{May, ViewPending},
        path::IdPath,
        query::{Params, decode_cursor, encode_cursor, limit},
    },
    wire::{eligible::EligibleView, problem::Problem, summary::allowed, validate::Check},
};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Query {
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// 1 to 200; 50 by default.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200)]
    limit: Option<String>,
}

/// Where a page ended.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cursor {
    principal: String,
    r#for: Option<String>,
}

/// Who may agree
///
/// What the policy still misses, whose approval would bring it nearer, how those whom it means stand, and what the caller
/// may do: it says what deciding would do, and decides nothing. Members of roles and groups, and when somebody was seen, are shown to those
/// who may approve.
#[utoipa::path(
    get, path = "/api/v1/approvals/{id}/eligible", operation_id = "who_may_agree", tag = "approvals",
    security(("key" = ["approval:view:pending"])),
    params(("id" = uuid::Uuid, Path, description = "The approval's id"), Query),
    responses((status = 200, body = EligibleView))
)]
pub async fn eligible(
    State(api): State<Api>,
    may: May<ViewPending>,
    IdPath(id): IdPath,
    Params(query): Params<Query>,
) -> Result<Response, Problem> {
    let mut check = Check::default();
    let limit = limit(&mut check, query.limit.as_deref());
    let after = query.cursor.as_deref().and_then(|cursor| {
        let cursor = decode_cursor::<Cursor>(cursor);
        if cursor.is_none() {
            check.fail("?cursor", "cursor", "must be a next_cursor of this list");
        }
        cursor
    });
    check.finish()?;
    let caller = may.caller();
    let asking = (&caller.voter, allowed(caller));
    let (you, explained) = api.approvals.eligible(caller.workspace, id, asking).await?;
    let sees_members = caller.may(Permission::ApprovalApprove);
    let limit = usize::try_from(limit).unwrap_or(1);
    let after = after.as_ref().map(|after| (after.principal.as_str(), after.r#for.as_deref()));
    let (mut view, more) = EligibleView::of((&you, &explained), sees_members, after, limit);
    if more && let Some((principal, seat)) = view.last() {
        let cursor = Cursor { principal: principal.to_owned(), r#for: seat.map(str::to_owned) };
        view.go_on_at(encode_cursor(&cursor)?);
    }
    Ok(Json(view).into_response())
}
