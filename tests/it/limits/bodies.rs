//! Bodies that are being received: room for what has come, and some of it for everybody.

use serde_json::json;
use tokio::{io::AsyncWriteExt, net::TcpStream};

use crate::support::{Api, Cluster, Setup, eventually};

/// 4 MiB in all, of which one body takes 1 at most: 0.5 are for small ones, and 1.75 of the rest for one workspace.
async fn narrow() -> Cluster {
    let flags = vec![
        ("limits.max_bodies_mebibytes", "4".to_owned()),
        ("limits.max_events_body_kibibytes", "1024".to_owned()),
    ];
    Cluster::with(Setup { instances: 1, flags, ..Setup::default() }).await
}

/// Announces a body of a mebibyte and sends so much of it.
async fn begin(api: &Api, bytes: usize) -> TcpStream {
    let address = api.base.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /api/v1/approvals HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        api.key,
        1024 * 1024
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&vec![b' '; bytes]).await.unwrap();
    stream
}

fn large() -> serde_json::Value {
    let text = "x".repeat(200_000);
    json!({ "context": { "text": text }, "metadata": { "text": text } })
}

#[tokio::test(flavor = "multi_thread")]
async fn who_only_announces_a_body_takes_no_room() {
    let cluster = narrow().await;
    let crowd = cluster.api(0, &cluster.member("agent").await);
    let other = cluster.api(0, &cluster.key("other", "agent", &[]).await);
    let mut begun = Vec::new();
    for number in 0..64 {
        // Some send the first few bytes.
        begun.push(begin(&crowd, number % 2 * 100).await);
    }
    let connections = async || cluster.instances[0].metric("signoff_http_connections").await;
    eventually("they are there", || async { connections().await > 63.5 }).await;
    for _ in 0..5 {
        for api in [&crowd, &other] {
            let id = api.create(large()).await.expect(201).id();
            api.approve(&id).await.problem(403, "not_eligible");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bodies_of_one_workspace_leave_room_for_others_and_for_decisions() {
    let cluster = narrow().await;
    let crowd = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(0, &cluster.member("ana").await);
    let other = cluster.api(0, &cluster.key("other", "agent", &[]).await);
    let id = crowd.ask(json!({})).await;
    let mut begun = Vec::new();
    for _ in 0..8 {
        begun.push(begin(&crowd, 500 * 1024).await);
    }
    // Three find room, for they take half a mebibyte each; the others are refused.
    eventually("its share is taken", || async { crowd.create(large()).await.status == 503 }).await;
    crowd.create(large()).await.problem(503, "overloaded");
    for _ in 0..5 {
        other.create(large()).await.expect(201);
        crowd.ask(json!({})).await;
    }
    let approve = ana.request(reqwest::Method::POST, &format!("/api/v1/approvals/{id}/approve"));
    Api::send(approve).await.expect(200);
    ana.reject(&crowd.ask(json!({})).await, "no").await.expect(200);
    drop(begun);
    eventually("there is room again", || async { crowd.create(large()).await.status == 201 }).await;
}
