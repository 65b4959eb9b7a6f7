//! Whether what is to be granted exists, and is the caller's to grant.

use sqlx::PgConnection;

use super::{By, Outcome, Refusal};
use crate::{
    auth::{Permission, Permissions, role},
    domain::ids::WorkspaceId,
    store,
};

/// Permissions and roles by name, as somebody asks for them.
#[derive(Debug, Clone, Default)]
pub struct Grants {
    pub permissions: Vec<String>,
    pub roles: Vec<String>,
}

/// Looks them all up; answers with what they come to.
pub async fn check(
    conn: &mut PgConnection,
    by: &By<'_>,
    workspace: WorkspaceId,
    grants: &Grants,
) -> Outcome<Permissions> {
    let mut granted = match named(&grants.permissions) {
        Ok(permissions) => permissions,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let own = if grants.roles.iter().all(|name| role::built_in(name).is_some()) {
        Vec::new()
    } else {
        store::roles::list(conn, workspace).await?
    };
    for name in &grants.roles {
        granted = granted.with(match (role::built_in(name), own.iter().find(|role| role.name == *name)) {
            (Some(role), _) => role.permissions.iter().copied().collect(),
            (None, Some(role)) => Permissions::from_names(role.permissions.iter().map(String::as_str)),
            (None, None) => {
                let message = format!("there is no role {name:?}");
                return Ok(Err(Refusal::Invalid { field: "roles", message }));
            }
        });
    }
    Ok(within_reach(by, granted).map(|()| granted))
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
    let Some(reach) = by.reach() else { return Ok(()) };
    match granted.iter().find(|permission| !reach.allow(*permission)) {
        Some(permission) => Err(Refusal::Beyond(permission.as_str())),
        None => Ok(()),
    }
}
