//! Gives each row of the log its link, in the order in which rows turn up, one chainer at a time.
//!
//! A round is one transaction under one advisory lock, which ends with it: an instance that is frozen, killed or cut
//! off holds nobody up for longer than the database lets a transaction idle. Should two ever link at once all the
//! same, the chain's primary key lets one of them only.
//!
//! **Which rows may still turn up?** Numbers are handed out early and committed late, in any order, so the highest
//! number that was seen says nothing of those before it. What does: a transaction that takes a number has an id
//! already (the trigger `numbered_last` sees to that). So a round notes the last number that was handed out,
//! `candidate`, and then takes a transaction id of its own, `horizon`. The owner of a number up to `candidate` has
//! an older id. Once nothing older than `horizon` is under way, all rows up to `candidate` can be seen, and those
//! that have no link by the end of that round don't exist. (`pg_snapshot_xmax` would not do for `horizon`: it is
//! one past the newest transaction that has *ended*, and the owner of a number may be beyond it.)
//!
//! Until then a [`View`] remembers which numbers were missing, so that a transaction that stays open for an hour
//! costs a look at those, and not at the log of an hour. It may be forgotten at any time.

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use crate::{
    domain::chain::Digest,
    store::{
        Error, Pool,
        chain::{self, LogPage, LogRow, Most, NewLinks, Noted, Progress},
    },
};

/// Rows in one transaction, at most.
pub const PAGE: i64 = 4_000;
/// A page ends with the row that reaches so many bytes; a smaller page, with as many fewer.
const LARGEST: i64 = 8 * 1024 * 1024;
/// Longest a round may take.
const LIMIT: Duration = Duration::from_secs(4);
/// Gaps to remember one by one; more are taken together.
const MOST_GAPS: usize = 10_000;

/// Links on behalf of one instance.
pub struct Chainer {
    instance: String,
    view: View,
    /// Workspaces whose chains can't be continued.
    stuck: BTreeSet<Uuid>,
}

/// What this instance has seen of the log.
#[derive(Debug, Default, PartialEq, Eq)]
struct View {
    /// Up to here each row has its link, as it was said last.
    complete: i64,
    /// Every number up to here was looked at.
    seen: i64,
    /// Those of them that were not there (yet), above what is complete: from, to, in order.
    gaps: Vec<(i64, i64)>,
}

/// How a round went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Done {
    pub links: usize,
    /// There is more to do at once.
    pub more: bool,
    /// Another instance links at present.
    pub stood_back: bool,
    /// Numbers handed out beyond the last linked; some of them may belong to nothing.
    pub unlinked: i64,
    /// Age of the oldest row that was linked, in the moment before; of the first that waits, where another instance links.
    pub lag: Duration,
    /// Chains that nothing can be linked to; their rows are passed over.
    pub stuck: usize,
}

impl Done {
    const NOTHING: Self =
        Self { links: 0, more: false, stood_back: false, unlinked: 0, lag: Duration::ZERO, stuck: 0 };
}

impl Chainer {
    pub fn new(instance: impl Into<String>) -> Self {
        Self { instance: instance.into(), view: View::default(), stuck: BTreeSet::new() }
    }

    /// Links what has turned up, up to `rows` of it ([`PAGE`] at most), and up to as many bytes as go with those.
    pub async fn round(&mut self, pool: &Pool, rows: i64) -> Result<Done, Error> {
        // Whatever goes wrong, or is cancelled: nobody knows what became of the links, so all is looked at again.
        let view = std::mem::take(&mut self.view);
        let instance = &self.instance;
        let most = Most { rows, bytes: LARGEST * rows / PAGE };
        let (view, mut done, made) =
            pool.run(LIMIT, async |conn| round(conn, (instance, most), view).await).await?;
        self.view = view;
        if done.stood_back {
            // The instance that links knows.
            self.stuck.clear();
        }
        self.learn(&made);
        done.stuck = self.stuck.len();
        Ok(done)
    }

    fn learn(&mut self, made: &Made) {
        self.stuck.retain(|workspace| !made.links.workspaces.contains(workspace));
        for workspace in &made.stuck {
            if self.stuck.insert(*workspace) {
                tracing::error!(%workspace, "nothing can follow the end of its chain; its records get no links");
            }
        }
    }
}

async fn round(
    conn: &mut PgConnection,
    (instance, most): (&str, Most),
    view: View,
) -> Result<(View, Done, Made), Error> {
    // Most of the time nothing happens; that costs one look.
    let progress = chain::progress(conn, instance).await?.checked();
    if progress.last <= progress.complete {
        return Ok((view, Done::NOTHING, Made::default()));
    }
    if progress.taken {
        return Ok((view, stand_back(conn, &progress).await?, Made::default()));
    }
    let mut transaction = conn.begin().await?;
    if !chain::lock(&mut transaction).await? {
        let done = stand_back(&mut transaction, &progress).await?;
        transaction.rollback().await?;
        return Ok((view, done, Made::default()));
    }
    // Again, behind the lock: who held it may just have linked. Nothing was written in this transaction so far, so
    // that its id, once it takes one, is younger than all who own a number up to `last`.
    let progress = chain::progress(&mut transaction, instance).await?.checked();
    if progress.taken {
        let done = stand_back(&mut transaction, &progress).await?;
        transaction.rollback().await?;
        return Ok((view, done, Made::default()));
    }
    let round = Round { instance, progress, most };
    let done = round.link(&mut transaction, view).await?;
    transaction.commit().await?;
    Ok(done)
}

/// Another instance links, or says so. What waits is looked at all the same, so that it is noticed.
async fn stand_back(conn: &mut PgConnection, progress: &Progress) -> Result<Done, Error> {
    let waiting = chain::waiting(conn, progress.complete, progress.last).await?;
    let unlinked = (progress.last - waiting.linked).max(0);
    Ok(Done { stood_back: true, unlinked, lag: progress.age(waiting.since), ..Done::NOTHING })
}

/// One round, behind the lock.
struct Round<'a> {
    instance: &'a str,
    progress: Progress,
    most: Most,
}

impl Round<'_> {
    async fn link(self, conn: &mut PgConnection, mut view: View) -> Result<(View, Done, Made), Error> {
        let Progress { last, complete, .. } = self.progress;
        view.forget(complete);
        let late = if view.gaps.is_empty() {
            LogPage::EMPTY
        } else {
            chain::late(conn, &view.gaps, self.most).await?
        };
        let page = chain::behind(conn, view.seen, last, self.most).await?;
        let (full, late_full) = (page.is_full, late.is_full);
        view.arrived(&late.rows);
        view.read(&page.rows, if full { None } else { Some(last) });

        let rows: Vec<LogRow> = late.rows.into_iter().chain(page.rows).filter(|row| !row.is_linked).collect();
        let made = new_links(conn, &rows).await?;
        let links = &made.links;
        if !links.seqs.is_empty() {
            chain::link(conn, links).await?;
        }
        // Gaps that were not looked at to the end say nothing.
        let looked = if late_full { complete } else { view.seen };
        let pair = self.progress.next(looked);
        if !links.seqs.is_empty() || pair.is_some() {
            let kept = (self.progress.complete, self.progress.candidate, Some(self.progress.horizon));
            let (complete, candidate, horizon) = pair.unwrap_or(kept);
            chain::note(conn, Noted { instance: self.instance, complete, candidate, horizon }).await?;
            view.forget(complete);
        }
        let done = Done {
            links: links.seqs.len(),
            more: full || late_full,
            stood_back: false,
            unlinked: (last - view.seen).max(0),
            lag: self.progress.age(rows.iter().map(|row| row.at).min()),
            stuck: 0,
        };
        Ok((view, done, made))
    }
}

impl View {
    /// Up to `complete` nothing is of interest any more. If that lies before where it was, an operator wants all behind
    /// it to be looked at again.
    fn forget(&mut self, complete: i64) {
        if complete < self.complete {
            *self = Self::default();
        }
        self.complete = complete;
        self.seen = self.seen.max(complete);
        self.gaps.retain_mut(|(from, to)| {
            *from = (*from).max(complete + 1);
            from <= to
        });
    }

    /// Rows that turned up in gaps, in order.
    fn arrived(&mut self, rows: &[LogRow]) {
        for row in rows {
            let at = self.gaps.partition_point(|(_, to)| *to < row.seq);
            if let Some(&(from, to)) = self.gaps.get(at).filter(|(from, _)| *from <= row.seq) {
                let parts = [(from, row.seq - 1), (row.seq + 1, to)];
                self.gaps.splice(at..=at, parts.into_iter().filter(|(from, to)| from <= to));
            }
        }
    }

    /// Rows in order behind what was seen; up to `last`, if these were all.
    fn read(&mut self, rows: &[LogRow], last: Option<i64>) {
        for row in rows {
            self.skip(row.seq);
            self.seen = self.seen.max(row.seq);
        }
        if let Some(last) = last {
            self.skip(last + 1);
            self.seen = self.seen.max(last);
        }
        if self.gaps.len() > MOST_GAPS {
            // What lies between two was linked; it is looked at again, and found to be.
            self.gaps = self.gaps.chunks(2).map(|pair| (pair[0].0, pair[pair.len() - 1].1)).collect();
        }
    }

    /// Numbers behind what was seen and before `next` were not there.
    fn skip(&mut self, next: i64) {
        if self.seen + 1 < next {
            self.gaps.push((self.seen + 1, next - 1));
        }
    }
}

impl Progress {
    /// Numbers that nobody was given say nothing: then all is looked at again.
    fn checked(mut self) -> Self {
        if self.complete > self.last {
            self.complete = 0;
        }
        if self.candidate > self.last {
            self.candidate = self.complete;
        }
        self
    }

    fn age(&self, at: Option<i64>) -> Duration {
        let age = at.map_or(0, |at| self.now.saturating_sub(at));
        Duration::from_micros(u64::try_from(age).unwrap_or(0))
    }

    /// The new `(complete, candidate, horizon)`, once all visible rows up to `seen` have links; `None`: as it was.
    fn next(&self, seen: i64) -> Option<(i64, i64, Option<i64>)> {
        // The transaction that noted the horizon has ended, or it could not be read: only where the database was
        // restored, on a server that counts its transactions anew, can it lie ahead.
        let is_foreign = self.horizon >= self.xmax;
        if self.candidate > self.complete && !is_foreign {
            let is_over = self.xmin >= self.horizon && seen >= self.candidate;
            return is_over.then_some((self.candidate, self.last, None));
        }
        (self.last > self.complete).then_some((self.complete, self.last, None))
    }
}

/// What a round has to add.
#[derive(Default)]
struct Made {
    links: NewLinks,
    /// Workspaces whose chains end in something that nothing can follow.
    stuck: BTreeSet<Uuid>,
}

/// Links for `rows` (in the order of their numbers) behind the ends of their workspaces' chains. A chain that can't be
/// continued holds nobody else's up.
async fn new_links(conn: &mut PgConnection, rows: &[LogRow]) -> Result<Made, Error> {
    let mut workspaces: Vec<Uuid> = rows.iter().filter_map(|row| row.record.workspace_id).collect();
    workspaces.sort_unstable();
    workspaces.dedup();
    let begin = |id: &Uuid| (*id, Some((0, Digest::genesis(*id))));
    let mut ends: HashMap<Uuid, Option<(i64, Digest)>> = workspaces.iter().map(begin).collect();
    if !workspaces.is_empty() {
        for head in chain::heads(conn, &workspaces).await? {
            ends.insert(head.workspace, head.end);
        }
    }
    let mut made = Made::default();
    for row in rows {
        // A row of no workspace can only come from a forger who took the constraint away; it stands in no chain.
        let Some((workspace, end)) = row.record.workspace_id.and_then(|id| Some((id, ends.get_mut(&id)?)))
        else {
            continue;
        };
        let content = row.record.content();
        let next =
            |(position, hash): (i64, Digest)| Some((position.checked_add(1)?, hash.followed_by(content)));
        *end = end.and_then(next);
        let Some((position, hash)) = *end else {
            made.stuck.insert(workspace);
            continue;
        };
        made.links.workspaces.push(workspace);
        made.links.positions.push(position);
        made.links.seqs.push(row.seq);
        made.links.contents.push(content.0.to_vec());
        made.links.hashes.push(hash.0.to_vec());
    }
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::chain::Record;

    fn rows(numbers: &[i64]) -> Vec<LogRow> {
        let row = |seq: &i64| LogRow { seq: *seq, at: 0, record: Record::default(), is_linked: false };
        numbers.iter().map(row).collect()
    }

    #[test]
    fn a_view_knows_what_it_missed() {
        let mut view = View::default();
        view.read(&rows(&[1, 2, 6]), Some(8));
        assert_eq!(view, View { complete: 0, seen: 8, gaps: vec![(3, 5), (7, 8)] });
        view.arrived(&rows(&[4, 8]));
        view.read(&rows(&[9, 11]), None);
        assert_eq!(view, View { complete: 0, seen: 11, gaps: vec![(3, 3), (5, 5), (7, 7), (10, 10)] });
        view.arrived(&rows(&[3, 9]));
        view.forget(6);
        assert_eq!(view, View { complete: 6, seen: 11, gaps: vec![(7, 7), (10, 10)] });
        view.forget(20);
        assert_eq!(view, View { complete: 20, seen: 20, gaps: vec![] });
        view.forget(5);
        assert_eq!(view, View { complete: 5, seen: 5, gaps: vec![] });
    }

    #[test]
    fn gaps_are_taken_together_rather_than_forgotten() {
        let mut view = View::default();
        let every_other: Vec<i64> = (1..=15_000).map(|number| number * 2).collect();
        view.read(&rows(&every_other), None);
        assert_eq!(view.gaps.len(), 7_500);
        assert!(
            (1..30_000).step_by(2).all(|it| view.gaps.iter().any(|(from, to)| (*from..=*to).contains(&it)))
        );
    }

    #[test]
    fn a_number_is_done_with_when_all_who_may_own_it_are() {
        let at = |complete, candidate, horizon, xmin, xmax| Progress {
            last: 9,
            complete,
            candidate,
            horizon,
            xmin,
            xmax,
            taken: false,
            now: 0,
        };
        // Nothing noted yet, or all of it done with: the next pair.
        assert_eq!(at(0, 0, 0, 100, 110).next(9), Some((0, 9, None)));
        assert_eq!(at(9, 9, 50, 100, 110).next(9), None);
        // An older transaction is under way.
        assert_eq!(at(3, 7, 105, 104, 110).next(9), None);
        // Nobody is, but not everything up to there was looked at.
        assert_eq!(at(3, 7, 105, 105, 110).next(6), None);
        assert_eq!(at(3, 7, 105, 105, 110).next(7), Some((7, 9, None)));
        // From another server's dump.
        assert_eq!(at(3, 7, 5_000, 100, 110).next(9), Some((3, 9, None)));
        // What nobody can know yet.
        assert_eq!(at(3, 10, 105, 105, 110).checked(), at(3, 3, 105, 105, 110));
        assert_eq!(at(10, 12, 105, 105, 110).checked(), at(0, 0, 105, 105, 110));
    }
}
