//! `signoff mcp gateway`: another server's tools, behind sign-off.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::ChildStdin,
};

use serde_json::{Value, json};

use crate::support::{Shell, command::Running, eventually, unique};

/// A server with two tools. Each call of one is a line in the file that it is given.
const SERVER: &str = r#"
import json, sys
log = open(sys.argv[1], "a", buffering=1)
tools = [{"name": "write", "description": "Writes.", "inputSchema": {"type": "object"}},
         {"name": "read", "description": "Reads.", "inputSchema": {"type": "object"}, "annotations": {"readOnlyHint": True}}]
for line in sys.stdin:
    asked = json.loads(line)
    method, params = asked.get("method"), asked.get("params") or {}
    if "id" not in asked:
        continue
    if method == "initialize":
        result = {"protocolVersion": params["protocolVersion"], "capabilities": {"tools": {}},
                  "serverInfo": {"name": "files", "version": "1"}, "instructions": "Files."}
    elif method == "tools/list":
        result = {"tools": tools}
    elif method == "tools/call" and params["arguments"]["path"] == "refused":
        print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "error": {"code": -32602, "message": "no such path"}}), flush=True)
        continue
    elif method == "tools/call":
        log.write(json.dumps([params["name"], params.get("arguments")]) + "\n")
        if params["arguments"]["path"] == "last":
            sys.exit()
        result = {"content": [{"type": "text", "text": "done"}]}
    else:
        print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "error": {"code": -32601, "message": method}}), flush=True)
        continue
    print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": result}), flush=True)
"#;

/// A client before a gateway before the server.
struct Line {
    shell: Shell,
    folder: PathBuf,
    run: String,
    process: Running,
    stdin: ChildStdin,
    next: u64,
}

impl Line {
    async fn new(flags: &[&str]) -> Self {
        let folder = std::env::temp_dir().join(unique("gateway"));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("rules.toml"), "[[rule]]\ntool = \"write\"\napprovers = [\"ana\"]\n").unwrap();
        let (shell, run) = (Shell::new().await, unique("run"));
        let (process, stdin) = Self::start(&shell, &folder, &run, flags);
        let mut line = Self { shell, folder, run, process, stdin, next: 0 };
        line.hello().await;
        line
    }

    fn start(shell: &Shell, folder: &Path, run: &str, flags: &[&str]) -> (Running, ChildStdin) {
        Self::start_with(shell, folder, folder.to_str().unwrap(), run, flags)
    }

    fn start_with(
        shell: &Shell,
        folder: &Path,
        state: &str,
        run: &str,
        flags: &[&str],
    ) -> (Running, ChildStdin) {
        let place = |name: &str| folder.join(name).to_str().unwrap().to_owned();
        let (rules, ran) = (place("rules.toml"), place("ran"));
        let path = std::env::var("PATH").unwrap();
        let mut environment = shell.environment(&shell.agent).to_vec();
        environment.extend([("SIGNOFF_RUN", run), ("XDG_STATE_HOME", state), ("PATH", &path)]);
        let server = ["--", "python3", "-c", SERVER, &ran];
        let arguments = [&["mcp", "gateway", "--rules", &rules], flags, &server].concat();
        let mut process = Running::start(&arguments, &environment);
        let stdin = process.write("");
        (process, stdin)
    }

    async fn hello(&mut self) {
        let client = json!({ "name": "test", "version": "1" });
        let hello = json!({ "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client });
        let id = self.begin("initialize", &hello);
        let answer = self.answer(id).await;
        assert_eq!(answer["result"]["instructions"], "Files.", "{answer}");
        self.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
    }

    fn send(&mut self, message: &Value) {
        self.stdin.write_all(format!("{message}\n").as_bytes()).unwrap();
    }

    fn begin(&mut self, method: &str, params: &Value) -> u64 {
        self.next += 1;
        self.send(&json!({ "jsonrpc": "2.0", "id": self.next, "method": method, "params": params }));
        self.next
    }

    fn call(&mut self, tool: &str, path: &str) -> u64 {
        self.begin("tools/call", &json!({ "name": tool, "arguments": { "path": path, "size": 1.10 } }))
    }

    async fn answer(&mut self, id: u64) -> Value {
        loop {
            let message: Value = serde_json::from_str(&self.process.stdout.next().await).unwrap();
            if message["id"] == id {
                return message;
            }
        }
    }

    async fn words(&mut self, id: u64) -> String {
        let answer = self.answer(id).await;
        let content = answer["result"]["content"].as_array().unwrap_or_else(|| panic!("{answer}")).clone();
        content.iter().map(|it| it["text"].as_str().unwrap()).collect::<Vec<_>>().join("\n")
    }

    async fn waiting(&self, count: usize) -> Vec<String> {
        let api = self.shell.cluster.api(0, &self.shell.ana);
        let path = format!("/api/v1/approvals/pending?run_id={}", self.run);
        let items = async || api.get(&path).await.body["items"].as_array().unwrap().clone();
        eventually("they are asked", async || items().await.len() == count).await;
        items().await.iter().map(|it| it["id"].as_str().unwrap().to_owned()).collect()
    }

    async fn decide(&self, verb: &str, id: &str, body: Value) {
        let api = self.shell.cluster.api(0, &self.shell.ana);
        let reply = api.post(&format!("/api/v1/approvals/{id}/{verb}"), &body).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
    }

    /// What the server was called with.
    fn ran(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.folder.join("ran")).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        // It is only in the way.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_servers_call_runs_as_people_decide() {
    let mut line = Line::new(&[]).await;
    let list = line.begin("tools/list", &json!({}));
    assert_eq!(line.answer(list).await["result"]["tools"].as_array().unwrap().len(), 2);
    for (verb, body, told) in [
        ("approve", json!({}), "done"),
        (
            "reject",
            json!({ "reason": "no" }),
            "Rejected by ana: no. Don't try this call again unless you are asked to.",
        ),
        (
            "approve",
            json!({ "modifications": { "arguments": { "path": "b" } } }),
            "A person changed this call before it ran. Executed with: write(path=\"b\", size=1.1).\ndone",
        ),
        (
            "approve",
            json!({ "modifications": { "response": "x" } }),
            "The edits of ana could not be carried out: an answer in the tool's place is not allowed here. The call was not executed.",
        ),
    ] {
        let call = line.call("write", "a");
        let asked = line.waiting(1).await;
        line.decide(verb, &asked[0], body).await;
        assert_eq!(line.words(call).await, told);
    }
    let expected =
        [json!(["write", { "path": "a", "size": 1.1 }]), json!(["write", { "path": "b", "size": 1.1 }])];
    assert_eq!(line.ran(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_that_no_rule_names_is_asked_about() {
    let mut line = Line::new(&[]).await;
    let call = line.call("read", "a");
    let asked = line.waiting(1).await;
    assert!(line.ran().is_empty());
    line.decide("approve", &asked[0], json!({})).await;
    assert_eq!(line.words(call).await, "done");
    // Unless the server is believed where it says that a tool only reads.
    let mut trusting = Line::new(&["--trust-read-only"]).await;
    let call = trusting.call("read", "a");
    assert_eq!(trusting.words(call).await, "done");
    let call = trusting.call("write", "a");
    let asked = trusting.waiting(1).await;
    trusting.decide("reject", &asked[0], json!({ "reason": "no" })).await;
    assert!(trusting.words(call).await.starts_with("Rejected by ana"));
    assert_eq!(trusting.ran().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_made_again_until_it_is_decided_and_runs_once() {
    let mut line = Line::new(&["--hold", "1s"]).await;
    let call = line.call("write", "a");
    let told = line.words(call).await;
    let asked = line.waiting(1).await;
    assert_eq!(told, format!("Not decided yet. Approval {} is waiting. Make the same call again.", asked[0]));
    // The gateway is killed and started again meanwhile.
    line.process.signal("KILL");
    let (process, stdin) = Line::start(&line.shell, &line.folder, &line.run, &["--hold", "1s"]);
    (line.process, line.stdin) = (process, stdin);
    line.hello().await;
    line.decide("approve", &asked[0], json!({})).await;
    let call = line.call("write", "a");
    assert_eq!(line.words(call).await, "done");
    assert_eq!(line.ran().len(), 1);
    // Once more is another question.
    let call = line.call("write", "a");
    assert!(line.words(call).await.starts_with("Not decided yet."));
    line.waiting(1).await;
}

/// Two gateways of one run, each before a server of its own.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_asked_for_one_server_lets_no_other_run() {
    let mut line = Line::new(&["--hold", "1s"]).await;
    let call = line.call("write", "a");
    assert!(line.words(call).await.starts_with("Not decided yet."));
    let asked = line.waiting(1).await;
    line.process.signal("KILL");
    line.decide("approve", &asked[0], json!({})).await;
    // The same call of another server's tool of that name.
    let folder = line.folder.join("other");
    fs::create_dir_all(&folder).unwrap();
    fs::copy(line.folder.join("rules.toml"), folder.join("rules.toml")).unwrap();
    let state = line.folder.to_str().unwrap().to_owned();
    let (process, stdin) = Line::start_with(&line.shell, &folder, &state, &line.run, &["--hold", "1s"]);
    (line.process, line.stdin) = (process, stdin);
    line.hello().await;
    let call = line.call("write", "a");
    assert!(line.words(call).await.starts_with("Not decided yet."));
    let again = line.waiting(1).await;
    assert_ne!(again, asked);
    assert_eq!(fs::read_to_string(folder.join("ran")).unwrap(), "");
    let api = line.shell.cluster.api(0, &line.shell.ana);
    assert_eq!(api.show(&again[0]).await.body["metadata"]["server"], "files");
}

/// Nobody is told that a call was not executed where that isn't known.
#[tokio::test(flavor = "multi_thread")]
async fn what_became_of_a_call_that_was_sent_is_said_as_it_is() {
    let mut line = Line::new(&[]).await;
    let call = line.call("write", "refused");
    let asked = line.waiting(1).await;
    line.decide("approve", &asked[0], json!({})).await;
    assert_eq!(line.words(call).await, "The server refused the call: no such path");
    let call = line.call("write", "last");
    let asked = line.waiting(1).await;
    line.decide("approve", &asked[0], json!({})).await;
    let told = line.words(call).await;
    assert!(told.starts_with("The call was sent to the server, and whether it ran is unknown: "), "{told}");
    assert_eq!(line.ran().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_calls_are_decided_apart() {
    let mut line = Line::new(&[]).await;
    let (first, second) = (line.call("write", "a"), line.call("write", "b"));
    for id in line.waiting(2).await {
        let api = line.shell.cluster.api(0, &line.shell.ana);
        let title = api.show(&id).await.body["title"].as_str().unwrap().to_owned();
        let (verb, body) = if title.contains("\"a\"") {
            ("reject", json!({ "reason": "no" }))
        } else {
            ("approve", json!({}))
        };
        line.decide(verb, &id, body).await;
    }
    let mut told = Vec::new();
    // In whichever order they come.
    for _ in 0..2 {
        let message: Value = serde_json::from_str(&line.process.stdout.next().await).unwrap();
        told.push((
            message["id"].as_u64().unwrap(),
            message["result"]["content"][0]["text"].as_str().unwrap().to_owned(),
        ));
    }
    told.sort();
    assert!(told[0].0 == first && told[0].1.starts_with("Rejected"), "{told:?}");
    assert!(told[1].0 == second && told[1].1 == "done", "{told:?}");
    assert_eq!(line.ran().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_trouble_nothing_runs() {
    let mut line = Line::new(&["--url", "http://127.0.0.1:9", "--hold", "1s"]).await;
    let call = line.call("write", "a");
    assert!(line.words(call).await.starts_with("The call was not executed: "));
    assert!(line.ran().is_empty());
    let environment = line.shell.environment(&line.shell.agent);
    for server in [&["/nowhere/server"][..], &["true"], &["echo", "hello"]] {
        let gateway = Running::start(&[&["mcp", "gateway", "--"], server].concat(), &environment);
        let (code, out, err) = gateway.end().await;
        assert!(code == 14 && out.is_empty(), "{out:?} {err:?}");
    }
}
