//! `signoff mcp`: an agent asks people by the tools of an MCP server on standard input and output.

use std::{io::Write, process::ChildStdin};

use serde_json::{Value, json};

use crate::support::{Shell, command::Running, eventually, unique};

const NOW: &str = "2026-07-28";
const BEFORE: &str = "2025-06-18";
const TASKS: &str = "io.modelcontextprotocol/tasks";

/// A client of one protocol version, at the other end.
struct Peer {
    process: Running,
    stdin: ChildStdin,
    version: &'static str,
    capabilities: Value,
    next: u64,
}

impl Peer {
    async fn new(
        shell: &Shell,
        run: &str,
        version: &'static str,
        capabilities: Value,
        flags: &[&str],
    ) -> Self {
        let home = std::env::temp_dir();
        let mut environment = shell.environment(&shell.agent).to_vec();
        environment.extend([("SIGNOFF_RUN", run), ("XDG_STATE_HOME", home.to_str().unwrap())]);
        let mut process = Running::start(&[&["mcp"], flags].concat(), &environment);
        let stdin = process.write("");
        let mut peer = Self { process, stdin, version, capabilities, next: 0 };
        if version == BEFORE {
            let client = json!({ "name": "test", "version": "1" });
            let hello = json!({ "protocolVersion": version, "capabilities": peer.capabilities, "clientInfo": client });
            let answer = peer.ask("initialize", hello).await;
            assert_eq!(answer["result"]["protocolVersion"], version, "{answer}");
            peer.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
        }
        peer
    }

    fn send(&mut self, message: &Value) {
        self.stdin.write_all(format!("{message}\n").as_bytes()).unwrap();
    }

    /// Sends a request; its answer may come much later.
    fn begin(&mut self, method: &str, mut params: Value) -> u64 {
        self.next += 1;
        if self.version == NOW {
            params["_meta"] = json!({
                "io.modelcontextprotocol/protocolVersion": NOW,
                "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "1" },
                "io.modelcontextprotocol/clientCapabilities": self.capabilities,
            });
        }
        self.send(&json!({ "jsonrpc": "2.0", "id": self.next, "method": method, "params": params }));
        self.next
    }

    async fn answer(&mut self, id: u64) -> Value {
        loop {
            let message: Value = serde_json::from_str(&self.process.stdout.next().await).unwrap();
            if message["id"] == id {
                return message;
            }
        }
    }

    async fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = self.begin(method, params);
        self.answer(id).await
    }

    fn call(&mut self, tool: &str, arguments: &Value) -> u64 {
        self.begin("tools/call", json!({ "name": tool, "arguments": arguments }))
    }
}

/// The approvals that wait in the run.
async fn waiting(shell: &Shell, run: &str) -> Vec<String> {
    let api = shell.cluster.api(0, &shell.ana);
    let pending = api.get(&format!("/api/v1/approvals/pending?run_id={run}")).await.body;
    pending["items"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap().to_owned()).collect()
}

async fn asked(shell: &Shell, run: &str) -> String {
    eventually("it is asked", async || waiting(shell, run).await.len() == 1).await;
    waiting(shell, run).await.remove(0)
}

async fn decide(shell: &Shell, verb: &str, id: &str, body: Value) {
    let reply = shell.cluster.api(0, &shell.ana).post(&format!("/api/v1/approvals/{id}/{verb}"), &body).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
}

fn words(result: &Value) -> &str {
    result["content"][0]["text"].as_str().unwrap()
}

fn question() -> Value {
    json!({ "title": "Ship build 812?", "context": { "build": 812 } })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_answered_with_what_people_decided() {
    let shell = Shell::new().await;
    for version in [BEFORE, NOW] {
        let run = unique("run");
        let mut peer = Peer::new(&shell, &run, version, json!({}), &[]).await;
        let tools = peer.ask("tools/list", json!({})).await;
        let names: Vec<&str> = tools["result"]["tools"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["name"].as_str().unwrap())
            .collect();
        assert_eq!(names, ["request_approval", "wait_for_approval", "permit"]);
        for (key, verb, body, is_error, expected) in [
            ("a", "approve", json!({ "comment": "go on" }), false, "Approved by ana: go on"),
            (
                "b",
                "reject",
                json!({ "reason": "not today" }),
                true,
                "Rejected by ana: not today\nDon't do it",
            ),
            (
                "c",
                "approve",
                json!({ "modifications": { "build": 813 } }),
                false,
                "Approved with changes by ana.\nDo it with these changes, and not as you asked: {\"build\":813}",
            ),
        ] {
            let mut arguments = question();
            arguments["key"] = format!("{run}-{key}").into();
            let call = peer.call("request_approval", &arguments);
            let id = asked(&shell, &run).await;
            decide(&shell, verb, &id, body).await;
            let answer = peer.answer(call).await;
            let result = &answer["result"];
            assert!(words(result).starts_with(expected), "{answer}");
            assert_eq!(result["isError"].as_bool().unwrap_or_default(), is_error);
            let data = &result["structuredContent"];
            assert_eq!((&data["approval_id"], &data["message"]), (&json!(id), &json!(words(result))));
            // The same again is the same request.
            let again = peer.call("request_approval", &arguments);
            assert_eq!(words(&peer.answer(again).await["result"]), words(result));
        }
    }
}

/// An older client, and what its model is told after each leg.
#[tokio::test(flavor = "multi_thread")]
async fn a_model_is_told_to_call_again() {
    let shell = Shell::new().await;
    let run = unique("run");
    let mut peer = Peer::new(&shell, &run, BEFORE, json!({}), &["--hold", "1s"]).await;
    let call = peer.call("request_approval", &question());
    let answer = peer.answer(call).await;
    let id = asked(&shell, &run).await;
    let told = format!("Not decided yet. Approval {id} is waiting. Call wait_for_approval with it.");
    assert!(words(&answer["result"]) == told && answer["result"]["isError"] == true, "{answer}");
    let call = peer.call("wait_for_approval", &json!({ "approval_id": id }));
    decide(&shell, "approve", &id, json!({})).await;
    let answer = peer.answer(call).await;
    assert_eq!(words(&answer["result"]), "Approved by ana.\nThis is about: Ship build 812?");
}

/// A client of the newest protocol sends the call again by itself, ten times.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_comes_back_with_a_state() {
    let shell = Shell::new().await;
    let run = unique("run");
    let mut peer = Peer::new(&shell, &run, NOW, json!({}), &["--hold", "1s"]).await;
    let arguments = question();
    let mut params = json!({ "name": "request_approval", "arguments": arguments });
    for round in 0..10 {
        let answer = peer.ask("tools/call", params.clone()).await;
        if round == 9 {
            // The client would give up.
            assert!(words(&answer["result"]).starts_with("Not decided yet."), "{answer}");
            break;
        }
        assert_eq!(answer["result"]["resultType"], "input_required", "{answer}");
        params["requestState"] = answer["result"]["requestState"].clone();
    }
    let id = asked(&shell, &run).await;
    decide(&shell, "approve", &id, json!({})).await;
    let answer = peer.ask("tools/call", params.clone()).await;
    assert_eq!(words(&answer["result"]), "Approved by ana.");
    // Of another call, it counts for nothing.
    params["arguments"]["title"] = "Drop the database?".into();
    let answer = peer.ask("tools/call", params).await;
    assert!(
        answer["result"]["isError"] == true && words(&answer["result"]).contains("not valid"),
        "{answer}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_knows_tasks_gets_one() {
    let shell = Shell::new().await;
    let run = unique("run");
    let capabilities = json!({ "extensions": { TASKS: {} } });
    let mut peer = Peer::new(&shell, &run, NOW, capabilities, &[]).await;
    let call = peer.call("request_approval", &question());
    let made = peer.answer(call).await;
    let id = asked(&shell, &run).await;
    assert_eq!(
        (&made["result"]["resultType"], &made["result"]["taskId"]),
        (&json!("task"), &json!(id)),
        "{made}"
    );
    let working = peer.ask("tasks/get", json!({ "taskId": id })).await;
    assert_eq!(working["result"]["status"], "working", "{working}");
    decide(&shell, "reject", &id, json!({ "reason": "no" })).await;
    let done = peer.ask("tasks/get", json!({ "taskId": id })).await;
    assert_eq!(done["result"]["status"], "completed", "{done}");
    assert!(done["result"]["result"]["isError"] == true, "{done}");
    // One that is cancelled.
    let mut arguments = question();
    arguments["key"] = unique("key").into();
    let call = peer.call("request_approval", &arguments);
    let id = peer.answer(call).await["result"]["taskId"].as_str().unwrap().to_owned();
    let cancelled = peer.ask("tasks/cancel", json!({ "taskId": id })).await;
    assert!(cancelled["error"].is_null(), "{cancelled}");
    assert_eq!(peer.ask("tasks/get", json!({ "taskId": id })).await["result"]["status"], "cancelled");
    // What was asked elsewhere is neither read nor cancelled.
    let agent = shell.cluster.api(0, &shell.agent);
    let tool_call =
        json!({ "run_id": run, "approval_type": "tool_call", "context": {}, "timeout_seconds": 900 });
    let foreign = agent.ask(tool_call).await;
    for method in ["tasks/get", "tasks/cancel"] {
        let answer = peer.ask(method, json!({ "taskId": foreign })).await;
        assert!(
            answer["error"]["message"].as_str().unwrap().contains("is none of this agent's request_approval"),
            "{answer}"
        );
    }
    let call = peer.call("wait_for_approval", &json!({ "approval_id": foreign }));
    agent.cancel(&foreign, "over").await;
    let answer = peer.answer(call).await;
    assert!(words(&answer["result"]).contains("is none of this agent's request_approval"), "{answer}");
    let unknown = peer.ask("tasks/get", json!({ "taskId": uuid::Uuid::now_v7() })).await;
    assert!(unknown["error"]["message"].as_str().unwrap().contains("not_found"), "{unknown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permission_prompt_is_answered_with_one_text() {
    let shell = Shell::new().await;
    let run = unique("run");
    let mut peer = Peer::new(&shell, &run, NOW, json!({}), &[]).await;
    let permit = |id: &str| json!({ "tool_name": "Bash", "input": { "command": "ls" }, "tool_use_id": id });
    for (call_id, verb, body, expected) in [
        ("a", "approve", json!({}), json!({ "behavior": "allow", "updatedInput": { "command": "ls" } })),
        (
            "b",
            "reject",
            json!({ "reason": "no" }),
            json!({ "behavior": "deny", "interrupt": false,
                "message": "Rejected by ana: no. Don't try this call again unless you are asked to." }),
        ),
        (
            "c",
            "approve",
            json!({ "modifications": { "arguments": { "command": "pwd" } } }),
            json!({ "behavior": "allow", "updatedInput": { "command": "pwd" } }),
        ),
    ] {
        let call = peer.call("permit", &permit(call_id));
        let id = asked(&shell, &run).await;
        decide(&shell, verb, &id, body).await;
        let answer = peer.answer(call).await;
        let content = answer["result"]["content"].as_array().unwrap();
        assert!(content.len() == 1 && answer["result"]["structuredContent"].is_null(), "{answer}");
        assert_eq!(serde_json::from_str::<Value>(words(&answer["result"])).unwrap(), expected);
    }
    let call = peer.call("permit", &json!({ "tool_name": "Bash", "input": {} }));
    let answer = peer.answer(call).await;
    let denied: Value = serde_json::from_str(words(&answer["result"])).unwrap();
    assert!(
        denied["behavior"] == "deny" && denied["message"].as_str().unwrap().contains("no id"),
        "{denied}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn trouble_is_a_result_that_says_not_to_go_on() {
    let shell = Shell::new().await;
    let run = unique("run");
    let mut peer = Peer::new(
        &shell,
        &run,
        NOW,
        json!({}),
        &["--url", "http://127.0.0.1:9", "--hold", "1s", "--deadline", "1s"],
    )
    .await;
    for (tool, arguments) in [
        ("request_approval", question()),
        ("request_approval", json!({ "title": "x" })),
        ("request_approval", json!({ "title": "x", "context": {}, "approver": ["ana"] })),
        ("wait_for_approval", json!({ "approval_id": uuid::Uuid::now_v7() })),
    ] {
        let call = peer.call(tool, &arguments);
        let answer = peer.answer(call).await;
        let told = words(&answer["result"]);
        assert!(answer["result"]["isError"] == true && told.contains("on't do it"), "{answer}");
    }
    let call = peer.call("permit", &json!({ "tool_name": "Bash", "input": {}, "tool_use_id": "a" }));
    let answer = peer.answer(call).await;
    assert!(words(&answer["result"]).contains("\"behavior\":\"deny\""), "{answer}");
    let call = peer.call("approve", &json!({}));
    assert!(peer.answer(call).await["error"]["message"].as_str().unwrap().contains("no tool approve"));
}
