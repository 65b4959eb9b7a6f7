//! Webhooks: the events, which endpoint gets which, their ids, and when administrators are told of an endpoint and when
//! it is disabled. Pure.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{
    approval::{Approval, Ending, Resolution, State, Via},
    ids::{ApprovalId, NotificationId},
    notification::Cause,
};

/// How many endpoints a workspace may have.
pub const MOST_ENDPOINTS: usize = 50;
/// The largest body, in bytes.
pub const LARGEST_BODY: usize = 64 * 1024;
/// How many events are kept for a disabled endpoint.
pub const MOST_KEPT: i64 = 100_000;
/// How many keys of an endpoint may be good at once. With one more, the oldest is dropped.
pub const MOST_KEYS: usize = 5;
/// After this time without success, administrators are told of an endpoint.
pub const TOLD_AFTER: Duration = Duration::from_hours(24);
/// After this time without success, an endpoint is disabled.
pub const DISABLED_AFTER: Duration = Duration::from_hours(5 * 24);
/// Only an endpoint that failed within this time counts as failing: without newer tries nothing is known about it.
pub const LATELY: Duration = Duration::from_hours(24);

/// How long an event waits after each failed try. It is 75 hours in all, and then the event has failed.
pub const AGAIN: [Duration; 9] = [
    Duration::from_secs(5),
    Duration::from_mins(5),
    Duration::from_mins(30),
    Duration::from_hours(2),
    Duration::from_hours(5),
    Duration::from_hours(10),
    Duration::from_hours(14),
    Duration::from_hours(20),
    Duration::from_hours(24),
];

/// How long an event waits for its endpoint at most. It is more than 75 hours, because waits may be longer and holds
/// come on top.
pub const KEPT: Duration = Duration::from_hours(96);

/// What an event tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Event {
    Requested,
    Voted,
    Escalated,
    Resolved,
    /// A member tries the endpoint.
    Test,
}

/// How a body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Format {
    #[default]
    Standard,
    CloudEvents,
}

/// Who manages an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ManagedBy {
    Api,
    /// The operator, in the settings.
    Configuration,
}

/// Why an endpoint is disabled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Disabled {
    ByHand,
    /// It answered 410.
    Gone,
    /// It has failed for days.
    Failing,
    /// The configuration no longer names it.
    Configuration,
}

vocabulary! {
    Event {
        Requested = "approval:requested", Voted = "approval:voted", Escalated = "approval:escalated",
        Resolved = "approval:resolved", Test = "webhook:test",
    }
    Format { Standard = "standard", CloudEvents = "cloudevents" }
    ManagedBy { Api = "api", Configuration = "configuration" }
    Disabled { ByHand = "by_hand", Gone = "gone", Failing = "failing", Configuration = "configuration" }
}

/// The events that an endpoint can choose.
pub const CHOICES: &[&str] =
    &["approval:requested", "approval:voted", "approval:escalated", "approval:resolved"];

impl Event {
    /// The event that a cause becomes. A reminder becomes none: it is for people.
    pub fn of(cause: Cause) -> Option<Self> {
        match cause {
            Cause::Requested => Some(Self::Requested),
            Cause::Voted => Some(Self::Voted),
            Cause::Escalated => Some(Self::Escalated),
            Cause::Decided | Cause::Expired | Cause::Cancelled => Some(Self::Resolved),
            Cause::Reminder => None,
        }
    }

    /// Whether an endpoint that chose these events gets this one. An endpoint that chose none gets all.
    pub fn is_among(self, chosen: &[String]) -> bool {
        chosen.is_empty() || chosen.iter().any(|it| it == self.as_str())
    }
}

/// The id of an event. It is the same at each endpoint, in each try and in each replay.
pub fn event_id(approval: ApprovalId, version: i32, cause: Cause) -> String {
    format!("evt_{}_{version}_{}", approval.0.simple(), cause.as_str())
}

/// The id of an event that is about no approval: a test.
pub fn own_id(notification: NotificationId) -> String {
    format!("evt_{}", notification.0.simple())
}

/// How an approval stands, in one word. A receiver can tell from it alone what to do next.
pub fn status(approval: &Approval) -> &'static str {
    let State::Final { ending, .. } = &approval.state else { return "pending" };
    match ending {
        Ending::Resolved { resolution: Resolution::Rejected, .. } => "rejected",
        Ending::Resolved { via: Via::Rule, .. }
        | Ending::Expired { resolution: Some(Resolution::Approved | Resolution::Modified) } => {
            "auto_approved"
        }
        Ending::Resolved { .. } => "approved",
        Ending::Expired { .. } => "expired",
        Ending::Cancelled { .. } => "cancelled",
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn an_event_is_tried_for_three_days() {
        let hours = AGAIN.iter().sum::<Duration>().as_secs_f64() / 3_600.0;
        assert!((75.0..76.0).contains(&hours), "{hours}");
        assert!(AGAIN.is_sorted());
    }

    #[test]
    fn an_event_has_one_id_that_no_signature_is_confused_by() {
        let id = event_id(ApprovalId(Uuid::from_u128(1)), 2, Cause::Decided);
        assert_eq!(id, "evt_00000000000000000000000000000001_2_decided");
        assert!(!id.contains('.'));
    }

    #[test]
    fn an_endpoint_gets_what_it_chose_and_all_where_it_chose_nothing() {
        let chosen = vec!["approval:resolved".to_owned()];
        assert!(Event::Resolved.is_among(&chosen) && !Event::Requested.is_among(&chosen));
        assert!(Event::Requested.is_among(&[]));
        assert_eq!(Event::of(Cause::Reminder), None);
        let told = [Cause::Decided, Cause::Expired, Cause::Cancelled].map(Event::of);
        assert_eq!(told, [Some(Event::Resolved); 3]);
    }
}
