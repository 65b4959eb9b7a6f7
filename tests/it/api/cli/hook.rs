//! `signoff hook`: what stands before an agent's tools. Whatever happens to it, a call runs only where people agreed.

use std::{fs, path::PathBuf};

use serde_json::{Value, json};

use crate::support::{Shell, between::Between, command::Running, eventually, unique};

/// A person's home with a hook in it, and a service to ask.
struct Desk {
    shell: Shell,
    home: PathBuf,
    session: String,
}

const RULES: &str = r#"
[[rule]]
tool = "Bash"
approvers = ["ana"]
timeout = "10m"

[[rule]]
tool = "Answer"
allow_response = true

[[rule]]
tool = "Short"
timeout = "1s"
"#;

impl Desk {
    async fn new() -> Self {
        let home = std::env::temp_dir().join(unique("hook"));
        fs::create_dir_all(home.join(".config/signoff")).unwrap();
        let desk = Self { shell: Shell::new().await, home, session: unique("session") };
        desk.rule(RULES);
        desk
    }

    fn rule(&self, rules: &str) {
        fs::write(self.home.join(".config/signoff/hook.toml"), rules).unwrap();
    }

    fn environment<'a>(&'a self, key: &'a str, url: &'a str) -> [(&'a str, &'a str); 4] {
        let path = "/usr/local/bin:/usr/bin:/bin";
        [
            ("SIGNOFF_URL", url),
            ("SIGNOFF_API_KEY", key),
            ("HOME", self.home.to_str().unwrap()),
            ("PATH", path),
        ]
    }

    fn url(&self) -> &str {
        &self.shell.cluster.instances[0].url
    }

    fn input(&self, id: &str, tool: &str, command: &str) -> String {
        json!({
            "session_id": self.session, "hook_event_name": "PreToolUse", "cwd": "/", "tool_name": tool,
            "tool_input": { "command": command }, "tool_use_id": id,
        })
        .to_string()
    }

    /// The hook before a call; it goes on by itself.
    fn before(&self, id: &str, tool: &str, command: &str, arguments: &[&str]) -> Running {
        let environment = self.environment(&self.shell.agent, self.url());
        started(&[&["hook", "claude-code"], arguments].concat(), &environment, &self.input(id, tool, command))
    }

    /// The approvals of this session, the newest last.
    async fn asked(&self) -> Vec<Value> {
        let api = self.shell.cluster.api(0, &self.shell.ana);
        let pending = api.get("/api/v1/approvals/pending?limit=200").await.body;
        let mut items: Vec<Value> = pending["items"].as_array().unwrap().clone();
        items.retain(|it| it["run_id"] == self.session.as_str());
        items.sort_by_key(|it| it["id"].as_str().unwrap().to_owned());
        items
    }

    /// The ids of so many that wait.
    async fn waiting(&self, count: usize) -> Vec<String> {
        eventually("they are asked", async || self.asked().await.len() == count).await;
        self.asked().await.iter().map(|it| it["id"].as_str().unwrap().to_owned()).collect()
    }

    /// How many approvals were ever asked for here.
    async fn rows(&self) -> i64 {
        let mut conn = self.shell.cluster.database.connect().await;
        sqlx::query_scalar("SELECT count(*) FROM approval_requests WHERE run_id = $1")
            .bind(&self.session)
            .fetch_one(&mut conn)
            .await
            .unwrap()
    }

    async fn decide(&self, verb: &str, id: &str, body: Value) {
        let who = if verb == "cancel" { &self.shell.agent } else { &self.shell.ana };
        let reply =
            self.shell.cluster.api(0, who).post(&format!("/api/v1/approvals/{id}/{verb}"), &body).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        // A test that failed may have left it unwritable.
        let _ = fs::remove_dir_all(&self.home);
    }
}

fn started(arguments: &[&str], environment: &[(&str, &str)], input: &str) -> Running {
    let mut hook = Running::start(arguments, environment);
    drop(hook.write(input));
    hook
}

/// What the agent reads.
async fn answer(hook: Running) -> Value {
    let (code, out, err) = hook.end().await;
    assert_eq!(code, 0, "{out:?} {err:?}");
    serde_json::from_str(&out.concat()).unwrap()
}

/// That the call is blocked: 2, and nothing that an agent could read as an answer.
async fn blocked(hook: Running) -> String {
    let (code, out, err) = hook.end().await;
    assert_eq!((code, out.concat()), (2, String::new()), "{err:?}");
    err.join("\n")
}

fn decision(answer: &Value) -> (&str, &str) {
    let decision = &answer["hookSpecificOutput"];
    let text = |name: &str| decision[name].as_str().unwrap_or_default();
    (text("permissionDecision"), text("permissionDecisionReason"))
}

#[tokio::test(flavor = "multi_thread")]
async fn each_outcome_reaches_the_agent() {
    let desk = Desk::new().await;
    for (id, verb, body, expected) in [
        ("a", "approve", json!({}), ("allow", "")),
        (
            "b",
            "reject",
            json!({ "reason": "not today" }),
            ("deny", "Rejected by ana: not today. Don't try this call again unless you are asked to."),
        ),
        ("c", "cancel", json!({ "reason": "over" }), ("deny", "The request was withdrawn.")),
    ] {
        let hook = desk.before(id, "Bash", "rm -rf build", &[]);
        let asked = desk.waiting(1).await;
        desk.decide(verb, &asked[0], body).await;
        let answer = answer(hook).await;
        assert_eq!(decision(&answer), expected);
        assert_eq!(answer["continue"] == false, verb == "cancel");
    }
    let hook = desk.before("d", "Bash", "rm -rf build", &[]);
    let asked = desk.waiting(1).await;
    desk.decide(
        "approve",
        &asked[0],
        json!({ "modifications": { "arguments": { "command": "rm -rf tmp" } } }),
    )
    .await;
    let edited = answer(hook).await;
    assert_eq!(edited["hookSpecificOutput"]["updatedInput"], json!({ "command": "rm -rf tmp" }));
    let note = "A person changed this call before it ran. Executed with: Bash(command=\"rm -rf tmp\").";
    assert_eq!(edited["hookSpecificOutput"]["additionalContext"], note);
    let hook = desk.before("e", "Answer", "x", &[]);
    let asked = desk.waiting(1).await;
    desk.decide("approve", &asked[0], json!({ "modifications": { "response": "It is gone." } })).await;
    let answered = answer(hook).await;
    assert_eq!(
        decision(&answered),
        ("deny", "The call was not executed. A person answered in its place: It is gone.")
    );
    let lapsed = answer(desk.before("f", "Short", "x", &[])).await;
    assert_eq!(decision(&lapsed), ("deny", "Nobody answered in time. The call was not executed."));
    // No rule: the agent's own go on.
    assert_eq!(desk.before("g", "Read", "x", &[]).end().await.0, 0);
    assert_eq!(desk.rows().await, 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn edits_that_cant_be_carried_out_are_told_to_the_agent_and_its_task() {
    let desk = Desk::new().await;
    let hook = desk.before("a", "Bash", "ls", &[]);
    let asked = desk.waiting(1).await;
    desk.decide("approve", &asked[0], json!({ "modifications": { "response": "no" } })).await;
    let answer = answer(hook).await;
    let words = "an answer in the tool's place is not allowed here. The call was not executed.";
    assert!(decision(&answer).0 == "deny" && decision(&answer).1.ends_with(words), "{answer}");
    let api = desk.shell.cluster.api(0, &desk.shell.ana);
    let events = api.get(&format!("/api/v1/tasks/{}/events?limit=100", desk.session)).await.body;
    let refused =
        events["items"].as_array().unwrap().iter().find(|it| it["event_type"] == "modification_refused");
    assert_eq!(refused.unwrap()["data"]["approval_id"], asked[0].as_str());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_that_was_killed_asks_nobody_twice_and_lets_one_call_run() {
    let desk = Desk::new().await;
    let killed = desk.before("a", "Bash", "deploy", &[]);
    let asked = desk.waiting(1).await;
    killed.signal("KILL");
    drop(killed);
    // The agent tries again; its call has a new id.
    let again = desk.before("b", "Bash", "deploy", &[]);
    desk.decide("approve", &asked[0], json!({})).await;
    assert_eq!(decision(&answer(again).await), ("allow", ""));
    assert_eq!(desk.rows().await, 1);
    // An approval lets one call run.
    let next = desk.before("c", "Bash", "deploy", &[]);
    let asked = desk.waiting(1).await;
    desk.decide("reject", &asked[0], json!({ "reason": "once is enough" })).await;
    assert_eq!(decision(&answer(next).await).0, "deny");
    assert_eq!(desk.rows().await, 2);
    // Also where a model uses an id again.
    for row in 3..=4 {
        let same = desk.before("d", "Bash", "deploy", &[]);
        let asked = desk.waiting(1).await;
        desk.decide("approve", &asked[0], json!({})).await;
        assert_eq!(decision(&answer(same).await), ("allow", ""));
        assert_eq!(desk.rows().await, row);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_calls_that_wait_together_are_decided_apart() {
    let desk = Desk::new().await;
    let hooks = [desk.before("a", "Bash", "deploy", &[]), desk.before("b", "Bash", "deploy", &[])];
    let asked = desk.waiting(2).await;
    desk.decide("approve", &asked[0], json!({})).await;
    desk.decide("reject", &asked[1], json!({ "reason": "no" })).await;
    let mut decisions = Vec::new();
    for hook in hooks {
        decisions.push(decision(&answer(hook).await).0.to_owned());
    }
    decisions.sort();
    assert_eq!(decisions, ["allow", "deny"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn at_its_deadline_a_call_is_denied_and_can_be_tried_again() {
    let desk = Desk::new().await;
    let late = answer(desk.before("a", "Bash", "deploy", &["--deadline", "1s"])).await;
    let asked = desk.waiting(1).await;
    let words =
        format!("Still waiting for sign-off of approval {}. Try the same call again later.", asked[0]);
    assert_eq!(decision(&late), ("deny", words.as_str()));
    desk.decide("approve", &asked[0], json!({})).await;
    assert_eq!(decision(&answer(desk.before("b", "Bash", "deploy", &[])).await), ("allow", ""));
    // What was asked by other rules is asked anew.
    answer(desk.before("c", "Bash", "deploy", &["--deadline", "1s"])).await;
    desk.rule(&RULES.replace("10m", "20m"));
    let renewed = desk.before("d", "Bash", "deploy", &[]);
    let asked = desk.waiting(2).await;
    desk.decide("approve", &asked[1], json!({})).await;
    assert_eq!(decision(&answer(renewed).await), ("allow", ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parked_call_goes_on_when_the_agent_is_resumed() {
    let desk = Desk::new().await;
    let parked = answer(desk.before("a", "Bash", "deploy", &["--park"])).await;
    assert_eq!(decision(&parked), ("defer", ""));
    let asked = desk.waiting(1).await;
    assert_eq!(decision(&answer(desk.before("a", "Bash", "deploy", &["--park"])).await), ("defer", ""));
    desk.decide("approve", &asked[0], json!({})).await;
    assert_eq!(decision(&answer(desk.before("a", "Bash", "deploy", &["--park"])).await), ("allow", ""));
    assert_eq!(desk.rows().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_trouble_blocks_the_call() {
    let desk = Desk::new().await;
    let (agent, url) = (desk.shell.agent.as_str(), desk.url());
    let input = desk.input("a", "Bash", "deploy");
    let hook = |arguments: &[&str], key: &str, url: &str, input: &str| {
        started(
            &[&["hook", "claude-code", "--deadline", "2s"], arguments].concat(),
            &desk.environment(key, url),
            input,
        )
    };
    // The service.
    assert!(blocked(hook(&[], agent, "http://127.0.0.1:9", &input)).await.contains("no outcome in time"));
    assert!(blocked(hook(&[], "so_wrong", url, &input)).await.contains("unauthenticated"));
    assert!(blocked(hook(&[], "so_wrong", "nonsense://", &input)).await.contains("--url"));
    let between = Between::before(url).await;
    for (status, kind, body) in [
        ("503 Service Unavailable", "application/problem+json", r#"{"code": "unavailable"}"#),
        ("500 Internal Server Error", "text/html", "<h1>500</h1>"),
        ("200 OK", "application/json", "{"),
        ("200 OK", "application/json", r#"{"status": "resolved", "resolution": "approved"}"#),
        ("200 OK", "text/html", "approved"),
        ("302 Found", "text/plain", ""),
    ] {
        between.answer(status, &[&format!("content-type: {kind}"), "location: /elsewhere"], body);
        blocked(hook(&[], agent, &between.url, &input)).await;
    }
    // What is given.
    for input in ["", "no call", "[]", "{}", r#"{"session_id": "s", "tool_name": "Bash", "tool_input": {}}"#]
    {
        assert!(blocked(hook(&[], agent, url, input)).await.contains("the call is blocked"), "{input}");
    }
    let deep = desk
        .input("a", "Bash", "x")
        .replace("\"x\"", &format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)));
    blocked(hook(&[], agent, url, &deep)).await;
    // What lies too deep would grow without end.
    let text = serde_json::to_string(&"\"".repeat(2_000)).unwrap();
    let deep = desk
        .input("a", "Bash", "x")
        .replace("\"x\"", &format!("{}{text}{}", "[".repeat(380), "]".repeat(380)));
    assert!(blocked(hook(&[], agent, url, &deep)).await.contains("nested too deeply"));
    let large = desk.input("a", "Bash", &"x".repeat(300_000));
    assert!(blocked(hook(&[], agent, url, &large)).await.contains("262144 are the most"));
    // Who calls it, and the rules.
    blocked(started(&["hook", "claude-code", "--nonsense"], &desk.environment(agent, url), &input)).await;
    blocked(started(&["hook", "claude"], &desk.environment(agent, url), &input)).await;
    blocked(started(&["hook", "codex", "--park"], &desk.environment(agent, url), &input)).await;
    assert!(
        blocked(hook(&["--rules", "/nowhere"], agent, url, &input)).await.contains("can't read the rules")
    );
    desk.rule("[[rule]]\ntool = \"Bash\"\napprovers = \"ana\"");
    assert!(blocked(hook(&[], agent, url, &input)).await.contains("are not valid"));
    assert_eq!(desk.rows().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_that_is_stopped_blocks_the_call() {
    let desk = Desk::new().await;
    for (n, signal) in ["TERM", "INT", "HUP"].into_iter().enumerate() {
        let hook = desk.before(signal, "Bash", signal, &[]);
        desk.waiting(n + 1).await;
        hook.signal(signal);
        assert!(blocked(hook).await.contains("stopped by a signal"), "{signal}");
    }
}

/// A file that holds the process up holds up neither its end nor the agent.
#[tokio::test(flavor = "multi_thread")]
async fn a_hook_that_hangs_is_ended_by_force() {
    let desk = Desk::new().await;
    let rules = desk.home.join("rules");
    assert!(std::process::Command::new("mkfifo").arg(&rules).status().unwrap().success());
    let hook = desk.before("a", "Bash", "deploy", &["--deadline", "1s", "--rules", rules.to_str().unwrap()]);
    assert!(blocked(hook).await.contains("no outcome in time"));
}

/// The instance that holds the wait goes away with its connections, and another one is there later.
#[tokio::test(flavor = "multi_thread")]
async fn a_hook_outlives_the_instance_that_holds_its_wait() {
    let desk = Desk::new().await;
    let between = Between::before(desk.url()).await;
    let environment = desk.environment(&desk.shell.agent, &between.url);
    let hook = started(&["hook", "claude-code"], &environment, &desk.input("a", "Bash", "deploy"));
    let asked = desk.waiting(1).await;
    between.answer("502 Bad Gateway", &["content-type: text/html"], "away");
    desk.decide("approve", &asked[0], json!({})).await;
    eventually("it has met the trouble", async || !between.heads().is_empty()).await;
    between.pass();
    assert_eq!(decision(&answer(hook).await), ("allow", ""));
    assert_eq!(desk.rows().await, 1);
}

/// The hook of an agent that is killed goes on without it, and must not use the approval up.
#[tokio::test(flavor = "multi_thread")]
async fn a_hook_ends_with_its_agent() {
    let desk = Desk::new().await;
    let environment = desk.environment(&desk.shell.agent, desk.url());
    let mut hook = Running::unheard(&["hook", "claude-code"], &environment);
    drop(hook.write(&desk.input("a", "Bash", "deploy")));
    let asked = desk.waiting(1).await;
    hook.stop_reading();
    assert!(blocked(hook).await.contains("the agent is gone"));
    let again = desk.before("b", "Bash", "deploy", &[]);
    desk.decide("approve", &asked[0], json!({})).await;
    assert_eq!(decision(&answer(again).await), ("allow", ""));
    assert_eq!(desk.rows().await, 1);
}

/// A package's upgrade turns the link, and the file that it led to is gone.
#[test]
fn the_hook_is_installed_by_the_name_that_it_was_started_by() {
    let folder = std::env::temp_dir().join(unique("link"));
    fs::create_dir_all(folder.join("bin")).unwrap();
    let link = folder.join("bin/signoff");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_signoff"), &link).unwrap();
    for name in [link.to_str().unwrap(), "signoff"] {
        let mut command = std::process::Command::new(name);
        command.args(["hook", "install", "claude-code", "--print"]).env_clear();
        let output = command.env("PATH", folder.join("bin")).env("HOME", &folder).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains(link.to_str().unwrap()), "{name}: {text}");
    }
    fs::remove_dir_all(folder).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hook_is_installed_and_looked_at() {
    let desk = Desk::new().await;
    let permissions = ["approval:create", "approval:view:pending", "approval:reject"];
    let both = desk.shell.cluster.key("acme", "both", &permissions).await;
    fs::remove_file(desk.home.join(".config/signoff/hook.toml")).unwrap();
    let asker = desk.shell.cluster.key("acme", "asker", &permissions[..2]).await;
    let environment = desk.environment(&asker, desk.url());
    let run = async |arguments: &[&str]| {
        let (code, out, err) = Running::start(arguments, &environment).end().await;
        (code, out.join("\n") + &err.join("\n"))
    };
    for (agent, file) in [("claude-code", ".claude/settings.json"), ("codex", ".codex/hooks.json")] {
        let (code, said) = run(&["hook", "check", agent]).await;
        assert!(code == 2 && said.contains("has no hook of Signoff"), "{said}");
        let (code, said) = run(&["hook", "install", agent]).await;
        assert_eq!(code, 0, "{said}");
        let (code, said) = run(&["hook", "check", agent]).await;
        assert!(code == 0 && said.matches("ok     ").count() == 3, "{said}");
        assert_eq!(said.contains("trusted"), agent == "codex", "{said}");
        // An agent's key must not decide.
        assert!(!said.contains("may also decide"), "{said}");
        let deciding = desk.environment(&both, desk.url());
        let (code, out, _) = Running::start(&["hook", "check", agent], &deciding).end().await;
        assert!(code == 0 && out.concat().contains("may also decide"), "{out:?}");
        let path = desk.home.join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.contains("\"onFailure\": \"block\""), agent == "claude-code", "{text}");
        // An entry that lets calls run is found.
        for (what, instead) in [
            ("\"timeout\": 600", "\"timeout\": 5"),
            ("\"block\"", "\"allow\""),
            (" --deadline", " --help --deadline"),
        ] {
            if text.contains(what) {
                fs::write(&path, text.replace(what, instead)).unwrap();
                let (code, said) = run(&["hook", "check", agent]).await;
                assert!(code == 2 && said.contains("wrong  entry"), "{what}: {said}");
            }
        }
        assert_eq!(run(&["hook", "install", agent]).await.0, 0);
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
        fs::write(&path, text.replacen('{', "{\"disableAllHooks\": true,", 1)).unwrap();
        let (code, said) = run(&["hook", "check", agent]).await;
        assert!(code == 2 && said.contains("turns all hooks off"), "{said}");
    }
    assert_eq!(desk.rows().await, 0);
}
