//! A row that somebody keeps locked: it hurts whoever wants that row, and nobody else.

use std::time::Duration;

use serde_json::json;
use sqlx::Connection;

use crate::support::{Cluster, Setup, client::get, eventually};

/// The row of one workspace's task is held, and its agent goes on publishing: the other workspaces decide and ask.
#[tokio::test(flavor = "multi_thread")]
async fn a_locked_task_hurts_only_its_own_workspace() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await.connected().await;
    let crowd = cluster.api(0, &cluster.member("agent").await);
    let asker = cluster.api(0, &cluster.key("other", "agent", &[]).await);
    let approver = cluster.api(0, &cluster.key("other", "ana", &[]).await);
    crowd.emit("held", [0]).await;
    let mut holder = cluster.database.connect().await;
    let mut transaction = holder.begin().await.unwrap();
    super::hold_task(&mut transaction, "held").await;
    let publishing: Vec<_> = (0..100)
        .map(|n| {
            let crowd = crowd.clone();
            tokio::task::spawn(async move {
                let event = json!({ "event_type": "output", "data": { "n": n } });
                crowd.post("/api/v1/tasks/held/events", &event).await
            })
        })
        .collect();
    for n in 0..20 {
        let id = asker.ask(json!({})).await;
        approver.approve(&id).await.expect(200);
        asker.emit("ours", [n]).await;
    }
    transaction.rollback().await.unwrap();
    for reply in publishing {
        let reply = reply.await.unwrap();
        assert!(reply.status == 202 || reply.status == 503, "{reply:#?}");
    }
    crowd.emit("held", [1]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_row_hurts_only_itself() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await.connected().await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    let mut people = Vec::new();
    for number in 0..16 {
        people.push(cluster.api(0, &cluster.member(&format!("person-{number}")).await));
    }
    let locked = asker.ask(json!({ "policy": { "min_approvers": 16 } })).await;
    let mut holder = cluster.database.connect().await;
    let mut transaction = holder.begin().await.unwrap();
    sqlx::query("SELECT 1 FROM approval_requests WHERE id = $1::uuid FOR UPDATE")
        .bind(&locked)
        .execute(&mut *transaction)
        .await
        .unwrap();
    let votes: Vec<_> = people
        .iter()
        .map(|api| {
            let (api, locked) = (api.clone(), locked.clone());
            tokio::task::spawn(async move { api.approve(&locked).await })
        })
        .collect();
    let mut watcher = cluster.database.connect().await;
    let mut waiting_for_locks = async || -> i64 {
        sqlx::query_scalar(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
        )
        .fetch_one(&mut watcher)
        .await
        .unwrap()
    };
    // One workspace has half of the places for what waits: two of three.
    let two_wait = async { while waiting_for_locks().await < 2 {} };
    tokio::time::timeout(Duration::from_secs(30), two_wait).await.expect("two wait for the lock");
    // Meanwhile everything else goes on.
    for person in &people {
        let id = asker.ask(json!({})).await;
        assert_eq!(person.approve(&id).await.expect(200).body["changed"], true);
    }
    asker.get("/api/v1/approvals/pending").await.expect(200);
    assert!(cluster.instances[0].app.database.probe(|_| {}).await.is_ok(), "a busy pool is no outage");
    let ready = get(format!("{}/readyz", cluster.instances[0].url)).await.unwrap();
    assert_eq!(ready.status(), 200);
    let id = asker.ask(json!({ "timeout_seconds": 1 })).await;
    assert_eq!(asker.wait(&id, 10).await.expect(200).body["status"], "expired");
    transaction.rollback().await.unwrap();
    for vote in votes {
        // Some may have run into the lock's time-out; none is lost without a word.
        let reply = vote.await.unwrap();
        assert!(reply.status == 200 || reply.code() == "unavailable", "{reply:#?}");
    }
    for person in &people {
        person.approve(&locked).await.expect(200);
    }
    eventually("all votes count", || async { asker.show(&locked).await.body["status"] == "resolved" }).await;
}
