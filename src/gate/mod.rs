//! The gate before a tool call: which calls people are asked about, what they are shown, and what an outcome means.
//!
//! It is the same gate as in the clients (`clients/python`, `clients/typescript`), and `clients/transcripts/gate` holds
//! all three to it. It knows no server and no clock: a process that starts again asks the same under the same key.
//!
//! | | |
//! | --- | --- |
//! | [`json`] | JSON as it was written, and as a person is shown it |
//! | [`rules`] | who is asked about which calls: a file of rules |
//! | [`pattern`] | names with `*` |
//! | [`call`] | one call as a request: its key, title and context |
//! | [`mod@verdict`] | what an outcome means for the call |

pub mod call;
pub mod json;
pub mod pattern;
pub mod rules;
pub mod verdict;

pub use self::{
    call::Call,
    json::{Json, Unshowable},
    rules::{Rule, Rules},
    verdict::{Unapproved, Verdict, verdict},
};
