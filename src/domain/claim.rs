//! The claim of an approved action: who acts on it, and for how long nobody else does.
//!
//! An approval says that something may be done; it doesn't say who does it. Of all that ask, one executor gets the claim.
//! Its fence rises with each take-over, so that what acts can refuse an executor of before. This module is pure.

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    digest::Digest,
    ids::{ApprovalId, ClaimId, WorkspaceId},
    names::PrincipalName,
    policy::Actor,
};

/// How a claim stands.
pub const STATES: [&str; 3] = ["claimed", "released", "completed"];

/// One executor's hold on an approved action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    pub approval: ApprovalId,
    pub workspace: WorkspaceId,
    pub id: ClaimId,
    pub fence: i64,
    pub key: String,
    pub by: Actor,
    pub claimed_at: DateTime<Utc>,
    pub renewed_at: Option<DateTime<Utc>>,
    pub renewals: u32,
    /// `None`: for good.
    pub lease_seconds: Option<u32>,
    pub audience: Option<String>,
    pub receipt_seconds: u32,
    pub end: Option<End>,
}

/// A claim that is to be made.
#[derive(Debug, Clone)]
pub struct NewClaim {
    pub id: ClaimId,
    pub workspace: WorkspaceId,
    pub approval: ApprovalId,
    pub by: Actor,
    pub key: String,
    pub lease_seconds: Option<u32>,
    pub audience: Option<String>,
    pub receipt_seconds: u32,
}

/// What is to become of a claim.
#[derive(Debug, Clone)]
pub enum Step {
    /// Its lease, and its receipt, begin anew. `None`: as they were.
    Renew {
        lease_seconds: Option<u32>,
        receipt_seconds: Option<u32>,
    },
    Release {
        reason: Option<String>,
    },
    Complete {
        outcome: Completion,
        detail: Option<String>,
    },
}

/// Whose claim is meant.
#[derive(Debug, Clone)]
pub enum Holder {
    /// The caller's own, made with this key.
    Executor { key: String, fence: i64 },
    /// Any executor's: an administrator says so. With a fence, only the claim that has it.
    Anyone { fence: Option<i64> },
}

/// How a claim ended, by its executor or by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// Nothing was done: it can be claimed again.
    Released { at: DateTime<Utc> },
    /// Nobody claims it again.
    Completed { at: DateTime<Utc>, outcome: Completion, detail: Option<String> },
}

/// What the executor says of its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Completion {
    Succeeded,
    Failed,
}

vocabulary! {
    Completion { Succeeded = "succeeded", Failed = "failed" }
}

impl Claim {
    /// When its receipt was issued last.
    pub fn issued_at(&self) -> DateTime<Utc> {
        self.renewed_at.unwrap_or(self.claimed_at)
    }

    /// From then on another executor may take it over; `None`: never.
    pub fn lease_until(&self) -> Option<DateTime<Utc>> {
        Some(self.issued_at() + TimeDelta::seconds(self.lease_seconds?.into()))
    }

    pub fn state(&self) -> &'static str {
        match self.end {
            None => STATES[0],
            Some(End::Released { .. }) => STATES[1],
            Some(End::Completed { .. }) => STATES[2],
        }
    }

    /// Whether another may have it at that moment.
    pub fn is_free(&self, at: DateTime<Utc>) -> bool {
        match self.end {
            None => self.lease_until().is_some_and(|until| until <= at),
            Some(End::Released { .. }) => true,
            Some(End::Completed { .. }) => false,
        }
    }

    /// Whether this is the claim that was made under that key.
    pub fn is_of(&self, by: &Actor, key: &str) -> bool {
        self.by.id == by.id && self.key == key
    }

    /// Names its present receipt: another one for each renewal.
    pub fn receipt_id(&self) -> String {
        if self.renewals == 0 { self.id.to_string() } else { format!("{}.{}", self.id, self.renewals) }
    }
}

/// What an approval says in the receipt of its claim. None of it changes any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ground {
    pub approval_type: String,
    pub run_id: String,
    pub job_id: Option<String>,
    pub status: String,
    pub resolution: String,
    pub via: String,
    pub level: i32,
    pub resolved_at: DateTime<Utc>,
    pub digest: Option<Digest>,
    pub modifications_digest: Option<Digest>,
    pub requested_by: Actor,
    /// Those whose approvals counted at the last level, in their order.
    pub decided_by: Vec<Decider>,
}

/// One of those who approved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decider {
    pub by: Actor,
    /// In whose seat, where it was not their own.
    pub seat: Option<PrincipalName>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::PrincipalId;

    fn claim(lease: Option<u32>, end: Option<End>) -> Claim {
        Claim {
            approval: ApprovalId::generate(),
            workspace: WorkspaceId::generate(),
            id: ClaimId::generate(),
            fence: 1,
            key: "k".to_owned(),
            by: Actor { id: PrincipalId::generate(), name: PrincipalName::new("agent").unwrap() },
            claimed_at: DateTime::UNIX_EPOCH,
            renewed_at: None,
            renewals: 0,
            lease_seconds: lease,
            audience: None,
            receipt_seconds: 600,
            end,
        }
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    #[test]
    fn a_lease_runs_from_the_last_renewal_and_ends_at_its_moment() {
        let first = claim(Some(10), None);
        assert!(!first.is_free(at(9)) && first.is_free(at(10)));
        let renewed = Claim { renewed_at: Some(at(8)), renewals: 1, ..first };
        assert!(!renewed.is_free(at(17)) && renewed.is_free(at(18)));
        assert_eq!(renewed.receipt_id(), format!("{}.1", renewed.id));
    }

    #[test]
    fn what_is_for_good_or_done_is_never_free_and_what_was_given_back_is() {
        let done = End::Completed { at: at(1), outcome: Completion::Failed, detail: None };
        assert!(!claim(None, None).is_free(at(i64::from(u32::MAX))));
        assert!(!claim(Some(10), Some(done)).is_free(at(100)));
        assert!(claim(None, Some(End::Released { at: at(1) })).is_free(at(1)));
    }
}
