//! One pool that is used up starves none of the others' work.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{Cluster, Setup};

#[tokio::test(flavor = "multi_thread")]
async fn a_used_up_pool_is_an_answer_and_starves_nobody_else() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(0, &cluster.member("ana").await);
    let id = asker.ask(json!({ "timeout_seconds": 1 })).await;
    ana.show(&id).await.expect(200);
    let decided = asker.ask(json!({})).await;
    let database = &cluster.instances[0].app.database;
    let mut held = Vec::new();
    while held.len() < database.read.size() {
        held.push(database.read.checkout().await.unwrap());
    }
    // Both keys are remembered: deciding needs nothing of the pool for reading.
    assert_eq!(ana.approve(&decided).await.expect(200).body["changed"], true);
    let begun = Instant::now();
    let refused = ana.show(&id).await.problem(503, "unavailable");
    assert_eq!(refused.header("retry-after"), "1");
    assert!(begun.elapsed() < Duration::from_secs(6), "{:?}", begun.elapsed());
    // Deadlines fire all the same.
    let mut conn = cluster.database.connect().await;
    let begun = Instant::now();
    loop {
        let status: String = sqlx::query_scalar("SELECT status FROM approval_requests WHERE id = $1::uuid")
            .bind(&id)
            .fetch_one(&mut conn)
            .await
            .unwrap();
        if status == "expired" {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "the deadline did not fire");
    }
    drop(held);
    ana.show(&id).await.expect(200);
}
