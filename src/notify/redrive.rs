//! Sends failed notifications again, on record.

use serde_json::json;
use sqlx::PgConnection;

use crate::{
    domain::{
        ids::{NotificationId, WorkspaceId},
        notification::{Channel, Status},
    },
    identity::{Attempted, By, Refusal},
    store::{
        notifications::{self, GIVE_UP_SECONDS, Notification},
        redrive::{Which, redrive},
    },
};

/// Lets one failed notification wait again. Answers it as it stands afterwards.
pub async fn one(
    conn: &mut PgConnection,
    by: &By<'_>,
    workspace: WorkspaceId,
    id: NotificationId,
) -> Attempted<Notification> {
    let Some(before) = notifications::get(&mut *conn, workspace, id).await? else {
        return Ok(Err(Refusal::NotFound("notification")));
    };
    if before.status != Status::Failed.as_str() {
        let why = format!("it is {}; only what has failed is sent again", before.status);
        return Ok(Err(Refusal::NotRedrivable(why)));
    }
    let which = Which { id: Some(id), ..Which::default() };
    if redrive(&mut *conn, workspace, &which, f64::from(GIVE_UP_SECONDS)).await? == 0 {
        let why = "it asks for a decision, and the approval has ended".to_owned();
        return Ok(Err(Refusal::NotRedrivable(why)));
    }
    let Some(after) = notifications::get(&mut *conn, workspace, id).await? else {
        return Ok(Err(Refusal::NotFound("notification")));
    };
    let states = (Some(json!({ "status": before.status })), Some(json!({ "status": after.status })));
    by.record(conn, workspace, "notification.redriven", &id.to_string(), states).await?;
    Ok(Ok(after))
}

/// Lets all failed notifications that fit wait again. Answers how many there were.
pub async fn all(
    conn: &mut PgConnection,
    by: &By<'_>,
    workspace: WorkspaceId,
    which: &Which,
) -> Attempted<i64> {
    let count = redrive(&mut *conn, workspace, which, f64::from(GIVE_UP_SECONDS)).await?;
    if count > 0 {
        let chosen = json!({
            "redriven": count,
            "channel": which.channel.map(Channel::as_str),
            "approval_id": which.approval.map(|it| it.0),
        });
        by.record(conn, workspace, "notifications.redriven", "many", (None, Some(chosen))).await?;
    }
    Ok(Ok(count))
}
