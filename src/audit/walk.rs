//! The judge: is fed a chain link by link, and says what doesn't fit, and where. It holds a few links and its
//! findings, however long the chain is, and takes nothing for granted: whoever tampers can drop constraints too.
//!
//! A link that doesn't follow from the one before is judged by the one behind it: that may follow from what the
//! link's hash should have been, from what it is, or from the one before, and each tells another story. What was
//! moved rather than changed is found at the end, among all that did not fit.

use std::collections::{BTreeSet, HashMap};

use uuid::Uuid;

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
/// So many are compared with each other.
const MOST_COMPARED: usize = 1_000;

/// What the next link may follow from, and what that would say of a link before it that doesn't fit.
#[derive(Debug, Clone, Copy)]
struct Clue {
    hash: Digest,
    tells: Option<(Kind, &'static str)>,
}

/// A link that doesn't follow from the one before.
struct Break {
    position: i64,
    /// What it should follow from, as far as that is known.
    before: Digest,
    content: Digest,
    hash: Digest,
    verdict: (Kind, &'static str),
    is_moot: bool,
}

/// A record that isn't the one that was linked here.
struct Edit {
    position: i64,
    linked: Digest,
    found: Digest,
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
    links: u64,
}

impl Walk {
    /// From the chain's beginning.
    pub fn new(workspace: Uuid, checkpoints: Vec<Checkpoint>) -> Self {
        Self::from(workspace, 1, Digest::genesis(workspace), checkpoints)
    }

    /// From `first` on, which is taken to follow from `before`.
    pub fn from(workspace: Uuid, first: i64, before: Digest, mut checkpoints: Vec<Checkpoint>) -> Self {
        checkpoints.retain(|it| it.standing.position >= first);
        checkpoints.sort_by_key(|it| std::cmp::Reverse(it.standing.position));
        Self {
            workspace,
            position: first - 1,
            before: Vec::new(),
            clues: vec![Clue { hash: before, tells: None }],
            is_open: false,
            findings: Vec::new(),
            breaks: Vec::new(),
            edits: Vec::new(),
            checkpoints,
            links: 0,
        }
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
            self.compare(position, hash);
        } else {
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
        if found != linked {
            if self.edits.len() < MOST {
                self.edits.push(Edit { position: link.position, linked, found });
            }
            if record.workspace_id != Some(self.workspace) {
                self.find(link.position, Kind::Edited, "the record is of another workspace".to_owned());
            }
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

    fn compare(&mut self, position: i64, hash: Digest) {
        while let Some(checkpoint) = self.checkpoints.last() {
            let standing = &checkpoint.standing;
            if standing.position > position {
                return;
            }
            if standing.position == position && standing.hash != hash {
                let words = format!("a checkpoint of {} has another hash here", standing.at);
                self.find(position, Kind::CheckpointMismatch, words);
            }
            self.checkpoints.pop();
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
            self.find(self.position + 1, Kind::Cut, words);
        }
        self.judge_edits();
        self.judge_breaks();
        // A thing that was found in two ways is one thing.
        let mut told = BTreeSet::new();
        self.findings.sort_unstable();
        self.findings.retain(|finding| told.insert((finding.position, finding.kind)));
        self.findings
    }

    fn judge_edits(&mut self) {
        let home: HashMap<Digest, i64> = self.edits.iter().map(|edit| (edit.linked, edit.position)).collect();
        for edit in std::mem::take(&mut self.edits) {
            match home.get(&edit.found) {
                Some(home) => {
                    let words = format!("the record that stands here was linked at {home}");
                    self.find(edit.position, Kind::Reordered, words);
                }
                None => {
                    self.find(
                        edit.position,
                        Kind::Edited,
                        "the record is not the one that was linked".to_owned(),
                    );
                }
            }
        }
    }

    fn judge_breaks(&mut self) {
        let mut breaks = std::mem::take(&mut self.breaks);
        let compared = breaks.len().min(MOST_COMPARED);
        for at in 0..compared {
            if breaks[at].is_moot {
                continue;
            }
            let before = breaks[at].before;
            let follows = |it: &Break| before.followed_by(it.content) == it.hash;
            let Some(mover) = (0..compared).find(|other| *other != at && follows(&breaks[*other])) else {
                continue;
            };
            let home = breaks[at].position;
            breaks[mover].verdict = (Kind::Reordered, "");
            let words = format!("the link that stands here belongs at {home}");
            self.find(breaks[mover].position, Kind::Reordered, words);
            // With the right one before them, these fit where they stand.
            let right = breaks[mover].hash;
            let fits = |it: &Break| right.followed_by(it.content) == it.hash;
            for near in [at, at + 1] {
                if near < compared && near != mover && fits(&breaks[near]) {
                    breaks[near].is_moot = true;
                }
            }
        }
        for it in breaks {
            let (kind, words) = it.verdict;
            if !it.is_moot && kind != Kind::Reordered {
                self.find(it.position, kind, words.to_owned());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::chain::FORMAT;

    fn chain(length: i64) -> Vec<Link> {
        let mut before = Digest::genesis(Uuid::nil());
        (1..=length)
            .map(|position| {
                let record = Record {
                    format: FORMAT,
                    subject: Some(position.to_string()),
                    workspace_id: Some(Uuid::nil()),
                    ..Record::default()
                };
                let content = record.content();
                before = before.followed_by(content);
                let (content, hash) = (Some(content), Some(before));
                Link { position, seq: Some(position), content, hash, record: Some(record) }
            })
            .collect()
    }

    fn judge(links: &[Link]) -> Vec<(Kind, i64)> {
        let mut walk = Walk::new(Uuid::nil(), Vec::new());
        for link in links {
            walk.link(link);
        }
        walk.finish().into_iter().map(|it| (it.kind, it.position)).collect()
    }

    /// Swaps what stands at two places, but not the places.
    fn swapped(one: usize, other: usize) -> Vec<Link> {
        let mut links = chain(12);
        links.swap(one - 1, other - 1);
        links[one - 1].position = i64::try_from(one).unwrap();
        links[other - 1].position = i64::try_from(other).unwrap();
        links
    }

    #[test]
    fn a_whole_chain_is_whole() {
        assert_eq!(judge(&chain(0)), []);
        assert_eq!(judge(&chain(12)), []);
    }

    #[test]
    fn each_kind_is_told_and_where() {
        let other = Some(Digest::of(b"other"));
        let change = |change: &dyn Fn(&mut Vec<Link>)| {
            let mut links = chain(12);
            change(&mut links);
            judge(&links)
        };
        assert_eq!(change(&|it| it[4].record.as_mut().unwrap().via = Some("x".into())), [(Kind::Edited, 5)]);
        assert_eq!(change(&|it| it[4].record = None), [(Kind::Removed, 5)]);
        assert_eq!(change(&|it| it[4].hash = other), [(Kind::Edited, 5)]);
        assert_eq!(change(&|it| it[4].content = other), [(Kind::Edited, 5)]);
        assert_eq!(change(&|it| it[4].hash = None), [(Kind::Edited, 5)]);
        assert_eq!(change(&|it| it[4].position = 0), [(Kind::Inserted, 0), (Kind::Gap, 5)]);
        assert_eq!(change(&|it| drop(it.remove(4))), [(Kind::Gap, 5)]);
        assert_eq!(change(&|it| drop(it.drain(4..7))), [(Kind::Gap, 5)]);
        assert_eq!(change(&|it| it[4..].iter_mut().for_each(|it| it.position += 10)), [(Kind::Gap, 5)]);
        let both = |it: &mut Vec<Link>| {
            it[4].record.as_mut().unwrap().via = Some("x".into());
            it[4].content = it[4].record.as_ref().map(Record::content);
        };
        assert_eq!(change(&both), [(Kind::Edited, 5)]);
        let swap_rows = |it: &mut Vec<Link>| {
            let record = it[4].record.take();
            it[4].record = std::mem::replace(&mut it[8].record, record);
        };
        assert_eq!(change(&swap_rows), [(Kind::Reordered, 5), (Kind::Reordered, 9)]);
    }

    #[test]
    fn what_was_put_in_is_told() {
        let made_up = |position| {
            let mut link = chain(1).remove(0);
            link.record.as_mut().unwrap().via = Some("made up".into());
            link.content = link.record.as_ref().map(Record::content);
            Link { position, hash: Some(Digest::of(b"made up")), ..link }
        };
        let mut links = chain(12);
        links.push(made_up(13));
        assert_eq!(judge(&links), [(Kind::Inserted, 13)]);
        let mut links = chain(12);
        links[4..].iter_mut().for_each(|it| it.position += 1);
        links.insert(4, made_up(5));
        assert_eq!(judge(&links), [(Kind::Inserted, 5)]);
        let mut links = chain(12);
        links.insert(4, made_up(5));
        assert_eq!(judge(&links), [(Kind::Forked, 5)]);
        let mut links = chain(12);
        links.insert(5, made_up(5));
        assert_eq!(judge(&links), [(Kind::Forked, 5)]);
    }

    #[test]
    fn what_was_moved_is_told() {
        assert_eq!(judge(&swapped(3, 9)), [(Kind::Reordered, 3), (Kind::Reordered, 9)]);
        assert_eq!(judge(&swapped(1, 12)), [(Kind::Reordered, 1), (Kind::Reordered, 12)]);
        let near = judge(&swapped(5, 6));
        assert!(near.iter().all(|(kind, at)| *kind == Kind::Reordered && [5, 6].contains(at)), "{near:?}");
        assert!(!near.is_empty());
    }
}
