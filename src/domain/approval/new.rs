//! An approval that is to be.

use std::sync::Arc;

use super::{Opaque, Request, size};
use crate::domain::{
    credential::Origin,
    digest::Digest,
    escalation::{Escalation, Level},
    ids::{ApprovalId, WorkspaceId},
    policy::{Actor, Policy},
};

/// An approval that is to be.
#[derive(Debug, Clone)]
pub struct NewApproval {
    pub id: ApprovalId,
    pub workspace: WorkspaceId,
    pub request: Request,
    /// `None` until it is computed, which may take long: see [`NewApproval::digested`].
    pub digest: Option<Digest>,
    pub policy: Policy,
    pub levels: Vec<Level>,
    /// The levels for the record.
    pub levels_shown: Option<Opaque>,
    /// The policy for the record, where that is not how it is stored.
    pub policy_shown: Option<Opaque>,
    /// Refuse it if today's members can't satisfy the policies of these levels.
    pub check_membership: Vec<usize>,
    pub requested_by: Actor,
    /// From the moment of its making, by the database's clock.
    pub timeout_seconds: u32,
    pub idempotency: Option<Idempotency>,
    /// For the record.
    pub origin: Arc<Origin>,
}

impl NewApproval {
    /// Whether the version before understands its policy, and has all that it needs to go by it.
    pub fn is_plain(&self) -> bool {
        self.levels.is_empty() && self.policy.is_plain() && self.request.response_schema.is_none()
    }

    /// Computes the digest of what is asked.
    #[must_use]
    pub fn digested(mut self) -> Self {
        let on_behalf_of = self.origin.on_behalf_of.as_ref();
        let key = (self.workspace, self.id);
        self.digest = Digest::of_request(key, &self.request, &self.requested_by, on_behalf_of);
        self
    }

    /// Bytes that it takes.
    pub fn size(&self) -> usize {
        let levels: usize = self.levels.iter().map(Level::size).sum();
        size(&self.request, &self.policy, &Escalation::default()) + levels
    }
}

/// A key that makes a repeated create harmless, and the hash of the body it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    pub key: String,
    /// Of what the body asks for.
    pub meaning: [u8; 32],
    /// Of the body with the defaults that it spells out: an earlier version knows this one alone.
    pub as_sent: [u8; 32],
}
