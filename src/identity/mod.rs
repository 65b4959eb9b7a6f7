//! Administering who there is and what they may do: workspaces, principals, roles, keys.
//!
//! The API calls it through [`Identity`], for one workspace; the command line calls the use cases themselves, for
//! operators. Each call has a transaction of its own, so that a change and its record are one. A caller grants no more
//! than they have. This module knows neither HTTP nor where a credential comes from.

pub mod delegations;
pub mod grants;
pub mod keys;
mod preferences;
pub mod principals;
pub mod roles;
mod service;
pub mod sessions;
pub mod workspaces;

use std::time::Duration;

use serde_json::Value;
use sqlx::PgConnection;

pub use self::service::{Call, Failure, Identity};
use crate::{
    auth::{Caller, Permission, Permissions, role},
    domain::{credential::Origin, ids::WorkspaceId, policy::Actor},
    store::{self, administration, audit, credentials, principals::Principal},
};

/// Who administers: an operator, or a caller as the database has them in the transaction of the change.
#[derive(Debug, Clone, Copy)]
pub struct By<'a> {
    /// `None`: an operator, who may do everything.
    caller: Option<(&'a Actor, Permissions)>,
    origin: &'a Origin,
}

/// Why something isn't done. What was said to be wrong is fit for the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The caller was let in, and has been shut out since.
    #[error("the credential was revoked, or has expired, or its principal was disabled")]
    ShutOut,
    #[error("it needs the permission {}", .0.as_str())]
    Lacks(Permission),
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// A field and what is wrong with it.
    #[error("{field}: {message}")]
    Invalid { field: &'static str, message: String },
    /// The same, where programs tell the rule from others.
    #[error("{field}: {message}")]
    Breaks { field: &'static str, rule: &'static str, message: String },
    /// There are as many as may be.
    #[error("{0}")]
    LimitReached(String),
    /// It needs no sending, or no more.
    #[error("{0}")]
    NotRedrivable(String),
    /// It would give, or take away, what the caller doesn't have.
    #[error("you can't grant {0}, nor change who or what has it: you don't have it yourself")]
    Beyond(&'static str),
    #[error("{0}")]
    Forbidden(&'static str),
}

/// What a use case comes to: the outer error is the database's.
pub type Attempted<T> = Result<Result<T, Refusal>, store::Error>;

impl<'a> By<'a> {
    /// An operator, who may do everything.
    pub fn operator(origin: &'a Origin) -> Self {
        Self { caller: None, origin }
    }

    /// A caller, who needs a permission for this. What was known of them when the request came doesn't count: they are
    /// looked at in the transaction of the change, and stay as they are until it ends. `idle`: how long a session may be
    /// left unused.
    pub async fn caller(
        conn: &mut PgConnection,
        caller: &'a Caller,
        origin: &'a Origin,
        needed: Option<Permission>,
        idle: Duration,
    ) -> Attempted<Self> {
        administration::take_turn(conn, caller.workspace).await?;
        administration::hold(conn, caller.actor.id, caller.credential).await?;
        let good = credentials::still_good(conn, &[caller.credential], idle).await?.pop();
        let Some(good) = good else { return Ok(Err(Refusal::ShutOut)) };
        let permissions = role::allowed(&good.permissions, &good.roles);
        match needed.filter(|needed| !permissions.allow(*needed)) {
            Some(lacking) => Ok(Err(Refusal::Lacks(lacking))),
            None => Ok(Ok(Self { caller: Some((&caller.actor, permissions)), origin })),
        }
    }

    fn actor(&self) -> Option<&'a Actor> {
        self.caller.map(|(actor, _)| actor)
    }

    /// What the caller may grant, and change in others.
    fn reach(&self) -> Option<Permissions> {
        self.caller.map(|(_, permissions)| permissions)
    }

    fn may(&self, permission: Permission) -> bool {
        self.reach().is_none_or(|permissions| permissions.allow(permission))
    }

    fn is(&self, principal: &Principal) -> bool {
        self.actor().is_some_and(|actor| actor.id.0 == principal.id)
    }

    fn is_admin(&self) -> bool {
        self.may(Permission::WorkspaceAdmin)
    }

    /// Puts the change on record, in its transaction.
    pub async fn record(
        &self,
        conn: &mut PgConnection,
        workspace: WorkspaceId,
        action: &'static str,
        subject: &str,
        (before, after): (Option<Value>, Option<Value>),
    ) -> Result<(), store::Error> {
        let entry = audit::Entry {
            workspace,
            action,
            subject: Some(subject),
            run: None,
            actor: self.actor(),
            via: if self.caller.is_some() { "human" } else { "operator" },
            origin: self.origin,
            before,
            after,
            detail: Value::Object(serde_json::Map::new()),
        };
        audit::append(conn, entry).await
    }
}

/// As it is recorded.
fn recorded(thing: &impl serde::Serialize) -> Value {
    // Plain data of ours; what could not be told is recorded as null rather than not at all.
    serde_json::to_value(thing).unwrap_or_default()
}
