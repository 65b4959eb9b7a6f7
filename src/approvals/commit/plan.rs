//! What a batch of commands does to the approvals that were read for it: pure, so that every order of events
//! can be tried without a database.

use std::{borrow::Cow, collections::HashMap, sync::Arc};

use chrono::{DateTime, Utc};
use serde_json::json;

use super::{Act, Command, Trouble};
use crate::{
    domain::{
        self,
        approval::{Approval, Brief, Ending, Resolution, State, TimedOut, Via},
        credential::Origin,
        decision::{Ballot, Cast, Refusal, Vote, cancel, cast},
        escalation::{Extended, Hop, escalate, extend},
        ids::{ApprovalId, DecisionId, PrincipalId},
        policy::admission::Admission,
    },
    store::{
        approvals::{Found, Loaded},
        changes::{self, Batch, Record, sha256},
        moves::{Move, Moved, Moves},
    },
};

/// What becomes of one command, if what it changes gets written.
#[derive(Debug, Clone)]
pub(super) enum Verdict {
    NotFound,
    /// The row makes no sense.
    Unreadable(Trouble),
    Refused(Refusal),
    Same,
    Changed(Step),
    /// It moves an approval that another command of the batch has changed: to be taken after that.
    Later,
}

/// What one command changed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    /// The versions before and after it.
    from: i32,
    to: i32,
    /// It ended the approval.
    ends: bool,
    /// It is a vote that was not cast before.
    votes: bool,
}

/// An approval while commands are applied to it, one after the other.
struct Draft {
    read: Arc<Approval>,
    now: Approval,
    /// Those that were read, then those of this batch.
    votes: Vec<Vote>,
    votes_read: usize,
    /// As what the votes of this batch are admitted.
    admitted: HashMap<DecisionId, Admission>,
    /// What moved it on, if anything did: that comes first, before votes of the batch.
    moved_by: Option<Mover>,
    ending: Option<Ending>,
    /// The database's clock at the reading.
    at: DateTime<Utc>,
}

/// What moves an approval to its next level, or its deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mover {
    Deadline,
    /// The command with this number.
    Command(usize),
}

/// Of which approvals something is to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Drafts {
    All,
    /// Not of those that are moved on.
    NotMoved,
}

/// What the database wrote of a batch.
#[derive(Default)]
pub(super) struct Written {
    pub moved: HashMap<ApprovalId, Moved>,
    pub changed: HashMap<ApprovalId, DateTime<Utc>>,
}

/// The whole batch.
pub(super) struct Plan<'a> {
    drafts: HashMap<ApprovalId, Draft>,
    verdicts: Vec<Verdict>,
    commands: &'a [Command],
}

impl<'a> Plan<'a> {
    /// Applies deadlines first, then the commands in their order, except those for which `has_room` says no.
    pub fn new(found: Found, commands: &'a [Command], has_room: impl Fn(usize) -> bool) -> Self {
        let mut drafts = HashMap::new();
        let mut unreadable = HashMap::new();
        for (id, loaded) in found {
            match loaded {
                Ok(loaded) => drop(drafts.insert(id, Draft::new(loaded))),
                Err(error) => drop(unreadable.insert(id, Trouble::from(error))),
            }
        }
        let verdicts = commands
            .iter()
            .enumerate()
            .map(|(index, command)| match drafts.get_mut(&command.approval) {
                // Told by whoever looked for room.
                _ if !has_room(index) => Verdict::NotFound,
                Some(draft) if draft.read.workspace == command.authority.workspace => {
                    draft.apply(index, &command.act)
                }
                _ => match unreadable.get(&command.approval) {
                    Some(trouble) => Verdict::Unreadable(trouble.clone()),
                    None => Verdict::NotFound,
                },
            })
            .collect();
        Self { drafts, verdicts, commands }
    }

    /// What is to be moved on, before anything else is written.
    pub fn moves(&self) -> Moves {
        let mut moves = Moves::default();
        for draft in self.drafts.values() {
            let (how, origin) = match draft.moved_by.map(|by| (by, self.mover(by))) {
                None => continue,
                Some((Mover::Command(_), Some((Act::Escalate { push, .. }, origin)))) => {
                    (Move::Escalate { by: &push.by, reason: &push.reason }, origin)
                }
                Some((Mover::Command(_), Some((Act::Extend { by, reason, seconds, .. }, origin)))) => {
                    (Move::Extend { by: &by.member.actor, reason, seconds: *seconds }, origin)
                }
                Some(_) => (Move::TimesOut, &Origin::default()),
            };
            moves.add(draft.read.id, draft.read.version, how, origin);
        }
        moves
    }

    /// Whether it is about one approval alone.
    pub fn is_of_one(&self) -> bool {
        self.drafts.len() == 1
    }

    fn mover(&self, by: Mover) -> Option<(&Act, &Origin)> {
        let Mover::Command(index) = by else { return None };
        self.commands.get(index).map(|command| (&command.act, &*command.authority.origin))
    }

    /// What is to be written then.
    pub fn batch(&self, which: Drafts) -> Batch {
        let is_meant = |draft: &&Draft| which == Drafts::All || draft.moved_by.is_none();
        let mut batch = Batch::default();
        for draft in self.drafts.values().filter(|draft| draft.is_changed()).filter(is_meant) {
            let versions = (draft.moved_version(), draft.now.version);
            batch.change(draft.read.id, versions, draft.ending.as_ref());
            batch.rest_on(draft.rests_on());
            if let Some(ending @ Ending::Expired { .. }) = &draft.ending {
                super::super::expire::record(&mut batch, &Brief::from(&*draft.read), ending);
            }
        }
        for (command, verdict) in self.commands.iter().zip(&self.verdicts) {
            if let Verdict::Changed(step) = verdict
                && let Some(draft) = self.drafts.get(&command.approval).filter(is_meant)
            {
                draft.record(&mut batch, command, *step);
            }
        }
        batch
    }

    /// What was moved on, as it was read.
    pub fn moved(&self, written: &Written) -> Vec<(Brief, Moved)> {
        let drafts = written.moved.iter().filter_map(|(id, moved)| Some((self.drafts.get(id)?, *moved)));
        drafts.map(|(draft, moved)| (Brief::from(&*draft.read), moved)).collect()
    }

    /// Fills in what the database said: the approvals as they stand now (`None`: not written, take it singly),
    /// and a verdict for each command.
    pub fn finish(self, written: &Written) -> (HashMap<ApprovalId, Option<Arc<Approval>>>, Vec<Verdict>) {
        let drafts = self
            .drafts
            .into_iter()
            .map(|(id, draft)| {
                let (moved, changed) = (written.moved.get(&id), written.changed.get(&id));
                let is_left =
                    draft.moved_by.is_some() && moved.is_none() || draft.is_changed() && changed.is_none();
                let stands = (!is_left).then(|| draft.stands(moved, changed));
                (id, stands.map(Arc::new))
            })
            .collect();
        (drafts, self.verdicts)
    }
}

impl Draft {
    fn new(loaded: Loaded) -> Self {
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

    fn apply(&mut self, index: usize, act: &Act) -> Verdict {
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
                Ok(true) if self.is_touched() => return Verdict::Later,
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
                    Ok(()) if self.is_touched() => return Verdict::Later,
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
            Ok(true) => Verdict::Changed(Step {
                from,
                to: self.now.version,
                ends: self.ending.is_some(),
                votes: self.votes.len() > votes,
            }),
            Ok(false) => Verdict::Same,
            Err(refusal) => Verdict::Refused(refusal),
        }
    }

    fn count(&mut self, ballot: &Ballot, admission: Admission) {
        self.votes.push(Vote::new(&self.votes, ballot, &admission, self.now.escalation_level));
        self.admitted.insert(ballot.id, admission);
    }

    fn hop(&mut self, hop: Hop) {
        self.now.escalation.hops.push(hop);
        self.now.escalation_level += 1;
        self.now.extended = Extended::default();
        self.now.version += 1;
    }

    fn end(&mut self, ending: Ending) {
        self.now.version += 1;
        // When, is the database's to say: `stands` puts that in once it has.
        self.now.state = State::Final { ending: ending.clone(), at: self.now.updated_at };
        self.ending = Some(ending);
    }

    /// Whose approvals and seats, of those that were read, the ending rests on.
    fn rests_on(&self) -> impl Iterator<Item = PrincipalId> {
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
    fn moved_version(&self) -> i32 {
        self.read.version + i32::from(self.moved_by.is_some())
    }

    /// Whether anything but a move happens to it.
    fn is_changed(&self) -> bool {
        self.now.version != self.moved_version()
    }

    /// Whether anything at all happens to it.
    fn is_touched(&self) -> bool {
        self.now.version != self.read.version
    }

    /// The approval as it is then, with the moments at which it was moved and changed.
    fn stands(self, moved: Option<&Moved>, changed: Option<&DateTime<Utc>>) -> Approval {
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
    fn origin<'c>(&self, command: &'c Command) -> Cow<'c, Origin> {
        let origin = &*command.authority.origin;
        let Act::Vote { ballot, .. } = &command.act else { return Cow::Borrowed(origin) };
        let vote = self.votes.iter().rev().find(|vote| vote.by.id == ballot.by().id);
        match vote.and_then(|vote| vote.seat.as_ref()) {
            None => Cow::Borrowed(origin),
            Some(seat) => Cow::Owned(Origin { on_behalf_of: Some(seat.name.clone()), ..origin.clone() }),
        }
    }

    /// The vote and the record of a command that changed this draft.
    fn record(&self, batch: &mut Batch, command: &Command, step: Step) {
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
                let edits = ballot.modifications.as_ref();
                let mut detail = json!({
                    "decision_id": step.votes.then_some(ballot.id), "verdict": ballot.verdict,
                    "feedback_sha256": ballot.feedback.as_deref().map(sha256),
                    "comment_sha256": ballot.comment.as_deref().map(sha256),
                    "modifications_sha256": edits.map(|edits| sha256(edits.0.get())),
                });
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
            step: changes::Step { from: step.from, to: step.to, ending },
            detail,
        };
        batch.record(self.read.id, record);
    }
}
