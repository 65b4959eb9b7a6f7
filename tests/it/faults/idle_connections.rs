//! Connections on which nothing happens: they keep no other client out, and no health check.

use std::{net::IpAddr, time::Duration};

use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::support::{
    Api, Cluster, Setup, TestDatabase, client, cluster::make_key, eventually, process::Process, unique,
};

/// From an address of its own, on a connection of its own each time.
fn elsewhere(address: &str) -> reqwest::Client {
    let address: IpAddr = address.parse().unwrap();
    reqwest::Client::builder()
        .no_proxy()
        .local_address(address)
        .pool_max_idle_per_host(0)
        .timeout(Duration::from_secs(20))
        .build()
        .unwrap()
}

async fn idle(url: &str, count: usize) -> Vec<TcpStream> {
    let mut streams = Vec::new();
    for _ in 0..count {
        if let Ok(stream) = TcpStream::connect(url.trim_start_matches("http://")).await {
            streams.push(stream);
        }
    }
    streams
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_connections_of_one_address_leave_an_instance_open_to_all() {
    let database = TestDatabase::new().await;
    let prefix = unique("it");
    // As on a plain machine: a low limit, and one that is not much higher.
    let setup = Setup { open_files: Some((256, 1_024)), ..Setup::default() };
    let process = Process::start(&database, &prefix, &setup).await;
    let key = make_key(&database, "acme", "agent", &[]).await;
    let agent = Api::with(elsewhere("127.0.0.2"), &process.url, &key);
    agent.ask(json!({})).await;
    let held = idle(&process.url, 1_100).await;
    for _ in 0..20 {
        agent.ask(json!({})).await;
        agent.get("/readyz").await.expect(200);
    }
    // Others of the same address get in as well: idle ones go.
    let neighbour = Api::with(elsewhere("127.0.0.1"), &process.url, &key);
    eventually("there is room", || async {
        let request = neighbour.request(reqwest::Method::GET, "/api/v1/approvals/pending");
        Api::try_send(request).await.is_ok_and(|reply| reply.status == 200)
    })
    .await;
    drop(held);
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_connections_make_room_for_those_that_ask() {
    let flags = vec![("limits.max_connections", "8".to_owned())];
    let cluster = Cluster::with(Setup { instances: 1, flags, ..Setup::default() }).await;
    let url = cluster.instances[0].url.clone();
    let held = idle(&url, 8).await;
    let asker = elsewhere("127.0.0.1");
    // A new one's request may be on its way; then it goes.
    eventually("there is room", || async {
        asker.get(format!("{url}/openapi.json")).send().await.is_ok_and(|reply| reply.status() == 200)
    })
    .await;
    assert!(cluster.instances[0].metric("signoff_shed_total{cap=\"idle_connections\"}").await > 0.5);
    let mut ended = 0;
    for mut stream in held {
        ended += usize::from(matches!(
            timeout(Duration::from_millis(200), stream.read(&mut [0])).await,
            Ok(Ok(0))
        ));
    }
    assert!(ended >= 1, "one had to go");
}

#[tokio::test(flavor = "multi_thread")]
async fn health_checks_are_answered_where_there_is_no_room() {
    let flags = vec![("limits.max_connections", "2".to_owned())];
    let cluster = Cluster::with(Setup { instances: 1, flags, ..Setup::default() }).await.connected().await;
    let url = cluster.instances[0].url.clone();
    let agent = Api::with(elsewhere("127.0.0.1"), &url, &cluster.member("agent").await);
    let ana = Api::with(elsewhere("127.0.0.2"), &url, &cluster.member("ana").await);
    let id = agent.ask(json!({})).await;
    // One after the other: two at once might open a third connection, which would be refused.
    let mut waiters = Vec::new();
    for count in 1..=2 {
        waiters.push(agent.waiting(&id, 50));
        eventually("it waits", || async { cluster.waiting(0) == count }).await;
    }
    for _ in 0..20 {
        let ready = agent.get("/readyz").await.expect(200);
        assert_eq!(ready.body["status"], "ready");
        assert!(!ready.header("x-signoff-instance").is_empty());
        agent.get("/livez").await.expect(200);
        let refused = ana.approve(&id).await.problem(503, "overloaded");
        assert_eq!(refused.header("retry-after"), "1");
    }
    let operator = format!("{}/readyz", cluster.instances[0].operator_url);
    assert_eq!(client::get(operator).await.unwrap().status(), 200);
    waiters[0].abort();
    eventually("there is room again", || async { ana.approve(&id).await.status == 200 }).await;
    waiters.remove(1).await.unwrap().expect(200);
}

/// What is told is what is done, after every kind of request.
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_kept_for_as_long_as_its_client_was_told() {
    let flags = vec![("http.idle_timeout_seconds", "1".to_owned())];
    let cluster = Cluster::with(Setup { instances: 1, flags, ..Setup::default() }).await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let address = cluster.instances[0].url.trim_start_matches("http://").to_owned();
    let authorization = format!("authorization: Bearer {}", agent.key);
    let create = r#"{"run_id":"r","approval_type":"t","context":{}}"#;
    for (first, body) in [
        ("GET /livez HTTP/1.1", ""),
        ("GET /api/v1/approvals/pending HTTP/1.1", ""),
        ("POST /api/v1/approvals HTTP/1.1", create),
        ("POST /api/v1/approvals HTTP/1.1", "{}"),
        ("HEAD /openapi.json HTTP/1.1", ""),
        ("DELETE /no/such/path HTTP/1.1", "unread"),
    ] {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        let request = format!(
            "{first}\r\nhost: x\r\n{authorization}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        // Its end is that of the idle connection.
        let reading = stream.read_to_end(&mut answer);
        timeout(Duration::from_secs(20), reading).await.unwrap_or_else(|_| panic!("{first} stays")).unwrap();
        let answer = String::from_utf8_lossy(&answer).to_ascii_lowercase();
        assert!(answer.contains("\r\nkeep-alive: timeout=1\r\n"), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn between_requests_there_is_more_time_than_within_one() {
    let flags = vec![("http.header_timeout_seconds", "1".to_owned())];
    let cluster = Cluster::with(Setup { instances: 1, flags, ..Setup::default() }).await;
    let reply = client::get(format!("{}/livez", cluster.instances[0].url)).await.unwrap();
    assert_eq!(reply.headers()["keep-alive"], "timeout=75", "longer than balancers keep theirs");
    let address = cluster.instances[0].url.trim_start_matches("http://").to_owned();
    let request = "GET /livez HTTP/1.1\r\nhost: x\r\n\r\n";
    let mut stream = TcpStream::connect(&address).await.unwrap();
    let mut buffer = vec![0; 4096];
    stream.write_all(request.as_bytes()).await.unwrap();
    assert!(stream.read(&mut buffer).await.unwrap() > 0);
    // Longer than a head may take, and it is still there.
    let ended = timeout(Duration::from_millis(2_500), stream.read(&mut buffer)).await;
    assert!(ended.is_err(), "{ended:?}");
    stream.write_all(request.as_bytes()).await.unwrap();
    assert!(stream.read(&mut buffer).await.unwrap() > 0);
    // Half a head is not waited for.
    stream.write_all(&request.as_bytes()[..20]).await.unwrap();
    let ended = timeout(Duration::from_secs(20), stream.read(&mut buffer)).await.expect("it is closed");
    assert!(matches!(ended, Ok(0) | Err(_)));
}
