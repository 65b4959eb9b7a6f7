//! The matching against the definition: every assignment of small sets of votes to small trees is tried.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{
    Actor, Asked, Because, Form, Policy, Selector, Selectors, Tally,
    tree::{Leaf, MAX_ALTERNATIVES, Node},
};
use crate::domain::{
    decision::{Verdict, Vote},
    ids::PrincipalId,
    names::PrincipalName,
};

pub(super) fn name(text: &str) -> PrincipalName {
    PrincipalName::new(text).unwrap()
}

pub(super) fn actor(number: u8) -> Actor {
    Actor { id: PrincipalId(uuid::Uuid::from_u128(u128::from(number))), name: name(&format!("p{number}")) }
}

/// Where votes leave a policy that another principal asked for.
pub(super) fn tally(policy: &Policy, votes: &[Vote]) -> Tally {
    policy.tally(votes, &Asked { by: &actor(100), on_behalf_of: None })
}

/// A vote of `number`, recorded as person `number` and with these roles.
fn vote(number: u8, verdict: Verdict, roles: &BTreeSet<u8>) -> Vote {
    let roles = roles.iter().map(|role| Selector::Role(name(&format!("r{role}"))));
    let counted_as = std::iter::once(Selector::Person(actor(number).name)).chain(roles).collect();
    Vote { by: actor(number), seat: None, level: 0, verdict, modifications: None, counts: true, counted_as }
}

fn selectors() -> impl Strategy<Value = Selectors> {
    let names = |prefix: &'static str, most: u8| {
        prop::collection::btree_set((0..most).prop_map(move |n| name(&format!("{prefix}{n}"))), 0..3)
    };
    (prop::option::of(names("p", 6)), prop::option::weighted(0.4, names("r", 3)))
        .prop_map(|(people, roles)| Selectors { people, roles, groups: None })
}

fn node() -> impl Strategy<Value = Node> {
    let leaf = (1..3u32, selectors()).prop_map(|(count, who)| Node::Leaf(Leaf { count, who, label: None }));
    leaf.prop_recursive(3, 6, 3, |inner| {
        let nodes = || prop::collection::vec(inner.clone(), 1..4);
        prop_oneof![
            nodes().prop_map(Node::All),
            nodes().prop_map(Node::Any),
            (nodes(), any::<prop::sample::Index>())
                .prop_map(|(of, k)| Node::Some { k: 1 + k.index(of.len()), of }),
        ]
    })
    .prop_filter("six leaves are enough", |node| node.leaves().len() <= 6)
}

pub(super) fn policies() -> impl Strategy<Value = Policy> {
    (node(), 1..4u32, any::<bool>()).prop_map(|(node, rejections_to_reject, allow_self_approval)| Policy {
        form: Form::Tree(node),
        rejections_to_reject,
        allow_self_approval,
        ..Policy::default()
    })
}

fn votes() -> impl Strategy<Value = Vec<Vote>> {
    let verdict = prop_oneof![3 => Just(Verdict::Approved), 1 => Just(Verdict::Rejected)];
    let roles = prop::collection::btree_set(0..3u8, 0..3);
    prop::collection::btree_map(0..6u8, (verdict, roles), 0..6).prop_map(|votes| {
        votes.into_iter().map(|(who, (verdict, roles))| vote(who, verdict, &roles)).collect()
    })
}

/// Approvals that a tree lacks, if its leaves have so many.
fn lacks(node: &Node, have: &mut impl Iterator<Item = u32>) -> u32 {
    let mut of = |nodes: &[Node]| -> Vec<u32> { nodes.iter().map(|node| lacks(node, have)).collect() };
    match node {
        Node::All(nodes) => of(nodes).into_iter().sum(),
        Node::Any(nodes) => of(nodes).into_iter().min().unwrap(),
        Node::Some { k, of: nodes } => {
            let mut all = of(nodes);
            all.sort_unstable();
            all.into_iter().take(*k).sum()
        }
        Node::Leaf(leaf) => leaf.count.saturating_sub(have.next().unwrap()),
    }
}

/// The least that is lacking over all assignments of `fits` (the leaves that each vote may go to).
fn least(node: &Node, fits: &[Vec<usize>], have: &mut Vec<u32>) -> u32 {
    let Some((first, rest)) = fits.split_first() else {
        return lacks(node, &mut have.iter().copied());
    };
    let mut best = least(node, rest, have);
    for leaf in first {
        have[*leaf] += 1;
        best = best.min(least(node, rest, have));
        have[*leaf] -= 1;
    }
    best
}

fn leaves_that<'a>(node: &Node, fit: impl Fn(&Selectors) -> bool + 'a) -> Vec<usize> {
    let leaves = node.leaves();
    leaves.iter().enumerate().filter(|(_, (_, leaf))| fit(&leaf.who)).map(|(number, _)| number).collect()
}

fn fits(node: &Node, counted_as: &[Selector]) -> Vec<usize> {
    leaves_that(node, |who| who.is_anyone() || counted_as.iter().any(|selector| who.has(selector)))
}

fn tree(policy: &Policy) -> &Node {
    let Form::Tree(node) = &policy.form else { panic!("a tree") };
    node
}

fn missing(policy: &Policy, votes: &[Vote]) -> u32 {
    let node = tree(policy);
    let approvals = votes.iter().filter(|vote| vote.verdict == Verdict::Approved && vote.counts);
    let fits: Vec<Vec<usize>> = approvals.map(|vote| fits(node, &vote.counted_as)).collect();
    least(node, &fits, &mut vec![0; node.leaves().len()])
}

/// Whether no future satisfies it: people who are named and free approve, and any person fills open leaves.
fn hopeless(policy: &Policy, votes: &[Vote], may: impl Fn(&PrincipalName) -> bool) -> bool {
    let node = tree(policy);
    let leaves = node.leaves();
    let open = leaves_that(node, |who| !who.is_closed());
    let named: BTreeSet<&PrincipalName> = leaves
        .iter()
        .filter(|(_, leaf)| leaf.who.is_closed())
        .flat_map(|(_, leaf)| leaf.who.names())
        .collect();
    let is_done = |name: &PrincipalName| votes.iter().any(|vote| vote.by.name == *name);
    let mut all: Vec<Vec<usize>> = votes
        .iter()
        .filter(|vote| vote.verdict == Verdict::Approved)
        .map(|vote| fits(node, &vote.counted_as))
        .collect();
    let free = named.into_iter().filter(|name| !is_done(name) && may(name));
    all.extend(free.map(|name| fits(node, &[Selector::Person(name.clone())])));
    let mut have: Vec<u32> = (0..leaves.len()).map(|leaf| u32::from(open.contains(&leaf)) * 1_000).collect();
    least(node, &all, &mut have) > 0
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Satisfied, what is missing, and the order of the checks.
    #[test]
    fn the_tally_is_the_definition(policy in policies(), votes in votes(), asker in 0..9u8) {
        let requester = actor(asker);
        let asked = Asked { by: &requester, on_behalf_of: None };
        let may = |name: &PrincipalName| policy.allow_self_approval || *name != requester.name;
        let votes: Vec<Vote> = votes.into_iter().filter(|vote| may(&vote.by.name)).collect();
        let rejections = votes.iter().filter(|vote| vote.verdict == Verdict::Rejected).count();
        let lacking = missing(&policy, &votes);
        let expected = if rejections >= policy.rejections_to_reject as usize {
            Tally::Rejected(Because::Rejections)
        } else if lacking == 0 {
            Tally::Approved
        } else if rejections > 0 && hopeless(&policy, &votes, may) {
            Tally::Rejected(Because::Impossible)
        } else {
            Tally::Open { missing: lacking }
        };
        prop_assert_eq!(policy.tally(&votes, &asked), expected);
    }

    /// An approval by what `next` names brings it nearer by one, and no other approval brings it nearer.
    #[test]
    fn next_is_exact(policy in policies(), votes in votes()) {
        let requester = actor(100);
        let asked = Asked { by: &requester, on_behalf_of: None };
        let said = policy.missing(&votes, &asked);
        prop_assert_eq!(said.missing, missing(&policy, &votes));
        prop_assert!(said.summary().chars().count() <= 300);
        let people = (0..6).map(|number| Selector::Person(actor(number).name));
        let roles = (0..3).map(|number| Selector::Role(name(&format!("r{number}"))));
        for selector in people.chain(roles).chain([Selector::Person(name("stranger"))]) {
            if votes.iter().any(|vote| Selector::Person(vote.by.name.clone()) == selector) {
                prop_assert!(!said.next.contains(&selector), "{selector} has voted");
                continue;
            }
            let mut more = votes.clone();
            let counted_as = vec![selector.clone()];
            more.push(Vote { counted_as, ..vote(50, Verdict::Approved, &BTreeSet::new()) });
            let nearer = said.missing - missing(&policy, &more);
            let named = said.next.contains(&selector) || said.next.contains(&Selector::Anyone);
            prop_assert_eq!(nearer, u32::from(named), "{}", selector);
        }
    }

    /// What is shown of each leaf is an assignment: nobody twice, nobody where they don't fit, and as much is missing.
    #[test]
    fn needs_are_an_assignment(policy in policies(), votes in votes()) {
        let needs = policy.needs(&votes);
        let leaves = tree(&policy).leaves();
        let mut seen = BTreeSet::new();
        let mut lacking = 0;
        for need in needs {
            let (_, leaf) = leaves.iter().find(|(pointer, _)| *pointer == need.pointer).unwrap();
            prop_assert_eq!(leaf.count, need.count);
            prop_assert!(need.by.len() <= need.count as usize);
            lacking += need.count - u32::try_from(need.by.len()).unwrap();
            for given in need.by {
                let theirs = votes.iter().find(|vote| vote.by.name == given.by).unwrap();
                prop_assert!(leaf.who.is_anyone() || theirs.counted_as.iter().any(|it| leaf.who.has(it)));
                prop_assert!(seen.insert(given.by));
            }
        }
        prop_assert_eq!(lacking, missing(&policy, &votes));
    }

    /// The order of votes doesn't matter, and who is given twice counts once.
    #[test]
    fn order_and_doubles_do_not_matter(policy in policies(), votes in votes()) {
        let mut doubled = votes.clone();
        doubled.extend(votes.iter().rev().cloned());
        prop_assert_eq!(tally(&policy, &votes), tally(&policy, &doubled));
        let reversed: Vec<Vote> = votes.iter().rev().cloned().collect();
        prop_assert_eq!(tally(&policy, &votes), tally(&policy, &reversed));
    }

    /// One more approval never takes an outcome away, and never makes a policy impossible.
    #[test]
    fn approvals_only_help(policy in policies(), votes in votes(), roles in prop::collection::btree_set(0..3u8, 0..3)) {
        let before = tally(&policy, &votes);
        let mut more = votes.clone();
        more.push(vote(6, Verdict::Approved, &roles));
        let after = tally(&policy, &more);
        match before {
            Tally::Open { missing } => match after {
                Tally::Open { missing: now } => prop_assert!(now == missing || now + 1 == missing),
                Tally::Approved => prop_assert_eq!(missing, 1),
                Tally::Rejected(_) => prop_assert!(false, "an approval rejected it"),
            },
            decided => prop_assert_eq!(after, decided),
        }
    }

    /// Whatever passes its check can be satisfied by those whom it means, and what can't be is refused.
    #[test]
    fn the_check_is_exact(policy in policies(), requester in 0..8u8) {
        let requester = actor(requester);
        let asked = Asked { by: &requester, on_behalf_of: None };
        let may = |name: &PrincipalName| policy.allow_self_approval || *name != requester.name;
        let empty = tree(&policy).leaves().iter().any(|(_, leaf)| leaf.who.is_nobody());
        let satisfiable = !empty && !hopeless(&policy, &[], may);
        let closed = tree(&policy).leaves().iter().all(|(_, leaf)| leaf.who.is_closed());
        let named: BTreeSet<PrincipalName> =
            tree(&policy).leaves().iter().flat_map(|(_, leaf)| leaf.who.names().cloned()).collect();
        let rejecters = named.iter().filter(|name| may(name)).count();
        let heard = !closed || rejecters >= policy.rejections_to_reject as usize;
        prop_assert_eq!(policy.check(&asked).is_ok(), satisfiable && heard, "{:?}", policy.check(&asked));
    }

    /// Alternatives are counted as they are built, and the cap holds before anything is.
    #[test]
    fn alternatives_are_counted_as_built(node in node()) {
        let built = node.plan().alternatives;
        prop_assert!(built.len() as u64 <= node.alternatives());
        prop_assert!(!built.is_empty());
        for (index, set) in built.iter().enumerate() {
            prop_assert!(built.iter().enumerate().all(|(other, it)| other == index || it & set != *it));
        }
        prop_assert!(node.alternatives() <= MAX_ALTERNATIVES || built.len() <= 1 << 6);
    }

    /// The simple form means what its leaf does.
    #[test]
    fn the_simple_form_is_its_leaf(
        who in selectors(), count in 1..4u32, all in any::<bool>(), rejections_to_reject in 1..4u32, votes in votes(),
    ) {
        let require_all = all && who.people.is_some() && who.roles.is_none();
        let people = u32::try_from(who.people.as_ref().map_or(0, BTreeSet::len)).unwrap();
        let needed = if require_all { count.max(people) } else { count };
        let simple = Policy {
            form: Form::Simple { min_approvers: count, who: who.clone(), require_all },
            rejections_to_reject,
            ..Policy::default()
        };
        let leaf = Policy {
            form: Form::Tree(Node::Leaf(Leaf { count: needed, who, label: None })),
            ..simple.clone()
        };
        prop_assert_eq!(simple.needed(), needed);
        prop_assert_eq!(tally(&simple, &votes), tally(&leaf, &votes));
        let requester = actor(100);
        let asked = Asked { by: &requester, on_behalf_of: None };
        prop_assert_eq!(simple.missing(&votes, &asked), leaf.missing(&votes, &asked));
        prop_assert_eq!(simple.check(&asked), leaf.check(&asked));
    }
}
