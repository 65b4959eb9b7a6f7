//! Claims of approved actions: the forms that make and end them, and how they are shown.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{problem::Problem, validate::Check, vocabulary};
use crate::{
    auth::{Caller, Permission},
    domain::{
        claim::{Claim, Completion, End, Holder, NewClaim, Step},
        ids::{ApprovalId, ClaimId},
    },
};

/// Longest key, and longest audience, in characters.
const MAX_NAME: usize = 200;
/// Longest detail or reason, in characters.
const MAX_TEXT: usize = 2_000;
/// The bounds of a lease, and of a receipt's life, in seconds.
const LEASE: (i64, i64) = (10, 86_400);
const RECEIPT: (i64, i64) = (10, 604_800);
/// How long a receipt is good where nothing is said.
const DEFAULT_RECEIPT: i64 = 600;

/// Who will act, and for how long nobody else may.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"key": "deploy-42/attempt-1", "lease_seconds": 300, "audience": "deployer", "receipt_seconds": 600}))]
pub struct ClaimBody {
    /// Names this attempt: the same principal with the same key gets the same claim. At most 200 characters.
    #[schema(required, nullable = false)]
    key: Option<String>,
    /// For how long nobody takes it over, 10 to 86,400; without it, the claim is for good.
    #[schema(minimum = 10, maximum = 86_400)]
    lease_seconds: Option<i64>,
    /// For whom the receipt is: the `aud` that the system that acts expects. At most 200 characters.
    audience: Option<String>,
    /// How long the receipt is good, 10 to 604,800; 600 by default.
    #[schema(minimum = 10, maximum = 604_800)]
    receipt_seconds: Option<i64>,
}

/// Which claim, and for how long more.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"key": "deploy-42/attempt-1", "fence": 1}))]
pub struct RenewBody {
    #[schema(required, nullable = false)]
    key: Option<String>,
    #[schema(required, nullable = false)]
    fence: Option<i64>,
    /// From now on; as long as before by default. A claim for good stays one.
    #[schema(minimum = 10, maximum = 86_400)]
    lease_seconds: Option<i64>,
    /// Of the new receipt; as long as before by default.
    #[schema(minimum = 10, maximum = 604_800)]
    receipt_seconds: Option<i64>,
}

/// Which claim is given back; an administrator says why instead.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"key": "deploy-42/attempt-1", "fence": 1}))]
pub struct ReleaseBody {
    key: Option<String>,
    fence: Option<i64>,
    /// In place of the key, with the permission `workspace:admin`: why another's claim is released. At most 2,000
    /// characters. With a fence, only the claim that has it is.
    reason: Option<String>,
}

/// How the work ended.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"key": "deploy-42/attempt-1", "fence": 1, "outcome": "succeeded"}))]
pub struct CompleteBody {
    #[schema(required, nullable = false)]
    key: Option<String>,
    #[schema(required, nullable = false)]
    fence: Option<i64>,
    /// `succeeded` or `failed`.
    #[schema(required, nullable = false, value_type = vocabulary::ClaimOutcome)]
    outcome: Option<String>,
    /// At most 2,000 characters.
    detail: Option<String>,
}

fn key(check: &mut Check, key: Option<String>) -> String {
    if key.as_ref().is_none_or(String::is_empty) {
        check.fail("/key", "required", "must be given");
    }
    check.text("/key", key.as_ref(), MAX_NAME);
    check.visible("/key", key.as_ref());
    key.unwrap_or_default()
}

fn holder(check: &mut Check, key_said: Option<String>, fence: Option<i64>) -> Holder {
    if fence.is_none() {
        check.fail("/fence", "required", "must be given");
    }
    Holder::Executor { key: key(check, key_said), fence: fence.unwrap_or_default() }
}

fn seconds(check: &mut Check, pointer: &str, said: Option<i64>, bounds: (i64, i64)) -> Option<u32> {
    check.range(pointer, said, bounds, bounds.0);
    said.and_then(|seconds| u32::try_from(seconds).ok())
}

impl ClaimBody {
    pub fn claim(self, caller: &Caller, approval: ApprovalId) -> Result<NewClaim, Problem> {
        let mut check = Check::default();
        let key = key(&mut check, self.key);
        check.text("/audience", self.audience.as_ref(), MAX_NAME);
        check.visible("/audience", self.audience.as_ref());
        if self.audience.as_ref().is_some_and(String::is_empty) {
            check.fail("/audience", "min_length", "must have at least 1 character");
        }
        let lease_seconds = seconds(&mut check, "/lease_seconds", self.lease_seconds, LEASE);
        let receipt = self.receipt_seconds.or(Some(DEFAULT_RECEIPT));
        let receipt_seconds = seconds(&mut check, "/receipt_seconds", receipt, RECEIPT).unwrap_or_default();
        check.finish()?;
        Ok(NewClaim {
            id: ClaimId::generate(),
            workspace: caller.workspace,
            approval,
            by: caller.actor.clone(),
            key,
            lease_seconds,
            audience: self.audience,
            receipt_seconds,
        })
    }
}

impl RenewBody {
    pub fn read(self) -> Result<(Holder, Step), Problem> {
        let mut check = Check::default();
        let holder = holder(&mut check, self.key, self.fence);
        let lease_seconds = seconds(&mut check, "/lease_seconds", self.lease_seconds, LEASE);
        let receipt_seconds = seconds(&mut check, "/receipt_seconds", self.receipt_seconds, RECEIPT);
        check.finish()?;
        Ok((holder, Step::Renew { lease_seconds, receipt_seconds }))
    }
}

impl ReleaseBody {
    /// Refused with a reason where the caller is no administrator.
    pub fn read(self, caller: &Caller) -> Result<(Holder, Step), Problem> {
        let mut check = Check::default();
        let Some(reason) = self.reason else {
            let holder = holder(&mut check, self.key, self.fence);
            check.finish()?;
            return Ok((holder, Step::Release { reason: None }));
        };
        if self.key.is_some() {
            check.fail("/key", "exclusive", "must not stand beside reason");
        }
        if reason.is_empty() {
            check.fail("/reason", "min_length", "must have at least 1 character");
        }
        check.text("/reason", Some(&reason), MAX_TEXT);
        check.finish()?;
        if !caller.may(Permission::WorkspaceAdmin) {
            return Err(Problem::forbidden(Permission::WorkspaceAdmin));
        }
        let step = Step::Release { reason: Some(caller.kept(reason)) };
        Ok((Holder::Anyone { fence: self.fence }, step))
    }
}

impl CompleteBody {
    pub fn read(self, caller: &Caller) -> Result<(Holder, Step), Problem> {
        let mut check = Check::default();
        let holder = holder(&mut check, self.key, self.fence);
        let outcome = self.outcome.as_deref().map(Completion::from_word);
        match outcome {
            None => check.fail("/outcome", "required", "must be given"),
            Some(None) => check.fail("/outcome", "choice", "must be succeeded or failed"),
            Some(Some(_)) => {}
        }
        check.text("/detail", self.detail.as_ref(), MAX_TEXT);
        check.finish()?;
        let unchecked = || Problem::internal("an outcome was let through that is none");
        let outcome = outcome.flatten().ok_or_else(unchecked)?;
        Ok((holder, Step::Complete { outcome, detail: self.detail.map(|text| caller.kept(text)) }))
    }
}

/// Who acts on what was approved.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Claim)]
pub struct ClaimView<'a> {
    #[schema(value_type = Uuid)]
    id: ClaimId,
    #[schema(value_type = Uuid)]
    approval_id: ApprovalId,
    /// Rises with each take-over: the system that acts refuses what has a lower one than it has seen.
    #[schema(example = 1)]
    fence: i64,
    #[schema(example = "deploy-42/attempt-1")]
    key: &'a str,
    #[schema(example = "deployer")]
    claimed_by: &'a str,
    claimed_by_id: Uuid,
    claimed_at: DateTime<Utc>,
    /// When it was renewed last.
    renewed_at: Option<DateTime<Utc>>,
    /// From then on another executor may take it over; null: never.
    lease_until: Option<DateTime<Utc>>,
    /// For whom its receipt is.
    audience: Option<&'a str>,
    /// `claimed`, `released` or `completed`.
    #[schema(value_type = vocabulary::ClaimState)]
    state: &'static str,
    released_at: Option<DateTime<Utc>>,
    completed_at: Option<DateTime<Utc>>,
    /// What the executor said of its work.
    #[schema(value_type = Option<vocabulary::ClaimOutcome>)]
    outcome: Option<&'static str>,
    detail: Option<&'a str>,
}

impl<'a> From<&'a Claim> for ClaimView<'a> {
    fn from(claim: &'a Claim) -> Self {
        let (released_at, completed) = match &claim.end {
            Some(End::Released { at }) => (Some(*at), None),
            Some(End::Completed { at, outcome, detail }) => (None, Some((*at, *outcome, detail.as_deref()))),
            None => (None, None),
        };
        Self {
            id: claim.id,
            approval_id: claim.approval,
            fence: claim.fence,
            key: &claim.key,
            claimed_by: claim.by.name.as_str(),
            claimed_by_id: claim.by.id.0,
            claimed_at: claim.claimed_at,
            renewed_at: claim.renewed_at,
            lease_until: claim.lease_until(),
            audience: claim.audience.as_deref(),
            state: claim.state(),
            released_at,
            completed_at: completed.map(|(at, ..)| at),
            outcome: completed.map(|(_, outcome, _)| outcome.as_str()),
            detail: completed.and_then(|(.., detail)| detail),
        }
    }
}

/// The answer to an executor.
#[derive(Debug, Serialize, ToSchema)]
pub struct Claimed<'a> {
    /// False where the same executor had it already, or had said the same.
    pub changed: bool,
    pub claim: ClaimView<'a>,
    /// A JWT that shows it to the system that acts; null where the service has no key that signs, and where the claim has
    /// ended.
    #[schema(example = "eyJhbGciOiJFZERTQSIsInR5cCI6InNpZ25vZmYtcmVjZWlwdCtqd3QiLCJraWQiOiI…")]
    pub receipt: Option<String>,
}

/// The claim of an approval.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClaimOf<'a> {
    /// Null where nobody has claimed it.
    pub claim: Option<ClaimView<'a>>,
}
