//! `signoff audit verify`: findings on standard output, one a line; what was looked over on standard error.

use std::{
    fs::{self, File},
    io::{self, BufReader, Write},
    path::PathBuf,
};

use anyhow::Context;
use clap::Args;
use sqlx::Connection;

use crate::{
    audit::{
        checkpoint::{Checkpoint, PublicKey},
        export,
        verify::{self, Found, Summary, Trusted, Wanted},
    },
    cli::{
        exit::Exit,
        operator,
        output::{harmless, say},
    },
};

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Verify {
    /// Only one workspace.
    #[arg(long, conflicts_with = "export")]
    workspace: Option<String>,
    /// A file with checkpoints that were kept elsewhere, one a line; may be repeated.
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
Kinds of findings: edited, removed, inserted, reordered, forked, gap, cut, checkpoint_mismatch, bad_signature.
Whoever can write to the tables as their owner can also compute a whole new chain; only checkpoints that were kept
elsewhere tell, with the public key that signed them.

Examples:
  signoff audit verify
  signoff audit verify --workspace acme --checkpoint acme.checkpoints --public-key \"$KEY\"
  signoff audit verify --export acme.jsonl --checkpoint acme.checkpoints";

impl Verify {
    pub async fn run(self) -> anyhow::Result<Exit> {
        let mut checkpoints = Vec::new();
        for path in &self.checkpoint {
            let text = fs::read_to_string(path).with_context(|| format!("can't read {}", path.display()))?;
            for line in text.lines().filter(|line| !line.trim().is_empty()) {
                let checkpoint: Checkpoint = serde_json::from_str(line)
                    .with_context(|| format!("{} holds something that is no checkpoint", path.display()))?;
                checkpoints.push(checkpoint);
            }
        }
        let keys = self.public_key.iter().map(|text| PublicKey::parse(text));
        let trusted = Trusted(keys.collect::<Result<_, _>>().context("--public-key")?);
        let tell = |found| self.tell(&found);
        let summary = if let Some(path) = &self.export {
            let file = || Ok(Box::new(BufReader::new(File::open(path)?)) as Box<dyn io::BufRead>);
            export::verify(file, checkpoints, &trusted, tell).with_context(|| path.display().to_string())?
        } else {
            let mut conn = operator::connect().await?;
            let workspace = match &self.workspace {
                Some(name) => Some(operator::workspace(&mut conn, name).await?.0),
                None => None,
            };
            if let Some(workspace) = workspace {
                checkpoints.retain(|it| it.standing.workspace_id == workspace);
            }
            let wanted = Wanted { workspace, checkpoints, trusted };
            let summary = verify::database(&mut conn, wanted, tell).await?;
            conn.close().await?;
            summary
        };
        self.sum_up(&summary);
        Ok(if summary.whole { Exit::Success } else { Exit::BROKEN })
    }

    /// Nobody may be listening any more; the exit code says it all the same.
    fn print(line: &str) {
        let _ = writeln!(io::stdout(), "{line}");
    }

    fn tell(&self, found: &Found) {
        if self.json {
            Self::print(&serde_json::to_string(found).unwrap_or_default());
            return;
        }
        let workspace = match (&found.workspace, found.workspace_id) {
            (Some(name), _) => harmless(name),
            (None, Some(id)) => id.to_string(),
            (None, None) => "no workspace".to_owned(),
        };
        let finding = &found.finding;
        let (kind, position) = (finding.kind.as_str(), finding.position);
        Self::print(&format!("{workspace}: {kind} at {position}: {}", harmless(&finding.words)));
    }

    fn sum_up(&self, summary: &Summary) {
        if self.json {
            Self::print(&serde_json::to_string(summary).unwrap_or_default());
            return;
        }
        let Summary { whole, findings, workspaces, links, checkpoints, unlinked } = summary;
        let verdict = if *whole { "whole".to_owned() } else { format!("broken, {findings} finding(s)") };
        let waiting = if *unlinked > 0 { format!(", {unlinked} not linked yet") } else { String::new() };
        say(&format!(
            "{verdict}: {links} records of {workspaces} workspace(s) and {checkpoints} checkpoint(s) looked over{waiting}"
        ));
    }
}
