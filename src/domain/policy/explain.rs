//! What a policy still misses, and who could give it.
//!
//! It is computed by the matching that decides. So the people of [`Missing::next`] are exactly those whose approval
//! makes less be missing: no more and no fewer.

use std::collections::BTreeSet;

use super::{
    Asked, Form, Policy, Selector, Slots, Vote, distinct,
    matching::{self, Class, Filled, fill},
    tree::LeafSet,
};
use crate::domain::names::PrincipalName;

/// What is missing at a level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// The fewest approvals that it still takes.
    pub missing: u32,
    /// Whose approval would bring it nearer: people who are named and free, roles and groups, or anyone.
    pub next: Vec<Selector>,
}

/// How one leaf stands in one assignment of the votes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// The leaf, relative to the policy; empty for the simple form.
    pub pointer: String,
    pub label: Option<String>,
    pub count: u32,
    /// Who gave it: the voter, and in whose seat if not their own.
    pub by: Vec<Given>,
}

/// A vote as it is shown: who, and for whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    pub by: PrincipalName,
    pub seat: Option<PrincipalName>,
}

/// Longest summary, in characters.
const SUMMARY: usize = 300;
/// Where names are cut, leave room for how many were.
const TAIL: usize = 24;

impl Policy {
    /// What the votes of a level leave missing, of those that count. `asked` keeps the requester out.
    pub fn missing(&self, votes: &[Vote], asked: &Asked<'_>) -> Missing {
        let slots = self.slots();
        let classes = slots.classes(distinct(votes.iter().filter(|vote| vote.counts)));
        let best = slots.best(&classes);
        let missing = best.first().map_or(0, |filled| filled.missing);
        if missing == 0 {
            return Missing { missing, next: Vec::new() };
        }
        let open = best.iter().fold(0, |open: LeafSet, filled| open | filled.open(&classes));
        let is_free = self.free(votes, asked);
        let next: BTreeSet<Selector> = matching::numbers(open)
            .flat_map(|leaf| slots.leaves[leaf].who.each())
            .filter(|selector| !matches!(selector, Selector::Person(name) if !is_free(name)))
            .collect();
        Missing { missing, next: next.into_iter().collect() }
    }

    /// Whether the votes leave no way to satisfy it, even if all who are named and free approved.
    pub fn has_no_way_left(&self, votes: &[Vote], asked: &Asked<'_>) -> bool {
        self.is_impossible(&self.slots(), votes, asked)
    }

    /// One assignment of the votes to the leaves of the alternative that is nearest: the same for the same votes.
    pub fn needs(&self, votes: &[Vote]) -> Vec<Need> {
        let slots = self.slots();
        let counting: Vec<&Vote> = distinct(votes.iter().filter(|vote| vote.counts)).collect();
        let classes = slots.classes(counting.iter().copied());
        let Some(best) = slots.best(&classes).into_iter().next() else { return Vec::new() };
        let mut given = slots.assign(&best, &classes, &counting);
        let leaves = self.leaves();
        let needed = matching::numbers(best.alternative());
        needed
            .map(|leaf| {
                let (pointer, label) = leaves[leaf].clone();
                Need { pointer, label, count: slots.counts[leaf], by: std::mem::take(&mut given[leaf]) }
            })
            .collect()
    }

    /// How many alternatives there are: none of them contains another one.
    pub fn ways(&self) -> usize {
        self.slots().alternatives.len()
    }

    fn leaves(&self) -> Vec<(String, Option<String>)> {
        match &self.form {
            Form::Simple { .. } => vec![(String::new(), None)],
            Form::Tree(node) => {
                node.leaves().into_iter().map(|(pointer, leaf)| (pointer, leaf.label.clone())).collect()
            }
        }
    }
}

impl Slots<'_> {
    /// The alternatives that the least is missing from, filled.
    fn best(&self, classes: &[Class]) -> Vec<Filled> {
        let least = self.missing(classes);
        let filled = self.alternatives.iter().map(|set| fill(classes, *set, &self.counts));
        filled.filter(|filled| filled.missing == least).collect()
    }

    /// Which votes each leaf got: of each class the earliest votes go to the first leaves.
    fn assign(&self, filled: &Filled, classes: &[Class], votes: &[&Vote]) -> Vec<Vec<Given>> {
        let mut given = vec![Vec::new(); self.leaves.len()];
        for (class, places) in classes.iter().zip(&filled.given) {
            let mut theirs = votes.iter().filter(|vote| self.fits(vote) == class.fits);
            for (leaf, places) in places.iter().enumerate() {
                let placed = theirs.by_ref().take(*places as usize);
                if *places > 0 {
                    given[leaf].extend(placed.map(|vote| Given {
                        by: vote.by.name.clone(),
                        seat: vote.seat.as_ref().map(|seat| seat.name.clone()),
                    }));
                }
            }
        }
        given
    }
}

impl Missing {
    /// The same in a sentence, of 300 characters at most.
    pub fn summary(&self) -> String {
        if self.missing == 0 {
            return "nothing is missing".to_owned();
        }
        let has = |wanted: &Selector| self.next.contains(wanted);
        if has(&Selector::Anyone) {
            return format!("{} more of anyone", self.missing);
        }
        let words: Vec<String> = self
            .next
            .iter()
            .map(|selector| match selector {
                Selector::Person(name) => name.to_string(),
                Selector::Role(name) => format!("the role {name}"),
                Selector::Group(name) => format!("the group {name}"),
                other => other.to_string(),
            })
            .collect();
        let begin = format!("{} more of ", self.missing);
        if words.is_empty() {
            return format!("{} more, of people who may not give it now", self.missing);
        }
        format!("{begin}{}", joined(&words, SUMMARY - begin.chars().count()))
    }
}

/// "a, b or c", cut to so many characters: "a, b and 14 others".
fn joined(words: &[String], room: usize) -> String {
    let length = |text: &str| text.chars().count();
    let whole = match words {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    };
    if length(&whole) <= room {
        return whole;
    }
    let mut text = String::new();
    for (index, word) in words.iter().enumerate() {
        let more = if text.is_empty() { word.clone() } else { format!("{text}, {word}") };
        if length(&more) + TAIL > room {
            let left = words.len() - index;
            if text.is_empty() {
                return format!("{}… and others", word.chars().take(room - TAIL).collect::<String>());
            }
            return format!("{text} … and {left} others");
        }
        text = more;
    }
    text
}
