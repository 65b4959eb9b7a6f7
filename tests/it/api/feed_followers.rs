//! What those who follow are told: of each approval what it is to them, whichever instance it happened on, and whatever
//! was lost on the way.

use serde_json::{Value, json};

use crate::support::{Api, Cluster, End, RedisServer, Setup, Socket, database::copies, process::signoff};

/// What a feed tells of an approval, up to a version of it.
async fn told(feed: &mut Socket, id: &str, version: i64) -> Value {
    loop {
        let event = feed.event("approval").await;
        if event["data"]["id"] == id && event["data"]["version"] == version {
            return event["data"].clone();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_is_told_what_it_is_to_them() {
    let cluster = Cluster::start().await.connected().await;
    let api = async |instance: usize, name: &str| cluster.api(instance, &cluster.member(name).await);
    let (agent, ana, bo) = (api(0, "agent").await, api(1, "ana").await, api(0, "bo").await);
    let stranger = cluster.api(0, &cluster.key("evil", "ana", &[]).await);
    let mut feeds = [Socket::feed(&ana, &["approvals"]).await, Socket::feed(&bo, &["approvals"]).await];
    let mut theirs = Socket::feed(&stranger, &["approvals", "counts"]).await;
    let mut asker = Socket::feed(&agent, &["approvals"]).await;
    let policy = json!({ "min_approvers": 2, "allowed_approvers": ["ana", "bo"] });
    let id = agent
        .ask(json!({ "title": "x", "context": { "large": "x".repeat(10_000) }, "policy": policy }))
        .await;
    for feed in &mut feeds {
        let summary = told(feed, &id, 1).await;
        assert_eq!((&summary["can_decide"], &summary["my_vote"]), (&json!(true), &Value::Null));
        assert!(summary.get("context").is_none());
    }
    assert_eq!(told(&mut asker, &id, 1).await["why_not"], "own_request");
    bo.approve(&id).await.expect(200);
    let [by_ana, by_bo] = &mut feeds;
    let (to_ana, to_bo) = (told(by_ana, &id, 2).await, told(by_bo, &id, 2).await);
    assert_eq!((&to_ana["can_decide"], &to_ana["progress"]["given"]), (&json!(true), &json!(1)));
    assert_eq!((&to_bo["can_decide"], &to_bo["why_not"]), (&json!(false), &json!("voted")));
    // The same as the list says.
    let listed = ana.get("/api/v1/approvals/pending?view=summary").await.expect(200).body["items"][0].clone();
    assert_eq!(listed, to_ana);
    ana.reject(&id, "no").await.expect(200);
    for feed in &mut feeds {
        let summary = told(feed, &id, 3).await;
        let ended =
            (&summary["status"], &summary["resolution"], &summary["resolved_by"], &summary["feedback"]);
        assert_eq!(ended, (&json!("resolved"), &json!("rejected"), &json!("ana"), &json!("no")));
    }
    // Another workspace is told its own alone.
    let own = stranger.ask(json!({})).await;
    let event = theirs.event("approval").await;
    assert_eq!(event["data"]["id"], own);
}

/// Created, escalated, extended, expired, cancelled, deleted with its run: each is told.
#[tokio::test(flavor = "multi_thread")]
async fn every_change_is_told() {
    let cluster = Cluster::start().await.connected().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let admin = cluster.api(0, &cluster.key("acme", "admin", &["workspace:admin"]).await);
    let ana = cluster.api(1, &cluster.member("ana").await);
    let mut feed = Socket::feed(&ana, &["approvals"]).await;
    let policy = json!({ "allowed_approvers": ["ana"], "extension": { "max_seconds": 60 } });
    let levels = json!([{ "after_seconds": 60, "policy": { "allowed_approvers": ["ana"] } }]);
    let id = agent.ask(json!({ "policy": policy, "escalation": levels, "timeout_seconds": 30 })).await;
    told(&mut feed, &id, 1).await;
    let extend = json!({ "seconds": 10, "reason": "later" });
    ana.post(&format!("/api/v1/approvals/{id}/extend"), &extend).await.expect(200);
    assert_eq!(told(&mut feed, &id, 2).await["extended_seconds"], 10);
    ana.post(&format!("/api/v1/approvals/{id}/escalate"), &json!({ "reason": "up" })).await.expect(200);
    assert_eq!(told(&mut feed, &id, 3).await["escalation_level"], 1);
    agent.cancel(&id, "no").await.expect(200);
    assert_eq!(told(&mut feed, &id, 4).await["status"], "cancelled");
    let short = agent.ask(json!({ "timeout_seconds": 1 })).await;
    assert_eq!(told(&mut feed, &short, 2).await["status"], "expired");
    let doomed = agent.ask(json!({ "run_id": "doomed" })).await;
    told(&mut feed, &doomed, 1).await;
    admin.delete("/api/v1/runs/doomed").await.expect(204);
    assert_eq!(told(&mut feed, &doomed, 2).await["resolved_via"], "run_deleted");
}

/// Redis away, and a change that no hint told of: the sweep finds it.
#[tokio::test(flavor = "multi_thread")]
async fn what_no_hint_told_is_found() {
    let mut redis = RedisServer::start().await;
    let setup = Setup { redis_url: redis.url(), ..Setup::default() };
    let cluster = Cluster::with(setup).await.connected().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(1, &cluster.member("ana").await);
    let mut feed = Socket::feed(&ana, &["approvals", "counts"]).await;
    let first = agent.ask(json!({})).await;
    told(&mut feed, &first, 1).await;
    redis.kill();
    let second = agent.ask(json!({ "policy": { "min_approvers": 2 } })).await;
    told(&mut feed, &second, 1).await;
    ana.approve(&second).await.expect(200);
    assert_eq!(told(&mut feed, &second, 2).await["my_vote"]["verdict"], "approved");
    agent.cancel(&first, "no").await.expect(200);
    told(&mut feed, &first, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_follow_what_changes() {
    let cluster = Cluster::start().await.connected().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(1, &cluster.member("ana").await);
    let mut feed = Socket::feed(&ana, &["counts"]).await;
    let counted = async |feed: &mut Socket, mine: i64, all: i64| loop {
        let counts = feed.event("counts").await["data"].clone();
        if (&counts["mine"], &counts["all"]) == (&json!(mine), &json!(all)) {
            break;
        }
    };
    counted(&mut feed, 0, 0).await;
    let id = agent.ask(json!({ "policy": { "allowed_approvers": ["ana"] } })).await;
    counted(&mut feed, 1, 1).await;
    agent.ask(json!({ "policy": { "allowed_approvers": ["bo"] } })).await;
    counted(&mut feed, 1, 2).await;
    ana.approve(&id).await.expect(200);
    counted(&mut feed, 0, 1).await;
}

/// It never takes the task's socket from its owner.
#[tokio::test(flavor = "multi_thread")]
async fn a_task_is_followed_without_being_taken() {
    let cluster = Cluster::start().await.connected().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let permissions = ["event:subscribe", "cluster:view", "connection:view"];
    let ana = cluster.api(1, &cluster.key("acme", "ana", &permissions).await);
    agent.emit("job", [1]).await;
    let mut owner = Socket::open(&agent, "job").await;
    let mut feed = Socket::feed(&ana, &["task:job", "cluster"]).await;
    feed.event("cluster").await;
    let cursor = agent.emit("job", [2, 3]).await;
    loop {
        let event = feed.event("task").await;
        assert_eq!(event["data"]["task_id"], "job");
        if event["data"]["cursor"] == cursor.as_str() {
            break;
        }
    }
    assert_eq!(owner.event("output").await["data"]["n"], 2, "it has its socket still");
    let cluster_view = feed.event("cluster").await;
    assert_eq!(cluster_view["data"]["instances"].as_array().unwrap().len(), 2);
    assert_eq!(ana.connection("job").await.expect(200).body["principal"], "agent");
}

/// A log that begins after it was followed, and one that grows while its feed is being opened.
#[tokio::test(flavor = "multi_thread")]
async fn the_first_event_of_a_task_is_told() {
    let cluster = Cluster::start().await.connected().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(1, &cluster.key("acme", "ana", &["event:subscribe"]).await);
    agent.emit("old", [1]).await;
    let mut feed = Socket::feed(&ana, &["task:new", "task:old"]).await;
    let cursor = agent.emit("new", [1]).await;
    let mut told = std::collections::BTreeSet::new();
    while told.len() < 2 {
        let event = feed.event("task").await;
        let task = event["data"]["task_id"].as_str().unwrap().to_owned();
        assert!(task != "new" || event["data"]["cursor"] == cursor.as_str(), "{event}");
        told.insert(task);
    }
}

/// What was told may not be so after a restore, and the same version may come again.
#[tokio::test(flavor = "multi_thread")]
async fn after_a_restore_all_is_read_anew() {
    let cluster = Cluster::start().await.connected().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(1, &cluster.member("ana").await);
    let mut feed = Socket::feed(&ana, &["approvals"]).await;
    let id = agent.ask(json!({})).await;
    let start = ana.get("/api/v1/approvals/changes").await.expect(200).body;
    ana.approve(&id).await.expect(200);
    assert_eq!(told(&mut feed, &id, 2).await["resolution"], "approved");
    let mut conn = cluster.database.connect().await;
    sqlx::raw_sql(
        "DELETE FROM approval_decisions;
         UPDATE approval_requests SET status = 'pending', version = 1, resolved_at = NULL, resolved_by = NULL,
                resolved_by_name = NULL, resolution = NULL, resolved_via = NULL, result = NULL",
    )
    .execute(&mut conn)
    .await
    .unwrap();
    let said = signoff(&["restored"], &[("DATABASE_URL", &cluster.database.url)]).await;
    assert!(said.status.success(), "{said:?}");
    assert_eq!(feed.event("resync").await["data"]["reason"], "restored");
    ana.reject(&id, "no").await.expect(200);
    assert_eq!(told(&mut feed, &id, 2).await["resolution"], "rejected");
    let path = format!("/api/v1/approvals/changes?after={}", start["cursor"].as_str().unwrap());
    let changes = ana.get(&path).await.expect(200).body;
    assert_eq!((&changes["complete"], &changes["items"]), (&json!(false), &json!([])));
    assert_eq!(changes["restored"], true);
}

/// More than a round of the sweep looks for, and no hint: it is said, not left out.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_much_for_the_sweep_is_said_to_be_too_much() {
    let mut redis = RedisServer::start().await;
    let setup = Setup { redis_url: redis.url(), ..Setup::default() };
    let cluster = Cluster::with(setup).await.connected().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(1, &cluster.member("ana").await);
    let mut feed = Socket::feed(&ana, &["approvals"]).await;
    let id = agent.ask(json!({})).await;
    told(&mut feed, &id, 1).await;
    redis.kill();
    let mut conn = cluster.database.connect().await;
    copies(&mut conn, &id, 5_500).await;
    assert_eq!(feed.event("resync").await["data"]["reason"], "too_much");
}

/// A person whose roles change is told that everything may be different to them; one who is shut out is shut out.
#[tokio::test(flavor = "multi_thread")]
async fn who_looks_is_looked_at_again() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await.connected().await;
    let admin = cluster.api(0, &cluster.key("acme", "admin", &["workspace:admin"]).await);
    let ana = cluster.api(0, &cluster.member("ana").await);
    let gone = cluster.api(0, &cluster.member("gone").await);
    let mut feed = Socket::feed(&ana, &["approvals"]).await;
    let mut leaving = Socket::feed(&gone, &["approvals"]).await;
    let people = admin.get("/api/v1/principals?limit=200").await.expect(200).body;
    let id = |name: &str| {
        let of = people["items"].as_array().unwrap().iter().find(|it| it["name"] == name).unwrap();
        of["id"].as_str().unwrap().to_owned()
    };
    let change = async |name: &str, body: Value| {
        let path = format!("/api/v1/principals/{}", id(name));
        Api::send(admin.request(reqwest::Method::PATCH, &path).json(&body)).await.expect(200)
    };
    change("ana", json!({ "groups": ["sre"] })).await;
    change("gone", json!({ "disabled": true })).await;
    // Who follows something more is looked at; otherwise it takes up to a minute.
    let subscribe = json!({ "type": "subscribe", "topics": ["approvals"] });
    let resync = loop {
        feed.send(subscribe.clone()).await;
        let event = feed.next().await;
        if event["event_type"] == "resync" {
            break event;
        }
    };
    assert_eq!(resync["data"]["reason"], "membership");
    let end = loop {
        leaving.send(subscribe.clone()).await;
        if let Err(end) = leaving.frame().await {
            break end;
        }
    };
    assert_eq!(end, End::Closed(1008, "the credential was revoked".to_owned()));
}
