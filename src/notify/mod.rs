//! Telling people: from what happened to an approval to a message that has arrived.
//!
//! | module | what it does |
//! | --- | --- |
//! | [`router`] | makes notifications of causes, which what happens leaves behind in the statement that makes it happen |
//! | [`deliver`] | leases the lanes of a channel that are due |
//! | `material` | reads what messages are made of |
//! | `turn`, `parcel` | sends what waits in a lane; where that is too much for one recipient, as one message |
//! | `record` | writes down what became of it |
//! | [`courier`] | what a channel must be able to do |
//! | [`email`] | mail |
//! | [`guard`] | keeps destinations of workspaces' choice from what is the operator's own |
//! | [`webhook`] | events for programs |
//! | [`redrive`] | sends again what failed |
//!
//! Who is told what is a pure function in `domain/notification.rs`. This module knows neither SQL nor routes.

pub mod courier;
pub mod deliver;
pub mod email;
pub mod guard;
mod material;
mod parcel;
mod people;
mod record;
mod redactions;
pub mod redrive;
pub mod router;
mod turn;
pub mod webhook;

use std::sync::Arc;

use tokio::sync::Notify;

use crate::{config::Smtp, domain::notification::Channel};

pub use self::{deliver::Deliverer, email::Email, redactions::Redactions, router::Router, webhook::Webhooks};

/// The channels that this service has, besides the app itself.
#[derive(Debug, Clone, Default)]
pub struct Channels {
    /// The relay that takes our mail.
    email: Option<String>,
    /// Whether there may be endpoints. They get what they chose, whatever a request says.
    webhook: bool,
}

impl Channels {
    pub fn new(smtp: &Smtp, webhook: bool) -> Self {
        let email = smtp.is_on().then(|| format!("{}:{}", smtp.host, smtp.port));
        Self { email, webhook }
    }

    pub fn all(&self) -> Vec<Channel> {
        let email = self.email.as_ref().map(|_| Channel::Email);
        let webhook = self.webhook.then_some(Channel::Webhook);
        email.into_iter().chain(webhook).chain([Channel::InApp]).collect()
    }

    /// Where a channel's messages go, for one that leaves the service.
    pub fn destination(&self, channel: Channel) -> Option<&str> {
        match channel {
            Channel::Email => self.email.as_deref(),
            Channel::Slack | Channel::Webhook | Channel::InApp => None,
        }
    }
}

/// Tells deliverers that something may be due. Clones tell the same ones.
#[derive(Debug, Clone, Default)]
pub struct Hints {
    pub email: Arc<Notify>,
    pub webhook: Arc<Notify>,
}

impl Hints {
    pub fn hint(&self, channel: Channel) {
        match channel {
            Channel::Email => self.email.notify_one(),
            Channel::Webhook => self.webhook.notify_one(),
            Channel::Slack | Channel::InApp => {}
        }
    }
}

/// What routes and what sends, on one instance.
#[derive(Clone)]
pub struct Outbox {
    pub router: Router,
    pub email: Option<Email>,
    pub webhooks: Webhooks,
    pub redactions: Redactions,
    pub hints: Hints,
}
