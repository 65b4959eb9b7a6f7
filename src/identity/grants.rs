//! What a principal or a key has, or is to get, and whether that is within the caller's reach.
//!
//! Lists of names are short and name each once. Every look at a credential reads them, so their length is what one
//! look costs; the database refuses longer ones too.

use std::collections::HashSet;

use sqlx::PgConnection;

use super::{Attempted, By, Refusal};
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

/// Most roles, and most groups, that a key or a principal has.
const MOST: usize = 100;

/// Whether the caller may give them: they exist, and are no more than the caller's own. What they come to, then.
pub async fn to_get(
    conn: &mut PgConnection,
    by: &By<'_>,
    workspace: WorkspaceId,
    grants: &Grants,
) -> Attempted<Permissions> {
    if let Err(refusal) = named(&grants.permissions) {
        return Ok(Err(refusal));
    }
    if let Err(refusal) = few("roles", &grants.roles) {
        return Ok(Err(refusal));
    }
    let own = own_roles(conn, workspace, grants).await?;
    let is_known = |name: &String| role::built_in(name).is_some() || own.iter().any(|it| it.name == *name);
    if let Some(unknown) = grants.roles.iter().find(|name| !is_known(name)) {
        let message = format!("there is no role {:?}", shortened(unknown));
        return Ok(Err(Refusal::Invalid { field: "roles", message }));
    }
    let granted = sum(grants, &own);
    Ok(within_reach(by, granted).map(|()| granted))
}

/// Whether the caller may touch a principal or a key that has them. Names that mean nothing allow nothing: a role that is
/// gone, one that only the issuer knows, a permission of a newer instance.
pub async fn had(
    conn: &mut PgConnection,
    by: &By<'_>,
    workspace: WorkspaceId,
    grants: &Grants,
) -> Attempted<()> {
    let own = own_roles(conn, workspace, grants).await?;
    Ok(within_reach(by, sum(grants, &own)))
}

/// Permissions by name, each once; so there are never more than exist. Unknown ones are refused here, where the caller
/// can still put them right.
pub fn named(names: &[String]) -> Result<Permissions, Refusal> {
    each_once("permissions", names)?;
    if let Some(unknown) = names.iter().find(|name| Permission::from_name(name).is_none()) {
        let all: Vec<&str> = Permission::ALL.iter().map(|it| it.as_str()).collect();
        let message = format!("{:?} is no permission; there are: {}", shortened(unknown), all.join(", "));
        return Err(Refusal::Invalid { field: "permissions", message });
    }
    Ok(Permissions::from_names(names.iter().map(String::as_str)))
}

/// Refuses too many names, and names that are given twice.
pub fn few(field: &'static str, names: &[String]) -> Result<(), Refusal> {
    if names.len() > MOST {
        return Err(Refusal::Invalid { field, message: format!("must be at most {MOST}") });
    }
    each_once(field, names)
}

fn each_once(field: &'static str, names: &[String]) -> Result<(), Refusal> {
    let mut seen = HashSet::new();
    let double = names.iter().find(|name| !seen.insert(name.as_str()));
    double.map_or(Ok(()), |name| {
        let message = format!("{:?} is there twice", shortened(name));
        Err(Refusal::Invalid { field, message })
    })
}

/// A name of the caller's, in a message for the caller.
fn shortened(name: &str) -> String {
    name.chars().take(200).collect()
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
