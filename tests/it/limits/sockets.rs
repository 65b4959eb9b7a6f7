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
    // A sign of life is no request.
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

/// Messages that the database is asked for count as requests: two sockets are not two principals.
#[tokio::test(flavor = "multi_thread")]
async fn messages_count_as_requests_of_their_principal() {
    for kind in ["principal", "workspace"] {
        let cluster = counting(2, limit(kind, 7)).await;
        let key = cluster.member("agent").await;
        let ask = json!({ "type": "request_approval", "approval_type": "tool_call", "context": {} });
        let mut sockets = Vec::new();
        for number in 0..2 {
            sockets.push(Socket::open(&cluster.api(number % 2, &key), &format!("task-{number}")).await);
        }
        let (mut created, mut refused) = (0, 0);
        for _ in 0..5 {
            for socket in &mut sockets {
                let answer = socket.ask(ask.clone()).await;
                if answer["event_type"] == "approval_requested" {
                    created += 1;
                    continue;
                }
                refused += 1;
                assert_eq!(answer["event_type"], "error", "{answer}");
                assert_eq!(answer["data"]["code"], "rate_limited");
                let message = answer["data"]["message"].as_str().unwrap();
                assert!(
                    message.starts_with(&format!("too many requests of this {kind}; wait ")),
                    "{message}"
                );
            }
        }
        assert_eq!((created, refused), (5, 5), "two were the handshakes");
        let id = uuid::Uuid::nil();
        for message in [
            json!({ "type": "wait_for_approval", "approval_id": id }),
            json!({ "type": "approval_response", "approval_id": id, "approved": true }),
        ] {
            let answer = sockets[0].ask(message).await;
            assert_eq!(answer["data"]["code"], "rate_limited", "{answer}");
        }
        assert_eq!(sockets[0].ask(json!({ "type": "ping" })).await["event_type"], "pong");
        look(&cluster.api(0, &key)).await.problem(429, "rate_limited");
    }
}
