//! Reminding those who are asked, for the sweep: an event in the task's log, once for each reminder.

use std::time::Duration;

use sqlx::Connection;

use super::{
    Approvals, Shared,
    expire::{Failed, Swept},
};
use crate::{
    domain::{
        event::TaskKey,
        ids::{ApprovalId, WorkspaceId},
        names::CallerName,
    },
    store::{
        self,
        approvals::{self, Part, Votes},
        reminders::{self, Reminder, Told},
        sweep,
    },
};

/// Longest a batch may take.
const LONGEST: Duration = Duration::from_secs(4);

impl Approvals {
    /// Tells the reminders that are due, up to `most` and without `besides`.
    pub async fn remind_due(&self, most: i64, besides: &[ApprovalId]) -> Result<Swept, Failed> {
        let mut batch = Vec::new();
        let told = store::in_time(LONGEST, tell(&self.shared, (most, besides), &mut batch)).await;
        let told = told.map_err(|error| Failed { error, batch })?;
        self.shared.metrics.reminded(told.len() as u64);
        if !told.is_empty() {
            self.shared.caused.notify_one();
        }
        for reminder in &told {
            // A name that this version can't read has no followers here.
            if let Ok(task) = CallerName::stored(&reminder.task) {
                self.shared.announce_event(TaskKey { workspace: WorkspaceId(reminder.workspace), task });
            }
        }
        let full = i64::try_from(told.len()).is_ok_and(|count| count >= most);
        // What can't be read is reminded of, too: only what is missing can't be said.
        Ok(Swept { done: told.len(), full, unreadable: Vec::new() })
    }
}

/// Leaves in `batch` what it tried.
async fn tell(
    shared: &Shared,
    (most, besides): (i64, &[ApprovalId]),
    batch: &mut Vec<ApprovalId>,
) -> Result<Vec<Told>, store::Error> {
    let mut conn = shared.database.work.checkout().await?;
    let mut transaction = conn.begin_with(sweep::BEGIN_DECIDING).await?;
    let mut rest = reminders::due(&mut transaction, most, besides).await?;
    batch.extend_from_slice(&rest);
    let mut told = Vec::new();
    // Large ones are read in parts; all of them are locked already.
    while !rest.is_empty() {
        let Part { found, rest: later } = approvals::load(&mut transaction, &rest, Votes::OfPending).await?;
        let of = |id| {
            let loaded = found.get(&id).and_then(|it| it.as_ref().ok());
            let progress = loaded.and_then(|loaded| loaded.approval.progress.as_ref());
            Reminder { approval: id, missing: progress.map(|progress| progress.missing) }
        };
        let reminders: Vec<Reminder> =
            rest.iter().filter(|id| later.binary_search(id).is_err()).copied().map(of).collect();
        told.extend(reminders::tell(&mut transaction, &reminders).await?);
        rest = later;
    }
    transaction.commit().await?;
    conn.done();
    Ok(told)
}
