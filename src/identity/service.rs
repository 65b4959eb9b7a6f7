//! Administration as callers reach it. Each change is one transaction with its record, made for the caller as that
//! transaction finds them. A caller who goes away in the middle leaves all of it or nothing.

use std::time::Duration;

use sqlx::PgConnection;

use super::{Attempted, By, Refusal};
use crate::{
    auth::{Caller, Permission},
    domain::{credential::Origin, ids::WorkspaceId},
    limits::Turns,
    store::{self, Database},
};

/// Longest that a change, or a look, may take.
const LONGEST: Duration = Duration::from_secs(4);

/// Administers on behalf of callers. Clones share their turns.
#[derive(Clone)]
pub struct Identity {
    database: Database,
    /// One change at a time in a workspace, so that those who wait hold no connection.
    turns: Turns<WorkspaceId>,
    /// How long a session may be left unused.
    pub(super) idle: Duration,
}

/// Who calls, and from where.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    pub caller: &'a Caller,
    pub origin: &'a Origin,
}

/// Why a call came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Others change the same workspace, and took too long.
    #[error("too many changes of this workspace's identities at once")]
    Crowded,
}

impl Identity {
    /// `idle`: how long a session may be left unused.
    pub fn new(database: Database, idle: Duration) -> Self {
        Self { database, turns: Turns::default(), idle }
    }

    /// Runs one use case within the caller's workspace. `needed`: the permission that it takes; `None` where the use case
    /// knows that itself.
    pub async fn change<T>(
        &self,
        call: Call<'_>,
        needed: Option<Permission>,
        work: impl AsyncFnOnce(&mut PgConnection, &By<'_>) -> Attempted<T>,
    ) -> Result<T, Failure> {
        let Call { caller, origin } = call;
        let turn = tokio::time::timeout(LONGEST, self.turns.take(caller.workspace)).await;
        let _turn = turn.map_err(|_| Failure::Crowded)?;
        let change = async |conn: &mut PgConnection| match By::caller(conn, caller, origin, needed, self.idle)
            .await?
        {
            Ok(by) => work(conn, &by).await,
            Err(refusal) => Ok(Err(refusal)),
        };
        Ok(self.database.tenant.within(caller.workspace, LONGEST, change).await??)
    }

    /// Looks something up within the caller's workspace.
    pub async fn look<T>(
        &self,
        caller: &Caller,
        work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, store::Error>,
    ) -> Result<T, Failure> {
        Ok(self.database.tenant.within(caller.workspace, LONGEST, work).await?)
    }
}
