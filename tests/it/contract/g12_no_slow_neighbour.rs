//! G12: a client that can't keep up is closed, told to resume, and delays nobody else.

use std::time::Duration;

use futures_util::SinkExt;
use serde_json::json;
use tokio::time::timeout;
use tokio_tungstenite::{client_async, tungstenite::Message};

use crate::support::{Cluster, End, Setup, Socket, eventually, socket::request};

/// A socket whose client has small buffers, so that not reading shows.
async fn small(
    cluster: &Cluster,
    key: &str,
    task: &str,
) -> tokio_tungstenite::WebSocketStream<tokio::net::TcpStream> {
    let api = cluster.api(0, key);
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(8 * 1024).unwrap();
    let address = api.base.trim_start_matches("http://").parse().unwrap();
    let stream = socket.connect(address).await.unwrap();
    client_async(request(&api, task, ""), stream).await.unwrap().0
}

/// Ten thousand events for a client that reads none: it is closed, its memory is not ours, its neighbours notice
/// nothing, and with its cursor it gets all of them.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn g12_a_client_that_stops_reading_is_closed() {
    let setup =
        Setup { instances: 1, flags: vec![("sockets.send_timeout_seconds", "2".into())], ..Setup::default() };
    let cluster = Cluster::with(setup).await.connected().await;
    let key = cluster.member("agent").await;
    let api = cluster.api(0, &key);
    let stuck = small(&cluster, &key, "slow").await;
    let mut neighbour = Socket::open(&api, "fast").await;
    let cursor = {
        let page = api.get("/api/v1/tasks/slow/events").await.expect(200);
        page.body["cursor"].as_str().unwrap().to_owned()
    };
    let line = "x".repeat(400);
    for batch in 0..20 {
        let events: Vec<_> = (batch * 500..(batch + 1) * 500)
            .map(|n| json!({ "event_type": "output", "data": { "n": n, "line": line } }))
            .collect();
        api.post("/api/v1/tasks/slow/events", &json!({ "events": events })).await.expect(202);
        let number = api.emit("fast", [batch]).await;
        // While the other one is stuck.
        assert_eq!(neighbour.next().await["cursor"], number.as_str());
    }
    eventually("it was let go", || async { api.connection("slow").await.status == 404 }).await;
    eventually("it was told, or reset", || async {
        let instance = &cluster.instances[0];
        let closed = |told| format!("signoff_sockets_closed_total{{code=\"4408\",told=\"{told}\"}}");
        instance.metric(&closed("yes")).await + instance.metric(&closed("no")).await > 0.5
    })
    .await;
    drop(stuck);
    let mut again = Socket::resume(&api, "slow", &cursor).await;
    assert_eq!(again.hello["data"]["recovered"], true);
    for n in 0..10_000 {
        assert_eq!(again.next().await["data"]["n"], n);
    }
}

/// One that reads again in time before the goodbye is given up hears why it was closed.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn g12_it_is_told_to_resume() {
    use futures_util::StreamExt;
    let setup =
        Setup { instances: 1, flags: vec![("sockets.send_timeout_seconds", "2".into())], ..Setup::default() };
    let cluster = Cluster::with(setup).await.connected().await;
    let key = cluster.member("agent").await;
    let api = cluster.api(0, &key);
    let mut slow = small(&cluster, &key, "slow").await;
    let line = "x".repeat(4_000);
    let events: Vec<_> =
        (0..500).map(|_| json!({ "event_type": "output", "data": { "line": line } })).collect();
    api.post("/api/v1/tasks/slow/events", &json!({ "events": events })).await.expect(202);
    // Its record goes first, then its goodbye.
    eventually("it is being let go", || async { api.connection("slow").await.status == 404 }).await;
    let ending = async {
        loop {
            match slow.next().await {
                Some(Ok(Message::Close(Some(frame)))) => break u16::from(frame.code),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => break 1006,
            }
        }
    };
    assert_eq!(timeout(Duration::from_secs(20), ending).await.unwrap(), 4408);
}

/// Answers are bounded, too: a client that asks and asks without reading holds up itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn g12_a_client_that_only_asks_holds_up_itself() {
    let setup = Setup {
        instances: 1,
        flags: vec![
            ("sockets.send_timeout_seconds", "2".into()),
            ("sockets.messages_per_second", "1000000".into()),
        ],
        ..Setup::default()
    };
    let cluster = Cluster::with(setup).await.connected().await;
    let key = cluster.member("agent").await;
    let api = cluster.api(0, &key);
    let mut asking = small(&cluster, &key, "asks").await;
    let mut neighbour = Socket::open(&api, "fast").await;
    let reference = "r".repeat(150);
    let asked = async {
        loop {
            let ping = json!({ "type": "ping", "ref": reference }).to_string();
            if asking.send(Message::text(ping)).await.is_err() {
                break;
            }
        }
    };
    timeout(Duration::from_secs(40), asked).await.expect("it is cut off");
    assert_eq!(neighbour.ask(json!({ "type": "ping" })).await["event_type"], "pong");
    eventually("its record is gone", || async { api.connection("asks").await.status == 404 }).await;
}

/// A closed task's socket ends for its client, too, whatever else it does.
#[tokio::test(flavor = "multi_thread")]
async fn g12_closing_by_hand_closes() {
    let cluster = Cluster::start().await.connected().await;
    let admin = cluster.api(1, &cluster.key("acme", "op", &["workspace:admin"]).await);
    let agent = cluster.api(0, &cluster.member("agent").await);
    agent.delete("/api/v1/connections/t").await.problem(403, "forbidden");
    admin.delete("/api/v1/connections/t").await.problem(404, "not_found");
    let mut socket = Socket::open(&agent, "t").await;
    admin.delete("/api/v1/connections/t").await.expect(204);
    assert_eq!(socket.end().await, End::Closed(1008, "closed by op".into()));
    admin.delete("/api/v1/connections/t").await.problem(404, "not_found");
    let mut conn = cluster.database.connect().await;
    let recorded: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM audit_log WHERE action = 'connection.closed' AND actor_name = 'op'",
    )
    .fetch_one(&mut conn)
    .await
    .unwrap();
    assert_eq!(recorded, 1);
    // It may come back.
    Socket::open(&agent, "t").await;
}
