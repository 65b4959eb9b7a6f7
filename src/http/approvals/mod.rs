//! `/api/v1/approvals`: one file for each thing that can be done.

pub mod bulk;
pub mod cancel;
pub mod changes;
pub mod claim;
pub mod counts;
pub mod create;
pub mod decide;
pub mod eligible;
pub mod escalate;
mod filters;
pub mod get;
pub mod history;
pub mod pending;
pub mod precondition;
pub mod wait;
