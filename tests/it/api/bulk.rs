//! Approving and rejecting many at once.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use sqlx::Connection;

use crate::support::{Api, Cluster, Reply, Setup, TestDatabase, eventually, proxy::Proxy};

const BULK: &str = "/api/v1/approvals/bulk";

async fn single() -> Cluster {
    Cluster::with(Setup { instances: 1, ..Setup::default() }).await.connected().await
}

/// The status, code, change and version of each.
fn told(reply: &Reply) -> Vec<(u64, &str, bool, i64)> {
    let results = reply.body["results"].as_array().unwrap();
    let one = |it: &Value| {
        (
            it["status"].as_u64().unwrap(),
            it["code"].as_str().map_or("", |code| Box::leak(code.to_owned().into_boxed_str())),
            it["changed"].as_bool().unwrap(),
            it["approval"]["version"].as_i64().unwrap_or(0),
        )
    };
    results.iter().map(one).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_outcome_is_its_own() {
    let cluster = single().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(0, &cluster.member("ana").await);
    let rival = cluster.api(0, &cluster.key("rival", "ana", &["workspace:admin"]).await);
    let open = agent.ask(json!({})).await;
    let quorum = agent.ask(json!({ "policy": { "min_approvers": 2 } })).await;
    let own = ana.ask(json!({})).await;
    let foreign = rival.ask(json!({})).await;
    let decided = agent.ask(json!({})).await;
    cluster.api(0, &cluster.member("bo").await).reject(&decided, "no").await.expect(200);
    let cancelled = agent.ask(json!({})).await;
    agent.cancel(&cancelled, "no").await.expect(200);
    let expired = agent.ask(json!({ "timeout_seconds": 1 })).await;
    agent.wait(&expired, 10).await.expect(200);
    let due = agent.ask(json!({})).await;
    let otherwise = agent.ask(json!({ "policy": { "min_approvers": 2, "rejections_to_reject": 2 } })).await;
    ana.reject(&otherwise, "no").await.expect(200);
    let unreadable = agent.ask(json!({})).await;
    let mut conn = cluster.database.connect().await;
    for (sql, id) in [
        ("UPDATE approval_requests SET requested_by_name = '' WHERE id = $1::uuid", &unreadable),
        ("UPDATE approval_requests SET expires_at = now() WHERE id = $1::uuid", &due),
    ] {
        sqlx::query(sql).bind(id).execute(&mut conn).await.unwrap();
    }
    let nowhere = "0193d1a4-7c1e-7b60-9f43-0f2f5a3c9a10".to_owned();
    let last = agent.ask(json!({})).await;
    let ids = [
        &open,
        &quorum,
        &own,
        &foreign,
        &decided,
        &cancelled,
        &expired,
        &due,
        &otherwise,
        &unreadable,
        &nowhere,
        &open,
        &last,
    ];
    let body = json!({ "ids": ids, "action": "approve", "comment": "all of it" });
    let reply = Api::send(ana.request(Method::POST, BULK).json(&body)).await.expect(200);
    let expected = [
        (200, "", true, 2),
        (200, "", true, 2),
        (403, "not_eligible", false, 0),
        (404, "not_found", false, 0),
        (409, "already_decided", false, 2),
        (409, "cancelled", false, 2),
        (410, "expired", false, 2),
        (410, "expired", false, 2),
        (409, "already_voted", false, 2),
        (500, "internal", false, 0),
        (404, "not_found", false, 0),
        (200, "", true, 2),
    ];
    assert_eq!(told(&reply), expected, "{:#}", reply.body);
    let answered: Vec<&Value> =
        reply.body["results"].as_array().unwrap().iter().map(|it| &it["id"]).collect();
    let mut once = ids.to_vec();
    once.remove(11);
    assert_eq!(answered, once, "in the order given, doubles once");
    let first = &reply.body["results"][0];
    assert_eq!(first["code"], Value::Null);
    assert_eq!(first["approval"], agent.show(&open).await.body);
    assert_eq!(first["approval"]["result"]["feedback"], "all of it");
    assert!(reply.body["results"][2].get("approval").is_none(), "{:#}", reply.body);
    // Saying it again changes nothing.
    let again = Api::send(ana.request(Method::POST, BULK).json(&body)).await.expect(200);
    let unchanged = expected.map(|(status, code, _, version)| (status, code, false, version));
    assert_eq!(told(&again), unchanged);
    // One record for each that changed.
    let audit = agent.get(&format!("/api/v1/approvals/{open}/audit")).await.expect(200).body;
    let actions: Vec<&Value> = audit["items"].as_array().unwrap().iter().map(|it| &it["action"]).collect();
    assert_eq!(actions, ["approval.requested", "approval.resolved"]);
    assert_eq!(audit["items"][1]["request_id"], reply.header("x-request-id"));
}

#[tokio::test(flavor = "multi_thread")]
async fn rejecting_many() {
    let cluster = single().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(0, &cluster.member("ana").await);
    let ids = [agent.ask(json!({})).await, agent.ask(json!({})).await];
    let body =
        json!({ "ids": ids, "action": "reject", "reason": "not on a Friday", "comment": "ask on Monday" });
    let waiter = agent.waiting(&ids[1], 50);
    let reply = ana.post(BULK, &body).await.expect(200);
    assert_eq!(told(&reply), [(200, "", true, 2), (200, "", true, 2)]);
    let outcome = waiter.await.unwrap().expect(200).body;
    assert_eq!(
        outcome["result"],
        json!({ "resolution": "rejected", "feedback": "not on a Friday", "modifications": null,
                "comment": "ask on Monday", "because": "rejections" })
    );
}

/// Two hundred are a handful of batches: one statement for each.
#[tokio::test(flavor = "multi_thread")]
async fn many_share_batches() {
    let cluster = single().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(0, &cluster.member("ana").await);
    let asking = (0..200).map(|n| {
        let agent = agent.clone();
        tokio::task::spawn(async move { agent.ask(json!({ "run_id": format!("run-{}", n % 7) })).await })
    });
    let mut ids = Vec::new();
    for asked in asking.collect::<Vec<_>>() {
        ids.push(asked.await.unwrap());
    }
    let count = "signoff_commit_batch_size_count{kind=\"decide_in_one_step\"}";
    let sum = "signoff_commit_batch_size_sum{kind=\"decide_in_one_step\"}";
    let instance = &cluster.instances[0];
    let before = (instance.metric(count).await, instance.metric(sum).await);
    let reply = ana.post(BULK, &json!({ "ids": ids, "action": "approve" })).await.expect(200);
    assert!(told(&reply).iter().all(|it| *it == (200, "", true, 2)), "{:#}", reply.body);
    let (batches, commands) =
        (instance.metric(count).await - before.0, instance.metric(sum).await - before.1);
    assert!((commands - 200.0).abs() < 0.1, "{commands} commands");
    assert!(batches < 10.0, "{batches} batches");
}

/// A row that somebody keeps locked costs its own answer, and no other.
#[tokio::test(flavor = "multi_thread")]
async fn a_locked_row_hurts_only_itself() {
    let cluster = single().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(0, &cluster.member("ana").await);
    let mut ids = Vec::new();
    for _ in 0..10 {
        ids.push(agent.ask(json!({})).await);
    }
    let mut holder = cluster.database.connect().await;
    let mut transaction = holder.begin().await.unwrap();
    sqlx::query("SELECT 1 FROM approval_requests WHERE id = $1::uuid FOR UPDATE")
        .bind(&ids[4])
        .execute(&mut *transaction)
        .await
        .unwrap();
    let body = json!({ "ids": ids, "action": "approve" });
    let reply = ana.post(BULK, &body).await.expect(200);
    for (index, told) in told(&reply).into_iter().enumerate() {
        let expected = if index == 4 { (503, "unavailable", false, 0) } else { (200, "", true, 2) };
        assert_eq!(told, expected, "{index}");
    }
    transaction.rollback().await.unwrap();
    let again = ana.post(BULK, &body).await.expect(200);
    let changed: Vec<bool> = told(&again).into_iter().map(|it| it.2).collect();
    assert_eq!(changed.iter().filter(|it| **it).count(), 1);
    assert!(changed[4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_takes_the_permission_of_the_action() {
    let cluster = single().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let approver = cluster.api(0, &cluster.key("acme", "ana", &["approval:approve"]).await);
    let rejecter = cluster.api(0, &cluster.key("acme", "bo", &["approval:reject"]).await);
    let looker = cluster.api(0, &cluster.key("acme", "cy", &["approval:view:history"]).await);
    let id = agent.ask(json!({ "policy": { "min_approvers": 2, "rejections_to_reject": 2 } })).await;
    let approve = json!({ "ids": [id], "action": "approve" });
    let reject = json!({ "ids": [id], "action": "reject", "reason": "no" });
    let refused = rejecter.post(BULK, &approve).await.problem(403, "forbidden");
    assert!(refused.body["detail"].as_str().unwrap().ends_with("approval:approve"), "{refused:#?}");
    let refused = approver.post(BULK, &reject).await.problem(403, "forbidden");
    assert!(refused.body["detail"].as_str().unwrap().ends_with("approval:reject"), "{refused:#?}");
    // Without either it isn't even read.
    let refused = looker.post(BULK, &json!({ "nonsense": true })).await.problem(403, "forbidden");
    assert!(refused.body["detail"].as_str().unwrap().contains("approval:approve or approval:reject"));
    let nobody = cluster.api(0, "nonsense");
    nobody.post(BULK, &json!({ "nonsense": true })).await.problem(401, "unauthenticated");
    assert_eq!(agent.show(&id).await.body["version"], 1);
    assert_eq!(told(&approver.post(BULK, &approve).await.expect(200)), [(200, "", true, 2)]);
    assert_eq!(told(&rejecter.post(BULK, &reject).await.expect(200)), [(200, "", true, 3)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_forms_do_nothing() {
    let cluster = single().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(0, &cluster.member("ana").await);
    let id = agent.ask(json!({})).await;
    let many: Vec<&str> = std::iter::repeat_n(id.as_str(), 201).collect();
    for (body, pointer, rule) in [
        (json!({ "action": "approve" }), "/ids", "items"),
        (json!({ "ids": [], "action": "approve" }), "/ids", "items"),
        (json!({ "ids": many, "action": "approve" }), "/ids", "items"),
        (json!({ "ids": id, "action": "approve" }), "/ids", "type"),
        (json!({ "ids": [id, 7], "action": "approve" }), "/ids/1", "type"),
        (json!({ "ids": [id, null], "action": "approve" }), "/ids/1", "type"),
        (json!({ "ids": [id, id, id, "x"], "action": "approve" }), "/ids/3", "uuid"),
        (json!({ "ids": [id.replace('-', "")], "action": "approve" }), "/ids/0", "uuid"),
        (json!({ "ids": [id] }), "/action", "required"),
        (json!({ "ids": [id], "action": "cancel" }), "/action", "choice"),
        (json!({ "ids": [id], "action": "approve", "reason": "x" }), "/reason", "excluded"),
        (json!({ "ids": [id], "action": "approve", "comment": "x".repeat(5_001) }), "/comment", "max_length"),
        (json!({ "ids": [id], "action": "approve", "modifications": {} }), "/modifications", "unknown_field"),
        (json!({ "ids": [id], "action": "reject" }), "/reason", "required"),
        (json!({ "ids": [id], "action": "reject", "reason": " " }), "/reason", "min_length"),
        (json!({ "ids": [id], "action": "reject", "reason": "x".repeat(5_001) }), "/reason", "max_length"),
    ] {
        let reply = ana.post(BULK, &body).await.problem(422, "invalid");
        let errors = reply.body["errors"].as_array().unwrap();
        assert!(
            errors.iter().any(|error| error["pointer"] == pointer && error["rule"] == rule),
            "{pointer} {rule}: {errors:#?}"
        );
    }
    let several =
        ana.post(BULK, &json!({ "ids": ["x", id, "y"], "action": "reject" })).await.problem(422, "invalid");
    assert_eq!(several.body["errors"].as_array().unwrap().len(), 3, "all at once");
    ana.get(BULK).await.problem(405, "method_not_allowed");
    assert_eq!(agent.show(&id).await.body["version"], 1, "no partial effect");
}

/// The largest approvals there are: the answer stays within bounds.
#[tokio::test(flavor = "multi_thread")]
async fn the_answer_is_bounded_in_bytes() {
    let cluster = single().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(0, &cluster.member("ana").await);
    let large = json!({ "x": "x".repeat(255 * 1024) });
    let mut ids = Vec::new();
    for _ in 0..20 {
        ids.push(agent.ask(json!({ "context": large, "metadata": large })).await);
    }
    let reply = ana.post(BULK, &json!({ "ids": ids, "action": "approve" })).await.expect(200);
    let results = reply.body["results"].as_array().unwrap();
    assert!(results.iter().all(|it| it["changed"] == true));
    assert_eq!(results.iter().filter(|it| it["approval"].is_object()).count(), 9);
}

/// A client that vanishes in the middle: what it asked for happens as a whole.
#[tokio::test(flavor = "multi_thread")]
async fn a_vanished_client_leaves_nothing_half_done() {
    let database = TestDatabase::new().await;
    let (line, through) = Proxy::before(&database.url).await;
    let setup = Setup { instances: 1, database_url: Some(through), ..Setup::default() };
    let cluster = Cluster::on(database, setup).await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(0, &cluster.member("ana").await);
    let mut ids = Vec::new();
    for _ in 0..100 {
        ids.push(agent.ask(json!({})).await);
    }
    ana.get("/api/v1/approvals/pending").await.expect(200);
    line.delay(Duration::from_millis(100));
    line.watch_for_traffic();
    let body = json!({ "ids": ids, "action": "approve" });
    let request = tokio::task::spawn(Api::try_send(ana.request(Method::POST, BULK).json(&body)));
    eventually("it is on its way", || async { line.saw_traffic() }).await;
    request.abort();
    line.delay(Duration::ZERO);
    eventually("all were decided", || async {
        let page = agent.get("/api/v1/approvals/history?limit=200").await.expect(200).body;
        page["items"].as_array().unwrap().len() == 100
    })
    .await;
}
