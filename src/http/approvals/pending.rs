//! What is pending.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    approvals::list::{Pending, can_decide},
    auth::{Caller, Permission},
    http::{
        Api,
        caller::{May, ViewPending},
        query::{self, Params, decode_cursor, encode_cursor, limit},
    },
    store::listing::{Filter, Position, Sort},
    wire::{approval::ApprovalView, problem::Problem, validate::Check},
};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Query {
    run_id: Option<String>,
    session_id: Option<String>,
    task_id: Option<String>,
    approval_type: Option<String>,
    /// `me`: only what the caller may still vote on.
    #[param(example = "me")]
    approver: Option<String>,
    /// A text within title, description or type, whatever its case.
    q: Option<String>,
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

#[derive(Serialize, ToSchema)]
pub struct PendingItem<'a> {
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
    params(Query), responses((status = 200, body = PendingPage))
)]
pub async fn pending(
    State(api): State<Api>,
    may: May<ViewPending>,
    Params(query): Params<Query>,
) -> Result<axum::response::Response, Problem> {
    use axum::response::IntoResponse;
    let mut check = Check::default();
    let names = [
        check.name("?run_id", query.run_id.as_deref()),
        check.name("?session_id", query.session_id.as_deref()),
        check.name("?task_id", query.task_id.as_deref()),
        check.name("?approval_type", query.approval_type.as_deref()),
    ];
    query::text(&mut check, "?q", query.q.as_ref());
    let sort = sort(&mut check, query.sort.as_deref());
    let limit = limit(&mut check, query.limit.as_deref());
    let after = query.cursor.as_deref().and_then(|cursor| after(&mut check, cursor, sort));
    let mine = match query.approver.as_deref() {
        None => None,
        Some("me") => Some(&*may.caller().voter),
        Some(_) => {
            check.fail("?approver", "choice", "must be me");
            None
        }
    };
    check.finish()?;
    let [run_id, session_id, task_id, approval_type] = &names;
    if mine.is_some() && !decides(may.caller()) {
        return Ok(Json(PendingPage { items: Vec::new(), next_cursor: None }).into_response());
    }
    let page = api
        .approvals
        .pending(Filter {
            workspace: may.caller().workspace,
            caller: may.caller().actor.id,
            run_id: run_id.as_ref(),
            session_id: session_id.as_ref(),
            task_id: task_id.as_ref(),
            approval_type: approval_type.as_ref(),
            approver: mine,
            text: query.q.as_deref(),
            sort,
            after,
            limit,
        })
        .await?;
    let item = |pending| item(pending, may.caller());
    let body = PendingPage {
        items: page.items.iter().map(item).collect(),
        next_cursor: page.next.map(|after| encode_cursor(&Cursor { sort, after })).transpose()?,
    };
    Ok(Json(body).into_response())
}

/// Whether the credential allows to decide anything at all.
fn decides(caller: &Caller) -> bool {
    caller.may(Permission::ApprovalApprove) || caller.may(Permission::ApprovalReject)
}

fn item<'a>(pending: &'a Pending, caller: &Caller) -> PendingItem<'a> {
    let can_decide = decides(caller) && can_decide(pending, &caller.voter);
    PendingItem { approval: (&*pending.loaded.approval).into(), can_decide }
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
