//! A workspace's own app in Slack as members reach it.

use sqlx::PgConnection;

use super::{
    Slack,
    manage::{self, Wanted},
};
use crate::{
    auth::{Caller, Permission},
    identity::{By, Call, Failure, Identity},
    store::slack_installations::{self, App, Installed},
};

const ADMINISTER: Option<Permission> = Some(Permission::WorkspaceAdmin);

impl Slack {
    /// The app of the caller's workspace, if it has one.
    pub async fn own_app(identity: &Identity, caller: &Caller) -> Result<Option<Installed>, Failure> {
        let get = async |conn: &mut PgConnection| slack_installations::get(conn, caller.workspace).await;
        identity.look(caller, get).await
    }

    /// Gives the caller's workspace this app, and replaces the one that it had.
    pub async fn set_app(
        &self,
        identity: &Identity,
        call: Call<'_>,
        what: (&App, &Wanted),
    ) -> Result<Installed, Failure> {
        let workspace = call.caller.workspace;
        let put = async |conn: &mut PgConnection, by: &By<'_>| self.put(conn, by, workspace, what).await;
        identity.change(call, ADMINISTER, put).await
    }

    /// Takes its app away from the caller's workspace.
    pub async fn remove_app(identity: &Identity, call: Call<'_>) -> Result<(), Failure> {
        let workspace = call.caller.workspace;
        let remove = async |conn: &mut PgConnection, by: &By<'_>| manage::remove(conn, by, workspace).await;
        identity.change(call, ADMINISTER, remove).await
    }
}
