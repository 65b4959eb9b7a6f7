//! Clients that reset their connection in the middle of a request: what was begun ends, and nothing stays open.

use std::time::Duration;

use serde_json::json;
use tokio::{io::AsyncWriteExt, net::TcpStream};

use crate::support::{Api, Cluster, Setup, TestDatabase, eventually, proxy::Proxy};

/// Sends a request and resets the connection after `patience`.
async fn vanish(url: &str, key: &str, path: &str, body: &str, patience: Duration) {
    let mut stream = TcpStream::connect(url.trim_start_matches("http://")).await.unwrap();
    stream.set_zero_linger().unwrap();
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    // The one place where a client's patience is the very thing to be tried.
    tokio::time::sleep(patience).await;
}

/// 25 ms before Postgres, clients that reset within 0 to 100 ms: no transaction stays open, no connection is
/// poisoned, and whatever is acknowledged afterwards is really there.
#[tokio::test(flavor = "multi_thread")]
async fn resets_in_the_middle_poison_nothing() {
    let database = TestDatabase::new().await;
    let (line, through) = Proxy::before(&database.url).await;
    let setup = Setup { instances: 1, database_url: Some(through), ..Setup::default() };
    let cluster = Cluster::on(database, setup).await;
    let asker_key = cluster.key("acme", "agent", &["workspace:admin"]).await;
    let ana_key = cluster.member("ana").await;
    let (asker, ana) = (cluster.api(0, &asker_key), cluster.api(0, &ana_key));
    let url = cluster.instances[0].url.clone();
    let mut ids = Vec::new();
    for number in 0..120 {
        ids.push(asker.ask(json!({ "run_id": format!("run-{number}") })).await);
    }
    line.delay(Duration::from_millis(25));
    let clients: Vec<_> = ids
        .iter()
        .enumerate()
        .map(|(number, id)| {
            let (url, asker_key, ana_key) = (url.clone(), asker_key.clone(), ana_key.clone());
            let id = id.clone();
            let patience = Duration::from_millis((number as u64 * 37) % 100);
            tokio::task::spawn(async move {
                let path = format!("/api/v1/approvals/{id}/approve");
                let body = r#"{"run_id":"new","approval_type":"t","context":{},"timeout_seconds":60}"#;
                tokio::join!(
                    vanish(&url, &ana_key, &path, "{}", patience),
                    vanish(&url, &asker_key, "/api/v1/approvals", body, patience),
                );
            })
        })
        .collect();
    for client in clients {
        client.await.unwrap();
    }
    line.delay(Duration::ZERO);

    let mut conn = cluster.database.connect().await;
    let mut idle = async || -> i64 {
        sqlx::query_scalar(
            "SELECT count(*) FROM pg_stat_activity
              WHERE datname = current_database() AND state LIKE 'idle in transaction%'",
        )
        .fetch_one(&mut conn)
        .await
        .unwrap()
    };
    let begun = tokio::time::Instant::now();
    while idle().await > 0 {
        assert!(begun.elapsed() < Duration::from_secs(3), "sessions stay idle in transaction");
    }
    // Every acknowledged decision from here on is visible to everybody.
    let mut other = cluster.database.connect().await;
    for _ in 0..60 {
        let id = asker.ask(json!({})).await;
        ana.approve(&id).await.expect(200);
        let status: String = sqlx::query_scalar("SELECT status FROM approval_requests WHERE id = $1::uuid")
            .bind(&id)
            .fetch_one(&mut other)
            .await
            .unwrap();
        assert_eq!(status, "resolved");
    }
}

/// A command that reached the committers happens, although nobody is left to hear of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_decision_outlives_its_caller() {
    let database = TestDatabase::new().await;
    let (line, through) = Proxy::before(&database.url).await;
    let setup = Setup { instances: 1, database_url: Some(through), ..Setup::default() };
    let cluster = Cluster::on(database, setup).await;
    let ana_key = cluster.member("ana").await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(0, &ana_key);
    ana.get("/api/v1/approvals/pending").await.expect(200);
    let id = asker.ask(json!({})).await;
    line.delay(Duration::from_millis(150));
    line.watch_for_traffic();
    let path = format!("/api/v1/approvals/{id}/approve");
    let request = tokio::task::spawn(Api::try_send(ana.request(reqwest::Method::POST, &path)));
    eventually("the decision is on its way", || async {
        line.saw_traffic() && cluster.instances[0].app.approvals.queues()[0].1 == 0
    })
    .await;
    vanish(&cluster.instances[0].url, &ana_key, &path, "{}", Duration::from_millis(60)).await;
    request.abort();
    line.delay(Duration::ZERO);
    eventually("it was decided all the same", || async {
        asker.show(&id).await.body["status"] == "resolved"
    })
    .await;
}

/// A connection that sends half a head is not kept for ever.
#[tokio::test(flavor = "multi_thread")]
async fn half_a_head_is_cut_off() {
    use tokio::io::AsyncReadExt;
    let flags = vec![("http.header_timeout_seconds", "1".to_owned())];
    let cluster = Cluster::with(Setup { instances: 1, flags, ..Setup::default() }).await;
    let address = cluster.instances[0].url.trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET /livez HTTP/1.1\r\nhost: x\r\n").await.unwrap();
    let mut answer = Vec::new();
    let reading = stream.read_to_end(&mut answer);
    tokio::time::timeout(Duration::from_secs(10), reading).await.expect("the connection is closed").unwrap();
}
