//! What people say to an approval: the forms, their rules, and the ballots they become.

use serde::Deserialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::{problem::Problem, validate::Check};
use crate::{
    auth::Caller,
    domain::{
        decision::{Ballot, Modifications, Verdict},
        digest::{Digest, Malformed},
        ids::DecisionId,
        names::PrincipalName,
    },
};

/// Longest comment or reason, in characters.
pub(super) const MAX_COMMENT: usize = 5_000;

/// What may be kept with a decision, in bytes: many people may decide one approval.
const MAX_METADATA: usize = 64 * 1024;

/// What to say with an approval. All of it may be left out, and so may the body.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"comment": "Looks right", "modifications": {"limit": 10}}))]
pub struct ApproveBody {
    /// At most 5,000 characters.
    pub comment: Option<String>,
    /// Edits to the proposal. Where there are any, the resolution is `modified`; in a quorum they must equal the
    /// first approver's. At most 256 KiB.
    #[schema(value_type = Option<Object>)]
    pub modifications: Option<Box<RawValue>>,
    /// Kept with the decision. At most 64 KiB.
    #[schema(value_type = Option<Object>)]
    pub metadata: Option<Box<RawValue>>,
    /// In whose seat, where several are open to you by delegation.
    pub r#for: Option<String>,
    /// The `digest` of what you were shown. Where the approval has another, nothing is decided.
    #[schema(pattern = "^sha256:[0-9a-f]{64}$")]
    pub digest: Option<String>,
}

/// What to say with a rejection.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "Not on a Friday"}))]
pub struct RejectBody {
    /// Required; at most 5,000 characters.
    #[schema(required, nullable = false)]
    pub reason: Option<String>,
    /// At most 5,000 characters.
    pub comment: Option<String>,
    /// In whose seat, where several are open to you by delegation.
    pub r#for: Option<String>,
    /// The `digest` of what you were shown. Where the approval has another, nothing is decided.
    #[schema(pattern = "^sha256:[0-9a-f]{64}$")]
    pub digest: Option<String>,
}

/// Why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "The run was superseded"}))]
pub struct CancelBody {
    /// Required; at most 5,000 characters.
    #[schema(required, nullable = false)]
    reason: Option<String>,
}

impl ApproveBody {
    /// The ballot that says so.
    pub fn ballot(self, caller: &Caller) -> Result<Ballot, Problem> {
        let mut check = Check::default();
        check.text("/comment", self.comment.as_ref(), MAX_COMMENT);
        let edits = check.object("/modifications", self.modifications);
        let metadata = check.object_of("/metadata", self.metadata, MAX_METADATA);
        let seat = seat(&mut check, self.r#for.as_deref());
        let digest = digest(&mut check, "/digest", self.digest.as_deref());
        check.finish()?;
        Ok(Ballot {
            id: DecisionId::generate(),
            voter: caller.voter.clone(),
            seat,
            verdict: Verdict::Approved,
            modifications: edits.filter(|edits| !is_empty(edits)).map(Modifications),
            modifications_digest: None,
            digest,
            feedback: self.comment.map(|comment| caller.kept(comment)),
            comment: None,
            metadata,
        })
    }
}

/// An empty object edits nothing.
fn is_empty(edits: &RawValue) -> bool {
    edits.get().bytes().all(|byte| b"{}".contains(&byte) || byte.is_ascii_whitespace())
}

impl RejectBody {
    /// The ballot that says so.
    pub fn ballot(self, caller: &Caller) -> Result<Ballot, Problem> {
        let mut check = Check::default();
        let reason = reason(&mut check, self.reason);
        check.text("/comment", self.comment.as_ref(), MAX_COMMENT);
        let seat = seat(&mut check, self.r#for.as_deref());
        let digest = digest(&mut check, "/digest", self.digest.as_deref());
        check.finish()?;
        Ok(Ballot {
            id: DecisionId::generate(),
            voter: caller.voter.clone(),
            seat,
            verdict: Verdict::Rejected,
            modifications: None,
            modifications_digest: None,
            digest,
            feedback: Some(caller.kept(reason)),
            comment: self.comment.map(|comment| caller.kept(comment)),
            metadata: None,
        })
    }
}

impl CancelBody {
    /// The reason.
    pub fn reason(self) -> Result<String, Problem> {
        let mut check = Check::default();
        let reason = reason(&mut check, self.reason);
        check.finish()?;
        Ok(reason)
    }
}

/// In whose seat a vote is to be cast.
pub(super) fn seat(check: &mut Check, name: Option<&str>) -> Option<PrincipalName> {
    let name = PrincipalName::new(name?);
    name.inspect_err(|error| check.fail("/for", "name", error.to_string())).ok()
}

/// What a voter was shown.
pub(super) fn digest(check: &mut Check, pointer: &str, text: Option<&str>) -> Option<Digest> {
    text?.parse().inspect_err(|error: &Malformed| check.fail(pointer, "digest", error.to_string())).ok()
}

/// A reason that must be given, and say something.
pub(super) fn reason(check: &mut Check, reason: Option<String>) -> String {
    check.text("/reason", reason.as_ref(), MAX_COMMENT);
    match &reason {
        None => check.fail("/reason", "required", "must be given"),
        Some(text) if text.trim().is_empty() => check.fail("/reason", "min_length", "must say something"),
        Some(_) => {}
    }
    reason.unwrap_or_default()
}
