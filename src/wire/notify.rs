//! Whom a request wants told, and how: the form and its rules.

use serde::Deserialize;
use serde_json::value::to_raw_value;
use utoipa::ToSchema;

use super::{problem::Problem, validate::Check};
use crate::domain::{
    approval::Opaque,
    names::PrincipalName,
    notification::{Channel, Wanted},
    policy::Names,
};

/// Most users, and most roles.
const MAX_NAMES: usize = 100;
/// Most fields of the context, and the longest of their names in characters.
const MAX_FIELDS: usize = 20;
const MAX_FIELD: usize = 200;
/// Longest name of a Slack channel, in characters.
const MAX_CHANNEL: usize = 80;

/// Whom to tell besides those who may decide, and how.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Notify, example = json!({ "users": ["dora"], "channels": ["in_app"] }))]
pub struct NotifyBody {
    /// The channels to use, of those that the workspace has; all of them by default. What is in the app comes in any
    /// case.
    #[schema(example = json!(["in_app"]))]
    channels: Option<Vec<String>>,
    /// People by name, at most 100. Those who may decide are asked; others are told.
    users: Option<Vec<String>>,
    /// Roles, at most 100, with the same meaning for those who have them.
    roles: Option<Vec<String>>,
    /// The Slack channel for its card.
    slack_channel: Option<String>,
    /// Names or JSON Pointers of the fields of the context that are shown, at most 20.
    context_fields: Option<Vec<String>>,
}

impl NotifyBody {
    /// What it asks for, as it is kept. `there`: the channels that the workspace has.
    pub fn checked(self, check: &mut Check, there: &[Channel]) -> Result<Option<Opaque>, Problem> {
        let wanted = Wanted {
            channels: self.channels.map(|channels| known(check, &channels, there)),
            users: names(check, "/notify/users", self.users.as_deref()),
            roles: names(check, "/notify/roles", self.roles.as_deref()),
            slack_channel: self.slack_channel,
            context_fields: self.context_fields.unwrap_or_default(),
        };
        let pointer = "/notify/slack_channel";
        check.text(pointer, wanted.slack_channel.as_ref(), MAX_CHANNEL);
        check.visible(pointer, wanted.slack_channel.as_ref());
        if wanted.slack_channel.is_some() && !there.contains(&Channel::Slack) {
            check.fail(pointer, "configured", missing(Channel::Slack));
        }
        let pointer = "/notify/context_fields";
        if wanted.context_fields.len() > MAX_FIELDS {
            check.fail(pointer, "max_items", format!("must have at most {MAX_FIELDS}"));
        }
        for (index, field) in wanted.context_fields.iter().take(MAX_FIELDS).enumerate() {
            let at = format!("{pointer}/{index}");
            if field.is_empty() {
                check.fail(&at, "min_length", "must not be empty");
            }
            check.text(&at, Some(field), MAX_FIELD);
        }
        let kept = to_raw_value(&wanted).map_err(|error| Problem::internal(&error.to_string()))?;
        Ok((wanted != Wanted::default()).then_some(kept))
    }
}

fn known(check: &mut Check, channels: &[String], there: &[Channel]) -> Vec<Channel> {
    let mut known = Vec::new();
    if channels.is_empty() {
        check.fail("/notify/channels", "min_items", "must name a channel, or be left out");
    }
    for (index, word) in channels.iter().enumerate() {
        let pointer = format!("/notify/channels/{index}");
        // As people write it.
        let word = if word == "in-app" { "in_app" } else { word };
        match Channel::from_word(word) {
            None => {
                let words = Channel::WORDS.join(", ");
                check.fail(pointer, "choice", format!("must be one of {words}"));
            }
            Some(channel) if !there.contains(&channel) => {
                check.fail(pointer, "configured", missing(channel));
            }
            Some(channel) if known.contains(&channel) => {}
            Some(channel) => known.push(channel),
        }
    }
    known
}

fn missing(channel: Channel) -> String {
    format!("the workspace has no {}; an administrator sets it up", channel.as_str())
}

fn names(check: &mut Check, pointer: &str, list: Option<&[String]>) -> Names {
    let list = list.unwrap_or_default();
    if list.len() > MAX_NAMES {
        check.fail(pointer, "max_items", format!("must name at most {MAX_NAMES}"));
        return Names::new();
    }
    let mut names = Names::new();
    for (index, text) in list.iter().enumerate() {
        match PrincipalName::new(text) {
            Ok(name) => drop(names.insert(name)),
            Err(error) => check.fail(format!("{pointer}/{index}"), "name", error.to_string()),
        }
    }
    names
}
