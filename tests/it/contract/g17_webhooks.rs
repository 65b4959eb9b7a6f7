//! G17: events arrive at the URLs that a workspace chose, signed, at least once, with ids of their own.

use std::{collections::HashSet, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::Method;
use serde_json::{Value, json};
use standardwebhooks::Webhook;

use crate::support::{
    Api, Cluster, Reply, Setup, eventually,
    sink::{Does, Received, Sink},
};

/// 32 bytes.
pub const SECRETS_KEY: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";

/// Instances that may send to this machine.
pub fn setup() -> Setup {
    let flags = vec![
        ("secrets.key", SECRETS_KEY.to_owned()),
        ("webhooks.allowed_networks", "127.0.0.0/8".to_owned()),
        ("webhooks.allow_http", "true".to_owned()),
    ];
    Setup { instances: 1, flags, ..Setup::default() }
}

pub struct Team {
    pub cluster: Cluster,
    pub admin: Api,
    pub agent: Api,
    pub ana: Api,
    pub bo: Api,
}

impl Team {
    pub async fn start() -> Self {
        Self::with(setup()).await
    }

    pub async fn with(setup: Setup) -> Self {
        let cluster = Cluster::with(setup).await.connected().await;
        let admin = cluster.api(0, &cluster.key("acme", "root", &["workspace:admin"]).await);
        let agent = cluster.api(0, &cluster.member("agent").await);
        let ana = cluster.api(0, &cluster.member("ana").await);
        let bo = cluster.api(0, &cluster.member("bo").await);
        Self { cluster, admin, agent, ana, bo }
    }

    pub async fn hook(&self, sink: &Sink, more: Value) -> Hook<'_> {
        let mut body = json!({ "url": sink.url });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let made = self.admin.post("/api/v1/webhooks", &body).await.expect(201);
        assert_eq!(made.header("cache-control"), "no-store");
        let secret = made.body["secret"].as_str().unwrap().to_owned();
        Hook { team: self, id: made.id(), secret }
    }

    /// As if the time had passed for which lanes and their messages wait.
    pub async fn let_waits_pass(&self) {
        let mut conn = self.cluster.database.connect().await;
        let pass = "WITH due AS (UPDATE approval_notifications SET due_at = clock_timestamp() WHERE status = 'pending')
                    UPDATE notification_lanes SET hold_until = 'epoch', due_at = clock_timestamp(), wakes = wakes + 1";
        sqlx::query(pass).execute(&mut conn).await.unwrap();
    }

    /// Records of an action, once there are so many: they are linked within a second.
    pub async fn audit(&self, count: usize, action: &str) -> Vec<Value> {
        let those = async || -> Vec<Value> {
            let page = self.admin.get("/api/v1/audit?limit=200").await.expect(200);
            let items = page.body["items"].as_array().unwrap();
            items.iter().filter(|it| it["action"] == action).cloned().collect()
        };
        eventually(&format!("{action} is on record"), || async { those().await.len() >= count }).await;
        let records = those().await;
        assert_eq!(records.len(), count, "{records:#?}");
        records
    }
}

pub struct Hook<'a> {
    team: &'a Team,
    pub id: String,
    pub secret: String,
}

impl Hook<'_> {
    pub fn path(&self, rest: &str) -> String {
        format!("/api/v1/webhooks/{}{rest}", self.id)
    }

    pub async fn show(&self) -> Value {
        self.team.admin.get(&self.path("")).await.expect(200).body
    }

    pub async fn change(&self, body: Value) -> Reply {
        Api::send(self.team.admin.request(Method::PATCH, &self.path("")).json(&body)).await
    }

    pub async fn deliveries(&self) -> Vec<Value> {
        let page = self.team.admin.get(&self.path("/deliveries")).await.expect(200);
        page.body["items"].as_array().unwrap().clone()
    }

    /// Waits until so many have this status, and gives them.
    pub async fn has(&self, count: usize, status: &str) -> Vec<Value> {
        let those = async || -> Vec<Value> {
            let all = self.deliveries().await;
            all.into_iter().filter(|it| it["status"] == status).collect()
        };
        eventually(&format!("{count} are {status}"), || async { those().await.len() == count }).await;
        those().await
    }

    /// With its tries.
    pub async fn delivery(&self, delivery: &Value) -> Value {
        let id = delivery["id"].as_str().unwrap();
        self.team.admin.get(&self.path(&format!("/deliveries/{id}"))).await.expect(200).body
    }

    /// Waits until the only delivery has been tried so often, and gives its last try.
    pub async fn tried(&self, count: usize) -> Value {
        let tries = async || -> Vec<Value> {
            let Some(only) = self.deliveries().await.pop() else { return Vec::new() };
            self.delivery(&only).await["attempts"].as_array().unwrap().clone()
        };
        eventually(&format!("{count} tries"), || async { tries().await.len() >= count }).await;
        tries().await[count - 1].clone()
    }
}

/// Whether the library of the specification takes it.
pub fn verifies(secret: &str, request: &Received) -> bool {
    let mut headers = http::HeaderMap::new();
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        headers.insert(name, request.header(name).parse().unwrap());
    }
    Webhook::new(secret).unwrap().verify(request.body.as_bytes(), &headers).is_ok()
}

pub fn asked() -> Value {
    json!({ "title": "Refund 45.00", "policy": { "min_approvers": 2, "allowed_approvers": ["ana", "bo"] } })
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_each_event_arrives_signed_where_it_is_wanted() {
    let team = Team::start().await;
    let (all, outcomes) = (Sink::start().await, Sink::start().await);
    let hook = team.hook(&all, json!({})).await;
    let other = team.hook(&outcomes, json!({ "events": ["approval:resolved"] })).await;
    let mut body = asked();
    body["checkpoint"] = json!({ "name": "before", "state": { "step": 7 } });
    let id = team.agent.ask(body).await;
    all.has(1).await;
    team.ana.approve(&id).await.expect(200);
    all.has(2).await;
    let edits = json!({ "comment": "fine" });
    team.bo.approve_with(&id, edits).await.expect(200);
    let received = all.has(3).await;
    let kinds: Vec<String> = received.iter().map(Received::kind).collect();
    assert_eq!(kinds, ["approval:requested", "approval:voted", "approval:resolved"]);
    for request in &received {
        assert!(verifies(&hook.secret, request), "{request:?}");
        assert!(!verifies(&other.secret, request));
        assert_eq!(request.header("content-type"), "application/json");
        assert!(request.header("user-agent").starts_with("Signoff-Webhooks/"));
        assert_eq!(request.path, "/hook");
    }
    let simple = id.replace('-', "");
    assert_eq!(received[2].header("webhook-id"), format!("evt_{simple}_3_decided"));
    let first = received[0].json();
    assert_eq!(first["data"]["approval_id"], json!(id));
    assert_eq!(
        (&first["data"]["status"], &first["data"]["title"]),
        (&json!("pending"), &json!("Refund 45.00"))
    );
    assert_eq!(first["data"]["policy"]["allowed_approvers"], json!(["ana", "bo"]));
    assert_eq!(first["data"].get("context"), None, "it holds no context unless asked for");
    assert_eq!(received[1].json()["data"]["votes"][0]["by"], "ana");
    let last = received[2].json();
    let data = &last["data"];
    assert_eq!((&data["status"], &data["resolution"]), (&json!("approved"), &json!("approved")));
    assert_eq!((&data["resolved_by"], &data["resolved_via"]), (&json!("bo"), &json!("human")));
    assert_eq!((&data["feedback"], &data["state"]), (&json!("fine"), &json!({ "step": 7 })));
    assert_eq!((&data["version"], &data["truncated"]), (&json!(3), &json!(false)));
    let alone = outcomes.has(1).await;
    assert_eq!(alone[0].body, received[2].body, "the same event has the same bytes everywhere");
    assert_eq!(alone[0].header("webhook-id"), received[2].header("webhook-id"));
    assert!(verifies(&other.secret, &alone[0]));
    other.has(1, "sent").await;
    assert_eq!(outcomes.received().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_every_way_to_end_has_its_word() {
    let team = Team::start().await;
    let sink = Sink::start().await;
    team.hook(&sink, json!({ "events": ["approval:resolved"] })).await;
    let ends = async |count: usize| sink.has(count).await[count - 1].json()["data"].clone();
    let id = team.agent.ask(json!({})).await;
    team.ana.reject(&id, "too much").await.expect(200);
    let data = ends(1).await;
    assert_eq!((&data["status"], &data["feedback"]), (&json!("rejected"), &json!("too much")));
    let id = team.agent.ask(json!({})).await;
    let cancel = format!("/api/v1/approvals/{id}/cancel");
    team.agent.post(&cancel, &json!({ "reason": "over" })).await.expect(200);
    let data = ends(2).await;
    assert_eq!((&data["status"], &data["feedback"]), (&json!("cancelled"), &json!("over")));
    team.agent.ask(json!({ "timeout_seconds": 1 })).await;
    assert_eq!(ends(3).await["status"], "expired");
    team.agent.ask(json!({ "timeout_seconds": 1, "timeout_action": "approve" })).await;
    let data = ends(4).await;
    assert_eq!((&data["status"], &data["resolved_via"]), (&json!("auto_approved"), &json!("timeout")));
    assert_eq!(data["resolved_by"], Value::Null);
    let id = team.agent.ask(json!({})).await;
    team.ana.approve_with(&id, json!({ "modifications": { "amount": "9" } })).await.expect(200);
    let data = ends(5).await;
    assert_eq!((&data["status"], &data["resolution"]), (&json!("approved"), &json!("modified")));
    assert_eq!(data["modifications"], json!({ "amount": "9" }));
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_replay_keeps_ids_and_bytes_and_leaves_alone_what_waits() {
    let team = Team::start().await;
    let sink = Sink::start().await;
    let hook = team.hook(&sink, json!({ "events": ["approval:requested"] })).await;
    team.agent.ask(asked()).await;
    team.agent.ask(asked()).await;
    hook.has(2, "sent").await;
    sink.always(Does::Answers(500, ""));
    team.agent.ask(asked()).await;
    sink.has(3).await;
    let replay = async |body: Value| team.admin.post(&hook.path("/replay"), &body).await;
    let none = replay(json!({ "to": "2020-01-01T00:00:00Z" })).await.expect(200);
    assert_eq!(none.body, json!({ "replayed": 0, "more": false }));
    assert_eq!(replay(json!({ "status": "failed" })).await.expect(200).body["replayed"], 0);
    sink.is_well();
    let some = replay(json!({ "status": "sent", "from": "2020-01-01T00:00:00Z" })).await.expect(200);
    assert_eq!(some.body["replayed"], 2);
    team.let_waits_pass().await;
    hook.has(3, "sent").await;
    let received = sink.received();
    for first in &received[..2] {
        let again: Vec<&Received> =
            received.iter().filter(|it| it.header("webhook-id") == first.header("webhook-id")).collect();
        assert_eq!(again.len(), 2);
        assert_eq!(again[0].body, again[1].body);
        assert!(verifies(&hook.secret, again[1]));
    }
    team.audit(1, "webhook.replayed").await;
    replay(json!({ "status": "pending" })).await.violation("/status", "choice");
    replay(json!({ "from": "yesterday" })).await.violation("/from", "time");
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_both_secrets_sign_while_one_replaces_the_other() {
    let team = Team::start().await;
    let sink = Sink::start().await;
    let hook = team.hook(&sink, json!({ "events": ["approval:requested"] })).await;
    let rotate = async |body: Value| -> String {
        let rotated = team.admin.post(&hook.path("/rotate-secret"), &body).await.expect(200);
        rotated.body["secret"].as_str().unwrap().to_owned()
    };
    let new = rotate(json!({})).await;
    assert_ne!(new, hook.secret);
    team.agent.ask(asked()).await;
    let request = sink.has(1).await.pop().unwrap();
    assert_eq!(request.header("webhook-signature").split(' ').count(), 2);
    assert!(verifies(&hook.secret, &request) && verifies(&new, &request));
    let newest = rotate(json!({ "overlap_seconds": 0 })).await;
    team.agent.ask(asked()).await;
    let request = sink.has(2).await.pop().unwrap();
    assert!(verifies(&newest, &request) && !verifies(&new, &request) && !verifies(&hook.secret, &request));
    let too_long =
        team.admin.post(&hook.path("/rotate-secret"), &json!({ "overlap_seconds": 2_592_001 })).await;
    too_long.violation("/overlap_seconds", "range");
    team.audit(2, "webhook.rotated").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_secrets_are_told_once_and_stand_nowhere() {
    let team = Team::start().await;
    let sink = Sink::start().await;
    let hook = team.hook(&sink, json!({})).await;
    team.agent.ask(asked()).await;
    hook.has(1, "sent").await;
    let bare = hook.secret.strip_prefix("whsec_").unwrap();
    let mut told = vec![
        team.admin.get("/api/v1/webhooks").await.expect(200).body.to_string(),
        hook.show().await.to_string(),
        hook.delivery(&hook.deliveries().await[0]).await.to_string(),
        team.admin.get("/api/v1/audit?limit=200").await.expect(200).body.to_string(),
        team.cluster.instances[0].metrics().await,
    ];
    let mut conn = team.cluster.database.connect().await;
    for table in ["webhook_endpoints", "approval_notifications", "notification_attempts", "audit_log"] {
        let rows: Vec<String> =
            sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT t::text FROM {table} t")))
                .fetch_all(&mut conn)
                .await
                .unwrap();
        told.extend(rows);
    }
    let raw = hex(&STANDARD.decode(bare).unwrap());
    for text in told {
        assert!(!text.contains(bare) && !text.contains(&raw), "{text}");
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_without_a_key_for_secrets_no_endpoint_is_made() {
    let team = Team::with(Setup { instances: 1, ..Setup::default() }).await;
    let refused = team.admin.post("/api/v1/webhooks", &json!({ "url": "https://hooks.example" })).await;
    let refused = refused.problem(422, "not_supported");
    assert!(refused.body["detail"].as_str().unwrap().contains("secrets.key"), "{:?}", refused.body);
    assert_eq!(team.admin.get("/api/v1/webhooks").await.expect(200).body["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_events_in_the_form_of_cloudevents_say_the_same() {
    let team = Team::start().await;
    let (one, other) = (Sink::start().await, Sink::start().await);
    team.hook(&one, json!({ "events": ["approval:resolved"] })).await;
    let hook = team.hook(&other, json!({ "events": ["approval:resolved"], "format": "cloudevents" })).await;
    let id = team.agent.ask(json!({})).await;
    team.ana.approve(&id).await.expect(200);
    let standard = one.has(1).await.pop().unwrap();
    let cloud = other.has(1).await.pop().unwrap();
    assert!(verifies(&hook.secret, &cloud));
    let body = cloud.json();
    assert_eq!(body["data"], standard.json()["data"]);
    assert_eq!(body["time"], standard.json()["timestamp"]);
    assert_eq!((&body["type"], &body["subject"]), (&json!("signoff.approval.resolved"), &json!(id)));
    assert_eq!(body["id"], standard.header("webhook-id"));
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_context_comes_only_where_it_is_asked_for_redacted_and_bounded() {
    let team = Team::start().await;
    let sink = Sink::start().await;
    let hook = team.hook(&sink, json!({ "events": ["approval:requested"], "include_context": true })).await;
    let context =
        json!({ "amount": "9", "api_key": "hunter2", "note": "Bearer abcdefghijklmnopqrstuvwxyz123456" });
    team.agent.ask(json!({ "context": context })).await;
    let data = sink.has(1).await[0].json()["data"].clone();
    assert_eq!(data["context"]["amount"], "9");
    assert!(!data.to_string().contains("hunter2") && !data.to_string().contains("abcdefghijkl"), "{data}");
    let long = "word ".repeat(40_000);
    let description = "x".repeat(10_000);
    team.agent.ask(json!({ "context": { "log": long }, "description": description })).await;
    let request = sink.has(2).await[1].clone();
    assert!(request.body.len() <= 64 * 1024);
    let data = request.json()["data"].clone();
    assert_eq!((&data["context"], &data["truncated"]), (&Value::Null, &json!(true)));
    assert_eq!(data["description"].as_str().unwrap().len(), 10_000, "no more is lost than must be");
    assert!(verifies(&hook.secret, &request));
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_endpoints_are_checked_changed_counted_and_taken_away() {
    let team = Team::start().await;
    let sink = Sink::start().await;
    let create = async |body: Value| team.admin.post("/api/v1/webhooks", &body).await;
    for (body, pointer, rule) in [
        (json!({}), "/url", "required"),
        (json!({ "url": "hooks.example" }), "/url", "url"),
        (json!({ "url": "http://hooks.example@8.8.8.8/" }), "/url", "credentials"),
        (json!({ "url": "https://hooks.example/#x" }), "/url", "fragment"),
        (json!({ "url": "http://8.8.8.8/" }), "/url", "scheme"),
        (json!({ "url": "https://10.0.0.1/" }), "/url", "address"),
        (json!({ "url": format!("https://hooks.example/{}", "a".repeat(2_048)) }), "/url", "max_length"),
        (json!({ "url": "https://hooks.example", "events": ["approval:made"] }), "/events/0", "choice"),
        (json!({ "url": "https://hooks.example", "events": ["webhook:test"] }), "/events/0", "choice"),
        (json!({ "url": "https://hooks.example", "format": "xml" }), "/format", "choice"),
        (
            json!({ "url": "https://hooks.example", "description": "x".repeat(501) }),
            "/description",
            "max_length",
        ),
        (json!({ "url": "https://hooks.example", "secret": "whsec_x" }), "/secret", "unknown_field"),
    ] {
        create(body).await.violation(pointer, rule);
    }
    let hook = team.hook(&sink, json!({ "description": "ours" })).await;
    let changed = hook.change(json!({ "description": null, "include_context": true })).await.expect(200).body;
    assert_eq!((&changed["description"], &changed["include_context"]), (&Value::Null, &json!(true)));
    hook.change(json!({ "url": "https://127.0.0.1@8.8.8.8/" })).await.violation("/url", "credentials");
    hook.change(json!({ "url": null })).await.expect(422);
    team.audit(1, "webhook.updated").await;
    hook.change(json!({ "enabled": false })).await.expect(200);
    assert_eq!(hook.show().await["disabled_reason"], "by_hand");
    team.agent.ask(asked()).await;
    eventually("it is kept", || async { hook.show().await["waiting"] == 1 }).await;
    let stranger = team.cluster.api(0, &team.cluster.key("evil", "eve", &["webhook:manage"]).await);
    for path in [hook.path(""), hook.path("/deliveries")] {
        stranger.get(&path).await.problem(404, "not_found");
    }
    let delivery = hook.deliveries().await[0]["id"].as_str().unwrap().to_owned();
    stranger.get(&hook.path(&format!("/deliveries/{delivery}"))).await.problem(404, "not_found");
    for rest in ["/test", "/replay", "/rotate-secret"] {
        stranger.post(&hook.path(rest), &json!({})).await.problem(404, "not_found");
    }
    assert_eq!(stranger.get("/api/v1/webhooks").await.expect(200).body["items"], json!([]));
    team.admin.delete(&hook.path("")).await.expect(204);
    team.admin.get(&hook.path("")).await.problem(404, "not_found");
    let conn = tokio::sync::Mutex::new(team.cluster.database.connect().await);
    eventually("what waited for it is skipped", || async {
        let skipped: Vec<(String, Option<String>)> = sqlx::query_as(
            "SELECT status, skip_reason FROM approval_notifications WHERE channel = 'webhook'",
        )
        .fetch_all(&mut *conn.lock().await)
        .await
        .unwrap();
        skipped == [("skipped".to_owned(), Some("endpoint_deleted".to_owned()))]
    })
    .await;
    for _ in 0..50 {
        create(json!({ "url": "https://hooks.example" })).await.expect(201);
    }
    create(json!({ "url": "https://hooks.example" })).await.problem(409, "limit_reached");
    assert_eq!(sink.received().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_the_operators_endpoint_is_kept_as_the_settings_say() {
    let sink = Sink::start().await;
    // Its own network needs no leave: the operator has named it. And no key for secrets is needed.
    let flags = vec![("webhooks.url", sink.url.clone()), ("webhooks.secret", "plain words".to_owned())];
    let team = Team::with(Setup { instances: 2, flags, ..Setup::default() }).await;
    let id = team.agent.ask(json!({})).await;
    let request = sink.has(1).await.pop().unwrap();
    assert_eq!(request.json()["data"]["approval_id"], json!(id));
    assert!(verifies(&STANDARD.encode("plain words"), &request));
    let items = team.admin.get("/api/v1/webhooks").await.expect(200).body["items"].clone();
    assert_eq!((items.as_array().unwrap().len(), &items[0]["managed_by"]), (1, &json!("configuration")));
    let hook = Hook { team: &team, id: items[0]["id"].as_str().unwrap().to_owned(), secret: String::new() };
    hook.change(json!({ "url": "https://hooks.example" })).await.problem(403, "forbidden");
    team.admin.delete(&hook.path("")).await.problem(403, "forbidden");
    hook.change(json!({ "enabled": false })).await.expect(200);
    team.agent.ask(json!({})).await;
    eventually("it is kept", || async { hook.show().await["waiting"] == 1 }).await;
    hook.change(json!({ "enabled": true })).await.expect(200);
    sink.has(2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_an_event_of_an_approval_that_ended_can_be_sent_again_after_it_failed() {
    let team = Team::start().await;
    let sink = Sink::start().await;
    let hook = team.hook(&sink, json!({ "events": ["approval:requested"] })).await;
    sink.always(Does::Answers(500, ""));
    let id = team.agent.ask(json!({})).await;
    hook.tried(1).await;
    let mut conn = team.cluster.database.connect().await;
    sqlx::query("UPDATE approval_notifications SET attempts = 9 WHERE channel = 'webhook'")
        .execute(&mut conn)
        .await
        .unwrap();
    team.let_waits_pass().await;
    let failed = hook.has(1, "failed").await;
    assert_eq!(failed[0]["error_message"], "it answered 500");
    team.ana.approve(&id).await.expect(200);
    sink.is_well();
    let path = format!("/api/v1/notifications/{}/redrive", failed[0]["id"].as_str().unwrap());
    team.admin.post(&path, &json!({})).await.expect(200);
    team.let_waits_pass().await;
    hook.has(1, "sent").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_a_hundred_events_arrive_once_each_from_two_instances() {
    let team = Team::with(Setup { instances: 2, ..setup() }).await;
    let sink = Sink::start().await;
    let hook = team.hook(&sink, json!({ "events": ["approval:requested"] })).await;
    let other = team.cluster.api(1, &team.agent.key);
    let mut asked_for = HashSet::new();
    for n in 0..100 {
        let api = if n % 2 == 0 { &team.agent } else { &other };
        asked_for.insert(api.ask(json!({})).await);
    }
    sink.has_within(Duration::from_mins(1), 100).await;
    eventually("nothing waits", || async { hook.show().await["waiting"] == 0 }).await;
    let received = sink.received();
    let told: HashSet<String> =
        received.iter().map(|it| it.json()["data"]["approval_id"].as_str().unwrap().to_owned()).collect();
    assert_eq!((received.len(), told), (100, asked_for));
}
