//! Commands for operators go to the database, not through the API: they work before there is a key, and when no
//! instance runs.

use std::env;

use anyhow::{Context, anyhow};
use secrecy::ExposeSecret;
use sqlx::{Connection, PgConnection};

use crate::{
    app::database_options,
    config::database_url,
    domain::{credential::Origin, ids::WorkspaceId, names::PrincipalName},
    identity::{Attempted, By},
    store::{session, workspaces},
};

/// A connection in the role that may administer workspaces, and nothing else.
pub async fn connect() -> anyhow::Result<PgConnection> {
    connect_as("signoff_operator").await
}

/// A connection in the role of sweeps, which may see how much there is of what, of every workspace.
pub async fn connect_to_measure() -> anyhow::Result<PgConnection> {
    connect_as("signoff_work").await
}

async fn connect_as(role: &'static str) -> anyhow::Result<PgConnection> {
    let options = database_options(database_url()?.expose_secret())?.options([("role", role)]);
    session::connect(&options).await.context(
        "can't connect to the database as an operator (its login must be a member of signoff_app; \
         `signoff check` tells)",
    )
}

/// Whose command it is, as far as the system knows.
pub fn origin() -> Origin {
    let user = env::var("USER").or_else(|_| env::var("LOGNAME")).unwrap_or_else(|_| "unknown".to_owned());
    let host = gethostname::gethostname();
    Origin { credential: Some(format!("cli:{user}@{}", host.to_string_lossy())), ..Origin::default() }
}

/// An operator may do everything.
pub fn by(origin: &Origin) -> By<'_> {
    By::operator(origin)
}

/// The workspace that a command is about.
pub async fn workspace(conn: &mut PgConnection, name: &str) -> anyhow::Result<WorkspaceId> {
    let name = PrincipalName::new(name).context("--workspace")?;
    let found = workspaces::by_name(conn, name.as_str()).await?;
    let found =
        found.ok_or_else(|| anyhow!("there is no workspace {name}; `signoff workspaces list` shows them"))?;
    Ok(WorkspaceId(found.id))
}

/// Runs one use case in a transaction of its own.
pub async fn transact<T>(
    conn: &mut PgConnection,
    work: impl AsyncFnOnce(&mut PgConnection) -> Attempted<T>,
) -> anyhow::Result<T> {
    let mut transaction = conn.begin().await?;
    let done = work(&mut transaction).await??;
    transaction.commit().await?;
    Ok(done)
}
