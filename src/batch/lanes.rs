//! What waits in a queue, by workspace: each has a lane of its own, and they take turns.
//!
//! So a workspace that sends much waits for itself, and the others' commands wait for one of its commands each. No
//! workspace has more than half of the places. Plain data: who waits and who wakes is elsewhere.

use std::collections::{HashMap, VecDeque};

use super::Weigh;
use crate::domain::ids::WorkspaceId;

/// Places for a queue that nothing may be refused: of which one workspace alone may have so many. For what another cap
/// bounds already (waiters, sockets), all of which may come at the same moment, and all of one workspace.
pub const fn places_for_all(count: usize) -> usize {
    count.saturating_mul(2)
}

/// Commands in their lanes.
#[derive(Debug)]
pub struct Lanes<T> {
    queued: HashMap<WorkspaceId, VecDeque<T>>,
    /// Each lane that isn't empty, once: the first has the next turn.
    turns: VecDeque<WorkspaceId>,
    count: usize,
    /// Places in all, and in one lane.
    most: usize,
    share: usize,
}

impl<T: Weigh> Lanes<T> {
    pub fn new(most: usize) -> Self {
        Self { queued: HashMap::new(), turns: VecDeque::new(), count: 0, most, share: most.div_ceil(2) }
    }

    pub fn len(&self) -> usize {
        self.count
    }

    /// Queues a command; one that finds no place comes back.
    pub fn push(&mut self, command: T) -> Result<(), T> {
        let workspace = command.workspace();
        let held = self.queued.get(&workspace).map_or(0, VecDeque::len);
        if self.count >= self.most || held >= self.share {
            return Err(command);
        }
        self.lane(workspace).push_back(command);
        self.count += 1;
        Ok(())
    }

    /// Queues commands again that were taken and not come to: first in their lanes, in their order. They had places. The
    /// first of them has the next turn: behind one that is too much for a batch, another would otherwise never be come
    /// to.
    pub fn put_back(&mut self, commands: Vec<T>) {
        let next = commands.first().map(Weigh::workspace);
        for command in commands.into_iter().rev() {
            let workspace = command.workspace();
            self.lane(workspace).push_front(command);
            self.count += 1;
        }
        if let Some(next) = next {
            self.turns.retain(|workspace| *workspace != next);
            self.turns.push_front(next);
        }
    }

    /// Queues commands again that could not be done yet: last in their lanes. They had places.
    pub fn put_behind(&mut self, commands: Vec<T>) {
        for command in commands {
            let workspace = command.workspace();
            self.lane(workspace).push_back(command);
            self.count += 1;
        }
    }

    /// Takes the next batch: one command of each lane in turn, up to `most`, and not more than `heaviest` together. One
    /// that is heavier by itself goes alone.
    pub fn take(&mut self, most: usize, heaviest: usize) -> Vec<T> {
        let mut batch = Vec::with_capacity(most.min(self.count));
        let mut weight = 0;
        while batch.len() < most
            && let Some(workspace) = self.turns.front().copied()
            && let Some(lane) = self.queued.get_mut(&workspace)
            && let Some(command) = lane.pop_front()
        {
            weight += command.weight();
            if weight > heaviest && !batch.is_empty() {
                lane.push_front(command);
                break;
            }
            batch.push(command);
            self.count -= 1;
            self.turns.pop_front();
            if lane.is_empty() {
                // Of those who have nothing queued, nothing is kept.
                self.queued.remove(&workspace);
            } else {
                self.turns.push_back(workspace);
            }
        }
        batch
    }

    /// The workspace's lane, which has turns from now on.
    fn lane(&mut self, workspace: WorkspaceId) -> &mut VecDeque<T> {
        let turns = &mut self.turns;
        self.queued.entry(workspace).or_insert_with(|| {
            turns.push_back(workspace);
            VecDeque::new()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAVIEST: usize = 1_000;

    /// Whose it is, its number and its weight.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    struct Sent(WorkspaceId, usize, usize);

    impl Weigh for Sent {
        fn weight(&self) -> usize {
            self.2
        }

        fn workspace(&self) -> WorkspaceId {
            self.0
        }
    }

    fn numbers(batch: &[Sent], whose: WorkspaceId) -> Vec<usize> {
        batch.iter().filter(|it| it.0 == whose).map(|it| it.1).collect()
    }

    #[test]
    fn a_lone_workspace_has_whole_batches_in_its_order() {
        let (mut lanes, ours) = (Lanes::new(1_000), WorkspaceId::generate());
        for number in 0..100 {
            lanes.push(Sent(ours, number, 1)).unwrap();
        }
        assert_eq!(numbers(&lanes.take(64, HEAVIEST), ours), (0..64).collect::<Vec<_>>());
        assert_eq!(numbers(&lanes.take(64, HEAVIEST), ours), (64..100).collect::<Vec<_>>());
        assert_eq!((lanes.len(), lanes.queued.len(), lanes.turns.len()), (0, 0, 0));
        assert!(lanes.take(64, HEAVIEST).is_empty());
    }

    #[test]
    fn who_sends_much_waits_for_itself() {
        let (crowd, other) = (WorkspaceId::generate(), WorkspaceId::generate());
        let mut lanes = Lanes::new(1_000);
        for number in 0..400 {
            lanes.push(Sent(crowd, number, 400)).unwrap();
        }
        lanes.push(Sent(other, 0, 1)).unwrap();
        lanes.push(Sent(other, 1, 1)).unwrap();
        let batch = lanes.take(64, HEAVIEST);
        assert_eq!((numbers(&batch, crowd), numbers(&batch, other)), (vec![0, 1], vec![0, 1]));
        assert_eq!(lanes.len(), 398);
    }

    #[test]
    fn one_workspace_leaves_places_for_the_others() {
        let (crowd, other) = (WorkspaceId::generate(), WorkspaceId::generate());
        let mut lanes = Lanes::new(10);
        let admitted = |lanes: &mut Lanes<Sent>, whose| {
            (0..20).filter(|n| lanes.push(Sent(whose, *n, 1)).is_ok()).count()
        };
        assert_eq!((admitted(&mut lanes, crowd), admitted(&mut lanes, other)), (5, 5));
        assert!(lanes.push(Sent(WorkspaceId::generate(), 0, 1)).is_err(), "it is full");
        assert!(Lanes::new(1).push(Sent(crowd, 0, 1)).is_ok(), "the smallest has a place");
    }

    #[test]
    fn one_workspace_has_places_for_all_that_it_may_have() {
        for count in [1, 5, 64] {
            let (mut lanes, crowd) = (Lanes::new(places_for_all(count)), WorkspaceId::generate());
            assert!((0..count).all(|number| lanes.push(Sent(crowd, number, 1)).is_ok()), "{count}");
            assert!(lanes.push(Sent(WorkspaceId::generate(), 0, 1)).is_ok(), "{count}");
        }
        assert_eq!(places_for_all(usize::MAX), usize::MAX);
    }

    #[test]
    fn heavy_commands_go_in_small_company() {
        let ours = WorkspaceId::generate();
        let cut = |weights: &[usize]| {
            let mut lanes = Lanes::new(1_000);
            for (number, weight) in weights.iter().enumerate() {
                lanes.push(Sent(ours, number, *weight)).unwrap();
            }
            let batches = std::iter::repeat_with(|| lanes.take(64, HEAVIEST).len());
            batches.take_while(|size| *size > 0).collect::<Vec<_>>()
        };
        assert_eq!(cut(&[1; 64]), [64]);
        assert_eq!(cut(&[HEAVIEST / 2; 5]), [2, 2, 1]);
        assert_eq!(cut(&[3 * HEAVIEST, 1, 3 * HEAVIEST, 1, 1]), [1, 1, 1, 2]);
    }

    #[test]
    fn what_was_not_come_to_is_next_of_its_own() {
        let (crowd, other) = (WorkspaceId::generate(), WorkspaceId::generate());
        let mut lanes = Lanes::new(10);
        for number in 0..4 {
            lanes.push(Sent(crowd, number, 1)).unwrap();
        }
        let mut batch = lanes.take(3, HEAVIEST);
        lanes.push(Sent(other, 0, 1)).unwrap();
        lanes.put_back(batch.split_off(1));
        assert_eq!(lanes.len(), 4);
        let batch = lanes.take(64, HEAVIEST);
        assert_eq!((numbers(&batch, crowd), numbers(&batch, other)), (vec![1, 2, 3], vec![0]));
        assert_eq!(batch[1].0, other);
    }

    /// Each batch comes to one command of the crowd alone, so large are they.
    #[test]
    fn behind_one_that_is_too_much_the_next_is_another_workspaces() {
        let (crowd, other) = (WorkspaceId::generate(), WorkspaceId::generate());
        let mut lanes = Lanes::new(100);
        for number in 0..40 {
            lanes.push(Sent(crowd, number, 1)).unwrap();
        }
        lanes.push(Sent(other, 0, 1)).unwrap();
        let mut batch = lanes.take(64, HEAVIEST);
        assert_eq!(batch[0].0, crowd);
        lanes.put_back(batch.split_off(1));
        assert_eq!(lanes.take(64, HEAVIEST)[0].0, other);
        assert!(lanes.turns.is_empty());
    }
}
