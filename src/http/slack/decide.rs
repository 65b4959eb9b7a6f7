//! Deciding from Slack: by the same command as the API, only at the card's level, and within the time that Slack gives.

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
        digest::Digest,
        ids::{ApprovalId, DecisionId},
    },
    http::Api,
};

/// The longest time that a decision may take.
const LONGEST: Duration = Duration::from_secs(2);
/// How often a decision is tried, where others vote at the same moment.
const TRIES: usize = 5;

/// How many faults of an answer are told.
const FAULTS: usize = 3;

/// What a person said.
#[derive(Debug)]
pub struct Said {
    pub verdict: Verdict,
    pub feedback: Option<String>,
    pub modifications: Option<Modifications>,
    /// Of what the card showed.
    pub digest: Option<Digest>,
}

/// What came of a decision.
#[derive(Debug)]
pub enum Decision {
    /// How the approval stands now.
    Done(Arc<Approval>),
    /// The card's question is over: the approval has ended, or stands at another level.
    Past(Arc<Approval>),
    Refused(String),
    /// The edits don't fit the type of the approval.
    Malformed(String),
    /// The approval was deleted.
    Gone,
    /// It was not done in time, or it is unknown whether it was done. Trying again is safe.
    Late,
}

/// Decides, or says why not.
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
        modifications_digest: None,
        digest: said.digest,
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
        // Only the version that was read: it stands at the card's level.
        let expected = Precondition::OneOf(vec![approval.version]);
        let act = Act::Vote { ballot: Box::new(ballot.clone()), expected };
        match api.approvals.act(authority, id, act).await {
            Ok(answer) => return Decision::Done(answer.approval),
            Err(Failure::Refused { refusal: Refusal::VersionConflict, .. }) => {}
            Err(failure) => return failed(failure),
        }
    }
    Decision::Late
}

/// Whether the card's question is over.
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
        Failure::Refused { refusal: Refusal::Misfit(faults), .. } => {
            let told = faults.iter().take(FAULTS).map(|it| format!("{} {}", it.pointer, it.message));
            let told = told.collect::<Vec<_>>().join("; ");
            Decision::Malformed(format!("It needs an answer of a certain form: {}", told.trim_start()))
        }
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
