//! What a sweep could not do anything with: it is passed over for a while, so that all else goes on.

use std::time::{Duration, Instant};

use crate::domain::ids::ApprovalId;

/// For how long, and how many at most.
const TIME: Duration = Duration::from_secs(30);
const MOST: usize = 1_000;

/// Approvals, and when it was found out.
#[derive(Debug, Default)]
pub(super) struct PassedOver(Vec<(ApprovalId, Instant)>);

impl PassedOver {
    /// Those whose time is not over.
    pub fn now(&mut self) -> Vec<ApprovalId> {
        self.0.retain(|(_, since)| since.elapsed() < TIME);
        self.0.iter().map(|(id, _)| *id).collect()
    }

    /// `what`: what can't be done with them, for the log.
    pub fn add(&mut self, batch: &[ApprovalId], what: &'static str) {
        for id in batch {
            tracing::error!(approval_id = %id, "{what}; it is passed over for a while");
            if self.0.len() >= MOST {
                self.0.remove(0);
            }
            self.0.push((*id, Instant::now()));
        }
    }
}
