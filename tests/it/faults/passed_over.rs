//! One row that background work can't work on holds up itself, and neither the other rows nor the other workspaces.

use std::time::Duration;

use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use crate::support::{Cluster, Setup, client::get, ended, eventually, within};

async fn one() -> Cluster {
    Cluster::with(Setup { instances: 1, ..Setup::default() }).await.connected().await
}

/// The sweep ends it. A call that asks for it would settle it by itself, so only the database is asked.
async fn ends_by_itself(cluster: &Cluster, id: &str) {
    within(Duration::from_secs(10), "it has ended", || async {
        let status = "SELECT status FROM approval_requests WHERE id = $1::uuid";
        let mut conn = cluster.database.connect().await;
        let status: String = sqlx::query_scalar(status).bind(id).fetch_one(&mut conn).await.unwrap();
        status == "expired"
    })
    .await;
}

/// All that is pending is overdue, for long.
async fn let_all_be_overdue(conn: &mut PgConnection) {
    sqlx::query("UPDATE approval_requests SET expires_at = now() - interval '1 hour'")
        .execute(conn)
        .await
        .unwrap();
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
    let_all_be_overdue(&mut conn).await;
    // Behind five that are longer overdue.
    for _ in 0..3 {
        let id = other.ask(json!({ "timeout_seconds": 1 })).await;
        ends_by_itself(&cluster, &id).await;
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

/// Versions before allowed `.` and `..` as names, and what they made still has its deadline.
#[tokio::test(flavor = "multi_thread")]
async fn an_old_name_has_its_deadline_too() {
    let cluster = one().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let mut conn = cluster.database.connect().await;
    for name in [".", ".."] {
        let id = agent.ask(json!({ "timeout_seconds": 600 })).await;
        sqlx::query("UPDATE approval_requests SET task_id = $2, expires_at = now() WHERE id = $1::uuid")
            .bind(&id)
            .bind(name)
            .execute(&mut conn)
            .await
            .unwrap();
        ends_by_itself(&cluster, &id).await;
    }
}

/// More rows than one round takes, and none of them can be read.
#[tokio::test(flavor = "multi_thread")]
async fn rows_that_make_no_sense_stand_in_nobodys_way() {
    let cluster = one().await;
    let crowd = cluster.api(0, &cluster.member("agent").await);
    let other = cluster.api(0, &cluster.key("other", "agent", &[]).await);
    let mut conn = cluster.database.connect().await;
    crowd.ask(json!({ "timeout_seconds": 600 })).await;
    for sql in [
        "ALTER TABLE approval_requests DROP CONSTRAINT approval_is_sound",
        "INSERT INTO approval_requests (id, workspace_id, run_id, task_id, approval_type, context, policy, timeout_action,
                metadata, requested_by, requested_by_name, created_at, updated_at, expires_at)
         SELECT gen_random_uuid(), workspace_id, run_id, task_id, approval_type, context, policy, 'of a later version',
                metadata, requested_by, requested_by_name, created_at, updated_at, now() - interval '1 hour'
           FROM approval_requests, generate_series(1, 450)",
    ] {
        sqlx::query(sql).execute(&mut conn).await.unwrap();
    }
    for _ in 0..3 {
        let id = other.ask(json!({ "timeout_seconds": 1 })).await;
        ends_by_itself(&cluster, &id).await;
    }
}

/// One task's row is held for long, as a large deletion holds it: what ends in that task waits, and nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_is_held_holds_up_no_deadlines_but_its_own() {
    let cluster = one().await;
    let crowd = cluster.api(0, &cluster.member("agent").await);
    let other = cluster.api(0, &cluster.key("other", "agent", &[]).await);
    let mut due = Vec::new();
    for _ in 0..30 {
        due.push(crowd.ask(json!({ "task_id": "held", "timeout_seconds": 600 })).await);
    }
    let mut holder = cluster.database.connect().await;
    let mut transaction = holder.begin().await.unwrap();
    super::hold_task(&mut transaction, "held").await;
    let mut conn = cluster.database.connect().await;
    let_all_be_overdue(&mut conn).await;
    for _ in 0..3 {
        let id = other.ask(json!({ "timeout_seconds": 1 })).await;
        ends_by_itself(&cluster, &id).await;
    }
    let pending = "SELECT count(*) FROM approval_requests WHERE status = 'pending'";
    assert_eq!(sqlx::query_scalar::<_, i64>(pending).fetch_one(&mut conn).await.unwrap(), 30);
    transaction.rollback().await.unwrap();
    for id in due {
        ends_by_itself(&cluster, &id).await;
    }
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
