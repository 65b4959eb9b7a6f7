//! How a policy is stored, so that instances of the version before stay safe beside newer ones.
//!
//! What that version understands, named people and how many of them, has its shape. Everything else stands under
//! `form`, beside a quorum that nobody can reach by nobody: an older instance then admits no vote, and leaves the
//! approval to newer ones. Without those fields it could not read the row, nor any other of the same batch.

use serde::{Deserialize, Serialize};

use crate::domain::policy::{
    Extension, Form, Names, Policy, Selectors,
    tree::{Leaf, Node},
};

/// A policy that the version before can't evaluate has these.
const OUT_OF_REACH: u32 = u32::MAX;

/// The `policy` column.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct StoredPolicy {
    min_approvers: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    allowed_approvers: Option<Names>,
    require_all: bool,
    allow_self_approval: bool,
    rejections_to_reject: u32,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    allow_services: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    veto: Option<Selectors>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    extension: Option<StoredExtension>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    form: Option<StoredForm>,
}

#[derive(Debug, Serialize, Deserialize)]
struct StoredExtension {
    max_seconds: u32,
    by: Vec<StoredMover>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StoredMover {
    Approvers,
    Requester,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StoredForm {
    Simple {
        min_approvers: u32,
        who: Selectors,
        require_all: bool,
    },
    Tree(StoredNode),
    /// With a condition besides. A version that doesn't know this form can't read the policy, and so decides nothing by it.
    Conditional(StoredCondition),
}

/// A condition that this version doesn't know makes the policy unreadable here, too.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredCondition {
    require_digest: bool,
    form: Box<StoredForm>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StoredNode {
    AllOf(Vec<StoredNode>),
    AnyOf(Vec<StoredNode>),
    KOf {
        k: usize,
        of: Vec<StoredNode>,
    },
    Leaf {
        count: u32,
        who: Selectors,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        label: Option<String>,
    },
}

impl StoredPolicy {
    /// For a level that others follow. The version before knows no levels: it must not admit anybody of this one once
    /// the next has its turn.
    pub fn closed(policy: &Policy) -> Self {
        Self::new(policy, true)
    }

    /// For an approval whose answers must fit a schema. The version before knows none.
    pub fn typed(policy: &Policy) -> Self {
        let mut stored = Self::new(policy, true);
        stored.hide(policy.require_digest);
        stored
    }

    /// Puts the form where only versions look that know what else is asked.
    fn hide(&mut self, require_digest: bool) {
        if matches!(self.form, Some(StoredForm::Conditional(_))) {
            return;
        }
        let form = self.form.take().map(Box::new);
        self.form = form.map(|form| StoredForm::Conditional(StoredCondition { require_digest, form }));
    }

    fn new(policy: &Policy, is_closed: bool) -> Self {
        let mut stored = Self {
            min_approvers: OUT_OF_REACH,
            allowed_approvers: Some(Names::new()),
            require_all: false,
            allow_self_approval: policy.allow_self_approval,
            rejections_to_reject: policy.rejections_to_reject,
            allow_services: policy.allow_services,
            veto: policy.veto.clone(),
            extension: policy.extension.map(StoredExtension::from),
            form: None,
        };
        match &policy.form {
            Form::Simple { min_approvers, who, require_all } if policy.is_plain() && !is_closed => {
                stored.min_approvers = *min_approvers;
                stored.allowed_approvers.clone_from(&who.people);
                stored.require_all = *require_all;
            }
            Form::Simple { min_approvers, who, require_all } => {
                stored.form = Some(StoredForm::Simple {
                    min_approvers: *min_approvers,
                    who: who.clone(),
                    require_all: *require_all,
                });
            }
            Form::Tree(node) => stored.form = Some(StoredForm::Tree(node.into())),
        }
        if policy.require_digest {
            stored.hide(true);
        }
        stored
    }
}

impl From<&Policy> for StoredPolicy {
    fn from(policy: &Policy) -> Self {
        Self::new(policy, false)
    }
}

impl From<Extension> for StoredExtension {
    fn from(extension: Extension) -> Self {
        let by = [
            (extension.by_approvers, StoredMover::Approvers),
            (extension.by_requester, StoredMover::Requester),
        ];
        let by = by.into_iter().filter_map(|(may, who)| may.then_some(who)).collect();
        Self { max_seconds: extension.max_seconds, by }
    }
}

impl From<StoredExtension> for Extension {
    fn from(stored: StoredExtension) -> Self {
        Self {
            max_seconds: stored.max_seconds,
            by_approvers: stored.by.contains(&StoredMover::Approvers),
            by_requester: stored.by.contains(&StoredMover::Requester),
        }
    }
}

impl From<StoredPolicy> for Policy {
    fn from(stored: StoredPolicy) -> Self {
        let (form, require_digest) = match stored.form {
            Some(StoredForm::Conditional(StoredCondition { require_digest, form })) => {
                (Some(*form), require_digest)
            }
            form => (form, false),
        };
        let form = match form {
            None => Form::Simple {
                min_approvers: stored.min_approvers,
                who: Selectors { people: stored.allowed_approvers, ..Selectors::default() },
                require_all: stored.require_all,
            },
            Some(StoredForm::Simple { min_approvers, who, require_all }) => {
                Form::Simple { min_approvers, who, require_all }
            }
            Some(StoredForm::Tree(node)) => Form::Tree(node.into()),
            // It is written once, around the form.
            Some(StoredForm::Conditional(inner)) => {
                let mut within = Self::from(StoredPolicy { form: Some(*inner.form), ..stored });
                within.require_digest |= require_digest || inner.require_digest;
                return within;
            }
        };
        Self {
            form,
            rejections_to_reject: stored.rejections_to_reject,
            veto: stored.veto,
            allow_self_approval: stored.allow_self_approval,
            allow_services: stored.allow_services,
            extension: stored.extension.map(Extension::from),
            require_digest,
        }
    }
}

impl From<&Node> for StoredNode {
    fn from(node: &Node) -> Self {
        let all = |nodes: &[Node]| nodes.iter().map(Self::from).collect();
        match node {
            Node::All(nodes) => Self::AllOf(all(nodes)),
            Node::Any(nodes) => Self::AnyOf(all(nodes)),
            Node::Some { k, of } => Self::KOf { k: *k, of: all(of) },
            Node::Leaf(Leaf { count, who, label }) => {
                Self::Leaf { count: *count, who: who.clone(), label: label.clone() }
            }
        }
    }
}

impl From<StoredNode> for Node {
    fn from(node: StoredNode) -> Self {
        let all = |nodes: Vec<StoredNode>| nodes.into_iter().map(Self::from).collect();
        match node {
            StoredNode::AllOf(nodes) => Self::All(all(nodes)),
            StoredNode::AnyOf(nodes) => Self::Any(all(nodes)),
            StoredNode::KOf { k, of } => Self::Some { k, of: all(of) },
            StoredNode::Leaf { count, who, label } => Self::Leaf(Leaf { count, who, label }),
        }
    }
}

/// What of the policy admits, in words that a list can be filtered by: those who may approve, and those who may veto.
pub(super) fn approvers(policy: &Policy) -> Vec<String> {
    let veto = policy.veto.iter().flat_map(Selectors::each);
    let mut approvers: Vec<String> =
        policy.approvers().into_iter().chain(veto).map(|selector| selector.to_string()).collect();
    approvers.sort_unstable();
    approvers.dedup();
    approvers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::names::PrincipalName;

    /// As the version before had it: a field that is missing there makes the row unreadable.
    #[derive(Debug, Deserialize)]
    struct Before {
        min_approvers: u32,
        #[serde(default)]
        allowed_approvers: Option<Names>,
        #[expect(dead_code, reason = "it must be there")]
        require_all: bool,
        #[expect(dead_code, reason = "it must be there")]
        allow_self_approval: bool,
        #[expect(dead_code, reason = "it must be there")]
        rejections_to_reject: u32,
    }

    fn names(list: &[&str]) -> Names {
        list.iter().map(|name| PrincipalName::new(name).unwrap()).collect()
    }

    fn policies() -> [(Policy, bool); 8] {
        let people = Selectors { people: Some(names(&["ana", "bo"])), ..Selectors::default() };
        let roles = Selectors { roles: Some(names(&["ml-ops"])), ..people.clone() };
        let leaf = |who: &Selectors| Node::Leaf(Leaf { count: 2, who: who.clone(), label: Some("x".into()) });
        let tree = Node::All(vec![
            leaf(&people),
            Node::Some { k: 1, of: vec![Node::Any(vec![leaf(&roles)]), leaf(&Selectors::default())] },
        ]);
        let extension = Some(Extension { max_seconds: 60, by_approvers: false, by_requester: true });
        [
            (Policy { extension, ..Policy::default() }, true),
            (Policy::default(), true),
            (Policy::simple(2, people.clone()), true),
            (Policy::simple(2, roles.clone()), false),
            (Policy { veto: Some(roles), ..Policy::simple(2, people) }, false),
            (Policy { require_digest: true, ..Policy::default() }, false),
            (Policy { form: Form::Tree(tree.clone()), require_digest: true, ..Policy::default() }, false),
            (Policy { form: Form::Tree(tree), allow_services: true, ..Policy::default() }, false),
        ]
    }

    #[test]
    fn policies_come_back_as_they_went() {
        for (policy, _) in policies() {
            let json = serde_json::to_string(&StoredPolicy::from(&policy)).unwrap();
            let stored: StoredPolicy = serde_json::from_str(&json).unwrap();
            assert_eq!(Policy::from(stored), policy, "{json}");
            let json = serde_json::to_string(&StoredPolicy::closed(&policy)).unwrap();
            let before: Before = serde_json::from_str(&json).unwrap();
            assert_eq!((before.min_approvers, before.allowed_approvers), (u32::MAX, Some(Names::new())));
            let stored: StoredPolicy = serde_json::from_str(&json).unwrap();
            assert_eq!(Policy::from(stored), policy, "{json}");
        }
    }

    /// What it doesn't understand admits nobody there.
    #[test]
    fn the_version_before_reads_each_of_them() {
        for (policy, is_understood) in policies() {
            let json = serde_json::to_string(&StoredPolicy::from(&policy)).unwrap();
            let before: Before = serde_json::from_str(&json).unwrap();
            let admits_nobody = before.allowed_approvers.is_some_and(|names| names.is_empty());
            assert_eq!(admits_nobody && before.min_approvers == u32::MAX, !is_understood, "{json}");
        }
    }
}
