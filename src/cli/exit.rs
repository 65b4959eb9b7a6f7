//! Exit codes: outcomes below 10, trouble from 10 on.

use std::process::ExitCode;

use super::{address, failure::ClientError, output::Unprinted};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done; for outcomes: approved or modified.
    Success = 0,
    Rejected = 1,
    /// The deadline passed, and no timeout action gave it a resolution.
    Expired = 2,
    Cancelled = 3,
    /// A bad command line.
    Usage = 10,
    StillPending = 11,
    /// The service itself said no: a problem document with a code.
    Refused = 12,
    /// The service can't be reached or is in trouble; whether it was done is unknown.
    Unreachable = 13,
    Other = 14,
}

impl Exit {
    /// Of `audit verify`: something was tampered with.
    pub const BROKEN: Self = Self::Rejected;
    /// Of `hook`: the agent must not run the call.
    pub const BLOCKED: Self = Self::Expired;
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// The code for an error that ended a command.
pub fn of_error(error: &anyhow::Error) -> Exit {
    if matches!(error.downcast_ref(), Some(Unprinted::Closed)) {
        return Exit::Success;
    }
    if error.is::<address::Invalid>() {
        return Exit::Usage;
    }
    match error.downcast_ref::<ClientError>() {
        Some(ClientError::Refused { .. }) => Exit::Refused,
        Some(ClientError::Unreachable(_)) => Exit::Unreachable,
        Some(ClientError::Here(_)) | None => Exit::Other,
    }
}

/// The code for an outcome. The resolution says which way it went; only without one
/// does the status count.
pub fn of_outcome(status: &str, resolution: Option<&str>) -> Exit {
    match (resolution, status) {
        (Some("approved" | "modified"), _) => Exit::Success,
        (Some("rejected"), _) => Exit::Rejected,
        (_, "expired") => Exit::Expired,
        (_, "cancelled") => Exit::Cancelled,
        (_, "pending") => Exit::StillPending,
        _ => Exit::Other,
    }
}
