//! A workspace's own roles.

use sqlx::PgConnection;

use super::{Attempted, By, Call, Failure, Identity, Refusal, grants, recorded};
use crate::{
    auth::{Caller, Permission, Permissions, role},
    domain::{ids::WorkspaceId, names::CallerName},
    store::{
        Page,
        roles::{self, Role},
    },
};

/// Most roles of a workspace's own: they are listed on one page, and read whole to see what a role allows.
const MOST: i64 = 500;

/// What callers do with the roles of their workspace.
pub struct Roles<'a>(&'a Identity);

impl Identity {
    pub fn roles(&self) -> Roles<'_> {
        Roles(self)
    }
}

impl Roles<'_> {
    /// A page of the workspace's own, by name, behind that one.
    pub async fn page(
        &self,
        caller: &Caller,
        after: Option<&CallerName>,
        limit: i64,
    ) -> Result<Page<Role>, Failure> {
        let after = after.map(CallerName::as_str);
        let page = async |conn: &mut PgConnection| roles::page(conn, caller.workspace, after, limit).await;
        self.0.look(caller, page).await
    }

    pub async fn put(&self, call: Call<'_>, wanted: &Wanted) -> Result<Role, Failure> {
        let workspace = call.caller.workspace;
        let put = async |conn: &mut PgConnection, by: &By<'_>| put(conn, by, workspace, wanted).await;
        self.0.change(call, Some(Permission::PrincipalManage), put).await
    }

    pub async fn delete(&self, call: Call<'_>, name: &str) -> Result<(), Failure> {
        let workspace = call.caller.workspace;
        let delete = async |conn: &mut PgConnection, by: &By<'_>| delete(conn, by, workspace, name).await;
        self.0.change(call, Some(Permission::PrincipalManage), delete).await
    }
}

/// What a role is to be.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub name: CallerName,
    pub description: Option<String>,
    pub permissions: Vec<String>,
}

/// Makes a role, or changes what it allows: at once, for everybody who has it. One that is so already stays untouched.
pub async fn put(
    conn: &mut PgConnection,
    by: &By<'_>,
    workspace: WorkspaceId,
    wanted: &Wanted,
) -> Attempted<Role> {
    let Wanted { name, description, permissions } = wanted;
    let (name, description) = (name.as_str(), description.as_deref());
    if role::built_in(name).is_some() {
        return Ok(Err(built_in()));
    }
    let granted = match grants::named(permissions) {
        Ok(granted) => granted,
        Err(refusal) => return Ok(Err(refusal)),
    };
    // Another caller may make one, or delete it, between the two looks; then there is another turn.
    loop {
        let before = roles::lock(conn, workspace, name).await?;
        if let Err(refusal) = within_reach(by, granted, before.as_ref()) {
            return Ok(Err(refusal));
        }
        if let Some(before) = before {
            if before.description.as_deref() == description && before.permissions == *permissions {
                return Ok(Ok(before));
            }
            let after = roles::update(conn, workspace, name, description, permissions).await?;
            let states = (Some(recorded(&before)), Some(recorded(&after)));
            by.record(conn, workspace, "role.updated", name, states).await?;
            return Ok(Ok(after));
        }
        if roles::count(conn, workspace).await? >= MOST {
            let message = format!("the workspace has {MOST} roles of its own, which is the most");
            return Ok(Err(Refusal::Invalid { field: "name", message }));
        }
        if let Some(made) = roles::insert(conn, workspace, name, description, permissions).await? {
            by.record(conn, workspace, "role.created", name, (None, Some(recorded(&made)))).await?;
            return Ok(Ok(made));
        }
    }
}

/// Deletes a role. Principals and keys keep its name, which allows nothing then.
pub async fn delete(
    conn: &mut PgConnection,
    by: &By<'_>,
    workspace: WorkspaceId,
    name: &str,
) -> Attempted<()> {
    if role::built_in(name).is_some() {
        return Ok(Err(built_in()));
    }
    let Some(before) = roles::lock(conn, workspace, name).await? else {
        return Ok(Err(Refusal::NotFound("role")));
    };
    if let Err(refusal) = within_reach(by, Permissions::NONE, Some(&before)) {
        return Ok(Err(refusal));
    }
    roles::delete(conn, workspace, name).await?;
    by.record(conn, workspace, "role.deleted", name, (Some(recorded(&before)), None)).await?;
    Ok(Ok(()))
}

fn built_in() -> Refusal {
    Refusal::Forbidden("a built-in role stays as it is")
}

/// Neither what it allowed nor what it will may go beyond the caller's own.
fn within_reach(by: &By<'_>, granted: Permissions, before: Option<&Role>) -> Result<(), Refusal> {
    let had = before.map_or(Permissions::NONE, |role| {
        Permissions::from_names(role.permissions.iter().map(String::as_str))
    });
    grants::within_reach(by, granted.with(had))
}
