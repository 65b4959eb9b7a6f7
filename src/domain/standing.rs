//! What a person may do to an approval as it stands, and why not: told before they try.
//!
//! It asks the functions that decide, so what is told can't differ from what is done. It decides nothing itself.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::{
    approval::{Approval, Status},
    decision::{self, Ballot, Cast, Precondition, Refusal, Verdict, Vote},
    escalation::{self, Push},
    ids::DecisionId,
    names::PrincipalName,
    policy::admission::{Denied, NotEligible, Voter, Wish},
};

/// What the credential of a person allows.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is a permission of its own")]
pub struct Allowed {
    pub approve: bool,
    pub reject: bool,
    pub cancel: bool,
    pub escalate: bool,
    pub extend: bool,
}

/// An approval as it was read.
#[derive(Debug, Clone, Copy)]
pub struct Reading<'a> {
    pub approval: &'a Approval,
    /// At least those of the level where it stands.
    pub votes: &'a [Vote],
    /// Its deadline has passed, and nothing has settled it yet.
    pub due: bool,
    /// When it was read.
    pub at: DateTime<Utc>,
}

/// Why something can't be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    NoPermission,
    /// Its deadline has passed.
    Due,
    /// It has ended.
    Ended(Status),
    /// They have voted at this level.
    Voted,
    /// An approver has taken it as it stands, so nobody after them may edit it.
    TakenAsItIs,
    /// The first approver has edited it, so all others must agree to the same edits.
    EditedAlready,
    Refused(Refusal),
}

/// What a vote would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It ends the approval.
    Resolves,
    /// It counts, and more are needed.
    Counts,
}

impl Effect {
    pub const WORDS: &'static [&'static str] = &["resolves", "counts"];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Resolves => "resolves",
            Self::Counts => "counts",
        }
    }
}

/// All that a person may want to do.
pub const VERBS: &[&str] = &["approve", "edit", "reject", "cancel", "escalate", "extend"];

/// One thing that a person may want to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// They may. A vote says what it would do.
    May(Option<Effect>),
    /// They may in several seats, and must say in whose.
    MayFor(Vec<PrincipalName>),
    MayNot(Why),
}

impl Standing {
    pub fn is_allowed(&self) -> bool {
        !matches!(self, Self::MayNot(_))
    }
}

/// A person's vote at the level where an approval stands.
pub fn own_vote<'a>(reading: Reading<'a>, voter: &Voter) -> Option<&'a Vote> {
    let level = reading.approval.escalation_level;
    reading.votes.iter().find(|vote| vote.level == level && vote.by.id == voter.member.actor.id)
}

impl Reading<'_> {
    /// Why nobody can do anything with it.
    fn closed(&self) -> Option<Why> {
        match self.approval.state.status() {
            Status::Pending => self.due.then_some(Why::Due),
            status => Some(Why::Ended(status)),
        }
    }

    /// Whether they may vote so. What it would do is not looked at: that takes longer, and this is asked of many.
    pub fn vote(&self, voter: &Voter, allowed: bool, verdict: Verdict) -> Standing {
        if let Some(why) = self.closed() {
            return Standing::MayNot(why);
        }
        if !allowed {
            return Standing::MayNot(Why::NoPermission);
        }
        if own_vote(*self, voter).is_some() {
            return Standing::MayNot(Why::Voted);
        }
        let approval = self.approval;
        let level = approval.escalation_level;
        let of_this_level = |vote: &&Vote| vote.level == level;
        let of_several;
        let here = if self.votes.iter().all(|vote| vote.level == level) {
            self.votes
        } else {
            of_several = self.votes.iter().filter(of_this_level).cloned().collect::<Vec<_>>();
            &of_several
        };
        let wish = Wish { verdict, approval_type: &approval.request.approval_type, seat: None, at: self.at };
        match approval.policy_now().admit(&approval.asked(), voter, wish, here) {
            Ok(_) => Standing::May(None),
            Err(Denied::NotEligible(NotEligible::SeveralSeats(names))) => Standing::MayFor(names),
            Err(Denied::NotEligible(why)) => Standing::MayNot(Why::Refused(why.into())),
            Err(Denied::SeatTaken { by }) => Standing::MayNot(Why::Refused(Refusal::SeatTaken { by })),
        }
    }

    /// The same, and what it would do.
    pub fn vote_with_effect(&self, voter: &Arc<Voter>, allowed: bool, verdict: Verdict) -> Standing {
        let standing = self.vote(voter, allowed, verdict);
        if !matches!(standing, Standing::May(_)) {
            return standing;
        }
        // An approval agrees to the edits of the first one.
        let agreed = self.first_approval().and_then(|first| first.modifications.clone());
        let ballot = Ballot {
            id: DecisionId::generate(),
            voter: voter.clone(),
            seat: None,
            verdict,
            modifications: agreed.filter(|_| verdict == Verdict::Approved),
            modifications_digest: None,
            digest: None,
            feedback: None,
            comment: None,
            metadata: None,
        };
        match decision::foresee(self.approval, self.votes, &ballot, self.at) {
            Ok(Cast::Decisive(..) | Cast::Concluded(_)) => Standing::May(Some(Effect::Resolves)),
            Ok(Cast::Counted(_) | Cast::Same) => Standing::May(Some(Effect::Counts)),
            Err(refusal) => Standing::MayNot(Why::Refused(refusal)),
        }
    }

    /// Whether they may approve it with edits of their own.
    pub fn edit(&self, approve: &Standing) -> Standing {
        match (approve, self.first_approval()) {
            (Standing::MayNot(_), _) | (_, None) => approve.clone(),
            (_, Some(first)) if first.modifications.is_some() => Standing::MayNot(Why::EditedAlready),
            (_, Some(_)) => Standing::MayNot(Why::TakenAsItIs),
        }
    }

    fn first_approval(&self) -> Option<&Vote> {
        let level = self.approval.escalation_level;
        self.votes.iter().find(|vote| vote.level == level && vote.verdict == Verdict::Approved)
    }

    pub fn cancel(&self, allowed: bool) -> Standing {
        self.of(allowed, Ok(()))
    }

    pub fn escalate(&self, voter: &Voter, allowed: bool) -> Standing {
        let push = Push { by: voter.member.actor.clone(), reason: String::new(), from_level: None };
        self.of(allowed, escalation::escalate(self.approval, &push, &Precondition::None).map(drop))
    }

    pub fn extend(&self, voter: &Voter, allowed: bool) -> Standing {
        self.of(allowed, escalation::extend(self.approval, voter, 1, &Precondition::None, self.at))
    }

    fn of(&self, allowed: bool, tried: Result<(), Refusal>) -> Standing {
        match (self.closed(), tried) {
            (Some(why), _) => Standing::MayNot(why),
            (None, _) if !allowed => Standing::MayNot(Why::NoPermission),
            (None, Err(refusal)) => Standing::MayNot(Why::Refused(refusal)),
            (None, Ok(())) => Standing::May(None),
        }
    }
}

impl Why {
    /// All that [`Self::code`] may say.
    pub const CODES: &'static [&'static str] = &[
        "no_permission",
        "due",
        "ended",
        "voted",
        "taken_as_it_is",
        "edited_already",
        "seat_taken",
        "no_further_level",
        "extended_enough",
        "own_request",
        "service",
        "may_not_extend",
        "not_named",
        "refused",
    ];

    /// The word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoPermission => "no_permission",
            Self::Due => "due",
            Self::Ended(_) => "ended",
            Self::Voted => "voted",
            Self::TakenAsItIs => "taken_as_it_is",
            Self::EditedAlready => "edited_already",
            Self::Refused(refusal) => match refusal {
                Refusal::SeatTaken { .. } => "seat_taken",
                Refusal::NoFurtherLevel => "no_further_level",
                Refusal::ExtendedEnough { .. } | Refusal::ExtendedTooOften { .. } => "extended_enough",
                Refusal::NotEligible(why) => match why {
                    NotEligible::OwnRequest => "own_request",
                    NotEligible::Service(_) => "service",
                    NotEligible::MayNotExtend => "may_not_extend",
                    _ => "not_named",
                },
                _ => "refused",
            },
        }
    }
}

impl std::fmt::Display for Why {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoPermission => f.write_str("your credential does not allow it"),
            Self::Due => f.write_str("its deadline has passed"),
            Self::Ended(Status::Expired) => f.write_str("it has expired"),
            Self::Ended(Status::Cancelled) => f.write_str("it was cancelled"),
            Self::Ended(_) => f.write_str("it was decided"),
            Self::Voted => f.write_str("you have voted already"),
            Self::TakenAsItIs => {
                f.write_str("an approver has approved it as it is, and edits would have to be the same")
            }
            Self::EditedAlready => {
                f.write_str("an approver has edited it already: approve those edits, or reject")
            }
            Self::Refused(refusal) => refusal.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::domain::{
        approval::tests::pending,
        decision::Modifications,
        ids::PrincipalId,
        policy::{Actor, Kind, Member, Names, Policy, Selectors},
    };

    const AT: DateTime<Utc> = DateTime::UNIX_EPOCH;

    fn voter(number: u8) -> Arc<Voter> {
        let actor = Actor {
            id: PrincipalId(uuid::Uuid::from_u128(u128::from(number))),
            name: PrincipalName::new(&format!("p{number}")).unwrap(),
        };
        let kind = if number == 5 { Kind::Service } else { Kind::Person };
        Arc::new(Voter {
            member: Member { actor, roles: BTreeSet::new(), groups: BTreeSet::new() },
            kind,
            seats: Vec::new(),
        })
    }

    fn ballot(who: u8, verdict: Verdict, edits: bool) -> Ballot {
        let edits = edits.then(|| serde_json::value::RawValue::from_string("{\"a\":1}".into()).unwrap());
        Ballot {
            id: DecisionId::generate(),
            voter: voter(who),
            seat: None,
            verdict,
            modifications: edits.map(Modifications),
            modifications_digest: None,
            digest: None,
            feedback: None,
            comment: None,
            metadata: None,
        }
    }

    proptest! {
        /// After any votes so far: what is told is what happens to those who try it.
        #[test]
        fn what_is_told_is_what_happens(
            min in 1..4u32, rejections in 1..3u32, named in prop::option::of(0..6u8), own in any::<bool>(),
            tries in prop::collection::vec((0..6u8, any::<bool>(), any::<bool>()), 0..12))
        {
            let mut approval = pending(voter(0).member.actor.clone());
            let people = named.map(|most| (0..=most).map(|n| voter(n).member.actor.name.clone()).collect::<Names>());
            approval.policy = Policy {
                rejections_to_reject: rejections,
                allow_self_approval: own,
                ..Policy::simple(min, Selectors { people, ..Selectors::default() })
            };
            let mut votes: Vec<Vote> = Vec::new();
            for (who, approves, edits) in tries {
                let verdict = if approves { Verdict::Approved } else { Verdict::Rejected };
                let reading = Reading { approval: &approval, votes: &votes, due: false, at: AT };
                let quick = reading.vote(&voter(who), true, verdict);
                let told = reading.vote_with_effect(&voter(who), true, verdict);
                prop_assert_eq!(quick.is_allowed(), told.is_allowed());
                let edit = reading.edit(&told);
                let agreed = reading.first_approval().is_some_and(|first| first.modifications.is_some());
                let plain = ballot(who, verdict, approves && agreed);
                let cast = |ballot: &Ballot| decision::cast(&approval, &votes, ballot, &Precondition::None, AT);
                match (&told, cast(&plain)) {
                    (Standing::May(Some(Effect::Counts)), Ok(Cast::Counted(_)))
                    | (Standing::May(Some(Effect::Resolves)), Ok(Cast::Decisive(..)))
                    // Their own vote is looked at first.
                    | (
                        Standing::MayNot(Why::Voted),
                        Ok(Cast::Same | Cast::Concluded(_)) | Err(Refusal::AlreadyVoted | Refusal::NotEligible(_)),
                    ) => {}
                    (Standing::MayNot(Why::Refused(told)), Err(refused)) => prop_assert_eq!(told, &refused),
                    other => prop_assert!(false, "{:?}", other),
                }
                if approves && edit.is_allowed() {
                    prop_assert!(cast(&ballot(who, verdict, true)).is_ok());
                }
                let ballot = ballot(who, verdict, approves && edits);
                if let Ok(Cast::Counted(admission)) = cast(&ballot) {
                    let vote = Vote::new(&votes, &ballot, &admission, 0);
                    votes.push(vote);
                }
            }
        }
    }

    #[test]
    fn what_is_closed_can_not_be_touched() {
        let approval = pending(voter(0).member.actor.clone());
        let due = Reading { approval: &approval, votes: &[], due: true, at: AT };
        let all = [
            due.vote(&voter(1), true, Verdict::Approved),
            due.cancel(true),
            due.escalate(&voter(1), true),
            due.extend(&voter(1), true),
        ];
        assert!(all.iter().all(|it| *it == Standing::MayNot(Why::Due)), "{all:?}");
        let open = Reading { due: false, ..due };
        assert_eq!(open.cancel(false), Standing::MayNot(Why::NoPermission));
        assert_eq!(open.cancel(true), Standing::May(None));
        assert_eq!(open.escalate(&voter(1), true), Standing::MayNot(Why::Refused(Refusal::NoFurtherLevel)));
    }
}
