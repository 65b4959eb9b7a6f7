//! What was moved rather than changed: found at the end, among all that did not fit.

use std::collections::HashMap;

use super::Walk;
use crate::{audit::finding::Kind, domain::chain::Digest};

/// So many are compared with each other.
const MOST_COMPARED: usize = 1_000;

/// A link that doesn't follow from the one before.
pub(super) struct Break {
    pub position: i64,
    /// What it should follow from, as far as that is known.
    pub before: Digest,
    pub content: Digest,
    pub hash: Digest,
    pub verdict: (Kind, &'static str),
    pub is_moot: bool,
}

/// A record that isn't the one that was linked here.
pub(super) struct Edit {
    pub position: i64,
    pub linked: Digest,
    pub found: Digest,
}

impl Walk {
    pub(super) fn judge_edits(&mut self) {
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

    pub(super) fn judge_breaks(&mut self) {
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
