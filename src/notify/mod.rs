//! Tells people and programs what happens to approvals.
//!
//! | module | what it does |
//! | --- | --- |
//! | [`router`] | makes notifications of causes; the statement that changes an approval writes its cause |
//! | [`deliver`] | leases the lanes of a channel that are due |
//! | `material` | reads what messages are made of |
//! | `turn`, `parcel` | send what waits in a lane; too much for one recipient goes as one message |
//! | `fate` | says what becomes of a notification |
//! | `record` | writes down what became of it |
//! | [`courier`] | what a channel must be able to do |
//! | [`email`] | mail |
//! | [`slack`] | cards in Slack |
//! | [`guard`] | keeps URLs that members choose out of the operator's network |
//! | [`webhook`] | events for programs |
//! | [`in_app`] | what people were told in the app |
//! | [`redrive`] | sends failed notifications again |
//! | `service` | notifications as members reach them |
//!
//! Who is told what is a pure function in `domain/notification.rs`. This module knows neither SQL nor routes.

pub mod courier;
pub mod deliver;
pub mod email;
mod fate;
pub mod guard;
pub mod in_app;
mod material;
mod parcel;
mod people;
mod record;
mod redactions;
pub mod redrive;
pub mod router;
mod service;
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
    deliver::Deliverer, email::Email, redactions::Redactions, router::Router, service::Notifications,
    slack::Slack, webhook::Webhooks,
};

/// The channels that this instance has. A clone shares what another has found out.
#[derive(Debug, Clone, Default)]
pub struct Channels {
    /// The relay that takes our mail. `None`: there is no mail.
    email: Option<String>,
    slack: Option<Slack>,
    /// Whether endpoints are served. An endpoint gets the events that it chose, whatever a request says.
    webhook: bool,
}

impl Channels {
    pub fn new(config: &Config, slack: Option<Slack>, webhook: bool) -> Self {
        Self { email: config.smtp.relay(), slack, webhook }
    }

    /// The channels that a workspace has.
    pub fn of(&self, workspace: WorkspaceId) -> Vec<Channel> {
        let slack = self.slack.as_ref().filter(|slack| slack.serves(workspace)).map(|_| Channel::Slack);
        let email = self.email.as_ref().map(|_| Channel::Email);
        let webhook = self.webhook.then_some(Channel::Webhook);
        slack.into_iter().chain(email).chain(webhook).chain([Channel::InApp]).collect()
    }

    /// The apps in Slack, if there may be any.
    pub fn slack(&self) -> Option<&Slack> {
        self.slack.as_ref()
    }

    /// The destination of a message, which has a lane. `None` for what stays in the app, and for events of webhooks:
    /// `store/deliveries.rs` finds their lanes.
    pub fn destination<'a>(&'a self, channel: Channel, recipient: &'a str) -> Option<&'a str> {
        match channel {
            Channel::Email => self.email.as_deref(),
            Channel::Slack => Some(recipient),
            Channel::Webhook | Channel::InApp => None,
        }
    }
}

/// Wakes deliverers when something may be due. Clones wake the same deliverers.
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

/// All that routes and sends, on one instance.
#[derive(Clone)]
pub struct Outbox {
    pub router: Router,
    pub email: Option<Email>,
    pub slack: Option<Slack>,
    pub webhooks: Webhooks,
    pub redactions: Redactions,
    pub hints: Hints,
}
