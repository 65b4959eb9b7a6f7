//! A policy as callers put it, and as they get it back: the form, its rules, and what becomes of it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    create::MAX_TIMEOUT,
    parse::Object,
    problem::{Code, Problem},
    validate::{Check, Violation},
};
use crate::domain::{
    names::PrincipalName,
    policy::{
        Asked, Extension, Form, Names, Policy, Selectors,
        check::Unsatisfiable,
        tree::{Leaf, MAX_ALTERNATIVES, MAX_DEPTH, MAX_LEAVES, MAX_NODES, Node},
    },
};

/// Most people whom one policy names, and most that one leaf asks for.
const MAX_PEOPLE: usize = 1_000;
const MAX_COUNT: i64 = 1_000;
/// Most roles and groups that one policy names.
const MAX_MEMBERSHIPS: usize = 32;
/// What the names of a policy may have together, in bytes.
const MAX_NAMES: usize = 32 * 1024;
/// Longest label of a leaf, in characters.
const MAX_LABEL: usize = 100;

/// Who must agree. Either the simple form (`min_approvers`, `allowed_…`, `require_all`), or a tree: the policy is then
/// its root, with the options beside it.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"min_approvers": 1, "allowed_approvers": ["ana", "bo"]}))]
pub struct PolicyBody {
    /// Distinct people who must approve; 1 by default.
    #[schema(minimum = 1, maximum = 1000)]
    min_approvers: Option<i64>,
    /// Names of those who may decide: at most 1,000, of at most 32 KiB together. Where none of the three lists is given,
    /// anybody with the permission may decide; where several are, whoever is on one of them.
    allowed_approvers: Option<Vec<String>>,
    /// Roles whose members may decide.
    allowed_roles: Option<Vec<String>>,
    /// Groups whose members may decide.
    allowed_groups: Option<Vec<String>>,
    /// Everybody named must approve. Not beside roles and groups: their members change.
    require_all: Option<bool>,
    /// All of these must be satisfied.
    #[schema(value_type = Option<Vec<NodeBody>>)]
    all_of: Option<Vec<Object<NodeBody>>>,
    /// One of these must be satisfied.
    #[schema(value_type = Option<Vec<NodeBody>>)]
    any_of: Option<Vec<Object<NodeBody>>>,
    /// `k` of these must be satisfied.
    #[schema(value_type = Option<Vec<NodeBody>>)]
    k_of: Option<Vec<Object<NodeBody>>>,
    /// 1 to as many as there are.
    #[schema(minimum = 1)]
    k: Option<i64>,
    /// So many distinct people; 1 by default.
    #[schema(minimum = 1, maximum = 1000)]
    count: Option<i64>,
    people: Option<Vec<String>>,
    roles: Option<Vec<String>>,
    groups: Option<Vec<String>>,
    /// What a leaf is called where it is shown: at most 100 characters.
    label: Option<String>,
    /// Distinct people whose rejection ends it; 1 by default.
    #[schema(minimum = 1, maximum = 1000)]
    rejections_to_reject: Option<i64>,
    /// One rejection by one of these ends it. They may reject even where no leaf admits them.
    #[schema(value_type = Option<SelectorsBody>)]
    veto: Option<Object<SelectorsBody>>,
    /// Whether the requester may decide too; false by default.
    allow_self_approval: Option<bool>,
    /// Whether principals of kind `service` may decide; false by default.
    allow_services: Option<bool>,
    /// Refuse the policy if the members that roles and groups have now can't satisfy it.
    check_membership: Option<bool>,
    /// Not supported yet.
    #[schema(value_type = Option<bool>)]
    require_digest: Option<Value>,
    /// By how much, and by whom, the deadline may be moved; not at all by default.
    #[schema(value_type = Option<ExtensionBody>)]
    extension: Option<Object<ExtensionBody>>,
}

/// By how much, and by whom, the deadline of a level may be moved.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"max_seconds": 86400, "by": ["approvers"]}))]
pub struct ExtensionBody {
    /// All extensions of a level together.
    #[schema(required, nullable = false, minimum = 1, maximum = 31_536_000)]
    max_seconds: Option<i64>,
    /// `approvers` (the default) and/or `requester`.
    by: Option<Vec<String>>,
}

/// One node of a tree: `all_of`, `any_of`, `k_of` with `k`, or a leaf.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"count": 1, "groups": ["security"], "label": "Security"}))]
pub struct NodeBody {
    #[schema(no_recursion, value_type = Option<Vec<NodeBody>>)]
    all_of: Option<Vec<Object<NodeBody>>>,
    #[schema(no_recursion, value_type = Option<Vec<NodeBody>>)]
    any_of: Option<Vec<Object<NodeBody>>>,
    #[schema(no_recursion, value_type = Option<Vec<NodeBody>>)]
    k_of: Option<Vec<Object<NodeBody>>>,
    #[schema(minimum = 1)]
    k: Option<i64>,
    #[schema(minimum = 1, maximum = 1000)]
    count: Option<i64>,
    people: Option<Vec<String>>,
    roles: Option<Vec<String>>,
    groups: Option<Vec<String>>,
    label: Option<String>,
}

/// People by name, roles and groups: the union of the three.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SelectorsBody {
    people: Option<Vec<String>>,
    roles: Option<Vec<String>>,
    groups: Option<Vec<String>>,
}

impl PolicyBody {
    /// What is accepted only to be refused in words.
    pub fn unsupported(&self, pointer: &str) -> Vec<String> {
        let asked = self.require_digest.iter();
        asked.map(|_| format!("{pointer}/require_digest")).collect()
    }

    pub fn checks_membership(&self) -> bool {
        self.check_membership == Some(true)
    }

    /// The policy, as far as the form is right; what isn't is told by `check`.
    pub fn policy(self, check: &mut Check, pointer: &str) -> Policy {
        let mut reading = Reading { check, people: 0, memberships: 0, bytes: 0 };
        let range = (1, MAX_COUNT);
        let rejections_to_reject =
            reading.number(pointer, "rejections_to_reject", self.rejections_to_reject, range);
        let veto = self.veto.map(|Object(it)| {
            let pointer = format!("{pointer}/veto");
            let who = reading.selectors(&pointer, [it.people, it.roles, it.groups], LISTS);
            if who.is_anyone() {
                reading.check.fail(pointer, "required", "must have people, roles or groups");
            }
            who
        });
        let is_simple = self.min_approvers.is_some()
            || self.allowed_approvers.is_some()
            || self.allowed_roles.is_some()
            || self.allowed_groups.is_some()
            || self.require_all.is_some();
        let node = NodeBody {
            all_of: self.all_of,
            any_of: self.any_of,
            k_of: self.k_of,
            k: self.k,
            count: self.count,
            people: self.people,
            roles: self.roles,
            groups: self.groups,
            label: self.label,
        };
        let form = if node.is_empty() {
            let lists = [self.allowed_approvers, self.allowed_roles, self.allowed_groups];
            let who = reading.selectors(pointer, lists, ALLOWED);
            let require_all = self.require_all.unwrap_or(false);
            if require_all && who.people.is_none() {
                reading.check.fail(format!("{pointer}/require_all"), "needs", "needs allowed_approvers");
            }
            if require_all && (who.roles.is_some() || who.groups.is_some()) {
                let message =
                    "is not for roles and groups, whose members change: name people, or say how many";
                reading.check.fail(format!("{pointer}/require_all"), "exclusive", message);
            }
            let min_approvers = reading.number(pointer, "min_approvers", self.min_approvers, range);
            Form::Simple { min_approvers, who, require_all }
        } else {
            if is_simple {
                let message = "has either the simple form (min_approvers, allowed_…, require_all) or a tree";
                reading.check.fail(pointer, "exclusive", message);
            }
            Form::Tree(reading.tree(pointer, node))
        };
        reading.bounds(pointer);
        let extension = self.extension.map(|Object(it)| extension(reading.check, pointer, it));
        Policy {
            form,
            rejections_to_reject,
            veto,
            allow_self_approval: self.allow_self_approval.unwrap_or(false),
            allow_services: self.allow_services.unwrap_or(false),
            extension,
        }
    }
}

fn extension(check: &mut Check, pointer: &str, body: ExtensionBody) -> Extension {
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
    for (index, word) in by.iter().enumerate() {
        if !["approvers", "requester"].contains(&word.as_str()) {
            check.fail(format!("{at}/{index}"), "choice", "must be approvers or requester");
        }
    }
    Extension {
        max_seconds: u32::try_from(most).unwrap_or(1),
        by_approvers: by.iter().any(|word| word == "approvers"),
        by_requester: by.iter().any(|word| word == "requester"),
    }
}

impl NodeBody {
    fn is_empty(&self) -> bool {
        self.lists() == 0
            && self.k.is_none()
            && self.count.is_none()
            && self.people.is_none()
            && self.roles.is_none()
            && self.groups.is_none()
            && self.label.is_none()
    }

    /// How many of the three lists of nodes it has.
    fn lists(&self) -> usize {
        [&self.all_of, &self.any_of, &self.k_of].into_iter().filter(|list| list.is_some()).count()
    }

    fn is_leaf(&self) -> bool {
        self.count.is_some()
            || self.people.is_some()
            || self.roles.is_some()
            || self.groups.is_some()
            || self.label.is_some()
    }

    /// Nodes below it and itself, and the levels of them.
    fn extent(&self) -> (usize, usize) {
        let below = [&self.all_of, &self.any_of, &self.k_of].into_iter().flatten().flatten();
        below
            .map(|Object(node)| node.extent())
            .fold((1, 1), |(nodes, depth), (more, deeper)| (nodes + more, depth.max(deeper + 1)))
    }
}

/// The names of the three lists, in a leaf and in the simple form.
const LISTS: [&str; 3] = ["people", "roles", "groups"];
const ALLOWED: [&str; 3] = ["allowed_approvers", "allowed_roles", "allowed_groups"];

/// The reading of one policy, and what it has named so far.
struct Reading<'a> {
    check: &'a mut Check,
    people: usize,
    memberships: usize,
    bytes: usize,
}

impl Reading<'_> {
    fn number(&mut self, pointer: &str, name: &str, number: Option<i64>, range: (i64, i64)) -> u32 {
        let number = self.check.range(&format!("{pointer}/{name}"), number, range, 1);
        u32::try_from(number).unwrap_or(1)
    }

    /// Nothing is built of a tree that is larger than trees may be.
    fn tree(&mut self, pointer: &str, node: NodeBody) -> Node {
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

    fn selectors(&mut self, pointer: &str, lists: [Option<Vec<String>>; 3], words: [&str; 3]) -> Selectors {
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
        self.bytes += list.iter().map(String::len).sum::<usize>();
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

    fn bounds(&mut self, pointer: &str) {
        if self.people > MAX_PEOPLE {
            self.check.fail(pointer, "max_items", format!("must name at most {MAX_PEOPLE} people"));
        }
        if self.memberships > MAX_MEMBERSHIPS {
            let message = format!("must name at most {MAX_MEMBERSHIPS} roles and groups");
            self.check.fail(pointer, "max_items", message);
        }
    }
}

/// Refuses what nobody could ever satisfy.
pub fn satisfiable(policy: &Policy, pointer: &str, asked: &Asked<'_>) -> Result<(), Problem> {
    policy.check(asked).map_err(|Unsatisfiable { pointer: at, why }| {
        let violation = Violation::new(format!("{pointer}{at}"), "satisfiable", why.to_string());
        Problem::about(Code::UnsatisfiablePolicy, vec![violation])
    })
}

/// Who must agree, in the form in which it was put.
#[derive(Serialize, ToSchema)]
#[schema(as = Policy)]
pub struct PolicyView<'a> {
    /// Distinct people who must approve. Simple form only, like the four that follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 1)]
    min_approvers: Option<u32>,
    /// Names of those who may decide.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = json!(["ana", "bo"]))]
    allowed_approvers: Option<Vec<&'a str>>,
    /// Roles whose members may decide.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    allowed_roles: Option<Vec<&'a str>>,
    /// Groups whose members may decide.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    allowed_groups: Option<Vec<&'a str>>,
    /// Everybody named must approve.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    require_all: Option<bool>,
    /// The tree's root, where the policy is one.
    #[serde(flatten)]
    node: Option<NodeView<'a>>,
    /// Whether the requester may decide too.
    allow_self_approval: bool,
    /// Whether principals of kind `service` may decide.
    allow_services: bool,
    /// Distinct people whose rejection ends it.
    #[schema(example = 1)]
    rejections_to_reject: u32,
    /// One rejection by one of these ends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    veto: Option<SelectorsView<'a>>,
    /// By how much, and by whom, the deadline may be moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    extension: Option<ExtensionView>,
}

/// By how much, and by whom, the deadline of a level may be moved.
#[derive(Serialize, ToSchema)]
#[schema(as = Extension)]
pub struct ExtensionView {
    /// All extensions of a level together.
    max_seconds: u32,
    /// `approvers`, `requester` or both.
    by: Vec<&'static str>,
}

impl From<Extension> for ExtensionView {
    fn from(extension: Extension) -> Self {
        let by = [(extension.by_approvers, "approvers"), (extension.by_requester, "requester")];
        let by = by.into_iter().filter_map(|(may, word)| may.then_some(word)).collect();
        Self { max_seconds: extension.max_seconds, by }
    }
}

/// One node of a tree.
#[derive(Default, Serialize, ToSchema)]
#[schema(as = PolicyNode)]
pub struct NodeView<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(no_recursion, nullable = false)]
    all_of: Option<Vec<NodeView<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(no_recursion, nullable = false)]
    any_of: Option<Vec<NodeView<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(no_recursion, nullable = false)]
    k_of: Option<Vec<NodeView<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    k: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    count: Option<u32>,
    #[serde(flatten)]
    who: Option<SelectorsView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    label: Option<&'a str>,
}

/// People by name, roles and groups: the union of the three.
#[derive(Default, Serialize, ToSchema)]
#[schema(as = Selectors)]
pub struct SelectorsView<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    people: Option<Vec<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    roles: Option<Vec<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    groups: Option<Vec<&'a str>>,
}

fn listed(names: Option<&Names>) -> Option<Vec<&str>> {
    names.map(|names| names.iter().map(PrincipalName::as_str).collect())
}

impl<'a> From<&'a Selectors> for SelectorsView<'a> {
    fn from(who: &'a Selectors) -> Self {
        Self {
            people: listed(who.people.as_ref()),
            roles: listed(who.roles.as_ref()),
            groups: listed(who.groups.as_ref()),
        }
    }
}

impl<'a> From<&'a Node> for NodeView<'a> {
    fn from(node: &'a Node) -> Self {
        let all = |nodes: &'a [Node]| Some(nodes.iter().map(Self::from).collect());
        match node {
            Node::All(nodes) => Self { all_of: all(nodes), ..Self::default() },
            Node::Any(nodes) => Self { any_of: all(nodes), ..Self::default() },
            Node::Some { k, of } => Self { k_of: all(of), k: Some(*k), ..Self::default() },
            Node::Leaf(Leaf { count, who, label }) => Self {
                count: Some(*count),
                who: Some(who.into()),
                label: label.as_deref(),
                ..Self::default()
            },
        }
    }
}

impl<'a> From<&'a Policy> for PolicyView<'a> {
    fn from(policy: &'a Policy) -> Self {
        let mut view = Self {
            min_approvers: None,
            allowed_approvers: None,
            allowed_roles: None,
            allowed_groups: None,
            require_all: None,
            node: None,
            allow_self_approval: policy.allow_self_approval,
            allow_services: policy.allow_services,
            rejections_to_reject: policy.rejections_to_reject,
            veto: policy.veto.as_ref().map(SelectorsView::from),
            extension: policy.extension.map(ExtensionView::from),
        };
        match &policy.form {
            Form::Simple { min_approvers, who, require_all } => {
                view.min_approvers = Some(*min_approvers);
                view.allowed_approvers = listed(who.people.as_ref());
                view.allowed_roles = listed(who.roles.as_ref());
                view.allowed_groups = listed(who.groups.as_ref());
                view.require_all = Some(*require_all);
            }
            Form::Tree(node) => view.node = Some(node.into()),
        }
        view
    }
}
