//! Showing a workspace its own record and checkpoints: in transactions that can see nothing else.

use std::time::Duration;

use sqlx::PgConnection;

use super::checkpoint::Checkpoint;
use crate::{
    batch::Trouble,
    domain::ids::WorkspaceId,
    store::{
        self, Database,
        audit::{Filter, Page},
    },
};

/// Longest a page may take.
const READ: Duration = Duration::from_secs(4);

/// A page of linked records, newest first. It looks at a bounded part of the chain, and may be short for that.
pub async fn page(
    database: &Database,
    workspace: WorkspaceId,
    filter: &Filter<'_>,
    below: Option<i64>,
    limit: i64,
) -> Result<Page, Trouble> {
    let read =
        async |conn: &mut PgConnection| store::audit::page(conn, workspace, filter, below, limit).await;
    database.tenant.within(workspace, READ, read).await.map_err(Trouble::from)
}

/// Checkpoints behind one that is known by position and key, newest first.
pub async fn checkpoints(
    database: &Database,
    workspace: WorkspaceId,
    behind: (i64, &str),
    limit: i64,
) -> Result<Vec<Checkpoint>, Trouble> {
    let read = async |conn: &mut PgConnection| {
        store::checkpoints::of_workspace(conn, workspace.0, behind, limit).await
    };
    let rows = database.tenant.within(workspace, READ, read).await.map_err(Trouble::from)?;
    Ok(rows.iter().filter_map(super::checkpoints::read).collect())
}
