//! Applying timeout actions to what is due, for the sweep. (Whoever meets a due approval on another way settles
//! it there; the guard in the database lets one of them win.)

use std::sync::Arc;

use serde_json::json;
use sqlx::Connection;

use super::{Approvals, commit::action_of};
use crate::{
    domain::{
        approval::{Approval, Ending, Via},
        credential::Origin,
    },
    store::{
        self, changes,
        changes::{Batch, Record, Step},
        sweep,
    },
};

/// Most approvals in one statement.
const BATCH: i64 = 200;

impl Approvals {
    /// Ends what is due, up to a batch; answers how many that were, and whether there may be more.
    pub async fn expire_due(&self) -> Result<(usize, bool), store::Error> {
        let mut conn = self.shared.database.work.checkout().await?;
        // What a deadline does is an outcome: background work as such can't bring one about.
        let mut transaction = conn.begin_with(sweep::BEGIN_DECIDING).await?;
        let due = sweep::due(&mut transaction, BATCH).await?;
        let full = i64::try_from(due.len()).is_ok_and(|count| count >= BATCH);
        let mut batch = Batch::default();
        let endings: Vec<Ending> = due.iter().map(|loaded| loaded.approval.time_out()).collect();
        for (loaded, ending) in due.iter().zip(&endings) {
            batch.change(&loaded.approval, loaded.approval.version + 1, Some(ending));
            record(&mut batch, &loaded.approval, ending);
        }
        if batch.is_empty() {
            transaction.rollback().await?;
            conn.done();
            return Ok((0, false));
        }
        let written = changes::write(&mut transaction, &batch).await?;
        transaction.commit().await?;
        conn.done();
        for (loaded, ending) in due.into_iter().zip(endings) {
            let mut approval = Arc::unwrap_or_clone(loaded.approval);
            let Some(at) = written.get(&approval.id) else { continue };
            // It was read as pending, and the database has agreed.
            let Ok(state) = approval.state.end(ending, *at) else { continue };
            approval.state = state;
            approval.version += 1;
            approval.updated_at = *at;
            self.shared.announce(&Arc::new(approval));
        }
        Ok((written.len(), full && !written.is_empty()))
    }
}

/// The record of a deadline that passed.
pub(super) fn record(batch: &mut Batch, approval: &Approval, ending: &Ending) {
    let detail = json!({
        "timeout_action": approval.request.timeout_action, "expires_at": approval.expires_at,
        "resolution": ending.resolution(),
    });
    let via = Via::Timeout.as_str();
    let step = Step::ending(approval, ending);
    let origin = &Origin::default();
    batch.record(approval, Record { action: action_of(ending), actor: None, via, origin, step, detail });
}
