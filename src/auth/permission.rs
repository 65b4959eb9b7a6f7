//! What a credential may allow, by name.

macro_rules! permissions {
    ($($variant:ident = $name:literal: $text:literal),+ $(,)?) => {
        /// One thing that a credential may allow.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Permission { $(#[doc = $text] $variant),+ }

        impl Permission {
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// What it allows, in words.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

permissions! {
    ApprovalCreate = "approval:create": "Ask for approvals.",
    ApprovalApprove = "approval:approve": "Approve, where the policy admits it.",
    ApprovalReject = "approval:reject": "Reject, where the policy admits it.",
    ApprovalCancel = "approval:cancel": "Cancel pending approvals.",
    ApprovalViewPending = "approval:view:pending": "See approvals, list what is pending, wait for outcomes.",
    ApprovalViewHistory = "approval:view:history": "See what has ended, and decisions and records of approvals.",
    EventPublish = "event:publish": "Send events of tasks.",
    EventSubscribe = "event:subscribe": "Follow tasks: open sockets, read events again.",
    ConnectionView = "connection:view": "See who is connected.",
    ConnectionClose = "connection:close": "Close connections.",
    RunDelete = "run:delete": "Delete a run with its approvals.",
    ClusterView = "cluster:view": "See the instances of the service, which serve every workspace.",
    WorkspaceAdmin = "workspace:admin": "Everything within the workspace.",
}

/// What a key gets that was made without any permission named: all that a member of a team needs.
pub const MEMBER: &[Permission] = &[
    Permission::ApprovalCreate,
    Permission::ApprovalApprove,
    Permission::ApprovalReject,
    Permission::ApprovalCancel,
    Permission::ApprovalViewPending,
    Permission::ApprovalViewHistory,
    Permission::EventPublish,
    Permission::EventSubscribe,
    Permission::ConnectionView,
];

/// What one credential allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permissions(Vec<Permission>);

impl Permissions {
    /// Unknown names allow nothing: a newer instance may have granted what this one doesn't know.
    pub fn from_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        Self(names.into_iter().filter_map(Permission::from_name).collect())
    }

    pub fn allow(&self, permission: Permission) -> bool {
        let within_workspace = permission != Permission::ClusterView;
        self.0.contains(&permission) || within_workspace && self.0.contains(&Permission::WorkspaceAdmin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn admin_allows_all_and_unknown_names_nothing() {
        let admin = Permissions::from_names(["workspace:admin"]);
        let odd = Permissions::from_names(["approval:everything", "approval:create"]);
        for permission in Permission::ALL {
            assert_eq!(admin.allow(*permission), *permission != Permission::ClusterView);
            assert_eq!(odd.allow(*permission), *permission == Permission::ApprovalCreate);
            assert_eq!(Permission::from_name(permission.as_str()), Some(*permission));
        }
    }
}
