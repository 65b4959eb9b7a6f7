//! `POST /mcp`: an agent asks people by an instance's own MCP server.

use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::support::{Api, Cluster, Reply, Setup, browser::Browser, eventually, forge::Forge, unique};

const NOW: &str = "2026-07-28";
const BEFORE: &str = "2025-06-18";

/// A client of one protocol version.
#[derive(Clone)]
struct Peer {
    api: Api,
    version: &'static str,
    capabilities: Value,
}

impl Peer {
    fn new(api: Api, version: &'static str) -> Self {
        Self { api, version, capabilities: json!({}) }
    }

    fn request(&self, method: &str, mut params: Value) -> RequestBuilder {
        let mut request = self.api.request(Method::POST, "/mcp");
        request = request.header("Accept", "application/json, text/event-stream");
        request = request.header("MCP-Protocol-Version", self.version);
        if self.version == NOW {
            request = request.header("Mcp-Method", method);
            if let Some(name) = params["name"].as_str().or(params["taskId"].as_str()) {
                request = request.header("Mcp-Name", name);
            }
            let mut meta = json!({
                "io.modelcontextprotocol/protocolVersion": NOW,
                "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "1" },
                "io.modelcontextprotocol/clientCapabilities": self.capabilities,
            });
            if let Some(given) = params["_meta"].as_object() {
                meta.as_object_mut().unwrap().extend(given.clone());
            }
            params["_meta"] = meta;
        }
        request.json(&json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }))
    }

    async fn ask(&self, method: &str, params: Value) -> Value {
        Api::send(self.request(method, params)).await.expect(200).body
    }

    /// Begins a call that waits.
    fn call(&self, tool: &str, arguments: &Value) -> JoinHandle<Value> {
        let (me, params) = (self.clone(), json!({ "name": tool, "arguments": arguments }));
        tokio::task::spawn(async move { me.ask("tools/call", params).await })
    }
}

/// The approvals that wait in the run.
async fn waiting(ana: &Api, run: &str) -> Vec<String> {
    let pending = ana.get(&format!("/api/v1/approvals/pending?run_id={run}")).await.expect(200).body;
    pending["items"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap().to_owned()).collect()
}

async fn asked(ana: &Api, run: &str) -> String {
    eventually("it is asked", async || waiting(ana, run).await.len() == 1).await;
    waiting(ana, run).await.remove(0)
}

fn words(answer: &Value) -> &str {
    answer["result"]["content"][0]["text"].as_str().unwrap_or_else(|| panic!("{answer}"))
}

fn question(run: &str) -> Value {
    json!({ "title": "Ship build 812?", "context": { "build": 812 }, "run_id": run })
}

struct Line {
    cluster: Cluster,
    agent: String,
    ana: Api,
}

async fn line() -> Line {
    line_with(&[]).await
}

async fn line_with(flags: &[(&'static str, &str)]) -> Line {
    let flags = flags.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    let cluster = Cluster::with(Setup { flags, ..Setup::default() }).await.connected().await;
    let agent = cluster.key("acme", "robot", &["approval:create", "approval:view:pending"]).await;
    let ana = cluster.api(1, &cluster.member("ana").await);
    Line { cluster, agent, ana }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_on_one_instance_is_answered_with_what_was_decided_on_another() {
    let Line { cluster, agent, ana } = line().await;
    for version in [BEFORE, NOW] {
        let peer = Peer::new(cluster.api(0, &agent), version);
        let tools = peer.ask("tools/list", json!({})).await;
        let tools = tools["result"]["tools"].as_array().unwrap();
        let names: Vec<&str> = tools.iter().map(|it| it["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["request_approval", "wait_for_approval"]);
        for (verb, body, is_error, expected) in [
            ("approve", json!({ "comment": "go on" }), false, "Approved by ana: go on"),
            ("reject", json!({ "reason": "not today" }), true, "Rejected by ana: not today\nDon't do it"),
            (
                "approve",
                json!({ "modifications": { "build": 813 } }),
                false,
                "Approved with changes by ana.\nDo it with these changes, and not as you asked: {\"build\":813}",
            ),
        ] {
            let run = unique("run");
            let call = peer.call("request_approval", &question(&run));
            let id = asked(&ana, &run).await;
            let shown = ana.show(&id).await.body;
            assert_eq!((&shown["requested_by"], &shown["run_id"]), (&json!("robot"), &json!(run)));
            ana.post(&format!("/api/v1/approvals/{id}/{verb}"), &body).await.expect(200);
            let answer = call.await.unwrap();
            assert!(words(&answer).starts_with(expected), "{answer}");
            assert_eq!(answer["result"]["isError"].as_bool().unwrap_or_default(), is_error);
            assert_eq!(answer["result"]["structuredContent"]["approval_id"], id);
            let again = peer.call("wait_for_approval", &json!({ "approval_id": id })).await.unwrap();
            assert_eq!(words(&again), format!("{}\nThis is about: Ship build 812?", words(&answer)));
        }
    }
    assert_eq!(cluster.waiting(0), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_client_says_hello_and_keeps_no_session() {
    let Line { cluster, agent, .. } = line().await;
    let peer = Peer::new(cluster.api(0, &agent), BEFORE);
    let client = json!({ "name": "test", "version": "1" });
    let hello = json!({ "protocolVersion": BEFORE, "capabilities": {}, "clientInfo": client });
    let reply = Api::send(peer.request("initialize", hello)).await.expect(200);
    assert_eq!(reply.body["result"]["protocolVersion"], BEFORE, "{}", reply.body);
    assert!(!reply.headers.contains_key("mcp-session-id"));
    assert_eq!(reply.header("cache-control"), "no-store");
    let done = peer.api.request(Method::POST, "/mcp").header("Accept", "application/json, text/event-stream");
    let done = done.json(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
    Api::send(done).await.expect(202);
    // There is no stream to listen to, and no session to end.
    for method in [Method::GET, Method::DELETE] {
        Api::send(peer.api.request(method, "/mcp")).await.problem(405, "method_not_allowed");
    }
}

/// An instance that goes away sends the client on at once, and another goes on with the wait.
#[tokio::test(flavor = "multi_thread")]
async fn another_instance_goes_on_with_the_wait() {
    let Line { cluster, agent, ana } = line().await;
    let run = unique("run");
    let peer = Peer::new(cluster.api(0, &agent), NOW);
    let call = peer.call("request_approval", &question(&run));
    let id = asked(&ana, &run).await;
    eventually("it waits", async || cluster.waiting(0) == 1).await;
    assert!(cluster.instances[0].app.drain().await, "everything ended in time");
    let answer = call.await.unwrap();
    assert_eq!(answer["result"]["resultType"], "input_required", "{answer}");
    let mut params = json!({ "name": "request_approval", "arguments": question(&run) });
    params["requestState"] = answer["result"]["requestState"].clone();
    let there = Peer::new(cluster.api(1, &agent), NOW);
    let going_on = {
        let (there, params) = (there.clone(), params.clone());
        tokio::task::spawn(async move { there.ask("tools/call", params).await })
    };
    eventually("it waits there", async || cluster.waiting(1) == 1).await;
    ana.approve(&id).await.expect(200);
    assert_eq!(words(&going_on.await.unwrap()), "Approved by ana.");
    // The state of one call says nothing of another.
    params["arguments"]["title"] = "Drop the database?".into();
    let other = there.ask("tools/call", params).await;
    assert!(other["result"]["isError"] == true && words(&other).contains("not valid"), "{other}");
    assert!(waiting(&ana, &run).await.is_empty(), "nobody was asked twice");
}

/// There are no sessions that tell a call of today from one of yesterday. So only what names itself is the same.
#[tokio::test(flavor = "multi_thread")]
async fn only_a_call_that_names_itself_finds_its_request_again() {
    let Line { cluster, agent, ana } = line().await;
    let peer = Peer::new(cluster.api(0, &agent), NOW);
    let id = unique("toolu_0123456789");
    for meta in [json!({ "claudecode/toolUseId": id }), json!({ "callId": id })] {
        let run = unique("run");
        let params = json!({ "name": "request_approval", "arguments": question(&run), "_meta": meta });
        let mut calls = Vec::new();
        for instance in [0, 1] {
            let (peer, params) = (Peer::new(cluster.api(instance, &agent), NOW), params.clone());
            calls.push(tokio::task::spawn(async move { peer.ask("tools/call", params).await }));
        }
        eventually("both wait", async || (cluster.waiting(0), cluster.waiting(1)) == (1, 1)).await;
        let id = asked(&ana, &run).await;
        ana.approve(&id).await.expect(200);
        for call in calls {
            assert_eq!(call.await.unwrap()["result"]["structuredContent"]["approval_id"], id);
        }
    }
    // A key names one, too.
    let run = unique("run");
    let mut named = question(&run);
    named["key"] = unique("key").into();
    let call = peer.call("request_approval", &named);
    ana.approve(&asked(&ana, &run).await).await.expect(200);
    assert_eq!(words(&call.await.unwrap()), "Approved by ana.");
    assert_eq!(words(&peer.call("request_approval", &named).await.unwrap()), "Approved by ana.");
    // Without a name it is another one, and so it is with an id that may be a count.
    for meta in [json!({}), json!({ "callId": "call_1" }), json!({ "callId": "call_1" })] {
        let params = json!({ "name": "request_approval", "arguments": question(&run), "_meta": meta });
        let call = {
            let peer = peer.clone();
            tokio::task::spawn(async move { peer.ask("tools/call", params).await })
        };
        let id = asked(&ana, &run).await;
        ana.reject(&id, "not again").await.expect(200);
        assert!(words(&call.await.unwrap()).starts_with("Rejected by ana: not again"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_knows_tasks_polls_any_instance() {
    let Line { cluster, agent, ana } = line().await;
    let mut peer = Peer::new(cluster.api(0, &agent), NOW);
    peer.capabilities = json!({ "extensions": { "io.modelcontextprotocol/tasks": {} } });
    let run = unique("run");
    let made = peer.call("request_approval", &question(&run)).await.unwrap();
    let id = made["result"]["taskId"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned();
    let there = Peer { api: cluster.api(1, &agent), ..peer.clone() };
    let working = there.ask("tasks/get", json!({ "taskId": id })).await;
    assert_eq!(working["result"]["status"], "working", "{working}");
    ana.approve(&id).await.expect(200);
    let done = there.ask("tasks/get", json!({ "taskId": id })).await;
    assert_eq!(done["result"]["status"], "completed", "{done}");
    // The agent may not cancel, here as elsewhere.
    let made = peer.call("request_approval", &question(&run)).await.unwrap();
    let refused = there.ask("tasks/cancel", json!({ "taskId": made["result"]["taskId"] })).await;
    assert!(refused["error"]["message"].as_str().unwrap().contains("approval:cancel"), "{refused}");
    // What is no id is no path either.
    let odd = there.ask("tasks/get", json!({ "taskId": "../history" })).await;
    assert!(odd["error"]["message"].as_str().unwrap().contains("UUID"), "{odd}");
}

/// The door adds nothing to what a key may do.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_may_do_what_it_may_do_elsewhere() {
    let Line { cluster, agent, ana } = line().await;
    let sees = cluster.key("acme", "watcher", &["approval:view:pending"]).await;
    let peer = Peer::new(cluster.api(0, &sees), NOW);
    let refused = peer.call("request_approval", &question("run-1")).await.unwrap();
    assert_eq!(
        words(&refused),
        "Signoff could not ask: forbidden: it needs the permission approval:create. It is not approved: don't do it."
    );
    assert_eq!(refused["result"]["isError"], true);
    // Nor does a call see what is another workspace's, or was asked elsewhere.
    let elsewhere = cluster.api(0, &cluster.member("eva").await).ask(json!({})).await;
    let peer = Peer::new(cluster.api(0, &agent), NOW);
    let foreign = peer.call("wait_for_approval", &json!({ "approval_id": elsewhere }));
    ana.approve(&elsewhere).await.expect(200);
    assert!(words(&foreign.await.unwrap()).contains("is none of this agent's request_approval"));
    let made = peer.call("request_approval", &question("run-own"));
    let own = asked(&ana, "run-own").await;
    ana.approve(&own).await.expect(200);
    assert_eq!(words(&made.await.unwrap()), "Approved by ana.");
    let colleague = cluster.key("acme", "colleague", &["approval:create", "approval:view:pending"]).await;
    let colleague = Peer::new(cluster.api(0, &colleague), NOW);
    let unasked = colleague.call("wait_for_approval", &json!({ "approval_id": own })).await.unwrap();
    assert!(words(&unasked).contains("is none of this agent's request_approval"), "{unasked}");
    let other = cluster.key("other", "robot", &["approval:create", "approval:view:pending"]).await;
    let peer = Peer::new(cluster.api(0, &other), NOW);
    let unseen = peer.call("wait_for_approval", &json!({ "approval_id": elsewhere })).await.unwrap();
    assert!(words(&unseen).contains("not_found"), "{unseen}");
    for (arguments, why) in [
        (json!({ "title": "x".repeat(1000), "context": {} }), "title"),
        (json!({ "title": "x", "context": {}, "key": "a\nb" }), "visible ASCII"),
        (json!({ "title": "x", "context": [] }), "not valid"),
        (json!({ "title": "x", "context": {}, "approve": true }), "not valid"),
        (json!({ "title": "x", "context": {}, "timeout_seconds": 0 }), "timeout_seconds"),
    ] {
        let answer = peer.call("request_approval", &arguments).await.unwrap();
        assert!(answer["result"]["isError"] == true && words(&answer).contains(why), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_bearer_token_lets_in() {
    let Line { cluster, agent, .. } = line().await;
    let base = cluster.instances[0].url.clone();
    for key in ["", "so_abcdefghijkl_0123456789abcdef0123456789"] {
        let peer = Peer::new(Api::new(&base, key), NOW);
        let reply = Api::send(peer.request("tools/list", json!({}))).await.problem(401, "unauthenticated");
        assert_eq!(reply.header("www-authenticate"), "Bearer");
    }
    // A cookie comes along by itself.
    let browser = Browser::new();
    browser.sign_in_with_key(&base, &agent).await;
    let request = browser.request(Method::POST, &format!("{base}/mcp"));
    let request = request.header("Sec-Fetch-Site", "same-origin").json(&json!({}));
    browser.send(request).await.problem(401, "unauthenticated");
    // Nobody's page speaks to it.
    let peer = Peer::new(cluster.api(0, &agent), NOW);
    let request = peer.request("tools/list", json!({})).header("Origin", "https://evil.example");
    Api::send(request).await.problem(403, "forbidden");
    Api::send(peer.request("tools/list", json!({})).header("Origin", &base)).await.expect(200);
    // There is no issuer here.
    peer.api.get("/.well-known/oauth-protected-resource").await.problem(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_without_a_token_hears_where_to_get_one() {
    let forge = Forge::start().await;
    let setup = forge.setup(&[("http.public_url", "https://signoff.example.com")]);
    let cluster = Cluster::with(Setup { instances: 1, ..setup }).await;
    let peer = Peer::new(cluster.api(0, "so_x_y"), NOW);
    let reply = Api::send(peer.request("tools/list", json!({}))).await.problem(401, "unauthenticated");
    let place = "https://signoff.example.com/.well-known/oauth-protected-resource/mcp";
    assert_eq!(reply.header("www-authenticate"), format!("Bearer resource_metadata=\"{place}\""));
    for path in ["/.well-known/oauth-protected-resource/mcp", "/.well-known/oauth-protected-resource"] {
        let metadata = peer.api.get(path).await.expect(200).body;
        assert_eq!(
            metadata,
            json!({
                "resource": "https://signoff.example.com/mcp",
                "authorization_servers": [forge.url],
                "bearer_methods_supported": ["header"],
                "resource_name": "Signoff",
            })
        );
    }
    // With a token of that issuer it may ask.
    cluster.member("ana").await;
    let peer = Peer::new(cluster.api(0, &forge.good_token("robot")), NOW);
    assert!(peer.ask("tools/list", json!({})).await["result"]["tools"].is_array());
}

/// Where tokens only sign people in, no client is sent to the issuer for one.
#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_whose_tokens_are_refused_is_not_named() {
    let forge = Forge::start().await;
    let mut setup = forge.setup(&[("oidc.client_id", "web")]);
    setup.flags.retain(|(name, _)| *name != "oidc.audience");
    let cluster = Cluster::with(setup).await;
    let peer = Peer::new(cluster.api(0, "so_x_y"), NOW);
    let reply = Api::send(peer.request("tools/list", json!({}))).await.problem(401, "unauthenticated");
    assert_eq!(reply.header("www-authenticate"), "Bearer");
    peer.api.get("/.well-known/oauth-protected-resource").await.problem(404, "not_found");
}

/// What was asked is told also where the wait for it comes to nothing, so that the next call asks nobody again.
#[tokio::test(flavor = "multi_thread")]
async fn a_wait_that_breaks_off_names_what_was_asked() {
    let Line { cluster, agent, ana } = line_with(&[("limits.max_waiters_per_workspace", "1")]).await;
    let peer = Peer::new(cluster.api(0, &agent), NOW);
    let (first, second) = (unique("run"), unique("run"));
    let held = peer.call("request_approval", &question(&first));
    eventually("it waits", async || cluster.waiting(0) == 1).await;
    let answer = peer.call("request_approval", &question(&second)).await.unwrap();
    let id = asked(&ana, &second).await;
    assert!(
        words(&answer).starts_with(&format!("Not known yet. The wait for approval {id} broke off: ")),
        "{answer}"
    );
    let result = &answer["result"];
    assert_eq!((&result["isError"], &result["structuredContent"]["approval_id"]), (&json!(true), &json!(id)));
    ana.approve(&asked(&ana, &first).await).await.expect(200);
    assert_eq!(words(&held.await.unwrap()), "Approved by ana.");
    let going_on = peer.call("wait_for_approval", &json!({ "approval_id": id }));
    ana.approve(&id).await.expect(200);
    assert!(words(&going_on.await.unwrap()).starts_with("Approved by ana."));
}

/// Bodies have little room, and a decision must get through. A call that is held takes none of it.
#[tokio::test(flavor = "multi_thread")]
async fn held_calls_keep_no_room_for_bodies() {
    let Line { cluster, agent, ana } = line_with(&[("limits.max_bodies_mebibytes", "8")]).await;
    let peer = Peer::new(cluster.api(0, &agent), NOW);
    let run = unique("run");
    let mut arguments = question(&run);
    arguments["context"] = json!({ "text": "x".repeat(200_000) });
    let mut held = Vec::new();
    // Twelve megabytes.
    for n in 1..=60 {
        held.push(peer.call("request_approval", &arguments));
        eventually("it waits", async || cluster.waiting(0) == n || held[n - 1].is_finished()).await;
        assert!(!held[n - 1].is_finished(), "call {n} is refused");
    }
    let id = waiting(&ana, &run).await.remove(0);
    cluster.api(0, &agent).show(&id).await.expect(200);
    ana.approve(&id).await.expect(200);
    for call in held {
        call.abort();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_vanishes_leaves_no_wait_behind() {
    let Line { cluster, agent, ana } = line().await;
    for version in [BEFORE, NOW] {
        let run = unique("run");
        let call = Peer::new(cluster.api(0, &agent), version).call("request_approval", &question(&run));
        eventually("it waits", async || cluster.waiting(0) == 1).await;
        call.abort();
        eventually("nobody waits", async || cluster.waiting(0) == 0).await;
        // The request stands.
        assert_eq!(waiting(&ana, &run).await.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_request_is_refused_in_words() {
    let Line { cluster, agent, .. } = line().await;
    let api = cluster.api(0, &agent);
    let send = async |body: Vec<u8>| -> Reply {
        let request = api.request(Method::POST, "/mcp").header("Content-Type", "application/json");
        let request = request.header("Accept", "application/json, text/event-stream");
        Api::send(request.body(body).timeout(Duration::from_secs(30))).await
    };
    send(vec![b' '; 2 * 1024 * 1024]).await.problem(413, "too_large");
    for body in ["", "{", "\u{feff}{}", &"[".repeat(100_000)] {
        send(body.into()).await.problem(400, "malformed");
    }
    for body in ["[{}]", "null"] {
        send(body.into()).await.problem(422, "invalid");
    }
    let reply = send(b"{\"jsonrpc\":\"2.0\"}".into()).await;
    assert!((400..500).contains(&reply.status), "{} {}", reply.status, reply.body);
    // What people are shown is what was sent: of two values the parser would keep the last, and a number it would round.
    let call = |context: &str| {
        let arguments = format!("{{\"title\":\"x\",\"context\":{context}}}");
        let params = format!("{{\"name\":\"request_approval\",\"arguments\":{arguments}}}");
        format!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{params}}}").into_bytes()
    };
    send(call("{\"amount\":10,\"amount\":1000000}")).await.problem(400, "malformed");
    send(call("{\"n\":12345678901234567890123}")).await.problem(422, "invalid");
    let request = api.request(Method::POST, "/mcp").header("Content-Type", "text/plain").body("{}");
    Api::send(request).await.problem(415, "unsupported_media_type");
    let peer = Peer::new(api.clone(), NOW);
    let answer = peer.call("permit", &json!({})).await.unwrap();
    assert!(answer["error"]["message"].as_str().unwrap().contains("no tool permit"), "{answer}");
}
