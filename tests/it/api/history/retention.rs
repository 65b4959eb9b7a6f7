//! How long a workspace keeps what has ended.

use serde_json::json;
use signoff::store::purge;

use crate::support::{Cluster, Setup, ended};

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_forgets_what_it_does_not_keep() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(0, &cluster.member("ana").await);
    let other = cluster.api(0, &cluster.key("other", "agent", &["workspace:admin"]).await);
    let mut conn = cluster.database.connect().await;
    let acme = ended::workspace(&mut conn, "acme").await;
    let elsewhere = ended::workspace(&mut conn, "other").await;
    let pending = agent.ask(json!({})).await;
    let fresh = agent.ask(json!({})).await;
    ana.approve(&fresh).await.expect(200);
    let old = agent.ask(json!({})).await;
    ana.approve(&old).await.expect(200);
    let added = ended::add(&mut conn, acme, 1_200, "'x'").await;
    let kept = ended::add(&mut conn, elsewhere, 10, "'x'").await;
    let mut run = async |sql: &'static str| {
        sqlx::query(sql).execute(&mut conn).await.unwrap();
    };
    run("UPDATE approval_requests SET resolved_at = resolved_at - interval '40 days' WHERE run_id = 'bulk'")
        .await;
    run("UPDATE approval_requests SET created_at = created_at - interval '90 days', expires_at = expires_at + interval '1 day'")
        .await;
    sqlx::query("UPDATE approval_requests SET resolved_at = now() - interval '31 days' WHERE id = $1::uuid")
        .bind(&old)
        .execute(&mut conn)
        .await
        .unwrap();
    ended::index(&mut conn).await;
    assert_eq!(
        purge::ended_approvals(&mut conn, 500).await.unwrap(),
        0,
        "kept for ever unless asked otherwise"
    );
    sqlx::query("UPDATE workspaces SET history_retention_days = 30 WHERE name = 'acme'")
        .execute(&mut conn)
        .await
        .unwrap();
    let mut batches = Vec::new();
    loop {
        match purge::ended_approvals(&mut conn, 500).await.unwrap() {
            0 => break,
            count => batches.push(count),
        }
    }
    assert_eq!(batches, [500, 500, 201]);
    for id in [added[0].to_string(), added[1_199].to_string(), old] {
        agent.show(&id).await.problem(404, "not_found");
    }
    agent.show(&pending).await.expect(200);
    agent.show(&fresh).await.expect(200);
    for id in kept {
        other.show(&id.to_string()).await.expect(200);
    }
    let mut count =
        async |sql: &'static str| -> i64 { sqlx::query_scalar(sql).fetch_one(&mut conn).await.unwrap() };
    assert_eq!(count("SELECT count(*) FROM approval_decisions").await, 11);
    assert_eq!(count("SELECT count(*) FROM approval_search").await, 11);
    assert_eq!(
        count("SELECT count(*) FROM audit_log WHERE action = 'approval.resolved'").await,
        2,
        "the record stays"
    );
    assert_eq!(
        count(
            "SELECT sum((l.detail ->> 'approvals')::bigint)::bigint FROM audit_log l
               JOIN workspaces w ON w.id = l.workspace_id AND w.name = 'acme'
              WHERE l.action = 'approvals.purged' AND l.via = 'retention'"
        )
        .await,
        1_201,
        "and says how many have gone"
    );
    assert_eq!(count("SELECT count(*) FROM audit_log WHERE action = 'approvals.purged'").await, 3);
    for days in ["0", "-1", "36501"] {
        let sql = sqlx::AssertSqlSafe(format!("UPDATE workspaces SET history_retention_days = {days}"));
        assert!(sqlx::query(sql).execute(&mut conn).await.is_err(), "{days} days");
    }
}
