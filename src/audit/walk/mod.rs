//! The judge: is fed a chain link by link, and says what doesn't fit, and where. It holds a few links and its
//! findings, however long the chain is, and takes nothing for granted: a forger can drop constraints too.
//!
//! A link that doesn't follow from the one before is judged by the one behind it: that may follow from what the
//! link's hash should have been, from what it is, or from the one before, and each tells another story. What was
//! moved rather than changed is found at the end, among all that did not fit.

mod judge;

use std::collections::BTreeSet;

use uuid::Uuid;

use self::judge::{Break, Edit};
use super::{
    checkpoint::Checkpoint,
    finding::{Finding, Kind},
};
use crate::{
    domain::chain::{Digest, Record},
    store::chain::Link,
};

/// So many things that don't fit are told apart in one chain; a chain with more is broken beyond telling how.
const MOST: usize = 10_000;

/// What the next link may follow from, and what that would say of a link before it that doesn't fit.
#[derive(Debug, Clone, Copy)]
struct Clue {
    hash: Digest,
    tells: Option<(Kind, &'static str)>,
}

/// One chain.
pub struct Walk {
    workspace: Uuid,
    /// Of the last link.
    position: i64,
    /// What that followed from, and what the next may follow from. Empty: anything.
    before: Vec<Clue>,
    clues: Vec<Clue>,
    /// The last link is a break that hasn't been judged.
    is_open: bool,
    findings: Vec<Finding>,
    breaks: Vec<Break>,
    edits: Vec<Edit>,
    /// In the order of their positions, the next one last.
    checkpoints: Vec<Checkpoint>,
    compared: u64,
    links: u64,
}

impl Walk {
    /// From the chain's beginning.
    pub fn new(workspace: Uuid, checkpoints: Vec<Checkpoint>) -> Self {
        Self::from(workspace, 1, Some(Digest::genesis(workspace)), checkpoints)
    }

    /// From `first` (1 or more) on, which is taken to follow from `before`, if that is known. Each checkpoint is
    /// compared, or is a finding.
    pub fn from(
        workspace: Uuid,
        first: i64,
        before: Option<Digest>,
        mut checkpoints: Vec<Checkpoint>,
    ) -> Self {
        checkpoints.sort_by_key(|it| std::cmp::Reverse(it.standing.position));
        let mut walk = Self {
            workspace,
            position: first - 1,
            before: Vec::new(),
            clues: before.map(|hash| Clue { hash, tells: None }).into_iter().collect(),
            is_open: false,
            findings: Vec::new(),
            breaks: Vec::new(),
            edits: Vec::new(),
            checkpoints,
            compared: 0,
            links: 0,
        };
        walk.compare(first - 1, before);
        walk
    }

    /// Of the last link.
    pub fn position(&self) -> i64 {
        self.position
    }

    /// How many checkpoints were compared with a link.
    pub fn compared(&self) -> u64 {
        self.compared
    }

    /// How many links were looked at.
    pub fn links(&self) -> u64 {
        self.links
    }

    /// The next link, in the order of positions.
    pub fn link(&mut self, link: &Link) {
        self.links += 1;
        let position = link.position;
        if position <= 0 || position < self.position {
            self.find(position, Kind::Inserted, "a link at a position that is none".to_owned());
            return;
        }
        let is_fork = position == self.position;
        if is_fork {
            self.find(position, Kind::Forked, "two links have this position".to_owned());
        } else {
            self.step_to(position);
        }
        if let (Some(content), Some(hash)) = (link.content, link.hash) {
            self.row(link, content);
            if is_fork {
                self.fork(content, hash);
            } else {
                self.follow(link, content, hash);
            }
            self.compare(position, Some(hash));
        } else {
            self.compare(position, None);
            self.find(position, Kind::Edited, "the link holds no hashes".to_owned());
            self.clues.clear();
        }
    }

    /// Over a gap, if there is one.
    fn step_to(&mut self, position: i64) {
        let missing = self.position + 1;
        if position > missing {
            let words = match position - 1 {
                last if last == missing => "the link is missing".to_owned(),
                last => format!("the links up to {last} are missing"),
            };
            self.find(missing, Kind::Gap, words);
            // What stood before the next link is not known any more.
            self.clues.clear();
            self.is_open = false;
        }
        self.position = position;
    }

    /// The record that the link stands for.
    fn row(&mut self, link: &Link, linked: Digest) {
        let Some(record) = &link.record else {
            self.find(link.position, Kind::Removed, "the record is gone".to_owned());
            return;
        };
        let found = record.content();
        if found != linked && self.edits.len() < MOST {
            self.edits.push(Edit { position: link.position, linked, found });
        }
        if record.workspace_id != Some(self.workspace) {
            // Where it fits the link all the same, a forger keeps it where its workspace doesn't look.
            let kind = if found == linked { Kind::Inserted } else { Kind::Edited };
            self.find(link.position, kind, "the record is of another workspace".to_owned());
        }
        if found == linked && !record.is_dated() {
            self.find(link.position, Kind::Inserted, "the record is of no date".to_owned());
        }
    }

    fn follow(&mut self, link: &Link, content: Digest, hash: Digest) {
        let next = Clue { hash, tells: None };
        self.before = std::mem::take(&mut self.clues);
        let told = self.before.iter().find(|clue| clue.hash.followed_by(content) == hash);
        if let Some(told) = told {
            if let (true, Some(verdict), Some(open)) = (self.is_open, told.tells, self.breaks.last_mut()) {
                open.verdict = verdict;
            }
            self.is_open = false;
            self.clues = vec![next];
            return;
        }
        // Where only the link's copy of the record's hash was changed, the record still fits, and `row` has said so.
        let recorded = link.record.as_ref().map(Record::content);
        let fits = |clue: &Clue| recorded.is_some_and(|it| clue.hash.followed_by(it) == hash);
        let Some(trusted) = self.before.first().copied() else {
            self.clues = vec![next];
            return;
        };
        if self.before.iter().any(fits) {
            self.is_open = false;
            self.clues = vec![next];
            return;
        }
        self.clues = vec![
            Clue {
                hash: trusted.hash.followed_by(content),
                tells: Some((Kind::Edited, "the link's hash was changed")),
            },
            Clue {
                hash,
                tells: Some((
                    Kind::Edited,
                    "the record was changed together with its link, or links before it were taken out and the rest \
                     renumbered",
                )),
            },
            Clue {
                hash: trusted.hash,
                tells: Some((Kind::Inserted, "the next link follows from the one before this")),
            },
        ];
        self.is_open = true;
        if self.breaks.len() < MOST {
            self.breaks.push(Break {
                position: self.position,
                before: trusted.hash,
                content,
                hash,
                verdict: (Kind::Inserted, "the link does not follow from the one before"),
                is_moot: false,
            });
        }
    }

    /// Another link at the same position: if it follows too, the chain may go on from either.
    fn fork(&mut self, content: Digest, hash: Digest) {
        if self.before.is_empty() || self.before.iter().any(|it| it.hash.followed_by(content) == hash) {
            self.clues.push(Clue { hash, tells: None });
            // This one is right, so the other is what made the fork.
            if let (true, Some(open)) = (self.is_open, self.breaks.last_mut()) {
                open.is_moot = true;
                self.is_open = false;
            }
        }
    }

    /// The checkpoints up to `position`, where the chain has this hash.
    fn compare(&mut self, position: i64, hash: Option<Digest>) {
        while let Some(checkpoint) = self.checkpoints.pop_if(|it| it.standing.position <= position) {
            let standing = &checkpoint.standing;
            let Some(hash) = hash.filter(|_| standing.position == position) else {
                let words = format!("no link is here to be compared with the checkpoint of {}", standing.at);
                self.find(standing.position, Kind::UnmatchedCheckpoint, words);
                continue;
            };
            self.compared += 1;
            if standing.hash != hash {
                let words = format!("a checkpoint of {} has another hash here", standing.at);
                self.find(position, Kind::CheckpointMismatch, words);
            }
        }
    }

    fn find(&mut self, position: i64, kind: Kind, words: String) {
        if self.findings.len() < MOST {
            self.findings.push(Finding { position, kind, words });
        }
    }

    /// All that didn't fit, in the order of positions.
    pub fn finish(mut self) -> Vec<Finding> {
        if let Some(Checkpoint { standing, .. }) = self.checkpoints.first() {
            let words = format!(
                "the chain ends at {}; a checkpoint of {} stands at {}",
                self.position, standing.at, standing.position
            );
            self.find(self.position.saturating_add(1), Kind::Cut, words);
        }
        self.judge_edits();
        self.judge_breaks();
        // A thing that was found in two ways is one thing.
        let mut told = BTreeSet::new();
        self.findings.sort_unstable();
        self.findings.retain(|finding| told.insert((finding.position, finding.kind)));
        self.findings
    }
}

#[cfg(test)]
mod tests;
