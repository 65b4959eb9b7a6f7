//! Looking over chains in the database, page by page: memory stays flat however long they are.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    checkpoint::Checkpoint,
    checkpoints,
    finding::{Finding, Kind},
    walk::Walk,
};
use crate::{
    domain::chain::{ChainEnd, FORMAT},
    ed25519::PublicKey,
    store::{
        self, Error,
        chain::{self, Known, Links},
    },
};

/// Links, or rows, in one page.
pub const PAGE: i64 = 2_000;

/// What is to be looked over.
#[derive(Debug, Default)]
pub struct Wanted {
    /// `None`: all.
    pub only: Option<Only>,
    /// Besides those that stand beside the chain.
    pub checkpoints: Vec<Checkpoint>,
    pub trusted: Trusted,
    /// Counts links as they are looked at, for who follows it.
    pub walked: Arc<AtomicU64>,
}

/// The one workspace that is to be looked over.
#[derive(Debug, Clone, Copy)]
pub struct Only {
    pub id: Uuid,
    /// The caller knows the id, and didn't take what the database or the export makes of a name.
    pub is_sure: bool,
}

/// Whose signatures count.
#[derive(Debug, Clone, Default)]
pub struct Trusted(pub Vec<PublicKey>);

impl Trusted {
    /// Without any key named, a checkpoint's own.
    pub fn accepts(&self, checkpoint: &Checkpoint) -> bool {
        (self.0.is_empty() || self.0.contains(&checkpoint.public_key)) && checkpoint.is_signed()
    }

    /// Those that count; a finding for each other.
    pub fn sift(&self, checkpoints: Vec<Checkpoint>) -> (Vec<Checkpoint>, Vec<Finding>) {
        let (good, bad): (Vec<_>, Vec<_>) =
            checkpoints.into_iter().partition(|it| self.accepts(it) && it.standing.format == FORMAT);
        let finding = |it: Checkpoint| {
            let ChainEnd { position, at, format, .. } = it.standing;
            let (kind, words) = if format == FORMAT {
                (Kind::BadSignature, format!("the checkpoint of {at} is not signed by whom it should be"))
            } else {
                (Kind::UnmatchedCheckpoint, format!("the format of the checkpoint of {at} is not known"))
            };
            Finding { position, kind, words }
        };
        (good, bad.into_iter().map(finding).collect())
    }
}

/// Of the checkpoints that the caller handed in: those of the one workspace that is looked over. Each other is a
/// finding, lest one that was to be compared falls away unseen; but where it is sure which workspace is meant, and
/// there are some of it, the others are only counted.
pub fn handed_in(given: Vec<Checkpoint>, only: Only) -> (Vec<Checkpoint>, Vec<Found>, u64) {
    let (own, others): (Vec<_>, Vec<_>) =
        given.into_iter().partition(|it| it.standing.workspace_id == only.id);
    if only.is_sure && !own.is_empty() {
        return (own, Vec::new(), others.len() as u64);
    }
    (own, others.into_iter().map(|it| unmatched(it.standing)).collect(), 0)
}

/// A checkpoint of a workspace that is not looked over.
pub fn unmatched(ChainEnd { position, at, workspace_id, .. }: ChainEnd) -> Found {
    let words = format!("the checkpoint of {at} is of workspace {workspace_id}, which was not looked over");
    let finding = Finding { position, kind: Kind::UnmatchedCheckpoint, words };
    Found { workspace_id: Some(workspace_id), workspace: None, finding }
}

/// One thing that doesn't fit, of one workspace.
#[derive(Debug, Clone, Serialize)]
pub struct Found {
    pub workspace_id: Option<Uuid>,
    /// Its name, if it has (still) one.
    pub workspace: Option<String>,
    #[serde(flatten)]
    pub finding: Finding,
}

/// What was looked over.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Summary {
    pub whole: bool,
    pub findings: u64,
    pub workspaces: u64,
    pub links: u64,
    /// Compared with a link.
    pub checkpoints: u64,
    /// Handed in, of other workspaces than the one that was asked for.
    pub set_aside: u64,
    /// Rows that wait for their link.
    pub unlinked: u64,
    /// What an export says that it goes over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub export: Option<Extent>,
}

/// Positions of a chain.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Extent {
    pub workspace_id: Uuid,
    pub from: i64,
    pub to: i64,
}

impl Summary {
    pub fn tell(&mut self, found: Found, tell: &mut impl FnMut(Found)) {
        self.findings += 1;
        tell(found);
    }
}

/// Looks everything over; tells what doesn't fit as it goes.
pub async fn database(
    conn: &mut PgConnection,
    wanted: Wanted,
    mut tell: impl FnMut(Found),
) -> Result<Summary, Error> {
    chain::read_by_index(conn).await?;
    let mut summary = Summary::default();
    // Before anything else is read: what was complete then must be linked later.
    let complete = chain::progress(conn, "").await?.complete;
    let mut given: HashMap<Uuid, Vec<Checkpoint>> = HashMap::new();
    let mut checkpoints = wanted.checkpoints;
    if let Some(only) = wanted.only {
        let (own, others, set_aside) = handed_in(checkpoints, only);
        (checkpoints, summary.set_aside) = (own, set_aside);
        for found in others {
            summary.tell(found, &mut tell);
        }
    }
    for checkpoint in checkpoints {
        given.entry(checkpoint.standing.workspace_id).or_default().push(checkpoint);
    }
    let mut known = chain::workspaces(conn).await?;
    let wanted_id = wanted.only.map(|only| only.id);
    for id in given.keys().chain(&wanted_id) {
        if !known.iter().any(|it| it.id == *id) {
            known.push(Known { id: *id, name: None, is_there: false });
        }
    }
    known.retain(|it| wanted_id.is_none_or(|wanted| wanted == it.id));
    for it in &known {
        let given = given.remove(&it.id).unwrap_or_default();
        for finding in workspace(conn, it, given, (&wanted.trusted, &wanted.walked), &mut summary).await? {
            let (workspace_id, workspace) = (Some(it.id), it.name.clone());
            summary.tell(Found { workspace_id, workspace, finding }, &mut tell);
        }
    }
    let names: HashMap<Uuid, Option<String>> = known.into_iter().map(|it| (it.id, it.name)).collect();
    unlinked(conn, complete, wanted_id, &names, &mut summary, &mut tell).await?;
    summary.whole = summary.findings == 0;
    Ok(summary)
}

async fn workspace(
    conn: &mut PgConnection,
    &Known { id, is_there, .. }: &Known,
    given: Vec<Checkpoint>,
    (trusted, walked): (&Trusted, &AtomicU64),
    summary: &mut Summary,
) -> Result<Vec<Finding>, Error> {
    // Before the links are: none can be ahead of them then.
    let rows = store::checkpoints::of_workspace(conn, id, (i64::MAX, ""), i64::MAX).await?;
    let (mut findings, mut checkpoints) = (Vec::new(), given);
    for row in rows {
        match checkpoints::read(&row) {
            Some(checkpoint) => checkpoints.push(checkpoint),
            None => findings.push(Finding {
                position: row.position,
                kind: Kind::BadSignature,
                words: "the checkpoint can't be read".to_owned(),
            }),
        }
    }
    let (good, bad) = trusted.sift(checkpoints);
    findings.extend(bad);
    summary.workspaces += 1;
    let mut walk = Walk::new(id, good);
    let mut links = Links::from(id, i64::MIN);
    loop {
        let page = links.page(conn, PAGE).await?;
        if page.is_empty() {
            break;
        }
        for link in &page {
            walk.link(link);
        }
        walked.fetch_add(page.len() as u64, Ordering::Relaxed);
    }
    summary.links += walk.links();
    summary.checkpoints += walk.compared();
    if walk.links() > 0 && !is_there {
        let words = format!("there is no such workspace, and a chain of {} links", walk.links());
        findings.push(Finding { position: 1, kind: Kind::Inserted, words });
    }
    findings.extend(walk.finish());
    Ok(findings)
}

/// Rows that are in no link, though the chainer has passed them, or should have.
async fn unlinked(
    conn: &mut PgConnection,
    complete: i64,
    wanted: Option<Uuid>,
    names: &HashMap<Uuid, Option<String>>,
    summary: &mut Summary,
    tell: &mut impl FnMut(Found),
) -> Result<(), Error> {
    let without = chain::without_number(conn).await?;
    if without > 0 {
        let words = format!("{without} records have no number, and can't be in any link");
        let finding = Finding { position: 0, kind: Kind::Inserted, words };
        summary.tell(Found { workspace_id: None, workspace: None, finding }, tell);
    }
    let name = |id: Option<Uuid>| id.and_then(|id| names.get(&id).cloned().flatten());
    // Of each workspace, the first and how many.
    let mut overdue: BTreeMap<Option<Uuid>, (i64, u64)> = BTreeMap::new();
    let mut from = Some(i64::MIN);
    while let Some(first) = from {
        let (rows, last) = chain::unlinked(conn, first, PAGE).await?;
        from = last.and_then(|last| last.checked_add(1));
        if rows.is_empty() {
            continue;
        }
        // Read after the rows were: a number beyond it was never handed out.
        let handed_out = chain::progress(conn, "").await?.last;
        for row in rows {
            if wanted.is_some_and(|wanted| row.workspace != Some(wanted)) {
                continue;
            }
            if row.seq > complete && row.seq <= handed_out {
                summary.unlinked += 1;
                if row.is_overdue {
                    overdue.entry(row.workspace).or_insert((row.seq, 0)).1 += 1;
                }
                continue;
            }
            let place = place(conn, row.workspace, row.seq).await?;
            let action = row.action.as_deref().unwrap_or("-");
            let words = format!("the record {} ({action}) is in no link; it stands behind {place}", row.seq);
            let finding = Finding { position: place.saturating_add(1), kind: Kind::Inserted, words };
            let workspace = name(row.workspace);
            summary.tell(Found { workspace_id: row.workspace, workspace, finding }, tell);
        }
    }
    for (workspace_id, (first, count)) in overdue {
        let position = place(conn, workspace_id, first).await?.saturating_add(1);
        let words =
            format!("{count} record(s) wait for a link for more than a minute, from the record {first} on");
        let finding = Finding { position, kind: Kind::Unlinked, words };
        summary.tell(Found { workspace_id, workspace: name(workspace_id), finding }, tell);
    }
    Ok(())
}

async fn place(conn: &mut PgConnection, workspace: Option<Uuid>, seq: i64) -> Result<i64, Error> {
    match workspace {
        Some(id) => chain::place(conn, id, seq).await,
        None => Ok(0),
    }
}
