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
    "approval_extended",
    "approval_reminder",
    "approval_received",
    "approval_claimed",
    "approval_completed",
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

/// A life of the database: what was restored from a backup, or took over for another, begins a new one. The first
/// is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Epoch(pub u32);

impl Epoch {
    pub const FIRST: Self = Self(0);

    /// That of a new life, by a random number.
    pub fn fresh(random: u32) -> Self {
        Self(random.max(1))
    }
}

/// A place in the log of one task: everything up to this number has been seen. Opaque to callers.
///
/// A number means something in one life of the database only, so the life is part of it. In the first one it goes
/// without saying.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    pub seq: i64,
    pub epoch: Epoch,
}

impl Cursor {
    /// Before everything.
    pub const START: Self = Self { seq: 0, epoch: Epoch::FIRST };

    /// `None` for what can't be one.
    pub fn parse(text: &str) -> Option<Self> {
        let (number, epoch) =
            text.split_once('.').map_or((text, None), |(number, epoch)| (number, Some(epoch)));
        let digits = (1..=19).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
        // One spelling for each place.
        if !digits || number.len() > 1 && number.starts_with('0') {
            return None;
        }
        let cursor =
            Self { seq: number.parse().ok()?, epoch: epoch.map_or(Some(Epoch::FIRST), parse_epoch)? };
        (epoch.is_none() || cursor.seq != 0).then_some(cursor)
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seq, epoch } = self;
        if *epoch == Epoch::FIRST || *seq == 0 {
            write!(f, "{seq}")
        } else {
            write!(f, "{seq}.{:08x}", epoch.0)
        }
    }
}

/// Eight digits, as they are written.
fn parse_epoch(text: &str) -> Option<Epoch> {
    let digits = text.len() == 8 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let epoch = digits.then(|| u32::from_str_radix(text, 16).ok()).flatten().map(Epoch);
    epoch.filter(|epoch| *epoch != Epoch::FIRST)
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
        let seq = 1_763_700_000_000_001;
        assert_eq!(Cursor::parse("1763700000000001"), Some(Cursor { seq, epoch: Epoch::FIRST }));
        for (seq, epoch) in [(0, 0), (0, 7), (seq, 0), (seq, 7), (i64::MAX, u32::MAX)] {
            let cursor = Cursor { seq, epoch: Epoch(epoch) };
            let back = Cursor::parse(&cursor.to_string()).unwrap();
            assert_eq!(back, if seq == 0 { Cursor::START } else { cursor }, "{cursor}");
        }
        for bad in [
            "",
            "-1",
            "+1",
            "01",
            "1.0",
            " 1",
            "x",
            "99999999999999999999",
            "1.",
            "1.0000000",
            "1.00000000",
            "1.0000000A",
            "1.+0000001",
            "1.00000001.",
            "0.00000001",
            "1.000000001",
            ".00000001",
        ] {
            assert_eq!(Cursor::parse(bad), None, "{bad}");
        }
    }
}
