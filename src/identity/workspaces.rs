//! Workspaces: made by operators, set by their administrators.

use sqlx::PgConnection;

use super::{Attempted, By, Call, Failure, Identity, Refusal, recorded};
use crate::{
    auth::{Caller, Permission},
    domain::{ids::WorkspaceId, names::PrincipalName},
    store::{
        self,
        workspaces::{self, Settings, Workspace},
    },
};

impl Identity {
    /// The caller's workspace.
    pub async fn workspace(&self, caller: &Caller) -> Result<Option<Workspace>, Failure> {
        self.look(caller, async |conn: &mut PgConnection| workspaces::get(conn, caller.workspace).await).await
    }

    /// Changes the settings of the caller's workspace.
    pub async fn set_workspace(&self, call: Call<'_>, settings: Settings) -> Result<Workspace, Failure> {
        let id = call.caller.workspace;
        let update = async |conn: &mut PgConnection, by: &By<'_>| update(conn, by, id, settings).await;
        self.change(call, Some(Permission::WorkspaceAdmin), update).await
    }
}

/// The workspace of that name, made if it is new.
pub async fn ensure(
    conn: &mut PgConnection,
    by: &By<'_>,
    name: &PrincipalName,
) -> Result<(Workspace, bool), store::Error> {
    let (id, is_new) = workspaces::ensure(conn, name).await?;
    let workspace = workspaces::get(conn, id).await?.ok_or_else(|| store::Error::Corrupt {
        table: "workspaces",
        id: id.to_string(),
        what: "it went while it was made".to_owned(),
    })?;
    if is_new {
        by.record(conn, id, "workspace.created", name.as_str(), (None, Some(recorded(&workspace)))).await?;
    }
    Ok((workspace, is_new))
}

/// Changes its settings, where they are others.
pub async fn update(
    conn: &mut PgConnection,
    by: &By<'_>,
    id: WorkspaceId,
    settings: Settings,
) -> Attempted<Workspace> {
    let Some(before) = workspaces::lock(conn, id).await? else {
        return Ok(Err(Refusal::NotFound("workspace")));
    };
    let mut wanted = before.clone();
    settings.apply(&mut wanted);
    if wanted == before {
        return Ok(Ok(before));
    }
    let after = workspaces::update(conn, &wanted).await?;
    let states = (Some(recorded(&before)), Some(recorded(&after)));
    by.record(conn, id, "workspace.updated", &after.name, states).await?;
    Ok(Ok(after))
}
