//! What clients are told: events of one shape, whether they come from the log or answer a message.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::frames::Reference;
use crate::{
    domain::{
        approval::{Approval, Ending, Resolution, State},
        event::{Cursor, Epoch},
    },
    store::events::{Event, Summary},
    wire::{
        approval::ResultView,
        problem::{Problem, Violation},
    },
};

/// Time that clients who are sent away together are spread over, for each of their sockets; at least, and at most.
const SPREAD: (Duration, Duration, Duration) =
    (Duration::from_millis(2), Duration::from_millis(500), Duration::from_secs(10));

/// The one shape.
#[derive(Serialize)]
pub struct Outgoing<'a, D> {
    pub event_type: &'a str,
    pub timestamp: DateTime<Utc>,
    pub task_id: &'a str,
    pub run_id: Option<&'a str>,
    pub session_id: Option<&'a str>,
    pub data: D,
    /// On what can be replayed, and on what says where a client stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// On answers to a message that had one.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<&'a RawValue>,
}

impl<D: Serialize> Outgoing<'_, D> {
    /// As text. What we put in always has one.
    pub fn text(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_else(|error| {
            tracing::error!(%error, "a bug: an event can't be written");
            Vec::new()
        })
    }
}

impl<'a> Outgoing<'a, &'a RawValue> {
    /// An event from a task's log.
    pub fn logged(task: &'a str, event: &'a Event, epoch: Epoch) -> Self {
        Self {
            event_type: &event.event_type,
            timestamp: event.at,
            task_id: task,
            run_id: event.run_id.as_deref(),
            session_id: event.session_id.as_deref(),
            data: &event.data,
            cursor: Some(event.cursor(epoch).to_string()),
            reference: None,
        }
    }
}

#[derive(Serialize)]
pub struct Hello<'a> {
    pub instance_id: &'a str,
    pub connection_id: Uuid,
    pub generation: i64,
    pub heartbeat_seconds: u64,
    pub recovered: Option<bool>,
    pub pending: &'a [Summary],
    pub pending_more: bool,
}

#[derive(Serialize)]
pub struct Reconnect {
    after_ms: u64,
    cursor: String,
}

impl Reconnect {
    /// After a time that so many sockets' clients are spread over.
    pub fn among(sockets: usize, place: Cursor) -> Self {
        let (each, least, most) = SPREAD;
        let sockets = u32::try_from(sockets).unwrap_or(u32::MAX);
        let spread = each.saturating_mul(sockets).clamp(least, most);
        let after = spread.mul_f64(rand::random_range(0.0..1.0));
        Self { after_ms: u64::try_from(after.as_millis()).unwrap_or(u64::MAX), cursor: place.to_string() }
    }
}

/// A new approval, and what may keep it from being decided.
#[derive(Serialize)]
pub struct Requested {
    #[serde(flatten)]
    pub approval: Summary,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Violation>,
}

/// An outcome, or how far a decision got.
#[derive(Serialize)]
pub struct Received<'a> {
    approval_id: Uuid,
    status: &'static str,
    /// Null while it is pending.
    approved: Option<bool>,
    resolution: Option<&'static str>,
    feedback: Option<&'a str>,
    modifications: Option<&'a RawValue>,
    comment: Option<&'a str>,
    /// On decisions: false where the same had been said before.
    #[serde(skip_serializing_if = "Option::is_none")]
    changed: Option<bool>,
    version: i32,
}

impl<'a> Received<'a> {
    pub fn of(approval: &'a Approval, changed: Option<bool>) -> Self {
        let ending = match &approval.state {
            State::Pending => None,
            State::Final { ending, .. } => Some(ending),
        };
        let resolution = ending.and_then(Ending::resolution);
        let result = ending.map(ResultView::from).unwrap_or_default();
        let approved = matches!(resolution, Some(Resolution::Approved | Resolution::Modified));
        Self {
            approval_id: approval.id.0,
            status: approval.state.status().as_str(),
            approved: ending.map(|_| approved),
            resolution: resolution.map(Resolution::as_str),
            feedback: result.feedback,
            modifications: result.modifications,
            comment: result.comment,
            changed,
            version: approval.version,
        }
    }
}

#[derive(Serialize)]
pub struct ErrorData<'a> {
    code: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [Violation],
    /// The outcome that stands, where that is why.
    #[serde(skip_serializing_if = "Option::is_none")]
    approval: Option<Received<'a>>,
}

impl<'a> From<&'a Problem> for ErrorData<'a> {
    fn from(problem: &'a Problem) -> Self {
        Self {
            code: problem.code.as_str(),
            message: problem.message(),
            errors: problem.errors(),
            approval: problem.approval.as_deref().map(|approval| Received::of(approval, None)),
        }
    }
}

/// What an answer says, before it is known to whom.
pub struct Answer {
    pub event_type: &'static str,
    pub data: Box<RawValue>,
    pub run_id: Option<String>,
    pub reference: Option<Reference>,
}

impl Answer {
    pub fn new(event_type: &'static str, data: &impl Serialize, reference: Option<Reference>) -> Self {
        let data = serde_json::value::to_raw_value(data).unwrap_or_else(|error| {
            tracing::error!(%error, "a bug: an answer can't be written");
            RawValue::NULL.to_owned()
        });
        Self { event_type, data, run_id: None, reference }
    }

    pub fn pong(reference: Option<Reference>) -> Self {
        Self::new("pong", &serde_json::json!({}), reference)
    }

    pub fn error(problem: &Problem, reference: Option<Reference>) -> Self {
        Self::new("error", &ErrorData::from(problem), reference)
    }
}
