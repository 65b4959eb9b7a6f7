//! `signoff keys`: straight on the database, for operators who can reach it.

use std::time::Duration;

use anyhow::{Context, anyhow};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

use super::{
    argument,
    exit::Exit,
    operator,
    output::{Text, Unprinted, print, print_done},
};
use crate::{
    auth::{
        key::ApiKey,
        permission::Permission,
        role::{BUILT_IN, MEMBER},
    },
    domain::names::PrincipalName,
    identity::{
        grants::Grants,
        keys::{self as use_cases, Made, Wanted},
        workspaces,
    },
    store::keys,
};

/// More keys than anybody lists at a terminal.
const MOST: i64 = 100_000;

#[derive(Args)]
pub struct Keys {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make a key, and the workspace and principal where they are new. Prints the key alone: it is shown this once.
    Create(Create),
    /// List keys (never their secrets).
    List {
        /// Only those of one workspace.
        #[arg(long)]
        workspace: Option<String>,
        /// Only those of one principal.
        #[arg(long)]
        principal: Option<String>,
        #[arg(long)]
        json: bool,
    },
    /// Make a successor that allows the same, and print it alone. The old key stays good for a while.
    Rotate {
        /// The part between `so_` and the second underscore (a whole key is understood too).
        prefix: String,
        /// How long the old key stays good, for example 90s, 30m, 24h or 7d.
        #[arg(long, default_value = "1h", value_parser = argument::duration)]
        overlap: Duration,
        #[arg(long)]
        json: bool,
    },
    /// Revoke a key; every instance refuses it within 5 seconds, its sockets are closed within 60.
    Revoke {
        /// The part between `so_` and the second underscore (a whole key is understood too).
        prefix: String,
    },
}

#[derive(Args)]
struct Create {
    /// The tenant's name.
    #[arg(long)]
    workspace: String,
    /// Who acts with it: a person's or a service's name, as policies name approvers.
    #[arg(long)]
    principal: String,
    /// What the principal is, where it is new. If nothing is said, it is a person where the key allows to decide, and a
    /// service otherwise. A service decides only where a policy says so.
    #[arg(long, value_enum)]
    kind: Option<Kind>,
    /// What it allows, separated by commas; without any permission or role: all that a member of a team needs.
    #[arg(long, value_delimiter = ',', long_help = permissions_help())]
    permissions: Vec<String>,
    /// Roles that it has, separated by commas.
    #[arg(long, value_delimiter = ',', long_help = roles_help())]
    roles: Vec<String>,
    /// How long it is good, for example 12h or 90d; without it, until it is revoked.
    #[arg(long, value_parser = argument::duration)]
    expires_in: Option<Duration>,
    /// What it is for, in words.
    #[arg(long)]
    label: Option<String>,
    /// Print an object with the key and what it is for.
    #[arg(long)]
    json: bool,
}

/// What a principal is.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Kind {
    Person,
    Service,
}

impl Kind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Service => "service",
        }
    }
}

fn permissions_help() -> String {
    let lines = Permission::ALL.iter().map(|it| format!("\n  {:<22} {}", it.as_str(), it.meaning()));
    format!(
        "What it allows, separated by commas:{}\n\nWithout any permission or role: the role {MEMBER}.",
        lines.collect::<String>()
    )
}

fn roles_help() -> String {
    let lines = BUILT_IN.iter().map(|it| format!("\n  {:<10} {}", it.name, it.meaning));
    format!(
        "Roles that it has, separated by commas. Built in:{}\n\nA workspace may have others: `signoff roles list`.",
        lines.collect::<String>()
    )
}

impl Keys {
    pub async fn run(self) -> anyhow::Result<Exit> {
        let mut conn = operator::connect().await?;
        match self.command {
            Command::Create(create) => create.run(&mut conn).await?,
            Command::List { workspace, principal, json } => {
                list(&mut conn, workspace.as_deref(), principal.as_deref(), json).await?;
            }
            Command::Rotate { prefix, overlap, json } => rotate(&mut conn, &prefix, overlap, json).await?,
            Command::Revoke { prefix } => revoke(&mut conn, &prefix).await?,
        }
        conn.close().await?;
        Ok(Exit::Success)
    }
}

impl Create {
    async fn run(self, conn: &mut PgConnection) -> anyhow::Result<()> {
        let workspace_name = PrincipalName::new(&self.workspace).context("--workspace")?;
        let principal = PrincipalName::new(&self.principal).context("--principal")?;
        let origin = operator::origin();
        let (made, workspace) = operator::transact(conn, async |conn| {
            let by = operator::by(&origin);
            let (workspace, _) = workspaces::ensure(conn, &by, &workspace_name).await?;
            let wanted = Wanted {
                workspace: crate::domain::ids::WorkspaceId(workspace.id),
                principal: principal.clone(),
                kind: self.kind.map(Kind::as_str),
                label: self.label,
                grants: Grants { permissions: self.permissions, roles: self.roles },
                valid_for: self.expires_in,
            };
            Ok(use_cases::create(conn, &by, wanted).await?.map(|made| (made, workspace)))
        })
        .await?;
        let Made { key, principal: principal_id, grants, expires_at, .. } = made;
        let described = self.json.then(|| {
            json!({
                "key": key.reveal(), "prefix": key.prefix, "workspace": workspace.name,
                "workspace_id": workspace.id, "principal": principal, "principal_id": principal_id,
                "permissions": grants.permissions, "roles": grants.roles, "expires_at": expires_at,
            })
        });
        show_key(&key, described)
    }
}

/// A key is shown this once. One that nobody has seen is of no use, and good all the same.
fn show_key(key: &ApiKey, described: Option<Value>) -> anyhow::Result<()> {
    print(&key_text(key, described)).map_err(|unprinted| {
        let why = match unprinted {
            Unprinted::Closed => anyhow!("nobody reads standard output"),
            failed @ Unprinted::Failed(_) => failed.into(),
        };
        let prefix = &key.prefix;
        why.context(format!(
            "the key {prefix} was made and could not be shown: `signoff keys revoke {prefix}`, and make another"
        ))
    })
}

fn key_text(key: &ApiKey, described: Option<Value>) -> Text {
    match described {
        Some(described) => Text::json(&described.to_string()),
        None => Text::to_copy(&key.reveal()),
    }
}

async fn list(
    conn: &mut PgConnection,
    workspace: Option<&str>,
    principal: Option<&str>,
    json: bool,
) -> anyhow::Result<()> {
    let workspace = match workspace {
        Some(name) => Some(operator::workspace(conn, name).await?),
        None => None,
    };
    let listed = keys::list(conn, workspace, principal, None, MOST).await?;
    if json {
        print(&Text::json(&serde_json::to_string(&listed)?))?;
        return Ok(());
    }
    let day = |at: Option<chrono::DateTime<chrono::Utc>>| {
        at.map_or_else(|| "-".to_owned(), |at| at.format("%F %T").to_string())
    };
    let rows = listed.into_iter().map(|key| {
        let state = match (key.revoked_at, &key.rotated_to) {
            (Some(at), _) => format!("revoked {}", at.format("%F %T")),
            (None, Some(successor)) => format!("rotated to {successor}"),
            (None, None) => "valid".to_owned(),
        };
        let roles = key.roles.iter().map(|role| format!("@{role}"));
        let allows: Vec<String> = roles.chain(key.permissions).collect();
        [
            key.prefix,
            key.workspace,
            key.principal,
            state,
            day(key.expires_at),
            day(key.last_used_at),
            allows.join(","),
        ]
    });
    print(&Text::table(
        ["PREFIX", "WORKSPACE", "PRINCIPAL", "STATE", "EXPIRES", "LAST USED", "ALLOWS"],
        rows,
    ))?;
    Ok(())
}

/// Of what was given: a prefix, or by mistake or convenience a whole key.
fn prefix_of(given: &str) -> String {
    ApiKey::parse(given).map_or_else(|| given.to_owned(), |key| key.prefix)
}

async fn rotate(conn: &mut PgConnection, given: &str, overlap: Duration, json: bool) -> anyhow::Result<()> {
    let prefix = prefix_of(given);
    let origin = operator::origin();
    let rotate = async |conn: &mut PgConnection| {
        use_cases::rotate(conn, &operator::by(&origin), None, &prefix, overlap).await
    };
    let made = operator::transact(conn, rotate).await.with_context(|| format!("the key {prefix:?}"))?;
    let described = json.then(|| {
        json!({
            "key": made.key.reveal(), "prefix": made.key.prefix, "expires_at": made.expires_at, "rotated": prefix,
        })
    });
    show_key(&made.key, described)
}

async fn revoke(conn: &mut PgConnection, given: &str) -> anyhow::Result<()> {
    let prefix = prefix_of(given);
    let known = keys::get(conn, &prefix).await?.is_some_and(|key| key.revoked_at.is_none());
    anyhow::ensure!(known, "no valid key has the prefix {prefix:?}; `signoff keys list` shows them");
    let origin = operator::origin();
    operator::transact(conn, async |conn| {
        use_cases::revoke(conn, &operator::by(&origin), None, &prefix).await
    })
    .await?;
    print_done(&Text::line(&format!("revoked {prefix}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_whole_on_a_narrow_terminal() {
        let key = ApiKey::generate();
        assert_eq!(key_text(&key, None).shown_at(Some(30)), key.reveal() + "\n");
    }
}
