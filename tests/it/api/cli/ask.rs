//! `signoff ask`, its options, and what `show` tells of them.

use std::os::unix::process::ExitStatusExt;

use serde_json::{Value, json};

use crate::support::{Shell, command::Running, eventually, process::signoff};

/// Asks, and gets what was made.
async fn ask_for(shell: &Shell, arguments: &[&str]) -> Value {
    let ask = ["ask", "--run", "r", "--no-wait", "--json"];
    let (code, said) = shell.run(&shell.agent, &[&ask[..], arguments].concat()).await;
    assert_eq!(code, 0, "{said}");
    serde_json::from_str(&said).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn approvers_with_a_comma_between_them_are_two_people() {
    let shell = Shell::new().await;
    let approvers =
        async |arguments: &[&str]| ask_for(&shell, arguments).await["policy"]["allowed_approvers"].clone();
    assert_eq!(approvers(&["--approver", "ana,bo"]).await, json!(["ana", "bo"]));
    assert_eq!(approvers(&["--approver", "ana", "--approver", "bo, cy"]).await, json!(["ana", "bo", "cy"]));
    assert_eq!(approvers(&[]).await, Value::Null);
    // A variable that is empty must not mean that anybody may decide.
    for names in ["", "ana,", ","] {
        let (code, said) =
            shell.run(&shell.agent, &["ask", "--run", "r", "--no-wait", "--approver", names]).await;
        assert!(code == 10 && said.contains("expected a name"), "{names:?}: {code} {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_a_request_has_can_be_said_and_is_shown() {
    let shell = Shell::new().await;
    let made = ask_for(
        &shell,
        &[
            "--task",
            "t",
            "--session",
            "s",
            "--metadata",
            r#"{"build": 1.10}"#,
            "--timeout",
            "5m",
            "--timeout-action",
            "reject",
            "--approver",
            "ana,bo",
            "--require-all",
            "--rejections",
            "2",
        ],
    )
    .await;
    assert_eq!((&made["task_id"], &made["session_id"]), (&json!("t"), &json!("s")));
    assert_eq!(made["policy"]["require_all"], true);
    assert_eq!(made["policy"]["rejections_to_reject"], 2);
    let time = |name: &str| made[name].as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    assert_eq!((time("expires_at") - time("created_at")).num_seconds(), 300);
    let id = made["id"].as_str().unwrap();
    assert_eq!(shell.run(&shell.ana, &["approve", id, "--comment", "fine\nby me"]).await.0, 0);
    let (code, page) = shell.run(&shell.agent, &["show", id]).await;
    assert_eq!(code, 11, "{page}");
    for line in ["task         t\n", "session      s\n", "at timeout   reject\n", "\"build\": 1.10\n"] {
        assert!(page.contains(line), "{line}: {page}");
    }
    let vote = page.lines().find(|line| line.starts_with("vote ")).unwrap();
    assert!(vote.contains("approved by ana") && vote.ends_with(": fine"), "{page}");
    assert!(page.contains("\n             by me\n"), "{page}");
    // Votes of what has ended are history, and who may not see that is told so.
    let viewer = shell.cluster.key("acme", "viewer", &["approval:view:pending"]).await;
    let (code, page) = shell.run(&viewer, &["show", id]).await;
    assert!(code == 11 && page.contains("approved by ana"), "{code} {page}");
    assert_eq!(shell.run(&shell.agent, &["cancel", id, "--reason", "over"]).await.0, 0);
    let (code, page) = shell.run(&viewer, &["show", id]).await;
    assert!(code == 3 && page.contains("approval:view:history"), "{code} {page}");
}

/// Nothing has been asked for then, so there is nothing to cancel.
#[tokio::test(flavor = "multi_thread")]
async fn an_ask_that_reads_standard_input_can_be_interrupted() {
    for signal in ["INT", "TERM"] {
        let ask = ["ask", "--run", "r", "--cancel-on-interrupt", "--context", "@-"];
        let environment = [("SIGNOFF_URL", "http://127.0.0.1:9"), ("SIGNOFF_API_KEY", "x")];
        let mut asking = Running::start(&ask, &environment);
        // More than a pipe holds: once it is written, the command reads.
        let stdin = asking.write(&format!("{{\"log\": \"{}", "x".repeat(200_000)));
        asking.signal(signal);
        let status = asking.status().await;
        assert!(status.signal().is_some(), "{status:?}");
        drop(stdin);
    }
}

/// The service tells them in pages.
#[tokio::test(flavor = "multi_thread")]
async fn all_votes_are_shown_however_many() {
    let shell = Shell::new().await;
    let id = ask_for(&shell, &["--min-approvers", "2"]).await["id"].as_str().unwrap().to_owned();
    let mut conn = shell.cluster.database.connect().await;
    sqlx::query(
        "INSERT INTO approval_decisions (id, approval_id, workspace_id, principal_id, principal_name, level, verdict,
                created_at)
         SELECT gen_random_uuid(), a.id, a.workspace_id, gen_random_uuid(), 'voter-' || n, 0, 'approved',
                now() + n * interval '1 ms'
           FROM approval_requests a, generate_series(1, 250) n WHERE a.id = $1::uuid",
    )
    .bind(&id)
    .execute(&mut conn)
    .await
    .unwrap();
    let (code, page) = shell.run(&shell.agent, &["show", &id]).await;
    let votes: Vec<&str> = page.lines().filter(|line| line.starts_with("vote ")).collect();
    assert_eq!((code, votes.len()), (11, 250));
    assert!(votes[0].contains(" by voter-1 ") && votes[249].contains(" by voter-250 "), "{votes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_asks_once() {
    let shell = Shell::new().await;
    let key = ["--idempotency-key", "deploy-7", "--title", "May I?"];
    let (first, again) = (ask_for(&shell, &key).await, ask_for(&shell, &key).await);
    assert_eq!(first["id"], again["id"]);
    assert_ne!(first["id"], ask_for(&shell, &["--idempotency-key", "deploy-8"]).await["id"]);
    let ask = ["ask", "--run", "r", "--no-wait", "--idempotency-key"];
    let (code, said) = shell.run(&shell.agent, &[&ask[..], &["deploy-7", "--title", "Other"]].concat()).await;
    assert!(code == 12 && said.contains("idempotency_mismatch"), "{code} {said}");
    assert_eq!(shell.run(&shell.agent, &[&ask[..], &["a b"]].concat()).await.0, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_ask_cancels_where_it_was_told_to() {
    let shell = Shell::new().await;
    let api = shell.cluster.api(0, &shell.agent);
    for signal in ["INT", "TERM"] {
        let ask = ["ask", "--run", "r", "--cancel-on-interrupt"];
        let mut asking = Running::start(&ask, &shell.environment(&shell.agent));
        asking.stderr.until("asked: ").await;
        eventually("it waits", || async { shell.cluster.waiting(0) == 1 }).await;
        asking.signal(signal);
        let (code, out, _) = asking.end().await;
        assert_eq!(code, 3, "{out:?}");
        assert!(out[0].starts_with("cancelled by agent"), "{out:?}");
    }
    // Without being told to, it leaves the request as it is.
    let mut asking = Running::start(&["ask", "--run", "kept"], &shell.environment(&shell.agent));
    let said = asking.stderr.until("asked: ").await;
    drop(asking);
    let id = said.split_whitespace().nth(1).unwrap().trim_end_matches(';');
    assert_eq!(api.show(id).await.expect(200).body["status"], "pending");
}

#[tokio::test(flavor = "multi_thread")]
async fn lengths_and_moments_are_written_as_people_do() {
    let shell = Shell::new().await;
    let made = ask_for(&shell, &["--timeout", "2h"]).await;
    let id = made["id"].as_str().unwrap();
    assert_eq!(shell.run(&shell.agent, &["wait", id, "--timeout", "1s"]).await.0, 11);
    assert_eq!(shell.run(&shell.agent, &["wait", id, "--timeout", "0"]).await.0, 11);
    assert_eq!(shell.run(&shell.ana, &["approve", id]).await.0, 0);
    let history = async |arguments: &[&str]| {
        let (code, said) = shell.run(&shell.agent, &[&["history", "--json"], arguments].concat()).await;
        assert_eq!(code, 0, "{said}");
        said.contains(id)
    };
    assert!(history(&["--from", "2020-01-01"]).await);
    assert!(!history(&["--to", "2020-01-01"]).await);
    assert!(history(&["--from", "2020-01-01T00:00:00+02:00", "--to", "2200-01-01"]).await);
    for (arguments, words) in [
        (&["wait", id, "--timeout", "soon"][..], "90s"),
        (&["ask", "--run", "r", "--timeout", "0"], "no time at all"),
        (&["history", "--from", "yesterday"], "2026-11-21"),
        (&["audit", "list", "--workspace", "acme", "--to", "2026-13-01"], "2026-11-21"),
    ] {
        let (code, said) = shell.run(&shell.agent, arguments).await;
        assert!(code == 10 && said.contains(words), "{arguments:?}: {code} {said}");
    }
    let environment = [("SIGNOFF_DATABASE_URL", shell.cluster.database.url.as_str())];
    let list = ["audit", "list", "--workspace", "acme", "--from", "2020-01-01"];
    let listed = String::from_utf8(signoff(&list, &environment).await.stdout).unwrap();
    assert!(listed.contains("approval.requested"), "{listed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_misspelt_variable_is_named_with_the_near_one() {
    let shell = Shell::new().await;
    let url = shell.cluster.instances[0].url.as_str();
    let secret = "so_secret_secret";
    let environment =
        [("SIGNOFF_URL", url), ("SIGNOFF_API_KY", secret), ("SIGNOFF_SERVICE_HOST", "10.0.0.1")];
    let output = signoff(&["pending"], &environment).await;
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("SIGNOFF_API_KY") && said.contains("SIGNOFF_API_KEY meant"), "{said}");
    assert!(!said.contains("SERVICE_HOST") && !said.contains(secret), "{said}");
    let database = shell.cluster.database.url.as_str();
    let environment = [("SIGNOFF_DATABASE_URL", database), ("SIGNOFF_HTTP_LISEN", "0.0.0.0:1")];
    let serve = ["serve", "--listen", "127.0.0.1:0", "--set", "operator.listen="];
    let mut serving = Running::start(&serve, &environment);
    let warning = serving.stderr.until("SIGNOFF_HTTP_LISEN").await;
    assert!(warning.contains("WARN") && warning.contains("SIGNOFF_HTTP_LISTEN meant"), "{warning}");
}
