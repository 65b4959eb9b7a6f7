//! G14: Redis is optional to correctness.

use std::time::Duration;

use serde_json::json;

use crate::support::{
    Cluster, Setup,
    proxy::{Mode, Proxy},
    redis::RedisServer,
    unique, variable, within,
};

async fn readiness(cluster: &Cluster, instance: usize) -> serde_json::Value {
    crate::support::client::get(format!("{}/readyz", cluster.instances[instance].url))
        .await
        .unwrap()
        .json()
        .await
        .unwrap()
}

/// Everything that can be done is done, and each in good time.
async fn everything_works(cluster: &Cluster, when: &str) {
    let admin = cluster.api(0, &cluster.key("acme", "agent", &["workspace:admin", "cluster:view"]).await);
    let ana = cluster.api(1, &cluster.member("ana").await);
    let work = async {
        let id = admin.ask(json!({})).await;
        let waiter = admin.waiting(&id, 50);
        ana.approve(&id).await.expect(200);
        assert_eq!(waiter.await.unwrap().expect(200).body["status"], "resolved");
        let id = admin.ask(json!({})).await;
        ana.reject(&id, "no").await.expect(200);
        let run = unique("run");
        let id = admin.ask(json!({ "run_id": run })).await;
        let waiter = admin.waiting(&id, 50);
        admin.get("/api/v1/approvals/pending").await.expect(200);
        admin.get("/api/v1/cluster").await.expect(200);
        admin.delete(&format!("/api/v1/runs/{run}")).await.expect(204);
        assert_eq!(waiter.await.unwrap().expect(200).body["status"], "cancelled");
        let id = admin.ask(json!({ "timeout_seconds": 1 })).await;
        assert_eq!(admin.wait(&id, 20).await.expect(200).body["status"], "expired");
    };
    tokio::time::timeout(Duration::from_secs(15), work).await.unwrap_or_else(|_| panic!("{when}: too slow"));
}

#[tokio::test(flavor = "multi_thread")]
async fn g14_everything_goes_on_without_redis() {
    // Started without it, even.
    let mut redis = RedisServer::start().await;
    redis.kill();
    let cluster = Cluster::with(Setup { redis_url: redis.url(), ..Setup::default() }).await;
    everything_works(&cluster, "never there").await;
    let body = readiness(&cluster, 0).await;
    assert_eq!((&body["status"], &body["parts"]["postgres"]), (&json!("degraded"), &json!("up")));
    assert_eq!((&body["parts"]["redis"], &body["parts"]["bus"]), (&json!("down"), &json!("down")));

    redis.restart().await;
    within(Duration::from_secs(10), "ready without a restart", || async {
        readiness(&cluster, 0).await["status"] == "ready"
    })
    .await;
    everything_works(&cluster, "there").await;

    redis.freeze();
    everything_works(&cluster, "frozen").await;
    within(Duration::from_secs(15), "the freeze shows", || async {
        readiness(&cluster, 1).await["status"] == "degraded"
    })
    .await;
    redis.thaw();
    within(Duration::from_secs(15), "ready again", || async {
        readiness(&cluster, 1).await["status"] == "ready"
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g14_a_black_hole_or_a_slow_line_is_no_more_than_that() {
    let (line, through) = Proxy::before(&variable("REDIS_URL")).await;
    let cluster = Cluster::with(Setup { redis_url: through, ..Setup::default() }).await.connected().await;
    line.set(Mode::Hang);
    everything_works(&cluster, "hanging").await;
    line.set(Mode::Pass);
    line.delay(Duration::from_millis(400));
    everything_works(&cluster, "slow").await;
    line.delay(Duration::ZERO);
    for instance in &cluster.instances {
        within(Duration::from_secs(15), "the bus is up again", || async { instance.app.bus.is_up() }).await;
    }
}
