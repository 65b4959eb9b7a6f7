//! `signoff emit`: events from a shell.

use std::{
    os::unix::fs::PermissionsExt,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    http::{StatusCode, header::CONTENT_TYPE},
    routing::post,
};
use serde_json::{Value, json};

use crate::support::{
    Cluster, Setup,
    command::Running,
    process::signoff,
    proxy::{Mode, Proxy},
    unique,
};

const TASK: &str = "/api/v1/tasks/t/events";

struct Shell {
    cluster: Cluster,
    key: String,
}

impl Shell {
    async fn new() -> Self {
        let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
        let key = cluster.member("agent").await;
        Self { cluster, key }
    }

    async fn emit(&self, arguments: &[&str]) -> (i32, String) {
        let environment =
            [("SIGNOFF_URL", self.cluster.instances[0].url.as_str()), ("SIGNOFF_API_KEY", &self.key)];
        let output = signoff(&[&["emit"], arguments].concat(), &environment).await;
        let said = if output.stdout.is_empty() { output.stderr } else { output.stdout };
        (output.status.code().unwrap(), String::from_utf8(said).unwrap())
    }

    fn lines(&self, url: &str, arguments: &[&str]) -> Running {
        Running::start(&[&["emit", "t", "--lines"], arguments].concat(), &self.environment(url))
    }

    fn environment<'a>(&'a self, url: &'a str) -> [(&'a str, &'a str); 2] {
        [("SIGNOFF_URL", url), ("SIGNOFF_API_KEY", &self.key)]
    }

    /// The log of the task, whole.
    async fn log(&self) -> Vec<Value> {
        let api = self.cluster.api(0, &self.key);
        let mut items = Vec::new();
        let mut after = String::new();
        loop {
            let page = api.get(&format!("{TASK}?limit=200{after}")).await.expect(200).body;
            items.extend(page["items"].as_array().unwrap().iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => return items,
            }
        }
    }

    async fn logged(&self) -> Vec<String> {
        let log = self.log().await;
        log.iter().map(|event| event["data"]["line"].as_str().unwrap().to_owned()).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn single_events_say_what_they_are_told_to() {
    let shell = Shell::new().await;
    let file = std::env::temp_dir().join(unique("emit"));
    std::fs::write(&file, r#"["from", "a file"]"#).unwrap();
    let at = format!("@{}", file.display());
    let (code, said) = shell.emit(&["t"]).await;
    assert!(code == 0 && said.contains("no socket follows"), "{said}");
    assert_eq!(shell.emit(&["t", "mine", "--data", r#"{"a": 1}"#]).await.0, 0);
    let (code, said) = shell.emit(&["t", "mine", "--data", &at, "--json"]).await;
    std::fs::remove_file(file).unwrap();
    let answer: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((code, &answer["connected"]), (0, &json!(false)));
    let log = shell.log().await;
    let events: Vec<_> = log.iter().map(|it| (it["event_type"].as_str().unwrap(), &it["data"])).collect();
    let file = json!(["from", "a file"]);
    assert_eq!(events, [("output", &json!({})), ("mine", &json!({ "a": 1 })), ("mine", &file)]);
    assert_eq!(answer["cursor"], log[2]["cursor"]);
    for (arguments, code, words) in [
        (&["t", "hello"][..], 12, "reserved"),
        (&["t", "--data", "{"], 14, "--data"),
        (&["t", "--data", "@/no/such/file"], 14, "no/such/file"),
        (&["t", "--data", "{}", "--lines"], 10, "--lines"),
    ] {
        let (exit, said) = shell.emit(arguments).await;
        assert!(exit == code && said.contains(words), "{exit} {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_become_events_in_their_order() {
    let shell = Shell::new().await;
    let url = shell.cluster.instances[0].url.clone();
    let lines: Vec<String> = (0..350).map(|n| format!("line {n} \u{1b}[1m \"é\"")).collect();
    let mut emit = shell.lines(&url, &[]);
    drop(emit.write(&(lines.join("\n") + "\r\n\nwithout an end")));
    let (code, out, err) = emit.end().await;
    assert_eq!((code, err), (0, vec![]));
    assert!(out[0].starts_with("352 events; cursor "), "{out:?}");
    let logged = shell.logged().await;
    assert_eq!(logged[..350], lines);
    assert_eq!(logged[350..], ["", "without an end"]);
    // They go out as they come, not when all are there.
    let mut emit = shell.lines(&url, &["progress", "--json"]);
    let stdin = emit.write("early\n");
    let answer: Value = serde_json::from_str(&emit.stdout.next().await).unwrap();
    let log = shell.log().await;
    let last = log.last().unwrap();
    assert_eq!((&last["cursor"], &last["event_type"]), (&answer["cursor"], &json!("progress")));
    drop(stdin);
    let nothing = shell.lines(&url, &[]).end().await;
    assert_eq!((emit.end().await.0, nothing.0, nothing.1), (0, 0, vec!["0 events".to_owned()]));
    // What is refused stays refused, and is told at once.
    let mut emit = shell.lines(&url, &["hello"]);
    let open = emit.write("never mind\n");
    emit.stderr.until("reserved").await;
    drop(open);
    let (code, out, _) = emit.end().await;
    assert_eq!((code, out), (12, vec!["0 events, 1 left out".to_owned()]));
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_no_event_can_carry_are_replaced() {
    let shell = Shell::new().await;
    let url = shell.cluster.instances[0].url.clone();
    let mut emit = shell.lines(&url, &[]);
    let long = "x".repeat(100_000);
    let mut input = b"before\na\0b\nc\xffd\n\x1b[1m\x7f\n".to_vec();
    input.extend_from_slice(format!("{long}\nafter").as_bytes());
    drop(emit.write_bytes(&input));
    let (code, out, err) = emit.end().await;
    assert_eq!((code, err), (0, vec![]), "{out:?}");
    let logged = shell.logged().await;
    assert_eq!(logged[..4], ["before", "a\u{FFFD}b", "c\u{FFFD}d", "\u{1b}[1m\u{7f}"]);
    assert_eq!((logged[4..logged.len() - 1].concat(), logged.last().unwrap().as_str()), (long, "after"));
}

/// A producer that writes to a closed pipe is ended by a signal, and with it the build.
#[tokio::test(flavor = "multi_thread")]
async fn no_refusal_ends_the_program_before_the_pipe() {
    let shell = Shell::new().await;
    let url = shell.cluster.instances[0].url.as_str();
    let environment = [("SIGNOFF_URL", url), ("SIGNOFF_API_KEY", "so_unknownkeyxx_0123456789abcdef0123")];
    let mut emit = Running::start(&["emit", "t", "--lines"], &environment);
    let mut stdin = emit.write("first\n");
    let said = emit.stderr.until("unauthenticated").await;
    assert!(said.contains("0 events are in the log"), "{said}");
    // More than a pipe holds.
    std::io::Write::write_all(&mut stdin, "line\n".repeat(200_000).as_bytes()).unwrap();
    drop(stdin);
    assert_eq!(emit.end().await.0, 12);
    // Nor does it end where nobody reads what is printed, or the disk is full.
    let mut emit = Running::unheard(&["emit", "t", "--lines", "--json"], &shell.environment(url));
    emit.stop_reading();
    drop(emit.write(&"line\n".repeat(1_000)));
    assert_eq!(emit.end().await.0, 0);
    assert_eq!(shell.log().await.len(), 1_000);
}

/// What is wrong before the first line is sent ends it no sooner.
#[tokio::test(flavor = "multi_thread")]
async fn no_failing_set_up_ends_the_program_before_the_pipe() {
    let place = std::env::temp_dir().join(unique("home"));
    std::fs::create_dir_all(place.join("signoff")).unwrap();
    let kept = place.join("signoff/credentials.toml");
    std::fs::write(&kept, "").unwrap();
    std::fs::set_permissions(&kept, std::fs::Permissions::from_mode(0o644)).unwrap();
    let url = ("SIGNOFF_URL", "http://127.0.0.1:9");
    let elsewhere = ("SIGNOFF_URL", "wss://signoff.example.com");
    for (environment, expected, words) in [
        (&[url][..], 14, "not signed in"),
        (&[url, ("SIGNOFF_API_KEY_FILE", "/no/such/file")], 14, "/no/such/file"),
        (&[url, ("XDG_CONFIG_HOME", place.to_str().unwrap())], 14, "chmod 600"),
        (&[elsewhere, ("SIGNOFF_API_KEY", "x")], 10, "write https://signoff.example.com"),
    ] {
        let mut emit = Running::start(&["emit", "t", "--lines"], environment);
        let said = emit.stderr.until(words).await;
        assert!(said.contains("what still comes is read and not sent"), "{said}");
        // More than a pipe holds.
        drop(emit.write(&"line\n".repeat(200_000)));
        let (code, out, err) = emit.end().await;
        let last = err.last().unwrap();
        assert!(code == expected && out.is_empty() && last.contains(words), "{code} {out:?} {err:?}");
    }
    std::fs::remove_dir_all(place).unwrap();
}

/// A service that refuses what holds a word: only that line is left out, and the others keep their order.
#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_is_refused_loses_no_other() {
    let (taken, url) = picky_service().await;
    let mut emit = Running::start(
        &["emit", "t", "--lines"],
        &[("SIGNOFF_URL", url.as_str()), ("SIGNOFF_API_KEY", "key")],
    );
    let lines: Vec<String> =
        (0..250).map(|n| format!("{n}{}", if n % 100 == 7 { " poison" } else { "" })).collect();
    drop(emit.write(&lines.join("\n")));
    let (code, out, err) = emit.end().await;
    assert_eq!((code, err.len()), (12, 3), "{out:?} {err:?}");
    assert!(out[0].starts_with("247 events, 3 left out"), "{out:?}");
    assert!(err[0].contains("event 8 is left out: invalid: poison"), "{err:?}");
    let expected: Vec<String> = lines.into_iter().filter(|line| !line.contains("poison")).collect();
    assert_eq!(*taken.lock().unwrap(), expected);
}

/// Takes events as the service does, but for poison.
async fn picky_service() -> (Arc<Mutex<Vec<String>>>, String) {
    let taken = Arc::new(Mutex::new(Vec::new()));
    let take = {
        let taken = taken.clone();
        move |Json(body): Json<Value>| {
            let events = body["events"].as_array().unwrap();
            let lines = events.iter().map(|it| it["data"]["line"].as_str().unwrap().to_owned());
            let lines: Vec<String> = lines.collect();
            let (status, answer, kind) = if lines.iter().any(|line| line.contains("poison")) {
                let problem =
                    json!({ "status": 422, "code": "invalid", "title": "Invalid", "detail": "poison" });
                (422, problem, "application/problem+json")
            } else {
                taken.lock().unwrap().extend(lines);
                (202, json!({ "cursor": "7", "connected": false }), "application/json")
            };
            let status = StatusCode::from_u16(status).unwrap();
            async move { (status, [(CONTENT_TYPE, kind)], answer.to_string()) }
        }
    };
    let router = Router::new().route("/api/v1/tasks/t/events", post(take));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::task::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (taken, url)
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_survive_trouble() {
    let shell = Shell::new().await;
    let (proxy, url) = Proxy::before(&shell.cluster.instances[0].url).await;
    proxy.set(Mode::Cut);
    let mut emit = shell.lines(&url, &[]);
    let stdin = emit.write("a\nb\n");
    emit.stderr.until("trying again").await;
    proxy.set(Mode::LoseAnswers);
    let said = emit.stderr.until("may come twice").await;
    assert!(said.contains("2 events"), "{said}");
    proxy.set(Mode::Pass);
    drop(stdin);
    assert_eq!(emit.end().await.0, 0);
    let logged = shell.logged().await;
    assert!(logged.len() >= 2 && logged.chunks(2).all(|pair| pair == ["a", "b"]), "{logged:?}");
}
