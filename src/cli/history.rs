//! `signoff history`: what has ended, searched, listed and exported.

use std::{io::Write, time::Duration};

use anyhow::Context;
use chrono::{DateTime, SecondsFormat, Utc};
use clap::Args;
use serde_json::Value;
use tokio::time::timeout;

use super::{
    answer::Page,
    argument,
    client::{Client, ClientArgs, path_segment},
    exit::Exit,
    failure::ClientError,
    output::{Stream, Text, Unprinted, field, page, print, say},
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
    /// Outcomes from this time on: 2026-11-21T12:00:00Z, or 2026-11-21, which is the beginning of the day in UTC.
    #[arg(long, value_name = "TIME", value_parser = argument::moment)]
    from: Option<DateTime<Utc>>,
    /// Outcomes before this time.
    #[arg(long, value_name = "TIME", value_parser = argument::moment)]
    to: Option<DateTime<Utc>>,
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
  signoff history --search 'deploy prod' --from 2026-11-01 --all --json | jq -r .title
  signoff history --csv --from 2026-10-01 --to 2026-11-01 > october.csv";

impl History {
    pub async fn run(self) -> anyhow::Result<Exit> {
        let client = self.client.client()?;
        if self.csv {
            self.export(&client).await?;
        } else {
            self.list(&client).await?;
        }
        Ok(Exit::Success)
    }

    /// What is asked for, as a query.
    fn filter(&self) -> String {
        let time = |at: &Option<DateTime<Utc>>| at.map(|at| at.to_rfc3339_opts(SecondsFormat::AutoSi, true));
        let filters = [
            ("run_id", self.run.clone()),
            ("status", self.status.clone()),
            ("resolution", self.resolution.clone()),
            ("requested_by", self.requested_by.clone()),
            ("decided_by", self.decided_by.clone()),
            ("from", time(&self.from)),
            ("to", time(&self.to)),
            ("q", self.search.clone()),
        ];
        let given = filters.into_iter().filter_map(|(name, value)| Some((name, value?)));
        given.fold(String::new(), |query, (name, value)| query + "&" + name + "=" + &path_segment(&value))
    }

    async fn list(&self, client: &Client) -> anyhow::Result<()> {
        let filter = self.filter();
        let mut left = if self.all { usize::MAX } else { self.limit };
        let mut rows = Vec::new();
        let mut cursor = String::new();
        loop {
            let limit = left.min(200);
            let page: Page =
                client.get_as(&format!("/approvals/history?limit={limit}{filter}{cursor}")).await?;
            left = left.saturating_sub(page.items.len());
            if self.client.json {
                page.items.iter().try_for_each(|item| print(&Text::json_line(item.text())))?;
            } else {
                rows.extend(page.items.iter().map(|item| row(item)));
            }
            match page.next_cursor {
                None => break,
                Some(_) if left == 0 => {
                    say("there is more; --all lists it");
                    break;
                }
                // A page may be short, or empty, without being the last.
                Some(next) => cursor = format!("&cursor={}", path_segment(&next)),
            }
        }
        if !self.client.json {
            let head = ["ID", "ENDED AT", "OUTCOME", "BY", "TYPE", "RUN", "ASKED BY", "TITLE"];
            print(&Text::table(head, rows))?;
        }
        Ok(())
    }

    async fn export(&self, client: &Client) -> anyhow::Result<()> {
        let filter = self.filter();
        let path = format!("/approvals/history?{}", filter.trim_start_matches('&'));
        let mut response = client.get_stream(&path, "text/csv").await?;
        let mut out = Stream::to_stdout();
        loop {
            let piece = timeout(PIECE, response.chunk()).await;
            let piece =
                piece.map_err(|_| ClientError::trouble("nothing more came; the export is not whole"))?;
            let piece = piece.map_err(ClientError::from).context("the export broke off; it is not whole")?;
            let Some(piece) = piece else { return Ok(()) };
            out.write_all(&piece).and_then(|()| out.flush()).map_err(Unprinted::from)?;
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
        page::by(item, ["resolved_by", "resolved_for"]),
        field(item, "approval_type"),
        field(item, "run_id"),
        field(item, "requested_by"),
        field(item, "title"),
    ]
}
