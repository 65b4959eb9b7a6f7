//! What a channel must be able to do: hand one message over, and say what came of it. `turn` and `fate` say what
//! follows from that.

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
    /// Lanes that an instance works on at once.
    const LANES: usize;
    /// Messages of one lane that may be under way at once.
    const AT_ONCE: usize;
    /// Messages of all lanes that may be under way at once. Each lane may always have one.
    const TOGETHER: usize = Self::LANES * Self::AT_ONCE;
    /// The longest time that one message may take.
    const LONGEST: Duration;
    /// Whether a message shows the approval as it stands when the message is sent. Then a question that need not be
    /// asked any more is skipped. Otherwise the message was written when the change happened, and is sent in any case.
    const AS_IT_STANDS: bool = true;
    /// Where more requests than this wait for one recipient, one message tells of all of them. `None`: each request has
    /// a message of its own.
    const FLOOD: Option<usize>;
    /// Whether its messages have links to decide by.
    const LINKS: bool;

    /// Hands one message over.
    fn send(&self, message: &Message<'_>) -> impl Future<Output = Handed> + Send;

    /// How long a message waits after it was refused for now, by the number of its tries. `None`: it is given up.
    fn again(tries: i32) -> Option<Duration>;
}

/// One message, for one recipient.
pub struct Message<'a> {
    pub waiting: &'a Waiting,
    /// `None`: the message is about no approval.
    pub loaded: Option<&'a Loaded>,
    /// Where an earlier message is: one that is edited, or in whose thread this one goes.
    pub place: Option<&'a Value>,
    /// Other approvals that wait for the same recipient: this one message tells of them, too.
    pub others: &'a [&'a Loaded],
    /// Takes out what must not be shown.
    pub redactor: &'a Redactor,
    /// The recipient's time zone.
    pub zone: Tz,
    /// The link by which the recipient decides without signing in, if they may decide.
    pub link: Option<&'a DecisionLink>,
}

/// What came of handing a message over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Handed {
    Over {
        code: Option<i32>,
        answer: Option<String>,
        /// Where the message is now, if it can be edited later.
        place: Option<Value>,
    },
    /// There was no need to send it. Only the destination could tell that.
    Moot { why: Skipped, code: Option<i32>, error: String },
    /// This message, or its recipient, is refused for now.
    Deferred { code: Option<i32>, error: String },
    /// This message, or its recipient, is refused for good.
    Refused { code: Option<i32>, error: String },
    /// The destination can't be reached.
    Away { code: Option<i32>, error: String },
    /// The destination answered with an error, or not at all. The message is tried again later, or given up.
    InVain {
        /// Whether the failure is the destination's as a whole, not this message's.
        of_destination: bool,
        code: Option<i32>,
        error: String,
        answer: Option<String>,
    },
    /// The destination is left alone for a while. It is no try. Where nothing else arrives, it counts as failing.
    Paused {
        /// How long the pause is. `None`: as long as its failures in a row say.
        hold: Option<Duration>,
        /// Whether it opens the breaker, as an outage does.
        fails: bool,
        code: Option<i32>,
        error: String,
        answer: Option<String>,
    },
    /// The destination is left alone for this time. It is neither a try nor a failure.
    Held { hold: Duration, code: Option<i32>, error: String },
}
