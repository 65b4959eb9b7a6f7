//! Redactors that were made. Making one takes its time, so each workspace's is kept until its setting changes.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError},
};

use super::{Redaction, Redactor};
use crate::domain::ids::WorkspaceId;

/// Most memory that all of them may take together, in bytes. An instance has two of these stores.
const MOST: usize = 32 * 1024 * 1024;

/// The redactor of all workspaces that have set neither names nor patterns.
static DEFAULT: LazyLock<Arc<Redactor>> = LazyLock::new(|| Arc::new(Redactor::new(&Redaction::default())));

/// Redactors, one of each workspace. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Redactors(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    all: HashMap<WorkspaceId, Entry>,
    /// How much memory they take together, in bytes.
    memory: usize,
    /// How often one was asked for.
    uses: u64,
}

#[derive(Debug)]
struct Entry {
    redaction: Redaction,
    redactor: Arc<Redactor>,
    last_use: u64,
}

impl Redactors {
    /// The one of a workspace that has set this.
    pub fn of(&self, workspace: WorkspaceId, redaction: &Redaction) -> Arc<Redactor> {
        if redaction.keys.is_none() && redaction.patterns.is_none() {
            return DEFAULT.clone();
        }
        let kept = self.kept().find(workspace, redaction);
        kept.unwrap_or_else(|| {
            // It is made while nobody waits for the lock.
            let redactor = Arc::new(Redactor::new(redaction));
            self.kept().keep(workspace, redaction.clone(), redactor.clone());
            redactor
        })
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn find(&mut self, workspace: WorkspaceId, redaction: &Redaction) -> Option<Arc<Redactor>> {
        self.uses += 1;
        let entry = self.all.get_mut(&workspace).filter(|entry| entry.redaction == *redaction)?;
        entry.last_use = self.uses;
        Some(entry.redactor.clone())
    }

    /// Keeps it in the place of the one that the workspace had.
    fn keep(&mut self, workspace: WorkspaceId, redaction: Redaction, redactor: Arc<Redactor>) {
        self.forget(workspace);
        self.memory += redactor.memory();
        self.all.insert(workspace, Entry { redaction, redactor, last_use: self.uses });
        while self.memory > MOST {
            let oldest = self.all.iter().min_by_key(|(_, entry)| entry.last_use);
            let Some(oldest) = oldest.map(|(workspace, _)| *workspace) else { return };
            self.forget(oldest);
        }
    }

    fn forget(&mut self, workspace: WorkspaceId) {
        if let Some(entry) = self.all.remove(&workspace) {
            self.memory -= entry.redactor.memory();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(number: usize, patterns: usize) -> Redaction {
        let patterns = (0..patterns).map(|it| format!("x{number}y{it}")).collect();
        Redaction { patterns: Some(patterns), ..Redaction::default() }
    }

    #[test]
    fn a_workspace_has_one_however_often_it_changes_its_setting() {
        let (redactors, workspace) = (Redactors::default(), WorkspaceId::generate());
        for number in 0..50 {
            redactors.of(workspace, &setting(number, 2));
        }
        let last = redactors.of(workspace, &setting(49, 2));
        assert!(Arc::ptr_eq(&last, &redactors.of(workspace, &setting(49, 2))));
        let kept = redactors.kept();
        assert_eq!((kept.all.len(), kept.memory), (1, last.memory()));
    }

    #[test]
    fn all_together_stay_within_their_memory_and_those_in_use_stay() {
        let (redactors, busy) = (Redactors::default(), WorkspaceId::generate());
        let first = redactors.of(busy, &setting(0, 20));
        let fit = MOST / first.memory();
        for number in 0..2 * fit {
            redactors.of(WorkspaceId::generate(), &setting(number, 20));
            assert!(Arc::ptr_eq(&first, &redactors.of(busy, &setting(0, 20))));
            assert!(redactors.kept().memory <= MOST);
        }
        let kept = redactors.kept();
        assert!(kept.all.len() <= fit && kept.all.len() >= fit / 2, "{} of {fit}", kept.all.len());
        assert_eq!(kept.memory, kept.all.values().map(|entry| entry.redactor.memory()).sum::<usize>());
    }

    #[test]
    fn workspaces_without_a_setting_share_one() {
        let redactors = Redactors::default();
        let stored = Redaction { store: true, ..Redaction::default() };
        let one = redactors.of(WorkspaceId::generate(), &Redaction::default());
        assert!(Arc::ptr_eq(&one, &redactors.of(WorkspaceId::generate(), &stored)));
        assert!(redactors.kept().all.is_empty());
    }
}
