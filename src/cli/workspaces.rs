//! `signoff workspaces`: straight on the database, for operators who can reach it.

use std::{cmp::Reverse, collections::HashMap};

use anyhow::Context;
use clap::{Args, Subcommand};
use serde::Serialize;
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use super::{
    exit::Exit,
    operator,
    output::{Text, print, print_done},
};
use crate::{
    domain::{delegation::Delegating, names::PrincipalName, patch::Patch},
    identity::workspaces as use_cases,
    store::{
        usage::{self, Holding},
        workspaces::{self, Settings, Workspace},
    },
};

#[derive(Args)]
pub struct Workspaces {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List workspaces and their settings.
    List {
        #[arg(long)]
        json: bool,
    },
    /// Show what each workspace holds on the disk, and has sent of events today: the largest first.
    ///
    /// What is held is estimated from some thousand pages of each table, indexes and all that goes with them included,
    /// so it takes no longer where there is much. A workspace that holds little may be missing from it.
    Usage {
        #[arg(long)]
        json: bool,
    },
    /// Make a workspace.
    Create {
        name: String,
        #[arg(long)]
        json: bool,
    },
    /// Change a workspace's settings; what is not named stays.
    Set {
        name: String,
        /// Whether approvals may be asked for that a timeout approves.
        #[arg(long, value_name = "BOOL")]
        allow_timeout_approve: Option<bool>,
        /// After how many days what has ended is deleted, its record apart; 0 for never.
        #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(i32).range(0..=36_500))]
        history_retention_days: Option<i32>,
        /// Whether people may let others sit in their seats: off; own (each for themselves); managed (who manages
        /// principals, for them).
        #[arg(long, value_name = "HOW", value_parser = delegating)]
        delegation: Option<Delegating>,
        #[arg(long)]
        json: bool,
    },
}

fn delegating(word: &str) -> Result<Delegating, String> {
    Delegating::from_word(word).ok_or_else(|| "must be one of off, own, managed".to_owned())
}

impl Workspaces {
    pub async fn run(self) -> anyhow::Result<Exit> {
        let mut conn = operator::connect().await?;
        match self.command {
            Command::List { json } => print(&listed(&workspaces::list(&mut conn).await?, json)?)?,
            Command::Usage { json } => usage(&mut conn, json).await?,
            Command::Create { name, json } => create(&mut conn, &name, json).await?,
            Command::Set { name, allow_timeout_approve, history_retention_days, delegation, json } => {
                let history_retention_days = match history_retention_days {
                    None => Patch::Keep,
                    Some(0) => Patch::Clear,
                    Some(days) => Patch::Set(days),
                };
                let settings = Settings {
                    allow_timeout_approve,
                    history_retention_days,
                    delegation,
                    ..Settings::default()
                };
                set(&mut conn, &name, settings, json).await?;
            }
        }
        conn.close().await?;
        Ok(Exit::Success)
    }
}

/// One workspace's, in bytes.
#[derive(Serialize)]
struct Used {
    workspace: String,
    events_today: i64,
    events: i64,
    approvals: i64,
    records: i64,
}

impl Used {
    fn held(&self) -> i64 {
        self.events.saturating_add(self.approvals).saturating_add(self.records)
    }
}

async fn usage(conn: &mut PgConnection, json: bool) -> anyhow::Result<()> {
    let mut measuring = operator::connect_to_measure().await?;
    let held: HashMap<Uuid, Holding> =
        usage::holdings(&mut measuring).await?.into_iter().map(|it| (it.workspace_id, it)).collect();
    measuring.close().await?;
    let today: HashMap<Uuid, i64> = usage::today(conn).await?.into_iter().collect();
    let used = |Workspace { id, name, .. }: Workspace| {
        let held = held.get(&id);
        Used {
            workspace: name,
            events_today: today.get(&id).copied().unwrap_or_default(),
            events: held.map_or(0, |it| it.events),
            approvals: held.map_or(0, |it| it.approvals),
            records: held.map_or(0, |it| it.records),
        }
    };
    let mut all: Vec<Used> = workspaces::list(conn).await?.into_iter().map(used).collect();
    all.sort_by_key(|it| Reverse((it.held(), it.events_today)));
    if json {
        return Ok(print(&Text::json(&serde_json::to_string(&all)?))?);
    }
    let rows = all.iter().map(|it| {
        let Used { workspace, events_today, events, approvals, records } = it;
        let [held, events, approvals, records, events_today] =
            [it.held(), *events, *approvals, *records, *events_today].map(mebibytes);
        [workspace.clone(), held, events, approvals, records, events_today]
    });
    let columns = ["NAME", "HOLDS MIB", "EVENTS", "APPROVALS", "RECORDS", "EVENTS SENT TODAY"];
    Ok(print(&Text::table(columns, rows))?)
}

/// With one digit behind the point.
fn mebibytes(bytes: i64) -> String {
    let tenths = bytes.saturating_mul(10) / (1024 * 1024);
    format!("{}.{}", tenths / 10, tenths % 10)
}

async fn create(conn: &mut PgConnection, name: &str, json: bool) -> anyhow::Result<()> {
    let name = PrincipalName::new(name).context("the name")?;
    let origin = operator::origin();
    let make =
        async |conn: &mut PgConnection| Ok(Ok(use_cases::ensure(conn, &operator::by(&origin), &name).await?));
    let (workspace, is_new) = operator::transact(conn, make).await?;
    anyhow::ensure!(is_new, "there is a workspace {name} already");
    show(&workspace, json)
}

async fn set(conn: &mut PgConnection, name: &str, settings: Settings, json: bool) -> anyhow::Result<()> {
    let id = operator::workspace(conn, name).await?;
    let origin = operator::origin();
    let set =
        async |conn: &mut PgConnection| use_cases::update(conn, &operator::by(&origin), id, settings).await;
    let workspace = operator::transact(conn, set).await?;
    show(&workspace, json)
}

/// What has been changed, as it is now.
fn show(changed: &Workspace, json: bool) -> anyhow::Result<()> {
    print_done(&listed(std::slice::from_ref(changed), json)?)
}

fn listed(all: &[Workspace], json: bool) -> anyhow::Result<Text> {
    if json {
        return Ok(Text::json(&serde_json::to_string(all)?));
    }
    let rows = all.iter().map(|it| {
        [
            it.name.clone(),
            it.id.to_string(),
            it.allow_timeout_approve.to_string(),
            it.history_retention_days.map_or_else(|| "for ever".to_owned(), |days| format!("{days} d")),
            it.delegation.clone(),
            it.created_at.format("%F %T").to_string(),
        ]
    });
    Ok(Text::table(["NAME", "ID", "TIMEOUT MAY APPROVE", "KEEPS HISTORY", "DELEGATION", "CREATED"], rows))
}
