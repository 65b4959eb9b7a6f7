//! Makes notifications of causes, in one transaction without side effects.
//!
//! One commit deletes the causes and writes the notifications. So after a crash the work is done again, and nothing is
//! doubled. The router sends nothing: a relay that is away or a slow endpoint can't hold it up.

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use chrono::{DateTime, Utc};
use sqlx::{Connection, PgConnection};

use super::{Channels, Hints, Redactions, Webhooks, people::People};
use crate::{
    domain::{
        approval::Approval,
        ids::{ApprovalId, WorkspaceId},
        names::PrincipalName,
        notification::{Card, Cause, Channel, Notice, Scene, Wanted, route},
        redaction::Redactor,
    },
    store::{
        Database, Error,
        approvals::{self, Found, Loaded},
        causes::{self, Caused, Put},
        notifications::{self, New, ToldBefore},
    },
};

/// Causes in one transaction at most.
pub const BATCH: i64 = 200;
/// Once a transaction has this many notifications, it takes no further cause.
const MOST_NOTICES: usize = 2_000;
/// The longest time that a transaction may take.
const ROUND: Duration = Duration::from_secs(4);

/// Routes causes that are due. Clones share what is remembered of people.
#[derive(Clone)]
pub struct Router {
    database: Database,
    channels: Channels,
    hints: Hints,
    people: People,
    redactions: Redactions,
    webhooks: Webhooks,
}

/// What came of a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Routed {
    pub causes: usize,
    /// When the last of these causes was due.
    pub last: Option<DateTime<Utc>>,
}

impl Router {
    pub fn new(
        database: Database,
        channels: Channels,
        hints: Hints,
        redactions: Redactions,
        webhooks: Webhooks,
        lease_ttl: Duration,
    ) -> Self {
        let people = People::new(lease_ttl, channels.slack().is_some());
        Self { database, channels, hints, people, redactions, webhooks }
    }

    /// The relay that takes our mail.
    pub fn relay(&self) -> Option<&str> {
        self.channels.destination(Channel::Email, "")
    }

    /// Routes up to `limit` causes that are due, none of them due before `floor`.
    pub async fn route(&self, floor: Option<DateTime<Utc>>, limit: i64) -> Result<Routed, Error> {
        loop {
            match self.try_to_route(floor, limit).await? {
                Some(routed) => return Ok(routed),
                // The apps are read outside of the transaction: a task that holds a connection must not wait for
                // another one.
                None => {
                    if let Some(slack) = self.channels.slack() {
                        slack.read().await?;
                    }
                }
            }
        }
    }

    /// `None`: a workspace's app in Slack has changed, and this instance doesn't know it yet. Nothing was done.
    async fn try_to_route(&self, floor: Option<DateTime<Utc>>, limit: i64) -> Result<Option<Routed>, Error> {
        let routing = async |conn: &mut PgConnection| {
            let mut transaction = conn.begin().await?;
            let caused = causes::take(&mut transaction, floor, limit).await?;
            if let Some(slack) = self.channels.slack().filter(|_| !caused.is_empty()) {
                let of: BTreeSet<WorkspaceId> = caused.iter().map(|it| it.workspace).collect();
                let of: Vec<WorkspaceId> = of.into_iter().collect();
                if let Some(home) = slack.home() {
                    home.find(&mut transaction).await?;
                }
                if slack.is_behind(&mut transaction, &of).await? {
                    transaction.rollback().await?;
                    return Ok(None);
                }
            }
            let lanes = match caused.as_slice() {
                [] => BTreeSet::new(),
                caused => self.write(&mut transaction, caused).await?,
            };
            transaction.commit().await?;
            Ok(Some((caused, lanes)))
        };
        let Some((caused, lanes)) = self.database.notify.run(ROUND, routing).await? else { return Ok(None) };
        for channel in lanes {
            self.hints.hint(channel);
        }
        Ok(Some(Routed { causes: caused.len(), last: caused.last().map(|it| it.due_at) }))
    }

    /// Puts the first cause that is due behind the others, because it could not be routed even by itself.
    pub async fn put_off(&self) -> Result<(), Error> {
        let putting_off = async |conn: &mut PgConnection| {
            let mut transaction = conn.begin().await?;
            let caused = causes::take(&mut transaction, None, 1).await?;
            causes::put_back(&mut transaction, &caused, Put::Later).await?;
            transaction.commit().await?;
            Ok(())
        };
        self.database.notify.run(ROUND, putting_off).await
    }

    /// Writes the notifications of these causes. Answers in which channels messages wait now.
    async fn write(&self, conn: &mut PgConnection, caused: &[Caused]) -> Result<BTreeSet<Channel>, Error> {
        let ids: BTreeSet<ApprovalId> = caused.iter().map(|it| it.approval).collect();
        let ids: Vec<ApprovalId> = ids.into_iter().collect();
        let found = load(&mut *conn, &ids).await?;
        let mut told = notifications::told(&mut *conn, &ids).await?;
        let cards = match self.channels.slack() {
            Some(_) => notifications::cards(&mut *conn, &ids).await?,
            None => HashMap::new(),
        };
        let mut routed: Vec<(&Caused, &Approval, Vec<Notice>)> = Vec::with_capacity(caused.len());
        let (mut unreadable, mut rest) = (Vec::new(), Vec::new());
        let mut notices = 0;
        for it in caused {
            if notices >= MOST_NOTICES {
                rest.push(it.clone());
                continue;
            }
            match found.get(&it.approval) {
                Some(Ok(loaded)) if loaded.approval.workspace == it.workspace => {
                    let told = told.entry(it.approval).or_default();
                    let cards = cards.get(&it.approval).map_or(&[][..], Vec::as_slice);
                    let made = self.notices(&mut *conn, it, loaded, (told, cards)).await?;
                    notices += made.len();
                    routed.push((it, &loaded.approval, made));
                }
                // The approval was deleted, with all that belongs to it.
                None | Some(Ok(_)) => {}
                Some(Err(error)) => {
                    tracing::warn!(%error, approval = %it.approval, "its notifications are put off");
                    unreadable.push(it.clone());
                }
            }
        }
        let workspaces = routed.iter().map(|(it, ..)| it.workspace).collect();
        let redactors = self.redactions.of(&mut *conn, workspaces).await?;
        let new: Vec<New<'_>> = routed
            .iter()
            .filter_map(|(it, approval, notices)| {
                Some((it, approval, notices, redactors.get(&it.workspace)?))
            })
            .flat_map(|(it, approval, notices, redactor)| {
                notices.iter().map(|notice| self.notification(it, approval, notice, redactor))
            })
            .collect();
        if !new.is_empty() {
            notifications::insert(&mut *conn, &new).await?;
        }
        let mut waiting: BTreeSet<Channel> =
            new.iter().filter(|it| it.destination.is_some()).map(|it| it.notice.channel).collect();
        // Lanes of webhooks are locked after all other lanes, here and everywhere.
        let events: Vec<&Caused> = routed.iter().map(|(it, ..)| *it).collect();
        let written = self.webhooks.write(&mut *conn, &events, &redactors).await?;
        if written.any {
            waiting.insert(Channel::Webhook);
        }
        // What they wrote for people stays, and is not written twice.
        unreadable.extend(written.unreadable);
        if !unreadable.is_empty() {
            causes::put_back(&mut *conn, &unreadable, Put::Later).await?;
        }
        if !rest.is_empty() {
            causes::put_back(conn, &rest, Put::AsBefore).await?;
        }
        Ok(waiting)
    }

    async fn notices(
        &self,
        conn: &mut PgConnection,
        caused: &Caused,
        loaded: &Loaded,
        (told, cards): (&mut ToldBefore, &[Card]),
    ) -> Result<Vec<Notice>, Error> {
        let approval: &Approval = &loaded.approval;
        let wanted = wanted(approval);
        // Who was told before hears how it ended, also where only an earlier level's policy named them.
        let names: Vec<PrincipalName> = match caused.cause {
            Cause::Decided | Cause::Expired | Cause::Cancelled => {
                told.values().filter_map(|name| PrincipalName::new(name).ok()).collect()
            }
            _ => Vec::new(),
        };
        let people = self.people.of(conn, approval, &wanted, &names).await?;
        let told_before = told.keys().copied().collect();
        let slack_channel = self.channels.slack().and_then(|slack| slack.channel(approval.workspace));
        let scene = Scene {
            approval,
            votes: &loaded.votes,
            level: caused.level,
            wanted: &wanted,
            people: &people,
            told: &told_before,
            channels: &self.channels.of(approval.workspace),
            slack_channel: slack_channel.as_deref(),
            cards,
            now: loaded.now,
        };
        let notices = route(caused.cause, &scene);
        if matches!(caused.cause, Cause::Requested | Cause::Escalated | Cause::Reminder) {
            let in_app = notices.iter().filter(|it| it.channel == Channel::InApp && it.skipped.is_none());
            told.extend(in_app.filter_map(|it| Some((it.principal?, it.recipient.clone()))));
        }
        Ok(notices)
    }

    fn notification<'a>(
        &'a self,
        caused: &Caused,
        approval: &'a Approval,
        notice: &'a Notice,
        redactor: &Redactor,
    ) -> New<'a> {
        let request = &approval.request;
        New {
            workspace: caused.workspace,
            approval: caused.approval,
            cause: caused.cause,
            level: caused.level,
            version: caused.version,
            ordinal: caused.ordinal,
            at: caused.due_at,
            notice,
            subject: redactor.text(request.title.as_deref().unwrap_or(request.approval_type.as_str())),
            destination: self.channels.destination(notice.channel, &notice.recipient),
        }
    }
}

/// What the request says about notifications. It was checked when the approval was created.
fn wanted(approval: &Approval) -> Wanted {
    Wanted::of(&approval.request).unwrap_or_else(|error| {
        tracing::warn!(%error, approval = %approval.id, "what it says of notifications can't be read");
        Wanted::default()
    })
}

/// Loads all of these approvals, in as many readings as it takes.
async fn load(conn: &mut PgConnection, ids: &[ApprovalId]) -> Result<Found, Error> {
    let mut found = HashMap::new();
    let mut rest = ids.to_vec();
    while !rest.is_empty() {
        let part = approvals::load_brief(&mut *conn, &rest).await?;
        found.extend(part.found);
        rest = part.rest;
    }
    Ok(found)
}
