//! Reads what Slack sends: the press of a button, or a form. Anything unknown is ignored.

use std::collections::HashMap;

use serde::Deserialize;

use crate::{
    domain::slack::Account,
    notify::slack::modal::{About, Place, form},
};

/// What Slack sent.
#[derive(Debug)]
pub enum Interaction {
    Press(Press),
    Form(Form),
}

/// A button of a card was pressed.
#[derive(Debug)]
pub struct Press {
    pub account: Account,
    pub action: String,
    pub about: About,
    pub place: Place,
    /// It opens one form, within three seconds.
    pub trigger: Option<String>,
    /// The address for an answer to the person who pressed.
    pub response_url: Option<String>,
}

/// A form was sent.
#[derive(Debug)]
pub struct Form {
    pub account: Account,
    pub callback: String,
    pub about: About,
    pub place: Place,
    inputs: HashMap<String, HashMap<String, Input>>,
}

impl Form {
    /// The text in the input of a block.
    pub fn input(&self, block: &str) -> Option<&str> {
        self.inputs.get(block)?.get(form::VALUE)?.value.as_deref()
    }
}

#[derive(Deserialize)]
struct Payload {
    r#type: String,
    user: User,
    #[serde(default)]
    team: Option<Team>,
    #[serde(default)]
    container: Option<Container>,
    #[serde(default)]
    trigger_id: Option<String>,
    #[serde(default)]
    response_url: Option<String>,
    #[serde(default)]
    actions: Vec<Action>,
    #[serde(default)]
    view: Option<View>,
}

#[derive(Deserialize)]
struct User {
    id: String,
    #[serde(default)]
    team_id: Option<String>,
}

#[derive(Deserialize)]
struct Team {
    id: String,
}

#[derive(Deserialize)]
struct Container {
    #[serde(default)]
    channel_id: Option<String>,
    #[serde(default)]
    message_ts: Option<String>,
}

#[derive(Deserialize)]
struct Action {
    action_id: String,
    #[serde(default)]
    value: Option<String>,
}

#[derive(Deserialize)]
struct View {
    #[serde(default)]
    callback_id: String,
    #[serde(default)]
    private_metadata: String,
    #[serde(default)]
    state: State,
}

#[derive(Default, Deserialize)]
struct State {
    #[serde(default)]
    values: HashMap<String, HashMap<String, Input>>,
}

#[derive(Debug, Deserialize)]
struct Input {
    #[serde(default)]
    value: Option<String>,
}

/// The teams and the organisation that a payload names. Its signature is not checked yet, so this may be a lie.
pub fn teams(body: &[u8]) -> Vec<String> {
    #[derive(Deserialize)]
    struct Claimed {
        #[serde(default)]
        user: Option<ClaimedUser>,
        #[serde(default)]
        team: Option<Team>,
        #[serde(default)]
        enterprise: Option<Team>,
    }
    #[derive(Deserialize)]
    struct ClaimedUser {
        #[serde(default)]
        team_id: Option<String>,
    }
    let Some((_, payload)) = form_urlencoded::parse(body).find(|(name, _)| name == "payload") else {
        return Vec::new();
    };
    let Ok(Claimed { user, team, enterprise }) = serde_json::from_str(&payload) else { return Vec::new() };
    let user = user.and_then(|user| user.team_id);
    user.into_iter().chain(team.map(|it| it.id)).chain(enterprise.map(|it| it.id)).collect()
}

/// Reads the field `payload` that Slack posts. `None`: it is unknown.
pub fn read(body: &[u8]) -> Option<Interaction> {
    let (_, payload) = form_urlencoded::parse(body).find(|(name, _)| name == "payload")?;
    let payload: Payload = serde_json::from_str(&payload).ok()?;
    let team = payload.user.team_id.as_deref().or(payload.team.as_ref().map(|team| team.id.as_str()))?;
    let account = Account::new(team, &payload.user.id).ok()?;
    match payload.r#type.as_str() {
        "block_actions" => {
            let action = payload.actions.into_iter().next()?;
            let Container { channel_id, message_ts } = payload.container?;
            Some(Interaction::Press(Press {
                account,
                action: action.action_id,
                about: About::parse(&action.value?)?,
                place: Place { channel: channel_id?, ts: message_ts? },
                trigger: payload.trigger_id,
                response_url: payload.response_url,
            }))
        }
        "view_submission" => {
            let view = payload.view?;
            let (about, place) = About::parse_with_place(&view.private_metadata)?;
            let (callback, inputs) = (view.callback_id, view.state.values);
            Some(Interaction::Form(Form { account, callback, about, place, inputs }))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::ids::ApprovalId;

    fn posted(payload: &Value) -> Option<Interaction> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        read(form.append_pair("payload", &payload.to_string()).finish().as_bytes())
    }

    #[test]
    fn a_press_and_a_form_are_read() {
        let id = ApprovalId::generate();
        let mut press = json!({
            "type": "block_actions", "user": { "id": "U1", "username": "ana", "team_id": "T1" },
            "team": { "id": "T2", "domain": "d" }, "enterprise": null, "trigger_id": "1.2", "is_enterprise_install": false,
            "container": { "type": "message", "message_ts": "17.1", "channel_id": "C1" },
            "response_url": "https://hooks.slack.com/x",
            "actions": [{ "action_id": "signoff_approve", "value": format!("{id}.0.1"), "action_ts": "1" }],
        });
        let Some(Interaction::Press(read)) = posted(&press) else { panic!("a press") };
        assert_eq!((read.account.to_string().as_str(), read.about.approval), ("T1/U1", id));
        assert_eq!(read.place, Place { channel: "C1".to_owned(), ts: "17.1".to_owned() });
        press["user"]["team_id"] = Value::Null;
        let Some(Interaction::Press(read)) = posted(&press) else { panic!("a press") };
        assert_eq!(read.account.team, "T2", "the team where it was pressed");
        let form = json!({
            "type": "view_submission", "user": { "id": "U1", "team_id": "T1" }, "team": null,
            "view": {
                "callback_id": "signoff_reject", "private_metadata": format!("{id}.0.1.C1.17.1"),
                "state": { "values": { "reason": { "v": { "type": "plain_text_input", "value": "no" } } } },
            },
        });
        let Some(Interaction::Form(read)) = posted(&form) else { panic!("a form") };
        assert_eq!((read.input("reason"), read.input("other")), (Some("no"), None));
        assert_eq!(read.place.ts, "17.1");
    }

    #[test]
    fn what_is_unknown_is_left_alone() {
        for odd in [
            json!({ "type": "block_suggestion", "user": { "id": "U1", "team_id": "T1" } }),
            json!({ "type": "block_actions", "user": { "id": "U1", "team_id": "T1" }, "actions": [] }),
            json!({ "type": "view_submission", "user": { "id": "U1", "team_id": "T1" }, "view": {} }),
            json!({ "type": "block_actions", "user": { "id": "'; --", "team_id": "T1" } }),
            json!([]),
        ] {
            assert!(posted(&odd).is_none(), "{odd}");
        }
        assert!(read(b"").is_none() && read(b"payload=%7B").is_none() && read(b"\xff\xfe=1").is_none());
    }
}
