//! What a channel must be able to do: hand one message over, and say what came of it.

use std::time::Duration;

use chrono_tz::Tz;
use serde_json::Value;

use crate::{
    auth::link::DecisionLink,
    domain::{
        notification::{Channel, Skipped},
        redaction::Redactor,
    },
    store::{approvals::Loaded, lanes::Waiting},
};

/// A way to hand messages over.
pub trait Courier: Send + Sync + 'static {
    /// Which channel it serves.
    const CHANNEL: Channel;
    /// Lanes that an instance has at once.
    const LANES: usize;
    /// Messages of one lane that may be under way at once.
    const AT_ONCE: usize;
    /// Messages of all lanes that may be under way at once. Each lane may have one.
    const TOGETHER: usize = Self::LANES * Self::AT_ONCE;
    /// Longest that a message may take.
    const LONGEST: Duration;
    /// Whether what is sent is decided when it is sent, by the approval as it stands then. Otherwise it was written when it
    /// happened, and is sent in any case.
    const AS_IT_STANDS: bool = true;
    /// Where more requests than this wait for one recipient, one message tells of all of them. `None`: each has its own.
    const FLOOD: Option<usize>;
    /// Whether its messages have links to decide by.
    const LINKS: bool;

    /// Hands one message over.
    fn send(&self, message: &Message<'_>) -> impl Future<Output = Handed> + Send;

    /// How long a message waits that was refused for now, after so many tries; `None`: it is given up.
    fn again(tries: i32) -> Option<Duration>;
}

/// One message, for one recipient.
pub struct Message<'a> {
    pub waiting: &'a Waiting,
    /// `None`: it is about no approval.
    pub loaded: Option<&'a Loaded>,
    /// Where the message is that is edited, or in whose thread this one goes.
    pub place: Option<&'a Value>,
    /// What else waits for the same recipient: this one message tells of all of them.
    pub others: &'a [&'a Loaded],
    /// What of them must not be shown.
    pub redactor: &'a Redactor,
    /// Where the recipient's clock is.
    pub zone: Tz,
    /// By which the recipient decides without signing in, if they may.
    pub link: Option<&'a DecisionLink>,
}

/// What came of handing a message over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Handed {
    Over {
        code: Option<i32>,
        answer: Option<String>,
        /// Where it is now, if it can be edited there.
        place: Option<Value>,
    },
    /// It had not to be sent, as only the destination could tell.
    Moot { why: Skipped, code: Option<i32>, error: String },
    /// This message, or its recipient, is refused for now.
    Deferred { code: Option<i32>, error: String },
    /// This message, or its recipient, is refused for good.
    Refused { code: Option<i32>, error: String },
    /// The destination can't be reached.
    Away { code: Option<i32>, error: String },
    /// It was refused for now, and the destination has answered, or should have.
    InVain {
        /// It speaks of the destination as a whole, not of this message.
        of_destination: bool,
        code: Option<i32>,
        error: String,
        answer: Option<String>,
    },
    /// The destination wants to be left alone; it is no try.
    Paused {
        /// For so long. `None`: for as long as its failures say.
        hold: Option<Duration>,
        /// Whether it is a failure of the destination.
        fails: bool,
        code: Option<i32>,
        error: String,
        answer: Option<String>,
    },
    /// The destination is to be left alone for so long; it is no try.
    Held { hold: Duration, code: Option<i32>, error: String },
}
