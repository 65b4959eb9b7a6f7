//! Who decides by a link, or by a press of a button elsewhere, and what they may do by now: by their roles, or by any live key of theirs, as where it is told
//! who may decide. Neither is a credential for anything else.

use std::{sync::Arc, time::Instant};

use sqlx::PgConnection;

use super::{
    Authenticator,
    authenticator::LOOK_UP,
    known::Known,
    link::DecisionLink,
    permission::{Permission, Permissions},
};
use crate::{
    domain::{
        ids::{PrincipalId, WorkspaceId},
        policy::admission::Voter,
        redaction::{Redaction, Redactor},
    },
    store::{
        self, credentials,
        links::{self, Link},
    },
};

/// A person who decides without a credential of their own.
#[derive(Debug, Clone)]
pub struct Decider {
    pub voter: Arc<Voter>,
    permissions: Permissions,
    redactor: Option<Arc<Redactor>>,
    /// What is said above was true at this moment, or later.
    pub looked_at: Instant,
}

impl Decider {
    pub fn may(&self, permission: Permission) -> bool {
        self.permissions.allow(permission)
    }

    /// A text of theirs as the workspace wants it stored.
    pub fn kept(&self, text: String) -> String {
        Redactor::kept(self.redactor.as_deref(), text)
    }
}

impl Authenticator {
    /// What a link is for, and who decides by it; nobody, where that person is disabled. Asked of the database each time:
    /// what was withdrawn is withdrawn at once.
    pub async fn by_link(
        &self,
        link: &DecisionLink,
    ) -> Result<Option<(Link, Option<Decider>)>, store::Error> {
        let hash = link.hash();
        let look = async |conn: &mut PgConnection| {
            let at = Instant::now();
            let Some(link) = links::find(&mut *conn, &hash).await? else { return Ok(None) };
            let found = credentials::decider(conn, link.person).await?;
            Ok(Some((link, found.map(|found| Known::new(found, &self.redactors, at)))))
        };
        let found = self.database.auth.run(LOOK_UP, look).await?;
        Ok(found.map(|(link, known)| (link, known.map(Decider::from))))
    }

    /// A person of a workspace; nobody, where they are disabled.
    pub async fn decider(
        &self,
        workspace: WorkspaceId,
        person: PrincipalId,
    ) -> Result<Option<Decider>, store::Error> {
        let look = async |conn: &mut PgConnection| {
            let at = Instant::now();
            let found = credentials::decider(conn, person).await?.filter(|it| it.workspace == workspace);
            Ok(found.map(|found| Known::new(found, &self.redactors, at)))
        };
        let found = self.database.auth.shared(workspace, LOOK_UP, look).await?;
        Ok(found.map(Decider::from))
    }

    /// Takes out what a workspace that has set this shows to no one.
    pub fn redactor(&self, workspace: WorkspaceId, redaction: &Redaction) -> Arc<Redactor> {
        self.redactors.of(workspace, redaction)
    }
}

impl From<Known> for Decider {
    fn from(known: Known) -> Self {
        let Known { voter, permissions, redactor, at, .. } = known;
        Self { voter, permissions, redactor, looked_at: at }
    }
}
