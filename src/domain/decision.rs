//! One person's answer, and what it does to an approval.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    approval::{Approval, Ending, Opaque, Outcome, Resolution, State, Via, written},
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
        let names: usize = self.names().map(|name| written(name.as_str())).sum();
        let selectors: usize = self.counted_as.iter().map(|it| written(&it.to_string()) + SELECTOR).sum();
        FIXED + names + selectors + self.modifications.as_ref().map_or(0, |edits| edits.0.get().len())
    }

    /// Whose places it takes: the voter's, and the owner's of the seat.
    pub fn names(&self) -> impl Iterator<Item = &PrincipalName> {
        [Some(&self.by), self.seat.as_ref()].into_iter().flatten().map(|actor| &actor.name)
    }
}

fn first_approval(votes: &[Vote], level: i32) -> Option<&Vote> {
    votes.iter().find(|vote| vote.level == level && vote.verdict == Verdict::Approved)
}

/// A vote that somebody wants to cast.
#[derive(Debug, Clone)]
pub struct Ballot {
    pub id: DecisionId,
    pub voter: Arc<Voter>,
    /// In whose seat, where the voter says so.
    pub seat: Option<PrincipalName>,
    pub verdict: Verdict,
    pub modifications: Option<Modifications>,
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
    #[error(transparent)]
    NotEligible(#[from] NotEligible),
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
    let level = approval.escalation_level;
    let earlier = votes.iter().find(|vote| vote.by.id == ballot.by().id && vote.level == level);
    let agreed = first_approval(votes, level);
    // Whoever has approved has done so with the edits of the first who did.
    let is_same = |earlier: &Vote| match (earlier.verdict, agreed) {
        (Verdict::Approved, Some(first)) => {
            ballot.verdict == Verdict::Approved && first.modifications == ballot.modifications
        }
        (verdict, _) => verdict == ballot.verdict,
    };
    // Whoever says for whom means that vote, and no other.
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
    if ballot.verdict == Verdict::Approved
        && agreed.is_some_and(|first| first.modifications != ballot.modifications)
    {
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
    let (resolution, because) = match (approval.policy_now().tally(votes), ballot.verdict) {
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
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use serde_json::{json, value::to_raw_value};

    use super::*;
    use crate::domain::{
        approval::tests::pending,
        ids::PrincipalId,
        names::PrincipalName,
        policy::{Kind, Member, Policy, Selectors},
    };

    fn person(number: u8) -> Actor {
        Actor {
            id: PrincipalId(uuid::Uuid::from_u128(u128::from(number))),
            name: PrincipalName::new(&format!("p{number}")).unwrap(),
        }
    }

    const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

    fn admission() -> Admission {
        Admission { seat: None, counted_as: vec![Selector::Anyone] }
    }

    fn policy(min_approvers: u32, rejections_to_reject: u32) -> Policy {
        Policy { rejections_to_reject, ..Policy::simple(min_approvers, Selectors::default()) }
    }

    fn ballot(who: u8, verdict: Verdict, edits: bool) -> Ballot {
        Ballot {
            id: DecisionId::generate(),
            voter: Arc::new(Voter {
                member: Member { actor: person(who), roles: BTreeSet::new(), groups: BTreeSet::new() },
                kind: Kind::Person,
                seats: Vec::new(),
            }),
            seat: None,
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
        Vote {
            who: u8,
            approve: bool,
            edits: bool,
            expected: Option<i32>,
        },
        Cancel {
            who: u8,
        },
        /// A person is disabled, or enabled again.
        Disable {
            who: u8,
            out: bool,
        },
        Deadline,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            8 => (0..6u8, any::<bool>(), any::<bool>(), prop::option::of(1..6i32))
                .prop_map(|(who, approve, edits, expected)| Step::Vote { who, approve, edits, expected }),
            1 => (0..6u8).prop_map(|who| Step::Cancel { who }),
            2 => (0..6u8, any::<bool>()).prop_map(|(who, out)| Step::Disable { who, out }),
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
            approval.policy = policy(min_approvers, rejections_to_reject);
            let mut votes: Vec<Vote> = Vec::new();
            for step in steps {
                let before = approval.clone();
                if let Step::Disable { who, out } = step {
                    let theirs = |vote: &&mut Vote| vote.by == person(who) && vote.verdict == Verdict::Approved;
                    votes.iter_mut().filter(theirs).for_each(|vote| vote.counts = !out);
                    continue;
                }
                let change = match step {
                    Step::Vote { who, approve, edits, expected } => {
                        let verdict = if approve { Verdict::Approved } else { Verdict::Rejected };
                        let ballot = ballot(who, verdict, approve && edits);
                        let expected = expected.map_or(Precondition::None, |it| Precondition::OneOf(vec![it]));
                        match cast(&approval, &votes, &ballot, &expected, NOW) {
                            Ok(Cast::Same) => {
                                prop_assert!(votes.iter().any(|vote| vote.by == *ballot.by()));
                                continue;
                            }
                            Ok(Cast::Concluded(ending)) => {
                                let said = |vote: &Vote| vote.by == *ballot.by() && vote.verdict == verdict;
                                prop_assert!(votes.iter().any(said));
                                Some(ending)
                            }
                            Ok(cast) => {
                                prop_assert!(who != 0, "the requester voted");
                                prop_assert!(!votes.iter().any(|vote| vote.by == *ballot.by()), "a second vote");
                                let (admission, ending) = match cast {
                                    Cast::Decisive(admission, ending) => (admission, Some(ending)),
                                    Cast::Counted(admission) => (admission, None),
                                    _ => panic!("told above"),
                                };
                                votes.push(Vote::new(&votes, &ballot, &admission, 0));
                                ending
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
                    Step::Disable { .. } => continue,
                    Step::Deadline if approval.state.is_final() => continue,
                    Step::Deadline => Some(approval.time_out()),
                };
                prop_assert!(!before.state.is_final(), "a final approval changed");
                approval.version += 1;
                if let Some(ending) = change {
                    if let Ending::Resolved { resolution, .. } = &ending {
                        let (verdict, needed) = match resolution {
                            Resolution::Rejected => (Verdict::Rejected, rejections_to_reject),
                            _ => (Verdict::Approved, min_approvers),
                        };
                        let count = votes.iter().filter(|vote| vote.verdict == verdict && vote.counts).count();
                        prop_assert!(count >= needed as usize);
                    }
                    let at = approval.updated_at;
                    approval.state = approval.state.clone().end(ending.clone(), at).unwrap();
                    prop_assert!(approval.state.clone().end(ending, at).is_err());
                }
            }
            if let State::Final { ending: Ending::Resolved { resolution, outcome, .. }, .. } = &approval.state {
                prop_assert_eq!(*resolution == Resolution::Modified, outcome.modifications.is_some());
            }
        }
    }

    /// An approval whose approver is disabled since doesn't count, and does again once the approver is back.
    #[test]
    fn an_approval_of_a_disabled_approver_waits_for_their_return() {
        let mut approval = pending(person(0));
        approval.policy = policy(2, 2);
        let by = |who, counts| Vote {
            counts,
            ..Vote::new(&[], &ballot(who, Verdict::Approved, false), &admission(), 0)
        };
        let none = Precondition::None;
        let second = ballot(2, Verdict::Approved, false);
        assert_eq!(cast(&approval, &[by(1, false)], &second, &none, NOW), Ok(Cast::Counted(admission())));
        assert!(matches!(cast(&approval, &[by(1, true)], &second, &none, NOW), Ok(Cast::Decisive(..))));
        // What was agreed on stays agreed on.
        let other = ballot(2, Verdict::Approved, true);
        assert_eq!(cast(&approval, &[by(1, false)], &other, &none, NOW), Err(Refusal::ModificationsDiffer));
        assert_eq!(cast(&approval, &[by(1, false), by(2, true)], &second, &none, NOW), Ok(Cast::Same));
        let back = [by(1, true), by(2, true)];
        assert!(matches!(cast(&approval, &back, &second, &none, NOW), Ok(Cast::Concluded(_))));
        assert_eq!(cast(&approval, &back, &second, &Precondition::OneOf(vec![99]), NOW), Ok(Cast::Same));
        // A rejection doesn't conclude what the others approved.
        assert_eq!(
            cast(&approval, &back, &ballot(3, Verdict::Rejected, false), &none, NOW),
            Ok(Cast::Counted(admission()))
        );
    }

    #[test]
    fn the_order_of_checks_is_part_of_the_contract() {
        let mut approval = pending(person(0));
        let stale = Precondition::OneOf(vec![99]);
        let mine = ballot(1, Verdict::Approved, false);
        // The precondition before the person, the person before the vote.
        assert_eq!(
            cast(&approval, &[], &ballot(0, Verdict::Approved, false), &stale, NOW),
            Err(Refusal::VersionConflict)
        );
        assert_eq!(
            cast(&approval, &[], &ballot(0, Verdict::Approved, false), &Precondition::None, NOW),
            Err(Refusal::NotEligible(NotEligible::OwnRequest))
        );
        // The outcome before the precondition; the same again before the outcome.
        let Ok(Cast::Decisive(_, ending)) = cast(&approval, &[], &mine, &Precondition::None, NOW) else {
            panic!()
        };
        approval.state = approval.state.clone().end(ending, approval.updated_at).unwrap();
        let vote = Vote::new(&[], &mine, &admission(), 0);
        assert_eq!(cast(&approval, std::slice::from_ref(&vote), &mine, &stale, NOW), Ok(Cast::Same));
        let other = ballot(2, Verdict::Approved, false);
        assert_eq!(cast(&approval, &[vote], &other, &stale, NOW), Err(Refusal::AlreadyDecided));
    }
}
