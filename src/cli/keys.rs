//! `signoff keys`: straight on the database, for whoever can reach it.

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use serde_json::json;
use sqlx::{Connection, PgConnection};

use super::{exit::Exit, operator, output::table};
use crate::{
    auth::{
        key::ApiKey,
        permission::{MEMBER, Permission},
    },
    domain::{ids::KeyId, names::PrincipalName},
    store::{
        audit,
        keys::{self, NewKey},
    },
};

#[derive(Args)]
pub struct Keys {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make a key, and the workspace and principal where they are new. Prints the key alone: it is shown this once.
    Create {
        /// The tenant's name.
        #[arg(long)]
        workspace: String,
        /// Who acts with it: a person's or a service's name, as policies name approvers.
        #[arg(long)]
        principal: String,
        /// What it allows, separated by commas; without any: all that a member of a team needs.
        #[arg(long, value_delimiter = ',', long_help = permissions_help())]
        permissions: Vec<String>,
        /// Print an object with the key and what it is for.
        #[arg(long)]
        json: bool,
    },
    /// List keys (never their secrets).
    List {
        /// Only those of one workspace.
        #[arg(long)]
        workspace: Option<String>,
        #[arg(long)]
        json: bool,
    },
    /// Revoke a key; every instance refuses it within 5 seconds.
    Revoke {
        /// The part between `so_` and the second underscore (a whole key is understood too).
        prefix: String,
    },
}

fn permissions_help() -> String {
    let lines = Permission::ALL.iter().map(|it| format!("\n  {:<22} {}", it.as_str(), it.meaning()));
    let member: Vec<&str> = MEMBER.iter().map(|it| it.as_str()).collect();
    format!(
        "What it allows, separated by commas:{}\n\nWithout any: {}",
        lines.collect::<String>(),
        member.join(", ")
    )
}

impl Keys {
    pub async fn run(self) -> anyhow::Result<Exit> {
        let mut conn = operator::connect().await?;
        match self.command {
            Command::Create { workspace, principal, permissions, json } => {
                create(&mut conn, &workspace, &principal, permissions, json).await?;
            }
            Command::List { workspace, json } => list(&mut conn, workspace.as_deref(), json).await?,
            Command::Revoke { prefix } => revoke(&mut conn, &prefix).await?,
        }
        conn.close().await?;
        Ok(Exit::Success)
    }
}

async fn create(
    conn: &mut PgConnection,
    workspace: &str,
    principal: &str,
    mut permissions: Vec<String>,
    json: bool,
) -> anyhow::Result<()> {
    let workspace_name = PrincipalName::new(workspace).context("--workspace")?;
    let principal_name = PrincipalName::new(principal).context("--principal")?;
    if permissions.is_empty() {
        permissions = MEMBER.iter().map(|it| it.as_str().to_owned()).collect();
    }
    for name in &permissions {
        let known: Vec<&str> = Permission::ALL.iter().map(|it| it.as_str()).collect();
        if !known.contains(&name.as_str()) {
            bail!("{name:?} is no permission; there are: {}", known.join(", "));
        }
    }
    let key = ApiKey::generate();
    let mut transaction = conn.begin().await?;
    let workspace = keys::ensure_workspace(&mut transaction, &workspace_name).await?;
    let principal = keys::ensure_principal(&mut transaction, workspace, &principal_name).await?;
    let new = NewKey {
        id: KeyId::generate(),
        workspace,
        principal,
        prefix: &key.prefix,
        secret_hash: key.hash(),
        permissions: &permissions,
    };
    keys::insert(&mut transaction, &new).await?;
    let detail = json!({ "prefix": key.prefix, "principal": principal_name, "permissions": permissions });
    record(&mut transaction, workspace, "key.created", detail).await?;
    transaction.commit().await?;
    if json {
        let made = json!({
            "key": key.reveal(), "prefix": key.prefix, "workspace": workspace_name, "workspace_id": workspace,
            "principal": principal_name, "principal_id": principal, "permissions": permissions,
        });
        println!("{made}");
    } else {
        println!("{}", key.reveal());
    }
    Ok(())
}

async fn record(
    conn: &mut PgConnection,
    workspace: crate::domain::ids::WorkspaceId,
    action: &'static str,
    detail: serde_json::Value,
) -> anyhow::Result<()> {
    let entry =
        audit::Entry { workspace, action, run: None, actor: None, via: "operator", request_id: None, detail };
    Ok(audit::append(conn, entry).await?)
}

async fn list(conn: &mut PgConnection, workspace: Option<&str>, json: bool) -> anyhow::Result<()> {
    let listed = keys::list(conn, workspace).await?;
    if json {
        println!("{}", serde_json::to_string(&listed)?);
        return Ok(());
    }
    let rows = listed.into_iter().map(|key| {
        let state =
            key.revoked_at.map_or_else(|| "valid".to_owned(), |at| format!("revoked {}", at.format("%F %T")));
        [key.prefix, key.workspace, key.principal, state, key.permissions.join(",")]
    });
    print!("{}", table(["PREFIX", "WORKSPACE", "PRINCIPAL", "STATE", "PERMISSIONS"], rows));
    Ok(())
}

async fn revoke(conn: &mut PgConnection, given: &str) -> anyhow::Result<()> {
    let whole = ApiKey::parse(given).map(|key| key.prefix);
    let prefix = whole.as_deref().unwrap_or(given);
    let mut transaction = conn.begin().await?;
    let Some(workspace) = keys::revoke(&mut transaction, prefix).await? else {
        bail!("no valid key has the prefix {prefix:?}; `signoff keys list` shows them");
    };
    record(&mut transaction, workspace, "key.revoked", json!({ "prefix": prefix })).await?;
    transaction.commit().await?;
    println!("revoked {prefix}");
    Ok(())
}
