//! `signoff audit verify`: findings on standard output, one a line; what was looked over on standard error.

use std::{
    fmt::Write as _,
    fs::{self, File},
    io::{self, BufReader},
    path::PathBuf,
};

use anyhow::Context;
use clap::Args;
use serde::Serialize;
use sqlx::Connection;
use uuid::Uuid;

use crate::{
    audit::{
        checkpoint::Checkpoint,
        export,
        verify::{self, Extent, Found, Only, Summary, Trusted, Wanted},
    },
    cli::{
        exit::Exit,
        operator,
        output::{Text, Unprinted, print, say},
    },
    ed25519::PublicKey,
    store::chain,
};

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Verify {
    /// Only one workspace: its name, or its id. By its id, checkpoints of others are set aside; an export is named by
    /// id only, and must be of that workspace.
    #[arg(long, value_name = "NAME|ID")]
    workspace: Option<String>,
    /// A file with checkpoints that were kept elsewhere, one a line; may be repeated. Each is compared with what it is
    /// of, or is a finding.
    #[arg(long, value_name = "FILE")]
    checkpoint: Vec<PathBuf>,
    /// A public key whose checkpoints count; may be repeated. Without one, each checkpoint's own key counts.
    #[arg(long, value_name = "BASE64")]
    public_key: Vec<String>,
    /// An export, instead of the database.
    #[arg(long, value_name = "FILE")]
    export: Option<PathBuf>,
    /// An object for each finding, and one at the end that sums up.
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Kinds of findings: edited, removed, inserted, reordered, forked, gap, cut, checkpoint_mismatch, bad_signature,
unmatched_checkpoint, unlinked.
Whoever can write to the tables as their owner can also compute a whole new chain; only checkpoints that were kept
elsewhere tell, with the public key that signed them.

Examples:
  signoff audit verify
  signoff audit verify --workspace acme --checkpoint acme.checkpoints --public-key \"$KEY\"
  signoff audit verify --export acme.jsonl --checkpoint acme.checkpoints --public-key \"$KEY\"";

impl Verify {
    pub async fn run(self) -> anyhow::Result<Exit> {
        let checkpoints = read(&self.checkpoint)?;
        let keys = self.public_key.iter().map(|text| PublicKey::parse(text));
        let trusted = Trusted(keys.collect::<Result<_, _>>().context("--public-key")?);
        let id = self.workspace.as_deref().and_then(id).map(|id| Only { id, is_sure: true });
        let mut report = Report { json: self.json, printed: Ok(()) };
        let tell = |found| report.tell(&found);
        let summary = if let Some(path) = &self.export {
            anyhow::ensure!(
                id.is_some() || self.workspace.is_none(),
                "an export's name for its workspace proves nothing: name it by its id"
            );
            let file = || Ok(Box::new(BufReader::new(File::open(path)?)) as Box<dyn io::BufRead>);
            let wanted = Wanted { only: id, checkpoints, trusted, ..Wanted::default() };
            export::verify(file, wanted, tell).with_context(|| path.display().to_string())?
        } else {
            let mut conn = operator::connect().await?;
            let only = match (&self.workspace, id) {
                (Some(name), None) => {
                    Some(Only { id: operator::workspace(&mut conn, name).await?.0, is_sure: false })
                }
                (_, id) => id,
            };
            if let Some(Only { id, .. }) = id {
                let known = chain::workspaces(&mut conn).await?;
                let is_known = known.iter().any(|it| it.id == id)
                    || checkpoints.iter().any(|it| it.standing.workspace_id == id);
                anyhow::ensure!(is_known, "there is no workspace {id}");
            }
            let wanted = Wanted { only, checkpoints, trusted, ..Wanted::default() };
            let summary = verify::database(&mut conn, wanted, tell).await?;
            conn.close().await?;
            summary
        };
        report.sum_up(&summary);
        match report.printed {
            Err(error) if !matches!(error.downcast_ref(), Some(Unprinted::Closed)) => {
                if summary.whole {
                    return Err(error);
                }
                say(&format!("not all findings are printed: {error:#}"));
            }
            _ => {}
        }
        Ok(if summary.whole { Exit::Success } else { Exit::BROKEN })
    }
}

/// What is printed. Where that can't go on, the verification does: the exit code still has to say how it ended.
struct Report {
    json: bool,
    printed: anyhow::Result<()>,
}

impl Report {
    fn print(&mut self, text: &Text) {
        if self.printed.is_ok() {
            self.printed = print(text).map_err(Into::into);
        }
    }

    fn print_json(&mut self, value: &impl Serialize) {
        match serde_json::to_string(value) {
            Ok(json) => self.print(&Text::json(&json)),
            Err(error) => self.printed = Err(error.into()),
        }
    }

    fn tell(&mut self, found: &Found) {
        if self.json {
            self.print_json(found);
            return;
        }
        let workspace = match (&found.workspace, found.workspace_id) {
            (Some(name), _) => name.clone(),
            (None, Some(id)) => id.to_string(),
            (None, None) => "no workspace".to_owned(),
        };
        let finding = &found.finding;
        let (kind, position) = (finding.kind.as_str(), finding.position);
        self.print(&Text::line(&format!("{workspace}: {kind} at {position}: {}", finding.words)));
    }

    fn sum_up(&mut self, summary: &Summary) {
        if self.json {
            self.print_json(summary);
            return;
        }
        let Summary { whole, findings, workspaces, links, checkpoints, .. } = summary;
        let part = summary.export.filter(|it| it.from > 1);
        let verdict = match (whole, part) {
            (true, None) => "whole".to_owned(),
            (true, Some(part)) => {
                format!("this part is whole, and what stands before {} was not seen", part.from)
            }
            (false, _) => format!("broken, {findings} finding(s)"),
        };
        let mut more = String::new();
        if let Some(Extent { workspace_id, from, to }) = summary.export {
            let _ = write!(more, "; from {from} to {to} of {workspace_id}");
        }
        if summary.set_aside > 0 {
            let _ = write!(more, "; {} checkpoint(s) of other workspaces set aside", summary.set_aside);
        }
        if summary.unlinked > 0 {
            let _ = write!(more, "; {} not linked yet", summary.unlinked);
        }
        say(&format!(
            "{verdict}: {links} records of {workspaces} workspace(s) looked over, {checkpoints} checkpoint(s) compared{more}"
        ));
    }
}

/// An id, as everybody writes it; a name might be one in another form.
fn id(text: &str) -> Option<Uuid> {
    Uuid::try_parse(text).ok().filter(|id| id.to_string() == text)
}

/// Checkpoints that were kept; a file without any was not what the caller meant to hand in.
fn read(paths: &[PathBuf]) -> anyhow::Result<Vec<Checkpoint>> {
    let mut checkpoints = Vec::new();
    for path in paths {
        let text = fs::read_to_string(path).with_context(|| format!("can't read {}", path.display()))?;
        let before = checkpoints.len();
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let checkpoint: Checkpoint = serde_json::from_str(line)
                .with_context(|| format!("{} holds something that is no checkpoint", path.display()))?;
            checkpoints.push(checkpoint);
        }
        anyhow::ensure!(checkpoints.len() > before, "{} holds no checkpoint", path.display());
    }
    Ok(checkpoints)
}
