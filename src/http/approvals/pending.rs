//! What is pending.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::filters::Filters;
use crate::{
    approvals::list::can_decide,
    auth::{Caller, Permission},
    http::{
        Api,
        caller::{May, ViewPending},
        query::{self, Params, decode_cursor, encode_cursor, limit},
    },
    store::{
        approvals::{Extent, Loaded},
        listing::{Paging, Position, Sort},
    },
    wire::{
        approval::ApprovalView,
        problem::Problem,
        summary::{SummaryView, reading},
        validate::Check,
    },
};

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Query {
    /// `me`: only what the caller may still vote on.
    #[param(example = "me")]
    approver: Option<String>,
    /// `full` (the default), or `summary`: without description, context, checkpoint, metadata and policy, and with what
    /// the caller may do.
    #[param(example = "summary")]
    view: Option<String>,
    /// `expires_at` (the default) or `-created_at`.
    #[param(example = "expires_at")]
    sort: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// 1 to 200; 50 by default.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200)]
    limit: Option<String>,
}

/// One page.
#[derive(Serialize, ToSchema)]
pub struct PendingPage<'a> {
    items: Vec<PendingItem<'a>>,
    /// Null on the last page.
    next_cursor: Option<String>,
}

/// In the form that `view` names.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[expect(clippy::large_enum_variant, reason = "a page has items of one form")]
pub enum PendingItem<'a> {
    Full(FullItem<'a>),
    Summary(SummaryView<'a>),
}

#[derive(Serialize, ToSchema)]
#[schema(as = PendingApproval)]
pub struct FullItem<'a> {
    #[serde(flatten)]
    approval: ApprovalView<'a>,
    /// Whether the caller may vote on it now.
    can_decide: bool,
}

/// Where the next page begins, and for which order.
#[derive(Serialize, Deserialize)]
struct Cursor {
    sort: Sort,
    #[serde(flatten)]
    after: Position,
}

/// List pending approvals
///
/// The most urgent first, or the newest. Pages are stable: what comes or goes between two of them neither repeats
/// nor hides others.
#[utoipa::path(
    get, path = "/api/v1/approvals/pending", tag = "approvals",
    security(("key" = ["approval:view:pending"])),
    params(Filters, Query), responses((status = 200, body = PendingPage))
)]
pub async fn pending(
    State(api): State<Api>,
    may: May<ViewPending>,
    filters: Filters,
    Params(query): Params<Query>,
) -> Result<Response, Problem> {
    let mut check = Check::default();
    let caller = may.caller();
    let filter = filters.filter(&mut check, caller.workspace);
    let sort = sort(&mut check, query.sort.as_deref());
    let limit = limit(&mut check, query.limit.as_deref());
    let extent = query::extent(&mut check, query.view.as_deref());
    let after = query.cursor.as_deref().and_then(|cursor| after(&mut check, cursor, sort));
    let mine = match query.approver.as_deref() {
        None => false,
        Some("me") => true,
        Some(_) => {
            check.fail("?approver", "choice", "must be me");
            false
        }
    };
    check.finish()?;
    if mine && !decides(caller) {
        return Ok(Json(PendingPage { items: Vec::new(), next_cursor: None }).into_response());
    }
    let paging = Paging { voter: &caller.voter, mine, extent, sort, after, limit };
    let page = api.approvals.pending(&filter, paging).await?;
    let item = |loaded| match extent {
        Extent::Whole => PendingItem::Full(full(loaded, caller)),
        Extent::Brief => PendingItem::Summary(SummaryView::of(loaded, caller)),
    };
    let body = PendingPage {
        items: page.items.iter().map(item).collect(),
        next_cursor: page.next.map(|after| encode_cursor(&Cursor { sort, after })).transpose()?,
    };
    Ok(Json(body).into_response())
}

/// Whether the credential allows to decide anything at all.
pub fn decides(caller: &Caller) -> bool {
    caller.may(Permission::ApprovalApprove) || caller.may(Permission::ApprovalReject)
}

fn full<'a>(loaded: &'a Loaded, caller: &Caller) -> FullItem<'a> {
    let can_decide = decides(caller) && can_decide(reading(loaded), &caller.voter);
    FullItem { approval: (&*loaded.approval).into(), can_decide }
}

fn sort(check: &mut Check, text: Option<&str>) -> Sort {
    match text {
        None | Some("expires_at") => Sort::ExpiresAt,
        Some("-created_at") => Sort::NewestFirst,
        Some(_) => {
            check.fail("?sort", "choice", "must be expires_at or -created_at");
            Sort::default()
        }
    }
}

fn after(check: &mut Check, text: &str, sort: Sort) -> Option<Position> {
    match decode_cursor::<Cursor>(text) {
        Some(cursor) if cursor.sort == sort && query::is_within_reach(&cursor.after.at) => Some(cursor.after),
        _ => {
            check.fail("?cursor", "cursor", "must be a next_cursor of a list with the same sort");
            None
        }
    }
}
