//! How much memory answers may take until they are sent: all of them, and those of one workspace.
//!
//! Where the size is known before anything is read, room is taken then, for what it takes to read and to write it; what
//! is left of that while it is being sent is the answer itself. Small answers take none: a connection costs as much. One
//! workspace has at most half, so that what it is refused for is mostly its own doing.

use super::{Cap, Held, Subject};

/// An answer of at most so many bytes is small.
pub const SMALL: usize = 16 * 1024;
/// How often something is in memory while it becomes an answer: as it comes from the database, as it is understood, and
/// as it is written.
const COPIES: usize = 3;

/// Room for all answers that are being made or sent. Clones share it.
#[derive(Debug, Clone)]
pub struct Answers {
    all: Cap<()>,
    shares: Cap<Subject>,
}

/// What one answer takes, for as long as this lives.
#[derive(Debug)]
pub struct Room {
    _all: Held<()>,
    _share: Held<Subject>,
}

/// There is no room at present.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

impl Answers {
    pub fn new(mebibytes: usize) -> Self {
        let all = mebibytes * 1024 * 1024;
        Self { all: Cap::new(all), shares: Cap::new(all / 2) }
    }

    /// Room to read so many bytes and to make an answer of them.
    pub fn to_make(&self, whose: Subject, bytes: usize) -> Result<Option<Room>, Full> {
        self.take(whose, bytes, bytes.saturating_mul(COPIES))
    }

    /// Room to send an answer that is made.
    pub fn to_send(&self, whose: Subject, bytes: usize) -> Result<Option<Room>, Full> {
        self.take(whose, bytes, bytes)
    }

    /// The same where it must be sent, because it says what was done: others wait until there is room again.
    pub fn to_send_anyway(&self, whose: Subject, bytes: usize) -> Option<Room> {
        let room =
            || Room { _share: self.shares.take_anyway(whose, bytes), _all: self.all.take_anyway((), bytes) };
        (bytes > SMALL).then(room)
    }

    fn take(&self, whose: Subject, bytes: usize, amount: usize) -> Result<Option<Room>, Full> {
        if bytes <= SMALL {
            return Ok(None);
        }
        let share = self.shares.take(whose, amount).ok_or(Full)?;
        let all = self.all.take((), amount).ok_or(Full)?;
        Ok(Some(Room { _all: all, _share: share }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::WorkspaceId;

    const MEBIBYTE: usize = 1024 * 1024;

    fn somebody() -> Subject {
        Subject::Workspace(WorkspaceId::generate())
    }

    #[test]
    fn one_workspace_leaves_room_for_the_others() {
        let answers = Answers::new(24);
        let (crowd, other) = (somebody(), somebody());
        let held: Vec<Room> =
            std::iter::from_fn(|| answers.to_make(crowd, MEBIBYTE).ok().flatten()).collect();
        assert_eq!(held.len(), 4, "each is there three times while it is made");
        assert_eq!(answers.to_send(crowd, MEBIBYTE).err(), Some(Full));
        assert!(answers.to_send(crowd, SMALL).is_ok_and(|room| room.is_none()), "small ones need no room");
        let theirs = answers.to_make(other, 4 * MEBIBYTE).unwrap();
        assert!(theirs.is_some());
        drop(held);
        assert!(answers.to_send(crowd, 12 * MEBIBYTE).is_ok());
    }

    #[test]
    fn what_was_done_is_told_and_keeps_the_next_out() {
        let answers = Answers::new(4);
        let crowd = somebody();
        let told: Vec<Room> = (0..3).filter_map(|_| answers.to_send_anyway(crowd, MEBIBYTE)).collect();
        assert_eq!(told.len(), 3);
        assert_eq!(answers.to_send(crowd, SMALL + 1).err(), Some(Full));
        drop(told);
        assert!(answers.to_send(crowd, 2 * MEBIBYTE).is_ok());
    }
}
