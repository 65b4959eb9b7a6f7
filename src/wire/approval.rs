//! An approval as callers see it.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Value, value::RawValue};
use utoipa::ToSchema;
use uuid::Uuid;

use super::vocabulary;
use crate::domain::{
    approval::{Approval, Ending, Resolution, State, TimeoutAction},
    names::{CallerName, PrincipalName},
    policy::Policy,
};

/// One question to people, and how it stands.
#[derive(Serialize, ToSchema)]
#[schema(as = Approval)]
pub struct ApprovalView<'a> {
    #[schema(example = "0193d1a4-7c1e-7b60-9f43-0f2f5a3c9a10")]
    id: Uuid,
    #[schema(example = "run-42")]
    run_id: &'a str,
    session_id: Option<&'a str>,
    /// What a socket is about; the run's id unless given.
    #[schema(example = "run-42")]
    task_id: &'a str,
    job_id: Option<&'a str>,
    #[schema(example = "tool_call")]
    approval_type: &'a str,
    #[schema(example = "Drop table users?")]
    title: Option<&'a str>,
    description: Option<&'a str>,
    /// As it was sent.
    #[schema(value_type = Object)]
    context: &'a RawValue,
    policy: PolicyView<'a>,
    /// `pending`, or one of three final ones: `resolved`, `expired`, `cancelled`.
    #[schema(value_type = vocabulary::Status, example = "pending")]
    status: &'static str,
    /// `approved`, `rejected` or `modified`; null while pending, when cancelled, and when a deadline passed
    /// without a timeout action.
    #[schema(value_type = Option<vocabulary::Resolution>)]
    resolution: Option<&'static str>,
    /// What ended it: `human`, `rule`, `timeout`, `run_deleted`.
    #[schema(value_type = Option<vocabulary::ResolvedVia>)]
    resolved_via: Option<&'static str>,
    /// Who ended it: the name they had then.
    resolved_by: Option<&'a str>,
    resolved_by_id: Option<Uuid>,
    result: Option<ResultView<'a>>,
    /// What the deadline does: `expire`, `approve` or `reject`.
    #[schema(value_type = vocabulary::TimeoutAction, example = "expire")]
    timeout_action: &'static str,
    escalation_level: i32,
    /// As it was sent.
    #[schema(value_type = Option<Checkpoint>)]
    checkpoint: Option<&'a RawValue>,
    /// As it was sent.
    #[schema(value_type = Object)]
    metadata: &'a RawValue,
    #[schema(example = "agent-7")]
    requested_by: &'a str,
    requested_by_id: Uuid,
    /// Raised by every accepted vote and every change of state; the `ETag`.
    #[schema(example = 1)]
    version: i32,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    resolved_at: Option<DateTime<Utc>>,
}

/// Kept with the request, and handed back with the outcome.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its schema is used; the value passes through untouched")]
pub struct Checkpoint {
    #[schema(example = "before-drop")]
    name: String,
    #[schema(value_type = Object)]
    state: Value,
}

/// Who may decide, and how many it takes.
#[derive(Serialize, ToSchema)]
#[schema(as = Policy)]
pub struct PolicyView<'a> {
    /// Distinct people who must approve.
    #[schema(example = 1)]
    min_approvers: u32,
    /// Names of those who may decide; absent: anybody with the permission.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = json!(["ana", "bo"]))]
    allowed_approvers: Option<Vec<&'a str>>,
    /// Everybody named must approve.
    require_all: bool,
    /// Whether the requester may decide too.
    allow_self_approval: bool,
    /// Distinct people whose rejection ends it.
    #[schema(example = 1)]
    rejections_to_reject: u32,
}

/// What was said when it ended.
#[derive(Default, Serialize, ToSchema)]
#[schema(as = ApprovalResult)]
pub struct ResultView<'a> {
    #[schema(value_type = Option<vocabulary::Resolution>)]
    resolution: Option<&'static str>,
    /// An approver's comment, or a rejecter's or canceller's reason.
    pub feedback: Option<&'a str>,
    /// The proposal's edits, where it was approved with some.
    #[schema(value_type = Option<Object>)]
    pub modifications: Option<&'a RawValue>,
    /// What a rejecter added to the reason.
    pub comment: Option<&'a str>,
}

impl<'a> From<&'a Policy> for PolicyView<'a> {
    fn from(policy: &'a Policy) -> Self {
        let named = policy.allowed_approvers.as_ref();
        Self {
            min_approvers: policy.min_approvers,
            allowed_approvers: named.map(|named| named.iter().map(PrincipalName::as_str).collect()),
            require_all: policy.require_all,
            allow_self_approval: policy.allow_self_approval,
            rejections_to_reject: policy.rejections_to_reject,
        }
    }
}

impl<'a> From<&'a Ending> for ResultView<'a> {
    fn from(ending: &'a Ending) -> Self {
        let mut view = Self {
            resolution: ending.resolution().map(Resolution::as_str),
            feedback: None,
            modifications: None,
            comment: None,
        };
        match ending {
            Ending::Resolved { outcome, .. } => {
                view.feedback = outcome.feedback.as_deref();
                view.modifications = outcome.modifications.as_ref().map(|edits| &*edits.0);
                view.comment = outcome.comment.as_deref();
            }
            Ending::Cancelled { reason, .. } => view.feedback = Some(reason),
            Ending::Expired { .. } => {}
        }
        view
    }
}

impl<'a> From<&'a Approval> for ApprovalView<'a> {
    fn from(approval: &'a Approval) -> Self {
        let request = &approval.request;
        let (ending, resolved_at) = match &approval.state {
            State::Pending => (None, None),
            State::Final { ending, at } => (Some(ending), Some(*at)),
        };
        Self {
            id: approval.id.0,
            run_id: request.run_id.as_str(),
            session_id: request.session_id.as_ref().map(CallerName::as_str),
            task_id: request.task_id.as_str(),
            job_id: request.job_id.as_ref().map(CallerName::as_str),
            approval_type: request.approval_type.as_str(),
            title: request.title.as_deref(),
            description: request.description.as_deref(),
            context: &request.context,
            policy: (&approval.policy).into(),
            status: approval.state.status().as_str(),
            resolution: ending.and_then(Ending::resolution).map(Resolution::as_str),
            resolved_via: ending.map(|ending| ending.via().as_str()),
            resolved_by: ending.and_then(Ending::by).map(|actor| actor.name.as_str()),
            resolved_by_id: ending.and_then(Ending::by).map(|actor| actor.id.0),
            result: ending.map(ResultView::from),
            timeout_action: TimeoutAction::as_str(request.timeout_action),
            escalation_level: approval.escalation_level,
            checkpoint: request.checkpoint.as_deref(),
            metadata: &request.metadata,
            requested_by: approval.requested_by.name.as_str(),
            requested_by_id: approval.requested_by.id.0,
            version: approval.version,
            created_at: approval.created_at,
            updated_at: approval.updated_at,
            expires_at: approval.expires_at,
            resolved_at,
        }
    }
}

/// The answer to a decision.
#[derive(Serialize, ToSchema)]
pub struct Decided<'a> {
    /// False where the same person had said the same before.
    pub changed: bool,
    pub approval: ApprovalView<'a>,
}
