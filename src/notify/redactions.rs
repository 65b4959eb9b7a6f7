//! What workspaces show to no one outside, as they had set it some seconds ago: many messages are of the same ones.

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

/// How long a setting is taken for what it was.
const FRESH: Duration = Duration::from_secs(3);
/// Most workspaces that are remembered.
const MOST: usize = 10_000;

/// Redactors of workspaces, and since when they are known.
type Known = HashMap<WorkspaceId, (Instant, Arc<Redactor>)>;

/// What is remembered. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Redactions {
    known: Arc<Mutex<Known>>,
    redactors: Redactors,
}

impl Redactions {
    /// What takes it out, for each of these workspaces.
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
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.clear();
        }
        for (id, redaction) in read {
            let redactor = self.redactors.of(&redaction.unwrap_or_default());
            known.insert(id, (begun, redactor.clone()));
            found.insert(id, redactor);
        }
        Ok(found)
    }
}
