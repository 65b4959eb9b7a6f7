//! Approving and rejecting many at once.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};

use crate::{
    approvals::{
        commit::{Act, Answer},
        list::LARGEST_PAGE,
    },
    domain::{
        decision::{Precondition, Verdict},
        ids::ApprovalId,
    },
    http::{
        Api,
        body::Body,
        caller::{Approve, May, MayEither, Reject},
    },
    wire::{
        approval::ApprovalView,
        bulk::{BulkBody, BulkDone, BulkResult},
        problem::Problem,
    },
};

/// Approve or reject many
///
/// Says the same to up to 200 approvals, each by itself: what becomes of one has nothing to do with the others.
/// Repeating the call is safe. Needs the permission of the action; without that of either it is refused unread.
#[utoipa::path(
    post, path = "/api/v1/approvals/bulk", operation_id = "decide_many", tag = "deciding",
    security(("key" = ["approval:approve"]), ("key" = ["approval:reject"])),
    request_body = BulkBody,
    responses((status = 200, description = "Each outcome by itself", body = BulkDone))
)]
pub async fn bulk(
    State(api): State<Api>,
    may: MayEither<Approve, Reject>,
    Body { value: body, .. }: Body<BulkBody>,
) -> Result<Response, Problem> {
    let bulk = body.checked()?;
    let (established, origin) = match bulk.verdict {
        Verdict::Approved => may.first().map(May::into_parts)?,
        Verdict::Rejected => may.second().map(May::into_parts)?,
    };
    let caller = established.caller();
    let act = |id: &ApprovalId| {
        let ballot = Box::new(bulk.ballot(caller));
        (*id, Act::Vote { ballot, expected: Precondition::None })
    };
    let acts = bulk.ids.iter().map(act).collect();
    let answers = api.approvals.act_all(caller.workspace, acts, &origin).await;
    let answers: Vec<_> = answers.into_iter().map(|answer| answer.map_err(Problem::from)).collect();
    let mut shown = 0;
    let results = bulk.ids.iter().zip(&answers).map(|(id, answer)| result(*id, answer, &mut shown)).collect();
    Ok(Json(BulkDone { results }).into_response())
}

/// As a call for this one alone would have been answered. `shown`: bytes of the approvals before.
fn result<'a>(id: ApprovalId, answer: &'a Result<Answer, Problem>, shown: &mut usize) -> BulkResult<'a> {
    let (status, code, changed, approval) = match answer {
        Ok(done) => (StatusCode::OK.as_u16(), None, done.changed, Some(&*done.approval)),
        Err(problem) => (problem.code.status(), Some(problem.code), false, problem.approval.as_deref()),
    };
    // Two hundred of the largest would be more than anybody wants to receive.
    let approval = approval.filter(|_| *shown < LARGEST_PAGE);
    *shown += approval.map_or(0, |approval| approval.request.size());
    BulkResult { id: id.0, status, code, changed, approval: approval.map(ApprovalView::from) }
}
