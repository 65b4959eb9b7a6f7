//! What travels as JSON (and once as CSV), whether over HTTP or a socket: the forms that callers fill in with their rules, what they
//! get to see, and what is said when something is wrong. Knows nothing of requests, responses and frames.

pub mod answer;
pub mod approval;
pub mod bulk;
pub mod claim;
pub mod cluster;
pub mod counts;
pub mod create;
pub mod csv;
pub mod decide;
pub mod eligible;
pub mod escalation;
pub mod idempotency;
pub mod notification;
pub mod notify;
pub mod parse;
pub mod policy;
pub mod problem;
pub mod slack;
mod strict_json;
pub mod summary;
pub mod validate;
pub mod view;
pub mod vocabulary;
pub mod webhook;
pub mod webhook_body;
