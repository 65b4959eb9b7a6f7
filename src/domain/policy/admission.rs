//! Whether a person may vote, and as what. The one place that decides it, for every way a vote may come.
//!
//! Own right comes first: who is admitted by themselves votes as themselves. Only a person who isn't may sit in
//! another person's seat. So one human never becomes two, and no vote takes a place that the policy then lacks.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::{Actor, Asked, Form, Kind, Member, Policy, Selector, Verdict, Vote};
use crate::domain::{
    ids::DelegationId,
    names::{CallerName, PrincipalName},
};

/// Who wants to vote: what they are, and whose seats are open to them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voter {
    pub member: Member,
    pub kind: Kind,
    pub seats: Vec<Seat>,
}

/// Another person's seat, open to a voter by delegation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seat {
    pub owner: Member,
    /// From the owner's delegation to the voter's own.
    pub delegations: Vec<DelegationId>,
    /// Who stands between the owner and the voter.
    pub through: Vec<Actor>,
    /// Absent: every type.
    pub approval_types: Option<BTreeSet<CallerName>>,
    /// When the first of the delegations ends.
    pub until: DateTime<Utc>,
}

/// What a voter wants to say, before it is known whether they may.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    pub verdict: Verdict,
    pub approval_type: &'a CallerName,
    /// In whose seat, where the voter says so.
    pub seat: Option<&'a PrincipalName>,
    /// Seats that have closed by then are closed.
    pub at: DateTime<Utc>,
}

/// As what a vote is admitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admission {
    pub seat: Option<Taken>,
    /// What of the policy admits it.
    pub counted_as: Vec<Selector>,
}

/// The seat of another person that a vote takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    pub owner: Actor,
    pub delegations: Vec<DelegationId>,
    pub until: DateTime<Utc>,
}

/// Why this person may not decide this approval.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotEligible {
    #[error("the requester may not decide their own request")]
    OwnRequest,
    #[error("the policy does not name you, a role or a group of yours among its approvers")]
    NotNamed,
    #[error(
        "{0} is a service, and services don't decide here; if it is a person: signoff principals set {0} --kind person"
    )]
    Service(PrincipalName),
    #[error("the policy does not let you move its deadline")]
    MayNotExtend,
    #[error("you may decide in your own right: leave out \"for\"")]
    OwnRight,
    #[error("no person whom the policy admits has delegated to you")]
    NoSeat,
    #[error("you may not sit in for {0} here")]
    NotTheirSeat(PrincipalName),
    #[error("several seats are open to you: say \"for\" which of {}", listed(.0))]
    SeveralSeats(Vec<PrincipalName>),
}

/// Why a vote is not admitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Denied {
    NotEligible(NotEligible),
    /// The voter's own seat, or the only one that is open to them, was used.
    SeatTaken {
        by: PrincipalName,
    },
}

impl From<NotEligible> for Denied {
    fn from(why: NotEligible) -> Self {
        Self::NotEligible(why)
    }
}

fn listed(names: &[PrincipalName]) -> String {
    names.iter().map(PrincipalName::as_str).collect::<Vec<_>>().join(", ")
}

impl Policy {
    /// What of the policy a member is, for this verdict: the leaves' selectors, and the veto for a rejection.
    pub fn matching(&self, member: &Member, verdict: Verdict) -> Vec<Selector> {
        // No alternative is built: this is asked of thousands.
        let leaves = match &self.form {
            Form::Simple { who, .. } => vec![who],
            Form::Tree(node) => node.whom(),
        };
        let leaves = leaves.into_iter().flat_map(|who| who.matching(member));
        let mut matching: BTreeSet<Selector> = leaves.collect();
        if verdict == Verdict::Rejected
            && self.veto.as_ref().is_some_and(|veto| !veto.matching(member).is_empty())
        {
            matching.insert(Selector::Veto);
        }
        matching.into_iter().collect()
    }

    /// Admits a vote at the level whose votes so far are `so_far`, or says why not.
    pub fn admit(
        &self,
        asked: &Asked<'_>,
        voter: &Voter,
        wish: Wish<'_>,
        so_far: &[Vote],
    ) -> Result<Admission, Denied> {
        let me = &voter.member.actor;
        if self.is_own(asked, me) {
            return Err(NotEligible::OwnRequest.into());
        }
        if voter.kind == Kind::Service && !self.allow_services {
            return Err(NotEligible::Service(me.name.clone()).into());
        }
        let counted_as = self.matching(&voter.member, wish.verdict);
        if !counted_as.is_empty() {
            return match (wish.seat, seat_used(so_far, me)) {
                (Some(_), _) => Err(NotEligible::OwnRight.into()),
                (None, Some(by)) => Err(Denied::SeatTaken { by }),
                (None, None) => Ok(Admission { seat: None, counted_as }),
            };
        }
        self.seat(asked, voter, wish, so_far)
    }

    /// Whether it would admit an approval by them, or in a seat of theirs, before any vote.
    pub fn may_approve(&self, asked: &Asked<'_>, voter: &Voter, wish: Wish<'_>) -> bool {
        let admitted = self.admit(asked, voter, wish, &[]);
        matches!(admitted, Ok(_) | Err(Denied::NotEligible(NotEligible::SeveralSeats(_))))
    }

    /// Whether a member who asked, or was acted for, is kept out.
    fn is_own(&self, asked: &Asked<'_>, actor: &Actor) -> bool {
        !self.allow_self_approval && asked.is(Some(actor.id), &actor.name)
    }

    fn seat(
        &self,
        asked: &Asked<'_>,
        voter: &Voter,
        wish: Wish<'_>,
        so_far: &[Vote],
    ) -> Result<Admission, Denied> {
        let open = self.seats(asked, voter, wish);
        if let Some(name) = wish.seat
            && open.is_empty()
        {
            return Err(NotEligible::NotTheirSeat(name.clone()).into());
        }
        let used = |seat: &Seat| seat_used(so_far, &seat.owner.actor);
        let mut free = open.iter().filter(|(seat, _)| used(seat).is_none());
        match (free.next(), free.next()) {
            (Some((seat, counted_as)), None) => Ok(Admission {
                seat: Some(Taken {
                    owner: seat.owner.actor.clone(),
                    delegations: seat.delegations.clone(),
                    until: seat.until,
                }),
                counted_as: counted_as.clone(),
            }),
            (Some(_), Some(_)) => {
                let free = open.iter().filter(|(seat, _)| used(seat).is_none());
                let names = free.map(|(seat, _)| seat.owner.actor.name.clone()).collect();
                Err(NotEligible::SeveralSeats(names).into())
            }
            (None, _) => match open.iter().find_map(|(seat, _)| used(seat)) {
                Some(by) => Err(Denied::SeatTaken { by }),
                None if voter.seats.is_empty() => Err(NotEligible::NotNamed.into()),
                None => Err(NotEligible::NoSeat.into()),
            },
        }
    }

    /// The seats that a voter may take for this, used or not, and what admits each: one for each owner, by the
    /// delegation that lasts longest.
    pub fn seats<'v>(
        &self,
        asked: &Asked<'_>,
        voter: &'v Voter,
        wish: Wish<'_>,
    ) -> Vec<(&'v Seat, Vec<Selector>)> {
        let mut open: Vec<(&Seat, Vec<Selector>)> = Vec::new();
        let fits = |seat: &&Seat| {
            let of_the_requester = std::iter::once(&seat.owner.actor)
                .chain(&seat.through)
                .any(|actor| asked.is(Some(actor.id), &actor.name));
            let of_this_type =
                seat.approval_types.as_ref().is_none_or(|types| types.contains(wish.approval_type));
            !of_the_requester
                && of_this_type
                && seat.until > wish.at
                && wish.seat.is_none_or(|name| seat.owner.actor.name == *name)
        };
        for seat in voter.seats.iter().filter(fits) {
            let counted_as = self.matching(&seat.owner, wish.verdict);
            if counted_as.is_empty() {
                continue;
            }
            match open.iter_mut().find(|(other, _)| other.owner.actor.id == seat.owner.actor.id) {
                Some((other, _)) if other.until < seat.until => *other = seat,
                Some(_) => {}
                None => open.push((seat, counted_as)),
            }
        }
        open
    }
}

/// Who used a person's seat, if that was done: the person or a delegate.
fn seat_used(votes: &[Vote], owner: &Actor) -> Option<PrincipalName> {
    let used = votes.iter().find(|vote| match &vote.seat {
        None => vote.by.id == owner.id,
        Some(seat) => seat.id == owner.id,
    });
    used.map(|vote| vote.by.name.clone())
}
