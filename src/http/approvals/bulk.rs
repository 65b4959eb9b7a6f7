//! Approving and rejecting many at once.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{
    Extension, Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};

use crate::{
    approvals::{
        commit::{Act, Answer, Failure},
        list::LARGEST_PAGE,
    },
    domain::{
        approval::Approval,
        decision::{Precondition, Verdict},
        digest::Digest,
        ids::ApprovalId,
    },
    http::{
        Api,
        admission::Admission,
        body::Body,
        caller::{Approve, MayEither, Reject},
    },
    limits::{Room, Subject},
    wire::{
        approval::ApprovalView,
        bulk::{BulkBody, BulkDone, BulkResult},
        problem::{Code, Problem},
    },
};

/// How many ids cost as much as one call.
const OF_ONE_CALL: usize = 10;

/// Approve or reject many
///
/// Says the same to up to 200 approvals, each by itself: what becomes of one has nothing to do with the others.
/// Repeating the call is safe. It counts as one request for each ten ids begun. Needs the permission of the action; without that of either it is refused unread.
#[utoipa::path(
    post, path = "/api/v1/approvals/bulk", operation_id = "decide_many", tag = "deciding",
    security(("key" = ["approval:approve"]), ("key" = ["approval:reject"])),
    request_body = BulkBody,
    responses((status = 200, description = "Each outcome by itself", body = BulkDone))
)]
pub async fn bulk(
    State(api): State<Api>,
    may: MayEither<Approve, Reject>,
    Extension(admission): Extension<Admission>,
    Body { value: body, .. }: Body<BulkBody>,
) -> Result<Response, Problem> {
    let bulk = body.checked()?;
    let (authority, established) = match bulk.verdict {
        Verdict::Approved => may.first().map(|may| (may.authority(), may.into_established()))?,
        Verdict::Rejected => may.second().map(|may| (may.authority(), may.into_established()))?,
    };
    let caller = established.caller();
    admission.charge(&api, bulk.ids.len().div_ceil(OF_ONE_CALL) - 1);
    let act = |&(id, shown): &(ApprovalId, Option<Digest>)| {
        let ballot = Box::new(bulk.ballot(caller, shown));
        (id, Act::Vote { ballot, expected: Precondition::None })
    };
    let acts = bulk.ids.iter().map(act).collect();
    let shown = AtomicUsize::new(0);
    let whose = Subject::Workspace(caller.workspace);
    let told = |answer: Result<Answer, Failure>| {
        Told::new(answer, &shown, |bytes| api.sending.room_anyway(whose, bytes))
    };
    let told = api.approvals.act_all(&authority, acts, told).await;
    let results = bulk.ids.iter().zip(&told).map(|((id, _), told)| told.result(*id)).collect();
    Ok(Json(BulkDone { results }).into_response())
}

/// What a call for this one alone would have been answered, as far as it is kept.
struct Told {
    code: Option<Code>,
    changed: bool,
    approval: Option<Arc<Approval>>,
    _room: Option<Room>,
}

impl Told {
    /// `shown`: bytes of the approvals that are kept already. Two hundred of the largest would be more than anybody
    /// wants to receive. What is kept of an answer has room of its own.
    fn new(
        answer: Result<Answer, Failure>,
        shown: &AtomicUsize,
        room: impl Fn(usize) -> Option<Room>,
    ) -> Self {
        let (code, changed, approval) = match answer {
            Ok(Answer { changed, approval, .. }) => (None, changed, Some(approval)),
            Err(failure) => {
                let problem = Problem::from(failure);
                (Some(problem.code), false, problem.approval)
            }
        };
        let size = approval.as_ref().map_or(0, |approval| approval.size());
        if shown.fetch_add(size, Ordering::Relaxed) < LARGEST_PAGE {
            return Self { code, changed, approval, _room: room(size) };
        }
        Self { code, changed, approval: None, _room: None }
    }

    fn result(&self, id: ApprovalId) -> BulkResult<'_> {
        BulkResult {
            id: id.0,
            status: self.code.map_or(StatusCode::OK.as_u16(), Code::status),
            code: self.code,
            changed: self.changed,
            approval: self.approval.as_deref().map(ApprovalView::from),
        }
    }
}
