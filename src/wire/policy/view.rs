//! A policy as callers get it back: in the form that was sent, defaults filled in.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{
    names::PrincipalName,
    policy::{
        Extension, Form, Names, Policy, Selectors,
        tree::{Leaf, Node},
    },
};

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
    /// True: each vote must say the `digest` of what the voter was shown.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    require_digest: bool,
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
            require_digest: policy.require_digest,
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
