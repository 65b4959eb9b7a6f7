//! Webhooks: which events there are, who gets which, what they are called, and when an endpoint is given up. Pure.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{
    approval::{Approval, Ending, Resolution, State, Via},
    ids::{ApprovalId, NotificationId},
    notification::Cause,
};

/// Most endpoints of a workspace.
pub const MOST_ENDPOINTS: usize = 50;
/// Largest body, in bytes.
pub const LARGEST_BODY: usize = 64 * 1024;
/// Most events that are kept for an endpoint that is disabled.
pub const MOST_KEPT: i64 = 100_000;
/// Keys of an endpoint that are good at once, at most: those who rotate more often lose the oldest.
pub const MOST_KEYS: usize = 5;
/// How long an endpoint fails until its workspace's administrators are told.
pub const TOLD_AFTER: Duration = Duration::from_hours(24);
/// How long it fails until it is disabled.
pub const DISABLED_AFTER: Duration = Duration::from_hours(5 * 24);
/// Those that failed longer ago say nothing about an endpoint that has not been asked since.
pub const LATELY: Duration = Duration::from_hours(24);

/// How long an event waits after each try that failed: 75 hours, then it has failed for good.
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

/// How long an event is kept for its endpoint at most: its last try comes later than 75 hours where waits are long.
pub const KEPT: Duration = Duration::from_hours(96);

/// What a webhook tells.
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

/// Who says what an endpoint is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ManagedBy {
    Api,
    /// The operator, in the settings.
    Configuration,
}

/// Why an endpoint gets nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Disabled {
    ByHand,
    /// It answered 410.
    Gone,
    /// It has failed for days.
    Failing,
    /// The operator has turned it off.
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

/// What an endpoint can choose.
pub const CHOICES: &[&str] =
    &["approval:requested", "approval:voted", "approval:escalated", "approval:resolved"];

impl Event {
    /// What is told of what happened; nothing of a reminder, which is for people.
    pub fn of(cause: Cause) -> Option<Self> {
        match cause {
            Cause::Requested => Some(Self::Requested),
            Cause::Voted => Some(Self::Voted),
            Cause::Escalated => Some(Self::Escalated),
            Cause::Decided | Cause::Expired | Cause::Cancelled => Some(Self::Resolved),
            Cause::Reminder => None,
        }
    }

    /// Whether an endpoint that chose these events gets it. One that chose none gets all.
    pub fn is_among(self, chosen: &[String]) -> bool {
        chosen.is_empty() || chosen.iter().any(|it| it == self.as_str())
    }
}

/// An event's id, the same at each endpoint, in each try and each replay.
pub fn event_id(approval: ApprovalId, version: i32, cause: Cause) -> String {
    format!("evt_{}_{version}_{}", approval.0.simple(), cause.as_str())
}

/// The id of what is about no approval.
pub fn own_id(notification: NotificationId) -> String {
    format!("evt_{}", notification.0.simple())
}

/// How an approval stands, in the words of webhooks: what receivers do next depends on this word alone.
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
