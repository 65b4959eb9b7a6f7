//! Applying timeout actions to what is due, for the sweep. (Whoever meets a due approval on another way settles
//! it there; the guard in the database lets one of them win.)

use std::time::Duration;

use serde_json::json;
use sqlx::Connection;
use tokio::time::timeout;

use super::{Approvals, Ended, Shared, commit::action_of};
use crate::{
    domain::{
        approval::{Brief, Ending, Via},
        credential::Origin,
        ids::ApprovalId,
    },
    store::{
        self, changes,
        changes::{Batch, Record, Step},
        sweep::{self, Due},
    },
};

/// Longest a batch may take.
const LONGEST: Duration = Duration::from_secs(4);

/// A batch that could not be ended.
#[derive(Debug)]
pub struct Failed {
    pub error: store::Error,
    /// What was in it; nothing where that was not found out.
    pub batch: Vec<ApprovalId>,
}

/// What came of a batch.
#[derive(Debug, Default)]
pub struct Swept {
    /// How many it ended.
    pub ended: usize,
    /// There may be more.
    pub full: bool,
    /// Rows that make no sense: they are still due, and will be.
    pub unreadable: Vec<ApprovalId>,
}

impl From<store::Error> for Failed {
    fn from(error: store::Error) -> Self {
        Self { error, batch: Vec::new() }
    }
}

impl Approvals {
    /// Ends what is due, up to `most` of it and without `besides`.
    pub async fn expire_due(&self, most: i64, besides: &[ApprovalId]) -> Result<Swept, Failed> {
        let mut batch = Vec::new();
        let ended = timeout(LONGEST, end(&self.shared, (most, besides), &mut batch)).await;
        match ended.unwrap_or_else(|elapsed| Err(elapsed.into())) {
            Ok((ended, swept)) => {
                for ended in ended {
                    self.shared.announce_ended(ended);
                }
                Ok(swept)
            }
            Err(error) => Err(Failed { error, batch }),
        }
    }
}

/// Answers what ended, and what came of the batch. Leaves in `batch` what it tried.
async fn end(
    shared: &Shared,
    (most, besides): (i64, &[ApprovalId]),
    batch: &mut Vec<ApprovalId>,
) -> Result<(Vec<Ended>, Swept), store::Error> {
    let mut conn = shared.database.work.checkout().await?;
    // What a deadline does is an outcome: background work as such can't bring one about.
    let mut transaction = conn.begin_with(sweep::BEGIN_DECIDING).await?;
    let Due { briefs: due, unreadable, full } = sweep::due(&mut transaction, most, besides).await?;
    for (id, error) in &unreadable {
        tracing::error!(approval_id = %id, %error, "a row is left out");
    }
    let mut swept = Swept { full, unreadable: unreadable.into_iter().map(|(id, _)| id).collect(), ended: 0 };
    batch.extend(due.iter().map(|brief| brief.id));
    if due.is_empty() {
        transaction.rollback().await?;
        conn.done();
        return Ok((Vec::new(), swept));
    }
    let mut changes = Batch::default();
    let endings: Vec<Ending> = due.iter().map(|brief| brief.timeout_action.ending()).collect();
    for (brief, ending) in due.iter().zip(&endings) {
        changes.change(brief.id, (brief.version, brief.version + 1), Some(ending));
        record(&mut changes, brief, ending);
    }
    let written = changes::write(&mut transaction, &changes).await?;
    transaction.commit().await?;
    conn.done();
    let ended = due.into_iter().zip(&endings).filter_map(|(mut brief, ending)| {
        let at = written.get(&brief.id)?;
        brief.version += 1;
        Some(Ended::new(&brief, ending, *at))
    });
    let ended: Vec<Ended> = ended.collect();
    swept.ended = ended.len();
    Ok((ended, swept))
}

/// The record of a deadline that passed.
pub(super) fn record(batch: &mut Batch, approval: &Brief, ending: &Ending) {
    let detail = json!({
        "timeout_action": approval.timeout_action, "expires_at": approval.expires_at,
        "resolution": ending.resolution(),
    });
    let via = Via::Timeout.as_str();
    let step = Step::ending(approval, ending);
    let origin = &Origin::default();
    batch.record(approval.id, Record { action: action_of(ending), actor: None, via, origin, step, detail });
}
