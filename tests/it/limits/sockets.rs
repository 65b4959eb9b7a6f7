//! Handshakes and tickets are requests like any other.

use serde_json::json;

use crate::support::{Socket, eventually, socket};

use super::{counting, limit, look};

#[tokio::test(flavor = "multi_thread")]
async fn handshakes_and_tickets_count() {
    let cluster = counting(2, limit("principal", 4)).await;
    let key = cluster.member("agent").await;
    let (a, b) = (cluster.api(0, &key), cluster.api(1, &key));
    let first = Socket::open(&a, "task-1").await;
    let second = Socket::open(&b, "task-2").await;
    let ticket = a.post("/api/v1/ws-tickets", &json!({})).await.expect(201);
    let mut request =
        socket::request(&b, "task-3", &format!("ticket={}", ticket.body["ticket"].as_str().unwrap()));
    request.headers_mut().remove("authorization");
    let third = Socket::try_open(request).await.unwrap().unwrap();
    for (api, task) in [(&a, "task-4"), (&b, "task-1")] {
        let refused = Socket::try_open(socket::request(api, task, "")).await.err().unwrap();
        assert_eq!((refused.status, &refused.body["code"]), (429, &json!("rate_limited")));
    }
    a.post("/api/v1/ws-tickets", &json!({})).await.problem(429, "rate_limited");
    look(&b).await.problem(429, "rate_limited");
    // Messages have a limit of their own, by socket.
    for mut socket in [first, second, third] {
        for _ in 0..5 {
            assert_eq!(socket.ask(json!({ "type": "ping" })).await["event_type"], "pong");
        }
    }
    eventually("it is told", || async {
        cluster.instances[1].metric("signoff_rate_limited_total{bucket=\"principal\"}").await > 0.5
    })
    .await;
}
