//! Who must agree: a policy, and where the votes so far leave it.
//!
//! A policy is a tree whose leaves ask for so many approvals by people who are named, have a role or are in a group.
//! The simple form is one leaf. One person counts once in the whole tree, where they are most needed: so the question
//! whether votes satisfy a policy is a matching of votes with leaves ([`matching`]), one for each alternative of the
//! tree ([`tree`]). What is still missing, and who could give it, comes from the same matching ([`explain`]), so what
//! is told can't differ from what is done.

pub mod admission;
pub mod check;
pub mod explain;
mod matching;
pub mod one_vote;
pub mod tree;
pub mod who;

#[cfg(test)]
mod brute;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod sitting;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

pub use self::who::{Actor, Kind, Member, Names, Selector, Selectors};
use self::{
    matching::{Class, classes, fill},
    tree::{LeafSet, Node},
};
use super::{
    approval::written,
    decision::{Verdict, Vote},
    ids::PrincipalId,
    names::PrincipalName,
};

/// The policy of one level of one approval, with every default filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    pub form: Form,
    /// Distinct people whose rejection ends it.
    pub rejections_to_reject: u32,
    /// One rejection by one of these ends it.
    pub veto: Option<Selectors>,
    /// Whether the requester may decide too.
    pub allow_self_approval: bool,
    /// Whether principals of kind `service` may decide.
    pub allow_services: bool,
    /// Whether, by how much and by whom a deadline may be moved.
    pub extension: Option<Extension>,
    /// Whether a vote must say the digest of what the voter was shown.
    pub require_digest: bool,
}

/// What was asked for, as it was put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    Simple {
        /// Distinct people who must approve.
        min_approvers: u32,
        who: Selectors,
        /// Everybody named must approve; only people are named then.
        require_all: bool,
    },
    Tree(Node),
}

/// How far deadlines may be moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extension {
    /// All extensions of one level together.
    pub max_seconds: u32,
    pub by_approvers: bool,
    pub by_requester: bool,
}

/// Not at all.
impl Default for Extension {
    fn default() -> Self {
        Self { max_seconds: 0, by_approvers: true, by_requester: false }
    }
}

/// Why votes ended an approval. It is told with the outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Because {
    /// The policy is satisfied.
    Quorum,
    /// As many people rejected as the policy says.
    Rejections,
    /// One whom the veto covers rejected.
    Veto,
    /// If all of those named who are still free approved, it would not be satisfied.
    Impossible,
}

impl Because {
    pub const WORDS: &'static [&'static str] = &["quorum", "rejections", "veto", "impossible"];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Quorum => "quorum",
            Self::Rejections => "rejections",
            Self::Veto => "veto",
            Self::Impossible => "impossible",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Quorum, Self::Rejections, Self::Veto, Self::Impossible]
            .into_iter()
            .find(|because| because.as_str() == word)
    }
}

/// Where the votes stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tally {
    Approved,
    Rejected(Because),
    /// Not decided yet: at least so many more approvals are needed.
    Open {
        missing: u32,
    },
}

/// One leaf, whichever form it comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slot<'a> {
    pub count: u32,
    pub who: &'a Selectors,
}

/// The leaves of a policy, and the sets of them that satisfy it.
pub(crate) struct Slots<'a> {
    pub leaves: Vec<Slot<'a>>,
    pub counts: Vec<u32>,
    pub alternatives: Vec<LeafSet>,
}

/// Who asked, and for whom: what keeps people from deciding their own requests.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    pub by: &'a Actor,
    pub on_behalf_of: Option<&'a PrincipalName>,
}

impl Asked<'_> {
    /// Whether this is the requester, or the one it was asked for.
    pub fn is(&self, id: Option<PrincipalId>, name: &PrincipalName) -> bool {
        id == Some(self.by.id) || *name == self.by.name || self.on_behalf_of == Some(name)
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self::simple(1, Selectors::default())
    }
}

/// Bytes that a name takes besides its characters, in memory and in JSON.
const NAME: usize = 64;
/// Bytes that a node takes besides its names.
const NODE: usize = 64;

impl Policy {
    /// So many approvals by these; everything else as it is when nothing is said.
    pub fn simple(min_approvers: u32, who: Selectors) -> Self {
        Self {
            form: Form::Simple { min_approvers, who, require_all: false },
            rejections_to_reject: 1,
            veto: None,
            allow_self_approval: false,
            allow_services: false,
            extension: None,
            require_digest: false,
        }
    }

    /// Bytes that it takes.
    pub fn size(&self) -> usize {
        let (names, nodes): (usize, usize) = match &self.form {
            Form::Simple { who, .. } => (weight(who), 0),
            Form::Tree(node) => {
                let leaves = node.leaves();
                let label = |label: &Option<String>| label.as_deref().map_or(0, written);
                (leaves.iter().map(|(_, leaf)| weight(&leaf.who) + label(&leaf.label)).sum(), node.nodes())
            }
        };
        names + nodes * NODE + self.veto.as_ref().map_or(0, weight)
    }

    /// Where the votes of one level leave it. Only votes of people whom the policy admits are ever recorded; those that
    /// don't count are passed along, for they may count again.
    pub fn tally(&self, votes: &[Vote], asked: &Asked<'_>) -> Tally {
        let rejections = || votes.iter().filter(|vote| vote.verdict == Verdict::Rejected);
        if rejections().any(|vote| vote.counted_as.contains(&Selector::Veto)) {
            return Tally::Rejected(Because::Veto);
        }
        let rejecters: BTreeSet<PrincipalId> = rejections().map(|vote| vote.by.id).collect();
        if rejecters.len() >= self.rejections_to_reject as usize {
            return Tally::Rejected(Because::Rejections);
        }
        let slots = self.slots();
        let missing = slots.missing(&slots.classes(distinct(votes.iter().filter(|vote| vote.counts))));
        if missing == 0 {
            return Tally::Approved;
        }
        if !rejecters.is_empty() && self.is_impossible(&slots, votes, asked) {
            return Tally::Rejected(Because::Impossible);
        }
        Tally::Open { missing }
    }

    /// Whether the votes leave no way to satisfy it, even if all who are named and free approved. Roles, groups and
    /// anyone never run dry: members come and go. Votes that don't count just now may count again.
    fn is_impossible(&self, slots: &Slots<'_>, votes: &[Vote], asked: &Asked<'_>) -> bool {
        let closed = slots.closed();
        if closed == 0 {
            return false;
        }
        let free = slots.named(closed, self.free(votes, asked));
        slots.without(closed, slots.classes(distinct(votes.iter())), &free)
    }

    /// Those of the named who may still vote: not the requester, and nobody whose place was taken.
    fn free<'a>(&'a self, votes: &'a [Vote], asked: &'a Asked<'_>) -> impl Fn(&PrincipalName) -> bool + 'a {
        let taken: BTreeSet<&PrincipalName> = votes.iter().flat_map(Vote::names).collect();
        move |name| !taken.contains(name) && (self.allow_self_approval || !asked.is(None, name))
    }

    /// People by name and how many of them: nothing more is asked.
    pub fn is_plain(&self) -> bool {
        let Form::Simple { who, .. } = &self.form else { return false };
        who.roles.is_none() && who.groups.is_none() && self.veto.is_none() && !self.require_digest
    }

    /// The people whom it names, where it names nothing but them.
    pub fn plain_names(&self) -> Option<&Names> {
        let Form::Simple { who, .. } = &self.form else { return None };
        let is_of_people = who.roles.is_none() && who.groups.is_none() && self.veto.is_none();
        who.people.as_ref().filter(|_| is_of_people)
    }

    /// Distinct approvals that it takes at least.
    pub fn needed(&self) -> u32 {
        self.slots().missing(&[])
    }

    /// The leaves, in order, and the alternatives.
    pub(crate) fn slots(&self) -> Slots<'_> {
        let (leaves, alternatives) = match &self.form {
            Form::Simple { min_approvers, who, require_all } => {
                let named = who.people.as_ref().map_or(0, BTreeSet::len);
                let all = if *require_all { u32::try_from(named).unwrap_or(u32::MAX) } else { 0 };
                (vec![Slot { count: all.max(*min_approvers), who }], vec![1])
            }
            Form::Tree(node) => {
                let plan = node.plan();
                let slot = |leaf: &&'_ tree::Leaf| leaf.count;
                let counts: Vec<u32> = plan.leaves.iter().map(slot).collect();
                let slots = plan.leaves.iter().zip(counts);
                (slots.map(|(leaf, count)| Slot { count, who: &leaf.who }).collect(), plan.alternatives)
            }
        };
        let counts = leaves.iter().map(|slot| slot.count).collect();
        Slots { leaves, counts, alternatives }
    }

    /// Everything by which it admits approvals: what a list of "mine to decide" goes by.
    pub fn approvers(&self) -> BTreeSet<Selector> {
        self.slots().leaves.iter().flat_map(|slot| slot.who.each()).collect()
    }
}

/// Bytes that names take.
fn weight(who: &Selectors) -> usize {
    who.names().map(|name| written(name.as_str()) + NAME).sum()
}

/// Approvals, one for each human and one for each seat.
fn distinct<'a>(votes: impl Iterator<Item = &'a Vote>) -> impl Iterator<Item = &'a Vote> {
    let mut seen = BTreeSet::new();
    votes.filter(move |vote| vote.verdict == Verdict::Approved && seen.insert(vote.by.id))
}

impl Slots<'_> {
    /// The leaves that a vote may go to.
    pub fn fits(&self, vote: &Vote) -> LeafSet {
        self.set(|who| who.is_anyone() || vote.counted_as.iter().any(|selector| who.has(selector)))
    }

    /// The leaves that a named person may go to.
    pub fn fits_person(&self, name: &PrincipalName) -> LeafSet {
        self.set(|who| who.people.as_ref().is_some_and(|people| people.contains(name)))
    }

    fn set(&self, fits: impl Fn(&Selectors) -> bool) -> LeafSet {
        let fitting = self.leaves.iter().enumerate().filter(|(_, slot)| fits(slot.who));
        fitting.fold(0, |set, (leaf, _)| set | (1 << leaf))
    }

    pub fn classes<'v>(&self, votes: impl Iterator<Item = &'v Vote>) -> Vec<Class> {
        classes(votes.map(|vote| self.fits(vote)))
    }

    /// The fewest approvals that are missing, over all alternatives.
    pub fn missing(&self, classes: &[Class]) -> u32 {
        let votes: u32 = classes.iter().map(|class| class.votes).sum();
        let needs = |set: LeafSet| matching::numbers(set).map(|leaf| self.counts[leaf]).sum::<u32>();
        let mut in_order: Vec<(u32, LeafSet)> =
            self.alternatives.iter().map(|set| (needs(*set).saturating_sub(votes), *set)).collect();
        in_order.sort_unstable();
        let mut least = u32::MAX;
        for (at_least, alternative) in in_order {
            if at_least >= least {
                break;
            }
            least = least.min(fill(classes, alternative, &self.counts).missing);
        }
        least
    }

    /// The leaves that only people by name can fill.
    fn closed(&self) -> LeafSet {
        self.set(Selectors::is_closed)
    }

    /// What named people who are free could give to the leaves of a set.
    fn named(&self, leaves: LeafSet, is_free: impl Fn(&PrincipalName) -> bool) -> Vec<Class> {
        let people: BTreeSet<&PrincipalName> = matching::numbers(leaves)
            .flat_map(|leaf| self.leaves[leaf].who.people.iter().flatten())
            .filter(|name| is_free(name))
            .collect();
        classes(people.into_iter().map(|name| self.fits_person(name) & leaves))
    }

    /// Whether no alternative's `closed` leaves can be filled by the votes and the free.
    fn without(&self, closed: LeafSet, votes: Vec<Class>, free: &[Class]) -> bool {
        let mut all = votes;
        all.extend_from_slice(free);
        !self.alternatives.iter().any(|set| fill(&all, set & closed, &self.counts).missing == 0)
    }
}
