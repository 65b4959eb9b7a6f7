//! Notifications as callers see them: in the list of all, with their tries, and one's own.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::vocabulary::{
    NotificationAction, NotificationCause, NotificationChannel, NotificationOutcome, NotificationSkipped,
    NotificationStatus,
};
use crate::{
    domain::ids::{ApprovalId, NotificationId},
    store::{
        in_app::Told,
        notifications::{Attempt, Notification},
    },
};

/// One message to one recipient.
#[derive(Serialize, ToSchema)]
#[schema(as = Notification)]
pub struct NotificationView {
    #[schema(value_type = Uuid)]
    id: NotificationId,
    /// Null: about no approval.
    #[schema(value_type = Option<Uuid>)]
    approval_id: Option<ApprovalId>,
    /// What happened.
    #[schema(value_type = NotificationCause)]
    cause: String,
    /// The approval's level and version at that time.
    level: i32,
    version: i32,
    #[schema(value_type = NotificationChannel)]
    channel: String,
    #[schema(value_type = NotificationAction)]
    action: String,
    /// A name, or the address that the channel uses.
    recipient: String,
    /// Whose it is, by name. Null: no one person's.
    principal: Option<String>,
    /// Whether the recipient is asked to decide.
    asks: bool,
    #[schema(value_type = NotificationStatus)]
    status: String,
    /// How often it was tried.
    attempt_count: i32,
    /// When it is tried next, while it is pending.
    due_at: DateTime<Utc>,
    created_at: DateTime<Utc>,
    sent_at: Option<DateTime<Utc>>,
    read_at: Option<DateTime<Utc>>,
    failed_at: Option<DateTime<Utc>>,
    /// Of the last try that failed.
    error_message: Option<String>,
    #[schema(value_type = Option<NotificationSkipped>)]
    skip_reason: Option<String>,
}

impl From<Notification> for NotificationView {
    fn from(it: Notification) -> Self {
        Self {
            id: it.id,
            approval_id: it.approval,
            cause: it.cause,
            level: it.level,
            version: it.version,
            channel: it.channel,
            action: it.action,
            recipient: it.recipient,
            principal: it.principal,
            asks: it.asks,
            status: it.status,
            attempt_count: it.attempts,
            due_at: it.due_at,
            created_at: it.created_at,
            sent_at: it.sent_at,
            read_at: it.read_at,
            failed_at: it.failed_at,
            error_message: it.error_message,
            skip_reason: it.skip_reason,
        }
    }
}

/// What one try came to.
#[derive(Serialize, ToSchema)]
#[schema(as = NotificationAttempt)]
pub struct AttemptView {
    at: DateTime<Utc>,
    duration_ms: i32,
    #[schema(value_type = NotificationOutcome)]
    outcome: String,
    /// The channel's own code: an HTTP status, an SMTP reply.
    status_code: Option<i32>,
    error: Option<String>,
    /// The beginning of what the other side answered, 4 KiB at most.
    answer: Option<String>,
}

impl From<Attempt> for AttemptView {
    fn from(it: Attempt) -> Self {
        Self {
            at: it.at,
            duration_ms: it.duration_ms,
            outcome: it.outcome,
            status_code: it.status_code,
            error: it.error,
            answer: it.answer,
        }
    }
}

/// A notification of one's own.
#[derive(Debug, Serialize, ToSchema)]
pub struct OwnNotification {
    #[schema(value_type = Uuid)]
    pub id: NotificationId,
    /// Null: about no approval.
    #[schema(value_type = Option<Uuid>)]
    approval_id: Option<ApprovalId>,
    /// What happened.
    #[schema(value_type = NotificationCause)]
    cause: String,
    /// The approval's level at that time.
    level: i32,
    /// Whether the reader was asked to decide.
    asks: bool,
    /// The approval's title; where it has none, its type.
    subject: Option<String>,
    sent_at: DateTime<Utc>,
    /// Null: unread.
    read_at: Option<DateTime<Utc>>,
}

impl From<Told> for OwnNotification {
    fn from(it: Told) -> Self {
        Self {
            id: it.id,
            approval_id: it.approval,
            cause: it.cause,
            level: it.level,
            asks: it.asks,
            subject: it.subject,
            sent_at: it.sent_at,
            read_at: it.read_at,
        }
    }
}
