//! Reading a policy that a caller sent: names, numbers and trees, within their bounds. What is wrong is told by field.

use std::collections::BTreeSet;

use super::{
    super::{create::MAX_TIMEOUT, parse::Object, validate::Check},
    ExtensionBody, NodeBody,
};
use crate::domain::{
    names::PrincipalName,
    policy::{
        Extension, Names, Selectors,
        tree::{Leaf, MAX_ALTERNATIVES, MAX_DEPTH, MAX_LEAVES, MAX_NODES, Node},
    },
};

/// Most people whom one policy names, and most that one leaf asks for.
const MAX_PEOPLE: usize = 1_000;
pub(super) const MAX_COUNT: i64 = 1_000;
/// Most roles and groups that one policy names.
const MAX_MEMBERSHIPS: usize = 32;
/// What the names of a policy may have together, in bytes.
const MAX_NAMES: usize = 32 * 1024;
/// Longest label of a leaf, in characters.
const MAX_LABEL: usize = 100;

/// The names of the three lists, in a leaf and in the simple form.
pub(super) const LISTS: [&str; 3] = ["people", "roles", "groups"];
pub(super) const ALLOWED: [&str; 3] = ["allowed_approvers", "allowed_roles", "allowed_groups"];

/// The reading of one policy, and what it has named so far.
pub(super) struct Reading<'a> {
    pub check: &'a mut Check,
    people: usize,
    memberships: usize,
    bytes: usize,
}

impl<'a> Reading<'a> {
    pub fn new(check: &'a mut Check) -> Self {
        Self { check, people: 0, memberships: 0, bytes: 0 }
    }

    pub fn number(&mut self, pointer: &str, name: &str, number: Option<i64>, range: (i64, i64)) -> u32 {
        let number = self.check.range(&format!("{pointer}/{name}"), number, range, 1);
        u32::try_from(number).unwrap_or(1)
    }

    /// Nothing is built of a tree that is larger than trees may be.
    pub fn tree(&mut self, pointer: &str, node: NodeBody) -> Node {
        let (nodes, depth) = node.extent();
        let empty = Node::All(Vec::new());
        if nodes > MAX_NODES {
            self.check.fail(pointer, "max_nodes", format!("must have at most {MAX_NODES} nodes"));
            return empty;
        }
        if depth > MAX_DEPTH {
            self.check.fail(pointer, "max_depth", format!("must have at most {MAX_DEPTH} levels"));
            return empty;
        }
        let node = self.node(pointer, node);
        let leaves = node.leaves().len();
        if leaves > MAX_LEAVES {
            self.check.fail(pointer, "max_leaves", format!("must have at most {MAX_LEAVES} leaves"));
        } else if node.alternatives() > MAX_ALTERNATIVES {
            let message = format!("must have at most {MAX_ALTERNATIVES} ways to be satisfied");
            self.check.fail(pointer, "too_complex", message);
        }
        node
    }

    fn node(&mut self, pointer: &str, body: NodeBody) -> Node {
        if body.lists() > 1 || body.lists() == 1 && body.is_leaf() {
            let message = "must be one of all_of, any_of, k_of, or a leaf";
            self.check.fail(pointer, "exclusive", message);
        }
        if body.k.is_some() && body.k_of.is_none() {
            self.check.fail(format!("{pointer}/k"), "needs", "needs k_of");
        }
        if let Some(nodes) = body.all_of {
            return Node::All(self.nodes(pointer, "all_of", nodes));
        }
        if let Some(nodes) = body.any_of {
            return Node::Any(self.nodes(pointer, "any_of", nodes));
        }
        if let Some(nodes) = body.k_of {
            let count = i64::try_from(nodes.len()).unwrap_or(1).max(1);
            if body.k.is_none() {
                self.check.fail(format!("{pointer}/k"), "required", "must be given with k_of");
            }
            let k = self.number(pointer, "k", body.k, (1, count));
            return Node::Some { k: usize::try_from(k).unwrap_or(1), of: self.nodes(pointer, "k_of", nodes) };
        }
        if !body.is_leaf() {
            self.check.fail(
                pointer,
                "required",
                "must say whom: count, people, roles, groups, or a list of nodes",
            );
        }
        let count = self.number(pointer, "count", body.count, (1, MAX_COUNT));
        let at = format!("{pointer}/label");
        self.check.text(&at, body.label.as_ref(), MAX_LABEL);
        self.check.visible(&at, body.label.as_ref());
        let who = self.selectors(pointer, [body.people, body.roles, body.groups], LISTS);
        Node::Leaf(Leaf { count, who, label: body.label })
    }

    fn nodes(&mut self, pointer: &str, word: &str, nodes: Vec<Object<NodeBody>>) -> Vec<Node> {
        let pointer = format!("{pointer}/{word}");
        if nodes.is_empty() {
            self.check.fail(&pointer, "min_items", "must have at least one");
        }
        let each = nodes.into_iter().enumerate();
        each.map(|(index, Object(node))| self.node(&format!("{pointer}/{index}"), node)).collect()
    }

    pub fn selectors(
        &mut self,
        pointer: &str,
        lists: [Option<Vec<String>>; 3],
        words: [&str; 3],
    ) -> Selectors {
        let [people, roles, groups] = lists;
        let people = people.map(|list| self.names(&format!("{pointer}/{}", words[0]), &list));
        let roles = roles.map(|list| self.names(&format!("{pointer}/{}", words[1]), &list));
        let groups = groups.map(|list| self.names(&format!("{pointer}/{}", words[2]), &list));
        self.people += people.as_ref().map_or(0, BTreeSet::len);
        self.memberships += [&roles, &groups].into_iter().flatten().map(BTreeSet::len).sum::<usize>();
        Selectors { people, roles, groups }
    }

    fn names(&mut self, pointer: &str, list: &[String]) -> Names {
        if list.len() > MAX_PEOPLE {
            self.check.fail(pointer, "max_items", format!("must name at most {MAX_PEOPLE}"));
            return Names::new();
        }
        // Each counts, however short it is.
        self.bytes += list.iter().map(|name| name.len() + 1).sum::<usize>();
        if self.bytes > MAX_NAMES {
            let message = format!("must have at most {MAX_NAMES} bytes together");
            self.check.fail(pointer, "max_size", message);
            return Names::new();
        }
        let mut names = Names::new();
        for (index, name) in list.iter().enumerate() {
            match PrincipalName::new(name) {
                Ok(name) => {
                    names.insert(name);
                }
                Err(error) => self.check.fail(format!("{pointer}/{index}"), "name", error.to_string()),
            }
        }
        names
    }

    pub fn bounds(&mut self, pointer: &str) {
        if self.people > MAX_PEOPLE {
            self.check.fail(pointer, "max_items", format!("must name at most {MAX_PEOPLE} people"));
        }
        if self.memberships > MAX_MEMBERSHIPS {
            let message = format!("must name at most {MAX_MEMBERSHIPS} roles and groups");
            self.check.fail(pointer, "max_items", message);
        }
    }
}

/// Who may be let to move a deadline.
const MOVERS: [&str; 2] = ["approvers", "requester"];

pub(super) fn extension(check: &mut Check, pointer: &str, body: ExtensionBody) -> Extension {
    let at = format!("{pointer}/extension/max_seconds");
    if body.max_seconds.is_none() {
        check.fail(&at, "required", "must be given");
    }
    let most = check.range(&at, body.max_seconds, (1, MAX_TIMEOUT), 1);
    let by = body.by.unwrap_or_else(|| vec!["approvers".to_owned()]);
    let at = format!("{pointer}/extension/by");
    if by.is_empty() {
        check.fail(&at, "min_items", "must have approvers, requester or both");
    }
    if by.len() > MOVERS.len() {
        check.fail(&at, "max_items", format!("must have at most {}", MOVERS.len()));
    }
    for (index, word) in by.iter().take(MOVERS.len()).enumerate() {
        if !MOVERS.contains(&word.as_str()) {
            check.fail(format!("{at}/{index}"), "choice", "must be approvers or requester");
        }
    }
    Extension {
        max_seconds: u32::try_from(most).unwrap_or(1),
        by_approvers: by.iter().any(|word| word == "approvers"),
        by_requester: by.iter().any(|word| word == "requester"),
    }
}
