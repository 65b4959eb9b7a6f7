//! Applying timeout actions to what is due, for the sweep. A call that meets a due approval settles
//! it itself; the guard in the database lets one of them win.

use std::{collections::HashMap, time::Duration};

use sqlx::Connection;

use super::{Approvals, Ended, Shared, commit::record};
use crate::{
    domain::{
        approval::{Brief, TimedOut},
        credential::Origin,
        ids::ApprovalId,
    },
    store::{
        self,
        changes::{self, Batch},
        moves::{self, Move, Moved, Moves},
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
    /// How many something was done about.
    pub done: usize,
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
    /// Ends what is due, or hands it on, up to `most` of it and without `besides`.
    pub async fn expire_due(&self, most: i64, besides: &[ApprovalId]) -> Result<Swept, Failed> {
        let mut batch = Vec::new();
        match store::in_time(LONGEST, end(&self.shared, (most, besides), &mut batch)).await {
            Ok((done, swept)) => {
                for ended in done.ended {
                    self.shared.announce_ended(ended);
                }
                for (brief, moved) in done.moved {
                    self.shared.announce_moved(brief, &moved);
                }
                Ok(swept)
            }
            Err(error) => Err(Failed { error, batch }),
        }
    }
}

/// What the deadlines of a batch did.
#[derive(Default)]
struct Done {
    ended: Vec<Ended>,
    moved: Vec<(Brief, Moved)>,
}

/// Answers what was done, and what came of the batch. Leaves in `batch` what it tried.
async fn end(
    shared: &Shared,
    (most, besides): (i64, &[ApprovalId]),
    batch: &mut Vec<ApprovalId>,
) -> Result<(Done, Swept), store::Error> {
    let mut conn = shared.database.work.checkout().await?;
    // What a deadline does is an outcome: background work as such can't bring one about.
    let mut transaction = conn.begin_with(sweep::BEGIN_DECIDING).await?;
    let Due { briefs: due, unreadable, full } = sweep::due(&mut transaction, most, besides).await?;
    for (id, error) in &unreadable {
        tracing::error!(approval_id = %id, %error, "a row is left out");
    }
    let mut swept = Swept { full, unreadable: unreadable.into_iter().map(|(id, _)| id).collect(), done: 0 };
    batch.extend(due.iter().map(|brief| brief.id));
    if due.is_empty() {
        transaction.rollback().await?;
        conn.done();
        return Ok((Done::default(), swept));
    }
    let (mut changes, mut moves) = (Batch::default(), Moves::default());
    let outcomes: Vec<TimedOut> = due.iter().map(Brief::time_out).collect();
    for (brief, outcome) in due.iter().zip(&outcomes) {
        match outcome {
            TimedOut::End(ending) => {
                changes.change(brief.id, (brief.version, brief.version + 1), Some(ending));
                record::timed_out(&mut changes, brief, ending);
            }
            TimedOut::Escalate => moves.add(brief.id, brief.version, Move::TimesOut, &Origin::default()),
        }
    }
    let (mut ended, mut handed_on) = (HashMap::new(), HashMap::new());
    if !changes.is_empty() {
        ended = changes::write(&mut transaction, &changes).await?;
    }
    if !moves.is_empty() {
        handed_on = moves::write(&mut transaction, &moves).await?;
    }
    transaction.commit().await?;
    conn.done();
    let mut done = Done::default();
    for (brief, outcome) in due.into_iter().zip(&outcomes) {
        match (outcome, ended.get(&brief.id), handed_on.get(&brief.id)) {
            (TimedOut::End(ending), Some(at), _) => done.ended.push(Ended::new(&brief, ending, *at)),
            (TimedOut::Escalate, _, Some(how)) => done.moved.push((brief, *how)),
            _ => {}
        }
    }
    swept.done = done.ended.len() + done.moved.len();
    Ok((done, swept))
}
