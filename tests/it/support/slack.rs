//! Slack as tests play it: a server that keeps what it is sent, answers as it is told, and whose buttons can be pressed.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard},
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::any,
};
use chrono::Utc;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{Cluster, Setup, eventually};

pub const TOKEN: &str = "xoxb-planted-token";
pub const SECRET: &str = "planted-signing-secret";

/// One call of a method.
#[derive(Debug, Clone)]
pub struct Call {
    pub method: String,
    pub body: Value,
    pub authorization: String,
    pub at: tokio::time::Instant,
}

/// What a method answers once, instead of what it answers otherwise.
#[derive(Debug, Clone)]
pub struct Scripted {
    pub status: u16,
    pub retry_after: Option<&'static str>,
    pub body: Value,
}

impl Scripted {
    /// A 200 that says no, as Slack does.
    pub fn error(word: &str) -> Self {
        Self { status: 200, retry_after: None, body: json!({ "ok": false, "error": word }) }
    }

    pub fn limited(retry_after: Option<&'static str>) -> Self {
        Self { status: 429, retry_after, body: json!({ "ok": false, "error": "ratelimited" }) }
    }
}

#[derive(Default)]
struct Inner {
    calls: Vec<Call>,
    scripts: HashMap<String, VecDeque<Scripted>>,
    /// By channel and time: as it is shown now.
    messages: Vec<Message>,
    /// Users by id, as `users.info` tells of them.
    users: HashMap<String, Value>,
    /// Further apps by their bots' tokens: team and bot.
    apps: HashMap<String, (String, String)>,
    /// Tokens that are good no more.
    revoked: Vec<String>,
}

/// A message as people see it.
#[derive(Debug, Clone)]
pub struct Message {
    pub channel: String,
    pub ts: String,
    pub text: String,
    pub blocks: Value,
    pub thread: Option<String>,
}

impl Message {
    /// The value of a button, if it is there.
    pub fn button(&self, action: &str) -> Option<String> {
        let blocks = self.blocks.as_array()?;
        let buttons = blocks.iter().filter_map(|block| block["elements"].as_array()).flatten();
        let mut found = buttons.filter(|button| button["action_id"] == action);
        found.next().map(|button| button["value"].as_str().unwrap().to_owned())
    }

    pub fn has_buttons(&self) -> bool {
        self.blocks.to_string().contains("\"actions\"")
    }

    /// The block with this id.
    pub fn block(&self, id: &str) -> Value {
        let blocks = self.blocks.as_array().unwrap();
        blocks.iter().find(|block| block["block_id"] == id).cloned().unwrap_or_default()
    }
}

/// Clones are the same.
#[derive(Clone)]
pub struct FakeSlack {
    inner: Arc<Mutex<Inner>>,
    pub url: String,
    http: reqwest::Client,
}

impl FakeSlack {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let me = Self { inner: Arc::default(), url, http: super::client::http() };
        let router = Router::new()
            .route("/api/{method}", any(called))
            .route("/hooks/{*rest}", any(answered))
            .with_state(me.clone());
        tokio::task::spawn(async move { axum::serve(listener, router).await.unwrap() });
        me
    }

    /// The settings of an instance that speaks to it, with `flags` over them.
    pub fn setup(&self, instances: usize, flags: &[(&'static str, &str)]) -> Setup {
        let mut all = vec![
            ("slack.bot_token", TOKEN.to_owned()),
            ("slack.signing_secret", SECRET.to_owned()),
            ("slack.channel", "C1".to_owned()),
            ("slack.api_url", format!("{}/api/", self.url)),
            ("slack.hooks_url", format!("{}/hooks/", self.url)),
            ("http.public_url", "https://signoff.example.com".to_owned()),
        ];
        all.extend(flags.iter().map(|(name, value)| (*name, (*value).to_owned())));
        Setup { instances, flags: all, ..Setup::default() }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }

    /// Lets the next call of a method be answered like this; several, one after the other.
    pub fn script(&self, method: &str, answer: Scripted) {
        self.inner().scripts.entry(method.to_owned()).or_default().push_back(answer);
    }

    /// An app besides the one of `TOKEN`.
    pub fn app(&self, token: &str, team: &str, bot: &str) {
        self.inner().apps.insert(token.to_owned(), (team.to_owned(), bot.to_owned()));
    }

    /// Takes a token from an app.
    pub fn revoke(&self, token: &str) {
        self.inner().revoked.push(token.to_owned());
    }

    /// A full member with this address.
    pub fn user(&self, id: &str, email: &str, with: Value) {
        let mut user = json!({ "id": id, "deleted": false, "is_bot": false, "profile": { "email": email } });
        if let Value::Object(fields) = with {
            for (name, value) in fields {
                user[name] = value;
            }
        }
        self.inner().users.insert(id.to_owned(), user);
    }

    pub fn calls(&self, method: &str) -> Vec<Call> {
        self.inner().calls.iter().filter(|call| call.method == method).cloned().collect()
    }

    pub fn all_calls(&self) -> Vec<Call> {
        self.inner().calls.clone()
    }

    /// What was told to those who pressed.
    pub fn whispers(&self) -> Vec<String> {
        let told = self.calls("response_url");
        told.iter().map(|call| call.body["text"].as_str().unwrap().to_owned()).collect()
    }

    pub fn messages(&self) -> Vec<Message> {
        self.inner().messages.clone()
    }

    /// Waits for so many messages, and gives them: the oldest first.
    pub async fn shows(&self, count: usize) -> Vec<Message> {
        eventually("messages are in Slack", || async { self.messages().len() >= count }).await;
        let messages = self.messages();
        assert_eq!(messages.len(), count, "{messages:#?}");
        messages
    }

    /// Waits until the only message is as it should be.
    pub async fn becomes(&self, what: &str, is: impl Fn(&Message) -> bool) -> Message {
        eventually(what, || async { self.messages().first().is_some_and(&is) }).await;
        self.messages().remove(0)
    }

    /// Waits until so many have been told something.
    pub async fn whispered(&self, count: usize) -> String {
        eventually("it is told to the one who pressed", || async { self.whispers().len() >= count }).await;
        let whispers = self.whispers();
        assert_eq!(whispers.len(), count, "{whispers:#?}");
        whispers.last().unwrap().clone()
    }

    /// What Slack sends when a button is pressed.
    pub fn press(&self, message: &Message, action: &str, account: &str) -> Value {
        let value = message.button(action).unwrap_or_else(|| panic!("no {action} in {message:#?}"));
        self.press_of((&message.channel, &message.ts), (action, &value), account)
    }

    pub fn press_of(
        &self,
        (channel, ts): (&str, &str),
        (action, value): (&str, &str),
        account: &str,
    ) -> Value {
        let (team, user) = account.split_once('/').unwrap();
        json!({
            "type": "block_actions", "user": { "id": user, "username": "u", "team_id": team },
            "team": { "id": "T1", "domain": "acme" }, "enterprise": null, "is_enterprise_install": false,
            "api_app_id": "A1", "trigger_id": "17.42.x", "response_url": format!("{}/hooks/{user}", self.url),
            "container": { "type": "message", "message_ts": ts, "channel_id": channel, "is_ephemeral": false },
            "actions": [{ "type": "button", "action_id": action, "block_id": "a", "value": value, "action_ts": "17.2" }],
        })
    }

    /// What it sends when the form that was opened last is sent.
    pub fn submit(&self, inputs: &[(&str, &str)], account: &str) -> Value {
        let (team, user) = account.split_once('/').unwrap();
        let opened = self.calls("views.open").pop().expect("a form was opened");
        assert_eq!(opened.body["trigger_id"], "17.42.x");
        let values: serde_json::Map<String, Value> = inputs
            .iter()
            .map(|(block, text)| {
                ((*block).to_owned(), json!({ "v": { "type": "plain_text_input", "value": text } }))
            })
            .collect();
        let mut view = opened.body["view"].clone();
        view["state"] = json!({ "values": values });
        view["id"] = json!("V1");
        json!({
            "type": "view_submission", "user": { "id": user, "team_id": team }, "team": { "id": "T1" }, "view": view,
        })
    }

    /// Sends a payload to an instance as Slack does; answers the status and the body.
    pub async fn send(&self, cluster: &Cluster, instance: usize, payload: &Value) -> (u16, Value) {
        self.signed(cluster, instance, payload, (SECRET, Utc::now().timestamp())).await
    }

    /// The same, and it must be taken.
    pub async fn take(&self, cluster: &Cluster, instance: usize, payload: &Value) -> Value {
        let (status, body) = self.send(cluster, instance, payload).await;
        assert_eq!(status, 200, "{body}");
        body
    }

    /// The same, signed with any secret, at any time.
    pub async fn signed(
        &self,
        cluster: &Cluster,
        instance: usize,
        payload: &Value,
        (secret, at): (&str, i64),
    ) -> (u16, Value) {
        let body = form(payload);
        let signature = signature(secret, at, &body);
        self.posted(cluster, instance, body, &[(TIME, &at.to_string()), (SIGNATURE, &signature)]).await
    }

    pub async fn posted(
        &self,
        cluster: &Cluster,
        instance: usize,
        body: String,
        headers: &[(&str, &str)],
    ) -> (u16, Value) {
        let url = format!("{}/slack/interactions", cluster.instances[instance].url);
        let mut request = self.http.post(url).header("content-type", "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.body(body).send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() };
        (status, body)
    }
}

pub const TIME: &str = "x-slack-request-timestamp";
pub const SIGNATURE: &str = "x-slack-signature";

/// The body of a request of Slack's.
pub fn form(payload: &Value) -> String {
    form_urlencoded::Serializer::new(String::new()).append_pair("payload", &payload.to_string()).finish()
}

pub fn signature(secret: &str, at: i64, body: &str) -> String {
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret.as_bytes());
    let tag = ring::hmac::sign(&key, format!("v0:{at}:{body}").as_bytes());
    format!("v0={}", signoff::store::hex(tag.as_ref()))
}

async fn answered(State(me): State<FakeSlack>, Json(body): Json<Value>) -> &'static str {
    me.record("response_url", body, String::new());
    "ok"
}

async fn called(
    State(me): State<FakeSlack>,
    Path(method): Path<String>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Response {
    let body = if bytes.is_empty() { json!(query) } else { serde_json::from_slice(&bytes).unwrap() };
    let authorization = headers.get("authorization").map_or("", |value| value.to_str().unwrap()).to_owned();
    me.record(&method, body.clone(), authorization.clone());
    let token = authorization.strip_prefix("Bearer ").unwrap_or_default();
    let mut inner = me.inner();
    if let Some(scripted) = inner.scripts.get_mut(&method).and_then(VecDeque::pop_front) {
        let mut response =
            (StatusCode::from_u16(scripted.status).unwrap(), Json(scripted.body)).into_response();
        if let Some(seconds) = scripted.retry_after {
            response.headers_mut().insert("retry-after", seconds.parse().unwrap());
        }
        return response;
    }
    if inner.revoked.iter().any(|revoked| revoked == token) {
        return Json(json!({ "ok": false, "error": "token_revoked" })).into_response();
    }
    Json(inner.answer(&method, &body, token)).into_response()
}

impl FakeSlack {
    fn record(&self, method: &str, body: Value, authorization: String) {
        let call = Call { method: method.to_owned(), body, authorization, at: tokio::time::Instant::now() };
        self.inner().calls.push(call);
    }
}

impl Inner {
    fn answer(&mut self, method: &str, body: &Value, token: &str) -> Value {
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        match method {
            "auth.test" => {
                let (team, bot) = self.apps.get(token).map_or(("T1", "UBOT"), |(team, bot)| (team, bot));
                json!({ "ok": true, "team": "Acme", "team_id": team, "user_id": bot })
            }
            "chat.postMessage" => {
                let ts = format!("1700000000.{:06}", self.messages.len() + 1);
                let thread = body["thread_ts"].as_str().map(str::to_owned);
                let (channel, text, blocks) = (text("channel"), text("text"), body["blocks"].clone());
                self.messages.push(Message {
                    channel: channel.clone(),
                    ts: ts.clone(),
                    text,
                    blocks,
                    thread,
                });
                json!({ "ok": true, "channel": channel, "ts": ts, "message": { "team": "T1", "ts": ts } })
            }
            "chat.update" => {
                let (channel, ts) = (text("channel"), text("ts"));
                let there = self.messages.iter_mut().find(|it| it.channel == channel && it.ts == ts);
                let Some(message) = there else {
                    return json!({ "ok": false, "error": "message_not_found" });
                };
                message.text = text("text");
                message.blocks = body["blocks"].clone();
                json!({ "ok": true, "channel": channel, "ts": ts })
            }
            "conversations.open" => json!({ "ok": true, "channel": { "id": format!("D{}", text("users")) } }),
            "users.lookupByEmail" => {
                let email = body["email"].clone();
                let found = self.users.values().find(|user| user["profile"]["email"] == email);
                found.map_or(
                    json!({ "ok": false, "error": "users_not_found" }),
                    |user| json!({ "ok": true, "user": user }),
                )
            }
            "users.info" => match self.users.get(&text("user")) {
                Some(user) => json!({ "ok": true, "user": user }),
                None => json!({ "ok": false, "error": "user_not_found" }),
            },
            "views.open" => json!({ "ok": true, "view": { "id": "V1" } }),
            other => json!({ "ok": false, "error": format!("unknown_method {other}") }),
        }
    }
}
