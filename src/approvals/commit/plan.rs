//! What a batch of commands does to the approvals that were read for it: pure, so that every order of events
//! can be tried without a database.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, Utc};

use super::{
    Act, Command, Trouble,
    draft::{Draft, Mover, Planned},
    record,
};
use crate::{
    domain::{
        approval::{Approval, Brief, Ending},
        credential::Origin,
        ids::ApprovalId,
    },
    store::{
        approvals::Found,
        changes::Batch,
        moves::{Move, Moved, Moves},
    },
};

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
    verdicts: Vec<Planned>,
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
                // The part that looked for room tells it.
                _ if !has_room(index) => Planned::NotFound,
                Some(draft) if draft.read.workspace == command.authority.workspace => {
                    draft.apply(index, &command.act)
                }
                _ => match unreadable.get(&command.approval) {
                    Some(trouble) => Planned::Unreadable(trouble.clone()),
                    None => Planned::NotFound,
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
                record::timed_out(&mut batch, &Brief::from(&*draft.read), ending);
            }
        }
        for (command, verdict) in self.commands.iter().zip(&self.verdicts) {
            if let Planned::Changed(step) = verdict
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
    pub fn finish(self, written: &Written) -> (HashMap<ApprovalId, Option<Arc<Approval>>>, Vec<Planned>) {
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
