//! Names behind the question mark that a call doesn't take are refused, on every call there is.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Api, Cluster, Setup, Socket, client, socket};

const ID: &str = "0192f0c4-7d3a-7000-8000-000000000000";

#[tokio::test(flavor = "multi_thread")]
async fn every_call_refuses_names_that_it_does_not_take() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let url = cluster.instances[0].url.clone();
    let admin = cluster.api(0, &cluster.key("acme", "admin", &["workspace:admin"]).await);
    let document: Value = client::get(format!("{url}/openapi.json")).await.unwrap().json().await.unwrap();
    let mut calls = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        // Issuers add words of their own.
        if path == "/auth/callback" {
            continue;
        }
        for method in item.as_object().unwrap().keys() {
            let method: Method = method.to_uppercase().parse().unwrap();
            let real = path.replace("{id}", ID).replace(['{', '}'], "");
            let request = admin.request(method.clone(), &format!("{real}?colour=blue")).json(&json!({}));
            let reply = Api::send(request).await.problem(422, "invalid");
            assert_eq!(reply.body["errors"][0]["pointer"], "?colour", "{method} {path}: {reply:?}");
            calls += 1;
        }
    }
    assert!(calls > 30, "{calls}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_name_that_was_meant_is_told() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let id = agent.ask(json!({})).await;
    for (query, pointer, near) in [
        (format!("approvals/{id}/wait?timeout_seconds=0"), "?timeout_seconds", "did you mean timeout?"),
        (format!("approvals/{id}/wait?timeout=1&%77ait=3"), "?wait", "it takes timeout"),
        (format!("approvals/{id}?timeout=3"), "?timeout", "it takes none"),
        ("approvals/pending?runid=r".to_owned(), "?runid", "did you mean run_id?"),
        ("approvals/history?limits=3&run_id=r".to_owned(), "?limits", "did you mean limit?"),
    ] {
        let reply = agent.get(&format!("/api/v1/{query}")).await.problem(422, "invalid");
        assert_eq!(reply.body["errors"].as_array().unwrap().len(), 1, "{query}");
        let error = &reply.body["errors"][0];
        assert_eq!((&error["pointer"], &error["rule"]), (&json!(pointer), &json!("unknown_parameter")));
        assert!(error["message"].as_str().unwrap().contains(near), "{query}: {error}");
    }
    // Encoded or not, it is the same name.
    let begun = std::time::Instant::now();
    agent.get(&format!("/api/v1/approvals/{id}/wait?time%6Fut=0")).await.expect(200);
    assert!(begun.elapsed().as_secs() < 20, "it was read");
    let refused = Socket::try_open(socket::request(&agent, "task", "curser=1")).await.err().unwrap();
    assert_eq!((refused.status, &refused.body["errors"][0]["pointer"]), (422, &json!("?curser")));
    assert!(refused.body["errors"][0]["message"].as_str().unwrap().contains("did you mean cursor?"));
    // Of two values, none is taken for the right one: no ticket is used up, and no cursor passed over.
    let made = agent.post("/api/v1/ws-tickets", &json!({})).await.expect(201);
    let ticket = format!("ticket={}", made.body["ticket"].as_str().unwrap());
    let with_ticket = |query: &str| {
        let mut asked = socket::request(&agent, "task", query);
        asked.headers_mut().remove("authorization");
        asked
    };
    for (asked, name) in [
        (with_ticket(&format!("{ticket}&{ticket}")), "?ticket"),
        (with_ticket(&format!("{ticket}&cursor=1&cursor=2")), "?cursor"),
        (socket::request(&agent, "task", "session_id=a&session_id=b"), "?session_id"),
        (socket::request(&agent, "task", "cursor=1&%63ursor=1"), "?cursor"),
    ] {
        let refused = Socket::try_open(asked).await.err().unwrap_or_else(|| panic!("{name}"));
        let error = &refused.body["errors"][0];
        assert_eq!((refused.status, &error["pointer"], &error["rule"]), (422, &json!(name), &json!("once")));
    }
    Socket::try_open(with_ticket(&ticket)).await.unwrap().unwrap();
    // Who may not call is told that first.
    let nobody = cluster.api(0, "so_nobody_000000000000000000000000");
    nobody.get("/api/v1/approvals/pending?colour=blue").await.problem(401, "unauthenticated");
    // Health checks of balancers bring what they like.
    for path in ["/readyz?x=1", "/livez?x=1"] {
        let reply = client::get(format!("{}{path}", cluster.instances[0].url)).await.unwrap();
        assert_eq!(reply.status(), 200, "{path}");
    }
}
