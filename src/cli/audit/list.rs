//! `signoff audit list`: the newest records that fit, of one workspace.

use chrono::{DateTime, Utc};
use clap::Args;
use sqlx::Connection;
use uuid::Uuid;

use crate::{
    cli::{
        argument,
        exit::Exit,
        operator,
        output::{Text, print},
    },
    store::audit::{self, AuditRecord, Filter},
};

/// More records than anybody reads at a terminal.
const MOST: u32 = 100_000;

#[derive(Args)]
pub struct List {
    #[arg(long)]
    workspace: String,
    /// For example `approval.resolved` (docs/audit.md has them all).
    #[arg(long)]
    action: Option<String>,
    /// Who did it, by name.
    #[arg(long)]
    actor: Option<String>,
    #[arg(long)]
    approval: Option<Uuid>,
    #[arg(long)]
    run: Option<String>,
    /// What it was done to, where that is no approval: a key's prefix, a name.
    #[arg(long)]
    subject: Option<String>,
    /// From then on, for example 2026-11-21T12:00:00Z, or 2026-11-21, which is the beginning of the day in UTC.
    #[arg(long, value_name = "TIME", value_parser = argument::moment)]
    from: Option<DateTime<Utc>>,
    /// Before then.
    #[arg(long, value_name = "TIME", value_parser = argument::moment)]
    to: Option<DateTime<Utc>>,
    /// How many, at most.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST)))]
    limit: u32,
    #[arg(long)]
    json: bool,
}

impl List {
    pub async fn run(self) -> anyhow::Result<Exit> {
        let mut conn = operator::connect().await?;
        let workspace = operator::workspace(&mut conn, &self.workspace).await?;
        let filter = Filter {
            action: self.action.as_deref(),
            actor: self.actor.as_deref(),
            approval: self.approval,
            run: self.run.as_deref(),
            subject: self.subject.as_deref(),
            from: self.from,
            to: self.to,
        };
        let most = usize::try_from(self.limit)?;
        let (mut listed, mut below) = (Vec::new(), None);
        while listed.len() < most {
            let limit = i64::try_from(most - listed.len())?;
            let page = audit::page(&mut conn, workspace, &filter, below, limit).await?;
            listed.extend(page.items);
            below = page.next;
            if below.is_none() {
                break;
            }
        }
        conn.close().await?;
        if self.json {
            print(&Text::json(&serde_json::to_string(&listed)?))?;
        } else {
            let head = ["POSITION", "AT", "ACTION", "OF", "BY", "VIA", "WITH"];
            print(&Text::table(head, listed.iter().map(row)))?;
        }
        Ok(Exit::Success)
    }
}

fn row(record: &AuditRecord) -> [String; 7] {
    let text = |text: Option<&String>| text.map_or("-", String::as_str).to_owned();
    let of = record.approval_id.map(|id| id.to_string());
    [
        record.position.map_or_else(|| "-".to_owned(), |position| position.to_string()),
        record.at.format("%F %T%.3f").to_string(),
        record.action.clone(),
        text(of.as_ref().or(record.subject.as_ref()).or(record.run_id.as_ref())),
        match (&record.actor, &record.on_behalf_of) {
            (Some(actor), Some(whom)) => format!("{actor} for {whom}"),
            (actor, _) => text(actor.as_ref()),
        },
        record.via.clone(),
        text(record.credential.as_ref()),
    ]
}
