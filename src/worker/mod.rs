//! Background services: each a loop that sleeps, does one bounded round, and says how it went.

mod audit;
mod checkpoints;
mod credentials;
mod deadlines;
mod due;
mod followers;
mod health;
mod janitor;
mod outbox;
mod outcomes;
mod pace;
mod passed_over;
mod proof_keys;
mod reaper;
mod reminders;
mod round;
mod router;
mod search_index;
mod step;
mod usage;
mod watched;
mod webhooks;

use std::sync::Arc;

use tokio::sync::Notify;

use self::pace::Pace;
pub use self::{health::Health, round::Round};

use crate::{
    approvals::Approvals,
    audit::checkpoint::Signer,
    auth::Authenticator,
    bus::{Bus, Redis},
    config::{self, Lease, Sweep},
    events::Events,
    lifecycle::Lifecycle,
    notify::{Deliverer, Outbox, Slack, courier::Courier},
    presence::{Journal, Ownership, Pulse},
    store::Database,
    telemetry::Metrics,
};

/// What the services work with.
#[derive(Clone)]
pub struct Workers {
    pub database: Database,
    pub redis: Redis,
    pub approvals: Approvals,
    pub authenticator: Authenticator,
    pub bus: Bus,
    pub metrics: Metrics,
    pub lifecycle: Lifecycle,
    pub instance: String,
    pub ownership: Ownership,
    pub pulse: Pulse,
    pub journal: Journal,
    pub sweep: Sweep,
    pub lease: Lease,
    pub cluster: config::Cluster,
    pub events: config::Events,
    pub events_log: Events,
    pub audit: config::Audit,
    pub notify: config::Notify,
    /// Apps in Slack, if there may be any.
    pub slack: Option<Slack>,
    /// `None`: this instance routes no notifications and sends none.
    pub outbox: Option<Outbox>,
    pub signer: Option<Arc<Signer>>,
}

impl Workers {
    /// Starts them all; answers how they are.
    pub fn start(self) -> Health {
        let health = Health::default();
        let lifecycle = self.lifecycle.clone();
        lifecycle.spawn_loop("database probe", health::probe(self.clone()));
        lifecycle.spawn_loop("redis probe", health::probe_redis(self.clone()));
        lifecycle.spawn_loop("outcome sweep", outcomes::run(self.clone(), health.clone()));
        lifecycle.spawn_loop("deadline sweep", deadlines::run(self.clone(), health.clone()));
        lifecycle.spawn_loop("reminder sweep", reminders::run(self.clone()));
        lifecycle.spawn_loop("event sweep", followers::run(self.clone()));
        lifecycle.spawn_loop("watched sweep", watched::run(self.clone()));
        lifecycle.spawn_loop("reaper", reaper::run(self.clone()));
        lifecycle.spawn_loop("credential sweep", credentials::run(self.clone()));
        lifecycle.spawn_loop("audit chainer", audit::run(self.clone(), health.clone()));
        lifecycle.spawn_loop("audit checkpoints", checkpoints::run(self.clone()));
        lifecycle.spawn_loop("usage", usage::run(self.clone()));
        lifecycle.spawn_loop("holdings", usage::measure(self.clone()));
        lifecycle.spawn_loop("proof keys", proof_keys::run(self.clone()));
        lifecycle.spawn_loop("search indexer", search_index::run(self.clone()));
        if let Some(slack) = self.slack.clone() {
            if let Some(home) = slack.home().cloned() {
                lifecycle.spawn_loop("Slack's workspace", home.look(self.database.clone()));
            }
            lifecycle.spawn_loop("Slack's apps", slack.keep());
        }
        if let Some(outbox) = self.outbox.clone() {
            self.deliver(&outbox);
            lifecycle.spawn_loop("notification router", router::run(self.clone(), outbox.router));
            lifecycle.spawn_loop("outbox", outbox::run(self.clone()));
            let watching = webhooks::run(self.clone(), outbox.webhooks);
            lifecycle.spawn_loop("webhook endpoints", watching);
        }
        lifecycle.spawn_loop("janitor", janitor::run(self));
        health
    }

    /// Starts a deliverer for each channel that there is.
    fn deliver(&self, outbox: &Outbox) {
        if let Some(email) = outbox.email.clone() {
            let deliverer = self.deliverer(email, outbox, &outbox.hints.email);
            self.lifecycle.spawn_service("deliverer of mail", deliverer.run());
        }
        if let Some(slack) = outbox.slack.clone() {
            let deliverer = self.deliverer(slack, outbox, &outbox.hints.slack);
            self.lifecycle.spawn_service("deliverer to Slack", deliverer.run());
        }
        let deliverer = self.deliverer(outbox.webhooks.clone(), outbox, &outbox.hints.webhook);
        self.lifecycle.spawn_service("deliverer of webhooks", deliverer.run());
    }

    fn deliverer<C: Courier>(&self, courier: C, outbox: &Outbox, hints: &Arc<Notify>) -> Deliverer<C> {
        let (database, metrics) = (self.database.clone(), self.metrics.clone());
        let (lifecycle, redactions) = (self.lifecycle.clone(), outbox.redactions.clone());
        Deliverer::new(database, courier, lifecycle, metrics, redactions, hints.clone())
    }
}
