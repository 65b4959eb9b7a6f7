//! A chain as JSON Lines: what it takes to verify it elsewhere, with Signoff or without.
//!
//! One line says what follows, then comes a line for each link, in order, then one for each checkpoint.

use std::{
    cmp::Ordering,
    io::{self, BufRead, Write},
};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    checkpoint::Checkpoint,
    checkpoints,
    finding::{Finding, Kind},
    verify::{Extent, Found, Only, PAGE, Summary, Wanted, handed_in, unmatched},
    walk::Walk,
};
use crate::{
    domain::{
        chain::{ChainEnd, Digest, FORMAT, Record},
        ids::WorkspaceId,
    },
    store::{
        self,
        chain::{self, Links},
    },
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
    /// The last link; where the chain ended, unless it was to be shorter. One before `from`: there was no link.
    pub to: i64,
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
    #[error("the chain ends at {end}: there is nothing to export from {from} on")]
    Beyond { from: i64, end: i64 },
}

/// Writes a workspace's links from a position on, to another or to the end, and the checkpoints that can be compared
/// with them.
pub async fn write(
    conn: &mut PgConnection,
    (id, name): (WorkspaceId, &str),
    (from, to): (i64, Option<i64>),
    out: &mut impl Write,
) -> Result<(), Error> {
    chain::read_by_index(conn).await?;
    let id = id.0;
    let end = store::audit::end(conn, WorkspaceId(id)).await?;
    let last = to.map_or(end, |to| to.min(end));
    if last < from && (from, last) != (1, 0) {
        return Err(Error::Beyond { from, end: last });
    }
    let checkpoints = store::checkpoints::of_workspace(conn, id, (i64::MAX, ""), i64::MAX).await?;
    // From the one before, whose hash is where the range begins.
    let mut links = Links::from(id, from - 1);
    let export = Range { format: FORMAT, workspace_id: id, workspace: Some(name.to_owned()), from, to: last };
    line(out, &Header { export })?;
    let mut previous = (from <= 1).then(|| Digest::genesis(id));
    'pages: loop {
        let page = links.page(conn, PAGE).await?;
        if page.is_empty() {
            break;
        }
        for link in page {
            if link.position > last {
                break 'pages;
            }
            if link.position >= from {
                let record = link.record.as_ref().map(Record::canonical);
                let record = record.map(RawValue::from_string).transpose().map_err(io::Error::from)?;
                let (position, content, hash) = (link.position, link.content, link.hash);
                line(out, &WrittenLine { position, previous, content, hash, record })?;
            }
            previous = link.hash;
        }
    }
    for checkpoint in checkpoints.iter().rev().filter(|it| (from - 1..=last).contains(&it.position)) {
        if let Some(checkpoint) = checkpoints::read(checkpoint) {
            line(out, &checkpoint)?;
        }
    }
    Ok(out.flush()?)
}

fn line(to: &mut impl Write, line: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *to, line)?;
    to.write_all(b"\n")
}

/// Looks an export over, line by line. Checkpoints stand at its end: they are read in a first pass.
///
/// A forger of the file wrote the header too, so nothing that it says makes a checkpoint fall away: what can't be
/// compared is a finding.
pub fn verify(
    open: impl Fn() -> io::Result<Box<dyn BufRead>>,
    wanted: Wanted,
    mut tell: impl FnMut(Found),
) -> Result<Summary, Error> {
    let (header, beside) = survey(open()?)?;
    let Range { workspace_id, workspace, from, to, .. } = header.checked(wanted.only)?.export;
    let mut summary = Summary { workspaces: 1, ..Summary::default() };
    summary.export = Some(Extent { workspace_id, from, to });

    let only = wanted.only.unwrap_or(Only { id: workspace_id, is_sure: false });
    let (mut checkpoints, mut others, set_aside) = handed_in(wanted.checkpoints, only);
    let (own, strange): (Vec<_>, Vec<_>) =
        beside.into_iter().partition(|it| it.standing.workspace_id == workspace_id);
    checkpoints.extend(own);
    others.extend(strange.into_iter().map(|it| unmatched(it.standing)));
    summary.set_aside = set_aside;
    let (good, mut findings) = wanted.trusted.sift(checkpoints);
    let (good, beyond): (Vec<_>, Vec<_>) = good.into_iter().partition(|it| it.standing.position <= to);
    findings.extend(beyond.into_iter().map(|it| it.standing).map(|ChainEnd { position, at, .. }| {
        let words = format!(
            "the export ends at {to}, before the checkpoint of {at}: to compare that, export up to {position}"
        );
        Finding { position, kind: Kind::UnmatchedCheckpoint, words }
    }));

    let genesis = (from == 1).then(|| Digest::genesis(workspace_id));
    let mut walk = None;
    let mut before = genesis;
    for_each_line(open()?, |number, text| {
        if number == 1 || is_checkpoint(text) {
            return Ok(());
        }
        let line: ReadLine =
            serde_json::from_str(text).map_err(|error| Error::Line { number, what: error.to_string() })?;
        let walk = walk.get_or_insert_with(|| {
            // The first line says what stands before a part; a later one would speak of another place.
            let said = line.previous.filter(|_| line.position == from);
            Walk::from(workspace_id, from, genesis.or(said), good.clone())
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
    let walk = walk.unwrap_or_else(|| Walk::from(workspace_id, from, genesis, good));
    summary.links = walk.links();
    summary.checkpoints = walk.compared();
    findings.extend(amiss_at_the_end(walk.position(), to));
    findings.extend(walk.finish());
    findings.sort_unstable();
    findings.dedup_by(|one, other| (one.position, one.kind) == (other.position, other.kind));
    for found in others {
        summary.tell(found, &mut tell);
    }
    for finding in findings {
        let (workspace_id, workspace) = (Some(workspace_id), workspace.clone());
        summary.tell(Found { workspace_id, workspace, finding }, &mut tell);
    }
    summary.whole = summary.findings == 0;
    Ok(summary)
}

/// The links have to end where the header says.
fn amiss_at_the_end(end: i64, to: i64) -> Option<Finding> {
    let (position, kind, words) = match end.cmp(&to) {
        Ordering::Equal => return None,
        Ordering::Less => {
            (end + 1, Kind::Cut, format!("the export says that it goes to {to}, and ends at {end}"))
        }
        Ordering::Greater => (to + 1, Kind::Inserted, format!("the export says that it ends at {to}")),
    };
    Some(Finding { position, kind, words })
}

impl Header {
    fn checked(self, only: Option<Only>) -> Result<Self, Error> {
        let Range { format, workspace_id, from, to, .. } = self.export;
        let what = if format != FORMAT {
            format!("its format is {format}, and not {FORMAT}")
        } else if from < 1 || (to < from && (from, to) != (1, 0)) {
            format!("no export goes from {from} to {to}")
        } else if let Some(only) = only.filter(|only| only.id != workspace_id) {
            format!("it is an export of {workspace_id}, and not of {}", only.id)
        } else {
            return Ok(self);
        };
        Err(Error::Line { number: 1, what })
    }
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

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng, rngs::StdRng};
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        audit::{
            checkpoint::{Checkpoint, Signer},
            verify::Trusted,
        },
        domain::chain::moment,
        ed25519::new_seed,
    };

    const LAST: i64 = 8;

    fn of(from: i64, to: i64) -> Vec<Value> {
        let workspace_id = Uuid::from_u128(7);
        let export = Range { format: FORMAT, workspace_id, workspace: Some("acme".to_owned()), from, to };
        let mut lines = vec![serde_json::to_value(Header { export }).unwrap()];
        let mut before = Digest::genesis(workspace_id);
        for position in 1..=to {
            let record = Record {
                format: FORMAT,
                at: Some(moment(position)),
                action: Some("approval.resolved".into()),
                detail: Some(format!("{{\"n\":{position}}}")),
                workspace_id: Some(workspace_id),
                ..Record::default()
            };
            let (content, previous) = (record.content(), before);
            before = before.followed_by(content);
            let line = json!({ "position": position, "previous": previous, "content": content, "hash": before, "record": record });
            if position >= from {
                lines.push(line);
            }
        }
        lines
    }

    fn text(lines: &[Value]) -> String {
        lines.iter().map(Value::to_string).collect::<Vec<_>>().join("\n")
    }

    fn is_whole(lines: &[Value], checkpoints: &[Checkpoint]) -> bool {
        let text = text(lines);
        let open = || Ok(Box::new(io::Cursor::new(text.clone())) as Box<dyn BufRead>);
        let trusted = Trusted(checkpoints.iter().map(|it| it.public_key).collect());
        let wanted = Wanted { only: None, checkpoints: checkpoints.to_vec(), trusted, ..Wanted::default() };
        verify(open, wanted, |_| {}).is_ok_and(|summary| {
            let compared = summary.checkpoints == checkpoints.len() as u64;
            assert!(compared || !summary.whole, "{text}");
            summary.whole
        })
    }

    /// Something else in its place, somewhere.
    fn spoil(value: &mut Value, rng: &mut StdRng) {
        let any = |count: usize, rng: &mut StdRng| rng.random_range(0..count);
        match value {
            Value::Object(fields) => {
                let at = any(fields.len(), rng);
                if let Some(field) = fields.values_mut().nth(at) {
                    spoil(field, rng);
                }
            }
            Value::Array(_) | Value::Bool(_) | Value::Null => *value = json!("x"),
            Value::Number(number) => {
                let number = number.as_i64().unwrap();
                let near = [number.wrapping_add(1), number.wrapping_sub(1), number.wrapping_neg()];
                let others = [near[0], near[1], near[2], 0, i64::MAX, i64::MIN];
                *value = json!(others[any(others.len(), rng)]);
            }
            Value::String(text) => {
                let (at, digit) = (any(text.len(), rng), any(10, rng).to_string());
                text.replace_range(at..=at, &digit);
                if any(10, rng) == 0 {
                    *value = Value::Null;
                }
            }
        }
    }

    #[test]
    fn whatever_is_changed_is_found() {
        let signer = Signer::parse(&new_seed()).unwrap();
        let sign = |line: &Value| {
            let hash = serde_json::from_value(line["hash"].clone()).unwrap();
            let position = line["position"].as_i64().unwrap();
            let (at, workspace_id) = (moment(0), Uuid::from_u128(7));
            signer.sign(ChainEnd { at, format: FORMAT, hash, position, workspace_id })
        };
        let all = of(1, LAST);
        for from in [1, 4] {
            let lines = of(from, LAST);
            let mut kept = vec![sign(&all[8])];
            if from > 1 {
                kept.push(sign(&all[3]));
            }
            assert!(is_whole(&lines, &kept));
            let mut rng = StdRng::seed_from_u64(7);
            for _ in 0..1_000 {
                let mut spoilt = lines.clone();
                for _ in 0..rng.random_range(1..3) {
                    let (one, other) = (rng.random_range(0..spoilt.len()), rng.random_range(0..spoilt.len()));
                    match rng.random_range(0..6) {
                        0 if spoilt.len() > 1 => drop(spoilt.remove(one)),
                        1 => spoilt.insert(other, spoilt[one].clone()),
                        2 => spoilt.swap(one, other),
                        _ => spoil(&mut spoilt[one], &mut rng),
                    }
                }
                // Nothing proves a name, and a shorter part is a part.
                let mut compared = spoilt.clone();
                if compared[0].get("export").is_some() {
                    compared[0]["export"]["workspace"] = json!("acme");
                }
                let said = compared[0]["export"]["from"].as_i64().filter(|it| (1..=LAST).contains(it));
                if said.is_none_or(|said| compared != of(said, LAST)) {
                    assert!(!is_whole(&spoilt, &kept), "{}", text(&spoilt));
                }
            }
        }
    }
}
