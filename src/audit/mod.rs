//! The record as a chain: linking it, signing where it stands, and looking whether it still is what it was.
//!
//! Rows of the log are appended in the transaction of each change. Here a moment later
//! each gets a link ([`chainer`]), and now and then the end of each chain is signed ([`checkpoints`]). [`walk`] is
//! the judge, a pure one: it is fed from the database ([`verify`]) or from a file ([`export`]). docs/audit.md says
//! what is promised; this module knows neither HTTP nor how findings are shown.

pub mod chainer;
pub mod checkpoint;
pub mod checkpoints;
pub mod export;
pub mod finding;
pub mod read;
pub mod verifications;
pub mod verify;
pub mod walk;
