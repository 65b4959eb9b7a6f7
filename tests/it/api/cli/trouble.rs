//! Trouble is not refusal: what the command line makes of answers that are not the service's.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{Json, Router, extract::RawQuery, http::StatusCode, routing::get};
use serde_json::json;

use crate::support::{
    Cluster, Setup, between::Between, command::Running, eventually, process::signoff, unique,
};

const PAGE: &str =
    "<html><head><title>502 Bad Gateway</title></head><body><hr><center>nginx</center></body></html>";

/// What stands before a service may answer during a rollout, and words that tell it.
const ANSWERS: [(&str, &[&str], &str, &str); 9] = [
    ("404 Not Found", &["content-type: text/plain"], "default backend - 404", "default backend - 404"),
    ("404 Not Found", &["content-type: application/json"], r#"{"message":"no Route matched"}"#, "no Route"),
    ("408 Request Timeout", &[], "", "408 Request Timeout"),
    ("502 Bad Gateway", &["content-type: text/html"], PAGE, "(text/html: 502 Bad Gateway nginx)"),
    ("401 Unauthorized", &["content-type: text/html"], "<p>sign in", "401 Unauthorized"),
    ("403 Forbidden", &[], "", "403 Forbidden"),
    (
        "302 Found",
        &["location: https://sso.example.com/login"],
        "",
        "redirected to https://sso.example.com/login",
    ),
    ("200 OK", &["content-type: text/html"], "<p>Back soon", "Back soon"),
    (
        "200 OK",
        &["content-type: application/json"],
        r#"{"status":"ok"}"#,
        r#"application/json: {"status":"ok"}"#,
    ),
];

struct Shell {
    cluster: Cluster,
    between: Between,
    key: String,
}

impl Shell {
    async fn new() -> Self {
        let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
        let between = Between::before(&cluster.instances[0].url).await;
        let key = cluster.member("agent").await;
        Self { cluster, between, key }
    }

    fn environment(&self) -> [(&str, &str); 2] {
        [("SIGNOFF_URL", &self.between.url), ("SIGNOFF_API_KEY", &self.key)]
    }

    fn start(&self, arguments: &[&str]) -> Running {
        Running::start(arguments, &self.environment())
    }

    /// Exit code and standard error.
    async fn run(&self, arguments: &[&str]) -> (i32, String) {
        let output = signoff(arguments, &self.environment()).await;
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    }

    async fn waiting(&self) {
        eventually("it waits", || async { self.cluster.waiting(0) == 1 }).await;
    }

    async fn approve(&self, id: &str) {
        self.cluster.api(0, &self.cluster.member("ana").await).approve(id).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_goes_on_whatever_a_balancer_answers() {
    let shell = Shell::new().await;
    for (status, headers, body, words) in ANSWERS {
        let id = shell.cluster.api(0, &shell.key).ask(json!({ "run_id": "r" })).await;
        let mut wait = shell.start(&["wait", &id]);
        shell.waiting().await;
        shell.between.answer(status, headers, body);
        let said = wait.stderr.until(words).await;
        assert!(said.ends_with("; trying again") && said.len() < 300, "{said}");
        shell.between.pass();
        wait.stderr.until("it answers again").await;
        shell.waiting().await;
        shell.approve(&id).await;
        let (code, out, _) = wait.end().await;
        assert_eq!((code, out), (0, vec!["resolved: approved by ana".to_owned()]), "{status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_goes_on_and_asks_once() {
    let shell = Shell::new().await;
    let arguments = ["ask", "--run", "r", "--title", "May I?"];
    for (status, headers, body, words) in ANSWERS {
        // It leads elsewhere from the start: the address is wrong.
        if status.starts_with('3') {
            continue;
        }
        shell.between.answer(status, headers, body);
        let mut ask = shell.start(&arguments);
        ask.stderr.until(words).await;
        shell.between.pass();
        shell.waiting().await;
        let ana = shell.cluster.api(0, &shell.cluster.member("ana").await);
        let pending = ana.get("/api/v1/approvals/pending").await.expect(200).body;
        assert_eq!(pending["items"].as_array().unwrap().len(), 1, "{status}");
        shell.between.answer(status, headers, body);
        ask.stderr.until(words).await;
        shell.between.pass();
        ana.approve(pending["items"][0]["id"].as_str().unwrap()).await.expect(200);
        let (code, out, _) = ask.end().await;
        assert_eq!((code, out), (0, vec!["resolved: approved by ana".to_owned()]), "{status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tail_goes_on_whatever_a_balancer_answers() {
    let shell = Shell::new().await;
    for (status, headers, body, words) in ANSWERS {
        let mut tail = shell.start(&["tail", "t", "--until", "done"]);
        tail.stderr.until("connected to").await;
        shell.between.answer(status, headers, body);
        let said = tail.stderr.until(words).await;
        assert!(said.contains("; trying again") && said.len() < 300, "{said}");
        shell.between.pass();
        tail.stderr.until("nothing missed").await;
        let event = json!({ "event_type": "done" });
        shell.cluster.api(0, &shell.key).post("/api/v1/tasks/t/events", &event).await.expect(202);
        assert_eq!(tail.end().await.0, 0);
    }
}

/// A greeting is no sign that the trouble is over: what closes each connection closes the next one, too.
#[tokio::test(flavor = "multi_thread")]
async fn connections_that_break_at_once_use_up_the_patience() {
    let shell = Shell::new().await;
    let mut tail = shell.start(&["tail", "t", "--patience", "2"]);
    let mut greeted = 0;
    while let Some(line) = tail.stderr.next_or_end().await {
        if line.contains("connected to") {
            greeted += 1;
            assert!(greeted < 100, "it comes back for ever");
            shell.between.close_sockets(1013, "full");
        }
    }
    assert_eq!(tail.end().await.0, 13);
    assert!(greeted > 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tail_that_the_service_does_not_understand_does_not_come_back() {
    let shell = Shell::new().await;
    for (code, reason) in [(1002, "that is not the WebSocket protocol"), (1007, "that is not UTF-8")] {
        let mut tail = shell.start(&["tail", "t"]);
        tail.stderr.until("connected to").await;
        shell.between.close_sockets(code, reason);
        let (exit, _, err) = tail.end().await;
        assert!(exit == 14 && err.last().unwrap().contains(reason), "{exit} {err:?}");
    }
}

/// 12 says that the service itself has said no.
#[tokio::test(flavor = "multi_thread")]
async fn no_command_takes_a_balancers_word_for_the_services() {
    let shell = Shell::new().await;
    let id = shell.cluster.api(0, &shell.key).ask(json!({ "run_id": "r" })).await;
    for (status, headers, body, words) in ANSWERS {
        shell.between.answer(status, headers, body);
        for command in [
            &["show", &id][..],
            &["pending"],
            &["history"],
            &["history", "--csv"],
            &["cluster"],
            &["whoami"],
            &["approve", &id],
            &["reject", &id, "--reason", "no"],
            &["cancel", &id, "--reason", "no"],
            &["emit", "t"],
        ] {
            let (code, said) = shell.run(command).await;
            assert!(code == 13 && said.contains(words), "{command:?} {status}: {code} {said}");
            assert!(said.len() < 400 && said.lines().count() == 1, "a page is not printed whole: {said}");
        }
    }
}

/// Nor is a success of somebody else an outcome.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_approval_is_not_taken_for_one() {
    let shell = Shell::new().await;
    let id = shell.cluster.api(0, &shell.key).ask(json!({ "run_id": "r" })).await;
    let other = "01a1fcbc-bdd7-7053-9b0b-b553d23d1210";
    for approval in [
        json!({ "status": "ok" }),
        json!({ "status": "resolved", "resolution": "approved" }),
        json!({ "id": id, "status": "approved", "resolution": "approved" }),
        json!({ "id": other, "status": "resolved", "resolution": "approved" }),
    ] {
        shell.between.answer("200 OK", &["content-type: application/json"], &approval.to_string());
        for command in [&["show", &id][..], &["wait", &id, "--patience", "0"]] {
            let (code, said) = shell.run(command).await;
            assert!(
                code == 13 && said.contains("not in Signoff's words"),
                "{command:?} {approval}: {code} {said}"
            );
        }
        // Of what is only now asked for, no id is known.
        if approval["id"] != other {
            let ask = ["ask", "--run", "r", "--no-wait", "--patience", "0"];
            let output = signoff(&ask, &shell.environment()).await;
            assert!(output.status.code() == Some(13) && output.stdout.is_empty(), "{approval}: {output:?}");
        }
        let decided = json!({ "approval": approval, "changed": true }).to_string();
        shell.between.answer("200 OK", &["content-type: application/json"], &decided);
        for verb in
            [&["approve", &id][..], &["reject", &id, "--reason", "no"], &["cancel", &id, "--reason", "no"]]
        {
            let (code, said) = shell.run(verb).await;
            assert!(
                code == 13 && said.contains("not in Signoff's words"),
                "{verb:?} {approval}: {code} {said}"
            );
        }
    }
    for list in [json!({ "items": [] }), json!({ "next_cursor": null }), json!({ "instances": 2 })] {
        shell.between.answer("200 OK", &["content-type: application/json"], &list.to_string());
        for command in ["pending", "history", "cluster"] {
            let (code, said) = shell.run(&[command]).await;
            assert!(code == 13, "{command} {list}: {code} {said}");
        }
    }
}

/// A key that no request can carry will not be carried later.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_another_text_ends_a_command_at_once() {
    let file = std::env::temp_dir().join(unique("key"));
    std::fs::write(&file, "# the agent's\nso_abcdefghijkl_hunter2hunter2\n").unwrap();
    let url = ("SIGNOFF_URL", "http://127.0.0.1:9");
    for key in [
        ("SIGNOFF_API_KEY_FILE", file.to_str().unwrap()),
        ("SIGNOFF_API_KEY", "so_abcdefghijkl_hunter2\nhunter2"),
    ] {
        for command in [
            &["pending"][..],
            &["ask", "--run", "r"],
            &["wait", "01a1fcbc-bdd7-7053-9b0b-b553d23d1210"],
            &["emit", "t", "--lines"],
            &["tail", "t"],
            &["tail", "t", "--from-start"],
        ] {
            let mut running = Running::start(command, &[url, key]);
            if command.contains(&"--lines") {
                drop(running.write("a\n"));
            }
            let (code, out, err) = running.end().await;
            let said = err.join("\n");
            assert!(code == 14 && out.is_empty(), "{command:?}: {code} {said}");
            assert!(said.contains(key.0) && said.contains("one line"), "{command:?}: {said}");
            assert!(!said.contains("hunter2"), "{command:?}: {said}");
        }
    }
    std::fs::remove_file(file).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn patience_has_an_end_where_one_is_given() {
    let shell = Shell::new().await;
    let id = shell.cluster.api(0, &shell.key).ask(json!({ "run_id": "r" })).await;
    shell.between.answer("502 Bad Gateway", &[], "");
    for command in [
        &["wait", &id, "--patience", "1"][..],
        &["wait", &id, "--timeout", "1"],
        &["ask", "--run", "r", "--patience", "1"],
        &["tail", "t", "--patience", "1"],
        &["tail", "t", "--from-start", "--patience", "1"],
        &["cluster", "--patience", "1"],
        &["cluster", "--watch", "--patience", "1"],
        &["show", &id, "--patience", "1"],
        &["approve", &id, "--patience", "1"],
    ] {
        let (code, said) = shell.run(command).await;
        assert!(code == 13 && said.contains("trying again"), "{command:?}: {code} {said}");
    }
    // Others wait for the service, too, where they are told to.
    let mut show = shell.start(&["show", &id, "--patience", "60"]);
    show.stderr.until("trying again").await;
    shell.between.pass();
    assert_eq!(show.end().await.0, 11);
}

/// What lets no call wait, but answers each look, is not asked without a pause.
#[tokio::test(flavor = "multi_thread")]
async fn a_wait_backs_off_where_only_looks_are_answered() {
    let id = "01a1fcbc-bdd7-7053-9b0b-b553d23d1210";
    let looks = Arc::new(AtomicUsize::new(0));
    let counted = looks.clone();
    let wait = move |RawQuery(query): RawQuery| {
        let is_look = query.unwrap().ends_with("timeout=0");
        counted.fetch_add(usize::from(is_look), Ordering::Relaxed);
        async move {
            let status = if is_look { StatusCode::OK } else { StatusCode::BAD_GATEWAY };
            (status, Json(json!({ "id": id, "status": "pending" })))
        }
    };
    let router = Router::new().route(&format!("/api/v1/approvals/{id}/wait"), get(wait));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::task::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let environment = [("SIGNOFF_URL", url.as_str()), ("SIGNOFF_API_KEY", "x")];
    let output = signoff(&["wait", id, "--timeout", "4"], &environment).await;
    // By whether its last try was a look.
    assert!(matches!(output.status.code(), Some(11 | 13)), "{output:?}");
    let looks = looks.load(Ordering::Relaxed);
    assert!((2..12).contains(&looks), "{looks} looks within 4 s");
}

/// The deadline is the approval's own. A minute after it, nothing more can be found out for sure.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_overdue_when_the_service_returns_is_still_told() {
    let shell = Shell::new().await;
    let id = shell.cluster.api(0, &shell.key).ask(json!({ "run_id": "r", "timeout_seconds": 2 })).await;
    let mut wait = shell.start(&["wait", &id]);
    shell.waiting().await;
    shell.between.answer("404 Not Found", &[], "");
    wait.stderr.until("trying again").await;
    eventually("it has expired", || async {
        shell.cluster.api(0, &shell.key).get(&format!("/api/v1/approvals/{id}")).await.body["status"]
            == "expired"
    })
    .await;
    shell.between.pass();
    assert_eq!(wait.end().await.0, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_address_of_this_machine_needs_no_scheme() {
    let shell = Shell::new().await;
    let address = shell.cluster.instances[0].url.trim_start_matches("http://");
    for url in [address.to_owned(), address.replace("127.0.0.1", "localhost")] {
        let environment = [("SIGNOFF_URL", url.as_str()), ("SIGNOFF_API_KEY", &shell.key)];
        let output = signoff(&["pending"], &environment).await;
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let mut tail = Running::start(&["tail", "t"], &environment);
        tail.stderr.until("connected to").await;
    }
    for (url, words) in [
        ("signoff.example.com", "write https://signoff.example.com"),
        ("wss://signoff.example.com", "write https://signoff.example.com"),
        ("https://ana:secret@signoff.example.com", "signoff login"),
        ("https://signoff.example.com?key=secret", "the first ?"),
    ] {
        let environment = [("SIGNOFF_URL", url), ("SIGNOFF_API_KEY", "x"), ("XDG_CONFIG_HOME", "/nowhere")];
        for command in [&["pending"][..], &["tail", "t"], &["login"], &["logout"], &["emit", "t", "--lines"]]
        {
            let output = signoff(command, &environment).await;
            let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
            assert!(output.status.code() == Some(10) && said.contains(words), "{command:?}: {said}");
            assert!(!said.contains("secret"), "{command:?}: {said}");
        }
        let flagged = signoff(&["pending", "--url", url], &environment[1..]).await;
        let help = signoff(&["pending", "--help"], &environment).await;
        assert_eq!((flagged.status.code(), help.status.code()), (Some(10), Some(0)));
        for output in [flagged, help] {
            let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
            assert!(!said.is_empty() && !said.contains("secret"), "{said}");
        }
    }
    let output = signoff(&["check", "--set", "postgres://ana:secret@db/signoff"], &[]).await;
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        output.status.code() == Some(14) && said.contains("NAME=VALUE") && !said.contains("secret"),
        "{said}"
    );
}
