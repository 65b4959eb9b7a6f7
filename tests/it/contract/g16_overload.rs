//! G16: past its limits an instance says so at once.

use serde_json::json;

use crate::support::{Cluster, Setup, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn g16_too_many_waiters_are_refused_and_the_others_served() {
    let flags = vec![("limits.max_waiters", "3".to_owned())];
    let cluster = Cluster::with(Setup { instances: 1, flags, ..Setup::default() }).await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(0, &cluster.member("ana").await);
    let id = asker.ask(json!({})).await;
    let waiters: Vec<_> = (0..3).map(|_| asker.waiting(&id, 50)).collect();
    eventually("they wait", || async { cluster.waiting(0) == 3 }).await;
    let refused = asker.wait(&id, 50).await.problem(503, "overloaded");
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(cluster.waiting(0), 3, "a refused waiter leaves no trace");
    ana.approve(&id).await.expect(200);
    for waiter in waiters {
        assert_eq!(waiter.await.unwrap().expect(200).body["status"], "resolved");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g16_connections_past_the_cap_are_told() {
    let flags = vec![("limits.max_connections", "2".to_owned())];
    let cluster = Cluster::with(Setup { instances: 1, flags, ..Setup::default() }).await;
    let address = cluster.instances[0].url.trim_start_matches("http://").to_owned();
    let held = [
        tokio::net::TcpStream::connect(&address).await.unwrap(),
        tokio::net::TcpStream::connect(&address).await.unwrap(),
    ];
    eventually("a third is refused", || async {
        crate::support::client::get(format!("{}/livez", cluster.instances[0].url))
            .await
            .is_ok_and(|reply| reply.status() == 503)
    })
    .await;
    // Whatever it sends, it hears why.
    for _ in 0..20 {
        let request = crate::support::client::http()
            .post(format!("{}/api/v1/approvals", cluster.instances[0].url))
            .body("x".repeat(10_000));
        assert_eq!(request.send().await.unwrap().status(), 503);
    }
    drop(held);
    eventually("there is room again", || async {
        crate::support::client::get(format!("{}/livez", cluster.instances[0].url))
            .await
            .is_ok_and(|reply| reply.status() == 200)
    })
    .await;
}

/// A full queue is an answer, not a wait; what was admitted still finishes.
#[tokio::test(flavor = "multi_thread")]
async fn g16_a_full_queue_sheds() {
    let flags = vec![("limits.max_queued", "4".to_owned())];
    let cluster = Cluster::with(Setup { instances: 1, flags, ..Setup::default() }).await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    // The table is locked: nothing can be written for a while.
    let mut conn = cluster.database.connect().await;
    let mut transaction = sqlx::Connection::begin(&mut conn).await.unwrap();
    sqlx::query("LOCK TABLE workflow_runs IN ACCESS EXCLUSIVE MODE")
        .execute(&mut *transaction)
        .await
        .unwrap();
    let creates: Vec<_> = (0..400)
        .map(|number| {
            let asker = asker.clone();
            tokio::task::spawn(async move { asker.create(json!({ "run_id": format!("r{number}") })).await })
        })
        .collect();
    eventually("some are refused", || async { creates.iter().any(tokio::task::JoinHandle::is_finished) })
        .await;
    transaction.rollback().await.unwrap();
    let (mut done, mut shed) = (0, 0);
    for create in creates {
        let reply = create.await.unwrap();
        match reply.status {
            201 => done += 1,
            503 => shed += 1,
            _ => panic!("{reply:#?}"),
        }
    }
    assert!(done > 0 && shed > 0, "{done} done, {shed} shed");
    let mut conn = cluster.database.connect().await;
    let rows: i64 =
        sqlx::query_scalar("SELECT count(*) FROM approval_requests").fetch_one(&mut conn).await.unwrap();
    assert_eq!(rows, done, "what was refused was not begun");
}
