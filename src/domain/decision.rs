//! One person's answer, and what it does to an approval.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    approval::{Approval, Ending, Outcome, Resolution, State, Via},
    ids::DecisionId,
    policy::{Actor, NotEligible, Tally},
};

/// What a person said. Editing the proposal is approving it with modifications.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    Approved,
    Rejected,
}

impl Verdict {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        }
    }
}

/// A vote that was recorded, as far as the rules need it.
#[derive(Debug, Clone, PartialEq)]
pub struct Vote {
    pub by: Actor,
    pub level: i32,
    pub verdict: Verdict,
    /// `None` where the proposal was taken as it stands; never an empty object.
    pub modifications: Option<Value>,
}

/// A vote that somebody wants to cast.
#[derive(Debug, Clone)]
pub struct Ballot {
    pub id: DecisionId,
    pub by: Actor,
    pub verdict: Verdict,
    pub modifications: Option<Value>,
    /// An approver's comment, or a rejecter's reason.
    pub feedback: Option<String>,
    /// What a rejecter added to the reason.
    pub comment: Option<String>,
    pub metadata: Option<Value>,
}

/// Why an approval stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("somebody has decided it already")]
    AlreadyDecided,
    #[error("it was cancelled")]
    Cancelled,
    #[error("its deadline has passed")]
    Expired,
    #[error("you have voted otherwise already")]
    AlreadyVoted,
    #[error("your modifications differ from those of the first approver")]
    ModificationsDiffer,
    #[error("it has changed since the version that If-Match names")]
    VersionConflict,
    #[error(transparent)]
    NotEligible(#[from] NotEligible),
}

/// What a ballot comes to.
#[derive(Debug, Clone, PartialEq)]
pub enum Cast {
    /// The same person said the same before: nothing changes.
    Same,
    /// Counted, but more votes are needed.
    Counted,
    /// Counted, and it ends the approval.
    Decisive(Ending),
}

/// Applies a ballot to a pending or final approval whose votes so far are `votes`.
///
/// The order of the checks is part of the contract: a repeated answer succeeds whatever has happened since
/// (that is what makes a retry safe), then the outcome that stands, then the caller's precondition, then the
/// person. The deadline is not looked at here: only the database's clock can tell, under the row's lock.
pub fn cast(
    approval: &Approval,
    votes: &[Vote],
    ballot: &Ballot,
    expected_version: &Precondition,
) -> Result<Cast, Refusal> {
    let level = approval.escalation_level;
    let earlier = votes.iter().find(|vote| vote.by.id == ballot.by.id && vote.level == level);
    if earlier
        .is_some_and(|vote| vote.verdict == ballot.verdict && vote.modifications == ballot.modifications)
    {
        return Ok(Cast::Same);
    }
    if let Some(refusal) = approval.state.refusal() {
        return Err(refusal);
    }
    expected_version.check(approval.version)?;
    approval.policy.admits(&ballot.by, &approval.requested_by)?;
    if earlier.is_some() {
        return Err(Refusal::AlreadyVoted);
    }
    let of_this_level: Vec<Vote> = votes.iter().filter(|vote| vote.level == level).cloned().collect();
    check_modifications(&of_this_level, ballot)?;
    Ok(count(approval, of_this_level, ballot))
}

fn check_modifications(votes: &[Vote], ballot: &Ballot) -> Result<(), Refusal> {
    let first_approval = votes.iter().find(|vote| vote.verdict == Verdict::Approved);
    match (ballot.verdict, first_approval) {
        (Verdict::Approved, Some(first)) if first.modifications != ballot.modifications => {
            Err(Refusal::ModificationsDiffer)
        }
        _ => Ok(()),
    }
}

fn count(approval: &Approval, mut votes: Vec<Vote>, ballot: &Ballot) -> Cast {
    votes.push(Vote {
        by: ballot.by.clone(),
        level: approval.escalation_level,
        verdict: ballot.verdict,
        modifications: ballot.modifications.clone(),
    });
    let resolution = match approval.policy.tally(&votes) {
        Tally::Open { .. } => return Cast::Counted,
        Tally::Rejected => Resolution::Rejected,
        Tally::Approved if ballot.modifications.is_some() => Resolution::Modified,
        Tally::Approved => Resolution::Approved,
    };
    Cast::Decisive(Ending::Resolved {
        resolution,
        via: Via::Human,
        by: Some(ballot.by.clone()),
        outcome: Outcome {
            feedback: ballot.feedback.clone(),
            comment: ballot.comment.clone(),
            modifications: ballot.modifications.clone(),
        },
    })
}

/// Cancels a pending approval. The same person cancelling again changes nothing and succeeds (`None`).
pub fn cancel(
    approval: &Approval,
    by: &Actor,
    reason: &str,
    expected_version: &Precondition,
) -> Result<Option<Ending>, Refusal> {
    if let State::Final { ending: Ending::Cancelled { by: Some(canceller), via: Via::Human, .. }, .. } =
        &approval.state
        && canceller.id == by.id
    {
        return Ok(None);
    }
    if let Some(refusal) = approval.state.refusal() {
        return Err(refusal);
    }
    expected_version.check(approval.version)?;
    Ok(Some(Ending::Cancelled { via: Via::Human, by: Some(by.clone()), reason: reason.to_owned() }))
}

/// What `If-Match` asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Precondition {
    #[default]
    None,
    /// One of these versions (empty: none can match).
    OneOf(Vec<i32>),
}

impl Precondition {
    fn check(&self, version: i32) -> Result<(), Refusal> {
        match self {
            Self::OneOf(versions) if !versions.contains(&version) => Err(Refusal::VersionConflict),
            _ => Ok(()),
        }
    }
}
