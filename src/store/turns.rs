//! Turns at a pool's connections, by workspace: one workspace uses at most half of them at once, and waits for its own
//! calls when it wants more. So the other half is there for the others, however slow what it asks for is.
//!
//! A turn is taken before a connection is asked for: what waits for a turn is in no other workspace's way.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Error;
use crate::domain::ids::WorkspaceId;

/// Calls of one workspace that may wait for a turn; those beyond are refused at once.
const WAITING: usize = 1_000;

/// Turns of every workspace. Clones share them.
#[derive(Debug, Clone)]
pub struct Turns(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    /// Turns of one workspace at once.
    share: usize,
    lanes: Mutex<HashMap<WorkspaceId, Lane>>,
}

/// One workspace's, as long as it has calls.
#[derive(Debug)]
struct Lane {
    turns: Arc<Semaphore>,
    calls: usize,
}

/// A turn, for as long as this lives.
#[derive(Debug)]
pub struct Turn {
    // In this order: the turn is free for the next before the call is counted off.
    _permit: OwnedSemaphorePermit,
    _call: Call,
}

/// A call that has a turn, or waits for one.
#[derive(Debug)]
struct Call {
    workspace: WorkspaceId,
    parts: Arc<Parts>,
}

impl Turns {
    /// At `places`, of which one workspace has half; if there is but one, that.
    pub fn at(places: usize) -> Self {
        Self(Arc::new(Parts { share: places.div_ceil(2).max(1), lanes: Mutex::default() }))
    }

    /// The workspace's next turn. How long to wait for it is the caller's to say.
    pub async fn take(&self, workspace: WorkspaceId) -> Result<Turn, Error> {
        let (call, turns) = self.join(workspace).ok_or(Error::Crowded)?;
        let permit = turns.acquire_owned().await.map_err(|_| Error::Crowded)?;
        Ok(Turn { _permit: permit, _call: call })
    }

    fn join(&self, workspace: WorkspaceId) -> Option<(Call, Arc<Semaphore>)> {
        let share = self.0.share;
        let mut lanes = self.0.lanes();
        let lane = lanes
            .entry(workspace)
            .or_insert_with(|| Lane { turns: Arc::new(Semaphore::new(share)), calls: 0 });
        if lane.calls >= share + WAITING {
            return None;
        }
        lane.calls += 1;
        Some((Call { workspace, parts: self.0.clone() }, lane.turns.clone()))
    }
}

impl Parts {
    fn lanes(&self) -> MutexGuard<'_, HashMap<WorkspaceId, Lane>> {
        // No code that can panic runs under this lock.
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let mut lanes = self.parts.lanes();
        let Some(lane) = lanes.get_mut(&self.workspace) else { return };
        lane.calls -= 1;
        if lane.calls == 0 {
            lanes.remove(&self.workspace);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn one_workspace_leaves_half_to_the_others() {
        let turns = Turns::at(4);
        let (crowd, other) = (WorkspaceId::generate(), WorkspaceId::generate());
        let held = [turns.take(crowd).await.unwrap(), turns.take(crowd).await.unwrap()];
        let mut waiting = Box::pin(turns.take(crowd));
        assert!((&mut waiting).now_or_never().is_none(), "it waits for its own");
        let others = [turns.take(other).await.unwrap(), turns.take(other).await.unwrap()];
        drop(held);
        drop(waiting.await.unwrap());
        drop(others);
        assert!(turns.0.lanes().is_empty(), "nothing is kept of those who have no calls");
        let only = Turns::at(1);
        drop(only.take(crowd).await.unwrap());
    }

    #[tokio::test]
    async fn a_crowd_is_refused_and_who_goes_away_leaves_nothing() {
        let (turns, crowd) = (Turns::at(2), WorkspaceId::generate());
        let _held = turns.take(crowd).await.unwrap();
        let mut waiting: Vec<_> = (0..WAITING).map(|_| Box::pin(turns.take(crowd))).collect();
        for call in &mut waiting {
            assert!(call.now_or_never().is_none());
        }
        assert!(matches!(turns.take(crowd).await, Err(Error::Crowded)));
        assert!(turns.take(WorkspaceId::generate()).await.is_ok());
        drop(waiting);
        assert_eq!(turns.0.lanes()[&crowd].calls, 1);
    }
}
