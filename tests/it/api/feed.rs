//! Feeds: who may open one, what they may follow, and how one ends.

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::http::Request;

use crate::support::{
    Api, Cluster, Setup, Socket,
    browser::Browser,
    socket::{End, feed_request},
    within,
};

async fn one() -> Cluster {
    Cluster::with(Setup { instances: 1, ..Setup::default() }).await.connected().await
}

fn with(mut request: Request<()>, headers: &[(&'static str, &str)]) -> Request<()> {
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    request
}

#[tokio::test]
async fn the_handshake_is_checked() {
    let cluster = one().await;
    let api = cluster.api(0, &cluster.member("ana").await);
    let bearer = format!("Bearer {}", api.key);
    let asked = |query: &str, headers: &[(&'static str, &str)]| with(feed_request(&api.base, query), headers);
    for (request, status, code) in [
        (asked("", &[]), 401, "unauthenticated"),
        (asked("", &[("authorization", "Bearer so_none_none")]), 401, "unauthenticated"),
        (asked("ticket=wt_none", &[]), 401, "unauthenticated"),
        (asked("ticket=a&ticket=b", &[]), 422, "invalid"),
        (asked("colour=red", &[("authorization", &bearer)]), 422, "invalid"),
        (
            asked("", &[("authorization", &bearer), ("sec-websocket-protocol", "signoff.v1")]),
            400,
            "malformed",
        ),
        (asked("ticket=wt_none", &[("origin", "https://evil.example")]), 403, "forbidden"),
    ] {
        let refused = Socket::try_open(request).await.err().expect("it is refused");
        assert_eq!((refused.status, &refused.body["code"]), (status, &json!(code)), "{refused:?}");
    }
    let plain = api.get("/api/v1/feed").await.problem(400, "malformed");
    assert!(plain.body["detail"].as_str().unwrap().contains("WebSocket"));
    let feed = Socket::feed(&api, &[]).await;
    let data = &feed.hello["data"];
    assert!(
        data["now"].is_string() && data["build"].is_string() && data["heartbeat_seconds"] == 20,
        "{data}"
    );
    // A ticket is good once.
    let ticket = api.post("/api/v1/ws-tickets", &json!({})).await.expect(201).body;
    let query = format!("ticket={}", ticket["ticket"].as_str().unwrap());
    assert!(Socket::try_open(asked(&query, &[])).await.is_ok_and(|opened| opened.is_ok()));
    assert_eq!(Socket::try_open(asked(&query, &[])).await.err().unwrap().status, 401);
}

#[tokio::test]
async fn a_cookie_opens_one_for_our_own_pages_only() {
    let cluster = one().await;
    let base = cluster.instances[0].url.clone();
    let browser = Browser::new();
    assert_eq!(browser.sign_in_with_key(&base, &cluster.member("ana").await).await.status, 201);
    let cookie = format!("signoff={}", browser.cookie(&base, "signoff").unwrap());
    let open = async |origin: Option<&str>| {
        let mut request = with(feed_request(&base, ""), &[("cookie", cookie.as_str())]);
        if let Some(origin) = origin {
            request = with(request, &[("origin", origin)]);
        }
        Socket::try_open(request).await
    };
    for origin in [None, Some("https://evil.example"), Some("null"), Some("http://localhost:1")] {
        let refused = open(origin).await.err().expect("it is refused");
        assert_eq!((refused.status, &refused.body["code"]), (403, &json!("forbidden")), "{origin:?}");
    }
    let mut feed = open(Some(&base)).await.unwrap().unwrap();
    let answer = feed.ask(json!({ "type": "subscribe", "topics": ["approvals"] })).await;
    assert_eq!(answer["data"]["topics"], json!(["approvals"]));
    // The page's own origin may open a task's socket by a ticket, too.
    let ticket = browser.ask(reqwest::Method::POST, &format!("{base}/api/v1/ws-tickets"), None).await.json();
    let query = format!("ticket={}", ticket["ticket"].as_str().unwrap());
    let api = cluster.api(0, "");
    let mut request = crate::support::socket::request(&api, "t", &query);
    request.headers_mut().remove("authorization");
    assert!(Socket::try_open(with(request, &[("origin", base.as_str())])).await.is_ok());
}

#[tokio::test]
async fn each_topic_needs_the_permission_of_what_it_shows() {
    let cluster = one().await;
    let open = async |name: &str, permissions: &[&str]| {
        let api = cluster.api(0, &cluster.key("acme", name, permissions).await);
        Socket::feed(&api, &[]).await
    };
    let all = json!(["approvals", "counts", "cluster", "notifications", "task:t"]);
    for (name, permissions, followed) in [
        ("viewer", &["approval:view:pending"][..], json!(["approvals", "counts", "notifications"])),
        ("operator", &["cluster:view"], json!(["cluster", "notifications"])),
        ("follower", &["event:subscribe"], json!(["notifications", "task:t"])),
    ] {
        let mut feed = open(name, permissions).await;
        let answer = feed.ask(json!({ "type": "subscribe", "topics": all })).await;
        assert_eq!(answer["data"]["topics"], followed, "{name}");
        let refused = answer["data"]["refused"].as_array().unwrap();
        assert!(refused.len() + followed.as_array().unwrap().len() == 5);
        assert!(refused.iter().all(|it| it["code"] == "forbidden"), "{refused:?}");
    }
    let mut feed = open("viewer", &["approval:view:pending"]).await;
    let answer = feed.ask(json!({ "type": "subscribe", "topics": ["everything", "task:"] })).await;
    let refused = answer["data"]["refused"].as_array().unwrap();
    assert!(refused.len() == 2 && refused.iter().all(|it| it["code"] == "invalid"), "{answer}");
    let answer = feed.ask(json!({ "type": "unsubscribe", "topics": ["counts"] })).await;
    assert_eq!(answer["data"]["topics"], json!([]));
    let many: Vec<String> = (0..17).map(|n| format!("task:t-{n}")).collect();
    let mut feed = open("follower", &["event:subscribe"]).await;
    let answer = feed.ask(json!({ "type": "subscribe", "topics": many })).await;
    assert_eq!(
        (answer["data"]["topics"].as_array().unwrap().len(), &answer["data"]["refused"][0]["code"]),
        (16, &json!("limit_reached"))
    );
}

#[tokio::test]
async fn what_is_wrong_with_a_message_is_said_and_strikes_count() {
    let cluster = one().await;
    let api = cluster.api(0, &cluster.member("ana").await);
    let mut feed = Socket::feed(&api, &[]).await;
    for (message, code) in [
        (json!({ "type": "resolve_approval", "approval_id": "x", "approved": true }), "invalid"),
        (json!({ "type": "subscribe" }), "invalid"),
    ] {
        assert_eq!(feed.ask(message).await["data"]["code"], code);
    }
    assert_eq!(feed.ask(json!({ "type": "ping" })).await["event_type"], "pong");
    feed.send(json!({ "type": "presence", "visible": false })).await;
    for _ in 0..20 {
        feed.send_text("not json").await;
    }
    let End::Closed(code, why) = feed.end().await else { panic!("it broke") };
    assert_eq!((code, why.as_str()), (1008, "20 malformed messages in a row"));
}

#[tokio::test]
async fn there_are_only_so_many() {
    let flags =
        vec![("limits.max_feeds", "6".to_owned()), ("limits.max_feeds_per_principal", "2".to_owned())];
    let cluster = Cluster::with(Setup { instances: 1, flags, ..Setup::default() }).await.connected().await;
    let open = async |api: &Api| {
        let mut request = feed_request(&api.base, "");
        request.headers_mut().insert("authorization", format!("Bearer {}", api.key).parse().unwrap());
        Socket::try_open(request).await.unwrap()
    };
    let (ana, bo) =
        (cluster.api(0, &cluster.member("ana").await), cluster.api(0, &cluster.member("bo").await));
    let neighbour = cluster.api(0, &cluster.key("other", "ana", &[]).await);
    let full = |end: Result<Socket, End>, whose: &str| {
        let Err(End::Closed(code, why)) = end else { panic!("it was let in") };
        assert!(code == 1013 && why.contains(whose), "{code} {why}");
    };
    let first = open(&ana).await.unwrap();
    let _second = open(&ana).await.unwrap();
    full(open(&ana).await, "the principal");
    let _third = open(&bo).await.unwrap();
    full(open(&bo).await, "the workspace");
    let _theirs = open(&neighbour).await.unwrap();
    drop(first);
    within(std::time::Duration::from_secs(10), "a place is free again", || async {
        open(&ana).await.is_ok()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_says_when_to_come_again() {
    let cluster = Cluster::start().await.connected().await;
    let api = cluster.api(0, &cluster.member("ana").await);
    let mut feed = Socket::feed(&api, &["approvals"]).await;
    let app = cluster.instances[0].app.clone();
    let draining = tokio::spawn(async move { app.drain().await });
    let reconnect = feed.event("reconnect").await;
    assert!(reconnect["data"]["after_ms"].is_u64(), "{reconnect}");
    assert_eq!(feed.end().await, End::Closed(1012, "restarting".to_owned()));
    assert!(draining.await.unwrap());
    let elsewhere = Socket::feed(&cluster.api(1, &api.key), &["approvals"]).await;
    assert_ne!(elsewhere.hello["data"]["instance_id"], Value::Null);
}
