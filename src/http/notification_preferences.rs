//! How the caller wants to be told of things. Each principal has their own, with any permissions.

use axum::{Json, extract::State};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Api,
    body::{Body, Modest},
    caller::Somebody,
};
use crate::{
    domain::notification::Channel,
    notify::Notifications,
    store::notification_preferences::Preferences,
    wire::{problem::Problem, validate::Check},
};

const IMMEDIATE: &str = "immediate";
const OFF: &str = "off";

/// How one wants to be told. What is left out is as it is by default.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "timezone": "Europe/Berlin", "channels": { "email": "off" } }))]
pub struct NotificationPreferencesBody {
    /// By its name in the IANA's list; `UTC` by default.
    timezone: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<ChannelsBody>)]
    channels: Option<ChannelsBody>,
}

/// For each channel `immediate`, which is the default, or `off`.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChannelsBody {
    slack: Option<String>,
    email: Option<String>,
    /// It can't be switched off.
    in_app: Option<String>,
}

/// How one is told.
#[derive(Debug, Serialize, ToSchema)]
pub struct NotificationPreferences {
    /// Times in messages are those of a clock there.
    #[schema(example = "Europe/Berlin")]
    timezone: &'static str,
    channels: ChannelChoices,
}

/// For each channel `immediate` or `off`.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChannelChoices {
    #[schema(example = "immediate")]
    slack: &'static str,
    #[schema(example = "off")]
    email: &'static str,
    #[schema(example = "immediate")]
    in_app: &'static str,
}

impl From<&Preferences> for NotificationPreferences {
    fn from(it: &Preferences) -> Self {
        let choice = |channel| if it.muted.contains(&channel) { OFF } else { IMMEDIATE };
        Self {
            timezone: it.zone.unwrap_or(Tz::UTC).name(),
            channels: ChannelChoices {
                slack: choice(Channel::Slack),
                email: choice(Channel::Email),
                in_app: IMMEDIATE,
            },
        }
    }
}

impl NotificationPreferencesBody {
    fn checked(&self) -> Result<Preferences, Problem> {
        let mut check = Check::default();
        let zone: Option<Option<Tz>> = self.timezone.as_deref().map(|name| name.parse().ok());
        if zone == Some(None) {
            let message = "must be the name of a time zone in the IANA's list, like Europe/Berlin";
            check.fail("/timezone", "timezone", message);
        }
        let mut preferences = Preferences { zone: zone.flatten(), ..Preferences::default() };
        let channels = self.channels.as_ref();
        for (channel, given) in [
            (Channel::Slack, channels.and_then(|it| it.slack.as_deref())),
            (Channel::Email, channels.and_then(|it| it.email.as_deref())),
            (Channel::InApp, channels.and_then(|it| it.in_app.as_deref())),
        ] {
            let pointer = format!("/channels/{}", channel.as_str());
            match given {
                None | Some(IMMEDIATE) => {}
                Some(OFF) if channel == Channel::InApp => {
                    check.fail(pointer, "allowed", "can't be off: what is in the app comes in any case");
                }
                Some(OFF) => drop(preferences.muted.insert(channel)),
                Some(_) => check.fail(pointer, "choice", "must be immediate or off"),
            }
        }
        check.finish()?;
        Ok(preferences)
    }
}

/// Show how one is told
///
/// The caller's own; no permission is needed.
#[utoipa::path(
    get, path = "/api/v1/me/notification-preferences", operation_id = "get_notification_preferences",
    tag = "notifications", responses((status = 200, body = NotificationPreferences))
)]
pub async fn get(
    State(api): State<Api>,
    somebody: Somebody,
) -> Result<Json<NotificationPreferences>, Problem> {
    let chosen = Notifications::of(&api.identity).preferences(somebody.caller()).await?;
    Ok(Json((&chosen).into()))
}

/// Say how one wants to be told
///
/// Replaces all of it. It holds for what is sent some seconds later.
#[utoipa::path(
    put, path = "/api/v1/me/notification-preferences", operation_id = "put_notification_preferences",
    tag = "notifications", request_body = NotificationPreferencesBody,
    responses((status = 200, body = NotificationPreferences))
)]
pub async fn put(
    State(api): State<Api>,
    somebody: Somebody,
    Body { value: body, .. }: Body<NotificationPreferencesBody, Modest>,
) -> Result<Json<NotificationPreferences>, Problem> {
    let wanted = body.checked()?;
    Notifications::of(&api.identity).set_preferences(somebody.caller(), &wanted).await?;
    Ok(Json((&wanted).into()))
}
