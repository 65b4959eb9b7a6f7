//! Administering one's own workspace: its settings, principals, roles and keys. Each change is one transaction with
//! its record: whoever goes away in the middle leaves all of it or nothing.

pub mod keys;
pub mod principals;
pub mod roles;
pub mod workspace;

use std::time::Duration;

use sqlx::PgConnection;

use super::{
    Api,
    caller::{May, Needs},
};
use crate::{
    auth::Caller,
    identity::{By, Outcome},
    store,
    wire::problem::Problem,
};

/// Longest that a change, or a look, may take.
const LONGEST: Duration = Duration::from_secs(4);

/// The caller, as the use cases know it.
fn by<P: Needs>(may: &May<P>) -> By<'_> {
    By { caller: Some((&may.caller.actor, may.caller.permissions)), origin: &may.origin }
}

/// Runs one use case within the caller's workspace.
async fn change<T>(
    api: &Api,
    caller: &Caller,
    work: impl AsyncFnOnce(&mut PgConnection) -> Outcome<T>,
) -> Result<T, Problem> {
    let done = api.database.tenant.within(caller.workspace, LONGEST, work).await;
    done.map_err(|error| Problem::from(&error))?.map_err(Problem::from)
}

/// Looks something up within the caller's workspace.
async fn look<T>(
    api: &Api,
    caller: &Caller,
    work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, store::Error>,
) -> Result<T, Problem> {
    let found = api.database.tenant.within(caller.workspace, LONGEST, work).await;
    found.map_err(|error| Problem::from(&error))
}
