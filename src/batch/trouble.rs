//! Why a call came to nothing that the rules would allow.

use std::sync::Arc;

use crate::store;

/// Why something could not be done that the rules would allow.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Trouble {
    /// Nothing was begun.
    #[error("too much is queued already")]
    Overloaded,
    /// The outcome is unknown; trying again is safe.
    #[error("{0}")]
    Store(Arc<store::Error>),
    /// The same, after too long a time.
    #[error("no answer in time")]
    TimedOut,
}

impl From<store::Error> for Trouble {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Crowded => Self::Overloaded,
            error => Self::Store(Arc::new(error)),
        }
    }
}

impl From<tokio::time::error::Elapsed> for Trouble {
    fn from(_: tokio::time::error::Elapsed) -> Self {
        Self::TimedOut
    }
}
