//! Health, metrics, the cluster's view.

use serde_json::{Value, json};

use crate::support::{Cluster, client::get, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn readiness_names_its_parts() {
    let cluster = Cluster::start().await.connected().await;
    let instance = &cluster.instances[0];
    assert_eq!(get(format!("{}/livez", instance.url)).await.unwrap().status(), 200);
    let readyz = format!("{}/readyz", instance.url);
    eventually("ready", || async {
        let body: Value = get(&readyz).await.unwrap().json().await.unwrap();
        body == json!({
            "status": "ready", "instance_id": instance.app.instance,
            "parts": {
                "postgres": "up", "redis": "up", "bus": "up", "sweep": "up", "deadlines": "up", "audit": "up",
            },
        })
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_tell_what_happened() {
    let cluster = Cluster::start().await.connected().await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(0, &cluster.member("ana").await);
    let id = asker.ask(json!({})).await;
    let waiter = asker.waiting(&id, 50);
    let instance = &cluster.instances[0];
    eventually("it waits", || async { (instance.metric("signoff_waiters").await - 1.0).abs() < 0.1 }).await;
    ana.approve(&id).await.expect(200);
    waiter.await.unwrap().expect(200);
    for sample in [
        "signoff_decisions_total{outcome=\"approved\",via=\"human\"}",
        "signoff_votes_total{verdict=\"approved\"}",
        "signoff_approvals_requested_total",
        "signoff_wakeups_total{source=\"local\"}",
        "signoff_bus_up",
        "signoff_database_up",
        "signoff_http_requests_total{method=\"POST\",route=\"/api/v1/approvals\",status=\"201\"}",
    ] {
        let value = instance.metric(sample).await;
        assert!((value - 1.0).abs() < 0.1, "{sample} is {value}");
    }
    // A client that leaves before its answer is counted, too.
    let id = asker.ask(json!({})).await;
    let leaver = asker.waiting(&id, 50);
    eventually("it waits", || async { cluster.waiting(0) == 1 }).await;
    leaver.abort();
    let left =
        "signoff_http_requests_total{method=\"GET\",route=\"/api/v1/approvals/{id}/wait\",status=\"499\"}";
    eventually("it is counted", || async { instance.metric(left).await > 0.5 }).await;
    // The first round of the sweep may not have ended yet.
    let sweep = "signoff_sweep_lag_seconds{sweep=\"outcomes\"}";
    eventually("the sweep has worked", || async { instance.metrics().await.contains(sweep) }).await;
    let text = instance.metrics().await;
    for name in [
        "signoff_build_info{version=",
        "signoff_wake_latency_seconds_bucket",
        "signoff_sweep_lag_seconds{sweep=\"outcomes\"}",
        "signoff_database_connections{pool=\"decide\",state=\"idle\"}",
        "signoff_commit_batch_size_bucket",
        "signoff_process_resident_memory_bytes",
    ] {
        assert!(text.contains(name), "{name} is missing");
    }
    assert!(!text.contains(&id), "no id is a label");
    // Metrics are for operators, not for the public.
    asker.get("/metrics").await.problem(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cluster_is_seen_from_everywhere() {
    let cluster = Cluster::start().await.connected().await;
    let key = cluster.key("acme", "op", &["cluster:view"]).await;
    for number in 0..2 {
        let api = cluster.api(number, &key);
        eventually("both serve", || async {
            let seen = api.get("/api/v1/cluster").await.expect(200).body;
            let items = seen["instances"].as_array().unwrap();
            items.len() == 2
                && items.iter().all(|it| {
                    it["state"] == "serving"
                        && it["version"] == env!("CARGO_PKG_VERSION")
                        && it["heartbeat_age_seconds"].as_f64().unwrap() < 30.0
                        && it["waiters"] == 0
                })
        })
        .await;
    }
    // One that died without a word is lost once its lease has run out.
    let mut conn = cluster.database.connect().await;
    sqlx::query("INSERT INTO instances (id, version, state, last_heartbeat) VALUES ('dead', '0', 'serving', now() - interval '31 s')")
        .execute(&mut conn)
        .await
        .unwrap();
    let seen = cluster.api(0, &key).get("/api/v1/cluster").await.expect(200).body;
    let dead = seen["instances"].as_array().unwrap().iter().find(|it| it["id"] == "dead").unwrap().clone();
    assert_eq!(dead["state"], "lost");
}
