//! Who decides by a link, or by a press of a button elsewhere, and what they may do by now: by their roles, or by any
//! live key of theirs. Neither is a credential for anything else.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use chrono_tz::Tz;
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
        decision::Verdict,
        ids::{PrincipalId, WorkspaceId},
        policy::admission::Voter,
        redaction::Redactor,
    },
    store::{
        self, credentials,
        links::{self, Link},
        notification_preferences, workspaces,
    },
};

/// Longest that a look at what is behind a link may take.
const READ: Duration = Duration::from_secs(4);

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

/// What a person sees behind a link, besides the approval.
pub struct Behind {
    /// What they have said already.
    pub said: Option<Verdict>,
    /// The clock that they read times by.
    pub zone: Tz,
    /// Takes out what the workspace doesn't show.
    pub redactor: Arc<Redactor>,
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

    /// What a person sees behind a link.
    pub async fn behind(&self, link: &Link) -> Result<Behind, store::Error> {
        let look = async |conn: &mut PgConnection| {
            let said = links::said(&mut *conn, link).await?;
            let chosen = notification_preferences::get(&mut *conn, link.workspace, link.person).await?;
            let redaction = workspaces::redactions(conn, &[link.workspace]).await?;
            let redaction = redaction.into_iter().next().and_then(|(_, redaction)| redaction);
            let redactor = self.redactors.of(link.workspace, &redaction.unwrap_or_default());
            Ok(Behind { said, zone: chosen.zone.unwrap_or_default(), redactor })
        };
        self.database.tenant.within(link.workspace, READ, look).await
    }
}

impl From<Known> for Decider {
    fn from(known: Known) -> Self {
        let Known { voter, permissions, redactor, at, .. } = known;
        Self { voter, permissions, redactor, looked_at: at }
    }
}
