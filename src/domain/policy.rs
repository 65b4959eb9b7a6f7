//! Who may decide, and how many of them it takes: a pure function over the votes so far.
//!
//! The simple form below is sugar for one [`Quorum`]; a tree of groups is one quorum in each leaf, evaluated
//! with the same [`Quorum::tally`]. One person counts once, however often they appear.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{
    approval::written,
    decision::{Verdict, Vote},
    names::PrincipalName,
};

/// Who is known to have asked or voted: the stable id decides, the name is what policies are written in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Actor {
    pub id: super::ids::PrincipalId,
    pub name: PrincipalName,
}

/// The policy of one approval, with every default filled in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Distinct people who must approve.
    pub min_approvers: u32,
    /// Who may decide. Absent: anybody with the permission. Empty: nobody, which [`Policy::check`] refuses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_approvers: Option<BTreeSet<PrincipalName>>,
    /// Everybody on the list must approve; needs a list.
    pub require_all: bool,
    /// Whether the requester counts as an approver.
    pub allow_self_approval: bool,
    /// Distinct people whose rejection ends it.
    pub rejections_to_reject: u32,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            min_approvers: 1,
            allowed_approvers: None,
            require_all: false,
            allow_self_approval: false,
            rejections_to_reject: 1,
        }
    }
}

/// Why a policy can't be accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsatisfiable {
    #[error("allowed_approvers is empty: nobody could ever decide")]
    Nobody,
    #[error("{needed} approvals are needed, but only {eligible} of the named people may give one")]
    TooFew { needed: u32, eligible: u32 },
}

/// Why this person may not decide this approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotEligible {
    #[error("the requester may not decide their own request")]
    OwnRequest,
    #[error("the policy does not name you among its approvers")]
    NotNamed,
}

/// Where the votes stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tally {
    Approved,
    Rejected,
    /// Not decided yet: so many more approvals, from these people (`None`: from anybody).
    Open {
        missing: u32,
        from: Option<Vec<PrincipalName>>,
    },
}

/// `needed` distinct approvals from a group; the leaf that every policy is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quorum<'a> {
    pub needed: u32,
    /// `None`: anybody.
    pub group: Option<&'a BTreeSet<PrincipalName>>,
}

impl Quorum<'_> {
    /// Counts `approvers` (distinct, by whoever calls) who belong to the group.
    fn tally(&self, approvers: &BTreeSet<&PrincipalName>) -> Tally {
        let counts = |name: &PrincipalName| self.group.is_none_or(|group| group.contains(name));
        let have = u32::try_from(approvers.iter().filter(|name| counts(name)).count()).unwrap_or(u32::MAX);
        if have >= self.needed {
            return Tally::Approved;
        }
        let from =
            self.group.map(|group| group.iter().filter(|name| !approvers.contains(name)).cloned().collect());
        Tally::Open { missing: self.needed - have, from }
    }
}

/// Bytes that a name takes besides its characters, in memory and in JSON.
const NAME: usize = 64;

impl Policy {
    /// Bytes that it takes.
    pub fn size(&self) -> usize {
        let named = self.allowed_approvers.iter().flatten();
        named.map(|name| written(name.as_str()) + NAME).sum()
    }

    /// Refuses what nobody could ever satisfy when `requester` asks.
    pub fn check(&self, requester: &PrincipalName) -> Result<(), Unsatisfiable> {
        let Some(named) = &self.allowed_approvers else { return Ok(()) };
        if named.is_empty() {
            return Err(Unsatisfiable::Nobody);
        }
        let eligible = named.iter().filter(|name| self.allow_self_approval || *name != requester).count();
        let eligible = u32::try_from(eligible).unwrap_or(u32::MAX);
        let needed = self.quorum().needed;
        if needed > eligible { Err(Unsatisfiable::TooFew { needed, eligible }) } else { Ok(()) }
    }

    /// Whether `actor` may vote on what `requester` asked, for itself or `on_behalf_of` somebody.
    pub fn admits(
        &self,
        actor: &Actor,
        requester: &Actor,
        on_behalf_of: Option<&PrincipalName>,
    ) -> Result<(), NotEligible> {
        let own =
            actor.id == requester.id || actor.name == requester.name || on_behalf_of == Some(&actor.name);
        if own && !self.allow_self_approval {
            return Err(NotEligible::OwnRequest);
        }
        match &self.allowed_approvers {
            Some(named) if !named.contains(&actor.name) => Err(NotEligible::NotNamed),
            _ => Ok(()),
        }
    }

    /// Where `votes` leave it. Only votes of people whom the policy admits are ever recorded.
    pub fn tally(&self, votes: &[Vote]) -> Tally {
        let of = |verdict: Verdict| -> BTreeSet<&PrincipalName> {
            votes.iter().filter(|vote| vote.verdict == verdict).map(|vote| &vote.by.name).collect()
        };
        if of(Verdict::Rejected).len() >= self.rejections_to_reject as usize {
            return Tally::Rejected;
        }
        self.quorum().tally(&of(Verdict::Approved))
    }

    fn quorum(&self) -> Quorum<'_> {
        let group = self.allowed_approvers.as_ref();
        let needed = match group {
            Some(named) if self.require_all => {
                self.min_approvers.max(u32::try_from(named.len()).unwrap_or(u32::MAX))
            }
            _ => self.min_approvers,
        };
        Quorum { needed, group }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::ids::PrincipalId;

    fn name(number: u8) -> PrincipalName {
        PrincipalName::new(&format!("p{number}")).unwrap()
    }

    fn vote(number: u8, verdict: Verdict) -> Vote {
        let id = PrincipalId(uuid::Uuid::from_u128(u128::from(number)));
        Vote { by: Actor { id, name: name(number) }, level: 0, verdict, modifications: None }
    }

    fn policies() -> impl Strategy<Value = Policy> {
        let named = prop::option::of(prop::collection::btree_set((0..8u8).prop_map(name), 0..6));
        (1..5u32, named, any::<bool>(), any::<bool>(), 1..4u32).prop_map(
            |(min_approvers, allowed_approvers, all, allow_self_approval, rejections_to_reject)| Policy {
                min_approvers,
                require_all: all && allowed_approvers.is_some(),
                allowed_approvers,
                allow_self_approval,
                rejections_to_reject,
            },
        )
    }

    fn votes() -> impl Strategy<Value = Vec<Vote>> {
        let verdict = prop_oneof![Just(Verdict::Approved), Just(Verdict::Rejected)];
        prop::collection::btree_map(0..8u8, verdict, 0..8)
            .prop_map(|votes| votes.into_iter().map(|(who, verdict)| vote(who, verdict)).collect())
    }

    proptest! {
        /// Who votes twice counts once, and the order of votes does not matter.
        #[test]
        fn one_person_counts_once(policy in policies(), votes in votes()) {
            let mut doubled = votes.clone();
            doubled.extend(votes.iter().rev().cloned());
            prop_assert_eq!(policy.tally(&votes), policy.tally(&doubled));
        }

        /// What is decided stays decided, whoever votes the same way afterwards.
        #[test]
        fn more_of_the_same_never_undoes(policy in policies(), votes in votes(), more in 8..12u8) {
            let before = policy.tally(&votes);
            for (outcome, verdict) in [(Tally::Approved, Verdict::Approved), (Tally::Rejected, Verdict::Rejected)] {
                if before == outcome {
                    let mut votes = votes.clone();
                    votes.push(vote(more, verdict));
                    prop_assert_eq!(policy.tally(&votes), outcome);
                }
            }
        }

        /// A policy that passes its check can be satisfied: everybody whom it admits approves.
        #[test]
        fn what_passes_can_be_satisfied(policy in policies(), requester in 0..8u8) {
            let by = vote(requester, Verdict::Approved).by;
            let eager: Vec<Vote> = (0..16u8)
                .map(|number| vote(number, Verdict::Approved))
                .filter(|vote| policy.admits(&vote.by, &by, None).is_ok())
                .collect();
            let satisfied = policy.tally(&eager) == Tally::Approved;
            prop_assert_eq!(policy.check(&by.name).is_ok(), satisfied);
        }

        /// What is still missing is told exactly: that many more votes of those people, and it is approved.
        #[test]
        fn what_is_missing_suffices(policy in policies(), votes in votes()) {
            if let Tally::Open { missing, from } = policy.tally(&votes) {
                let all: Vec<u8> = (0..40).collect();
                let mut voters = all.iter().filter(|number| {
                    let absent = votes.iter().all(|vote| vote.by.name != name(**number));
                    absent && from.as_ref().is_none_or(|from| from.contains(&name(**number)))
                });
                let mut votes = votes.clone();
                for step in 0..missing {
                    let open = matches!(policy.tally(&votes), Tally::Open { .. });
                    prop_assert!(open, "approved after {} of {}", step, missing);
                    let Some(voter) = voters.next() else { return Ok(()) };
                    votes.push(vote(*voter, Verdict::Approved));
                }
                prop_assert_eq!(policy.tally(&votes), Tally::Approved);
            }
        }
    }
}
