//! A row that was changed by hand into something that makes no sense: it is reported, and hurts no other.

use serde_json::json;

use crate::support::{Cluster, Setup};

#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_row_hurts_only_itself() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await.connected().await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(0, &cluster.member("ana").await);
    let broken = asker.ask(json!({ "timeout_seconds": 60 })).await;
    let mut conn = cluster.database.connect().await;
    sqlx::query(
        "UPDATE approval_requests SET requested_by_name = '', expires_at = now() WHERE id = $1::uuid",
    )
    .bind(&broken)
    .execute(&mut conn)
    .await
    .unwrap();
    // Deadlines behind it fire.
    let id = asker.ask(json!({ "timeout_seconds": 1 })).await;
    assert_eq!(asker.wait(&id, 10).await.expect(200).body["status"], "expired");
    // Whoever reads or decides at the same moment is served.
    for _ in 0..20 {
        let id = asker.ask(json!({})).await;
        let show = |api: &crate::support::Api, id: &str| {
            let request = api.request(reqwest::Method::GET, &format!("/api/v1/approvals/{id}"));
            async move { request.send().await.unwrap().status().as_u16() }
        };
        let approve =
            ana.request(reqwest::Method::POST, &format!("/api/v1/approvals/{broken}/approve")).send();
        let (bad, good, refused, done) =
            tokio::join!(show(&asker, &broken), show(&asker, &id), approve, ana.approve(&id));
        assert_eq!((bad, good, refused.unwrap().status().as_u16()), (500, 200, 500));
        done.expect(200);
    }
    asker.get("/api/v1/approvals/pending").await.expect(200);
}
