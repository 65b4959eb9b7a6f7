//! How much memory the bodies of requests may take: all of them, and those of one workspace.
//!
//! Room is taken as bytes arrive, never for what is announced: a caller that only announces holds nothing. A small body has
//! room of its own, so that a decision gets through while large ones fill the rest; and of both kinds of room one
//! workspace has at most half, so that what it can be refused for is mostly its own doing.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    limits::{Cap, Held, Subject},
    wire::problem::{Code, Problem},
};

/// A body of at most so many bytes is small.
pub const SMALL: usize = 16 * 1024;
const KIBIBYTE: usize = 1024;

/// Room for all bodies that are being received or worked on. Clones share it.
#[derive(Clone)]
pub struct Budget {
    small: Room,
    large: Room,
}

#[derive(Clone)]
struct Room {
    /// Kibibytes, as everywhere here.
    all: Arc<Semaphore>,
    shares: Cap<Subject>,
}

struct Piece {
    _of_all: OwnedSemaphorePermit,
    _of_share: Held<Subject>,
}

/// What one body takes, until the request is answered.
pub struct Place {
    budget: Budget,
    whose: Subject,
    pieces: Vec<Piece>,
    /// How much of it is in the room for large ones.
    large: usize,
}

impl Room {
    fn new(size: usize, share: usize) -> Self {
        Self { all: Arc::new(Semaphore::new(size)), shares: Cap::new(share) }
    }

    fn take(&self, whose: Subject, amount: usize) -> Option<Piece> {
        let share = self.shares.take(whose, amount)?;
        let all = self.all.clone().try_acquire_many_owned(u32::try_from(amount).ok()?).ok()?;
        Some(Piece { _of_all: all, _of_share: share })
    }
}

impl Budget {
    /// So much in all. The `largest` body, in bytes, must fit, whatever else is set aside.
    pub fn new(mebibytes: usize, largest: usize) -> Self {
        let (all, largest) = (mebibytes * 1024, largest.div_ceil(KIBIBYTE));
        let small = (all / 8).min(all.saturating_sub(largest));
        let large = all - small;
        Self { small: Room::new(small, small / 2), large: Room::new(large, (large / 2).max(largest)) }
    }

    /// A place for a body of which nothing has come yet.
    pub fn place(&self, whose: Subject) -> Place {
        Place { budget: self.clone(), whose, pieces: Vec::new(), large: 0 }
    }
}

impl Place {
    /// Makes it a place for so many bytes, which are more than before.
    pub fn grow(&mut self, bytes: usize) -> Result<(), Problem> {
        let (amount, Budget { small, large }) = (bytes.div_ceil(KIBIBYTE), &self.budget);
        if bytes <= SMALL
            && self.pieces.is_empty()
            && let Some(piece) = small.take(self.whose, amount)
        {
            self.pieces.push(piece);
            return Ok(());
        }
        let piece = large.take(self.whose, amount.saturating_sub(self.large));
        let piece = piece.ok_or_else(|| Problem::new(Code::Overloaded, "too many large bodies at once"))?;
        if self.large == 0 {
            // It has moved over.
            self.pieces.clear();
        }
        self.pieces.push(piece);
        self.large = amount;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::WorkspaceId;

    const MEBIBYTE: usize = 1024 * KIBIBYTE;

    fn somebody() -> Subject {
        Subject::Workspace(WorkspaceId::generate())
    }

    fn free(budget: &Budget) -> (usize, usize) {
        (budget.small.all.available_permits(), budget.large.all.available_permits())
    }

    #[test]
    fn a_body_that_grows_leaves_the_room_for_small_ones() {
        let budget = Budget::new(8, MEBIBYTE);
        let mut place = budget.place(somebody());
        assert_eq!(free(&budget), (1024, 7 * 1024), "what hasn't come takes nothing");
        place.grow(SMALL).unwrap();
        assert_eq!(free(&budget), (1024 - 16, 7 * 1024));
        place.grow(SMALL + 1).unwrap();
        assert_eq!(free(&budget), (1024, 7 * 1024 - 17));
        place.grow(MEBIBYTE).unwrap();
        assert_eq!(free(&budget), (1024, 6 * 1024));
        drop(place);
        assert_eq!(free(&budget), (1024, 7 * 1024));
    }

    #[test]
    fn one_workspace_leaves_room_for_the_others_and_for_small_ones() {
        let budget = Budget::new(8, MEBIBYTE);
        let (crowd, other) = (somebody(), somebody());
        let filled = |whose| {
            let places = std::iter::repeat_with(|| {
                let mut place = budget.place(whose);
                place.grow(MEBIBYTE).map(|()| place)
            });
            places.map_while(Result::ok).collect::<Vec<_>>()
        };
        let held = filled(crowd);
        assert_eq!(held.len(), 3);
        let mut small = budget.place(crowd);
        small.grow(100).unwrap();
        assert_eq!(filled(other).len(), 3);
        drop(held);
        assert_eq!(filled(crowd).len(), 3);
    }

    #[test]
    fn the_largest_body_fits_into_the_smallest_budget() {
        let budget = Budget::new(4, 4 * MEBIBYTE);
        let mut place = budget.place(somebody());
        for bytes in [100, SMALL, MEBIBYTE, 4 * MEBIBYTE] {
            place.grow(bytes).unwrap();
        }
        assert!(budget.place(somebody()).grow(1).is_err());
    }
}
