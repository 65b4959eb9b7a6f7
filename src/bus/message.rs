//! What travels through the bus: small lines of text.
//!
//! A message on `changes` is one or more lines `workspace approval version task`, and behind that, where it ended,
//! `key epoch outcome` ([`super::proof`]); one on an inbox is
//! `events workspace task` (it got some), `owner workspace task` (look whether you still are), or `canary N`.
//! Lines that can't be read are skipped: a newer instance may say more than this one understands.

use uuid::Uuid;

use super::proof::{LONGEST_SEALED, Proof};
use crate::domain::{
    approval::Brief,
    event::TaskKey,
    ids::{ApprovalId, WorkspaceId},
    names::CallerName,
};

/// Lines of one message that are read: several times as many as an instance puts into one.
const LINES: usize = 1_024;

/// An approval changed: go and look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub workspace: WorkspaceId,
    pub approval: ApprovalId,
    pub version: i32,
    pub task: CallerName,
    /// With what it ended, where that is told.
    pub proof: Option<Proof>,
}

impl From<&Brief> for Change {
    fn from(approval: &Brief) -> Self {
        Self {
            workspace: approval.workspace,
            approval: approval.id,
            version: approval.version,
            task: approval.task_id.clone(),
            proof: None,
        }
    }
}

impl Change {
    /// One message for several changes.
    pub fn encode<'a>(changes: impl IntoIterator<Item = &'a Self>) -> String {
        use std::fmt::Write as _;
        changes.into_iter().fold(String::new(), |mut text, change| {
            let Self { workspace, approval, version, task, proof } = change;
            let _ = write!(text, "{workspace} {approval} {version} {task}");
            if let Some(Proof { key, epoch, sealed }) = proof {
                let _ = write!(text, " {key} {epoch} {sealed}");
            }
            text.push('\n');
            text
        })
    }

    /// The changes in a message, without the lines that aren't any. No instance sends more than [`LINES`].
    pub fn decode(message: &str) -> impl Iterator<Item = Self> {
        message.lines().take(LINES).filter_map(Self::decode_line)
    }

    fn decode_line(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        Some(Self {
            workspace: WorkspaceId(Uuid::try_parse(words.next()?).ok()?),
            approval: ApprovalId(Uuid::try_parse(words.next()?).ok()?),
            version: words.next()?.parse().ok()?,
            task: CallerName::stored(words.next()?).ok()?,
            proof: Self::decode_proof(words),
        })
    }

    fn decode_proof<'a>(mut words: impl Iterator<Item = &'a str>) -> Option<Proof> {
        Some(Proof {
            key: words.next()?.parse().ok()?,
            epoch: words.next()?.parse().ok()?,
            sealed: words.next().filter(|word| word.len() <= LONGEST_SEALED)?.to_owned(),
        })
    }
}

/// What is meant for one instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Letter {
    /// A task whose socket is there got events.
    Events(TaskKey),
    /// A task whose socket was there may have another owner by now, or none.
    Owner(TaskKey),
    /// The instance's message to itself that proves that messages arrive.
    Canary(u64),
}

impl Letter {
    pub fn encode(&self) -> String {
        match self {
            Self::Events(TaskKey { workspace, task }) => format!("events {workspace} {task}"),
            Self::Owner(TaskKey { workspace, task }) => format!("owner {workspace} {task}"),
            Self::Canary(number) => format!("canary {number}"),
        }
    }

    /// `None` for what it doesn't understand.
    pub fn decode(message: &str) -> Option<Self> {
        let (kind, rest) = message.split_once(' ')?;
        if kind == "canary" {
            return rest.parse().ok().map(Self::Canary);
        }
        let (workspace, task) = rest.split_once(' ')?;
        let key = TaskKey {
            workspace: WorkspaceId(Uuid::try_parse(workspace).ok()?),
            task: CallerName::stored(task).ok()?,
        };
        match kind {
            "events" => Some(Self::Events(key)),
            "owner" => Some(Self::Owner(key)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_encoded_comes_back(parts in prop::collection::vec(
            (any::<u128>(), any::<u128>(), any::<i32>(), "[A-Za-z0-9._:-]{1,40}"), 0..5))
        {
            let changes: Vec<Change> = parts
                .into_iter()
                .map(|(workspace, approval, version, task)| Change {
                    workspace: WorkspaceId(Uuid::from_u128(workspace)),
                    approval: ApprovalId(Uuid::from_u128(approval)),
                    version,
                    task: CallerName::stored(&task).unwrap(),
                    proof: None,
                })
                .collect();
            let message = Change::encode(&changes);
            prop_assert_eq!(Change::decode(&message).collect::<Vec<_>>(), changes);
        }

        #[test]
        fn noise_is_skipped(noise in ".{0,200}") {
            let _ = Change::decode(&noise).count();
            let _ = Letter::decode(&noise);
        }
    }

    #[test]
    fn a_message_without_end_is_read_to_an_end() {
        let line = format!("{0} {0} 1 t\n", Uuid::from_u128(7));
        assert_eq!(Change::decode(&line.repeat(LINES * 3)).count(), LINES);
        let line = |length: usize| format!("{0} {0} 2 t 1 0 {1}", Uuid::from_u128(7), "x".repeat(length));
        let proved = |length| Change::decode(&line(length)).all(|change| change.proof.is_some());
        assert!(proved(LONGEST_SEALED) && !proved(LONGEST_SEALED + 1));
    }

    #[test]
    fn letters() {
        let key =
            TaskKey { workspace: WorkspaceId(Uuid::from_u128(7)), task: CallerName::new("a:b").unwrap() };
        for letter in [Letter::Events(key.clone()), Letter::Owner(key), Letter::Canary(7)] {
            assert_eq!(Letter::decode(&letter.encode()), Some(letter));
        }
        for other in ["canary", "canary x", "events", "events x y", "close 0 0"] {
            assert_eq!(Letter::decode(other), None, "{other}");
        }
    }
}
