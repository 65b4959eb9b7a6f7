//! `signoff roles`: straight on the database, for operators who can reach it.

use anyhow::Context;
use clap::{Args, Subcommand};
use serde_json::json;
use sqlx::{Connection, PgConnection};

use super::{
    exit::Exit,
    operator,
    output::{Text, print, print_done},
};
use crate::{
    auth::{Permission, role::BUILT_IN},
    domain::names::CallerName,
    identity::roles::{self as use_cases, Wanted},
    store::roles,
};

#[derive(Args)]
pub struct Roles {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List roles: those that are built in, and with --workspace its own.
    List {
        #[arg(long)]
        workspace: Option<String>,
        #[arg(long)]
        json: bool,
    },
    /// Make a role, or change what it allows: at once, for everybody who has it.
    Put {
        /// 1 to 200 of A-Z a-z 0-9 . _ : -
        name: String,
        #[arg(long)]
        workspace: String,
        /// What it allows, separated by commas.
        #[arg(long, value_delimiter = ',', required = true)]
        permissions: Vec<String>,
        /// What it is for, in words.
        #[arg(long)]
        description: Option<String>,
    },
    /// Delete a role. Principals and keys keep its name, which allows nothing then.
    Delete {
        name: String,
        #[arg(long)]
        workspace: String,
    },
}

impl Roles {
    pub async fn run(self) -> anyhow::Result<Exit> {
        let mut conn = operator::connect().await?;
        match self.command {
            Command::List { workspace, json } => list(&mut conn, workspace.as_deref(), json).await?,
            Command::Put { name, workspace, permissions, description } => {
                let name = CallerName::new(&name).context("the name")?;
                let wanted = Wanted { name, description, permissions };
                let id = operator::workspace(&mut conn, &workspace).await?;
                let origin = operator::origin();
                let put = async |conn: &mut PgConnection| {
                    use_cases::put(conn, &operator::by(&origin), id, &wanted).await
                };
                operator::transact(&mut conn, put).await?;
                let allowed = wanted.permissions.join(", ");
                print_done(&Text::line(&format!("{} allows {allowed}", wanted.name)))?;
            }
            Command::Delete { name, workspace } => {
                let id = operator::workspace(&mut conn, &workspace).await?;
                let origin = operator::origin();
                let delete = async |conn: &mut PgConnection| {
                    use_cases::delete(conn, &operator::by(&origin), id, &name).await
                };
                operator::transact(&mut conn, delete).await?;
                print_done(&Text::line(&format!("deleted {name}")))?;
            }
        }
        conn.close().await?;
        Ok(Exit::Success)
    }
}

async fn list(conn: &mut PgConnection, workspace: Option<&str>, json: bool) -> anyhow::Result<()> {
    let own = match workspace {
        Some(name) => {
            let id = operator::workspace(conn, name).await?;
            roles::list(conn, id).await?
        }
        None => Vec::new(),
    };
    if json {
        let built_in = BUILT_IN.iter().map(|it| {
            let permissions: Vec<&str> = it.permissions.iter().map(|it| it.as_str()).collect();
            json!({ "name": it.name, "description": it.meaning, "permissions": permissions, "built_in": true })
        });
        let own = own.iter().map(|it| {
            json!({
                "name": it.name, "description": it.description, "permissions": it.permissions, "built_in": false,
            })
        });
        let all: serde_json::Value = built_in.chain(own).collect();
        print(&Text::json(&all.to_string()))?;
        return Ok(());
    }
    let names =
        |permissions: &[Permission]| permissions.iter().map(|it| it.as_str()).collect::<Vec<_>>().join(",");
    let built_in =
        BUILT_IN.iter().map(|it| [it.name.to_owned(), "built in".to_owned(), names(it.permissions)]);
    let own = own.into_iter().map(|it| [it.name, "own".to_owned(), it.permissions.join(",")]);
    print(&Text::table(["NAME", "KIND", "ALLOWS"], built_in.chain(own)))?;
    Ok(())
}
