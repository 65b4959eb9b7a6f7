//! Clients that shut their writing side once they have asked (`nc -N`, `socat`): they are there, and get their answer.

use std::time::Duration;

use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::support::{Api, Cluster, Setup, eventually};

/// Sends a request, and says that nothing more will come.
async fn ask(api: &Api, first: &str, body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(api.base.trim_start_matches("http://")).await.unwrap();
    let request = format!(
        "{first}\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        api.key,
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    stream
}

async fn rest(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    timeout(Duration::from_secs(20), stream.read_to_end(&mut answer)).await.expect("an answer").unwrap();
    String::from_utf8(answer).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_shuts_its_writing_side_gets_its_answer() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let small = r#"{"run_id":"r","approval_type":"t","context":{}}"#.to_owned();
    // One that doesn't come in one piece with its head.
    let large =
        format!(r#"{{"run_id":"r","approval_type":"t","context":{{"x":"{}"}}}}"#, "x".repeat(100_000));
    for _ in 0..20 {
        for (first, body, status) in [
            ("POST /api/v1/approvals HTTP/1.1", small.as_str(), 201),
            ("POST /api/v1/approvals HTTP/1.1", &large, 201),
            ("POST /api/v1/approvals HTTP/1.0", &small, 201),
            ("GET /api/v1/approvals/pending HTTP/1.1", "", 200),
            ("GET /readyz HTTP/1.1", "", 200),
            ("GET /no/such/path HTTP/1.1", "", 404),
        ] {
            let answer = rest(&mut ask(&agent, first, body).await).await;
            assert_eq!(answer.get(8..12), Some(&*format!(" {status}")), "{first}: {answer}");
        }
    }
}

/// Also once it was asked whether it is still there, of which it sees nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_waiter_that_shuts_its_writing_side_is_still_waiting() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await.connected().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(0, &cluster.member("ana").await);
    for version in ["1.0", "1.1"] {
        let id = agent.ask(json!({})).await;
        let first = format!("GET /api/v1/approvals/{id}/wait?timeout=50 HTTP/{version}");
        let mut waiter = ask(&agent, &first, "").await;
        eventually("it waits", || async { cluster.waiting(0) == 1 }).await;
        let mut beginning = [0; 1];
        timeout(Duration::from_secs(20), waiter.read_exact(&mut beginning)).await.expect("a byte").unwrap();
        assert_eq!(&beginning, b"H", "the answer's own first byte");
        assert_eq!(cluster.waiting(0), 1);
        ana.approve(&id).await.expect(200);
        let answer = rest(&mut waiter).await;
        assert!(answer.starts_with(&format!("TTP/{version} 200")), "{answer}");
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("content-length: {}", body.len())), "{head}");
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["status"], "resolved");
    }
}

/// Whether it says goodbye or not: a client that has gone is no waiter.
#[tokio::test(flavor = "multi_thread")]
async fn a_waiter_that_goes_is_noticed_however_it_goes() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await.connected().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let registry = cluster.instances[0].app.bus.registry.clone();
    let id = agent.ask(json!({})).await;
    let first = format!("GET /api/v1/approvals/{id}/wait?timeout=50 HTTP/1.1");
    let mut waiters = Vec::new();
    for _ in 0..30 {
        waiters.push(ask(&agent, &first, "").await);
    }
    eventually("they wait", || async { cluster.waiting(0) == 30 }).await;
    for (number, waiter) in waiters.into_iter().enumerate() {
        if number % 2 == 0 {
            waiter.set_zero_linger().unwrap();
        }
        drop(waiter);
    }
    eventually("they are gone", || async { cluster.waiting(0) == 0 && registry.waited().is_empty() }).await;
    eventually("and so are their connections", || async {
        // The one of the scrape is on another listener; ours keeps one open.
        cluster.instances[0].metric("signoff_http_connections").await < 3.0
    })
    .await;
}
