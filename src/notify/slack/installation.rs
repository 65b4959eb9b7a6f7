//! One app in Slack, the service's or a workspace's own: posts and edits cards as this app.
//!
//! `mod.rs` chooses the app for a message.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    card::{self, Card, Rendered},
    client::{Client, Failure},
    modal::Place,
};
use crate::{
    domain::{approval::Approval, ids::WorkspaceId, notification::Action, redaction::Redactor},
    notify::courier::Message,
    store::{lanes::Waiting, slack_installations::App},
};

/// How many conversations with people are remembered at most.
const MOST: usize = 10_000;
/// Slack's words for a message whose form is wrong or too large.
const MALFORMED: [&str; 6] = [
    "invalid_blocks",
    "invalid_blocks_format",
    "msg_too_long",
    "msg_blocks_too_long",
    "metadata_too_large",
    "invalid_metadata_format",
];

/// Whose an app is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    Service,
    Workspace {
        workspace: WorkspaceId,
        /// It is new after each change.
        revision: Uuid,
        /// The app's name: team and bot.
        app: Arc<str>,
    },
}

impl Whose {
    /// The name of a workspace's app, as its cards keep it.
    pub fn name(app: &App) -> Arc<str> {
        format!("{}/{}", app.team, app.bot).into()
    }

    /// The name of this app. `None`: it is the service's.
    pub fn app(&self) -> Option<&str> {
        match self {
            Self::Service => None,
            Self::Workspace { app, .. } => Some(app),
        }
    }
}

/// An app. Clones share its connections and what it remembers.
#[derive(Clone)]
pub struct Installation {
    pub whose: Whose,
    pub client: Client,
    pub signing_secret: SecretString,
    /// Whether an unbound account may be bound to the person with its e-mail address.
    pub binds_by_email: bool,
    public_url: Option<Arc<str>>,
    /// The conversations that were opened, by recipient.
    conversations: Arc<Mutex<HashMap<String, String>>>,
}

/// Where a card is, and what it is about. Stored with its notification.
#[derive(Debug, Serialize, Deserialize)]
struct Placed {
    #[serde(skip_serializing_if = "Option::is_none")]
    team: Option<String>,
    #[serde(flatten)]
    place: Place,
    level: i32,
    asks: bool,
    /// The name of the app that posted it. `None`: the service's app.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    app: Option<String>,
}

impl Installation {
    pub fn new(
        whose: Whose,
        client: Client,
        signing_secret: SecretString,
        (binds_by_email, public_url): (bool, Option<Arc<str>>),
    ) -> Self {
        Self { whose, client, signing_secret, binds_by_email, public_url, conversations: Arc::default() }
    }

    /// Edits a card, so that it shows how the approval stands.
    pub async fn repair(
        &self,
        place: &Place,
        (level, asks): (i32, bool),
        approval: &Approval,
        redactor: &Redactor,
    ) -> Result<(), Failure> {
        let public_url = self.public_url.as_deref();
        self.edit(place, &Card { approval, level, asks, public_url, redactor }).await
    }

    async fn edit(&self, place: &Place, card: &Card<'_>) -> Result<(), Failure> {
        let Rendered { text, blocks } = card.rendered();
        let body = |text: &str| {
            json!({
                "channel": place.channel, "ts": place.ts, "text": text, "parse": "none", "link_names": false,
            })
        };
        let mut whole = body(&text);
        whole["blocks"] = blocks;
        match self.client.call("chat.update", &whole).await {
            Err(failure) if failure.is(&MALFORMED) => {
                complain(&failure, card);
                let mut bare = body(&card.bare());
                // Otherwise the old blocks would stay, with their buttons.
                bare["blocks"] = json!([]);
                self.client.call("chat.update", &bare).await.map(drop)
            }
            done => done.map(drop),
        }
    }

    /// Posts a card. Answers where it is.
    async fn post(&self, channel: &str, it: &Waiting, card: &Card<'_>) -> Result<Placed, Failure> {
        let Rendered { text, blocks } = card.rendered();
        let body = |text: &str| {
            json!({
                "channel": channel, "text": text, "parse": "none", "link_names": false,
                "unfurl_links": false, "unfurl_media": false,
            })
        };
        let mut whole = body(&text);
        whole["blocks"] = blocks;
        whole["metadata"] = json!({
            "event_type": "signoff_approval",
            "event_payload": { "notification_id": it.id.to_string(), "approval_id": card.approval.id.to_string() },
        });
        let answer = match self.client.call("chat.postMessage", &whole).await {
            Err(failure) if failure.is(&MALFORMED) => {
                complain(&failure, card);
                self.client.call("chat.postMessage", &body(&card.bare())).await?
            }
            answer => answer?,
        };
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let odd = || Failure::Refused {
            code: Some(200),
            word: "Slack did not say where the message is".to_owned(),
        };
        let place = Place {
            channel: text(&answer["channel"]).ok_or_else(odd)?,
            ts: text(&answer["ts"]).ok_or_else(odd)?,
        };
        let team = text(&answer["message"]["team"]);
        let app = self.whose.app().map(str::to_owned);
        Ok(Placed { team, place, level: card.level, asks: card.asks, app })
    }

    /// The id of the conversation that a message goes to.
    async fn conversation(&self, it: &Waiting) -> Result<String, Failure> {
        if it.person.is_none() {
            return Ok(it.recipient.clone());
        }
        if let Some(known) = self.conversations().get(&it.recipient) {
            return Ok(known.clone());
        }
        let user = if let Some((_, user)) = it.recipient.split_once('/') {
            user.to_owned()
        } else {
            let answer = self.client.look("users.lookupByEmail", &[("email", &it.recipient)]).await?;
            answer["user"]["id"].as_str().unwrap_or_default().to_owned()
        };
        let answer = self.client.call("conversations.open", &json!({ "users": user })).await?;
        let odd = || Failure::Refused { code: Some(200), word: "Slack opened no conversation".to_owned() };
        let channel = answer["channel"]["id"].as_str().ok_or_else(odd)?.to_owned();
        let mut known = self.conversations();
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(it.recipient.clone(), channel.clone());
        Ok(channel)
    }

    fn conversations(&self) -> std::sync::MutexGuard<'_, HashMap<String, String>> {
        self.conversations.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Posts one message about many requests: the titles of the most urgent, and a link to all. No person reads dozens
    /// of cards.
    async fn tell_of_many(&self, channel: &str, message: &Message<'_>) -> Result<(), Failure> {
        let all: Vec<&Approval> = message
            .loaded
            .into_iter()
            .chain(message.others.iter().copied())
            .map(|it| &*it.approval)
            .collect();
        let Rendered { text, blocks } = card::many(all, self.public_url.as_deref(), message.redactor);
        let body = json!({
            "channel": channel, "text": text, "blocks": blocks, "parse": "none", "link_names": false,
            "unfurl_links": false, "unfurl_media": false,
        });
        self.client.call("chat.postMessage", &body).await.map(drop)
    }

    /// Posts or edits a card, or posts a reminder in its thread. Answers where a new card is.
    pub async fn deliver(
        &self,
        message: &Message<'_>,
        approval: &Approval,
    ) -> Result<Option<Value>, Failure> {
        let (it, redactor, public_url) = (message.waiting, message.redactor, self.public_url.as_deref());
        let Some(place) = message.place else {
            let channel = self.conversation(it).await?;
            if !message.others.is_empty() {
                self.tell_of_many(&channel, message).await?;
                return Ok(None);
            }
            let card = Card { approval, level: it.level, asks: it.asks, public_url, redactor };
            let placed = self.post(&channel, it, &card).await?;
            return Ok(serde_json::to_value(placed).ok());
        };
        let odd = |error: serde_json::Error| Failure::Refused {
            code: None,
            word: format!("the card's place: {error}"),
        };
        let Placed { place, level, asks, .. } = Placed::deserialize(place).map_err(odd)?;
        let card = Card { approval, level, asks, public_url, redactor };
        match it.action {
            Action::Update => self.edit(&place, &card).await?,
            Action::Send => {
                let body = json!({
                    "channel": place.channel, "thread_ts": place.ts, "text": card.reminder(), "parse": "none",
                    "link_names": false, "unfurl_links": false, "unfurl_media": false,
                });
                self.client.call("chat.postMessage", &body).await?;
            }
        }
        Ok(None)
    }
}

/// Logs that Slack refuses a card's form. That is a fault of ours.
fn complain(failure: &Failure, card: &Card<'_>) {
    tracing::error!(error = %failure, approval = %card.approval.id, "Slack refused a card's form; it gets the bare text");
}
