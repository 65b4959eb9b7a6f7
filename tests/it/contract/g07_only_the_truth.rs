//! G7: a wait tells what is committed, and nothing else.

use std::time::Duration;

use serde_json::json;

use crate::support::{Cluster, eventually, redis::command, variable};

/// Messages that claim an outcome wake nobody for good.
#[tokio::test(flavor = "multi_thread")]
async fn g07_forged_messages_fool_nobody() {
    let cluster = Cluster::start().await.connected().await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(1, &cluster.member("ana").await);
    let id = asker.ask(json!({})).await;
    let waiter = asker.waiting(&id, 50);
    eventually("it waits", || async { cluster.waiting(0) == 1 }).await;
    let channel = format!("{}:changes", cluster.prefix);
    let workspace = uuid::Uuid::new_v4();
    let forged = [
        format!("{workspace} {id} 2 run-1"),
        format!("{workspace} {id} 999999 run-1\n").repeat(50),
        format!("{{\"approval_id\":\"{id}\",\"status\":\"approved\"}}"),
        "approved".to_owned(),
        "\u{0}\u{ff}".repeat(1000),
    ];
    for _ in 0..20 {
        for message in &forged {
            command(&variable("REDIS_URL"), &["PUBLISH", &channel, message]).await;
        }
    }
    // The hints did arrive, and were looked into.
    eventually("the forged hints arrive", || async {
        cluster.instances[0].metric("signoff_wakeups_total{source=\"redis\"}").await >= 20.0
    })
    .await;
    assert!(!waiter.is_finished(), "a forged message was believed");
    assert_eq!(asker.show(&id).await.body["status"], "pending");
    ana.approve(&id).await.expect(200);
    let reply = tokio::time::timeout(Duration::from_secs(4), waiter).await.unwrap().unwrap();
    assert_eq!(reply.expect(200).body["resolved_by"], "ana");
}

#[tokio::test(flavor = "multi_thread")]
async fn g07_a_waiters_patience_is_its_own() {
    let cluster = Cluster::start().await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(1, &cluster.member("ana").await);
    let before = asker.create(json!({ "timeout_seconds": 60 })).await.expect(201);
    let id = before.id();
    let patient = asker.waiting(&id, 50);
    for _ in 0..3 {
        let reply = asker.wait(&id, 0).await.expect(200);
        assert_eq!((reply.header("retry-after"), &reply.body), ("0", &before.body));
    }
    let reply = asker.wait(&id, 1).await.expect(200);
    assert_eq!((reply.header("retry-after"), &reply.body), ("0", &before.body));
    ana.approve(&id).await.expect(200);
    assert_eq!(patient.await.unwrap().expect(200).body["status"], "resolved");
    // A result that came before its wait.
    assert_eq!(asker.wait(&id, 50).await.expect(200).body["status"], "resolved");
}

/// A vote that leaves the quorum unmet wakes nobody for good either.
#[tokio::test(flavor = "multi_thread")]
async fn g07_a_vote_is_no_outcome() {
    let cluster = Cluster::start().await.connected().await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(1, &cluster.member("ana").await);
    let bo = cluster.api(0, &cluster.member("bo").await);
    let id = asker.ask(json!({ "policy": { "min_approvers": 2 } })).await;
    let waiter = asker.waiting(&id, 50);
    eventually("it waits", || async { cluster.waiting(0) == 1 }).await;
    ana.approve(&id).await.expect(200);
    eventually("the hint of the vote arrives", || async {
        cluster.instances[0].metric("signoff_wakeups_total{source=\"redis\"}").await >= 1.0
    })
    .await;
    assert!(!waiter.is_finished());
    bo.approve(&id).await.expect(200);
    assert_eq!(waiter.await.unwrap().expect(200).body["version"], 3);
}
