//! The notifications of a workspace: what was sent to whom, and what became of it.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    Api,
    body::{Body, Modest},
    caller::{ManageNotifications, May, ViewNotifications},
    path::UuidPath,
    query::{self, Params, limit},
};
use crate::{
    domain::{
        ids::{ApprovalId, NotificationId},
        notification::{Channel, Status},
    },
    notify::Notifications,
    store::{
        Page,
        notifications::Filter,
        redrive::{MOST, Which},
    },
    wire::{
        notification::{AttemptView, NotificationView},
        problem::Problem,
        validate::Check,
        vocabulary::{NotificationChannel, NotificationStatus},
    },
};

/// The longest recipient that a caller may look for, in characters.
const MAX_RECIPIENT: usize = 320;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct NotificationsQuery {
    #[param(value_type = Option<NotificationStatus>)]
    status: Option<String>,
    #[param(value_type = Option<NotificationChannel>)]
    channel: Option<String>,
    #[param(value_type = Option<Uuid>)]
    approval_id: Option<String>,
    /// Exactly this one: a name, or the address that the channel uses.
    recipient: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// 1 to 200; 50 by default.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200)]
    limit: Option<String>,
}

/// One page.
#[derive(Serialize, ToSchema)]
pub struct NotificationsPage {
    /// Newest first.
    items: Vec<NotificationView>,
    /// Null on the last page.
    next_cursor: Option<String>,
}

/// Where the page before ended.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cursor {
    id: Uuid,
}

/// List notifications
///
/// Newest first. `approval_id` finds those of one approval fastest. A page may be short or empty without being the last:
/// follow `next_cursor`.
#[utoipa::path(
    get, path = "/api/v1/notifications", operation_id = "list_notifications", tag = "notifications",
    security(("key" = ["notification:view"])),
    params(NotificationsQuery), responses((status = 200, body = NotificationsPage))
)]
pub async fn list(
    State(api): State<Api>,
    may: May<ViewNotifications>,
    Params(query): Params<NotificationsQuery>,
) -> Result<Json<NotificationsPage>, Problem> {
    let mut check = Check::default();
    let limit = limit(&mut check, query.limit.as_deref());
    let status = word(&mut check, "?status", query.status.as_deref(), Status::from_word, Status::WORDS);
    let channel = word(&mut check, "?channel", query.channel.as_deref(), Channel::from_word, Channel::WORDS);
    let approval = query.approval_id.as_deref().map(ApprovalId::parse);
    if let Some(None) = approval {
        check.fail("?approval_id", "uuid", "must be a UUID");
    }
    check.text("?recipient", query.recipient.as_ref(), MAX_RECIPIENT);
    let after = query.cursor.as_deref().map(query::decode_cursor::<Cursor>);
    if let Some(None) = after {
        check.fail("?cursor", "cursor", "must be a next_cursor of this list");
    }
    check.finish()?;
    let filter = Filter {
        status,
        channel,
        approval: approval.flatten(),
        recipient: query.recipient,
        before: after.flatten().map(|cursor| NotificationId(cursor.id)),
    };
    let notifications = Notifications::of(&api.identity);
    let (Page { items, .. }, next) = notifications.page(may.caller(), &filter, limit).await?;
    let ends_at = next.map(|id| Cursor { id: id.0 });
    let next_cursor = ends_at.as_ref().map(query::encode_cursor).transpose()?;
    Ok(Json(NotificationsPage { items: items.into_iter().map(Into::into).collect(), next_cursor }))
}

fn word<T>(
    check: &mut Check,
    pointer: &str,
    text: Option<&str>,
    parse: fn(&str) -> Option<T>,
    words: &[&str],
) -> Option<T> {
    let known = parse(text?);
    if known.is_none() {
        check.fail(pointer, "choice", format!("must be one of {}", words.join(", ")));
    }
    known
}

/// A notification with its tries.
#[derive(Serialize, ToSchema)]
pub struct WithAttempts {
    #[serde(flatten)]
    notification: NotificationView,
    /// Oldest first; the last 100.
    attempts: Vec<AttemptView>,
}

/// Show a notification
///
/// With what each try came to.
#[utoipa::path(
    get, path = "/api/v1/notifications/{id}", operation_id = "get_notification", tag = "notifications",
    security(("key" = ["notification:view"])),
    params(("id" = Uuid, Path, description = "The notification's id")),
    responses((status = 200, body = WithAttempts))
)]
pub async fn get(
    State(api): State<Api>,
    may: May<ViewNotifications>,
    UuidPath(id): UuidPath,
) -> Result<Json<WithAttempts>, Problem> {
    let found = Notifications::of(&api.identity).get(may.caller(), NotificationId(id)).await?;
    let (notification, attempts) = found.ok_or_else(Problem::not_found)?;
    let attempts = attempts.into_iter().map(Into::into).collect();
    Ok(Json(WithAttempts { notification: notification.into(), attempts }))
}

/// Send a notification again
///
/// Makes a failed notification pending again. It is given up as late as a new one. 409 `not_redrivable` if it has not
/// failed, or if it asks about an approval that has ended.
#[utoipa::path(
    post, path = "/api/v1/notifications/{id}/redrive", operation_id = "redrive_notification", tag = "notifications",
    security(("key" = ["notification:manage"])),
    params(("id" = Uuid, Path, description = "The notification's id")),
    responses((status = 200, body = NotificationView))
)]
pub async fn redrive_one(
    State(api): State<Api>,
    may: May<ManageNotifications>,
    UuidPath(id): UuidPath,
) -> Result<Json<NotificationView>, Problem> {
    let redriven = Notifications::of(&api.identity).redrive(may.call(), NotificationId(id)).await?;
    Ok(Json(redriven.into()))
}

/// What is to be sent again of what has failed: what fits all that is given.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"channel": "email"}))]
pub struct RedriveBody {
    #[schema(value_type = Option<NotificationChannel>)]
    channel: Option<String>,
    approval_id: Option<Uuid>,
    /// Exactly this one: a name, or the address that the channel uses.
    recipient: Option<String>,
}

/// What it came to.
#[derive(Serialize, ToSchema)]
pub struct Redriven {
    redriven: i64,
    /// Whether there may be more: 10,000 is the most of one call.
    more: bool,
}

/// Send all again that has failed
///
/// Makes failed notifications pending again, the oldest first, 10,000 at most. Those that ask about approvals that have
/// ended stay failed.
#[utoipa::path(
    post, path = "/api/v1/notifications/redrive", operation_id = "redrive_notifications", tag = "notifications",
    security(("key" = ["notification:manage"])),
    request_body = RedriveBody, responses((status = 200, body = Redriven))
)]
pub async fn redrive_all(
    State(api): State<Api>,
    may: May<ManageNotifications>,
    Body { value: body, .. }: Body<RedriveBody, Modest>,
) -> Result<Json<Redriven>, Problem> {
    let mut check = Check::default();
    let channel = word(&mut check, "/channel", body.channel.as_deref(), Channel::from_word, Channel::WORDS);
    check.text("/recipient", body.recipient.as_ref(), MAX_RECIPIENT);
    check.finish()?;
    let approval = body.approval_id.map(ApprovalId);
    let which = Which { id: None, channel, approval, recipient: body.recipient };
    let redriven = Notifications::of(&api.identity).redrive_all(may.call(), &which).await?;
    Ok(Json(Redriven { redriven, more: redriven >= MOST }))
}
