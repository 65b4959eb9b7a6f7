//! Roles: named sets of permissions. These are built in; workspaces make others of their own.

use super::permission::{Permission, Permissions};

/// A role that every workspace has.
#[derive(Debug)]
pub struct BuiltIn {
    pub name: &'static str,
    pub meaning: &'static str,
    pub permissions: &'static [Permission],
}

/// What a key gets that was made without any permission or role.
pub const MEMBER: &str = "member";

use Permission as P;

pub const BUILT_IN: &[BuiltIn] = &[
    BuiltIn {
        name: "agent",
        meaning: "Asks and waits, and tells what it does: what an agent's key needs, and no more.",
        permissions: &[P::ApprovalCreate, P::ApprovalViewPending, P::EventPublish],
    },
    BuiltIn {
        name: "requester",
        meaning: "Asks, cancels, and follows what happens: a workflow.",
        permissions: &[
            P::ApprovalCreate,
            P::ApprovalCancel,
            P::ApprovalClaim,
            P::ApprovalViewPending,
            P::EventPublish,
            P::EventSubscribe,
        ],
    },
    BuiltIn {
        name: "approver",
        meaning: "Decides.",
        permissions: &[
            P::ApprovalApprove,
            P::ApprovalReject,
            P::ApprovalEscalate,
            P::ApprovalExtend,
            P::ApprovalViewPending,
            P::ApprovalViewHistory,
            P::EventSubscribe,
        ],
    },
    BuiltIn {
        name: MEMBER,
        meaning: "Asks and decides: all that a member of a team needs.",
        permissions: &[
            P::ApprovalCreate,
            P::ApprovalApprove,
            P::ApprovalReject,
            P::ApprovalCancel,
            P::ApprovalEscalate,
            P::ApprovalExtend,
            P::ApprovalClaim,
            P::ApprovalViewPending,
            P::ApprovalViewHistory,
            P::EventPublish,
            P::EventSubscribe,
            P::ConnectionView,
        ],
    },
    BuiltIn {
        name: "auditor",
        meaning: "Sees everything, changes nothing.",
        permissions: &[
            P::ApprovalViewPending,
            P::ApprovalViewHistory,
            P::ConnectionView,
            P::NotificationView,
            P::AuditView,
        ],
    },
    BuiltIn {
        name: "operator",
        meaning: "Keeps the service running: instances and connections, of which the former serve every workspace.",
        permissions: &[P::ConnectionView, P::ConnectionClose, P::ClusterView],
    },
    BuiltIn { name: "admin", meaning: "Everything within the workspace.", permissions: &[P::WorkspaceAdmin] },
];

/// The built-in role of that name.
pub fn built_in(name: &str) -> Option<&'static BuiltIn> {
    BUILT_IN.iter().find(|role| role.name == name)
}

/// What the built-in ones among these roles allow together.
pub fn of_built_in<'a>(names: impl IntoIterator<Item = &'a str>) -> Permissions {
    names.into_iter().filter_map(built_in).flat_map(|role| role.permissions.iter().copied()).collect()
}

/// The names of the permissions, and of the built-in roles, each of which allows this by itself.
pub fn that_allow(permission: Permission) -> (Vec<String>, Vec<String>) {
    let permissions = Permission::ALL.iter().map(|it| it.as_str());
    let roles = BUILT_IN.iter().map(|role| role.name);
    (
        permissions
            .filter(|name| Permissions::from_names([*name]).allow(permission))
            .map(str::to_owned)
            .collect(),
        roles.filter(|name| of_built_in([*name]).allow(permission)).map(str::to_owned).collect(),
    )
}

/// What permissions and roles, by name, allow together. The workspace's own roles are among the permissions already.
pub fn allowed(permissions: &[String], roles: &[String]) -> Permissions {
    let named = Permissions::from_names(permissions.iter().map(String::as_str));
    named.with(of_built_in(roles.iter().map(String::as_str)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_allow_what_their_names_say() {
        let may = |role, permission| of_built_in([role]).allow(permission);
        assert!(may("agent", P::ApprovalCreate) && !may("agent", P::ApprovalApprove));
        assert!(may("requester", P::ApprovalCreate) && !may("requester", P::ApprovalApprove));
        assert!(may("approver", P::ApprovalApprove) && !may("approver", P::ApprovalCreate));
        assert!(may("auditor", P::AuditView) && !may("auditor", P::ApprovalApprove));
        assert!(may("operator", P::ClusterView) && !may("admin", P::ClusterView));
        assert!(may("admin", P::KeyManage) && !may(MEMBER, P::KeyManage));
        assert_eq!(of_built_in(["root", ""]), Permissions::NONE);
        let (permissions, roles) = that_allow(P::ApprovalApprove);
        assert_eq!(permissions, ["approval:approve", "workspace:admin"]);
        assert_eq!(roles, ["approver", "member", "admin"]);
    }
}
