//! The tree of a policy: its nodes, its leaves in order, and the sets of leaves that satisfy it.
//!
//! A set of leaves that together satisfy the tree is an *alternative*. Alternatives are counted before one is built:
//! a tree with too many is refused, so that no tree can make a decision slow.

use super::who::Selectors;

/// Caps of one tree.
pub const MAX_DEPTH: usize = 4;
pub const MAX_NODES: usize = 64;
pub const MAX_LEAVES: usize = 16;
pub const MAX_ALTERNATIVES: u64 = 128;

/// One node of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// Every one of them.
    All(Vec<Node>),
    /// At least one of them.
    Any(Vec<Node>),
    /// At least `k` of them.
    Some {
        k: usize,
        of: Vec<Node>,
    },
    Leaf(Leaf),
}

/// So many approvals by people whom the selectors mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    pub count: u32,
    pub who: Selectors,
    pub label: Option<String>,
}

/// Leaves by their numbers, a bit for each.
pub type LeafSet = u16;

/// The leaves of a tree in their order, and the alternatives.
#[derive(Debug)]
pub struct Plan<'a> {
    pub leaves: Vec<&'a Leaf>,
    /// None contains another one.
    pub alternatives: Vec<LeafSet>,
}

impl Node {
    fn children(&self) -> &[Self] {
        match self {
            Self::All(of) | Self::Any(of) | Self::Some { of, .. } => of,
            Self::Leaf(_) => &[],
        }
    }

    /// The word that the wire has for the node's list.
    pub fn word(&self) -> &'static str {
        match self {
            Self::All(_) => "all_of",
            Self::Any(_) => "any_of",
            Self::Some { .. } => "k_of",
            Self::Leaf(_) => "",
        }
    }

    pub fn depth(&self) -> usize {
        1 + self.children().iter().map(Self::depth).max().unwrap_or(0)
    }

    pub fn nodes(&self) -> usize {
        1 + self.children().iter().map(Self::nodes).sum::<usize>()
    }

    /// Leaves with their pointers, in order.
    pub fn leaves(&self) -> Vec<(String, &Leaf)> {
        let mut leaves = Vec::new();
        self.collect(String::new(), &mut leaves);
        leaves
    }

    /// Whom the leaves mean, in order.
    pub fn whom(&self) -> Vec<&Selectors> {
        match self {
            Self::Leaf(leaf) => vec![&leaf.who],
            _ => self.children().iter().flat_map(Self::whom).collect(),
        }
    }

    fn collect<'a>(&'a self, pointer: String, leaves: &mut Vec<(String, &'a Leaf)>) {
        if let Self::Leaf(leaf) = self {
            leaves.push((pointer, leaf));
            return;
        }
        for (index, child) in self.children().iter().enumerate() {
            child.collect(format!("{pointer}/{}/{index}", self.word()), leaves);
        }
    }

    /// How many alternatives there are, equal ones counted as often as they come about. Builds none.
    pub fn alternatives(&self) -> u64 {
        let of = |nodes: &[Self]| -> Vec<u64> { nodes.iter().map(Self::alternatives).collect() };
        match self {
            Self::Leaf(_) => 1,
            Self::All(nodes) => of(nodes).into_iter().fold(1, u64::saturating_mul),
            Self::Any(nodes) => of(nodes).into_iter().fold(0, u64::saturating_add),
            Self::Some { k, of: nodes } => elementary(&of(nodes), *k),
        }
    }

    /// Only for trees that are within the caps.
    pub fn plan(&self) -> Plan<'_> {
        let mut leaves = Vec::new();
        let mut alternatives = self.build(&mut leaves);
        alternatives.sort_unstable_by_key(|set| (set.count_ones(), *set));
        alternatives.dedup();
        let mut smallest: Vec<LeafSet> = Vec::new();
        for set in alternatives {
            if !smallest.iter().any(|smaller| smaller & set == *smaller) {
                smallest.push(set);
            }
        }
        Plan { leaves, alternatives: smallest }
    }

    fn build<'a>(&'a self, leaves: &mut Vec<&'a Leaf>) -> Vec<LeafSet> {
        match self {
            Self::Leaf(leaf) => {
                leaves.push(leaf);
                vec![1 << (leaves.len() - 1)]
            }
            Self::All(nodes) => {
                let of: Vec<_> = nodes.iter().map(|node| node.build(leaves)).collect();
                combined(&of, of.len())
            }
            Self::Any(nodes) => nodes.iter().flat_map(|node| node.build(leaves)).collect(),
            Self::Some { k, of: nodes } => {
                let of: Vec<_> = nodes.iter().map(|node| node.build(leaves)).collect();
                combined(&of, *k)
            }
        }
    }
}

/// The sum over all ways to take `k` of the factors, of their products.
fn elementary(factors: &[u64], k: usize) -> u64 {
    if k > factors.len() {
        return 0;
    }
    let mut sums = vec![0_u64; k + 1];
    sums[0] = 1;
    for factor in factors {
        for taken in (1..=k).rev() {
            sums[taken] = sums[taken].saturating_add(sums[taken - 1].saturating_mul(*factor));
        }
    }
    sums[k]
}

/// All ways to take one set of each of `k` of the lists, put together.
fn combined(lists: &[Vec<LeafSet>], k: usize) -> Vec<LeafSet> {
    let mut ways: Vec<Vec<LeafSet>> = vec![Vec::new(); k + 1];
    ways[0].push(0);
    for list in lists {
        for taken in (1..=k).rev() {
            let more: Vec<LeafSet> =
                ways[taken - 1].iter().flat_map(|before| list.iter().map(move |set| before | set)).collect();
            ways[taken].extend(more);
        }
    }
    ways.pop().unwrap_or_default()
}
