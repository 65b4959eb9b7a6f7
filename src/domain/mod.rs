//! What an approval is and what may happen to it: pure code, no I/O, no clock of its own.
//!
//! Everything here is a function of its arguments, so the rules can be read, and tested by the million, without
//! a database. The SQL in `store` repeats the guards; it never has rules of its own. This module imports
//! nothing else of ours.

#[macro_use]
pub(crate) mod vocabulary;

pub mod address;
pub mod answer_form;
pub mod approval;
pub mod chain;
pub mod claim;
pub mod credential;
pub mod decision;
pub mod delegation;
pub mod digest;
pub mod edits;
pub mod escalation;
pub mod event;
pub mod ids;
pub mod json;
pub mod lane;
pub mod legible;
pub mod names;
pub mod notification;
pub mod patch;
pub mod policy;
pub mod redaction;
pub mod shown;
pub mod slack;
pub mod standing;
pub mod web_address;
pub mod webhook;
