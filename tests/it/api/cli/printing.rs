//! What the command line prints: nothing that others wrote looks like a line of its own, numbers stay as they were
//! written, and a standard output that takes nothing hides nothing.

use std::{
    fs::{File, OpenOptions},
    process::{Output, Stdio},
};

use serde_json::{Value, json};

use crate::support::{
    Shell,
    process::{signoff, signoff_into},
};

/// The exit code, and all that is printed.
async fn whole(shell: &Shell, key: &str, arguments: &[&str]) -> (i32, String) {
    let output = signoff(arguments, &shell.environment(key)).await;
    let stdout = String::from_utf8(output.stdout.clone()).unwrap();
    let (code, stderr) = code_and_stderr(output);
    (code, stdout + &stderr)
}

/// The exit code, and what standard error says, where standard output goes elsewhere.
async fn run_into(shell: &Shell, stdout: Stdio, key: &str, arguments: &[&str]) -> (i32, String) {
    code_and_stderr(signoff_into(stdout, arguments, &shell.environment(key)).await)
}

async fn ask_for(shell: &Shell, body: Value) -> String {
    shell.cluster.api(0, &shell.agent).ask(body).await
}

fn code_and_stderr(output: Output) -> (i32, String) {
    (output.status.code().expect("no signal ended it"), String::from_utf8(output.stderr).unwrap())
}

/// A pipe that nobody reads.
fn closed() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

/// A disk that is full.
fn full() -> Stdio {
    let file: File = OpenOptions::new().write(true).open("/dev/full").unwrap();
    file.into()
}

const FORGED: &str = "fine\nstatus       resolved\r\nID  forged\u{1b}[2J\u{9b}2J\u{202e}\u{200b}\u{7}";

#[tokio::test(flavor = "multi_thread")]
async fn nobody_writes_a_line_that_looks_like_ours() {
    let shell = Shell::new().await;
    let (api, ana) = (shell.cluster.api(0, &shell.agent), shell.cluster.api(0, &shell.ana));
    let question = json!({
        "run_id": "r", "title": FORGED, "description": FORGED, "context": { "x": FORGED },
        "metadata": { "y": FORGED }, "policy": { "min_approvers": 2 },
    });
    let id = ask_for(&shell, question).await;
    ana.approve_with(&id, json!({ "comment": FORGED })).await.expect(200);
    api.post("/api/v1/tasks/r/events", &json!({ "event_type": "output", "data": { "line": FORGED } }))
        .await
        .expect(202);
    let cancelled = ask_for(&shell, json!({ "run_id": "gone", "title": FORGED })).await;
    let cancel = ["cancel", &cancelled, "--reason", FORGED];
    let named = ["principals", "set", "ana", "--workspace", "acme", "--display-name", FORGED];
    for arguments in [
        &["show", id.as_str()][..],
        &["pending"],
        &cancel,
        &["wait", &cancelled],
        &["history"],
        &named,
        &["principals", "list", "--workspace", "acme"],
        &["audit", "list", "--workspace", "acme"],
        &["keys", "list"],
        &["approve", &format!("none{FORGED}")],
        &["tail", "r", "--from-start", "--until", "output"],
        &["emit", "r", FORGED],
        &["check", "--set", FORGED],
    ] {
        let (_, said) = whole(&shell, &shell.ana, arguments).await;
        let forged = said
            .lines()
            .any(|line| line.starts_with("status       resolved") || line.starts_with("ID  forged"));
        assert!(!forged, "{arguments:?}: {said}");
        let raw = ['\u{1b}', '\u{9b}', '\u{202e}', '\u{200b}', '\u{7}', '\r'];
        assert!(!said.contains(raw), "{arguments:?}: {said:?}");
    }
    let (_, page) = whole(&shell, &shell.agent, &["show", &id]).await;
    let indented =
        format!("\ntitle        fine\n{:13}status       resolved\n{:13}ID  forged\\u{{1b}}[2J", "", "");
    assert!(page.contains(&indented), "{page}");
    assert_eq!(page.lines().filter(|line| line.starts_with("status ")).count(), 1, "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_printed_as_they_were_written() {
    let shell = Shell::new().await;
    let context = r#"{"z": 1.10, "a": 12345678901234567.0, "e":1e2}"#;
    let ask = ["ask", "--run", "r", "--no-wait", "--json", "--context", context];
    let (code, asked) = whole(&shell, &shell.agent, &ask).await;
    assert!(code == 0 && asked.contains(context), "{asked}");
    let id = serde_json::from_str::<Value>(&asked).unwrap()["id"].as_str().unwrap().to_owned();
    let edits = r#"{"arguments": {"z": 1.10, "a":12345678901234567.0}}"#;
    let contains = async |arguments: &[&str], part: &str| {
        let (_, said) = whole(&shell, &shell.ana, arguments).await;
        assert!(said.contains(part), "{arguments:?}: {said}");
    };
    for arguments in [&["show", id.as_str(), "--json"][..], &["pending", "--json"]] {
        contains(arguments, context).await;
    }
    contains(&["show", &id], "\"z\": 1.10,\n").await;
    contains(&["show", &id], "\"a\": 12345678901234567.0,\n").await;
    contains(&["approve", &id, "--json", "--modifications", edits], edits).await;
    for arguments in [&["wait", id.as_str(), "--json"][..], &["history", "--json"]] {
        contains(arguments, context).await;
        contains(arguments, edits).await;
    }
    let data = r#"{"n": 1.10, "m":12345678901234567.0}"#;
    assert_eq!(whole(&shell, &shell.agent, &["emit", "t", "--data", data]).await.0, 0);
    let tail = ["tail", "t", "--from-start", "--until", "output"];
    contains(&tail, r#"{"n":1.10,"m":12345678901234567.0}"#).await;
    contains(&[&tail[..], &["--json"]].concat(), data).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_pipe_ends_quietly_and_keeps_the_code() {
    let shell = Shell::new().await;
    let id = ask_for(&shell, json!({ "run_id": "r" })).await;
    for (arguments, code) in [
        (&["pending"][..], 0),
        (&["pending", "--json"], 0),
        (&["show", &id], 11),
        (&["wait", &id, "--timeout", "1"], 11),
        (&["approve", &id], 0),
        (&["wait", &id], 0),
        (&["history"], 0),
        (&["history", "--csv"], 0),
        (&["ask", "--run", "r", "--no-wait"], 0),
        (&["emit", "t"], 0),
        (&["whoami"], 0),
        (&["cluster"], 0),
        (&["--help"], 0),
        (&["check", "--defaults"], 0),
        (&["keys", "list"], 0),
        (&["principals", "list", "--workspace", "acme"], 0),
        (&["audit", "list", "--workspace", "acme"], 0),
        (&["audit", "export", "--workspace", "acme"], 0),
        (&["migrate", "status"], 0),
        (&["roles", "list"], 0),
    ] {
        let key = if arguments[0] == "cluster" {
            shell.cluster.key("acme", "op", &["cluster:view"]).await
        } else {
            shell.ana.clone()
        };
        let (exit, said) = run_into(&shell, closed(), &key, arguments).await;
        assert_eq!((exit, said.as_str()), (code, ""), "{arguments:?}");
    }
    // A key that nobody has seen is something to know.
    let create = ["keys", "create", "--workspace", "acme", "--principal", "zoe"];
    let (exit, said) = run_into(&shell, closed(), &shell.ana, &create).await;
    assert!(exit == 14 && said.contains("could not be shown"), "{exit} {said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_trouble_and_hides_no_decision() {
    let shell = Shell::new().await;
    let ids = [
        ask_for(&shell, json!({ "run_id": "r" })).await,
        ask_for(&shell, json!({ "run_id": "r" })).await,
        ask_for(&shell, json!({ "run_id": "r" })).await,
    ];
    let decided =
        ["resolved: approved by ana", "resolved: rejected by ana: no", "cancelled by ana: never mind"];
    for (arguments, words) in [
        (&["approve", ids[0].as_str()][..], decided[0]),
        (&["reject", &ids[1], "--reason", "no", "--json"], decided[1]),
        (&["cancel", &ids[2], "--reason", "never mind"], decided[2]),
    ] {
        let (code, said) = run_into(&shell, full(), &shell.ana, arguments).await;
        assert!(code == 14 && said.contains("done all the same") && said.contains(words), "{code} {said}");
    }
    for ((id, words), outcome) in ids.iter().zip(decided).zip([0, 1, 3]) {
        let (code, said) = run_into(&shell, full(), &shell.agent, &["wait", id]).await;
        assert!(code == outcome && said.contains(words) && said.contains("No space left"), "{code} {said}");
        // A script would go on with a part of the object.
        let (code, said) = run_into(&shell, full(), &shell.agent, &["wait", id, "--json"]).await;
        assert!(code == 14 && said.contains(words), "{code} {said}");
    }
    let (code, said) = run_into(&shell, full(), &shell.agent, &["ask", "--run", "r", "--no-wait"]).await;
    let (_, pending) = whole(&shell, &shell.agent, &["pending"]).await;
    let id = pending.lines().nth(1).unwrap().split_whitespace().next().unwrap();
    assert!(code == 14 && said.contains(id), "what was asked is known: {code} {said}");
    let (code, said) = run_into(&shell, full(), &shell.agent, &["emit", "t"]).await;
    assert!(code == 14 && said.contains("the event is in the log: cursor"), "{code} {said}");
    let create = ["keys", "create", "--workspace", "acme", "--principal", "zoe"];
    let (code, said) = run_into(&shell, full(), &shell.ana, &create).await;
    assert!(
        code == 14 && said.contains("could not be shown") && said.contains("keys revoke"),
        "{code} {said}"
    );
    let role = ["roles", "put", "mine", "--workspace", "acme", "--permissions", "run:delete"];
    for arguments in [&role[..], &["workspaces", "create", "new"]] {
        let (code, said) = run_into(&shell, full(), &shell.ana, arguments).await;
        assert!(code == 14 && said.contains("done all the same"), "{arguments:?}: {code} {said}");
    }
    for arguments in [
        &["pending"][..],
        &["show", id],
        &["history", "--csv"],
        &["whoami"],
        &["--help"],
        &["check", "--defaults"],
        &["audit", "export", "--workspace", "acme"],
        &["tail", "t", "--from-start", "--until", "output"],
    ] {
        let (code, said) = run_into(&shell, full(), &shell.ana, arguments).await;
        assert!(code == 14 && said.contains("No space left"), "{arguments:?}: {code} {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standard_error_that_takes_nothing_ends_nothing() {
    let shell = Shell::new().await;
    let id = ask_for(&shell, json!({ "run_id": "r" })).await;
    let environment = shell.environment(&shell.ana);
    let silent = |arguments: Vec<String>| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_signoff"));
        command.args(arguments).env_clear().envs(environment).stdout(Stdio::piped()).stderr(closed());
        tokio::task::spawn_blocking(move || command.output().unwrap().status.code())
    };
    let ask = ["ask", "--run", "r", "--timeout", "1"].map(str::to_owned);
    assert_eq!(silent(ask.to_vec()).await.unwrap(), Some(2));
    assert_eq!(silent(vec!["approve".to_owned(), id]).await.unwrap(), Some(0));
    assert_eq!(silent(vec!["show".to_owned(), "none".to_owned()]).await.unwrap(), Some(12));
}
