//! One row that background work can't work on holds up itself, and neither the other rows nor the other workspaces.

use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Cluster, Setup, client::get, ended, eventually, within};

async fn one() -> Cluster {
    Cluster::with(Setup { instances: 1, ..Setup::default() }).await.connected().await
}

#[tokio::test(flavor = "multi_thread")]
async fn deadlines_that_cant_be_applied_stop_nobody_elses() {
    let cluster = one().await;
    let crowd = cluster.api(0, &cluster.member("agent").await);
    let other = cluster.api(0, &cluster.key("other", "agent", &[]).await);
    let mut conn = cluster.database.connect().await;
    for sql in [
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not this one'; END $$",
        "CREATE TRIGGER refuse BEFORE UPDATE OF status ON approval_requests FOR EACH ROW
             WHEN (NEW.task_id = 'stuck') EXECUTE FUNCTION refuse()",
    ] {
        sqlx::query(sql).execute(&mut conn).await.unwrap();
    }
    for _ in 0..5 {
        crowd.ask(json!({ "task_id": "stuck", "timeout_seconds": 600 })).await;
    }
    sqlx::query("UPDATE approval_requests SET expires_at = now() - interval '1 hour'")
        .execute(&mut conn)
        .await
        .unwrap();
    // Behind five that are longer overdue.
    for _ in 0..3 {
        let id = other.ask(json!({ "timeout_seconds": 1 })).await;
        assert_eq!(other.wait(&id, 30).await.expect(200).body["status"], "expired");
    }
    // Whoever looks after the service sees that some are late.
    let readyz = format!("{}/readyz", cluster.instances[0].url);
    let parts = async || get(&readyz).await.unwrap().json::<Value>().await.unwrap();
    eventually("it says so", || async { parts().await["parts"]["deadlines"] == "down" }).await;
    assert_eq!(parts().await["status"], "degraded");
    sqlx::query("DROP TRIGGER refuse ON approval_requests").execute(&mut conn).await.unwrap();
    within(Duration::from_mins(1), "they are applied later", || async {
        parts().await["parts"]["deadlines"] == "up"
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outcome_that_cant_be_indexed_stops_nobody_elses() {
    let cluster = one().await;
    let _crowd = cluster.member("agent").await;
    let other = cluster.api(0, &cluster.key("other", "agent", &[]).await);
    let mut conn = cluster.database.connect().await;
    let acme = ended::workspace(&mut conn, "acme").await;
    let bad = ended::add(&mut conn, acme, 1, "'one of acme'").await[0];
    // More terms than an index takes.
    sqlx::query(
        "INSERT INTO approval_decisions (id, approval_id, workspace_id, principal_id, principal_name, level, verdict,
                created_at)
         SELECT gen_random_uuid(), $1, $2, gen_random_uuid(), repeat('x', 780) || n, 0, 'approved', now()
           FROM generate_series(1, 2000) n",
    )
    .bind(bad)
    .bind(acme)
    .execute(&mut conn)
    .await
    .unwrap();
    let id = other.ask(json!({ "title": "Needle" })).await;
    other.cancel(&id, "no").await.expect(200);
    let indexed = async |id: Uuid| {
        let mut conn = cluster.database.connect().await;
        sqlx::query_scalar::<_, i64>("SELECT count(*) FROM approval_search WHERE approval_id = $1")
            .bind(id)
            .fetch_one(&mut conn)
            .await
            .unwrap()
            == 1
    };
    eventually("the neighbour's is indexed", || indexed(id.parse().unwrap())).await;
    eventually("the other is passed over", || indexed(bad)).await;
    let found = other.get("/api/v1/approvals/history?q=needle").await.expect(200);
    assert_eq!(found.body["items"].as_array().unwrap().len(), 1);
}
