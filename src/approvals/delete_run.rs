//! Deleting a run: what it still asks is cancelled with it, in one transaction.

use std::sync::Arc;

use serde_json::json;
use sqlx::Connection;
use tokio::{sync::oneshot, time::timeout};

use super::{
    Approvals, COMMAND, Ended, Shared,
    commit::{Failure, record},
};
use crate::{
    batch::Trouble,
    domain::{
        approval::{Brief, Ending, TimedOut, Via},
        credential::Origin,
        ids::WorkspaceId,
        names::CallerName,
        policy::Actor,
    },
    store::{
        self, audit,
        changes::{self, Batch, Record, Transition},
        runs::{self, Run},
        sweep,
    },
};

/// Approvals cancelled with one statement.
const CHUNK: usize = 100;

/// Who deletes which run.
#[derive(Debug, Clone)]
pub struct Deletion {
    pub workspace: WorkspaceId,
    pub run: CallerName,
    pub by: Actor,
    pub origin: Arc<Origin>,
}

impl Approvals {
    /// Deletes a run: new approvals are refused, pending ones cancelled (their waiters wake), all of them stay
    /// readable for a while. Goes on when the caller has gone.
    pub async fn delete_run(&self, deletion: Deletion) -> Result<(), Failure> {
        let (reply, answer) = oneshot::channel();
        let shared = self.shared.clone();
        self.shared.lifecycle.spawn("run deletion", async move {
            let result = match timeout(COMMAND, delete(&shared, &deletion)).await {
                Ok(Ok(Some(ended))) => {
                    for ended in ended {
                        shared.announce_ended(ended);
                    }
                    Ok(())
                }
                Ok(Ok(None)) => Err(Failure::NotFound),
                Ok(Err(error)) => {
                    tracing::warn!(%error, run_id = %deletion.run, "a run could not be deleted");
                    Err(Failure::Trouble(error.into()))
                }
                Err(elapsed) => Err(Failure::Trouble(elapsed.into())),
            };
            // The caller may have gone.
            let _ = reply.send(result);
        });
        answer.await.unwrap_or(Err(Failure::Trouble(Trouble::TimedOut)))
    }
}

/// `None`: no such run. What ended with it otherwise, for after the commit.
async fn delete(shared: &Shared, deletion: &Deletion) -> Result<Option<Vec<Ended>>, store::Error> {
    let Deletion { workspace, run, by, origin } = deletion;
    let (mut conn, _place) = shared.transaction(*workspace).await?;
    let mut transaction = conn.begin().await?;
    let found = runs::lock_for_deletion(&mut transaction, *workspace, run).await?;
    if found != Run::Open {
        transaction.rollback().await?;
        conn.done();
        // Saying it again, after an answer that got lost, finds it done.
        return Ok((found == Run::Deleted).then(Vec::new));
    }
    let mut ended = Vec::new();
    // All of them before the first is written, and then their tasks: a transaction that holds an approval may wait for
    // its task, and tasks are locked in one order. New ones can't come, for they would need the run.
    let mut pending = runs::lock_pending(&mut transaction, *workspace, run).await?;
    runs::lock_tasks(&mut transaction, *workspace, run).await?;
    while !pending.is_empty() {
        let chunk = pending.split_off(pending.len().saturating_sub(CHUNK));
        let found = sweep::briefs(&mut transaction, &chunk).await?;
        let endings: Vec<(Brief, Ending)> = found.into_iter().map(|found| end_with_run(found, by)).collect();
        let batch = batch(&endings, by, origin);
        let written = changes::write(&mut transaction, &batch).await?;
        // Not written: its deadline passed just now; another round finds it due.
        pending.extend(chunk.into_iter().filter(|id| !written.contains_key(id)));
        let of_written = endings.iter().filter_map(|(approval, ending)| {
            written.get(&approval.id).map(|at| Ended::new(approval, ending, *at))
        });
        ended.extend(of_written);
    }
    runs::mark_deleted(&mut transaction, *workspace, run).await?;
    let entry = audit::Entry {
        workspace: *workspace,
        action: "run.deleted",
        subject: Some(run.as_str()),
        run: Some(run),
        actor: Some(by),
        via: Via::Human.as_str(),
        origin,
        before: None,
        after: None,
        detail: json!({ "approvals_ended": ended.len() }),
    };
    audit::append(&mut transaction, entry).await?;
    transaction.commit().await?;
    conn.done();
    Ok(Some(ended))
}

/// What was due before the run went has expired; the rest is cancelled.
fn end_with_run((brief, due): (Brief, bool), by: &Actor) -> (Brief, Ending) {
    let ending = if due {
        match brief.time_out() {
            TimedOut::End(ending) => ending,
            // No level is asked about a run that is gone.
            TimedOut::Escalate => Ending::Expired { resolution: None },
        }
    } else {
        Ending::Cancelled {
            via: Via::RunDeleted,
            by: Some(by.clone()),
            reason: "the run was deleted".to_owned(),
        }
    };
    (brief, ending)
}

fn batch(endings: &[(Brief, Ending)], by: &Actor, origin: &Origin) -> Batch {
    let mut batch = Batch::default();
    for (approval, ending) in endings {
        batch.change(approval.id, (approval.version, approval.version + 1), Some(ending));
        if let Ending::Expired { .. } = ending {
            record::timed_out(&mut batch, approval, ending);
        } else {
            let record = Record {
                action: record::action_of(ending),
                actor: Some(by),
                via: Via::RunDeleted.as_str(),
                origin,
                step: Transition::ending(approval, ending),
                detail: json!({ "reason": "the run was deleted" }),
            };
            batch.record(approval.id, record);
        }
    }
    batch
}
