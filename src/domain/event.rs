//! What happens to a task: the names of events, and where in a task's log a reader stands.

use std::fmt;

use super::{
    ids::WorkspaceId,
    names::{CallerName, InvalidName},
};

/// A task of a workspace: what a log, and a socket, is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TaskKey {
    pub workspace: WorkspaceId,
    pub task: CallerName,
}

/// Written by Signoff alone, in the transaction that caused them. A producer can't send them: what they tell is
/// true.
pub const OURS: &[&str] = &[
    "approval_requested",
    "approval_resolved",
    "approval_expired",
    "approval_cancelled",
    "approval_escalated",
    "approval_received",
    "workflow_paused",
    "workflow_resumed",
    "hello",
    "pong",
    "error",
    "reconnect",
];

/// The type of an event that a producer sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventType(CallerName);

/// Why an event's type was refused; the text is fit for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEventType {
    #[error(transparent)]
    Name(#[from] InvalidName),
    #[error("is reserved: Signoff writes these events itself")]
    Reserved,
}

impl EventType {
    pub fn new(name: &str) -> Result<Self, InvalidEventType> {
        let name = CallerName::new(name)?;
        if OURS.contains(&name.as_str()) { Err(InvalidEventType::Reserved) } else { Ok(Self(name)) }
    }

    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// A place in the log of one task: everything up to this number has been seen. Opaque to callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor(pub i64);

impl Cursor {
    /// Before everything.
    pub const START: Self = Self(0);

    /// `None` for what can't be one.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = (1..=19).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        // One spelling for each place.
        if !digits || text.len() > 1 && text.starts_with('0') {
            return None;
        }
        text.parse().ok().map(Self)
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn producers_have_their_own_names() {
        for good in ["output", "workflow_started", "my.event:1"] {
            assert_eq!(EventType::new(good).unwrap().as_str(), good);
        }
        for ours in OURS {
            assert_eq!(EventType::new(ours), Err(InvalidEventType::Reserved));
        }
        assert!(matches!(EventType::new("a b"), Err(InvalidEventType::Name(_))));
    }

    #[test]
    fn cursors_have_one_spelling() {
        assert_eq!(Cursor::parse("1763700000000001"), Some(Cursor(1_763_700_000_000_001)));
        assert_eq!(Cursor::parse(&Cursor(0).to_string()), Some(Cursor(0)));
        for bad in ["", "-1", "+1", "01", "1.0", " 1", "x", "99999999999999999999"] {
            assert_eq!(Cursor::parse(bad), None, "{bad}");
        }
    }
}
