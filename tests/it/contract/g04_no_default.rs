//! G4: no accident decides, cancels or expires anything.

use serde_json::json;

use crate::support::{
    Api, Cluster, Setup, TestDatabase, cluster::make_key, eventually, process::Process, redis::RedisServer,
    unique,
};

#[tokio::test(flavor = "multi_thread")]
async fn g04_accidents_leave_it_pending() {
    let redis = RedisServer::start().await;
    let cluster = Cluster::with(Setup { redis_url: redis.url(), ..Setup::default() }).await.connected().await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    let id = asker.ask(json!({})).await;

    // A waiter that vanishes.
    let waiter = asker.waiting(&id, 30);
    eventually("it waits", || async { cluster.waiting(0) == 1 }).await;
    waiter.abort();
    eventually("it is gone", || async { cluster.waiting(0) == 0 }).await;
    // A waiter that runs out of patience.
    assert_eq!(asker.wait(&id, 1).await.expect(200).header("retry-after"), "0");
    // Redis forgets everything.
    redis.command(&["FLUSHALL"]).await;
    // Every connection to Postgres is cut.
    let mut conn = cluster.database.connect().await;
    sqlx::query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
        .execute(&mut conn)
        .await
        .unwrap();
    // Each instance finds out by itself.
    for reader in [asker, cluster.api(1, &cluster.member("bo").await)] {
        eventually("it can be read again", || async {
            let request = reader.request(reqwest::Method::GET, &format!("/api/v1/approvals/{id}"));
            Api::try_send(request).await.is_ok_and(|reply| reply.status == 200)
        })
        .await;
        let approval = reader.show(&id).await.expect(200).body;
        assert_eq!((&approval["status"], &approval["version"]), (&json!("pending"), &json!(1)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g04_a_killed_instance_decides_nothing() {
    let database = TestDatabase::new().await;
    let (prefix, setup) = (unique("it"), Setup::default());
    let key = make_key(&database, "acme", "agent", &["workspace:admin"]).await;
    let survivor = Process::start(&database, &prefix, &setup).await;
    let mut victim = Process::start(&database, &prefix, &setup).await;
    let api = Api::new(&victim.url, &key);
    let id = api.ask(json!({})).await;
    let waiter = tokio::task::spawn(Api::try_send(
        api.request(reqwest::Method::GET, &format!("/api/v1/approvals/{id}/wait?timeout=30")),
    ));
    victim.kill();
    waiter.await.unwrap().expect_err("its connection died with the instance");
    let approval = Api::new(&survivor.url, &key).show(&id).await.expect(200).body;
    assert_eq!(approval["status"], "pending");
}
