//! Who calls, once a credential has been checked.

use std::{sync::Arc, time::Instant};

use super::permission::{Permission, Permissions};
use crate::domain::{
    credential::Credential,
    ids::WorkspaceId,
    names::PrincipalName,
    policy::{Actor, admission::Voter},
    redaction::Redactor,
};

/// Who calls, and what they may do.
#[derive(Debug, Clone)]
pub struct Caller {
    pub workspace: WorkspaceId,
    pub actor: Actor,
    /// The same as policies see it.
    pub voter: Arc<Voter>,
    /// For whom the actor acts, where that is another person.
    pub on_behalf_of: Option<PrincipalName>,
    pub credential: Credential,
    /// The credential's public name, for the record.
    pub credential_name: Arc<str>,
    pub permissions: Permissions,
    /// Whether the workspace lets a timeout approve.
    pub allow_timeout_approve: bool,
    /// Takes out what the workspace doesn't want stored. `None`: it wants all of it.
    pub redactor: Option<Arc<Redactor>>,
    /// What is said above was true at this moment, or later.
    pub looked_at: Instant,
    pub(super) handle: Handle,
}

/// What the credential is looked up by; never its secret.
#[derive(Debug, Clone)]
pub(super) enum Handle {
    Key(Arc<str>),
    Session(Arc<[u8; 32]>),
    Token,
}

impl Caller {
    pub fn may(&self, permission: Permission) -> bool {
        self.permissions.allow(permission)
    }

    /// A text of the caller's as the workspace wants it stored.
    pub fn kept(&self, text: String) -> String {
        Redactor::kept(self.redactor.as_deref(), text)
    }
}
