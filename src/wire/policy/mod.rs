//! A policy as callers put it, and as they get it back: the form, its rules, and what becomes of it.

mod reading;
mod view;

use serde::Deserialize;
use utoipa::ToSchema;

use self::reading::{ALLOWED, LISTS, MAX_COUNT, Reading, extension};
pub use self::view::PolicyView;
use super::{
    parse::Object,
    problem::{Code, Problem, Violation},
    validate::Check,
};
use crate::domain::policy::{Asked, Form, Policy, check::Unsatisfiable};

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
    /// Whether each vote must say the `digest` of what the voter was shown; false by default.
    require_digest: Option<bool>,
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
    pub fn checks_membership(&self) -> bool {
        self.check_membership == Some(true)
    }

    /// The policy, as far as the form is right; what isn't is told by `check`.
    pub fn policy(self, check: &mut Check, pointer: &str) -> Policy {
        let mut reading = Reading::new(check);
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
                let message =
                    "must have the simple form (min_approvers, allowed_…, require_all) or a tree, not both";
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
            require_digest: self.require_digest.unwrap_or(false),
        }
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

/// Refuses what nobody could ever satisfy.
pub fn satisfiable(policy: &Policy, pointer: &str, asked: &Asked<'_>) -> Result<(), Problem> {
    policy.check(asked).map_err(|Unsatisfiable { pointer: at, why }| {
        let violation = Violation::new(format!("{pointer}{at}"), "satisfiable", why.to_string());
        Problem::about(Code::UnsatisfiablePolicy, vec![violation])
    })
}
