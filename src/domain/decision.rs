//! One person's answer, and what it does to an approval.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    approval::{Approval, Ending, Opaque, Outcome, Resolution, State, Via, written},
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
    pub level: i32,
    pub verdict: Verdict,
    /// The edits of the first approval at its level; `None` where that took the proposal as it stands. All others have
    /// the same edits, or they would have been refused: of those votes they are not kept here, and not read.
    pub modifications: Option<Modifications>,
}

/// Bytes that a vote takes besides the voter's name and its edits.
const FIXED: usize = 256;

impl Vote {
    /// A ballot that counts, behind the votes before it.
    pub fn new(votes: &[Self], ballot: &Ballot, level: i32) -> Self {
        let is_first = ballot.verdict == Verdict::Approved && first_approval(votes, level).is_none();
        Self {
            by: ballot.by.clone(),
            level,
            verdict: ballot.verdict,
            modifications: ballot.modifications.clone().filter(|_| is_first),
        }
    }

    /// Bytes that it takes to read it with its approval.
    pub fn size(&self) -> usize {
        FIXED
            + written(self.by.name.as_str())
            + self.modifications.as_ref().map_or(0, |edits| edits.0.get().len())
    }
}

fn first_approval(votes: &[Vote], level: i32) -> Option<&Vote> {
    votes.iter().find(|vote| vote.level == level && vote.verdict == Verdict::Approved)
}

/// A vote that somebody wants to cast.
#[derive(Debug, Clone)]
pub struct Ballot {
    pub id: DecisionId,
    pub by: Actor,
    pub verdict: Verdict,
    pub modifications: Option<Modifications>,
    /// An approver's comment, or a rejecter's reason.
    pub feedback: Option<String>,
    /// What a rejecter added to the reason.
    pub comment: Option<String>,
    pub metadata: Option<Opaque>,
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
    let agreed = first_approval(votes, level);
    // Whoever has approved has done so with the edits of the first who did.
    let is_same = |earlier: &Vote| match (earlier.verdict, agreed) {
        (Verdict::Approved, Some(first)) => {
            ballot.verdict == Verdict::Approved && first.modifications == ballot.modifications
        }
        (verdict, _) => verdict == ballot.verdict,
    };
    if earlier.is_some_and(is_same) {
        return Ok(Cast::Same);
    }
    if let Some(refusal) = approval.state.refusal() {
        return Err(refusal);
    }
    expected_version.check(approval.version)?;
    approval.policy.admits(&ballot.by, &approval.requested_by, approval.on_behalf_of.as_ref())?;
    if earlier.is_some() {
        return Err(Refusal::AlreadyVoted);
    }
    if ballot.verdict == Verdict::Approved
        && agreed.is_some_and(|first| first.modifications != ballot.modifications)
    {
        return Err(Refusal::ModificationsDiffer);
    }
    let of_this_level: Vec<Vote> = votes.iter().filter(|vote| vote.level == level).cloned().collect();
    Ok(count(approval, of_this_level, ballot))
}

fn count(approval: &Approval, mut votes: Vec<Vote>, ballot: &Ballot) -> Cast {
    votes.push(Vote::new(&votes, ballot, approval.escalation_level));
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{json, value::to_raw_value};

    use super::*;
    use crate::domain::{approval::tests::pending, ids::PrincipalId, names::PrincipalName, policy::Policy};

    fn person(number: u8) -> Actor {
        Actor {
            id: PrincipalId(uuid::Uuid::from_u128(u128::from(number))),
            name: PrincipalName::new(&format!("p{number}")).unwrap(),
        }
    }

    fn ballot(who: u8, verdict: Verdict, edits: bool) -> Ballot {
        Ballot {
            id: DecisionId::generate(),
            by: person(who),
            verdict,
            modifications: edits.then(|| Modifications(to_raw_value(&json!({ "limit": 1 })).unwrap())),
            feedback: None,
            comment: None,
            metadata: None,
        }
    }

    /// What may be tried on an approval, in any order.
    #[derive(Debug, Clone)]
    enum Step {
        Vote { who: u8, approve: bool, edits: bool, expected: Option<i32> },
        Cancel { who: u8 },
        Deadline,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            8 => (0..6u8, any::<bool>(), any::<bool>(), prop::option::of(1..6i32))
                .prop_map(|(who, approve, edits, expected)| Step::Vote { who, approve, edits, expected }),
            1 => (0..6u8).prop_map(|who| Step::Cancel { who }),
            1 => Just(Step::Deadline),
        ];
        prop::collection::vec(step, 1..24)
    }

    proptest! {
        /// Whatever is tried, and in whatever order: one outcome at most, never left; versions rise by one for
        /// each accepted change; nobody votes twice; the requester (p0) never does.
        #[test]
        fn the_state_machine_keeps_its_promises(
            steps in steps(), min_approvers in 1..4u32, rejections_to_reject in 1..3u32,
        ) {
            let mut approval = pending(person(0));
            approval.policy = Policy { min_approvers, rejections_to_reject, ..Policy::default() };
            let mut votes: Vec<Vote> = Vec::new();
            for step in steps {
                let before = approval.clone();
                let change = match step {
                    Step::Vote { who, approve, edits, expected } => {
                        let verdict = if approve { Verdict::Approved } else { Verdict::Rejected };
                        let ballot = ballot(who, verdict, approve && edits);
                        let expected = expected.map_or(Precondition::None, |it| Precondition::OneOf(vec![it]));
                        match cast(&approval, &votes, &ballot, &expected) {
                            Ok(Cast::Same) => {
                                prop_assert!(votes.iter().any(|vote| vote.by == ballot.by));
                                continue;
                            }
                            Ok(cast) => {
                                prop_assert!(who != 0, "the requester voted");
                                prop_assert!(!votes.iter().any(|vote| vote.by == ballot.by), "a second vote");
                                votes.push(Vote::new(&votes, &ballot, 0));
                                match cast { Cast::Decisive(ending) => Some(ending), _ => None }
                            }
                            Err(refusal) => {
                                let is_final = matches!(
                                    refusal, Refusal::AlreadyDecided | Refusal::Cancelled | Refusal::Expired);
                                prop_assert_eq!(is_final, approval.state.is_final());
                                continue;
                            }
                        }
                    }
                    Step::Cancel { who } => match cancel(&approval, &person(who), "no", &Precondition::None) {
                        Ok(Some(ending)) => Some(ending),
                        Ok(None) => continue,
                        Err(_) => { prop_assert!(approval.state.is_final()); continue; }
                    },
                    Step::Deadline if approval.state.is_final() => continue,
                    Step::Deadline => Some(approval.time_out()),
                };
                prop_assert!(!before.state.is_final(), "a final approval changed");
                approval.version += 1;
                if let Some(ending) = change {
                    let at = approval.updated_at;
                    approval.state = approval.state.clone().end(ending.clone(), at).unwrap();
                    prop_assert!(approval.state.clone().end(ending, at).is_err());
                }
            }
            if let State::Final { ending: Ending::Resolved { resolution, outcome, .. }, .. } = &approval.state {
                let approvals = votes.iter().filter(|vote| vote.verdict == Verdict::Approved).count();
                let rejections = votes.len() - approvals;
                if *resolution == Resolution::Rejected {
                    prop_assert_eq!(rejections, rejections_to_reject as usize);
                } else {
                    prop_assert_eq!(approvals, min_approvers as usize);
                }
                prop_assert_eq!(*resolution == Resolution::Modified, outcome.modifications.is_some());
            }
        }
    }

    #[test]
    fn the_order_of_checks_is_part_of_the_contract() {
        let mut approval = pending(person(0));
        let stale = Precondition::OneOf(vec![99]);
        let mine = ballot(1, Verdict::Approved, false);
        // The precondition before the person, the person before the vote.
        assert_eq!(
            cast(&approval, &[], &ballot(0, Verdict::Approved, false), &stale),
            Err(Refusal::VersionConflict)
        );
        assert_eq!(
            cast(&approval, &[], &ballot(0, Verdict::Approved, false), &Precondition::None),
            Err(Refusal::NotEligible(NotEligible::OwnRequest))
        );
        // The outcome before the precondition; the same again before the outcome.
        let Ok(Cast::Decisive(ending)) = cast(&approval, &[], &mine, &Precondition::None) else { panic!() };
        approval.state = approval.state.clone().end(ending, approval.updated_at).unwrap();
        let vote = Vote { by: person(1), level: 0, verdict: Verdict::Approved, modifications: None };
        assert_eq!(cast(&approval, std::slice::from_ref(&vote), &mine, &stale), Ok(Cast::Same));
        let other = ballot(2, Verdict::Approved, false);
        assert_eq!(cast(&approval, &[vote], &other, &stale), Err(Refusal::AlreadyDecided));
    }
}
