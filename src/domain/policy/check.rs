//! Whether a policy can be satisfied at all, looked at before anything is asked.

use std::collections::BTreeSet;

use super::{Asked, Form, Member, Policy, Selectors, Slots, Vote, distinct, matching, tree::Node};
use crate::domain::names::PrincipalName;

/// Why a policy can't be accepted, and where in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsatisfiable {
    /// Relative to the policy; empty for the whole.
    pub pointer: String,
    pub why: Why,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    #[error("names no person, so no person could ever decide")]
    Nobody,
    #[error("takes {needed} approvals, but only {eligible} of the people it names may give one")]
    TooFew { needed: u32, eligible: u32 },
    #[error("takes approvals that the people it names can't give, each of them counting once")]
    Together,
    #[error("takes {needed} rejections to end it, but only {eligible} of the people it names may reject")]
    TooFewToReject { needed: u32, eligible: u32 },
}

impl Policy {
    /// Refuses what no votes could ever satisfy when this is asked: named people are as many as they are, roles and
    /// groups may get members yet.
    pub fn check(&self, asked: &Asked<'_>) -> Result<(), Unsatisfiable> {
        self.refuse_empty()?;
        let slots = self.slots();
        let may = |name: &PrincipalName| self.allow_self_approval || !asked.is(None, name);
        self.refuse_short_leaves(&slots, may)?;
        let closed = slots.closed();
        let free = slots.named(closed, may);
        if slots.without(closed, Vec::new(), &free) {
            return Err(Unsatisfiable { pointer: String::new(), why: Why::Together });
        }
        self.refuse_unheard(&slots, may)
    }

    fn refuse_empty(&self) -> Result<(), Unsatisfiable> {
        let nobody = |pointer: &str| Err(Unsatisfiable { pointer: pointer.to_owned(), why: Why::Nobody });
        for (pointer, who) in self.selectors() {
            if who.is_nobody() {
                return nobody(&pointer);
            }
        }
        match &self.veto {
            Some(veto) if veto.is_nobody() => nobody("/veto"),
            _ => Ok(()),
        }
    }

    /// A leaf of named people that they are too few for, where every alternative needs it.
    fn refuse_short_leaves(
        &self,
        slots: &Slots<'_>,
        may: impl Fn(&PrincipalName) -> bool,
    ) -> Result<(), Unsatisfiable> {
        let always = slots.alternatives.iter().fold(u16::MAX, |always, set| always & set);
        let pointers = self.selectors();
        for leaf in matching::numbers(always & slots.closed()) {
            let (needed, people) = (slots.counts[leaf], slots.leaves[leaf].who.people.iter().flatten());
            let eligible = u32::try_from(people.filter(|name| may(name)).count()).unwrap_or(u32::MAX);
            if needed > eligible {
                let pointer = pointers[leaf].0.clone();
                return Err(Unsatisfiable { pointer, why: Why::TooFew { needed, eligible } });
            }
        }
        Ok(())
    }

    /// More rejections than there are named people, where no other person may reject.
    fn refuse_unheard(
        &self,
        slots: &Slots<'_>,
        may: impl Fn(&PrincipalName) -> bool,
    ) -> Result<(), Unsatisfiable> {
        let all: Vec<&Selectors> =
            slots.leaves.iter().map(|slot| slot.who).chain(self.veto.as_ref()).collect();
        if !all.iter().all(|who| who.is_closed()) {
            return Ok(());
        }
        let people: BTreeSet<&PrincipalName> = all.iter().flat_map(|who| who.names()).collect();
        let eligible = u32::try_from(people.into_iter().filter(|name| may(name)).count()).unwrap_or(u32::MAX);
        let needed = self.rejections_to_reject;
        if needed > eligible {
            let pointer = "/rejections_to_reject".to_owned();
            return Err(Unsatisfiable { pointer, why: Why::TooFewToReject { needed, eligible } });
        }
        Ok(())
    }

    /// Whether these members, all of whom may vote, could complete what the votes have begun.
    pub fn is_satisfiable_with<'m>(&self, votes: &[Vote], members: impl Iterator<Item = &'m Member>) -> bool {
        let slots = self.slots();
        let votes = distinct(votes.iter().filter(|vote| vote.counts)).map(|vote| slots.fits(vote));
        let members = members.map(|member| slots.set(|who| !who.matching(member).is_empty()));
        slots.missing(&matching::classes(votes.chain(members))) == 0
    }

    /// The lists of each leaf, with their pointers, in order.
    pub fn selectors(&self) -> Vec<(String, &Selectors)> {
        match &self.form {
            Form::Simple { who, .. } => vec![(String::new(), who)],
            Form::Tree(node) => Node::leaves(node).into_iter().map(|(at, leaf)| (at, &leaf.who)).collect(),
        }
    }
}
