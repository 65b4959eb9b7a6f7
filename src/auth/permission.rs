//! What a credential may allow, by name.

use serde::{Serialize, Serializer};

macro_rules! permissions {
    ($($variant:ident = $name:literal: $text:literal),+ $(,)?) => {
        /// One thing that a credential may allow.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
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
    ApprovalEscalate = "approval:escalate": "Hand pending approvals to the next level.",
    ApprovalExtend = "approval:extend": "Move deadlines of pending approvals, where the policy lets them.",
    ApprovalClaim = "approval:claim": "Claim what was approved, as its requester or one of its executors.",
    ApprovalViewPending = "approval:view:pending": "See approvals, list what is pending, wait for outcomes.",
    ApprovalViewHistory = "approval:view:history": "See decisions and records of approvals, list and export what has ended.",
    RunDelete = "run:delete": "Delete a run with its approvals.",
    EventPublish = "event:publish": "Send events of tasks.",
    EventSubscribe = "event:subscribe": "Follow tasks: open sockets, read events again.",
    ConnectionView = "connection:view": "See who is connected.",
    ConnectionClose = "connection:close": "Close connections.",
    ClusterView = "cluster:view": "See the instances of the service, which serve every workspace.",
    KeyManage = "key:manage": "Make, list, rotate and revoke keys.",
    PrincipalManage = "principal:manage": "Add, change and disable principals; make roles; end their sessions.",
    PolicyManage = "policy:manage": "Change the workspace's approval rules.",
    NotificationView = "notification:view": "See what was sent to whom, and what became of it.",
    NotificationManage = "notification:manage": "Send again what failed; change templates; see which app in Slack serves the workspace.",
    WebhookManage = "webhook:manage": "Make, change, try and delete endpoints of webhooks; see and repeat what was sent to them.",
    AuditView = "audit:view": "Read the workspace's audit log.",
    WorkspaceAdmin = "workspace:admin": "Everything within the workspace, its settings among it.",
}

/// A set of permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Permissions(u32);

impl Permissions {
    pub const NONE: Self = Self(0);

    /// Unknown names allow nothing: a newer instance may have granted what this one doesn't know.
    pub fn from_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        names.into_iter().filter_map(Permission::from_name).collect()
    }

    pub fn allow(self, permission: Permission) -> bool {
        let within_workspace = permission != Permission::ClusterView;
        self.holds(permission) || within_workspace && self.holds(Permission::WorkspaceAdmin)
    }

    /// Something that `other` allows and `self` doesn't: nobody grants more than they have.
    pub fn first_beyond(self, other: Self) -> Option<Permission> {
        other.iter().find(|permission| !self.allow(*permission))
    }

    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// In the order in which they are documented.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.iter().copied().filter(move |permission| self.holds(*permission))
    }

    pub fn names(self) -> Vec<&'static str> {
        self.iter().map(Permission::as_str).collect()
    }

    fn holds(self, permission: Permission) -> bool {
        self.0 & bit(permission) != 0
    }
}

fn bit(permission: Permission) -> u32 {
    1 << permission as u32
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        Self(permissions.into_iter().fold(0, |bits, permission| bits | bit(permission)))
    }
}

impl Serialize for Permissions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(Permission::as_str))
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
            assert!(!Permissions::NONE.allow(*permission));
        }
    }

    #[test]
    fn nobody_reaches_beyond_what_they_have() {
        let all: Permissions = Permission::ALL.iter().copied().collect();
        let admin = Permissions::from_names(["workspace:admin"]);
        let keys = Permissions::from_names(["key:manage", "approval:create"]);
        assert_eq!((all.first_beyond(admin), admin.first_beyond(keys)), (None, None));
        assert_eq!(keys.first_beyond(Permissions::from_names(["approval:create"])), None);
        // The cluster is not one workspace's.
        assert_eq!(admin.first_beyond(all), Some(Permission::ClusterView));
        assert_eq!(keys.first_beyond(admin), Some(Permission::WorkspaceAdmin));
        let approving = Permissions::from_names(["approval:approve"]);
        assert_eq!(keys.first_beyond(approving), Some(Permission::ApprovalApprove));
    }
}
