//! Keys: made, given a successor, revoked.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{
    Attempted, By, Call, Failure, Identity, Refusal,
    grants::{self, Grants},
    recorded,
};
use crate::{
    auth::{Caller, Permission, key::ApiKey, role},
    domain::{
        ids::{KeyId, PrincipalId, WorkspaceId},
        names::PrincipalName,
    },
    store::{
        self, Page,
        keys::{self, ListedKey, NewKey},
        principals::{self, Who},
    },
};

/// What callers do with the keys of their workspace.
pub struct Keys<'a>(&'a Identity);

impl Identity {
    pub fn keys(&self) -> Keys<'_> {
        Keys(self)
    }
}

impl Keys<'_> {
    /// A page of them, the oldest first, behind the one with that prefix; all, or those of one principal.
    pub async fn page(
        &self,
        caller: &Caller,
        principal: Option<&PrincipalName>,
        after: Option<&str>,
        limit: i64,
    ) -> Result<Page<ListedKey>, Failure> {
        let principal = principal.map(PrincipalName::as_str);
        let page =
            async |conn: &mut PgConnection| keys::page(conn, caller.workspace, principal, after, limit).await;
        self.0.look(caller, page).await
    }

    pub async fn get(&self, caller: &Caller, prefix: &str) -> Result<Option<ListedKey>, Failure> {
        self.0.look(caller, async |conn: &mut PgConnection| keys::get(conn, prefix).await).await
    }

    pub async fn create(&self, call: Call<'_>, wanted: Wanted) -> Result<Made, Failure> {
        let create = async |conn: &mut PgConnection, by: &By<'_>| create(conn, by, wanted).await;
        self.0.change(call, Some(Permission::KeyManage), create).await
    }

    pub async fn rotate(&self, call: Call<'_>, prefix: &str, overlap: Duration) -> Result<Made, Failure> {
        let workspace = Some(call.caller.workspace);
        let rotate =
            async |conn: &mut PgConnection, by: &By<'_>| rotate(conn, by, workspace, prefix, overlap).await;
        self.0.change(call, Some(Permission::KeyManage), rotate).await
    }

    pub async fn revoke(&self, call: Call<'_>, prefix: &str) -> Result<(), Failure> {
        let workspace = Some(call.caller.workspace);
        let revoke = async |conn: &mut PgConnection, by: &By<'_>| revoke(conn, by, workspace, prefix).await;
        self.0.change(call, Some(Permission::KeyManage), revoke).await
    }
}

/// A key that is to be.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub workspace: WorkspaceId,
    /// Made if there is none of that name: as `kind`, or else as a person where the key allows to decide and its maker may
    /// speak for people, and as a service where not.
    pub principal: PrincipalName,
    pub kind: Option<&'static str>,
    pub label: Option<String>,
    /// Neither permissions nor roles: the role `member`.
    pub grants: Grants,
    /// `None`: for good.
    pub valid_for: Option<Duration>,
}

/// A key that was made. Only now can it be told.
pub struct Made {
    pub key: ApiKey,
    pub id: KeyId,
    pub principal: PrincipalId,
    pub grants: Grants,
    pub expires_at: Option<DateTime<Utc>>,
}

/// Makes a key, and its principal where that is new.
pub async fn create(conn: &mut PgConnection, by: &By<'_>, wanted: Wanted) -> Attempted<Made> {
    let Wanted { workspace, principal, kind, label, mut grants, valid_for } = wanted;
    if grants.permissions.is_empty() && grants.roles.is_empty() {
        grants.roles.push(role::MEMBER.to_owned());
    }
    let granted = match grants::to_get(conn, by, workspace, &grants).await? {
        Ok(granted) => granted,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let decides = granted.allow(Permission::ApprovalApprove) || granted.allow(Permission::ApprovalReject);
    let kind = kind.unwrap_or(if decides && by.is_admin() { "person" } else { "service" });
    let principal = match whose(conn, by, workspace, &principal, kind).await? {
        Ok(principal) => principal,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let key = ApiKey::generate();
    let id = KeyId::generate();
    let new = NewKey {
        id,
        workspace,
        principal,
        prefix: &key.prefix,
        secret_hash: key.hash(),
        label: label.as_deref(),
        permissions: &grants.permissions,
        roles: &grants.roles,
        valid_for,
    };
    let expires_at = keys::insert(conn, &new).await?;
    let after = keys::get(conn, &key.prefix).await?.as_ref().map(recorded);
    by.record(conn, workspace, "key.created", &key.prefix, (None, after)).await?;
    Ok(Ok(Made { key, id, principal, grants, expires_at }))
}

/// The principal that a key is to act as, made where it is new. It is locked, and so stays what it is.
async fn whose(
    conn: &mut PgConnection,
    by: &By<'_>,
    workspace: WorkspaceId,
    name: &PrincipalName,
    kind: &str,
) -> Attempted<PrincipalId> {
    let mut known = principals::lock(conn, workspace, Who::Name(name)).await?;
    if known.is_none() {
        // Policies may name who isn't there yet: a new name is for callers who say who is there.
        if !by.may(Permission::PrincipalManage) {
            let message = "there is nobody of that name; adding them takes the permission principal:manage";
            return Ok(Err(Refusal::Forbidden(message)));
        }
        if let Err(refusal) = may_speak_for(by, name, kind) {
            return Ok(Err(refusal));
        }
        let (id, is_new) = principals::ensure(conn, workspace, name, kind).await?;
        known = principals::lock(conn, workspace, Who::Id(id)).await?;
        if is_new {
            let after = known.as_ref().map(recorded);
            by.record(conn, workspace, "principal.created", name.as_str(), (None, after)).await?;
        }
    }
    let Some(known) = known else { return Ok(Err(Refusal::NotFound("principal"))) };
    Ok(may_speak_for(by, name, &known.kind).map(|()| PrincipalId(known.id)))
}

/// A key acts as its principal. Only an administrator makes one that acts as another person.
fn may_speak_for(by: &By<'_>, name: &PrincipalName, kind: &str) -> Result<(), Refusal> {
    if kind == "service" || by.is_admin() || by.actor().is_some_and(|actor| actor.name == *name) {
        Ok(())
    } else {
        Err(Refusal::Forbidden(
            "only an administrator may make a key that acts as another person; for a service, say kind: service",
        ))
    }
}

/// Gives a key a successor that allows the same; the old one stays good for `overlap` at most.
pub async fn rotate(
    conn: &mut PgConnection,
    by: &By<'_>,
    workspace: Option<WorkspaceId>,
    prefix: &str,
    overlap: Duration,
) -> Attempted<Made> {
    let before = match changeable(conn, by, workspace, prefix).await? {
        Ok(key) => key,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if before.rotated_to.is_some() {
        let message = "it was rotated before; rotate its successor".to_owned();
        return Ok(Err(Refusal::Invalid { field: "prefix", message }));
    }
    let wanted = Wanted {
        workspace: WorkspaceId(before.workspace_id),
        principal: PrincipalName::stored(&before.principal).map_err(|error| store::Error::Corrupt {
            table: "principals",
            id: before.principal_id.to_string(),
            what: error.to_string(),
        })?,
        kind: Some("service"),
        label: before.label.clone(),
        grants: Grants { permissions: before.permissions.clone(), roles: before.roles.clone() },
        // As long as the old one was made for.
        valid_for: before.expires_at.and_then(|until| (until - before.created_at).to_std().ok()),
    };
    let made = match create(conn, by, wanted).await? {
        Ok(made) => made,
        Err(refusal) => return Ok(Err(refusal)),
    };
    keys::succeed(conn, before.id, made.id, overlap).await?;
    record_change(conn, by, "key.rotated", &before).await?;
    Ok(Ok(made))
}

/// Revokes a key. Doing so again changes nothing.
pub async fn revoke(
    conn: &mut PgConnection,
    by: &By<'_>,
    workspace: Option<WorkspaceId>,
    prefix: &str,
) -> Attempted<()> {
    let before = match changeable(conn, by, workspace, prefix).await? {
        Ok(key) => key,
        Err(Refusal::Invalid { .. }) => return Ok(Ok(())),
        Err(refusal) => return Ok(Err(refusal)),
    };
    keys::revoke(conn, before.id).await?;
    record_change(conn, by, "key.revoked", &before).await?;
    Ok(Ok(()))
}

/// Locks a key that is not revoked, and before it its principal.
async fn changeable(
    conn: &mut PgConnection,
    by: &By<'_>,
    workspace: Option<WorkspaceId>,
    prefix: &str,
) -> Attempted<ListedKey> {
    if let Some(key) = keys::get(conn, prefix).await? {
        let whose = Who::Id(PrincipalId(key.principal_id));
        principals::lock(conn, WorkspaceId(key.workspace_id), whose).await?;
    }
    let found = keys::lock(conn, prefix).await?;
    let Some(key) = found.filter(|key| workspace.is_none_or(|it| it.0 == key.workspace_id)) else {
        return Ok(Err(Refusal::NotFound("key")));
    };
    if key.revoked_at.is_some() {
        return Ok(Err(Refusal::Invalid { field: "prefix", message: "it is revoked".to_owned() }));
    }
    let grants = Grants { permissions: key.permissions.clone(), roles: key.roles.clone() };
    Ok(grants::had(conn, by, WorkspaceId(key.workspace_id), &grants).await?.map(|()| key))
}

async fn record_change(
    conn: &mut PgConnection,
    by: &By<'_>,
    action: &'static str,
    before: &ListedKey,
) -> Result<(), store::Error> {
    let after = keys::get(conn, &before.prefix).await?.as_ref().map(recorded);
    let workspace = WorkspaceId(before.workspace_id);
    by.record(conn, workspace, action, &before.prefix, (Some(recorded(before)), after)).await
}
