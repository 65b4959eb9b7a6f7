//! Telling people: from what happened to an approval to a message that has arrived.
//!
//! | module | what it does |
//! | --- | --- |
//! | [`router`] | makes notifications of causes, which what happens leaves behind in the statement that makes it happen |
//! | [`deliver`] | leases the lanes of a channel that are due |
//! | `material` | reads what messages are made of |
//! | `turn`, `parcel` | sends what waits in a lane; where that is too much for one recipient, as one message |
//! | `fate` | says what became of a message |
//! | `record` | writes that down |
//! | [`courier`] | what a channel must be able to do |
//! | [`email`] | mail |
//! | [`slack`] | cards in Slack |
//! | [`guard`] | keeps destinations of workspaces' choice from what is the operator's own |
//! | [`webhook`] | events for programs |
//! | [`redrive`] | sends again what failed |
//!
//! Who is told what is a pure function in `domain/notification.rs`. This module knows neither SQL nor routes.

pub mod courier;
pub mod deliver;
pub mod email;
mod fate;
pub mod guard;
mod material;
mod parcel;
mod people;
mod record;
mod redactions;
pub mod redrive;
pub mod router;
pub mod slack;
mod turn;
pub mod webhook;

use std::sync::Arc;

use tokio::sync::Notify;

use crate::{
    config::Config,
    domain::{ids::WorkspaceId, notification::Channel},
};

pub use self::{
    deliver::Deliverer, email::Email, redactions::Redactions, router::Router, slack::Slack, webhook::Webhooks,
};

/// The channels that this service has, besides the app itself. Clones share what was found out.
#[derive(Debug, Clone, Default)]
pub struct Channels {
    /// The relay that takes our mail.
    email: Option<String>,
    slack: Option<Slack>,
    /// Whether there may be endpoints. They get what they chose, whatever a request says.
    webhook: bool,
}

impl Channels {
    pub fn new(config: &Config, slack: Option<Slack>, webhook: bool) -> Self {
        Self { email: config.smtp.relay(), slack, webhook }
    }

    /// Those that a workspace has.
    pub fn of(&self, workspace: WorkspaceId) -> Vec<Channel> {
        let slack = self.slack.as_ref().filter(|slack| slack.serves(workspace)).map(|_| Channel::Slack);
        let email = self.email.as_ref().map(|_| Channel::Email);
        let webhook = self.webhook.then_some(Channel::Webhook);
        slack.into_iter().chain(email).chain(webhook).chain([Channel::InApp]).collect()
    }

    /// Apps in Slack, if there may be any.
    pub fn slack(&self) -> Option<&Slack> {
        self.slack.as_ref()
    }

    /// Where a message goes, for a channel that leaves the service: all that goes to one place goes in its order.
    pub fn destination<'a>(&'a self, channel: Channel, recipient: &'a str) -> Option<&'a str> {
        match channel {
            Channel::Email => self.email.as_deref(),
            Channel::Slack => Some(recipient),
            Channel::Webhook | Channel::InApp => None,
        }
    }
}

/// Tells deliverers that something may be due. Clones tell the same ones.
#[derive(Debug, Clone, Default)]
pub struct Hints {
    pub email: Arc<Notify>,
    pub slack: Arc<Notify>,
    pub webhook: Arc<Notify>,
}

impl Hints {
    pub fn hint(&self, channel: Channel) {
        match channel {
            Channel::Email => self.email.notify_one(),
            Channel::Slack => self.slack.notify_one(),
            Channel::Webhook => self.webhook.notify_one(),
            Channel::InApp => {}
        }
    }
}

/// What routes and what sends, on one instance.
#[derive(Clone)]
pub struct Outbox {
    pub router: Router,
    pub email: Option<Email>,
    pub slack: Option<Slack>,
    pub webhooks: Webhooks,
    pub redactions: Redactions,
    pub hints: Hints,
}
