//! What can be wrong with a chain, and where: the words that [`verify`](super::verify), exports and the command line
//! share.

use serde::Serialize;

use crate::domain::vocabulary::vocabulary;

/// What was done to a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A record or its link is not what it was.
    Edited,
    /// The record is gone, its link is not.
    Removed,
    /// A record or a link that nobody's change has made.
    Inserted,
    /// What stands here stood elsewhere.
    Reordered,
    /// Two links have the same position.
    Forked,
    /// Links are missing.
    Gap,
    /// The chain ends before a checkpoint.
    Cut,
    /// The chain is another than that of which a checkpoint was made.
    CheckpointMismatch,
    /// A checkpoint that no trusted key has signed.
    BadSignature,
    /// Records wait for their links for longer than they should.
    Unlinked,
    /// A checkpoint that nothing here can be compared with.
    UnmatchedCheckpoint,
}

vocabulary! {
    Kind {
        Edited = "edited", Removed = "removed", Inserted = "inserted", Reordered = "reordered", Forked = "forked",
        Gap = "gap", Cut = "cut", CheckpointMismatch = "checkpoint_mismatch", BadSignature = "bad_signature",
        Unlinked = "unlinked", UnmatchedCheckpoint = "unmatched_checkpoint",
    }
}

/// Something that doesn't fit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    pub position: i64,
    pub kind: Kind,
    pub words: String,
}
