//! Close codes: what a socket's end means, and what the client should do about it.

use crate::bus::seats::{Dismissal, Outdated};

/// Why a socket is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// A newer socket owns the task. The client has it, or another program does: don't reconnect.
    Replaced,
    /// Not allowed (any more): don't reconnect.
    NotAllowed(String),
    /// The credential's time is over, or it was replaced, or allows this no more: come back with another.
    Outdated(Outdated),
    /// A frame was larger than 512 KiB.
    TooBig,
    /// Something other than the protocol was sent.
    Protocol,
    /// A text frame that isn't UTF-8.
    NoText,
    /// This instance goes away, or lost the connection's record: reconnect after the given delay.
    Restarting,
    /// No room here, or nothing to be had just now: reconnect with back-off.
    Full(&'static str),
    /// The client takes too long to receive: reconnect with the cursor.
    TooSlow,
    /// The client closed it.
    Gone,
}

impl Reason {
    /// The code on the wire; 0 where nothing is sent.
    pub fn code(&self) -> u16 {
        match self {
            Self::Replaced => 1000,
            Self::Protocol => 1002,
            Self::NoText => 1007,
            Self::NotAllowed(_) => 1008,
            Self::TooBig => 1009,
            Self::Restarting => 1012,
            Self::Full(_) => 1013,
            Self::Outdated(_) => 4401,
            Self::TooSlow => 4408,
            Self::Gone => 0,
        }
    }

    /// Words for people; at most 123 bytes travel.
    pub fn text(&self) -> &str {
        match self {
            Self::Replaced => "Reconnection",
            Self::NotAllowed(why) => why,
            Self::Outdated(Outdated::Expired) => "the credential has expired",
            Self::Outdated(Outdated::Rotated) => "the credential was rotated",
            Self::Outdated(Outdated::Changed) => "the credential changed",
            Self::TooBig => "a message is larger than it may be",
            Self::Protocol => "that is not the WebSocket protocol",
            Self::NoText => "that is not UTF-8",
            Self::Restarting => "restarting",
            Self::Full(why) => why,
            Self::TooSlow => "too slow; reconnect with your cursor",
            Self::Gone => "",
        }
    }
}

impl From<&Dismissal> for Reason {
    fn from(dismissal: &Dismissal) -> Self {
        match dismissal {
            Dismissal::Replaced => Self::Replaced,
            Dismissal::Gone => Self::Restarting,
            Dismissal::Closed { by } => Self::NotAllowed(format!("closed by {by}")),
            Dismissal::Outdated(how) => Self::Outdated(*how),
            Dismissal::Revoked => Self::NotAllowed("the credential was revoked".to_owned()),
            Dismissal::Unchecked => Self::Full("the credential could not be checked"),
        }
    }
}
