//! Waiting for an outcome: register, read, sleep, read again.
//!
//! The order is the whole point. Who reads first and registers then misses what was committed in between; who
//! registers first can only be woken once too often. While it sleeps, a waiter is one entry in a map and one
//! timer: it holds no connection and asks nothing. Of small approvals the entry keeps the pending version, so that an
//! outcome that a message proves is the answer without another reading.

use std::{sync::Arc, time::Duration};

use super::{Approvals, commit::Failure};
use crate::{
    domain::{
        approval::Approval,
        ids::{ApprovalId, WorkspaceId},
    },
    limits::{Cap, Count, Counted, Held},
};

/// What a wait ended with. None of them changes anything about the request.
#[derive(Debug, Clone)]
pub enum Waited {
    /// Its outcome, and whether the waiter had to be woken for it.
    Final { approval: Arc<Approval>, woken: bool },
    /// Still pending when the time was over.
    Pending(Arc<Approval>),
    /// Still pending, and this instance is going away: ask again, you'll be served by another.
    Draining(Arc<Approval>),
}

/// Counts waiters and caps them.
#[derive(Clone)]
pub(super) struct Waiters {
    /// Those that were let in, whether they sleep or read.
    places: Count,
    asleep: Count,
    most: usize,
    /// So that one workspace can't keep the others out.
    workspaces: Cap<WorkspaceId>,
}

impl Waiters {
    pub fn new(most: usize, most_of_a_workspace: usize) -> Self {
        let workspaces = Cap::new(most_of_a_workspace);
        Self { places: Count::default(), asleep: Count::default(), most, workspaces }
    }

    /// Who has seen that its approval is pending, and sleeps until it is woken.
    pub fn asleep(&self) -> usize {
        self.asleep.get()
    }

    /// A place, or the cap that there is none for.
    fn enter(&self, workspace: WorkspaceId) -> Result<(Counted, Held<WorkspaceId>), &'static str> {
        let place = self.places.enter_below(self.most).ok_or("waiters")?;
        let of_workspace = self.workspaces.enter(workspace).ok_or("waiters_of_workspace")?;
        Ok((place, of_workspace))
    }
}

impl Approvals {
    /// Waits up to `patience` for the approval to end.
    pub async fn wait(
        &self,
        workspace: WorkspaceId,
        id: ApprovalId,
        patience: Duration,
    ) -> Result<Waited, Failure> {
        let _place = self.waiters.enter(workspace).map_err(|cap| self.shared.shed(cap))?;
        let interest = self.shared.bus.registry.register(id);
        let closing = self.shared.lifecycle.closing();
        let until = tokio::time::Instant::now() + patience;
        let mut woken = false;
        loop {
            let listening = interest.listen();
            if let Some(approval) = interest.outcome().filter(|it| it.workspace == workspace) {
                return Ok(Waited::Final { approval, woken });
            }
            let epoch = self.shared.database.epoch();
            // Boxed, so that a waiter that sleeps does not hold the room of reading and settling.
            let approval = Box::pin(self.get(workspace, id)).await?;
            if approval.state.is_final() {
                return Ok(Waited::Final { approval, woken });
            }
            if closing.is_cancelled() {
                return Ok(Waited::Draining(approval));
            }
            if tokio::time::Instant::now() >= until {
                return Ok(Waited::Pending(approval));
            }
            if let Ok(epoch) = epoch {
                interest.keep(&approval, epoch);
            }
            // Not kept here: it may be large.
            drop(approval);
            let _asleep = self.waiters.asleep.enter();
            woken = tokio::select! {
                () = listening => true,
                () = tokio::time::sleep_until(until) => false,
                () = closing.cancelled() => false,
            };
        }
    }
}
