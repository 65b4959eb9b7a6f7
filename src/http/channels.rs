//! The app in Slack that serves a workspace: its own, or the service's. A person who has an app's signing secret can
//! press in every bound person's name. So only those who may bind accounts to people may set an app.

use std::time::Duration;

use axum::{Json, extract::State, http::StatusCode};

use super::{
    Api,
    body::{Body, Modest},
    caller::{Administer, ManageNotifications, May},
};
use crate::{
    notify::{Slack, slack::Tried},
    wire::{
        problem::{Code, Problem, Violation},
        slack::{SlackChannelBody, SlackChannelView},
        validate::Check,
    },
};

/// How long Slack may take to say which app the service's is. It is asked only if that is not known yet.
const LOOKED_FOR: Duration = Duration::from_secs(2);

/// Slack, if workspaces can have apps of their own. Otherwise why not.
fn able(api: &Api) -> Result<&Slack, Problem> {
    if api.webhooks.sealer().is_none() {
        let why = "secrets of apps can't be kept: the operator must set secrets.key (SIGNOFF_SECRETS_KEY), 32 bytes in \
                   base64";
        return Err(Problem::new(Code::NotSupported, why));
    }
    api.slack.as_ref().ok_or_else(|| {
        Problem::new(Code::NotSupported, "the operator has turned Slack off (slack.enabled, SLACK_ENABLED)")
    })
}

/// Show the app in Slack
///
/// The workspace's own app, or the service's app where that serves the workspace. Secrets are never shown.
#[utoipa::path(
    get, path = "/api/v1/channels/slack", operation_id = "get_slack_channel", tag = "notifications",
    security(("key" = ["notification:manage"])),
    responses((status = 200, body = SlackChannelView))
)]
pub async fn get_slack(
    State(api): State<Api>,
    may: May<ManageNotifications>,
) -> Result<Json<SlackChannelView>, Problem> {
    let caller = may.caller();
    let slack = api.slack.as_ref().ok_or_else(Problem::not_found)?;
    if let Some(own) = Slack::own_app(&api.identity, caller).await? {
        let state = slack.state(&own);
        return Ok(Json(SlackChannelView::own(own, state)));
    }
    let home = slack.home().filter(|home| home.is_of(caller.workspace));
    let (home, app) = home.zip(slack.service()).ok_or_else(Problem::not_found)?;
    let client = &app.client;
    // If Slack is slow or away, the answer names no team.
    let _ = tokio::time::timeout(LOOKED_FOR, slack.look_at_service()).await;
    Ok(Json(SlackChannelView::service(client.known_app(), home.channel(), client.is_refused())))
}

/// Set the workspace's own app in Slack
///
/// Replaces the app that was set before, with its secrets. Slack is asked first: a token that it refuses is 422 at
/// `/bot_token`. An app in a team serves one workspace: the same app for another one is 409. All instances take over the
/// change within some seconds.
#[utoipa::path(
    put, path = "/api/v1/channels/slack", operation_id = "set_slack_channel", tag = "notifications",
    security(("key" = ["workspace:admin"])),
    request_body = SlackChannelBody, responses((status = 200, body = SlackChannelView))
)]
pub async fn put_slack(
    State(api): State<Api>,
    may: May<Administer>,
    Body { value: body, .. }: Body<SlackChannelBody, Modest>,
) -> Result<Json<SlackChannelView>, Problem> {
    let slack = able(&api)?;
    let mut check = Check::default();
    let wanted = body.check(&mut check);
    check.finish()?;
    let wanted = wanted.ok_or_else(|| Problem::internal("a required secret was let through"))?;
    let app = match slack.try_out(wanted.secrets.bot_token.clone()).await {
        Ok(app) => app,
        Err(Tried::Refused(word)) => {
            let violation = Violation::new("/bot_token", "accepted", format!("is refused by Slack: {word}"));
            return Err(Problem::about(Code::Invalid, vec![violation]));
        }
        Err(Tried::InVain(why)) => {
            let why = format!("the token could not be tried, so nothing was changed: {why}");
            return Err(Problem::new(Code::Unavailable, why));
        }
    };
    slack.look_at_service().await;
    let set = slack.set_app(&api.identity, may.call(), (&app, &wanted)).await?;
    learn(slack).await;
    let state = slack.state(&set);
    Ok(Json(SlackChannelView::own(set, state)))
}

/// Remove the workspace's own app in Slack
///
/// Cards of the app stay as they are, and their buttons do nothing any more. New cards are posted by the service's app,
/// where that serves the workspace.
#[utoipa::path(
    delete, path = "/api/v1/channels/slack", operation_id = "remove_slack_channel", tag = "notifications",
    security(("key" = ["workspace:admin"])),
    responses((status = 204, description = "Taken away"))
)]
pub async fn delete_slack(State(api): State<Api>, may: May<Administer>) -> Result<StatusCode, Problem> {
    Slack::remove_app(&api.identity, may.call()).await?;
    if let Some(slack) = &api.slack {
        learn(slack).await;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Makes this instance take over a change at once. If that fails, it follows within seconds, like the others.
async fn learn(slack: &Slack) {
    if let Err(error) = slack.read().await {
        tracing::warn!(%error, "a workspace's app in Slack is known here some seconds later");
    }
}
