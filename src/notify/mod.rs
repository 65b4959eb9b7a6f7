//! Telling people: from what happened to an approval to a message that has arrived.
//!
//! What happens leaves a cause, in the statement that makes it happen. The [`router`] makes notifications of causes.
//! Which channels there are is configuration; who is told what is a pure function in `domain/notification.rs`. This
//! module knows neither SQL nor routes.

mod people;
pub mod redrive;
pub mod router;

use crate::domain::notification::Channel;

pub use self::router::Router;

/// The channels that this service has, besides the app itself.
#[derive(Debug, Clone, Default)]
pub struct Channels {
    /// The relay that takes our mail.
    pub email: Option<String>,
}

impl Channels {
    pub fn all(&self) -> Vec<Channel> {
        let email = self.email.as_ref().map(|_| Channel::Email);
        email.into_iter().chain([Channel::InApp]).collect()
    }

    /// Where a channel's messages go, for one that leaves the service.
    pub fn destination(&self, channel: Channel) -> Option<&str> {
        match channel {
            Channel::Email => self.email.as_deref(),
            Channel::Slack | Channel::Webhook | Channel::InApp => None,
        }
    }
}
