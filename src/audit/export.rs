//! A chain as JSON Lines: what it takes to verify it elsewhere, with Signoff or without.
//!
//! One line says what follows, then comes a line for each link, in order, then one for each checkpoint.

use std::io::{self, BufRead, Write};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    checkpoint::Checkpoint,
    checkpoints,
    finding::{Finding, Kind},
    verify::{Found, PAGE, Summary, Trusted},
    walk::Walk,
};
use crate::{
    domain::chain::{Digest, Record},
    store::{self, chain},
};

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    pub export: Range,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Range {
    pub format: u32,
    pub workspace_id: Uuid,
    /// Its name.
    pub workspace: Option<String>,
    pub from: i64,
    /// Null: to the end, as it was then.
    pub to: Option<i64>,
}

/// A link and its record, as it is written.
#[derive(Serialize)]
struct WrittenLine {
    position: i64,
    previous: Option<Digest>,
    content: Option<Digest>,
    hash: Option<Digest>,
    /// Null: gone.
    record: Option<Box<RawValue>>,
}

/// The same, as it is read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReadLine {
    position: i64,
    previous: Option<Digest>,
    content: Option<Digest>,
    hash: Option<Digest>,
    record: Option<Record>,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("line {number} of the export can't be read: {what}")]
    Line { number: u64, what: String },
}

/// Writes the links of a range, and the checkpoints that lie in it.
pub async fn write(conn: &mut PgConnection, range: Range, to: &mut impl Write) -> Result<(), Error> {
    chain::read_by_index(conn).await?;
    let (id, last) = (range.workspace_id, range.to.unwrap_or(i64::MAX));
    let checkpoints = store::checkpoints::of_workspace(conn, id, (i64::MAX, ""), i64::MAX).await?;
    // From the one before, whose hash is where the range begins.
    let mut behind = (range.from - 2, i64::MAX);
    let from = range.from;
    line(to, &Header { export: range })?;
    let mut previous = (from <= 1).then(|| Digest::genesis(id));
    'pages: loop {
        let links = chain::links(conn, id, behind, PAGE).await?;
        let Some(end) = links.last() else { break };
        behind = (end.position, end.seq.unwrap_or(0));
        for link in links {
            if link.position > last {
                break 'pages;
            }
            if link.position >= from {
                let record = link.record.as_ref().map(Record::canonical);
                let record = record.map(RawValue::from_string).transpose().map_err(io::Error::from)?;
                let (position, content, hash) = (link.position, link.content, link.hash);
                line(to, &WrittenLine { position, previous, content, hash, record })?;
            }
            previous = link.hash;
        }
    }
    for checkpoint in checkpoints.iter().rev().filter(|it| (from..=last).contains(&it.position)) {
        if let Some(checkpoint) = checkpoints::read(checkpoint) {
            line(to, &checkpoint)?;
        }
    }
    Ok(to.flush()?)
}

fn line(to: &mut impl Write, line: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *to, line)?;
    to.write_all(b"\n")
}

/// Looks an export over, line by line. Checkpoints stand at its end, so they are compared by what is remembered of
/// the positions that `given` ones name; those in the export itself are read in a first pass.
pub fn verify(
    open: impl Fn() -> io::Result<Box<dyn BufRead>>,
    given: Vec<Checkpoint>,
    trusted: &Trusted,
    mut tell: impl FnMut(Found),
) -> Result<Summary, Error> {
    let (header, mut checkpoints) = survey(open()?)?;
    let Range { workspace_id, workspace, from, to, .. } = header.export;
    checkpoints.extend(given);
    checkpoints.retain(|it| it.standing.workspace_id == workspace_id);
    let (good, mut findings) = trusted.sift(checkpoints);
    // What lies behind the range is not here to be compared.
    let good: Vec<_> = good.into_iter().filter(|it| to.is_none_or(|to| it.standing.position <= to)).collect();
    let mut summary = Summary { workspaces: 1, checkpoints: good.len() as u64, ..Summary::default() };
    let mut walk = None;
    let mut before: Option<Digest> = None;
    for_each_line(open()?, |number, text| {
        if number == 1 || is_checkpoint(text) {
            return Ok(());
        }
        let line: ReadLine =
            serde_json::from_str(text).map_err(|error| Error::Line { number, what: error.to_string() })?;
        let walk = walk.get_or_insert_with(|| {
            if from > 1 {
                Walk::from(workspace_id, from, line.previous.unwrap_or(Digest([0; 32])), good.clone())
            } else {
                Walk::new(workspace_id, good.clone())
            }
        });
        if before.is_some_and(|before| line.previous != Some(before)) {
            let words = "what it says of the link before is not so".to_owned();
            findings.push(Finding { position: line.position, kind: Kind::Edited, words });
        }
        before = line.hash;
        let ReadLine { position, content, hash, record, .. } = line;
        walk.link(&chain::Link { position, seq: None, content, hash, record });
        Ok(())
    })?;
    let walk = walk.unwrap_or_else(|| Walk::from(workspace_id, from, Digest::genesis(workspace_id), good));
    summary.links = walk.links();
    findings.extend(walk.finish());
    findings.sort_unstable();
    findings.dedup_by(|one, other| (one.position, one.kind) == (other.position, other.kind));
    summary.findings = findings.len() as u64;
    for finding in findings {
        tell(Found { workspace_id: Some(workspace_id), workspace: workspace.clone(), finding });
    }
    summary.whole = summary.findings == 0;
    Ok(summary)
}

/// The header, and the checkpoints.
fn survey(lines: Box<dyn BufRead>) -> Result<(Header, Vec<Checkpoint>), Error> {
    let mut header = None;
    let mut checkpoints = Vec::new();
    for_each_line(lines, |number, text| {
        let failed = |error: serde_json::Error| Error::Line { number, what: error.to_string() };
        if number == 1 {
            header = Some(serde_json::from_str(text).map_err(failed)?);
        } else if is_checkpoint(text) {
            checkpoints.push(serde_json::from_str(text).map_err(failed)?);
        }
        Ok(())
    })?;
    let header = header.ok_or(Error::Line { number: 1, what: "there is none".to_owned() })?;
    Ok((header, checkpoints))
}

fn is_checkpoint(text: &str) -> bool {
    text.trim_start().starts_with(r#"{"checkpoint""#)
}

fn for_each_line(
    mut lines: Box<dyn BufRead>,
    mut with: impl FnMut(u64, &str) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut text = String::new();
    for number in 1.. {
        text.clear();
        if lines.read_line(&mut text)? == 0 {
            break;
        }
        if !text.trim().is_empty() {
            with(number, &text)?;
        }
    }
    Ok(())
}
