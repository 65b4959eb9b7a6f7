//! Reads what messages are made of: approvals, redaction, time zones. It reads once for all lanes that are leased
//! together, and stores the links that their messages will have.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use sqlx::PgConnection;

use super::{Redactions, fate::settled};
use crate::{
    auth::link::DecisionLink,
    domain::{
        ids::{ApprovalId, NotificationId, PrincipalId, WorkspaceId},
        redaction::Redactor,
    },
    store::{
        Error,
        approvals::{self, Found, Loaded, Votes},
        lanes::Waiting,
        links::{self, NewLink},
        notification_preferences,
    },
};

/// What a notification is about.
#[derive(Clone, Copy)]
pub(super) enum About<'a> {
    Nothing,
    Approval(&'a Loaded),
    Unreadable,
    Deleted,
    /// The approval is left for the next turn: enough was read for this one.
    Left,
}

/// The material for the messages of some lanes.
#[derive(Default)]
pub(super) struct Material {
    found: Found,
    left: HashSet<ApprovalId>,
    redactors: HashMap<WorkspaceId, Arc<Redactor>>,
    zones: HashMap<PrincipalId, Tz>,
    links: HashMap<NotificationId, DecisionLink>,
}

/// Which parts of the material a channel needs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading {
    pub approvals: bool,
    pub links: bool,
}

impl Material {
    /// Reads the material. With `links`, each person who is asked gets a link to decide by. The hash of a link is
    /// stored before the link is sent.
    pub async fn read(
        conn: &mut PgConnection,
        waiting: &[Waiting],
        redactions: &Redactions,
        reading: Reading,
    ) -> Result<Self, Error> {
        let workspaces: BTreeSet<WorkspaceId> = waiting.iter().map(|it| it.workspace).collect();
        let people: BTreeSet<PrincipalId> = waiting.iter().filter_map(|it| it.person).collect();
        let people: Vec<PrincipalId> = people.into_iter().collect();
        let (found, left) = if reading.approvals {
            load(&mut *conn, waiting).await?
        } else {
            (Found::default(), HashSet::new())
        };
        let redactors = redactions.of(&mut *conn, workspaces).await?;
        let chosen = notification_preferences::of_people(&mut *conn, &people).await?;
        let zones = chosen.into_iter().filter_map(|(id, it)| Some((id, it.zone?))).collect();
        let mut material = Self { found, left, redactors, zones, links: HashMap::new() };
        if reading.links {
            material.links = material.make_links(conn, waiting).await?;
        }
        Ok(material)
    }

    pub fn loaded(&self, it: &Waiting) -> Option<&Loaded> {
        it.approval.and_then(|id| self.found.get(&id)).and_then(|it| it.as_ref().ok())
    }

    /// What a notification is about, as far as this instance can read it.
    pub fn about(&self, it: &Waiting) -> About<'_> {
        let Some(id) = it.approval else { return About::Nothing };
        match self.found.get(&id) {
            Some(Ok(loaded)) => About::Approval(loaded),
            Some(Err(_)) => About::Unreadable,
            None if self.left.contains(&id) => About::Left,
            None => About::Deleted,
        }
    }

    /// `None`: the workspace was deleted.
    pub fn redactor(&self, it: &Waiting) -> Option<&Redactor> {
        self.redactors.get(&it.workspace).map(|it| &**it)
    }

    /// The recipient's time zone.
    pub fn zone(&self, it: &Waiting) -> Tz {
        it.person.and_then(|id| self.zones.get(&id)).copied().unwrap_or(Tz::UTC)
    }

    pub fn link(&self, it: &Waiting) -> Option<&DecisionLink> {
        self.links.get(&it.id)
    }

    /// Makes a link for each person who is asked and still can answer.
    async fn make_links(
        &self,
        conn: &mut PgConnection,
        waiting: &[Waiting],
    ) -> Result<HashMap<NotificationId, DecisionLink>, Error> {
        let mut made = HashMap::new();
        let mut new = Vec::new();
        for it in waiting.iter().filter(|it| it.asks && !it.is_later()) {
            let (Some(approval), Some(person)) = (it.approval, it.person) else { continue };
            if matches!(self.about(it), About::Left) || settled(it, self.about(it)).is_some() {
                continue;
            }
            let link = DecisionLink::generate();
            new.push(NewLink {
                hash: link.hash(),
                workspace: it.workspace,
                approval,
                person,
                level: it.level,
                notification: it.id,
            });
            made.insert(it.id, link);
        }
        if !new.is_empty() {
            links::insert(conn, &new).await?;
        }
        Ok(made)
    }
}

/// The approvals that messages are about, the longest overdue first, as many as one reading takes. And those that are
/// left.
async fn load(conn: &mut PgConnection, waiting: &[Waiting]) -> Result<(Found, HashSet<ApprovalId>), Error> {
    let due = waiting.iter().filter(|it| !it.is_later()).filter_map(|it| Some((it.due_at, it.approval?)));
    let mut due: Vec<(DateTime<Utc>, ApprovalId)> = due.collect();
    due.sort_unstable();
    let mut seen = HashSet::new();
    let ids: Vec<ApprovalId> = due.into_iter().map(|(_, id)| id).filter(|id| seen.insert(*id)).collect();
    if ids.is_empty() {
        return Ok((Found::default(), HashSet::new()));
    }
    let part = approvals::load(conn, &ids, Votes::OfPending).await?;
    Ok((part.found, part.rest.into_iter().collect()))
}
