//! Administering one's own workspace: its settings, principals, roles and keys. Each change is one transaction with
//! its record: whoever goes away in the middle leaves all of it or nothing.

pub mod delegations;
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
    auth::{Caller, Permission},
    domain::credential::Origin,
    identity::{By, Outcome},
    store,
    wire::problem::{Code, Problem},
};

/// Longest that a change, or a look, may take.
const LONGEST: Duration = Duration::from_secs(4);

/// Runs one use case within the caller's workspace, for the caller as the transaction finds them.
pub async fn change<P: Needs, T>(
    api: &Api,
    may: &May<P>,
    work: impl AsyncFnOnce(&mut PgConnection, &By<'_>) -> Outcome<T>,
) -> Result<T, Problem> {
    change_as(api, (may.caller(), &may.origin), Some(P::PERMISSION), work).await
}

/// The same where the use case knows itself what the caller may do.
pub async fn change_as<T>(
    api: &Api,
    (caller, origin): (&Caller, &Origin),
    needed: Option<Permission>,
    work: impl AsyncFnOnce(&mut PgConnection, &By<'_>) -> Outcome<T>,
) -> Result<T, Problem> {
    let turn = tokio::time::timeout(LONGEST, api.administering.take(caller.workspace)).await;
    let _turn = turn.map_err(|_| {
        Problem::new(Code::Overloaded, "too many changes of this workspace's identities at once")
    })?;
    let idle = api.authenticator.idle();
    let change = async |conn: &mut PgConnection| match By::caller(conn, caller, origin, needed, idle).await? {
        Ok(by) => work(conn, &by).await,
        Err(refusal) => Ok(Err(refusal)),
    };
    let done = api.database.tenant.within(caller.workspace, LONGEST, change).await;
    done.map_err(|error| Problem::from(&error))?.map_err(Problem::from)
}

/// Looks something up within the caller's workspace.
pub async fn look<T>(
    api: &Api,
    caller: &Caller,
    work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, store::Error>,
) -> Result<T, Problem> {
    let found = api.database.tenant.within(caller.workspace, LONGEST, work).await;
    found.map_err(|error| Problem::from(&error))
}
