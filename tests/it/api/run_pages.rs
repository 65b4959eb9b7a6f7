//! What the page of a run shows: the run, and who said what while an approval is pending.

use serde_json::{Value, json};

use crate::support::{Cluster, Setup};

#[tokio::test(flavor = "multi_thread")]
async fn a_run_tells_how_its_approvals_stand() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let admin = cluster.api(0, &cluster.key("acme", "root", &["workspace:admin"]).await);
    let viewer = cluster.api(0, &cluster.key("acme", "viewer", &["approval:view:pending"]).await);
    let stranger = cluster.api(0, &cluster.key("evil", "root", &["workspace:admin"]).await);
    viewer.get("/api/v1/runs/r").await.problem(404, "not_found");
    let mut ids = Vec::new();
    for session in ["s2", "s1", "s1", "s1"] {
        ids.push(admin.ask(json!({ "run_id": "r", "session_id": session })).await);
    }
    admin.ask(json!({ "run_id": "another" })).await;
    let ana = cluster.api(0, &cluster.member("ana").await);
    ana.approve(&ids[0]).await.expect(200);
    ana.reject(&ids[1], "no").await.expect(200);
    admin.cancel(&ids[2], "no").await.expect(200);
    let run = viewer.get("/api/v1/runs/r").await.expect(200).body;
    assert_eq!((&run["run_id"], &run["session_ids"]), (&json!("r"), &json!(["s1", "s2"])));
    assert_eq!(run["deleted_at"], Value::Null);
    let counts = json!({ "pending": 1, "resolved": 2, "expired": 0, "cancelled": 1 });
    assert_eq!(run["approvals"], counts);
    // The lists say the same.
    let listed = async |list: &str| {
        let page = admin.get(&format!("/api/v1/approvals/{list}?run_id=r")).await.expect(200).body;
        page["items"].as_array().unwrap().len()
    };
    assert_eq!((listed("pending").await, listed("history").await), (1, 3));
    stranger.get("/api/v1/runs/r").await.problem(404, "not_found");
    cluster
        .api(0, &cluster.key("acme", "agent", &["approval:create"]).await)
        .get("/api/v1/runs/r")
        .await
        .problem(403, "forbidden");
    admin.delete("/api/v1/runs/r").await.expect(204);
    let run = viewer.get("/api/v1/runs/r").await.expect(200).body;
    assert!(run["deleted_at"].is_string(), "{run:#}");
    assert_eq!((&run["approvals"]["pending"], &run["approvals"]["cancelled"]), (&json!(0), &json!(2)));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_sees_what_is_pending_sees_its_votes() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let admin = cluster.api(0, &cluster.key("acme", "root", &["workspace:admin"]).await);
    let viewer = cluster.api(0, &cluster.key("acme", "viewer", &["approval:view:pending"]).await);
    let auditor = cluster.api(0, &cluster.key("acme", "auditor", &["approval:view:history"]).await);
    let stranger = cluster.api(0, &cluster.key("evil", "viewer", &["approval:view:pending"]).await);
    let (ana, bo) =
        (cluster.api(0, &cluster.member("ana").await), cluster.api(0, &cluster.member("bo").await));
    let id = admin.ask(json!({ "policy": { "min_approvers": 2 } })).await;
    let decisions = format!("/api/v1/approvals/{id}/decisions");
    ana.approve_with(&id, json!({ "comment": "looks right" })).await.expect(200);
    let seen = viewer.get(&decisions).await.expect(200).body;
    assert_eq!(
        (&seen["items"][0]["principal"], &seen["items"][0]["feedback"]),
        (&json!("ana"), &json!("looks right"))
    );
    stranger.get(&decisions).await.problem(404, "not_found");
    viewer.get(&format!("/api/v1/approvals/{id}/audit")).await.problem(403, "forbidden");
    bo.approve(&id).await.expect(200);
    let refused = viewer.get(&decisions).await.problem(403, "forbidden");
    assert!(refused.body["detail"].as_str().unwrap().contains("approval:view:history"), "{refused:?}");
    assert_eq!(auditor.get(&decisions).await.expect(200).body["items"].as_array().unwrap().len(), 2);
    stranger.get(&decisions).await.problem(404, "not_found");
    // Time alone ends it, too, seen or unseen.
    let late = admin.ask(json!({ "timeout_seconds": 1 })).await;
    admin.wait(&late, 20).await.expect(200);
    viewer.get(&format!("/api/v1/approvals/{late}/decisions")).await.problem(403, "forbidden");
}
