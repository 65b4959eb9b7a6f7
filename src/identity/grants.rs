//! What somebody has, or is to get, and whether that is within the caller's reach.

use sqlx::PgConnection;

use super::{By, Outcome, Refusal};
use crate::{
    auth::{Permission, Permissions, role},
    domain::ids::WorkspaceId,
    store::{self, roles::Role},
};

/// Permissions and roles by name.
#[derive(Debug, Clone, Default)]
pub struct Grants {
    pub permissions: Vec<String>,
    pub roles: Vec<String>,
}

/// Whether the caller may give them: they exist, and are no more than the caller's own.
pub async fn to_get(
    conn: &mut PgConnection,
    by: &By<'_>,
    workspace: WorkspaceId,
    grants: &Grants,
) -> Outcome<()> {
    if let Err(refusal) = named(&grants.permissions) {
        return Ok(Err(refusal));
    }
    let own = own_roles(conn, workspace, grants).await?;
    let is_known = |name: &String| role::built_in(name).is_some() || own.iter().any(|it| it.name == *name);
    if let Some(unknown) = grants.roles.iter().find(|name| !is_known(name)) {
        let message = format!("there is no role {unknown:?}");
        return Ok(Err(Refusal::Invalid { field: "roles", message }));
    }
    Ok(within_reach(by, sum(grants, &own)))
}

/// Whether the caller may touch whoever, or whatever, has them. Names that mean nothing allow nothing: a role that is
/// gone, one that only the issuer knows, a permission of a newer instance.
pub async fn had(
    conn: &mut PgConnection,
    by: &By<'_>,
    workspace: WorkspaceId,
    grants: &Grants,
) -> Outcome<()> {
    let own = own_roles(conn, workspace, grants).await?;
    Ok(within_reach(by, sum(grants, &own)))
}

/// Permissions by name; unknown ones are refused here, where somebody can still put them right.
pub fn named(names: &[String]) -> Result<Permissions, Refusal> {
    if let Some(unknown) = names.iter().find(|name| Permission::from_name(name).is_none()) {
        let all: Vec<&str> = Permission::ALL.iter().map(|it| it.as_str()).collect();
        let message = format!("{unknown:?} is no permission; there are: {}", all.join(", "));
        return Err(Refusal::Invalid { field: "permissions", message });
    }
    Ok(Permissions::from_names(names.iter().map(String::as_str)))
}

/// Refuses to grant, or to touch, what goes beyond the caller's own.
pub fn within_reach(by: &By<'_>, granted: Permissions) -> Result<(), Refusal> {
    let beyond = by.reach().and_then(|reach| reach.first_beyond(granted));
    beyond.map_or(Ok(()), |permission| Err(Refusal::Beyond(permission.as_str())))
}

/// The workspace's own roles, if any of these is not built in.
async fn own_roles(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    grants: &Grants,
) -> Result<Vec<Role>, store::Error> {
    if grants.roles.iter().all(|name| role::built_in(name).is_some()) {
        return Ok(Vec::new());
    }
    store::roles::list(conn, workspace).await
}

/// What they come to, of what is known.
fn sum(grants: &Grants, own: &[Role]) -> Permissions {
    let own = own.iter().filter(|role| grants.roles.contains(&role.name));
    let own = own.flat_map(|role| &role.permissions).map(String::as_str);
    Permissions::from_names(own).with(role::allowed(&grants.permissions, &grants.roles))
}
