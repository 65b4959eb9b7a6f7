//! G17: events arrive at the URLs that a workspace chose, signed, at least once, with ids of their own.

use std::{collections::HashSet, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::Method;
use serde_json::{Value, json};
use signoff::notify::webhook::watch;
use standardwebhooks::Webhook;

use super::g19_row_walls::act_as;
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

    async fn hook(&self, sink: &Sink, more: Value) -> Hook<'_> {
        let mut body = json!({ "url": sink.url });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let made = self.admin.post("/api/v1/webhooks", &body).await.expect(201);
        assert_eq!(made.header("cache-control"), "no-store");
        let secret = made.body["secret"].as_str().unwrap().to_owned();
        Hook { team: self, id: made.id(), secret }
    }

    /// As if the time had passed for which lanes and their messages wait.
    async fn let_waits_pass(&self) {
        let mut conn = self.cluster.database.connect().await;
        let pass = "WITH due AS (UPDATE approval_notifications SET due_at = clock_timestamp() WHERE status = 'pending')
                    UPDATE notification_lanes SET hold_until = 'epoch', due_at = clock_timestamp(), wakes = wakes + 1";
        sqlx::query(pass).execute(&mut conn).await.unwrap();
    }

    /// What is on record of it, once there is anything.
    /// Records of an action, once there are so many: they are linked within a second.
    async fn audit(&self, count: usize, action: &str) -> Vec<Value> {
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
    fn path(&self, rest: &str) -> String {
        format!("/api/v1/webhooks/{}{rest}", self.id)
    }

    async fn show(&self) -> Value {
        self.team.admin.get(&self.path("")).await.expect(200).body
    }

    async fn change(&self, body: Value) -> Reply {
        Api::send(self.team.admin.request(Method::PATCH, &self.path("")).json(&body)).await
    }

    async fn deliveries(&self) -> Vec<Value> {
        let page = self.team.admin.get(&self.path("/deliveries")).await.expect(200);
        page.body["items"].as_array().unwrap().clone()
    }

    /// Waits until so many have this status, and gives them.
    async fn has(&self, count: usize, status: &str) -> Vec<Value> {
        let those = async || -> Vec<Value> {
            let all = self.deliveries().await;
            all.into_iter().filter(|it| it["status"] == status).collect()
        };
        eventually(&format!("{count} are {status}"), || async { those().await.len() == count }).await;
        those().await
    }

    /// With its tries.
    async fn delivery(&self, delivery: &Value) -> Value {
        let id = delivery["id"].as_str().unwrap();
        self.team.admin.get(&self.path(&format!("/deliveries/{id}"))).await.expect(200).body
    }

    /// Waits until the only delivery has been tried so often, and gives its last try.
    async fn tried(&self, count: usize) -> Value {
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

fn asked() -> Value {
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
async fn g17_what_fails_is_tried_again_with_the_same_id_and_bytes() {
    let team = Team::start().await;
    let sink = Sink::start().await;
    let hook = team.hook(&sink, json!({ "events": ["approval:requested"] })).await;
    let ways = [
        (Does::Answers(500, "x-n: 1\r\n"), "it answered 500"),
        (Does::Answers(404, ""), "it answered 404"),
        (Does::HangsUp, "closed"),
        (Does::Mumbles, "invalid HTTP"),
        (Does::Answers(302, "location: http://127.0.0.1:1/\r\n"), "redirects are not followed"),
    ];
    let mut script = ways.clone().map(|(does, _)| does).into_iter();
    sink.does(move |_| script.next().unwrap_or(Does::Answers(200, "")));
    team.agent.ask(asked()).await;
    for (n, (_, error)) in ways.iter().enumerate() {
        let tried = hook.tried(n + 1).await;
        assert_eq!(tried["outcome"], "retried", "{tried}");
        let said = tried["error"].as_str().unwrap();
        assert!(said.contains(error), "{said:?} should tell of {error:?}");
        assert!(!said.contains("127.0.0.1:1/"), "{said}");
        team.let_waits_pass().await;
    }
    let sent = hook.has(1, "sent").await;
    assert_eq!(sent[0]["attempt_count"], 6);
    let received = sink.received();
    let ids: HashSet<&str> = received.iter().map(|it| it.header("webhook-id")).collect();
    let bodies: HashSet<&str> = received.iter().map(|it| it.body.as_str()).collect();
    assert_eq!((received.len(), ids.len(), bodies.len()), (6, 1, 1));
    assert!(received.iter().all(|it| verifies(&hook.secret, it)));
    let first = hook.tried(1).await;
    assert_eq!(first["status_code"], 500);
    assert!(first["answer"].as_str().unwrap().contains("ok"), "{first}");
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_the_next_try_comes_by_itself_after_some_seconds() {
    let team = Team::start().await;
    let sink = Sink::start().await;
    let hook = team.hook(&sink, json!({})).await;
    let mut first = true;
    sink.does(move |_| {
        let status = if first { 500 } else { 200 };
        first = false;
        Does::Answers(status, "")
    });
    team.agent.ask(asked()).await;
    hook.tried(1).await;
    let due = hook.deliveries().await[0]["due_at"].as_str().unwrap().to_owned();
    hook.has(1, "sent").await;
    assert_eq!(sink.received().len(), 2);
    let conn = &mut team.cluster.database.connect().await;
    let waited: f64 = sqlx::query_scalar(
        "SELECT extract(epoch FROM $1::timestamptz - min(at))::double precision FROM notification_attempts",
    )
    .bind(due)
    .fetch_one(conn)
    .await
    .unwrap();
    assert!((3.9..8.0).contains(&waited), "{waited}");
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_success_stands_in_the_head_of_an_answer_whatever_follows() {
    let team = Team::start().await;
    let sink = Sink::start().await;
    let hook = team.hook(&sink, json!({ "events": ["approval:requested"] })).await;
    for (n, does) in [Does::NeverEnds, Does::BreaksOff].into_iter().enumerate() {
        sink.always(does);
        team.agent.ask(asked()).await;
        let sent = hook.has(n + 1, "sent").await;
        let tries = hook.delivery(&sent[0]).await["attempts"].clone();
        assert_eq!((&tries[0]["outcome"], &tries[1]), (&json!("sent"), &Value::Null));
        assert!(tries[0]["answer"].as_str().unwrap().len() <= 4_096);
    }
    assert_eq!(sink.received().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_an_endpoint_that_says_nothing_holds_up_no_other() {
    let team = Team::start().await;
    let (stuck, well) = (Sink::start().await, Sink::start().await);
    stuck.always(Does::Stalls);
    let hook = team.hook(&stuck, json!({ "events": ["approval:requested"] })).await;
    team.hook(&well, json!({ "events": ["approval:requested"] })).await;
    for _ in 0..20 {
        team.agent.ask(asked()).await;
    }
    well.has(20).await;
    assert!(stuck.received().len() <= 8, "eight at once to one endpoint");
    assert!(hook.deliveries().await.iter().all(|it| it["status"] == "pending"));
    eventually("the first have waited long enough", || async {
        hook.show().await["last_error"].as_str().is_some_and(|it| it.contains("no answer within 15 s"))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_an_endpoint_that_wants_a_pause_gets_it_and_no_try_is_counted() {
    let team = Team::start().await;
    let sink = Sink::start().await;
    let hook = team.hook(&sink, json!({ "events": ["approval:requested"] })).await;
    let mut script =
        [Does::Answers(429, "retry-after: 2\r\n"), Does::Answers(503, "retry-after: 1\r\n")].into_iter();
    sink.does(move |_| script.next().unwrap_or(Does::Answers(200, "")));
    team.agent.ask(asked()).await;
    let tried = hook.tried(1).await;
    assert_eq!((&tried["outcome"], &tried["status_code"]), (&json!("held"), &json!(429)));
    let mut conn = team.cluster.database.connect().await;
    let held: f64 = sqlx::query_scalar(
        "SELECT extract(epoch FROM l.hold_until - (a.at + a.duration_ms * interval '1 ms'))::double precision
           FROM notification_lanes l, notification_attempts a WHERE l.channel = 'webhook' ORDER BY a.at LIMIT 1",
    )
    .fetch_one(&mut conn)
    .await
    .unwrap();
    assert!((1.9..4.0).contains(&held), "{held}");
    let sent = hook.has(1, "sent").await;
    assert_eq!(sent[0]["attempt_count"], 1);
    assert_eq!(sink.received().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_too_much_without_a_time_is_tried_again_soon() {
    let team = Team::start().await;
    let sink = Sink::start().await;
    let hook = team.hook(&sink, json!({ "events": ["approval:requested"] })).await;
    sink.always(Does::Answers(429, ""));
    team.agent.ask(asked()).await;
    hook.tried(1).await;
    assert_eq!(hook.deliveries().await[0]["attempt_count"], 0);
    sink.is_well();
    hook.has(1, "sent").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_one_that_is_gone_is_disabled_in_sight_of_all_and_loses_nothing() {
    let team = Team::start().await;
    let sink = Sink::start().await;
    let hook = team.hook(&sink, json!({ "events": ["approval:requested"] })).await;
    sink.always(Does::Answers(410, ""));
    team.agent.ask(asked()).await;
    eventually("it is disabled", || async { hook.show().await["enabled"] == false }).await;
    assert_eq!(hook.show().await["disabled_reason"], "gone");
    assert_eq!(team.audit(1, "webhook.disabled").await[0]["via"], "service");
    let news = team.admin.get("/api/v1/me/notifications").await.expect(200).body["items"].clone();
    assert_eq!(news[0]["cause"], "endpoint_disabled");
    assert!(news[0]["subject"].as_str().unwrap().contains("410"), "{news}");
    let none = team.ana.get("/api/v1/me/notifications").await.expect(200).body["items"].clone();
    assert!(none.as_array().unwrap().iter().all(|it| it["cause"] != "endpoint_disabled"));
    sink.is_well();
    for _ in 0..3 {
        team.agent.ask(asked()).await;
    }
    eventually("all are kept", || async { hook.show().await["waiting"] == 4 }).await;
    team.admin.post(&hook.path("/test"), &Value::Null).await.problem(409, "not_redrivable");
    assert_eq!(sink.received().len(), 1);
    let on = hook.change(json!({ "enabled": true })).await.expect(200);
    assert_eq!((&on.body["enabled"], &on.body["disabled_reason"]), (&json!(true), &Value::Null));
    hook.has(4, "sent").await;
    assert_eq!(sink.received().len(), 5);
    assert_eq!(hook.show().await["waiting"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_administrators_hear_of_one_that_fails_for_a_day_and_it_is_disabled_after_five() {
    let team = Team::start().await;
    let sink = Sink::start().await;
    let hook = team.hook(&sink, json!({ "events": ["approval:requested"] })).await;
    sink.always(Does::Answers(404, ""));
    team.agent.ask(asked()).await;
    hook.tried(1).await;
    eventually("it is known to fail", || async { hook.show().await["failing_since"].is_string() }).await;
    let mut superuser = team.cluster.database.connect().await;
    let mut conn = act_as(&team.cluster, "signoff_notify").await;
    let news = async || -> Vec<String> {
        let page = team.admin.get("/api/v1/me/notifications").await.expect(200);
        let items = page.body["items"].as_array().unwrap().clone();
        items.iter().map(|it| it["cause"].as_str().unwrap().to_owned()).collect()
    };
    let since = async |superuser: &mut sqlx::PgConnection, hours: i32| {
        let back =
            "UPDATE notification_lanes SET failing_since = clock_timestamp() - make_interval(hours => $1)
                     WHERE channel = 'webhook'";
        sqlx::query(back).bind(hours).execute(superuser).await.unwrap();
    };
    since(&mut superuser, 23).await;
    watch::failing(&mut conn, None).await.unwrap();
    assert_eq!(news().await, [] as [&str; 0]);
    since(&mut superuser, 25).await;
    watch::failing(&mut conn, None).await.unwrap();
    watch::failing(&mut conn, None).await.unwrap();
    assert_eq!(news().await, ["endpoint_failing"], "once");
    assert_eq!(hook.show().await["enabled"], true);
    since(&mut superuser, 121).await;
    let long_ago = "UPDATE notification_lanes SET last_failure_at = clock_timestamp() - interval '2 days'";
    sqlx::query(long_ago).execute(&mut superuser).await.unwrap();
    assert_eq!(watch::failing(&mut conn, None).await.unwrap(), 0, "nothing was tried lately");
    let lately = "UPDATE notification_lanes SET last_failure_at = clock_timestamp() - interval '1 hour'";
    sqlx::query(lately).execute(&mut superuser).await.unwrap();
    // The instance looks, too: one of them does it.
    watch::failing(&mut conn, None).await.unwrap();
    assert_eq!(hook.show().await["disabled_reason"], "failing");
    assert_eq!(news().await, ["endpoint_disabled", "endpoint_failing"]);
    team.audit(1, "webhook.disabled").await;
    assert_eq!(hook.show().await["waiting"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_a_dead_endpoint_is_left_alone_and_comes_back_one_event_first() {
    let team = Team::start().await;
    let sink = Sink::start().await;
    let hook = team.hook(&sink, json!({ "events": ["approval:requested"] })).await;
    sink.always(Does::Answers(500, ""));
    for _ in 0..12 {
        team.agent.ask(asked()).await;
    }
    eventually("it is left alone", || async {
        let mut conn = team.cluster.database.connect().await;
        let held: bool = sqlx::query_scalar(
            "SELECT failures >= 5 AND hold_until > clock_timestamp() FROM notification_lanes WHERE channel = 'webhook'",
        )
        .fetch_one(&mut conn)
        .await
        .unwrap();
        held
    })
    .await;
    let before = sink.received().len();
    assert!(before <= 12, "{before}");
    team.agent.ask(asked()).await;
    sink.is_well();
    team.let_waits_pass().await;
    hook.has(13, "sent").await;
    assert_eq!(hook.show().await["failing_since"], Value::Null);
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
async fn g17_a_test_is_tried_at_once_even_where_the_endpoint_is_left_alone() {
    let team = Team::start().await;
    let sink = Sink::start().await;
    let hook = team.hook(&sink, json!({ "format": "cloudevents" })).await;
    let tested = team.admin.post(&hook.path("/test"), &Value::Null).await.expect(202);
    let request = sink.has(1).await.pop().unwrap();
    assert!(verifies(&hook.secret, &request));
    assert_eq!(request.header("content-type"), "application/cloudevents+json");
    let body = request.json();
    assert_eq!((&body["specversion"], &body["type"]), (&json!("1.0"), &json!("signoff.webhook.test")));
    assert_eq!(body["id"], request.header("webhook-id"));
    assert_eq!(body["source"], "/workspaces/acme");
    let sent = hook.has(1, "sent").await;
    assert_eq!((&sent[0]["id"], &sent[0]["event"]), (&tested.body["delivery_id"], &json!("webhook:test")));
    assert_eq!(sent[0]["approval_id"], Value::Null);
    // Dead, and left alone for long: a test goes before all else.
    sink.always(Does::Answers(500, ""));
    for _ in 0..6 {
        team.agent.ask(asked()).await;
    }
    eventually("it is left alone", || async { hook.show().await["failing_since"].is_string() }).await;
    let mut conn = team.cluster.database.connect().await;
    sqlx::query("UPDATE notification_lanes SET hold_until = clock_timestamp() + interval '1 hour', failures = 9, generation = generation + 1")
        .execute(&mut conn)
        .await
        .unwrap();
    sink.is_well();
    let count = sink.received().len();
    team.admin.post(&hook.path("/test"), &Value::Null).await.expect(202);
    let next = sink.has(count + 1).await[count].clone();
    assert_eq!(next.json()["type"], "signoff.webhook.test");
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
    let mut conn = team.cluster.database.connect().await;
    let skipped: Vec<(String, Option<String>)> =
        sqlx::query_as("SELECT status, skip_reason FROM approval_notifications WHERE channel = 'webhook'")
            .fetch_all(&mut conn)
            .await
            .unwrap();
    assert_eq!(skipped, [("skipped".to_owned(), Some("endpoint_deleted".to_owned()))]);
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
