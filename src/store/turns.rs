//! Turns at a pool's connections, by workspace. One workspace never has all of them, so that there is always one for the
//! others. What becomes free goes to the workspace that waits and has fewest.
//!
//! A turn is taken before a connection is asked for: what waits for a turn is in no other workspace's way.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::oneshot;

use super::Error;
use crate::domain::ids::WorkspaceId;

/// Calls of one workspace that may wait for a turn; those beyond are refused at once.
const WAITING: usize = 1_000;

/// Turns of every workspace. Clones share them.
#[derive(Debug, Clone)]
pub struct Turns(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    /// Turns in all, and of one workspace, at once.
    places: usize,
    share: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    used: usize,
    lanes: HashMap<WorkspaceId, Lane>,
    /// Each lane in which calls wait, once: the first has waited longest.
    waiting: VecDeque<WorkspaceId>,
}

/// One workspace's, as long as it has calls.
#[derive(Debug, Default)]
struct Lane {
    held: usize,
    calls: VecDeque<oneshot::Sender<Turn>>,
}

/// A turn, for as long as this lives.
#[derive(Debug)]
pub struct Turn {
    workspace: WorkspaceId,
    parts: Arc<Parts>,
}

impl Turns {
    /// At `places`, of which one workspace has all but one; if there is but one, that.
    pub fn at(places: usize) -> Self {
        let places = places.max(1);
        let share = places.saturating_sub(1).max(1);
        Self(Arc::new(Parts { places, share, state: Mutex::default() }))
    }

    /// The workspace's next turn. How long to wait for it is the caller's to say.
    pub async fn take(&self, workspace: WorkspaceId) -> Result<Turn, Error> {
        let turn = self.0.queue(workspace)?;
        self.0.grant();
        turn.await.map_err(|_| Error::Crowded)
    }
}

impl Parts {
    fn state(&self) -> MutexGuard<'_, State> {
        // No code that can panic runs under this lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn queue(&self, workspace: WorkspaceId) -> Result<oneshot::Receiver<Turn>, Error> {
        let mut state = self.state();
        let State { lanes, waiting, .. } = &mut *state;
        let lane = lanes.entry(workspace).or_default();
        if lane.calls.len() >= WAITING {
            lane.calls.retain(|call| !call.is_closed());
        }
        if lane.calls.len() >= WAITING {
            return Err(Error::Crowded);
        }
        if !waiting.contains(&workspace) {
            waiting.push_back(workspace);
        }
        let (call, turn) = oneshot::channel();
        lane.calls.push_back(call);
        Ok(turn)
    }

    /// Gives away what is free.
    fn grant(self: &Arc<Self>) {
        loop {
            let next = self.state().next(self.places, self.share);
            let Some((workspace, call)) = next else { return };
            // A call that has gone gives its turn back.
            drop(call.send(Turn { workspace, parts: self.clone() }));
        }
    }
}

impl State {
    /// Whose turn it is, counted as taken: of those who have fewest, who has waited longest.
    fn next(&mut self, places: usize, share: usize) -> Option<(WorkspaceId, oneshot::Sender<Turn>)> {
        let Self { used, lanes, waiting } = self;
        if *used >= places {
            return None;
        }
        waiting.retain(|workspace| {
            let Some(lane) = lanes.get_mut(workspace) else { return false };
            // Calls that have gone want no turn.
            while lane.calls.front().is_some_and(oneshot::Sender::is_closed) {
                lane.calls.pop_front();
            }
            let waits = !lane.calls.is_empty();
            if !waits && lane.held == 0 {
                lanes.remove(workspace);
            }
            waits
        });
        let held = |workspace: &WorkspaceId| lanes.get(workspace).map_or(0, |lane| lane.held);
        let (place, _) = waiting.iter().map(held).enumerate().min_by_key(|(_, held)| *held)?;
        let workspace = *waiting.get(place)?;
        let lane = lanes.get_mut(&workspace).filter(|lane| lane.held < share)?;
        let call = lane.calls.pop_front()?;
        lane.held += 1;
        *used += 1;
        waiting.remove(place);
        if !lane.calls.is_empty() {
            waiting.push_back(workspace);
        }
        Some((workspace, call))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        {
            let mut state = self.parts.state();
            state.used -= 1;
            if let Some(lane) = state.lanes.get_mut(&self.workspace) {
                lane.held -= 1;
                if lane.held == 0 && lane.calls.is_empty() {
                    state.lanes.remove(&self.workspace);
                }
            }
        }
        self.parts.grant();
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn one_workspace_leaves_a_place_to_the_others_and_who_has_least_is_next() {
        let turns = Turns::at(4);
        let (crowd, other) = (WorkspaceId::generate(), WorkspaceId::generate());
        let mut held = Vec::new();
        for _ in 0..3 {
            held.push(turns.take(crowd).now_or_never().expect("at once").unwrap());
        }
        let mut theirs = Box::pin(turns.take(crowd));
        assert!((&mut theirs).now_or_never().is_none(), "it waits for its own");
        let first = turns.take(other).now_or_never().expect("at once").unwrap();
        let mut second = Box::pin(turns.take(other));
        assert!((&mut second).now_or_never().is_none(), "there are but four");
        held.pop();
        assert!((&mut theirs).now_or_never().is_none());
        let second = second.now_or_never().expect("it has fewest").unwrap();
        drop((held, first, second));
        drop(theirs.await.unwrap());
        let state = turns.0.state();
        assert!(state.used == 0 && state.lanes.is_empty() && state.waiting.is_empty(), "{state:?}");
        drop(state);
        drop(Turns::at(1).take(crowd).now_or_never().expect("the only one").unwrap());
    }

    #[tokio::test]
    async fn a_crowd_is_refused_and_who_goes_away_leaves_nothing() {
        let (turns, crowd) = (Turns::at(2), WorkspaceId::generate());
        let one = turns.take(crowd).await.unwrap();
        let mut waiting: Vec<_> = (0..WAITING).map(|_| Box::pin(turns.take(crowd))).collect();
        for call in &mut waiting {
            assert!(call.now_or_never().is_none());
        }
        assert!(matches!(turns.take(crowd).now_or_never(), Some(Err(Error::Crowded))));
        drop(turns.take(WorkspaceId::generate()).await.unwrap());
        drop(waiting);
        // Those that have gone are in nobody's way.
        let mut last = Box::pin(turns.take(crowd));
        assert!((&mut last).now_or_never().is_none());
        drop(one);
        drop(last.await.unwrap());
        let state = turns.0.state();
        assert!(state.used == 0 && state.lanes.is_empty() && state.waiting.is_empty(), "{state:?}");
    }
}
