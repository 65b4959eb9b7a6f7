//! Deciding from Slack: the same command as the API's, for the level that the card asks about, and within the time that
//! Slack gives.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, timeout_at};

use super::who::Known;
use crate::{
    approvals::{
        Authority,
        commit::{Act, Failure},
    },
    auth::Permission,
    domain::{
        approval::Approval,
        credential::Origin,
        decision::{Ballot, Modifications, Precondition, Refusal, Verdict},
        ids::{ApprovalId, DecisionId},
    },
    http::Api,
};

/// Longest that it may take.
const LONGEST: Duration = Duration::from_secs(2);
/// How often it is tried where others vote at the same moment.
const TRIES: usize = 5;

/// What a person said.
#[derive(Debug)]
pub struct Said {
    pub verdict: Verdict,
    pub feedback: Option<String>,
    pub modifications: Option<Modifications>,
}

/// What came of it.
#[derive(Debug)]
pub enum Decision {
    Done,
    /// The card asks what is not asked any more: it has ended, or stands at another level.
    Past(Arc<Approval>),
    Refused(String),
    /// Edits that an approval of its type can't have.
    Malformed(String),
    /// It was deleted.
    Gone,
    /// It could not be done in time, or is not known to be done: the same again is safe.
    Late,
}

/// Decides.
pub async fn decide(api: &Api, known: &Known, id: ApprovalId, said: Said, origin: &Arc<Origin>) -> Decision {
    let needed = match said.verdict {
        Verdict::Approved => Permission::ApprovalApprove,
        Verdict::Rejected => Permission::ApprovalReject,
    };
    if !known.decider.may(needed) {
        return Decision::Refused(format!("Nothing was done: it needs the permission {}.", needed.as_str()));
    }
    let ends = Instant::now() + LONGEST;
    timeout_at(ends, attempt(api, known, id, said, origin)).await.unwrap_or(Decision::Late)
}

async fn attempt(api: &Api, known: &Known, id: ApprovalId, said: Said, origin: &Arc<Origin>) -> Decision {
    let workspace = known.card.workspace;
    let ballot = Ballot {
        id: DecisionId::generate(),
        voter: known.decider.voter.clone(),
        seat: None,
        verdict: said.verdict,
        modifications: said.modifications,
        feedback: said.feedback.map(|text| known.decider.kept(text)),
        comment: None,
        metadata: None,
    };
    for _ in 0..TRIES {
        let approval = match api.approvals.get(workspace, id).await {
            Ok(approval) => approval,
            Err(failure) => return failed(failure),
        };
        if is_past(&approval, known) {
            return Decision::Past(approval);
        }
        let authority =
            Authority { workspace, origin: origin.clone(), looked_at: Some(known.decider.looked_at) };
        // As it was read: at no other level than the card's.
        let expected = Precondition::OneOf(vec![approval.version]);
        let act = Act::Vote { ballot: Box::new(ballot.clone()), expected };
        match api.approvals.act(authority, id, act).await {
            Ok(_) => return Decision::Done,
            Err(Failure::Refused { refusal: Refusal::VersionConflict, .. }) => {}
            Err(failure) => return failed(failure),
        }
    }
    Decision::Late
}

/// Whether the card asks what is not asked any more.
pub fn is_past(approval: &Approval, known: &Known) -> bool {
    approval.state.is_final() || approval.escalation_level != known.card.level
}

fn failed(failure: Failure) -> Decision {
    match failure {
        Failure::NotFound => Decision::Gone,
        Failure::Refused { refusal: Refusal::MalformedEdits(edits), .. } => Decision::Malformed(format!(
            "{} {}",
            edits.pointer.trim_start_matches("/modifications"),
            edits.message
        )),
        Failure::Refused { refusal, approval, .. } => match refusal {
            Refusal::AlreadyDecided | Refusal::Cancelled | Refusal::Expired => Decision::Past(approval),
            refusal => Decision::Refused(format!("Nothing was done: {refusal}.")),
        },
        Failure::Trouble(trouble) => {
            tracing::warn!(%trouble, "a decision from Slack could not be made");
            Decision::Late
        }
    }
}
