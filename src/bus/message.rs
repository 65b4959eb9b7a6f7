//! What travels through the bus: small lines of text, never an outcome.
//!
//! A message on `changes` is one or more lines `workspace approval version task`; one on an inbox is
//! `canary N`. Lines that can't be read are skipped: a newer instance may say more than this one understands.

use uuid::Uuid;

use crate::domain::{
    approval::Approval,
    ids::{ApprovalId, WorkspaceId},
    names::CallerName,
};

/// An approval changed: go and look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub workspace: WorkspaceId,
    pub approval: ApprovalId,
    pub version: i32,
    pub task: CallerName,
}

impl From<&Approval> for Change {
    fn from(approval: &Approval) -> Self {
        Self {
            workspace: approval.workspace,
            approval: approval.id,
            version: approval.version,
            task: approval.request.task_id.clone(),
        }
    }
}

impl Change {
    /// One message for several changes.
    pub fn encode<'a>(changes: impl IntoIterator<Item = &'a Self>) -> String {
        use std::fmt::Write as _;
        changes.into_iter().fold(String::new(), |mut text, change| {
            let Self { workspace, approval, version, task } = change;
            let _ = writeln!(text, "{workspace} {approval} {version} {task}");
            text
        })
    }

    /// The changes in a message, without the lines that aren't any.
    pub fn decode(message: &str) -> impl Iterator<Item = Self> {
        message.lines().filter_map(Self::decode_line)
    }

    fn decode_line(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        Some(Self {
            workspace: WorkspaceId(Uuid::try_parse(words.next()?).ok()?),
            approval: ApprovalId(Uuid::try_parse(words.next()?).ok()?),
            version: words.next()?.parse().ok()?,
            task: CallerName::new(words.next()?).ok()?,
        })
    }
}

/// The instance's message to itself that proves that messages arrive.
pub fn encode_canary(number: u64) -> String {
    format!("canary {number}")
}

/// `None` for any other message.
pub fn decode_canary(message: &str) -> Option<u64> {
    message.strip_prefix("canary ")?.parse().ok()
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
                    task: CallerName::new(&task).unwrap(),
                })
                .collect();
            let message = Change::encode(&changes);
            prop_assert_eq!(Change::decode(&message).collect::<Vec<_>>(), changes);
        }

        #[test]
        fn noise_is_skipped(noise in ".{0,200}") {
            let _ = Change::decode(&noise).count();
            let _ = decode_canary(&noise);
        }
    }

    #[test]
    fn canaries() {
        assert_eq!(decode_canary(&encode_canary(7)), Some(7));
        assert_eq!(decode_canary("canary"), None);
    }
}
