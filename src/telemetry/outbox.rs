//! Figures of notifications.

use std::time::Duration;

use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

use super::Metrics;

/// How a channel's lanes are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lanes {
    pub due: i64,
    pub held: i64,
    pub failing: i64,
    /// How long the longest overdue of them has been due.
    pub oldest_seconds: f64,
}

/// What waits for the router.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Causes {
    /// Causes that could not be routed before, a thousand at most.
    pub stuck: i64,
    pub oldest_seconds: f64,
}

#[expect(clippy::cast_precision_loss, reason = "a gauge is a double; no count here nears 2^52")]
impl Metrics {
    /// What became of a notification; and, if it was handed over, how long that took.
    pub fn notification(&self, channel: &'static str, status: &'static str, delay: Option<Duration>) {
        self.within(|| {
            counter!("signoff_notifications_total", "channel" => channel, "status" => status).increment(1);
            if let Some(delay) = delay {
                histogram!("signoff_notification_delay_seconds", "channel" => channel).record(delay);
            }
        });
    }

    /// What came of a look at a link to decide by, or of what was sent to it.
    pub fn link(&self, result: &'static str) {
        self.within(|| counter!("signoff_links_total", "result" => result).increment(1));
    }

    pub fn lanes(&self, channel: &'static str, lanes: Lanes) {
        self.within(|| {
            for (state, count) in [("due", lanes.due), ("held", lanes.held), ("failing", lanes.failing)] {
                gauge!("signoff_lanes", "channel" => channel, "state" => state).set(count as f64);
            }
            gauge!("signoff_outbox_oldest_seconds", "channel" => channel).set(lanes.oldest_seconds);
        });
    }

    /// What became of a request that Slack sent.
    pub fn slack_interaction(&self, result: &'static str) {
        self.within(|| counter!("signoff_slack_interactions_total", "result" => result).increment(1));
    }

    pub fn causes(&self, causes: Causes) {
        self.within(|| {
            gauge!("signoff_notification_causes_stuck").set(causes.stuck as f64);
            gauge!("signoff_notification_causes_oldest_seconds").set(causes.oldest_seconds);
        });
    }
}

pub(super) fn describe() {
    describe_counter!(
        "signoff_notifications_total",
        "Tries to send a notification, by channel and by what the notification was afterwards."
    );
    describe_counter!(
        "signoff_slack_interactions_total",
        "Presses and forms that Slack sent, by what became of each: decided, asked, refused, late, ignored, unsigned, \
         replayed."
    );
    describe_counter!(
        "signoff_links_total",
        "Requests to links to decide by, by result: shown, unconfirmed, decided, repeated, refused, ended, forbidden, \
         unknown, limited."
    );
    describe_histogram!(
        "signoff_notification_delay_seconds",
        Unit::Seconds,
        "From what happened to the message that was handed over, by channel."
    );
    let gauges = [
        (
            "signoff_lanes",
            "Destinations for which something waits, by channel and state: due, held, failing.",
        ),
        (
            "signoff_outbox_oldest_seconds",
            "How long the longest overdue destination that is not held has been due, by channel.",
        ),
        ("signoff_notification_causes_stuck", "Causes that could not be made notifications of so far."),
        (
            "signoff_notification_causes_oldest_seconds",
            "How long the oldest cause has waited for the router.",
        ),
    ];
    for (name, text) in gauges {
        describe_gauge!(name, text);
    }
}
