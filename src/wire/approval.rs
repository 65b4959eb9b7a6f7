//! An approval as callers see it.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Value, value::RawValue};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    escalation::{HopView, LevelView},
    notify::NotifyBody,
    policy::PolicyView,
    problem::Violation,
    vocabulary,
};
use crate::domain::{
    answer_form,
    approval::{Approval, Ending, Resolution, State, TimeoutAction},
    digest::Digest,
    names::{CallerName, PrincipalName},
    policy::{Because, explain::Missing},
};

/// One question to people, and how it stands.
#[derive(Serialize, ToSchema)]
#[schema(as = Approval)]
pub struct ApprovalView<'a> {
    #[schema(example = "0193d1a4-7c1e-7b60-9f43-0f2f5a3c9a10")]
    id: Uuid,
    workspace_id: Uuid,
    #[schema(example = "run-42")]
    run_id: &'a str,
    session_id: Option<&'a str>,
    /// What a socket is about; the run's id unless given.
    #[schema(example = "run-42")]
    task_id: &'a str,
    job_id: Option<&'a str>,
    /// The workflow that the run is one of.
    #[schema(example = "checkout-release")]
    workflow: Option<&'a str>,
    #[schema(example = "tool_call")]
    approval_type: &'a str,
    #[schema(example = "Drop table users?")]
    title: Option<&'a str>,
    description: Option<&'a str>,
    /// As it was sent.
    #[schema(value_type = Object)]
    context: &'a RawValue,
    /// Which parts of the context are the proposal.
    #[schema(value_type = Option<super::view::ViewBody>)]
    view: Option<&'a RawValue>,
    /// Whom the requester wants told, and how, with each name once.
    #[schema(value_type = Option<NotifyBody>)]
    notify: Option<&'a RawValue>,
    /// Of what is asked: SHA-256 over canonical JSON (RFC 8785). An approver sends it along to say what they were shown.
    /// Null where an older version took in a number that no double holds.
    #[schema(value_type = Option<String>, pattern = "^sha256:[0-9a-f]{64}$")]
    digest: Option<Digest>,
    policy: PolicyView<'a>,
    /// What modifications must satisfy, as it was sent.
    #[schema(value_type = Option<Object>)]
    response_schema: Option<&'a RawValue>,
    /// `flat` where `response_schema` is one object of plain fields, as MCP's elicitation takes it. Absent otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    form: Option<&'static str>,
    /// What the policy still misses. Absent where it has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    progress: Option<ProgressView>,
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
    /// In whose seat they did, where it was not their own.
    resolved_for: Option<&'a str>,
    result: Option<ResultView<'a>>,
    /// What the deadline does: `expire`, `approve`, `reject` or `escalate`.
    #[schema(value_type = vocabulary::TimeoutAction, example = "expire")]
    timeout_action: &'static str,
    /// The levels above the first, as they were sent; null where none were.
    escalation: Option<Vec<LevelView<'a>>>,
    /// The level at which it stands, or ended: 0 is the request's own.
    escalation_level: i32,
    /// The hops that led there.
    escalations: Vec<HopView<'a>>,
    /// How many seconds before each level's deadline its approvers are reminded, the longest first.
    remind_before_seconds: &'a [u32],
    /// By how much the deadline of this level was moved.
    extended_seconds: u32,
    /// Who may claim what was approved, besides the requester.
    #[schema(value_type = Vec<String>)]
    executors: &'a [PrincipalName],
    /// How long after the outcome it may be claimed; null: without end.
    claim_within_seconds: Option<u32>,
    /// As it was sent.
    #[schema(value_type = Option<Checkpoint>)]
    checkpoint: Option<&'a RawValue>,
    /// As it was sent.
    #[schema(value_type = Object)]
    metadata: &'a RawValue,
    #[schema(example = "agent-7")]
    requested_by: &'a str,
    requested_by_id: Uuid,
    /// For whom the requester acted.
    on_behalf_of: Option<&'a str>,
    /// Raised by every accepted vote and every change of state; the `ETag`.
    #[schema(example = 1)]
    version: i32,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    resolved_at: Option<DateTime<Utc>>,
}

/// A new approval.
#[derive(Serialize, ToSchema)]
pub struct CreatedApproval<'a> {
    #[serde(flatten)]
    pub approval: ApprovalView<'a>,
    /// What may keep it from being decided. Absent where there is nothing to say, and in the answer to a repeated
    /// call.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub warnings: Vec<Violation>,
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

/// What is still missing until an approval is approved.
#[derive(Serialize, ToSchema)]
#[schema(as = Progress)]
pub struct ProgressView {
    /// The fewest approvals that it still takes.
    #[schema(example = 1)]
    missing: u32,
    /// The same in a sentence, of 300 characters at most.
    #[schema(example = "1 more of ana or the group security")]
    summary: String,
}

impl From<&Missing> for ProgressView {
    fn from(missing: &Missing) -> Self {
        Self { missing: missing.missing, summary: missing.summary() }
    }
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
    /// Of the modifications, as `digest` is of the request. The system that acts compares it with what it is about to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false, pattern = "^sha256:[0-9a-f]{64}$")]
    modifications_digest: Option<Digest>,
    /// What a rejecter added to the reason.
    pub comment: Option<&'a str>,
    /// Why votes ended it: `quorum` (the policy is satisfied), `rejections`, `veto`, or `impossible` (it could not be
    /// satisfied any more). Null where no vote did.
    #[schema(value_type = Option<vocabulary::Because>)]
    because: Option<&'static str>,
}

impl<'a> From<&'a Ending> for ResultView<'a> {
    fn from(ending: &'a Ending) -> Self {
        let resolution = ending.resolution().map(Resolution::as_str);
        let mut view = Self { resolution, ..Self::default() };
        match ending {
            Ending::Resolved { outcome, .. } => {
                view.feedback = outcome.feedback.as_deref();
                view.modifications = outcome.modifications.as_ref().map(|edits| &*edits.0);
                // The version before kept none.
                let compute = || Digest::of_json(&outcome.modifications.as_ref()?.0);
                view.modifications_digest = outcome.modifications_digest.or_else(compute);
                view.comment = outcome.comment.as_deref();
                view.because = outcome.because.map(Because::as_str);
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
        let levels = &approval.escalation.levels;
        let (ending, resolved_at) = match &approval.state {
            State::Pending => (None, None),
            State::Final { ending, at } => (Some(ending), Some(*at)),
        };
        Self {
            id: approval.id.0,
            workspace_id: approval.workspace.0,
            run_id: request.run_id.as_str(),
            session_id: request.session_id.as_ref().map(CallerName::as_str),
            task_id: request.task_id.as_str(),
            job_id: request.job_id.as_ref().map(CallerName::as_str),
            workflow: request.workflow.as_ref().map(CallerName::as_str),
            approval_type: request.approval_type.as_str(),
            title: request.title.as_deref(),
            description: request.description.as_deref(),
            context: &request.context,
            view: request.view.as_deref(),
            notify: request.notify.as_deref(),
            digest: approval.digest(),
            response_schema: request.response_schema.as_deref(),
            form: form(request.response_schema.as_deref()),
            policy: (&approval.policy).into(),
            progress: approval.progress.as_ref().map(ProgressView::from),
            status: approval.state.status().as_str(),
            resolution: ending.and_then(Ending::resolution).map(Resolution::as_str),
            resolved_via: ending.map(|ending| ending.via().as_str()),
            resolved_by: ending.and_then(Ending::by).map(|actor| actor.name.as_str()),
            resolved_by_id: ending.and_then(Ending::by).map(|actor| actor.id.0),
            resolved_for: ending.and_then(Ending::seat).map(PrincipalName::as_str),
            result: ending.map(ResultView::from),
            timeout_action: TimeoutAction::as_str(request.timeout_action),
            escalation: (!levels.is_empty()).then(|| levels.iter().map(LevelView::from).collect()),
            escalation_level: approval.escalation_level,
            escalations: approval.escalation.hops.iter().map(HopView::from).collect(),
            remind_before_seconds: &request.remind_before,
            extended_seconds: approval.extended.seconds,
            executors: &request.executors,
            claim_within_seconds: request.claim_within_seconds,
            checkpoint: request.checkpoint.as_deref(),
            metadata: &request.metadata,
            requested_by: approval.requested_by.name.as_str(),
            requested_by_id: approval.requested_by.id.0,
            on_behalf_of: approval.on_behalf_of.as_ref().map(PrincipalName::as_str),
            version: approval.version,
            created_at: approval.created_at,
            updated_at: approval.updated_at,
            expires_at: approval.expires_at,
            resolved_at,
        }
    }
}

fn form(schema: Option<&RawValue>) -> Option<&'static str> {
    let schema: Value = serde_json::from_str(schema?.get()).ok()?;
    answer_form::is_flat(&schema).then_some("flat")
}

/// The answer to a decision.
#[derive(Serialize, ToSchema)]
pub struct Decided<'a> {
    /// False where the same person had said the same before.
    pub changed: bool,
    pub approval: ApprovalView<'a>,
}
