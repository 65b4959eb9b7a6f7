//! An approval while commands are applied to it, one after the other: pure.

use std::{borrow::Cow, collections::HashMap, sync::Arc};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{Act, Command, Trouble};
use crate::{
    domain::{
        self,
        approval::{Approval, Ending, Resolution, State, TimedOut, Via},
        credential::Origin,
        decision::{Ballot, Cast, Refusal, Vote, cancel, cast},
        escalation::{Extended, Hop, escalate, extend},
        ids::{DecisionId, PrincipalId},
        policy::admission::Admission,
    },
    store::{
        approvals::Loaded,
        changes::{self, Batch, Record, sha256},
        moves::Moved,
    },
};

/// What becomes of one command, if what it changes gets written.
#[derive(Debug, Clone)]
pub enum Planned {
    NotFound,
    /// The row makes no sense.
    Unreadable(Trouble),
    Refused(Refusal),
    Same,
    Changed(Applied),
    /// It moves an approval that another command of the batch has changed: to be taken after that.
    Later,
}

/// What one command changed.
#[derive(Debug, Clone, Copy)]
pub struct Applied {
    /// The versions before and after it.
    pub from: i32,
    pub to: i32,
    /// It ended the approval.
    pub ends: bool,
    /// It is a vote that was not cast before.
    pub votes: bool,
}

/// An approval while commands are applied to it, one after the other.
pub struct Draft {
    pub read: Arc<Approval>,
    pub now: Approval,
    /// Those that were read, then those of this batch.
    pub votes: Vec<Vote>,
    pub votes_read: usize,
    /// As what the votes of this batch are admitted.
    pub admitted: HashMap<DecisionId, Admission>,
    /// What moved it on, if anything did: that comes first, before votes of the batch.
    pub moved_by: Option<Mover>,
    pub ending: Option<Ending>,
    /// The database's clock at the reading.
    pub at: DateTime<Utc>,
}

/// What moves an approval to its next level, or its deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mover {
    Deadline,
    /// The command with this number.
    Command(usize),
}

impl Draft {
    pub fn new(loaded: Loaded) -> Self {
        let mut draft = Self {
            now: (*loaded.approval).clone(),
            read: loaded.approval,
            votes_read: loaded.votes.len(),
            votes: loaded.votes,
            admitted: HashMap::new(),
            moved_by: None,
            ending: None,
            at: loaded.now,
        };
        if loaded.due {
            match draft.read.time_out() {
                TimedOut::End(ending) => draft.end(ending),
                TimedOut::Escalate => {
                    draft.moved_by = Some(Mover::Deadline);
                    draft.hop(Hop::by_deadline(&draft.now));
                }
            }
        }
        draft
    }

    pub fn apply(&mut self, index: usize, act: &Act) -> Planned {
        let (from, votes) = (self.now.version, self.votes.len());
        let done = match act {
            Act::Settle => Ok(false),
            Act::Vote { ballot, expected } => {
                cast(&self.now, &self.votes, ballot, expected, self.at).map(|cast| match cast {
                    Cast::Same => false,
                    Cast::Concluded(ending) => {
                        self.end(ending);
                        true
                    }
                    Cast::Counted(as_what) => {
                        self.count(ballot, as_what);
                        self.now.version += 1;
                        true
                    }
                    Cast::Decisive(as_what, ending) => {
                        self.count(ballot, as_what);
                        self.end(ending);
                        true
                    }
                })
            }
            Act::Escalate { push, expected } => match escalate(&self.now, push, expected) {
                // The deadline was faster: who says no level meant the one before.
                Ok(true) if self.moved_by == Some(Mover::Deadline) && push.from_level.is_none() => {
                    Err(Refusal::OtherLevel { at: self.now.escalation_level })
                }
                Ok(true) if self.is_touched() => return Planned::Later,
                Ok(true) => {
                    self.moved_by = Some(Mover::Command(index));
                    self.hop(Hop::by_person(&self.now, push));
                    Ok(true)
                }
                other => other,
            },
            // The deadline that was to be moved has passed.
            Act::Extend { .. } if self.moved_by == Some(Mover::Deadline) => Err(Refusal::Expired),
            Act::Extend { by, seconds, expected, .. } => {
                match extend(&self.now, by, *seconds, expected, self.at) {
                    Ok(()) if self.is_touched() => return Planned::Later,
                    Ok(()) => {
                        self.moved_by = Some(Mover::Command(index));
                        self.now.extended.seconds += seconds;
                        self.now.extended.times += 1;
                        self.now.version += 1;
                        Ok(true)
                    }
                    Err(refusal) => Err(refusal),
                }
            }
            Act::Cancel { by, reason, expected } => {
                cancel(&self.now, by, reason, expected).map(|ending| match ending {
                    None => false,
                    Some(ending) => {
                        self.end(ending);
                        true
                    }
                })
            }
        };
        match done {
            Ok(true) => Planned::Changed(Applied {
                from,
                to: self.now.version,
                ends: self.ending.is_some(),
                votes: self.votes.len() > votes,
            }),
            Ok(false) => Planned::Same,
            Err(refusal) => Planned::Refused(refusal),
        }
    }

    pub fn count(&mut self, ballot: &Ballot, admission: Admission) {
        self.votes.push(Vote::new(&self.votes, ballot, &admission, self.now.escalation_level));
        self.admitted.insert(ballot.id, admission);
    }

    pub fn hop(&mut self, hop: Hop) {
        self.now.escalation.hops.push(hop);
        self.now.escalation_level += 1;
        self.now.extended = Extended::default();
        self.now.version += 1;
    }

    pub fn end(&mut self, ending: Ending) {
        self.now.version += 1;
        // When, is the database's to say: `stands` puts that in once it has.
        self.now.state = State::Final { ending: ending.clone(), at: self.now.updated_at };
        self.ending = Some(ending);
    }

    /// Whose approvals and seats, of those that were read, the ending rests on.
    pub fn rests_on(&self) -> impl Iterator<Item = PrincipalId> {
        let approves = matches!(
            &self.ending,
            Some(Ending::Resolved { resolution: Resolution::Approved | Resolution::Modified, .. })
        );
        let level = self.now.escalation_level;
        let read = self.votes.iter().take(if approves { self.votes_read } else { 0 });
        read.filter(move |vote| {
            vote.level == level && vote.verdict == domain::decision::Verdict::Approved && vote.counts
        })
        .flat_map(|vote| [Some(vote.by.id), vote.seat.as_ref().map(|seat| seat.id)])
        .flatten()
    }

    /// The version that it has once it was moved on, before anything else of the batch.
    pub fn moved_version(&self) -> i32 {
        self.read.version + i32::from(self.moved_by.is_some())
    }

    /// Whether anything but a move happens to it.
    pub fn is_changed(&self) -> bool {
        self.now.version != self.moved_version()
    }

    /// Whether anything at all happens to it.
    pub fn is_touched(&self) -> bool {
        self.now.version != self.read.version
    }

    /// The approval as it is then, with the moments at which it was moved and changed.
    pub fn stands(self, moved: Option<&Moved>, changed: Option<&DateTime<Utc>>) -> Approval {
        let mut approval = self.now;
        if let Some(moved) = moved {
            approval.updated_at = moved.at;
            approval.expires_at = moved.expires_at;
            let hops = approval.escalation.hops.iter_mut();
            hops.skip(self.read.escalation.hops.len()).for_each(|hop| hop.at = moved.at);
        }
        if let Some(&written_at) = changed {
            approval.updated_at = written_at;
            if let State::Final { at, .. } = &mut approval.state {
                *at = written_at;
            }
        }
        approval.look_for_progress(&self.votes);
        approval
    }

    /// From where a command comes: a vote in another person's seat is on behalf of that person.
    pub fn origin<'c>(&self, command: &'c Command) -> Cow<'c, Origin> {
        let origin = &*command.authority.origin;
        let Act::Vote { ballot, .. } = &command.act else { return Cow::Borrowed(origin) };
        let vote = self.votes.iter().rev().find(|vote| vote.by.id == ballot.by().id);
        match vote.and_then(|vote| vote.seat.as_ref()) {
            None => Cow::Borrowed(origin),
            Some(seat) => Cow::Owned(Origin { on_behalf_of: Some(seat.name.clone()), ..origin.clone() }),
        }
    }

    /// The vote and the record of a command that changed this draft.
    pub fn record(&self, batch: &mut Batch, command: &Command, step: Applied) {
        let (actor, action, detail) = match &command.act {
            // What moves it has its record there.
            Act::Settle | Act::Escalate { .. } | Act::Extend { .. } => return,
            Act::Cancel { by, reason, .. } => {
                (by, "approval.cancelled", json!({ "reason_sha256": sha256(reason) }))
            }
            Act::Vote { ballot, .. } => {
                let admission = self.admitted.get(&ballot.id).filter(|_| step.votes);
                if let Some(admission) = admission {
                    let counted = self.votes.iter().rev().find(|vote| vote.by.id == ballot.by().id);
                    batch.vote(&self.now, ballot, admission, counted.map_or(0, Vote::size));
                }
                let mut detail = detail(ballot, step.votes);
                if let Some(seat) = admission.and_then(|admission| admission.seat.as_ref()) {
                    detail["delegations"] = json!(seat.delegations);
                }
                // Only the vote that ended it is recorded as the ending.
                (ballot.by(), if step.ends { "approval.resolved" } else { "approval.voted" }, detail)
            }
        };
        let ending = self.ending.as_ref().filter(|_| step.ends);
        let origin = self.origin(command);
        let record = Record {
            action,
            actor: Some(actor),
            via: Via::Human.as_str(),
            origin: &origin,
            step: changes::Transition { from: step.from, to: step.to, ending },
            detail,
        };
        batch.record(self.read.id, record);
    }
}

/// What the record says of a vote; `is_new`: it was not cast before.
pub fn detail(ballot: &Ballot, is_new: bool) -> Value {
    let edits = ballot.modifications.as_ref();
    json!({
        "decision_id": is_new.then_some(ballot.id), "verdict": ballot.verdict,
        "feedback_sha256": ballot.feedback.as_deref().map(sha256),
        "comment_sha256": ballot.comment.as_deref().map(sha256),
        "digest": ballot.digest.filter(|_| is_new),
        "modifications_sha256": edits.map(|edits| sha256(edits.0.get())),
    })
}
