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

/// Ten minutes later all of it is gone but the record, and the name is free again.
#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_run_is_purged() {
    use signoff::store::purge;
    let cluster = Cluster::start().await;
    let admin = cluster.api(0, &cluster.key("acme", "agent", &["workspace:admin"]).await);
    let ana = cluster.api(1, &cluster.member("ana").await);
    let gone = admin.ask(json!({ "run_id": "old" })).await;
    let kept = admin.ask(json!({ "run_id": "new" })).await;
    for id in [&gone, &kept] {
        ana.approve(id).await.expect(200);
    }
    admin.delete("/api/v1/runs/old").await.expect(204);
    let mut conn = cluster.database.connect().await;
    let grace = std::time::Duration::from_mins(10);
    assert_eq!(
        purge::approvals_of_deleted_runs(&mut conn, grace, 500).await.unwrap(),
        0,
        "not before its time"
    );
    sqlx::query(
        "UPDATE workflow_runs SET deleted_at = now() - interval '11 minutes' WHERE deleted_at IS NOT NULL",
    )
    .execute(&mut conn)
    .await
    .unwrap();
    assert_eq!(purge::deleted_runs(&mut conn, grace, 500).await.unwrap(), 0, "not with approvals in it");
    assert_eq!(purge::approvals_of_deleted_runs(&mut conn, grace, 500).await.unwrap(), 1);
    assert_eq!(purge::deleted_runs(&mut conn, grace, 500).await.unwrap(), 1);
    admin.show(&gone).await.problem(404, "not_found");
    admin.show(&kept).await.expect(200);
    let mut count =
        async |sql: &'static str| -> i64 { sqlx::query_scalar(sql).fetch_one(&mut conn).await.unwrap() };
    assert_eq!(count("SELECT count(*) FROM approval_decisions").await, 1, "the other run's");
    assert_eq!(count("SELECT count(*) FROM audit_log WHERE action = 'approval.resolved'").await, 2);
    admin.ask(json!({ "run_id": "old" })).await;
}

/// While versions are replaced, a later one may have asked with a timeout action that this one doesn't know. Its run
/// can be deleted all the same: what is due expires with no resolution, and the rest is cancelled.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_goes_whatever_a_later_version_asked() {
    let cluster = Cluster::start().await;
    let admin = cluster.api(0, &cluster.key("acme", "agent", &["workspace:admin"]).await);
    let open = admin.ask(json!({ "run_id": "r" })).await;
    let due = admin.ask(json!({ "run_id": "r" })).await;
    let mut conn = cluster.database.connect().await;
    for change in [
        "ALTER TABLE approval_requests DROP CONSTRAINT approval_is_sound",
        "UPDATE approval_requests SET timeout_action = 'approve_by_lot'",
    ] {
        sqlx::query(change).execute(&mut conn).await.unwrap();
    }
    sqlx::query("UPDATE approval_requests SET expires_at = now() WHERE id = $1::uuid")
        .bind(&due)
        .execute(&mut conn)
        .await
        .unwrap();
    admin.delete("/api/v1/runs/r").await.expect(204);
    let mut told = Vec::new();
    for id in [&open, &due] {
        let state: (String, Option<String>, Option<String>) = sqlx::query_as(
            "SELECT status, resolved_via, resolution FROM approval_requests WHERE id = $1::uuid",
        )
        .bind(id)
        .fetch_one(&mut conn)
        .await
        .unwrap();
        told.push(state);
    }
    let word = |text: &str| Some(text.to_owned());
    assert_eq!(
        told,
        [("cancelled".to_owned(), word("run_deleted"), None), ("expired".to_owned(), word("timeout"), None)]
    );
}
