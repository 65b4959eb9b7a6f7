//! The app in Slack that serves a workspace, as callers set and see it. Its secrets are never shown.

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    validate::Check,
    vocabulary::{SlackAppState, WebhookManagedBy},
};
use crate::{
    domain::{slack::AppState, webhook::ManagedBy},
    notify::slack::{manage::Wanted, secrets::Secrets},
    store::slack_installations::{App, Installed},
};

/// Longest name of a channel, and longest secret, in characters.
const MAX_CHANNEL: usize = 80;
const MAX_SECRET: usize = 300;
/// Fewer characters than this could be guessed, and who guesses the secret decides.
const MIN_SECRET: usize = 16;
/// What tokens of bots begin with.
const BOT: &str = "xoxb-";

/// An app of the workspace's own that is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "bot_token": "xoxb-…", "signing_secret": "0123456789abcdef0123456789abcdef", "channel": "C0123456789"
}))]
pub struct SlackChannelBody {
    /// The bot's token, as Slack shows it under OAuth & Permissions. It is tried before it is kept.
    #[schema(required, nullable = false, value_type = String, write_only)]
    bot_token: Option<SecretString>,
    /// What Slack signs presses with, as it shows it under Basic Information: at least 16 characters.
    #[schema(required, nullable = false, value_type = String, write_only)]
    signing_secret: Option<SecretString>,
    /// The channel for cards whose request names none, by its id; without one, those who may decide get messages of their
    /// own.
    channel: Option<String>,
}

impl SlackChannelBody {
    /// What is wanted; `None` only where something failed.
    pub fn check(self, check: &mut Check) -> Option<Wanted> {
        let channel = self.channel.filter(|text| !text.is_empty());
        check.text("/channel", channel.as_ref(), MAX_CHANNEL);
        check.visible("/channel", channel.as_ref());
        let bot_token = secret(check, "/bot_token", self.bot_token);
        if bot_token.as_ref().is_some_and(|it| !it.expose_secret().starts_with(BOT)) {
            check.fail("/bot_token", "token", format!("must be the token of a bot, which begins with {BOT}"));
        }
        let signing_secret = secret(check, "/signing_secret", self.signing_secret);
        if signing_secret.as_ref().is_some_and(|it| it.expose_secret().len() < MIN_SECRET) {
            check.fail(
                "/signing_secret",
                "min_length",
                format!("must have at least {MIN_SECRET} characters"),
            );
        }
        Some(Wanted { secrets: Secrets { bot_token: bot_token?, signing_secret: signing_secret? }, channel })
    }
}

fn secret(check: &mut Check, pointer: &str, given: Option<SecretString>) -> Option<SecretString> {
    let Some(secret) = given else {
        check.fail(pointer, "required", "must be given");
        return None;
    };
    let text = secret.expose_secret();
    if text.len() > MAX_SECRET {
        check.fail(pointer, "max_length", format!("must have at most {MAX_SECRET} characters"));
    }
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        check.fail(pointer, "characters", "must hold letters, digits and signs of ASCII alone");
    }
    Some(secret)
}

/// A team in Slack.
#[derive(Debug, Serialize, ToSchema)]
pub struct SlackTeam {
    #[schema(example = "T0123ABCD")]
    id: String,
    name: String,
}

/// The app in Slack that serves the workspace.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SlackChannel)]
pub struct SlackChannelView {
    /// `api`: it is the workspace's own. `configuration`: it is the service's.
    #[schema(value_type = WebhookManagedBy)]
    managed_by: &'static str,
    /// Null of the service's until it has been asked for.
    team: Option<SlackTeam>,
    /// The user that posts.
    #[schema(example = "U0456EFGH")]
    bot: Option<String>,
    channel: Option<String>,
    #[schema(value_type = SlackAppState)]
    state: &'static str,
    /// Why nothing arrives, where that is so.
    detail: Option<String>,
    /// Since when Slack has refused the token.
    refused_at: Option<DateTime<Utc>>,
    updated_at: Option<DateTime<Utc>>,
}

impl SlackChannelView {
    /// The workspace's own.
    pub fn own(it: Installed, (state, detail): (AppState, Option<String>)) -> Self {
        Self {
            managed_by: ManagedBy::Api.as_str(),
            team: Some(SlackTeam { id: it.app.team, name: it.app.team_name }),
            bot: Some(it.app.bot),
            channel: it.channel,
            state: state.as_str(),
            detail,
            refused_at: it.refused.map(|(at, _)| at),
            updated_at: Some(it.set_at),
        }
    }

    /// The service's.
    pub fn service(app: Option<&App>, channel: Option<&str>, is_refused: bool) -> Self {
        let state = if is_refused { AppState::Refused } else { AppState::Good };
        Self {
            managed_by: ManagedBy::Configuration.as_str(),
            team: app.map(|app| SlackTeam { id: app.team.clone(), name: app.team_name.clone() }),
            bot: app.map(|app| app.bot.clone()),
            channel: channel.map(str::to_owned),
            state: state.as_str(),
            detail: is_refused.then(|| "Slack refuses the token; the operator must mend it".to_owned()),
            refused_at: None,
            updated_at: None,
        }
    }
}
