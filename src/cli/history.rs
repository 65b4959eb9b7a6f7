//! `signoff history`: what has ended, searched, listed and exported.

use std::{
    io::{self, Write},
    time::Duration,
};

use anyhow::Context;
use clap::Args;
use serde_json::Value;
use tokio::time::timeout;

use super::{
    client::{Client, ClientArgs, path_segment},
    exit::Exit,
    failure::ClientError,
    output::{field, say, table},
};

/// Longest that the next piece of an export may take.
const PIECE: Duration = Duration::from_mins(1);

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct History {
    #[command(flatten)]
    client: ClientArgs,
    /// Only of this run.
    #[arg(long, value_name = "NAME")]
    run: Option<String>,
    /// resolved, expired or cancelled.
    #[arg(long, value_name = "STATUS")]
    status: Option<String>,
    /// approved, rejected, modified, or none.
    #[arg(long, value_name = "RESOLUTION")]
    resolution: Option<String>,
    /// Only what this principal asked for.
    #[arg(long, value_name = "NAME")]
    requested_by: Option<String>,
    /// Only what this principal voted on, or cancelled.
    #[arg(long, value_name = "NAME")]
    decided_by: Option<String>,
    /// Outcomes from this time on: 2026-11-21T12:00:00Z.
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Outcomes before this time.
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// Words that must begin a word of title, description, type or run.
    #[arg(long, short = 'q', value_name = "WORDS")]
    search: Option<String>,
    /// How many to list, 1 to 200.
    #[arg(long, value_name = "N", default_value_t = 50, conflicts_with_all = ["all", "csv"])]
    limit: usize,
    /// List all that there are.
    #[arg(long, conflicts_with = "csv")]
    all: bool,
    /// Print CSV instead, always of all that there are.
    #[arg(long, conflicts_with = "json")]
    csv: bool,
}

const EXAMPLES: &str = "\
The latest outcome comes first. With --json a line for each approval, complete; with --csv as the service exports them. \
An export that breaks off ends with exit code 13: what was printed is not all.

Examples:
  signoff history --resolution rejected --decided-by ana
  signoff history --search 'deploy prod' --from 2026-11-01T00:00:00Z --all --json | jq -r .title
  signoff history --csv --from 2026-10-01T00:00:00Z --to 2026-11-01T00:00:00Z > october.csv";

impl History {
    pub async fn run(self) -> anyhow::Result<Exit> {
        let client = self.client.client()?;
        let printed = if self.csv { self.export(&client).await } else { self.list(&client).await };
        match printed {
            // Whoever read it has seen enough.
            Err(error) if is_broken_pipe(&error) => Ok(Exit::Success),
            printed => printed.map(|()| Exit::Success),
        }
    }

    /// What is asked for, as a query.
    fn filter(&self) -> String {
        let filters = [
            ("run_id", &self.run),
            ("status", &self.status),
            ("resolution", &self.resolution),
            ("requested_by", &self.requested_by),
            ("decided_by", &self.decided_by),
            ("from", &self.from),
            ("to", &self.to),
            ("q", &self.search),
        ];
        let given = filters.iter().filter_map(|(name, value)| Some((name, value.as_deref()?)));
        given.fold(String::new(), |query, (name, value)| query + "&" + name + "=" + &path_segment(value))
    }

    async fn list(&self, client: &Client) -> anyhow::Result<()> {
        let filter = self.filter();
        let mut left = if self.all { usize::MAX } else { self.limit };
        let mut rows = Vec::new();
        let mut cursor = String::new();
        loop {
            let limit = left.min(200);
            let page = client.get(&format!("/approvals/history?limit={limit}{filter}{cursor}")).await?;
            let items = page["items"].as_array().map(Vec::as_slice).unwrap_or_default();
            left = left.saturating_sub(items.len());
            if self.client.json {
                let mut out = io::stdout().lock();
                items.iter().try_for_each(|item| writeln!(out, "{item}"))?;
            } else {
                rows.extend(items.iter().map(row));
            }
            match page["next_cursor"].as_str() {
                None => break,
                Some(_) if left == 0 => {
                    say("there is more; --all lists it");
                    break;
                }
                // A page may be short, or empty, without being the last.
                Some(next) => cursor = format!("&cursor={next}"),
            }
        }
        if !self.client.json {
            let head = ["ID", "ENDED AT", "OUTCOME", "BY", "TYPE", "RUN", "ASKED BY", "TITLE"];
            write!(io::stdout().lock(), "{}", table(head, rows))?;
        }
        Ok(())
    }

    async fn export(&self, client: &Client) -> anyhow::Result<()> {
        let filter = self.filter();
        let path = format!("/approvals/history?{}", filter.trim_start_matches('&'));
        let mut response = client.get_stream(&path, "text/csv").await?;
        loop {
            let piece = timeout(PIECE, response.chunk()).await;
            let piece =
                piece.map_err(|_| ClientError::trouble("nothing more came; the export is not whole"))?;
            let piece = piece.map_err(ClientError::from).context("the export broke off; it is not whole")?;
            let Some(piece) = piece else { return Ok(()) };
            let mut out = io::stdout().lock();
            out.write_all(&piece)?;
            out.flush()?;
        }
    }
}

fn row(item: &Value) -> [String; 8] {
    let resolution = field(item, "resolution");
    let status = field(item, "status");
    // How it ended says more than that it did.
    let outcome = match (status.as_str(), resolution.is_empty()) {
        ("resolved", false) => resolution,
        (_, false) => format!("{status}: {resolution}"),
        (_, true) => status,
    };
    [
        field(item, "id"),
        field(item, "resolved_at"),
        outcome,
        field(item, "resolved_by"),
        field(item, "approval_type"),
        field(item, "run_id"),
        field(item, "requested_by"),
        field(item, "title").replace('\n', " "),
    ]
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
