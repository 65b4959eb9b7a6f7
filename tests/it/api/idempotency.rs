//! How long an idempotency key stands for what it made.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use signoff::store::purge;

use crate::support::{Api, Cluster, Reply, Setup, client::merged};

async fn ask(api: &Api, key: &str, body: Value) -> Reply {
    let body = merged(body);
    Api::send(api.request(Method::POST, "/api/v1/approvals").header("idempotency-key", key).json(&body)).await
}

const DAY: Duration = Duration::from_hours(24);

#[tokio::test]
async fn a_key_lives_while_its_approval_is_pending_and_a_day_longer() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let year = json!({ "timeout_seconds": 31_536_000 });
    let pending = ask(&agent, "pending", year.clone()).await.expect(201).id();
    let fresh = ask(&agent, "fresh", year.clone()).await.expect(201).id();
    let old = ask(&agent, "old", year.clone()).await.expect(201).id();
    for id in [&fresh, &old] {
        agent.cancel(id, "not needed").await.expect(200);
    }
    let mut conn = cluster.database.connect().await;
    let later = async |conn: &mut sqlx::PgConnection, what: &'static str| {
        sqlx::query(what).execute(conn).await.unwrap();
    };
    // A month goes by; the one that is called old has ended 25 hours ago, the fresh one 23.
    later(&mut conn, "UPDATE idempotency_keys SET created_at = created_at - interval '30 days', look_again_at = look_again_at - interval '30 days'").await;
    later(&mut conn, "UPDATE approval_requests a SET resolved_at = now() - CASE k.key WHEN 'old' THEN interval '25 h' ELSE interval '23 h' END FROM idempotency_keys k WHERE k.approval_id = a.id AND a.status = 'cancelled'").await;
    assert_eq!(purge::idempotency_keys(&mut conn, DAY, 500).await.unwrap(), 3);
    assert_eq!(purge::idempotency_keys(&mut conn, DAY, 500).await.unwrap(), 0, "each is put off, or gone");
    for (key, id) in [("pending", &pending), ("fresh", &fresh)] {
        let again = ask(&agent, key, year.clone()).await.expect(200);
        assert_eq!((again.header("idempotency-replayed"), &again.id()), ("true", id));
    }
    assert_ne!(ask(&agent, "old", year.clone()).await.expect(201).id(), old, "free for another request");
    // Another hour and a bit: the fresh one has had its time, too.
    later(
        &mut conn,
        "UPDATE approval_requests SET resolved_at = resolved_at - interval '2 h' WHERE status = 'cancelled'",
    )
    .await;
    later(&mut conn, "UPDATE idempotency_keys SET look_again_at = now() WHERE key IN ('pending', 'fresh')")
        .await;
    assert_eq!(purge::idempotency_keys(&mut conn, DAY, 500).await.unwrap(), 2);
    ask(&agent, "fresh", year.clone()).await.expect(201);
    assert_eq!(ask(&agent, "pending", year).await.expect(200).id(), pending);
}

/// With its run, an approval goes minutes after it ended. Its key still stands for it.
#[tokio::test]
async fn a_key_outlives_a_run_that_was_deleted() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    ask(&agent, "k", json!({ "run_id": "gone" })).await.expect(201);
    cluster
        .api(0, &cluster.key("acme", "root", &["run:delete"]).await)
        .delete("/api/v1/runs/gone")
        .await
        .expect(204);
    let mut conn = cluster.database.connect().await;
    let purged = sqlx::query("DELETE FROM approval_requests").execute(&mut conn).await.unwrap();
    assert_eq!(purged.rows_affected(), 1);
    let due = "UPDATE idempotency_keys SET look_again_at = now()";
    let kept = "SELECT count(*) FROM idempotency_keys";
    sqlx::query(due).execute(&mut conn).await.unwrap();
    assert_eq!(purge::idempotency_keys(&mut conn, DAY, 500).await.unwrap(), 1);
    assert_eq!(sqlx::query_scalar::<_, i64>(kept).fetch_one(&mut conn).await.unwrap(), 1);
    // A day after it ended, by the log, it goes.
    sqlx::query(due).execute(&mut conn).await.unwrap();
    assert_eq!(purge::idempotency_keys(&mut conn, Duration::ZERO, 500).await.unwrap(), 1);
    assert_eq!(sqlx::query_scalar::<_, i64>(kept).fetch_one(&mut conn).await.unwrap(), 0);
}

/// While both run, an instance of the version before compares bodies as they were sent.
#[tokio::test]
async fn the_version_before_recognises_a_key_of_this_one() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let spelt = json!({ "metadata": {}, "timeout_seconds": 300 });
    ask(&agent, "k", spelt.clone()).await.expect(201);
    let mut conn = cluster.database.connect().await;
    let same = "SELECT body_hash = sha256(convert_to($1, 'UTF8')) FROM idempotency_keys";
    let same: bool =
        sqlx::query_scalar(same).bind(merged(spelt).to_string()).fetch_one(&mut conn).await.unwrap();
    assert!(same);
}

#[tokio::test]
async fn a_default_that_is_spelt_out_is_the_same_body() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let id = ask(&agent, "k", json!({})).await.expect(201).id();
    let spelt = json!({ "metadata": {}, "timeout_seconds": 300, "task_id": "run-1", "policy": { "min_approvers": 1 } });
    assert_eq!(ask(&agent, "k", spelt).await.expect(200).id(), id);
    ask(&agent, "k", json!({ "metadata": { "a": 1 } })).await.problem(422, "idempotency_mismatch");
}

#[tokio::test]
async fn a_key_of_the_version_before_is_recognised() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let spelt = json!({ "metadata": {} });
    let id = ask(&agent, "k", spelt.clone()).await.expect(201).id();
    // That version took the hash of the body as it was sent.
    let hash = "UPDATE idempotency_keys SET body_hash = sha256(convert_to($1, 'UTF8')), meaning_hash = NULL";
    let mut conn = cluster.database.connect().await;
    sqlx::query(hash).bind(merged(spelt.clone()).to_string()).execute(&mut conn).await.unwrap();
    assert_eq!(ask(&agent, "k", spelt).await.expect(200).id(), id);
}
