//! Endpoints of webhooks and their deliveries, as callers send and see them.

use chrono::{DateTime, Utc};
use reqwest::Url;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    notification::AttemptView,
    validate::Check,
    vocabulary::{NotificationStatus, WebhookDisabled, WebhookEvent, WebhookFormat, WebhookManagedBy},
};
use crate::{
    domain::{
        notification::Cause,
        patch::{Patch, never_null},
        webhook::{CHOICES, Disabled, Event, Format, event_id, own_id},
    },
    notify::{
        guard::{Guard, Unfit},
        webhook::manage::Change,
    },
    store::{
        notifications::Notification,
        webhooks::{Endpoint, Wanted},
    },
};

/// Longest description, in characters.
const MAX_DESCRIPTION: usize = 500;

/// An endpoint that is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"url": "https://hooks.example/signoff", "events": ["approval:resolved"]}))]
pub struct WebhookBody {
    /// Where events are posted: `https`, without credentials and fragment, at a public address. At most 2,048 bytes.
    #[schema(required, nullable = false)]
    url: Option<String>,
    /// What it is for; at most 500 characters.
    description: Option<String>,
    /// Which events it gets; all by default.
    #[serde(default)]
    #[schema(value_type = Vec<WebhookEvent>)]
    events: Vec<String>,
    #[schema(value_type = Option<WebhookFormat>)]
    format: Option<String>,
    /// Whether bodies hold the context of requests; they don't by default.
    include_context: Option<bool>,
}

/// A change of an endpoint: what is left out stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"enabled": true}))]
pub struct WebhookPatch {
    #[serde(default, deserialize_with = "never_null")]
    #[schema(nullable = false)]
    url: Option<String>,
    /// Null: none.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    description: Patch<String>,
    /// An empty list: all.
    #[serde(default, deserialize_with = "never_null")]
    #[schema(value_type = Vec<WebhookEvent>, nullable = false)]
    events: Option<Vec<String>>,
    #[serde(default, deserialize_with = "never_null")]
    #[schema(value_type = WebhookFormat, nullable = false)]
    format: Option<String>,
    #[serde(default, deserialize_with = "never_null")]
    #[schema(nullable = false)]
    include_context: Option<bool>,
    /// Whether it gets anything. What waits for one that is disabled is kept, and goes when it is enabled again.
    #[serde(default, deserialize_with = "never_null")]
    #[schema(nullable = false)]
    enabled: Option<bool>,
}

impl WebhookBody {
    /// How the endpoint is to be; `None` only where something failed.
    pub fn check(self, check: &mut Check, guard: &Guard) -> Option<Wanted> {
        if self.url.is_none() {
            check.fail("/url", "required", "must be given");
        }
        let url = url(check, guard, self.url.as_deref());
        describe(check, self.description.as_ref());
        let events = events(check, &self.events);
        let format = format(check, self.format.as_deref());
        Some(Wanted {
            url: url?,
            description: self.description.filter(|it| !it.is_empty()),
            events,
            format: format.unwrap_or_default(),
            include_context: self.include_context.unwrap_or(false),
        })
    }
}

impl WebhookPatch {
    pub fn check(self, check: &mut Check, guard: &Guard) -> Change {
        describe(check, self.description.value());
        Change {
            url: url(check, guard, self.url.as_deref()),
            description: self.description,
            events: self.events.map(|it| events(check, &it)),
            format: format(check, self.format.as_deref()),
            include_context: self.include_context,
            enabled: self.enabled,
        }
    }
}

fn url(check: &mut Check, guard: &Guard, text: Option<&str>) -> Option<String> {
    match guard.parse(text?) {
        Ok(url) => Some(Url::into(url)),
        Err(unfit) => {
            let rule = match unfit {
                Unfit::NotAUrl => "url",
                Unfit::TooLong => "max_length",
                Unfit::Scheme => "scheme",
                Unfit::Credentials => "credentials",
                Unfit::Fragment => "fragment",
                Unfit::Address(_) => "address",
            };
            check.fail("/url", rule, unfit.to_string());
            None
        }
    }
}

fn describe(check: &mut Check, text: Option<&String>) {
    check.text("/description", text, MAX_DESCRIPTION);
    check.visible("/description", text);
}

/// Each once, in the order of the vocabulary.
fn events(check: &mut Check, given: &[String]) -> Vec<String> {
    for (index, event) in given.iter().enumerate() {
        if !CHOICES.contains(&event.as_str()) {
            let message = format!("must be one of {}", CHOICES.join(", "));
            check.fail(format!("/events/{index}"), "choice", message);
        }
    }
    CHOICES.iter().filter(|known| given.iter().any(|it| it == *known)).map(|it| (*it).to_owned()).collect()
}

fn format(check: &mut Check, given: Option<&str>) -> Option<Format> {
    let format = Format::from_word(given?);
    if format.is_none() {
        check.fail("/format", "choice", format!("must be one of {}", Format::WORDS.join(", ")));
    }
    format
}

/// An endpoint.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Webhook)]
pub struct WebhookView {
    id: Uuid,
    url: String,
    description: Option<String>,
    /// Empty: all.
    #[schema(value_type = Vec<WebhookEvent>)]
    events: Vec<String>,
    #[schema(value_type = WebhookFormat)]
    format: &'static str,
    include_context: bool,
    #[schema(value_type = WebhookManagedBy)]
    managed_by: &'static str,
    enabled: bool,
    disabled_at: Option<DateTime<Utc>>,
    #[schema(value_type = Option<WebhookDisabled>)]
    disabled_reason: Option<&'static str>,
    /// Since when nothing has arrived, though something was tried. Null: the last that was tried has arrived.
    failing_since: Option<DateTime<Utc>>,
    last_success_at: Option<DateTime<Utc>>,
    /// Of the last try that failed.
    last_error: Option<String>,
    /// How many events wait; 1,001 for more than a thousand.
    waiting: i64,
    /// Events that were not kept while it was disabled, because 100,000 waited already.
    dropped: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<Endpoint> for WebhookView {
    fn from(it: Endpoint) -> Self {
        Self {
            id: it.id.0,
            url: it.wanted.url,
            description: it.wanted.description,
            events: it.wanted.events,
            format: it.wanted.format.as_str(),
            include_context: it.wanted.include_context,
            managed_by: it.managed_by.as_str(),
            enabled: it.disabled.is_none(),
            disabled_at: it.disabled.map(|(at, _)| at),
            disabled_reason: it.disabled.map(|(_, why)| Disabled::as_str(why)),
            failing_since: it.failing_since,
            last_success_at: it.last_success_at,
            last_error: it.last_error,
            waiting: it.waiting,
            dropped: it.dropped,
            created_at: it.created_at,
            updated_at: it.updated_at,
        }
    }
}

/// An endpoint with its secret.
#[derive(Serialize, ToSchema)]
pub struct WebhookWithSecret {
    #[serde(flatten)]
    pub webhook: WebhookView,
    /// What signs messages, told this once.
    #[schema(example = "whsec_...")]
    pub secret: String,
}

/// An event on its way to an endpoint.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Delivery)]
pub struct DeliveryView {
    id: Uuid,
    /// The event's own id, the same in every try and replay, and at every endpoint.
    #[schema(example = "evt_0197c5d0a1b27c3d8e4f5a6b7c8d9e0f_2_decided")]
    webhook_id: String,
    /// `webhook:test` for a test.
    #[schema(example = "approval:resolved")]
    event: &'static str,
    /// Null: a test.
    approval_id: Option<Uuid>,
    #[schema(value_type = NotificationStatus)]
    status: String,
    /// How often it was tried.
    attempt_count: i32,
    /// When it is tried next, while it is pending.
    due_at: DateTime<Utc>,
    created_at: DateTime<Utc>,
    sent_at: Option<DateTime<Utc>>,
    failed_at: Option<DateTime<Utc>>,
    /// Of the last try that failed.
    error_message: Option<String>,
    /// Why it had not to be sent.
    skip_reason: Option<String>,
}

impl From<Notification> for DeliveryView {
    fn from(it: Notification) -> Self {
        let cause = Cause::from_word(&it.cause);
        let webhook_id = match (it.approval, cause) {
            (Some(approval), Some(cause)) => event_id(approval, it.version, cause),
            _ => own_id(it.id),
        };
        Self {
            id: it.id.0,
            webhook_id,
            event: cause.and_then(Event::of).unwrap_or(Event::Test).as_str(),
            approval_id: it.approval.map(|it| it.0),
            status: it.status,
            attempt_count: it.attempts,
            due_at: it.due_at,
            created_at: it.created_at,
            sent_at: it.sent_at,
            failed_at: it.failed_at,
            error_message: it.error_message,
            skip_reason: it.skip_reason,
        }
    }
}

/// A delivery with what was sent, and what each try came to.
#[derive(Serialize, ToSchema)]
pub struct DeliveryWithAttempts {
    #[serde(flatten)]
    pub delivery: DeliveryView,
    /// The bytes that are signed and sent, as text.
    pub body: Option<String>,
    /// Oldest first; the last 100.
    pub attempts: Vec<AttemptView>,
}
