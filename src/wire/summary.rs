//! An approval in brief, and what the one who looks may do with it: for lists, and for screens that follow them.
//!
//! What is the same for all who look is apart from what is theirs, so that many can be told of one change.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{approval::ProgressView, vocabulary};
use crate::{
    auth::{Caller, Permission},
    domain::{
        approval::{Ending, Resolution, State, TimeoutAction},
        decision::Verdict,
        digest::Digest,
        names::{CallerName, PrincipalName},
        policy::admission::Voter,
        standing::{Allowed, Effect, Reading, Standing, Why, own_vote},
    },
    store::approvals::Loaded,
};

/// An approval in brief: without description, context, checkpoint, metadata and policy.
#[derive(Serialize, ToSchema)]
#[schema(as = Summary)]
pub struct SummaryView<'a> {
    #[serde(flatten)]
    same: SameView<'a>,
    #[serde(flatten)]
    own: OwnView<'a>,
}

/// What all who look see alike.
#[derive(Serialize, ToSchema)]
pub struct SameView<'a> {
    id: Uuid,
    #[schema(example = "run-42")]
    run_id: &'a str,
    session_id: Option<&'a str>,
    task_id: &'a str,
    #[schema(example = "tool_call")]
    approval_type: &'a str,
    workflow: Option<&'a str>,
    title: Option<&'a str>,
    /// Of what is asked. Null where the version before asked: the approval itself has it.
    #[schema(value_type = Option<String>, pattern = "^sha256:[0-9a-f]{64}$")]
    digest: Option<Digest>,
    requested_by: &'a str,
    #[schema(value_type = vocabulary::Status, example = "pending")]
    status: &'static str,
    #[schema(value_type = Option<vocabulary::Resolution>)]
    resolution: Option<&'static str>,
    #[schema(value_type = Option<vocabulary::ResolvedVia>)]
    resolved_via: Option<&'static str>,
    resolved_by: Option<&'a str>,
    /// In whose seat they did, where it was not their own.
    resolved_for: Option<&'a str>,
    /// The comment or reason that ended it: 200 characters of it at most.
    feedback: Option<&'a str>,
    /// The higher one is the later one.
    version: i32,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    resolved_at: Option<DateTime<Utc>>,
    #[schema(value_type = vocabulary::TimeoutAction, example = "expire")]
    timeout_action: &'static str,
    /// The level at which it stands, or ended: 0 is the request's own.
    escalation_level: i32,
    /// How many levels there are; 1 without escalation.
    levels: usize,
    extended_seconds: u32,
    /// Null once it has ended.
    progress: Option<BriefProgress>,
}

/// What the votes so far come to.
#[derive(Serialize, ToSchema)]
pub struct BriefProgress {
    /// Approvals at this level that count.
    #[schema(example = 1)]
    given: usize,
    #[serde(flatten)]
    progress: ProgressView,
}

/// What it is to the one who looks.
#[derive(Serialize, ToSchema)]
pub struct OwnView<'a> {
    /// Their vote at the level where it stands.
    my_vote: Option<MyVote<'a>>,
    /// Whether they may vote on it now: what `approver=me` lists, and `mine` counts.
    can_decide: bool,
    /// What they may do with it now: `approve`, `edit`, `reject`, `cancel`, `escalate`, `extend`. By policy and
    /// permissions; another may be quicker.
    #[schema(value_type = Vec<vocabulary::Verb>)]
    can: Vec<&'static str>,
    /// Why they can't decide it. Null where they can.
    #[schema(value_type = Option<vocabulary::WhyNot>)]
    why_not: Option<&'static str>,
}

#[derive(Serialize, ToSchema)]
pub struct MyVote<'a> {
    /// `approved` or `rejected`.
    verdict: &'static str,
    /// In whose seat, where it was not their own.
    r#for: Option<&'a str>,
}

/// What the credential of a caller allows.
pub fn allowed(caller: &Caller) -> Allowed {
    Allowed {
        approve: caller.may(Permission::ApprovalApprove),
        reject: caller.may(Permission::ApprovalReject),
        cancel: caller.may(Permission::ApprovalCancel),
        escalate: caller.may(Permission::ApprovalEscalate),
        extend: caller.may(Permission::ApprovalExtend),
    }
}

/// An approval as it was read, for those who ask what may be done with it.
pub fn reading(loaded: &Loaded) -> Reading<'_> {
    Reading { approval: &loaded.approval, votes: &loaded.votes, due: loaded.due, at: loaded.now }
}

impl<'a> SummaryView<'a> {
    pub fn of(loaded: &'a Loaded, caller: &Caller) -> Self {
        Self { same: loaded.into(), own: OwnView::of(loaded, &caller.voter, allowed(caller)) }
    }
}

impl<'a> From<&'a Loaded> for SameView<'a> {
    fn from(loaded: &'a Loaded) -> Self {
        let approval = &*loaded.approval;
        let request = &approval.request;
        let (ending, resolved_at) = match &approval.state {
            State::Pending => (None, None),
            State::Final { ending, at } => (Some(ending), Some(*at)),
        };
        let counts = |vote: &&crate::domain::decision::Vote| {
            vote.level == approval.escalation_level && vote.counts && vote.verdict == Verdict::Approved
        };
        let given = loaded.votes.iter().filter(counts).count();
        Self {
            id: approval.id.0,
            run_id: request.run_id.as_str(),
            session_id: request.session_id.as_ref().map(CallerName::as_str),
            task_id: request.task_id.as_str(),
            approval_type: request.approval_type.as_str(),
            workflow: request.workflow.as_ref().map(CallerName::as_str),
            title: request.title.as_deref(),
            digest: approval.kept_digest,
            requested_by: approval.requested_by.name.as_str(),
            status: approval.state.status().as_str(),
            resolution: ending.and_then(Ending::resolution).map(Resolution::as_str),
            resolved_via: ending.map(|ending| ending.via().as_str()),
            resolved_by: ending.and_then(Ending::by).map(|actor| actor.name.as_str()),
            resolved_for: ending.and_then(Ending::seat).map(PrincipalName::as_str),
            feedback: match ending {
                Some(Ending::Resolved { outcome, .. }) => outcome.feedback.as_deref(),
                Some(Ending::Cancelled { reason, .. }) => Some(reason),
                _ => None,
            },
            version: approval.version,
            created_at: approval.created_at,
            updated_at: approval.updated_at,
            expires_at: approval.expires_at,
            resolved_at,
            timeout_action: TimeoutAction::as_str(request.timeout_action),
            escalation_level: approval.escalation_level,
            levels: approval.escalation.levels.len() + 1,
            extended_seconds: approval.extended.seconds,
            progress: approval
                .progress
                .as_ref()
                .map(|missing| BriefProgress { given, progress: missing.into() }),
        }
    }
}

impl<'a> OwnView<'a> {
    pub fn of(loaded: &'a Loaded, voter: &Voter, allowed: Allowed) -> Self {
        let reading = reading(loaded);
        // What a policy admits doesn't depend on the credential: so two of a person's keys list the same.
        let decides = allowed.approve || allowed.reject;
        let by_policy = |verdict| reading.vote(voter, decides, verdict);
        let (approve, reject) = (by_policy(Verdict::Approved), by_policy(Verdict::Rejected));
        let can_decide = approve.is_allowed() || reject.is_allowed();
        let why_not = match &approve {
            Standing::MayNot(why) if !can_decide => Some(why.code()),
            _ => None,
        };
        let edit = reading.edit(&approve);
        let can = [
            ("approve", allowed.approve && approve.is_allowed()),
            ("edit", allowed.approve && edit.is_allowed()),
            ("reject", allowed.reject && reject.is_allowed()),
            ("cancel", reading.cancel(allowed.cancel).is_allowed()),
            ("escalate", reading.escalate(voter, allowed.escalate).is_allowed()),
            ("extend", reading.extend(voter, allowed.extend).is_allowed()),
        ];
        let vote = own_vote(reading, voter).map(|vote| MyVote {
            verdict: vote.verdict.as_str(),
            r#for: vote.seat.as_ref().map(|seat| seat.name.as_str()),
        });
        Self {
            my_vote: vote,
            can_decide,
            can: can.into_iter().filter_map(|(verb, may)| may.then_some(verb)).collect(),
            why_not,
        }
    }
}

/// One thing that a caller may want to do with an approval.
#[derive(Serialize, ToSchema)]
pub struct StandingView {
    pub allowed: bool,
    /// Why not, for programs. Null where it is allowed.
    #[schema(value_type = Option<vocabulary::WhyNot>)]
    code: Option<&'static str>,
    /// Why not, in words. Where it is allowed: what is to be known before.
    reason: Option<String>,
    /// What a vote would do: `resolves` ends the approval, `counts` leaves it open.
    #[schema(value_type = Option<vocabulary::Effect>)]
    effect: Option<&'static str>,
    /// The people in one of whose seats they may vote, and must say in which: `for`. Absent where they need not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    seats: Vec<String>,
}

impl From<&Standing> for StandingView {
    fn from(standing: &Standing) -> Self {
        let may = Self { allowed: true, code: None, reason: None, effect: None, seats: Vec::new() };
        match standing {
            Standing::May(effect) => Self { effect: effect.map(Effect::as_str), ..may },
            Standing::MayFor(names) => Self {
                reason: Some("several seats are open to you: say in whose you vote".to_owned()),
                seats: names.iter().map(PrincipalName::to_string).collect(),
                ..may
            },
            Standing::MayNot(why) => {
                Self { allowed: false, code: Some(Why::code(why)), reason: Some(why.to_string()), ..may }
            }
        }
    }
}
