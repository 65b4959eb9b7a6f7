//! What the caller was told in the app. Each principal has their own, with any permissions.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    Api,
    body::{Body, Modest},
    caller::Somebody,
    query::{self, Params, limit},
};
use crate::{
    domain::ids::NotificationId,
    notify::Notifications,
    store::{Page, in_app::Which},
    wire::{notification::OwnNotification, problem::Problem, validate::Check},
};

/// Most ids in one call.
const MOST_IDS: usize = 200;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OwnQuery {
    /// Only those that are unread.
    #[param(value_type = Option<bool>)]
    unread: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// 1 to 200; 50 by default.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200)]
    limit: Option<String>,
}

/// One page.
#[derive(Serialize, ToSchema)]
pub struct OwnNotifications {
    /// Newest first.
    items: Vec<OwnNotification>,
    /// Null on the last page.
    next_cursor: Option<String>,
}

/// Where a page ended.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cursor {
    id: Uuid,
}

/// List one's notifications
///
/// What the caller was told in the app; no permission is needed. Kept for `notify.retention_days`.
#[utoipa::path(
    get, path = "/api/v1/me/notifications", operation_id = "list_own_notifications", tag = "notifications",
    params(OwnQuery), responses((status = 200, body = OwnNotifications))
)]
pub async fn list(
    State(api): State<Api>,
    somebody: Somebody,
    Params(query): Params<OwnQuery>,
) -> Result<Json<OwnNotifications>, Problem> {
    let mut check = Check::default();
    let limit = limit(&mut check, query.limit.as_deref());
    let is_unread = match query.unread.as_deref().map(str::parse::<bool>) {
        None => false,
        Some(Ok(is_unread)) => is_unread,
        Some(Err(_)) => {
            check.fail("?unread", "choice", "must be true or false");
            false
        }
    };
    let after = query.cursor.as_deref().map(query::decode_cursor::<Cursor>);
    if let Some(None) = after {
        check.fail("?cursor", "cursor", "must be a next_cursor of this list");
    }
    check.finish()?;
    let before = after.flatten().map(|cursor| NotificationId(cursor.id));
    let own = Notifications::of(&api.identity);
    let Page { items, more } = own.own(somebody.caller(), is_unread, before, limit).await?;
    let ends_at = items.last().filter(|_| more).map(|end| Cursor { id: end.id.0 });
    let next_cursor = ends_at.as_ref().map(query::encode_cursor).transpose()?;
    Ok(Json(OwnNotifications { items: items.into_iter().map(Into::into).collect(), next_cursor }))
}

/// How much is unread.
#[derive(Serialize, ToSchema)]
pub struct Unread {
    /// At most 1,000 are counted.
    #[schema(minimum = 0, maximum = 1000)]
    unread: i64,
}

/// Count one's unread notifications
///
/// No permission is needed.
#[utoipa::path(
    get, path = "/api/v1/me/notifications/unread-count", operation_id = "count_unread_notifications",
    tag = "notifications", responses((status = 200, body = Unread))
)]
pub async fn unread_count(State(api): State<Api>, somebody: Somebody) -> Result<Json<Unread>, Problem> {
    let unread = Notifications::of(&api.identity).own_unread(somebody.caller()).await?;
    Ok(Json(Unread { unread }))
}

/// Which notifications were read: one of the two.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"before": "2026-11-28T12:00:00Z"}))]
pub struct ReadBody {
    /// At most 200. Ids that are none of the caller's own are passed over.
    #[schema(max_items = 200)]
    ids: Option<Vec<Uuid>>,
    /// All that came before this moment; 10,000 of them at most are marked by one call, the oldest first.
    #[schema(value_type = Option<DateTime<Utc>>)]
    before: Option<String>,
}

/// What marking came to.
#[derive(Serialize, ToSchema)]
pub struct ReadAnswer {
    /// How many had been unread.
    read: u64,
    /// How many are still unread; at most 1,000 are counted.
    unread: i64,
}

/// Mark one's notifications as read
///
/// No permission is needed. What was read before stays as it is.
#[utoipa::path(
    post, path = "/api/v1/me/notifications/read", operation_id = "read_notifications", tag = "notifications",
    request_body = ReadBody, responses((status = 200, body = ReadAnswer))
)]
pub async fn read(
    State(api): State<Api>,
    somebody: Somebody,
    Body { value: body, .. }: Body<ReadBody, Modest>,
) -> Result<Json<ReadAnswer>, Problem> {
    let mut check = Check::default();
    let before = query::time(&mut check, "/before", body.before.as_deref());
    match (&body.ids, &body.before) {
        (Some(ids), None) if ids.len() > MOST_IDS => {
            check.fail("/ids", "max_items", format!("must be at most {MOST_IDS}"));
        }
        (Some(_), None) | (None, Some(_)) => {}
        _ => check.fail("", "choice", "must have either ids or before"),
    }
    check.finish()?;
    let which = match (&body.ids, before) {
        (Some(ids), _) => Which::These(ids),
        (None, Some(moment)) => Which::Before(moment),
        (None, None) => return Err(Problem::internal("a required field was let through")),
    };
    let (read, unread) = Notifications::of(&api.identity).read_own(somebody.caller(), which).await?;
    Ok(Json(ReadAnswer { read, unread }))
}
