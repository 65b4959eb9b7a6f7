//! The redaction that each workspace has set. Many messages belong to the same workspaces, so it is remembered for some
//! seconds.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use sqlx::PgConnection;

use crate::{
    domain::{
        ids::WorkspaceId,
        redaction::{Redactor, Redactors},
    },
    store::{Error, workspaces},
};

/// How long a workspace's redaction is remembered.
const FRESH: Duration = Duration::from_secs(3);
/// How many workspaces are remembered at most.
const MOST: usize = 10_000;

/// Redactors of workspaces, and since when they are known.
type Known = HashMap<WorkspaceId, (Instant, Arc<Redactor>)>;

/// The redactors that are remembered. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Redactions {
    known: Arc<Mutex<Known>>,
    redactors: Redactors,
}

impl Redactions {
    /// The redactor of each of these workspaces.
    pub async fn of(
        &self,
        conn: &mut PgConnection,
        workspaces: BTreeSet<WorkspaceId>,
    ) -> Result<HashMap<WorkspaceId, Arc<Redactor>>, Error> {
        let (mut found, mut missing) = (HashMap::new(), Vec::new());
        {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            for id in workspaces {
                match known.get(&id).filter(|(since, _)| since.elapsed() < FRESH) {
                    Some((_, redactor)) => drop(found.insert(id, redactor.clone())),
                    None => missing.push(id),
                }
            }
        }
        if missing.is_empty() {
            return Ok(found);
        }
        let begun = Instant::now();
        let read = workspaces::redactions(conn, &missing).await?;
        // They are made while nobody waits for the lock.
        let made = read.into_iter().map(|(id, redaction)| {
            let redactor = self.redactors.of(id, &redaction.unwrap_or_default());
            (id, redactor)
        });
        let made: Vec<(WorkspaceId, Arc<Redactor>)> = made.collect();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        // What is old would only keep its memory.
        known.retain(|_, (since, _)| since.elapsed() < FRESH);
        if known.len() >= MOST {
            known.clear();
        }
        known.extend(made.iter().map(|(id, redactor)| (*id, (begun, redactor.clone()))));
        found.extend(made);
        Ok(found)
    }
}
