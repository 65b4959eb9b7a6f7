//! `signoff audit`: straight on the database, for operators who can reach it; `verify` also on an export, without one.

mod key;
mod list;
mod verify;

use std::io::{BufWriter, Write};

use clap::{Args, Subcommand};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use super::{
    exit::Exit,
    operator,
    output::{Stream, Text, Unprinted, done, print},
};
use crate::audit::{checkpoints::make_page, export};

#[derive(Args)]
pub struct Audit {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List records, newest first.
    List(list::List),
    /// Look whether the record still is what it was. Exit codes: 0 whole, 1 broken.
    Verify(verify::Verify),
    /// Write a workspace's chain as JSON Lines, fit to be verified elsewhere.
    Export {
        #[arg(long)]
        workspace: String,
        /// The first position.
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(i64).range(1..))]
        from: i64,
        /// The last position; without it, or where the chain ends before, to the end.
        #[arg(long, value_parser = clap::value_parser!(i64).range(1..))]
        to: Option<i64>,
    },
    /// Sign where chains stand now. Keeps the checkpoint in the database, and prints it, to be kept elsewhere.
    Checkpoint {
        /// Only of one workspace.
        #[arg(long)]
        workspace: Option<String>,
        #[command(flatten)]
        key: key::KeyArgs,
    },
    /// Print the public key that belongs to the key that signs checkpoints.
    Key(key::KeyArgs),
}

impl Audit {
    pub async fn run(self) -> anyhow::Result<Exit> {
        match self.command {
            Command::List(list) => list.run().await,
            Command::Verify(verify) => verify.run().await,
            Command::Export { workspace, from, to } => export(&workspace, from, to).await,
            Command::Checkpoint { workspace, key } => checkpoint(workspace.as_deref(), &key).await,
            Command::Key(key) => {
                print(&Text::to_copy(&key.signer()?.public_key().to_string()))?;
                Ok(Exit::Success)
            }
        }
    }
}

async fn export(workspace: &str, from: i64, to: Option<i64>) -> anyhow::Result<Exit> {
    let mut conn = operator::connect().await?;
    let id = operator::workspace(&mut conn, workspace).await?;
    let mut out = BufWriter::new(Stream::to_stdout());
    match export::write(&mut conn, (id, workspace), (from, to), &mut out).await {
        Err(export::Error::Io(error)) => Err(Unprinted::from(error))?,
        result => result?,
    }
    out.flush().map_err(Unprinted::from)?;
    conn.close().await?;
    Ok(Exit::Success)
}

async fn checkpoint(workspace: Option<&str>, key: &key::KeyArgs) -> anyhow::Result<Exit> {
    let signer = key.signer()?;
    let mut conn = operator::connect().await?;
    let workspace = match workspace {
        Some(name) => Some(operator::workspace(&mut conn, name).await?.0),
        None => None,
    };
    let mut after = Some(Uuid::nil());
    let mut any = false;
    while let Some(behind) = after {
        let mut transaction = conn.begin().await?;
        let conn: &mut PgConnection = &mut transaction;
        let (made, next) = make_page(conn, &signer, (workspace, None), behind).await?;
        transaction.commit().await?;
        for checkpoint in &made {
            let json = serde_json::to_string(checkpoint)?;
            done(print(&Text::json(&json)), &format!("the checkpoint {json} is kept in the database"))?;
        }
        any |= !made.is_empty();
        after = next;
    }
    anyhow::ensure!(any, "nothing is linked yet: a record is, within a second, while an instance runs");
    conn.close().await?;
    Ok(Exit::Success)
}
