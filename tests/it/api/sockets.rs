//! The socket's protocol: the handshake, every message, every refusal.

use futures_util::SinkExt;
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::tungstenite::Message;

use crate::support::{Cluster, End, Setup, Socket, eventually, socket::request};

async fn one() -> Cluster {
    Cluster::with(Setup { instances: 1, ..Setup::default() }).await.connected().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_handshake_is_checked() {
    let setup = Setup {
        instances: 1,
        flags: vec![("sockets.allowed_origins", "https://ok.example".into())],
        ..Setup::default()
    };
    let cluster = Cluster::with(setup).await;
    let api = cluster.api(0, &cluster.member("agent").await);
    let mut cases = Vec::new();
    let mut case = |status: u16, code: &'static str, change: &dyn Fn(&mut http::HeaderMap)| {
        let mut asked = request(&api, "t", "");
        change(asked.headers_mut());
        cases.push((status, code, asked));
    };
    case(401, "unauthenticated", &|headers| drop(headers.remove("authorization")));
    case(401, "unauthenticated", &|headers| {
        headers.insert("authorization", "Bearer so_abc_aaaaaaaaaaaaaaaaaaaaaaaa".parse().unwrap());
    });
    case(400, "malformed", &|headers| {
        drop(headers.insert("sec-websocket-protocol", "other".parse().unwrap()));
    });
    case(400, "malformed", &|headers| drop(headers.insert("sec-websocket-version", "12".parse().unwrap())));
    cases.push((404, "not_found", request(&api, "a%20b", "")));
    cases.push((422, "invalid", request(&api, "t", "session_id=a%20b")));
    cases.push((422, "invalid", request(&api, "t", "session=s")));
    let mut token = request(&api, "t", &format!("token={}", api.key));
    token.headers_mut().remove("authorization");
    cases.push((401, "unauthenticated", token));
    let narrow = cluster.api(0, &cluster.key("acme", "narrow", &["approval:create"]).await);
    cases.push((403, "forbidden", request(&narrow, "t", "")));
    for (status, code, asked) in cases {
        let refused = Socket::try_open(asked).await.err().unwrap_or_else(|| panic!("{status} {code}"));
        assert_eq!((refused.status, refused.body["code"].as_str()), (status, Some(code)), "{refused:?}");
    }
    // A plain GET is no handshake.
    api.get("/ws/t").await.problem(400, "malformed");
    // A page may have a ticket, and must be one that we know. No page sends the header.
    let ticket = async |origin: &str| {
        let made = api.post("/api/v1/ws-tickets", &json!(null)).await.expect(201).body;
        let query = format!("ticket={}", made["ticket"].as_str().unwrap());
        let mut asked = request(&api, "of-a-page", &query);
        asked.headers_mut().remove("authorization");
        asked.headers_mut().insert("origin", origin.parse().unwrap());
        Socket::try_open(asked).await
    };
    for origin in ["https://evil.example", "null"] {
        let refused = ticket(origin).await.err().unwrap();
        assert_eq!((refused.status, refused.body["code"].as_str()), (403, Some("forbidden")), "{refused:?}");
        let mut asked = request(&api, "of-no-page", "");
        asked.headers_mut().insert("origin", origin.parse().unwrap());
        Socket::try_open(asked).await.unwrap().unwrap();
    }
    ticket("https://ok.example").await.unwrap().unwrap();

    let mut good = request(&api, "t", "session_id=s&cursor=nonsense");
    good.headers_mut().insert("origin", "https://ok.example".parse().unwrap());
    let socket = Socket::try_open(good).await.unwrap().unwrap();
    let hello = &socket.hello;
    assert_eq!(hello["data"]["recovered"], false, "what can't be a cursor can't be honoured");
    assert_eq!((&hello["session_id"], &hello["task_id"]), (&json!("s"), &json!("t")));
    assert_eq!(hello["data"]["heartbeat_seconds"], 20);
    assert_eq!(hello["data"]["instance_id"], cluster.instances[0].app.instance.as_str());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_opens_one_socket() {
    let cluster = one().await;
    let api = cluster.api(0, &cluster.member("agent").await);
    let reply = api.post("/api/v1/ws-tickets", &json!({})).await.expect(201);
    assert_eq!(reply.header("cache-control"), "no-store");
    let ticket = reply.body["ticket"].as_str().unwrap();
    let with = |ticket: &str| {
        let mut asked = request(&api, "t", &format!("ticket={ticket}"));
        asked.headers_mut().remove("authorization");
        asked
    };
    let mut socket = Socket::try_open(with(ticket)).await.unwrap().unwrap();
    assert_eq!(socket.ask(json!({ "type": "ping" })).await["event_type"], "pong");
    for spent in [ticket, "wt_x", ""] {
        assert_eq!(Socket::try_open(with(spent)).await.err().unwrap().status, 401, "{spent}");
    }
    // One that ran out is none.
    let reply = api.post("/api/v1/ws-tickets", &json!({})).await.expect(201);
    let mut conn = cluster.database.connect().await;
    sqlx::query("UPDATE ws_tickets SET expires_at = now()").execute(&mut conn).await.unwrap();
    assert_eq!(
        Socket::try_open(with(reply.body["ticket"].as_str().unwrap())).await.err().unwrap().status,
        401
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn approvals_are_asked_awaited_and_decided_over_sockets() {
    let cluster = Cluster::start().await.connected().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(1, &cluster.member("ana").await);
    let mut asking = Socket::open_with(&agent, "run-9", "session_id=s-1").await;
    let mut deciding = Socket::open(&ana, "desk-of-ana").await;
    for (n, message, expected) in [
        (1, json!({ "approved": true, "feedback": "fine" }), (true, "approved", "fine")),
        (2, json!({ "resolution": "rejected", "feedback": "no" }), (false, "rejected", "no")),
        (
            3,
            json!({ "resolution": "modified", "modifications": { "arguments": { "a": 1 } } }),
            (true, "modified", ""),
        ),
        (4, json!({ "approved": false, "feedback": "no" }), (false, "rejected", "no")),
        (5, json!({ "resolution": "approved" }), (true, "approved", "")),
    ] {
        let ask = json!({
            "type": "request_approval", "approval_type": "tool_call", "context": { "n": n },
            "idempotency_key": format!("key-{n}"),
        });
        let asked = asking.ask(ask.clone()).await;
        assert_eq!(asked["event_type"], "approval_requested", "{asked}");
        assert!(asked.get("cursor").is_none(), "an answer is not a replayable event");
        let data = &asked["data"];
        assert_eq!(
            (&data["task_id"], &data["run_id"], &data["session_id"]),
            (&json!("run-9"), &json!("run-9"), &json!("s-1"))
        );
        let id = data["approval_id"].as_str().unwrap().to_owned();
        assert_eq!(
            asking.ask(ask).await["data"]["approval_id"],
            id.as_str(),
            "the same key, the same approval"
        );

        asking.send(json!({ "type": "wait_for_approval", "approval_id": id, "ref": "waiting" })).await;
        let mut decision = message.clone();
        decision["type"] = json!(if n % 2 == 0 { "resolve_approval" } else { "approval_response" });
        decision["approval_id"] = json!(id);
        let decided = deciding.ask(decision.clone()).await;
        assert_eq!(decided["event_type"], "approval_received", "{decided}");
        assert_eq!(decided["data"]["changed"], true);
        assert_eq!(deciding.ask(decision).await["data"]["changed"], false);

        let waited = loop {
            let event = asking.next().await;
            if event["ref"] == "waiting" {
                break event;
            }
        };
        let (approved, resolution, feedback) = expected;
        assert_eq!(waited["event_type"], "approval_received");
        let data = &waited["data"];
        assert_eq!(
            (&data["approved"], &data["resolution"], &data["status"]),
            (&json!(approved), &json!(resolution), &json!("resolved"))
        );
        assert_eq!(data["feedback"].as_str().unwrap_or(""), feedback);
        if n == 3 {
            assert_eq!(data["modifications"], json!({ "arguments": { "a": 1 } }));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_message_is_said() {
    let cluster = one().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(0, &cluster.member("ana").await);
    let id = agent.ask(json!({})).await;
    let mut socket = Socket::open(&ana, "t").await;
    for (code, pointer, message) in [
        ("invalid", "/type", json!({ "type": "nonsense" })),
        ("invalid", "/type", json!({})),
        ("invalid", "/extra", json!({ "type": "ping", "extra": 1 })),
        ("invalid", "/approval_id", json!({ "type": "wait_for_approval" })),
        ("invalid", "/approval_id", json!({ "type": "wait_for_approval", "approval_id": "x" })),
        ("invalid", "/resolution", json!({ "type": "resolve_approval", "approval_id": id })),
        (
            "invalid",
            "/resolution",
            json!({ "type": "resolve_approval", "approval_id": id, "resolution": "maybe" }),
        ),
        (
            "invalid",
            "/resolution",
            json!({ "type": "resolve_approval", "approval_id": id, "resolution": "approved", "approved": true }),
        ),
        ("invalid", "/feedback", json!({ "type": "resolve_approval", "approval_id": id, "approved": false })),
        (
            "invalid",
            "/modifications",
            json!({ "type": "resolve_approval", "approval_id": id, "resolution": "modified" }),
        ),
        ("invalid", "/context", json!({ "type": "request_approval", "approval_type": "x" })),
        (
            "invalid",
            "/idempotency_key",
            json!({ "type": "request_approval", "approval_type": "x", "context": {}, "idempotency_key": "" }),
        ),
    ] {
        let answer = socket.ask(message.clone()).await;
        assert_eq!(
            (&answer["event_type"], &answer["data"]["code"]),
            (&json!("error"), &json!(code)),
            "{message} {answer}"
        );
        assert_eq!(answer["data"]["errors"][0]["pointer"], pointer, "{message} {answer}");
        // So that they are not twenty in a row.
        assert_eq!(socket.ask(json!({ "type": "ping" })).await["event_type"], "pong");
    }
    let unknown = uuid::Uuid::now_v7().to_string();
    let answer = socket.ask(json!({ "type": "wait_for_approval", "approval_id": unknown })).await;
    assert_eq!(answer["data"]["code"], "not_found");
    // Its own question nobody decides.
    let mut own = Socket::open(&agent, "own").await;
    let answer = own.ask(json!({ "type": "resolve_approval", "approval_id": id, "approved": true })).await;
    assert_eq!(answer["data"]["code"], "not_eligible");
    agent.cancel(&id, "enough").await.expect(200);
    let answer = socket.ask(json!({ "type": "resolve_approval", "approval_id": id, "approved": true })).await;
    assert_eq!(answer["data"]["code"], "cancelled");
    let stands = &answer["data"]["approval"];
    assert_eq!(
        (&stands["status"], &stands["feedback"]),
        (&json!("cancelled"), &json!("enough")),
        "what stands is said"
    );

    for text in ["nonsense", "{\"type\":\"ping\",\"type\":\"ping\"}", "[1]", "{\"type\":\"\\u0000\"}"] {
        socket.send_text(text).await;
        assert_eq!(socket.next().await["event_type"], "error", "{text}");
    }
    socket.ws.send(Message::binary(vec![1, 2, 3])).await.unwrap();
    assert_eq!(socket.next().await["data"]["code"], "malformed");
    assert_eq!(socket.ask(json!({ "type": "ping" })).await["event_type"], "pong", "it is still open");
    // All at once; each but the last is told why.
    for _ in 0..20 {
        socket.send_text("nonsense").await;
    }
    for n in 1..20 {
        assert_eq!(socket.next().await["data"]["code"], "malformed", "{n}");
    }
    assert!(matches!(socket.frame().await, Err(End::Closed(1008, _))));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_big_or_no_websocket_closes() {
    let cluster = one().await;
    let api = cluster.api(0, &cluster.member("agent").await);
    let mut socket = Socket::open(&api, "t").await;
    let fits = json!({ "type": "ping", "x": "x".repeat(500_000) });
    assert_eq!(socket.ask(fits).await["event_type"], "error");
    // The server closes as soon as it sees the frame's head; sending the rest may fail.
    let _ = socket.ws.send(Message::text("x".repeat(600_000))).await;
    assert!(matches!(socket.end().await, End::Closed(1009, _) | End::Broken));

    let mut socket = Socket::open(&api, "t").await;
    // Not masked, as a client's frames must be.
    socket.ws.get_mut().write_all(b"\x81\x02{}").await.unwrap();
    assert!(matches!(socket.end().await, End::Closed(1002, _)));
}

#[tokio::test(flavor = "multi_thread")]
async fn permissions_are_checked_for_each_message() {
    let cluster = one().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let id = agent.ask(json!({})).await;
    let key = cluster.key("acme", "watcher", &["event:subscribe"]).await;
    let watcher = cluster.api(0, &key);
    let mut socket = Socket::open(&watcher, "t").await;
    let messages = [
        json!({ "type": "resolve_approval", "approval_id": id, "approved": true }),
        json!({ "type": "resolve_approval", "approval_id": id, "approved": false, "feedback": "no" }),
        json!({ "type": "wait_for_approval", "approval_id": id }),
        json!({ "type": "request_approval", "approval_type": "x", "context": {} }),
    ];
    for message in &messages {
        assert_eq!(socket.ask(message.clone()).await["data"]["code"], "forbidden", "{message}");
    }
    // What is granted later counts for the same socket, and so does what is taken away.
    let mut conn = cluster.database.connect().await;
    let prefix = key.split('_').nth(1).unwrap();
    sqlx::query("UPDATE api_keys SET permissions = '{event:subscribe,approval:approve}' WHERE prefix = $1")
        .bind(prefix)
        .execute(&mut conn)
        .await
        .unwrap();
    let socket = tokio::sync::Mutex::new(socket);
    eventually("it may approve", || async {
        let answer = socket.lock().await.ask(messages[0].clone()).await;
        answer["event_type"] == "approval_received"
    })
    .await;
    let mut socket = socket.into_inner();
    sqlx::query("UPDATE api_keys SET revoked_at = now() WHERE prefix = $1")
        .bind(prefix)
        .execute(&mut conn)
        .await
        .unwrap();
    // Within half a minute; the contract says a minute.
    assert_eq!(socket.end().await, End::Closed(1008, "the credential was revoked".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_messages_is_answered_with_a_limit() {
    let setup =
        Setup { instances: 1, flags: vec![("sockets.messages_per_second", "2".into())], ..Setup::default() };
    let cluster = Cluster::with(setup).await;
    let api = cluster.api(0, &cluster.member("agent").await);
    let mut socket = Socket::open(&api, "t").await;
    for n in 0..50 {
        socket.send(json!({ "type": "ping", "ref": n })).await;
    }
    let (mut pongs, mut limited) = (0, 0);
    for _ in 0..50 {
        match socket.next().await {
            event if event["event_type"] == "pong" => pongs += 1,
            event if event["data"]["code"] == "rate_limited" => limited += 1,
            event => panic!("{event}"),
        }
    }
    assert!(pongs >= 10 && limited > 0, "{pongs} {limited}");
}

/// Large messages count for more than one: what it takes to look at them is bounded, too.
#[tokio::test(flavor = "multi_thread")]
async fn large_messages_are_weighed() {
    let cluster = one().await;
    let api = cluster.api(0, &cluster.member("agent").await);
    let mut socket = Socket::open(&api, "t").await;
    let large = json!({ "type": "ping", "x": "x".repeat(400_000) }).to_string();
    for _ in 0..10 {
        socket.send_text(&large).await;
    }
    let mut limited = 0;
    for _ in 0..10 {
        let event = socket.next().await;
        assert_eq!(event["event_type"], "error");
        limited += u32::from(event["data"]["code"] == "rate_limited");
    }
    assert!(limited >= 5, "{limited}");
}

/// `limits.max_sockets` of the instance, of the workspace, of the principal: 1013, and taking over is never refused.
#[tokio::test(flavor = "multi_thread")]
async fn full_is_full() {
    for (limit, same_principal) in [
        ("limits.max_sockets", false),
        ("limits.max_sockets_per_workspace", false),
        ("limits.max_sockets_per_principal", true),
    ] {
        let setup = Setup { flags: vec![(limit, "2".into())], ..Setup::default() };
        let cluster = Cluster::with(setup).await.connected().await;
        let ana = cluster.api(0, &cluster.member("ana").await);
        let bo = if same_principal { ana.clone() } else { cluster.api(0, &cluster.member("bo").await) };
        let first = Socket::open(&ana, "one").await;
        let second = Socket::open(&bo, "two").await;
        let refused = Socket::try_open(request(&ana, "three", "")).await.unwrap();
        assert!(matches!(refused, Err(End::Closed(1013, _))), "{limit}: {:?}", refused.err());
        let again = Socket::open(&ana, "one").await;
        drop((first, again, second));
        eventually("there is room again", || async {
            matches!(Socket::try_open(request(&ana, "three", "")).await, Ok(Ok(_)))
        })
        .await;
    }
}

/// Whose credential has run out, was replaced, or no longer allows this, comes back with another; whoever was shut out
/// doesn't.
#[tokio::test(flavor = "multi_thread")]
async fn a_close_says_whether_another_credential_will_do() {
    let cluster = one().await;
    let admin = cluster.api(0, &cluster.key("acme", "root", &["workspace:admin"]).await);
    let mut conn = cluster.database.connect().await;
    let mut sockets = Vec::new();
    for (number, (change, code, reason)) in [
        ("UPDATE api_keys SET expires_at = now() WHERE prefix = $1", 4401, "the credential has expired"),
        ("", 4401, "the credential was rotated"),
        (
            "UPDATE api_keys SET permissions = '{audit:view}' WHERE prefix = $1",
            4401,
            "the credential changed",
        ),
        ("UPDATE api_keys SET revoked_at = now() WHERE prefix = $1", 1008, "the credential was revoked"),
        (
            "UPDATE api_keys SET revoked_at = now(), expires_at = now() WHERE prefix = $1",
            1008,
            "the credential was revoked",
        ),
        (
            "UPDATE principals SET disabled_at = now()
              WHERE id = (SELECT principal_id FROM api_keys WHERE prefix = $1)",
            1008,
            "the credential was revoked",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let key = cluster.key("acme", &format!("p{number}"), &["event:subscribe"]).await;
        let socket = Socket::open(&cluster.api(0, &key), &format!("t{number}")).await;
        let prefix = key.split('_').nth(1).unwrap();
        if change.is_empty() {
            let path = format!("/api/v1/keys/{prefix}/rotate");
            admin.post(&path, &json!({ "overlap_seconds": 0 })).await.expect(201);
        } else {
            sqlx::query(change).bind(prefix).execute(&mut conn).await.unwrap();
        }
        sockets.push((socket, End::Closed(code, reason.to_owned())));
    }
    for (mut socket, end) in sockets {
        assert_eq!(socket.end().await, end);
    }
}

/// A client with as many waits as it may have can still say that it lives, and decide.
#[tokio::test(flavor = "multi_thread")]
async fn waits_leave_room_for_pings_and_decisions() {
    let flags = vec![("sockets.messages_per_second", "1000".to_owned())];
    let cluster = Cluster::with(Setup { instances: 1, flags, ..Setup::default() }).await.connected().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(0, &cluster.member("ana").await);
    let (waited, decided) = (agent.ask(json!({})).await, agent.ask(json!({})).await);
    let mut socket = Socket::open(&ana, "task").await;
    let wait = json!({ "type": "wait_for_approval", "approval_id": waited });
    for _ in 0..128 {
        socket.send(wait.clone()).await;
    }
    let refused = socket.ask(wait).await;
    assert_eq!(refused["data"]["code"], "rate_limited", "{refused}");
    assert_eq!(socket.ask(json!({ "type": "ping" })).await["event_type"], "pong");
    let approve = |id: &str| json!({ "type": "approval_response", "approval_id": id, "approved": true });
    assert_eq!(socket.ask(approve(&decided)).await["event_type"], "approval_received");
    // All of them are answered, and then there may be as many again.
    socket.send(approve(&waited)).await;
    for _ in 0..129 {
        let answer = socket.event("approval_received").await;
        assert_eq!(answer["data"]["approval_id"], waited.as_str());
    }
    let again = socket.ask(json!({ "type": "wait_for_approval", "approval_id": waited })).await;
    assert_eq!(again["event_type"], "approval_received");
}
