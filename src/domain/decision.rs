//! One person's answer, and what it does to an approval.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    answer_form::{self, Fault},
    approval::{Approval, Ending, Opaque, Outcome, Resolution, State, Via, written},
    digest::Digest,
    edits,
    ids::DecisionId,
    names::PrincipalName,
    policy::{
        Actor, Because, Selector, Tally,
        admission::{Admission, Denied, NotEligible, Voter, Wish},
    },
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

/// Edits to a proposal: an object that is not empty, kept as it was written, compared by what it says.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Modifications(pub Opaque);

impl PartialEq for Modifications {
    fn eq(&self, other: &Self) -> bool {
        let read = |it: &Self| serde_json::from_str::<Value>(it.0.get()).ok();
        self.0.get() == other.0.get() || read(self) == read(other)
    }
}

/// A vote that was recorded, as far as the rules need it.
#[derive(Debug, Clone, PartialEq)]
pub struct Vote {
    pub by: Actor,
    /// In whose seat; `None`: in their own.
    pub seat: Option<Actor>,
    pub level: i32,
    pub verdict: Verdict,
    /// The edits of the first approval at its level; `None` where that took the proposal as it stands. All others have
    /// the same edits, or they would have been refused: of those votes they are not kept here, and not read.
    pub modifications: Option<Modifications>,
    /// False for an approval while its approver, or the owner of the seat, is disabled and nothing is decided. A rejection
    /// always counts.
    pub counts: bool,
    /// What of the policy admitted it.
    pub counted_as: Vec<Selector>,
}

/// Bytes that a vote takes besides its names and edits, and that a selector takes besides its text.
const FIXED: usize = 256;
const SELECTOR: usize = 32;

impl Vote {
    /// A ballot that counts, behind the votes before it.
    pub fn new(votes: &[Self], ballot: &Ballot, admission: &Admission, level: i32) -> Self {
        let is_first = ballot.verdict == Verdict::Approved && first_approval(votes, level).is_none();
        Self {
            by: ballot.by().clone(),
            seat: admission.seat.as_ref().map(|seat| seat.owner.clone()),
            level,
            verdict: ballot.verdict,
            modifications: ballot.modifications.clone().filter(|_| is_first),
            counts: true,
            counted_as: admission.counted_as.clone(),
        }
    }

    /// Bytes that it takes to read it with its approval.
    pub fn size(&self) -> usize {
        let seat = self.seat.as_ref().map_or(0, |seat| written(seat.name.as_str()));
        let selectors: usize = self.counted_as.iter().map(selector_size).sum();
        vote_size(&self.by.name)
            + seat
            + selectors
            + self.modifications.as_ref().map_or(0, |edits| edits.0.get().len())
    }

    /// Whose places it takes: the voter's, and the owner's of the seat.
    pub fn names(&self) -> impl Iterator<Item = &PrincipalName> {
        [Some(&self.by), self.seat.as_ref()].into_iter().flatten().map(|actor| &actor.name)
    }
}

/// Bytes that a vote in the voter's own right takes, besides its edits and what admits it.
pub fn vote_size(by: &PrincipalName) -> usize {
    FIXED + written(by.as_str())
}

/// Bytes that one reason takes why a vote is admitted.
pub fn selector_size(selector: &Selector) -> usize {
    written(&selector.to_string()) + SELECTOR
}

fn first_approval(votes: &[Vote], level: i32) -> Option<&Vote> {
    votes.iter().find(|vote| vote.level == level && vote.verdict == Verdict::Approved)
}

/// A vote that a person wants to cast.
#[derive(Debug, Clone)]
pub struct Ballot {
    pub id: DecisionId,
    pub voter: Arc<Voter>,
    /// In whose seat, where the voter says so.
    pub seat: Option<PrincipalName>,
    pub verdict: Verdict,
    pub modifications: Option<Modifications>,
    /// Of the modifications, once it is computed.
    pub modifications_digest: Option<Digest>,
    /// Of what the voter was shown, where the voter says so.
    pub digest: Option<Digest>,
    /// An approver's comment, or a rejecter's reason.
    pub feedback: Option<String>,
    /// What a rejecter added to the reason.
    pub comment: Option<String>,
    pub metadata: Option<Opaque>,
}

impl Ballot {
    pub fn by(&self) -> &Actor {
        &self.voter.member.actor
    }
}

/// Why an approval stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("somebody has decided it already")]
    AlreadyDecided,
    #[error("it was cancelled")]
    Cancelled,
    #[error("its deadline has passed")]
    Expired,
    #[error("you have voted otherwise already")]
    AlreadyVoted,
    #[error("{by} has voted in this seat already")]
    SeatTaken { by: PrincipalName },
    #[error("your modifications differ from those of the first approver")]
    ModificationsDiffer,
    #[error("it has changed since the version that If-Match names")]
    VersionConflict,
    #[error("what it asks is not what digest says that you were shown")]
    DigestMismatch,
    #[error("its policy wants the digest of what you were shown")]
    DigestMissing,
    #[error("it stands at level {at}, not at the one that from_level names")]
    OtherLevel { at: i32 },
    #[error("there is no further level")]
    NoFurtherLevel,
    #[error("its deadline may be moved by {left} s more at this level")]
    ExtendedEnough { left: u32 },
    #[error("its deadline was moved {most} times at this level already")]
    ExtendedTooOften { most: u32 },
    #[error(transparent)]
    NotEligible(#[from] NotEligible),
    #[error(transparent)]
    MalformedEdits(#[from] edits::Malformed),
    #[error("the modifications don't fit its response_schema")]
    Misfit(Vec<Fault>),
}

/// What a ballot comes to.
#[derive(Debug, Clone, PartialEq)]
pub enum Cast {
    /// The same person said the same before: nothing changes.
    Same,
    /// Counted, but more votes are needed.
    Counted(Admission),
    /// Counted, and it ends the approval.
    Decisive(Admission, Ending),
    /// The same person said the same before, and it ends the approval now: a vote that didn't count then does now.
    Concluded(Ending),
}

/// Applies a ballot to a pending or final approval whose votes so far are `votes`.
///
/// The order of the checks is part of the contract: a repeated answer succeeds whatever has happened since
/// (that is what makes a retry safe), then the outcome that stands, then the caller's precondition, then the
/// person. The deadline is not looked at here: only the database's clock can tell, under the row's lock. `at` is when
/// the votes were read: seats that had closed by then are closed.
pub fn cast(
    approval: &Approval,
    votes: &[Vote],
    ballot: &Ballot,
    expected_version: &Precondition,
    at: DateTime<Utc>,
) -> Result<Cast, Refusal> {
    weigh(approval, votes, ballot, expected_version, at, Content::Checked)
}

/// What a vote would come to that says what it must: for those who ask what they may do. The approval may have been read
/// without what makes it large.
pub fn foresee(
    approval: &Approval,
    votes: &[Vote],
    ballot: &Ballot,
    at: DateTime<Utc>,
) -> Result<Cast, Refusal> {
    weigh(approval, votes, ballot, &Precondition::None, at, Content::Assumed)
}

/// Whether what a vote says is looked at, and that it has seen what is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Content {
    Checked,
    Assumed,
}

fn weigh(
    approval: &Approval,
    votes: &[Vote],
    ballot: &Ballot,
    expected_version: &Precondition,
    at: DateTime<Utc>,
    content: Content,
) -> Result<Cast, Refusal> {
    let level = approval.escalation_level;
    let earlier = votes.iter().find(|vote| vote.by.id == ballot.by().id && vote.level == level);
    let agreed = first_approval(votes, level);
    // All who have approved have done so with the edits of the first.
    let is_same = |earlier: &Vote| match (earlier.verdict, agreed) {
        (Verdict::Approved, Some(first)) => {
            ballot.verdict == Verdict::Approved && first.modifications == ballot.modifications
        }
        (verdict, _) => verdict == ballot.verdict,
    };
    // A voter who says for whom means that vote, and no other.
    let is_the_seat = |earlier: &Vote| {
        ballot.seat.as_ref().is_none_or(|name| earlier.seat.as_ref().is_some_and(|seat| seat.name == *name))
    };
    if earlier.is_some_and(|earlier| is_same(earlier) && is_the_seat(earlier)) {
        return Ok(repeated(approval, votes, ballot, expected_version));
    }
    if let Some(refusal) = approval.state.refusal() {
        return Err(refusal);
    }
    expected_version.check(approval.version)?;
    if content == Content::Checked {
        check_digest(approval, ballot)?;
    }
    let mut here = at_level(votes, level);
    let wish = Wish {
        verdict: ballot.verdict,
        approval_type: &approval.request.approval_type,
        seat: ballot.seat.as_ref(),
        at,
    };
    let admitted = approval.policy_now().admit(&approval.asked(), &ballot.voter, wish, &here);
    let admission = match admitted {
        Err(Denied::NotEligible(why)) => return Err(why.into()),
        _ if earlier.is_some() => return Err(Refusal::AlreadyVoted),
        Err(Denied::SeatTaken { by }) => return Err(Refusal::SeatTaken { by }),
        Ok(admission) => admission,
    };
    // The first approver's edits were checked when they were sent. Who agrees with them is not asked for another form.
    let is_agreed = agreed.is_some_and(|first| first.modifications == ballot.modifications);
    if let Some(edits) = ballot.modifications.as_ref().filter(|_| !is_agreed) {
        edits::check(&approval.request.approval_type, edits)?;
    }
    if let Some(schema) = approval.request.response_schema.as_ref()
        && ballot.verdict == Verdict::Approved
        && content == Content::Checked
        && !is_agreed
    {
        answer_form::fits(schema, ballot.modifications.as_ref()).map_err(Refusal::Misfit)?;
    }
    if ballot.verdict == Verdict::Approved && agreed.is_some() && !is_agreed {
        return Err(Refusal::ModificationsDiffer);
    }
    here.push(Vote::new(votes, ballot, &admission, level));
    let seat = admission.seat.as_ref().map(|seat| seat.owner.name.clone());
    Ok(match conclusion(approval, &here, ballot, seat) {
        None => Cast::Counted(admission),
        Some(ending) => Cast::Decisive(admission, ending),
    })
}

/// The same again. Mostly that changes nothing. But an approver may be enabled again whose vote did not count meanwhile.
fn repeated(approval: &Approval, votes: &[Vote], ballot: &Ballot, expected: &Precondition) -> Cast {
    if approval.state.is_final() || expected.check(approval.version).is_err() {
        return Cast::Same;
    }
    let here = at_level(votes, approval.escalation_level);
    let seat = here.iter().find(|vote| vote.by.id == ballot.by().id).and_then(|vote| vote.seat.as_ref());
    let seat = seat.map(|seat| seat.name.clone());
    conclusion(approval, &here, ballot, seat).map_or(Cast::Same, Cast::Concluded)
}

fn at_level(votes: &[Vote], level: i32) -> Vec<Vote> {
    votes.iter().filter(|vote| vote.level == level).cloned().collect()
}

/// What the votes of a level, with that of `ballot` among them, make of it. A rejection never concludes what the others
/// approved.
fn conclusion(
    approval: &Approval,
    votes: &[Vote],
    ballot: &Ballot,
    seat: Option<PrincipalName>,
) -> Option<Ending> {
    let (resolution, because) = match (approval.policy_now().tally(votes, &approval.asked()), ballot.verdict)
    {
        (Tally::Rejected(because), Verdict::Rejected) => (Resolution::Rejected, because),
        (Tally::Approved, Verdict::Approved) if ballot.modifications.is_some() => {
            (Resolution::Modified, Because::Quorum)
        }
        (Tally::Approved, Verdict::Approved) => (Resolution::Approved, Because::Quorum),
        _ => return None,
    };
    Some(Ending::Resolved {
        resolution,
        via: Via::Human,
        by: Some(ballot.by().clone()),
        outcome: Outcome {
            because: Some(because),
            seat,
            feedback: ballot.feedback.clone(),
            comment: ballot.comment.clone(),
            modifications: ballot.modifications.clone(),
            modifications_digest: ballot.modifications_digest,
        },
    })
}

/// A voter who says what they were shown has decided about that, and about nothing else.
fn check_digest(approval: &Approval, ballot: &Ballot) -> Result<(), Refusal> {
    match ballot.digest {
        Some(shown) if approval.digest() != Some(shown) => Err(Refusal::DigestMismatch),
        None if approval.policy_now().require_digest => Err(Refusal::DigestMissing),
        _ => Ok(()),
    }
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
    pub(super) fn check(&self, version: i32) -> Result<(), Refusal> {
        match self {
            Self::OneOf(versions) if !versions.contains(&version) => Err(Refusal::VersionConflict),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
