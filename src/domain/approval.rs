//! The approval and its state machine.
//!
//! ```text
//! pending ──decide──▶ resolved    approved | rejected | modified   (human | rule)
//!    ├──────deadline─▶ expired     none | approved | rejected       (timeout)
//!    ├──────cancel───▶ cancelled   reason                           (human | run_deleted)
//!    └──────escalate─▶ pending     one level higher, a new deadline (human | timeout)
//! ```
//!
//! The three on the right are final, all but the last: [`State::end`] is the only way there and refuses a second one.

mod new;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

pub use self::new::{Idempotency, NewApproval};
use super::{
    decision::{Modifications, Refusal, Vote},
    digest::Digest,
    escalation::{Escalation, Extended},
    ids::{ApprovalId, WorkspaceId},
    names::{CallerName, PrincipalName},
    policy::{Actor, Asked, Because, Policy, explain::Missing},
};

/// JSON that a caller hands over and gets back byte for byte; we look at it only to refuse what is malformed.
pub type Opaque = Box<RawValue>;

/// One question to people.
#[derive(Debug, Clone)]
pub struct Approval {
    pub id: ApprovalId,
    pub workspace: WorkspaceId,
    pub request: Request,
    /// Of what is asked, as it was kept; see [`Approval::digest`].
    pub kept_digest: Option<Digest>,
    pub policy: Policy,
    pub requested_by: Actor,
    /// For whom the requester acted.
    pub on_behalf_of: Option<PrincipalName>,
    /// What comes after the first level, and how it came to where it stands.
    pub escalation: Escalation,
    pub escalation_level: i32,
    /// How the deadline of this level was moved.
    pub extended: Extended,
    pub state: State,
    /// What is still missing, where that was looked for: of what is pending, for those who show it.
    pub progress: Option<Missing>,
    /// Raised by every accepted vote and every change of state.
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

/// What was asked; never changes.
#[derive(Debug, Clone)]
pub struct Request {
    pub run_id: CallerName,
    pub session_id: Option<CallerName>,
    pub task_id: CallerName,
    pub job_id: Option<CallerName>,
    /// The workflow that the run is one of.
    pub workflow: Option<CallerName>,
    /// Which parts of the context are the proposal: for those who show it.
    pub view: Option<Opaque>,
    /// Whom the requester wants told, and how.
    pub notify: Option<Opaque>,
    pub approval_type: CallerName,
    pub title: Option<String>,
    pub description: Option<String>,
    pub context: Opaque,
    /// What modifications must satisfy.
    pub response_schema: Option<Opaque>,
    pub checkpoint: Option<Opaque>,
    pub metadata: Opaque,
    pub timeout_action: TimeoutAction,
    /// How many seconds before a level's deadline its approvers are reminded, the longest first.
    pub remind_before: Vec<u32>,
    /// Who may act on it besides the requester.
    pub executors: Vec<PrincipalName>,
    /// How long after its outcome it may be claimed; `None`: for ever.
    pub claim_within_seconds: Option<u32>,
}

impl Request {
    /// Bytes of what has no small bound of its own, as JSON.
    pub fn size(&self) -> usize {
        let opaque = |json: &Opaque| json.get().len();
        let text = |text: &Option<String>| text.as_deref().map_or(0, written);
        opaque(&self.context)
            + opaque(&self.metadata)
            + self.checkpoint.as_ref().map_or(0, opaque)
            + self.view.as_ref().map_or(0, opaque)
            + self.response_schema.as_ref().map_or(0, opaque)
            + self.notify.as_ref().map_or(0, opaque)
            + self.executors.iter().map(|name| written(name.as_str()) + 3).sum::<usize>()
            + text(&self.title)
            + text(&self.description)
    }
}

/// Bytes of everything in an approval that has a small bound of its own: names, ids, moments.
const FIXED: usize = 1024;

/// Bytes that an approval takes when it is asked for. It grows by each vote ([`Vote::size`]) and by its outcome
/// ([`Ending::size`]). This is the one measure that lists, waits and decisions go by: it is kept with the row, so that
/// it is known before the row is read.
///
/// [`Vote::size`]: super::decision::Vote::size
pub fn size(request: &Request, policy: &Policy, escalation: &Escalation) -> usize {
    FIXED + request.size() + policy.size() + escalation.size()
}

/// Bytes of a text in JSON, without its quotation marks.
pub fn written(text: &str) -> usize {
    let byte = |byte: u8| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 2,
        0..0x20 => 6,
        _ => 1,
    };
    text.bytes().map(byte).sum()
}

/// What a deadline does to an approval that nobody answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TimeoutAction {
    #[default]
    Expire,
    Approve,
    Reject,
    /// Hands it to the next level; expires where there is none.
    Escalate,
}

/// What a deadline makes of an approval.
#[derive(Debug, Clone, PartialEq)]
pub enum TimedOut {
    End(Ending),
    Escalate,
}

/// Which way it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Resolution {
    Approved,
    Rejected,
    /// Approved with the proposal edited.
    Modified,
}

/// What ended it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    Human,
    Rule,
    Timeout,
    RunDeleted,
}

/// The closed vocabulary of `status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Pending,
    Resolved,
    Expired,
    Cancelled,
}

/// What was said with a decision.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Outcome {
    /// Why it came to that.
    pub because: Option<Because>,
    /// In whose seat the last vote was cast, where that was not the voter's own.
    pub seat: Option<PrincipalName>,
    pub feedback: Option<String>,
    pub comment: Option<String>,
    pub modifications: Option<Modifications>,
    /// Of the modifications. The version before kept none.
    pub modifications_digest: Option<Digest>,
}

/// How an approval ended, with the evidence.
#[derive(Debug, Clone, PartialEq)]
pub enum Ending {
    Resolved { resolution: Resolution, via: Via, by: Option<Actor>, outcome: Outcome },
    Expired { resolution: Option<Resolution> },
    Cancelled { via: Via, by: Option<Actor>, reason: String },
}

/// Where an approval stands.
#[derive(Debug, Clone, PartialEq)]
pub enum State {
    Pending,
    Final { ending: Ending, at: DateTime<Utc> },
}

/// A final state was to be left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the approval has ended already")]
pub struct InvalidTransition;

impl State {
    /// The only way out of pending.
    pub fn end(self, ending: Ending, at: DateTime<Utc>) -> Result<Self, InvalidTransition> {
        match self {
            Self::Pending => Ok(Self::Final { ending, at }),
            Self::Final { .. } => Err(InvalidTransition),
        }
    }

    pub fn is_final(&self) -> bool {
        matches!(self, Self::Final { .. })
    }

    pub fn status(&self) -> Status {
        match self {
            Self::Pending => Status::Pending,
            Self::Final { ending, .. } => ending.status(),
        }
    }

    /// Why nobody can change it any more; `None` while it is pending.
    pub fn refusal(&self) -> Option<Refusal> {
        match self.status() {
            Status::Pending => None,
            Status::Resolved => Some(Refusal::AlreadyDecided),
            Status::Expired => Some(Refusal::Expired),
            Status::Cancelled => Some(Refusal::Cancelled),
        }
    }
}

impl Ending {
    /// Puts together again what is kept or sent in parts. `None` for parts that the state machine can't have produced.
    pub fn of(
        status: Status,
        resolution: Option<Resolution>,
        via: Via,
        by: Option<Actor>,
        said: Outcome,
    ) -> Option<Self> {
        Some(match status {
            Status::Pending => return None,
            Status::Resolved => Self::Resolved { resolution: resolution?, via, by, outcome: said },
            Status::Expired => Self::Expired { resolution },
            Status::Cancelled => Self::Cancelled { via, by, reason: said.feedback? },
        })
    }

    /// The part of it that people said. The reason of a cancellation is its feedback.
    pub fn said(&self) -> Outcome {
        match self {
            Self::Resolved { outcome, .. } => outcome.clone(),
            Self::Cancelled { reason, .. } => {
                Outcome { feedback: Some(reason.clone()), ..Outcome::default() }
            }
            Self::Expired { .. } => Outcome::default(),
        }
    }

    pub fn status(&self) -> Status {
        match self {
            Self::Resolved { .. } => Status::Resolved,
            Self::Expired { .. } => Status::Expired,
            Self::Cancelled { .. } => Status::Cancelled,
        }
    }

    pub fn resolution(&self) -> Option<Resolution> {
        match self {
            Self::Resolved { resolution, .. } => Some(*resolution),
            Self::Expired { resolution } => *resolution,
            Self::Cancelled { .. } => None,
        }
    }

    /// Bytes that the approval grows by when it ends like this, as JSON.
    pub fn size(&self) -> usize {
        match self {
            Self::Resolved { outcome: Outcome { feedback, comment, modifications, .. }, .. } => {
                let text = |text: &Option<String>| text.as_deref().map_or(0, written);
                let edits = modifications.as_ref().map_or(0, |edits| edits.0.get().len());
                text(feedback) + text(comment) + edits
            }
            Self::Expired { .. } => 0,
            Self::Cancelled { reason, .. } => written(reason),
        }
    }

    pub fn via(&self) -> Via {
        match self {
            Self::Resolved { via, .. } | Self::Cancelled { via, .. } => *via,
            Self::Expired { .. } => Via::Timeout,
        }
    }

    /// In whose seat the one who ended it voted, where that was not their own.
    pub fn seat(&self) -> Option<&PrincipalName> {
        match self {
            Self::Resolved { outcome, .. } => outcome.seat.as_ref(),
            Self::Cancelled { .. } | Self::Expired { .. } => None,
        }
    }

    pub fn by(&self) -> Option<&Actor> {
        match self {
            Self::Resolved { by, .. } | Self::Cancelled { by, .. } => by.as_ref(),
            Self::Expired { .. } => None,
        }
    }
}

impl TimeoutAction {
    /// What a deadline makes of an approval. Told apart from what a person did, for ever: the status is `expired`
    /// even where the timeout action then approved or rejected it.
    pub fn apply(self, has_next_level: bool) -> TimedOut {
        let resolution = match self {
            Self::Escalate if has_next_level => return TimedOut::Escalate,
            Self::Expire | Self::Escalate => None,
            Self::Approve => Some(Resolution::Approved),
            Self::Reject => Some(Resolution::Rejected),
        };
        TimedOut::End(Ending::Expired { resolution })
    }
}

/// What it takes to know of an approval to end it, and to tell of that. Ending a hundred large ones reads none of what
/// makes them large.
#[derive(Debug, Clone)]
pub struct Brief {
    pub id: ApprovalId,
    pub workspace: WorkspaceId,
    pub task_id: CallerName,
    pub version: i32,
    pub timeout_action: TimeoutAction,
    pub escalation_level: i32,
    pub has_next_level: bool,
    pub expires_at: DateTime<Utc>,
}

impl Brief {
    /// What its deadline makes of it.
    pub fn time_out(&self) -> TimedOut {
        self.timeout_action.apply(self.has_next_level)
    }
}

impl From<&Approval> for Brief {
    fn from(approval: &Approval) -> Self {
        Self {
            id: approval.id,
            workspace: approval.workspace,
            task_id: approval.request.task_id.clone(),
            version: approval.version,
            timeout_action: approval.request.timeout_action,
            escalation_level: approval.escalation_level,
            has_next_level: approval.has_next_level(),
            expires_at: approval.expires_at,
        }
    }
}

impl Approval {
    /// Bytes that it takes, without its votes.
    pub fn size(&self) -> usize {
        let ending = match &self.state {
            State::Pending => 0,
            State::Final { ending, .. } => ending.size(),
        };
        size(&self.request, &self.policy, &self.escalation) + ending
    }

    /// Of what is asked. Where the version before asked, none was kept. This needs the whole approval then, and takes 15 ms
    /// for the largest. `None` where it took in what has no canonical form.
    pub fn digest(&self) -> Option<Digest> {
        self.kept_digest.or_else(|| self.compute_digest())
    }

    pub fn compute_digest(&self) -> Option<Digest> {
        let Self { id, workspace, request, requested_by, on_behalf_of, .. } = self;
        Digest::of_request((*workspace, *id), request, requested_by, on_behalf_of.as_ref())
    }

    /// What must be agreed to at the level where it stands.
    pub fn policy_now(&self) -> &Policy {
        self.escalation.level(self.escalation_level).map_or(&self.policy, |level| &level.policy)
    }

    pub fn has_next_level(&self) -> bool {
        self.escalation.level(self.escalation_level + 1).is_some()
    }

    /// Looks for what is still missing, by the votes at the level where it stands.
    pub fn look_for_progress(&mut self, votes: &[Vote]) {
        self.progress = (!self.state.is_final()).then(|| {
            let here: Vec<Vote> =
                votes.iter().filter(|vote| vote.level == self.escalation_level).cloned().collect();
            self.policy_now().missing(&here, &self.asked())
        });
    }

    pub fn asked(&self) -> Asked<'_> {
        Asked { by: &self.requested_by, on_behalf_of: self.on_behalf_of.as_ref() }
    }

    /// What its deadline makes of it.
    pub fn time_out(&self) -> TimedOut {
        self.request.timeout_action.apply(self.has_next_level())
    }
}

vocabulary! {
    Status { Pending = "pending", Resolved = "resolved", Expired = "expired", Cancelled = "cancelled" }
    Resolution { Approved = "approved", Rejected = "rejected", Modified = "modified" }
    Via { Human = "human", Rule = "rule", Timeout = "timeout", RunDeleted = "run_deleted" }
    TimeoutAction { Expire = "expire", Approve = "approve", Reject = "reject", Escalate = "escalate" }
}

#[cfg(test)]
pub(crate) mod tests;
