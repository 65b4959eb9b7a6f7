//! The closed vocabularies as the OpenAPI document shows them: an `enum` each, of the words that the domain has.
//!
//! Only schemas. What carries a word at run time is the domain's own type, or a text that was checked against it.

use crate::{
    approvals::eligible,
    audit::finding,
    domain::{approval, claim, delegation, notification, policy, slack, standing, webhook},
    presence::journal::Happening,
    store::vocabulary::schemas,
};

schemas! {
    /// How an approval stands; the last three are final.
    Status = approval::Status::WORDS;
    /// Which way it went.
    Resolution = approval::Resolution::WORDS;
    /// What ended it.
    ResolvedVia = approval::Via::WORDS;
    /// What the deadline does.
    TimeoutAction = approval::TimeoutAction::WORDS;
    /// What stands in somebody's way.
    EligibleState = eligible::State::WORDS;
    /// Why votes ended it.
    Because = policy::Because::WORDS;
    /// What may be done with a pending approval.
    Verb = standing::VERBS;
    /// Why something can't be done with an approval.
    WhyNot = standing::Why::CODES;
    /// What a vote would do.
    Effect = standing::Effect::WORDS;
    /// Whether people may let others sit in their seats.
    Delegating = delegation::Delegating::WORDS;
    /// What a notification is about.
    NotificationCause = [notification::Cause::WORDS, notification::News::WORDS, &[notification::TEST]].concat();
    /// A way to reach people.
    NotificationChannel = notification::Channel::WORDS;
    /// Whether a message is sent, or one that was sent is edited.
    NotificationAction = notification::Action::WORDS;
    /// What became of a notification.
    NotificationStatus = notification::Status::WORDS;
    /// Why a notification had not to be sent.
    NotificationSkipped = notification::Skipped::WORDS;
    /// What a try came to.
    NotificationOutcome = notification::TryResult::WORDS;
    /// What a webhook tells.
    WebhookEvent = webhook::CHOICES;
    /// How a webhook's body is written.
    WebhookFormat = webhook::Format::WORDS;
    /// Who says what an endpoint is like.
    WebhookManagedBy = webhook::ManagedBy::WORDS;
    /// Why an endpoint gets nothing.
    WebhookDisabled = webhook::Disabled::WORDS;
    /// Whether the app in Slack works.
    SlackAppState = slack::AppState::WORDS;
    /// How a claim stands.
    ClaimState = claim::STATES;
    /// What an executor says of its work.
    ClaimOutcome = claim::Completion::WORDS;
    /// What is said to many.
    BulkAction = ["approve", "reject"];
    /// How an instance is: `degraded` is without Redis, `lost` is one whose lease ran out.
    InstanceState = ["serving", "degraded", "draining", "lost"];
    /// What happened to the service. `stopped`: in good order. `lost`: its lease ran out; `at` is when another instance
    /// found that. `returned`: it was lost, and lives. Redis and the database: as this instance saw them.
    ClusterEventKind = [Happening::WORDS, &["stopped", "lost", "returned"]].concat();
    /// How a look over a chain ended. `whole`: nothing was found; `broken`: something was; `failed`: it could not be told.
    VerificationState = ["running", "whole", "broken", "failed"];
    /// What doesn't fit.
    FindingKind = finding::Kind::WORDS;
}

#[cfg(test)]
mod tests {
    use utoipa::PartialSchema;

    use super::*;

    #[test]
    fn a_vocabulary_is_an_enum() {
        let schema = serde_json::to_value(Status::schema()).unwrap();
        assert_eq!(schema["enum"], serde_json::json!(["pending", "resolved", "expired", "cancelled"]));
        assert_eq!(schema["type"], "string");
    }
}
