//! `signoff principals`: straight on the database, for operators who can reach it.

use anyhow::Context;
use clap::{Args, Subcommand};
use sqlx::{Connection, PgConnection};

use super::{
    exit::Exit,
    keys::Kind,
    operator,
    output::{Text, print, print_done},
};
use crate::{
    domain::{ids::WorkspaceId, names::PrincipalName, patch::Patch},
    identity::principals::{self as use_cases, Changes},
    store::principals::{self, Principal, Who},
};

/// More principals than anybody lists at a terminal.
const MOST: i64 = 100_000;

#[derive(Args)]
pub struct Principals {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List principals.
    List {
        #[arg(long)]
        workspace: String,
        #[arg(long)]
        json: bool,
    },
    /// Add a principal.
    Create {
        #[command(flatten)]
        who: Named,
        #[command(flatten)]
        profile: ProfileArgs,
    },
    /// Change a principal; what is not named stays.
    Set {
        #[command(flatten)]
        who: Named,
        #[command(flatten)]
        profile: ProfileArgs,
    },
    /// Refuse everything a principal comes with: within 5 seconds everywhere, its sockets closed within 60.
    Disable {
        #[command(flatten)]
        who: Named,
    },
    /// Let a disabled principal in again.
    Enable {
        #[command(flatten)]
        who: Named,
    },
    /// Bind a person to another account at the issuer than the one that they came with first. Tokens and browser
    /// sessions of that one go on until they end.
    Bind {
        #[command(flatten)]
        who: Named,
        /// The issuer's URL, as it stands in its tokens.
        #[arg(long)]
        issuer: String,
        /// `sub` of the account's tokens.
        #[arg(long)]
        subject: String,
    },
}

#[derive(Args)]
struct Named {
    /// As policies name it.
    name: String,
    #[arg(long)]
    workspace: String,
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
struct ProfileArgs {
    #[arg(long, value_enum)]
    kind: Option<Kind>,
    /// How it is shown; empty takes it away.
    #[arg(long)]
    display_name: Option<String>,
    /// Where mail goes; empty takes it away.
    #[arg(long)]
    email: Option<String>,
    /// Roles, separated by commas, instead of those it has. What its keys allow is theirs alone.
    #[arg(long, value_delimiter = ',')]
    roles: Option<Vec<String>>,
    /// Groups, separated by commas, instead of those it is in.
    #[arg(long, value_delimiter = ',')]
    groups: Option<Vec<String>>,
    /// Their account in Slack, as TEAM/USER (T0123ABCD/U0456EFGH); empty takes it away.
    #[arg(long, value_name = "TEAM/USER")]
    slack: Option<String>,
}

impl ProfileArgs {
    fn changes(self) -> Changes {
        let given = |list: Vec<String>| list.into_iter().filter(|it| !it.is_empty()).collect();
        Changes {
            kind: self.kind.map(Kind::as_str),
            display_name: patch(self.display_name),
            email: patch(self.email),
            roles: self.roles.map(given),
            groups: self.groups.map(given),
            slack: patch(self.slack),
            is_disabled: None,
        }
    }
}

/// Empty takes it away.
fn patch(given: Option<String>) -> Patch<String> {
    match given {
        None => Patch::Keep,
        Some(text) if text.is_empty() => Patch::Clear,
        Some(text) => Patch::Set(text),
    }
}

impl Principals {
    pub async fn run(self) -> anyhow::Result<Exit> {
        let mut conn = operator::connect().await?;
        match self.command {
            Command::List { workspace, json } => {
                let id = operator::workspace(&mut conn, &workspace).await?;
                print(&listed(&principals::list(&mut conn, id, None, MOST).await?, json)?)?;
            }
            Command::Create { who, profile } => {
                let name = PrincipalName::new(&who.name).context("the name")?;
                let id = operator::workspace(&mut conn, &who.workspace).await?;
                let changes = profile.changes();
                let origin = operator::origin();
                let create = async |conn: &mut PgConnection| {
                    use_cases::create(conn, &operator::by(&origin), id, &name, changes).await
                };
                let made = operator::transact(&mut conn, create).await?;
                show(&made, who.json)?;
            }
            Command::Set { who, profile } => change(&mut conn, who, profile.changes()).await?,
            Command::Disable { who } => change(&mut conn, who, disabled(true)).await?,
            Command::Enable { who } => change(&mut conn, who, disabled(false)).await?,
            Command::Bind { who, issuer, subject } => bind(&mut conn, who, (&issuer, &subject)).await?,
        }
        conn.close().await?;
        Ok(Exit::Success)
    }
}

fn disabled(is_disabled: bool) -> Changes {
    Changes { is_disabled: Some(is_disabled), ..Changes::default() }
}

async fn change(conn: &mut PgConnection, who: Named, changes: Changes) -> anyhow::Result<()> {
    let name = PrincipalName::new(&who.name).context("the name")?;
    let id: WorkspaceId = operator::workspace(conn, &who.workspace).await?;
    let origin = operator::origin();
    let update = async |conn: &mut PgConnection| {
        use_cases::update(conn, &operator::by(&origin), id, Who::Name(&name), changes).await
    };
    let after = operator::transact(conn, update).await?;
    show(&after, who.json)
}

async fn bind(conn: &mut PgConnection, who: Named, to: (&str, &str)) -> anyhow::Result<()> {
    let name = PrincipalName::new(&who.name).context("the name")?;
    let id: WorkspaceId = operator::workspace(conn, &who.workspace).await?;
    let origin = operator::origin();
    let bind = async |conn: &mut PgConnection| {
        use_cases::bind(conn, &operator::by(&origin), id, Who::Name(&name), to).await
    };
    let after = operator::transact(conn, bind).await?;
    show(&after, who.json)
}

/// What has been changed, as it is now.
fn show(changed: &Principal, json: bool) -> anyhow::Result<()> {
    print_done(&listed(std::slice::from_ref(changed), json)?)
}

fn listed(all: &[Principal], json: bool) -> anyhow::Result<Text> {
    if json {
        return Ok(Text::json(&serde_json::to_string(all)?));
    }
    let rows = all.iter().map(|it| {
        let state = it
            .disabled_at
            .map_or_else(|| "enabled".to_owned(), |at| format!("disabled {}", at.format("%F %T")));
        let both = |given: &[String], claimed: &[String]| -> String {
            let claimed = claimed.iter().map(|name| format!("{name} (claimed)"));
            given.iter().cloned().chain(claimed).collect::<Vec<String>>().join(",")
        };
        [
            it.name.clone(),
            it.kind.clone(),
            state,
            it.display_name.clone().unwrap_or_default(),
            it.email.clone().unwrap_or_default(),
            both(&it.roles, &it.claimed_roles),
            both(&it.groups, &it.claimed_groups),
            it.slack.clone().unwrap_or_default(),
            it.id.to_string(),
        ]
    });
    Ok(Text::table(["NAME", "KIND", "STATE", "SHOWN AS", "E-MAIL", "ROLES", "GROUPS", "SLACK", "ID"], rows))
}
