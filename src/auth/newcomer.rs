//! From the subject of an issuer's token to a principal of ours: made or bound at the first sign-in, kept as the
//! issuer describes them after that.
//!
//! A principal is known by issuer and subject, which never change. The name that the issuer gives counts once: who
//! comes with it later under another subject is another person, and is refused.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use sqlx::{Connection, PgConnection};

use super::Rejection;
use crate::{
    domain::{
        credential::Origin,
        ids::{PrincipalId, WorkspaceId},
        names::PrincipalName,
        policy::Actor,
    },
    oidc::{Issuer, Person, Token},
    store::{
        self, Pool, audit,
        principals::{self, Principal, Said, Who},
        workspaces,
    },
};

/// Longest that it may take, in the database.
const LONGEST: Duration = Duration::from_secs(4);

/// Who came.
pub struct Known {
    pub workspace: WorkspaceId,
    pub actor: Actor,
}

/// Why a person with a good token doesn't get in; fit for them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("your token names the workspace {0:?}, which does not exist; an operator has to make it")]
    NoWorkspace(String),
    #[error("nobody has added you ({0:?}) here; ask an administrator of the workspace")]
    NotAdded(String),
    #[error(
        "the name {0:?}, which your token gives you, belongs to somebody else here; an administrator has to rename \
         one of you"
    )]
    NameTaken(String),
    #[error(
        "the name {name:?}, which your token gives you, stands for a {kind} here; an administrator has to say what it \
         is"
    )]
    OtherKind { name: String, kind: String },
    #[error("an administrator has disabled you")]
    Disabled,
}

/// The principal that a token speaks for, as of now.
pub async fn admit(pool: &Pool, issuer: &Issuer, token: &Token, origin: &Origin) -> Result<Known, Rejection> {
    let person = issuer.person(token)?;
    let origin = Origin { credential: Some("token".to_owned()), ..origin.clone() };
    let arrival = Arrival { issuer, token, person: &person, origin: &origin };
    let admitted = pool.run(LONGEST, async |conn| arrival.admit(conn).await).await;
    let admitted = admitted.map_err(|error| Rejection::Unavailable(Arc::new(error)))?;
    admitted.map_err(|refusal| match refusal {
        // As with every other credential of theirs.
        Refusal::Disabled => Rejection::Unauthenticated,
        refusal => {
            tracing::warn!(subject = token.subject, %refusal, "somebody with a good token was refused");
            Rejection::Refused(refusal.to_string())
        }
    })
}

struct Arrival<'a> {
    issuer: &'a Issuer,
    token: &'a Token,
    person: &'a Person,
    origin: &'a Origin,
}

type Attempted<T> = Result<Result<T, Refusal>, store::Error>;

impl Arrival<'_> {
    async fn admit(&self, conn: &mut PgConnection) -> Attempted<Known> {
        let name = &self.person.workspace;
        let Some(workspace) = workspaces::by_name(conn, name).await? else {
            return Ok(Err(Refusal::NoWorkspace(name.clone())));
        };
        let workspace = WorkspaceId(workspace.id);
        // Mostly nothing has changed since the last time, and nothing is locked or written.
        let issuer = &self.issuer.config().issuer;
        let known = principals::of_subject(conn, workspace, issuer, &self.token.subject).await?;
        let principal = match known {
            Some((principal, said_at)) if !self.says_more(&principal, said_at) => principal,
            _ => {
                let mut transaction = conn.begin().await?;
                let written = self.write(&mut transaction, workspace).await?;
                transaction.commit().await?;
                match written {
                    Ok(principal) => principal,
                    Err(refusal) => return Ok(Err(refusal)),
                }
            }
        };
        if principal.disabled_at.is_some() {
            return Ok(Err(Refusal::Disabled));
        }
        Ok(Ok(Known { workspace, actor: actor(&principal)? }))
    }

    /// Whether the token is newer than what is known. What is older doesn't count any more, whatever it says.
    fn says_more(&self, principal: &Principal, said_at: Option<DateTime<Utc>>) -> bool {
        principal.disabled_at.is_none() && said_at.is_none_or(|at| at < self.token.issued_at)
    }

    async fn write(&self, conn: &mut PgConnection, workspace: WorkspaceId) -> Attempted<Principal> {
        let issuer = &self.issuer.config().issuer;
        // The same person may come twice at once, for the first time.
        principals::lock_subject(conn, workspace, issuer, &self.token.subject).await?;
        let known = principals::of_subject(conn, workspace, issuer, &self.token.subject).await?;
        let is_known = known.is_some();
        let (who, is_new) = match known {
            Some((known, said_at)) if !self.says_more(&known, said_at) => return Ok(Ok(known)),
            Some((known, _)) => (Who::Id(PrincipalId(known.id)), false),
            None => (Who::Name(&self.person.name), self.place(conn, workspace).await?),
        };
        let Some(principal) = principals::lock(conn, workspace, who).await? else {
            return Ok(Err(Refusal::NotAdded(self.person.name.to_string())));
        };
        if !is_known
            && !is_new
            && let Err(refusal) = self.may_bind(&principal)
        {
            return Ok(Err(refusal));
        }
        self.take_over(conn, workspace, principal, is_new).await.map(Ok)
    }

    /// Makes the principal, where there is none of that name and that is allowed; answers whether it is new.
    async fn place(&self, conn: &mut PgConnection, workspace: WorkspaceId) -> Result<bool, store::Error> {
        let Person { name, kind, .. } = self.person;
        if !self.issuer.config().create_principals {
            return Ok(false);
        }
        Ok(principals::ensure(conn, workspace, name, kind).await?.1)
    }

    /// A principal was added, or named by a key, before it first signed in. None is bound twice. And a person
    /// can't take a service's name: others make keys for services. A service takes a person's only where names are the
    /// issuer's own choice.
    fn may_bind(&self, principal: &Principal) -> Result<(), Refusal> {
        let is_issuers_choice = self.issuer.config().claim_principal == "sub";
        let Principal { name, kind, .. } = principal;
        if principal.subject.is_some() || principal.disabled_at.is_some() {
            Err(Refusal::NameTaken(name.clone()))
        } else if *kind != self.person.kind && !(is_issuers_choice && kind == "person") {
            Err(Refusal::OtherKind { name: name.clone(), kind: kind.clone() })
        } else {
            Ok(())
        }
    }

    /// Takes over what the token says. Only what changes is recorded.
    async fn take_over(
        &self,
        conn: &mut PgConnection,
        workspace: WorkspaceId,
        before: Principal,
        is_new: bool,
    ) -> Result<Principal, store::Error> {
        principals::said(conn, before.id, &self.said()).await?;
        let who = Who::Id(PrincipalId(before.id));
        let after = principals::get(conn, workspace, who).await?;
        let after = after.ok_or_else(|| corrupt(&before.name, &"it went while it was changed"))?;
        if is_new {
            self.record(conn, workspace, "principal.created", None, &after).await?;
        } else if before.updated_at != after.updated_at {
            self.record(conn, workspace, "principal.updated", Some(&before), &after).await?;
        }
        Ok(after)
    }

    fn said(&self) -> Said<'_> {
        Said {
            issuer: &self.issuer.config().issuer,
            subject: &self.token.subject,
            at: self.token.issued_at,
            display_name: self.person.display_name.as_deref(),
            email: self.person.email.as_deref(),
            roles: &self.person.roles,
            groups: &self.person.groups,
        }
    }

    async fn record(
        &self,
        conn: &mut PgConnection,
        workspace: WorkspaceId,
        action: &'static str,
        before: Option<&Principal>,
        after: &Principal,
    ) -> Result<(), store::Error> {
        let actor = actor(after)?;
        // Plain data of ours; what could not be told is recorded as null rather than not at all.
        let told = |it: &Principal| serde_json::to_value(it).unwrap_or_default();
        let entry = audit::Entry {
            workspace,
            action,
            subject: Some(&after.name),
            run: None,
            actor: Some(&actor),
            via: "sign_in",
            origin: self.origin,
            before: before.map(told),
            after: Some(told(after)),
            detail: Value::Object(Map::new()),
        };
        audit::append(conn, entry).await
    }
}

fn actor(principal: &Principal) -> Result<Actor, store::Error> {
    let name = PrincipalName::stored(&principal.name).map_err(|error| corrupt(&principal.name, &error))?;
    Ok(Actor { id: PrincipalId(principal.id), name })
}

fn corrupt(name: &str, what: &dyn std::fmt::Display) -> store::Error {
    store::Error::Corrupt { table: "principals", id: name.to_owned(), what: what.to_string() }
}
