//! Deleting runs.

use serde_json::json;

use crate::support::{Cluster, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_run_takes_its_questions_along() {
    let cluster = Cluster::start().await.connected().await;
    let admin = cluster.api(0, &cluster.key("acme", "agent", &["workspace:admin"]).await);
    let other = cluster.api(1, &cluster.member("other").await);
    let open = admin.ask(json!({ "run_id": "r" })).await;
    let decided = admin.ask(json!({ "run_id": "r" })).await;
    let elsewhere = admin.ask(json!({ "run_id": "r2" })).await;
    other.approve(&decided).await.expect(200);
    let waiter = other.waiting(&open, 50);
    eventually("it waits", || async { cluster.waiting(1) == 1 }).await;
    admin.delete("/api/v1/runs/r").await.expect(204);
    let outcome = waiter.await.unwrap().expect(200).body;
    assert_eq!((&outcome["status"], &outcome["resolved_via"]), (&json!("cancelled"), &json!("run_deleted")));
    assert_eq!(outcome["resolved_by"], "agent");
    // Readable for a while; the others untouched.
    assert_eq!(admin.show(&decided).await.expect(200).body["resolution"], "approved");
    assert_eq!(admin.show(&elsewhere).await.expect(200).body["status"], "pending");
    other.approve(&open).await.problem(409, "cancelled");
    // Saying it again, after an answer that got lost, finds it done.
    admin.delete("/api/v1/runs/r").await.expect(204);
    admin.delete("/api/v1/runs/never").await.problem(404, "not_found");
    let refused = admin.create(json!({ "run_id": "r" })).await.problem(422, "invalid");
    assert_eq!(refused.body["errors"][0]["rule"], "run_deleted");
}

/// Asking races deleting: whatever was created is cancelled, whatever came too late is refused.
#[tokio::test(flavor = "multi_thread")]
async fn no_question_survives_its_run() {
    let cluster = Cluster::start().await;
    let admin = cluster.api(0, &cluster.key("acme", "agent", &["workspace:admin"]).await);
    for round in 0..20 {
        let run = format!("run-{round}");
        admin.ask(json!({ "run_id": run })).await;
        let asks: Vec<_> = (0..20)
            .map(|number| {
                let api = cluster.api(number % 2, &admin.key);
                let run = run.clone();
                tokio::task::spawn(async move { api.create(json!({ "run_id": run })).await })
            })
            .collect();
        admin.delete(&format!("/api/v1/runs/{run}")).await.expect(204);
        for ask in asks {
            let reply = ask.await.unwrap();
            match reply.status {
                201 => {
                    let now = admin.show(&reply.id()).await.expect(200).body;
                    assert_eq!(now["status"], "cancelled", "round {round}: {now}");
                }
                _ => assert_eq!(reply.problem(422, "invalid").body["errors"][0]["rule"], "run_deleted"),
            }
        }
    }
}
