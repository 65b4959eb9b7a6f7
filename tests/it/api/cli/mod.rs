//! The command line: what it prints, and the codes that a script branches on.

mod ask;
mod claims;
mod cluster;
mod emit;
mod gateway;
mod history;
mod hook;
mod login;
mod mcp;
mod policies;
mod printing;
mod redirects;
mod tail;
mod tail_credentials;
mod tail_restored;
mod trouble;
mod webhooks;

use serde_json::{Value, json};

use crate::support::{Shell, eventually, process::signoff, shell::told};

#[tokio::test(flavor = "multi_thread")]
async fn a_script_can_branch_on_the_outcome() {
    let shell = Shell::new().await;
    let ask = |extra: Vec<&'static str>| {
        let mut arguments = vec!["ask", "--run", "r", "--title", "May I?", "--context", r#"{"a":1}"#];
        arguments.extend(extra);
        arguments
    };
    for (verb, extra, code, words) in [
        ("approve", vec!["--comment", "go"], 0, "resolved: approved by ana: go"),
        ("approve", vec!["--modifications", r#"{"arguments":{"a":2}}"#], 0, "resolved: modified by ana"),
        ("reject", vec!["--reason", "no"], 1, "resolved: rejected by ana: no"),
        ("cancel", vec!["--reason", "never mind"], 3, "cancelled by ana: never mind"),
    ] {
        let asking = shell.run(&shell.agent, &ask(vec![]).leak()[..]);
        let deciding = async {
            eventually("it waits", || async { shell.cluster.waiting(0) == 1 }).await;
            let (_, listed) = shell.run(&shell.ana, &["pending", "--mine", "--json"]).await;
            let listed: Value = serde_json::from_str(&listed).unwrap();
            let id = listed[0]["id"].as_str().unwrap().to_owned();
            let mut arguments = vec![verb, id.as_str()];
            arguments.extend(extra);
            let (code, said) = shell.run(&shell.ana, &arguments).await;
            assert_eq!(code, 0, "{said}");
            id
        };
        let ((asked, said), id) = tokio::join!(asking, deciding);
        assert_eq!((asked, said.trim()), (code, words), "{verb}");
        assert_eq!(shell.run(&shell.agent, &["wait", &id]).await.0, code);
        let (shown, page) = shell.run(&shell.agent, &["show", &id]).await;
        assert_eq!(shown, code);
        assert!(page.contains("May I?") && page.contains(&id), "{page}");
    }
    for (action, code) in [("expire", 2), ("approve", 0), ("reject", 1)] {
        let (exit, said) = shell
            .run(&shell.agent, &ask(vec!["--timeout", "1", "--timeout-action", action]).leak()[..])
            .await;
        assert_eq!(exit, code, "{said}");
        assert!(said.starts_with("expired"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn trouble_has_codes_of_its_own() {
    let shell = Shell::new().await;
    let (code, id) = shell.run(&shell.agent, &["ask", "--run", "r", "--no-wait"]).await;
    assert_eq!(code, 0);
    let id = id.trim();
    assert_eq!(shell.run(&shell.agent, &["wait", id, "--timeout", "1"]).await.0, 11);
    assert_eq!(shell.run(&shell.agent, &["show", id]).await.0, 11);
    let (code, said) = shell.run(&shell.agent, &["approve", id]).await;
    assert!(code == 12 && said.contains("not_eligible"), "{said}");
    let (code, said) = shell.run("so_unknownkeyxx_0123456789abcdef0123", &["pending"]).await;
    assert!(code == 12 && said.contains("unauthenticated"), "{said}");
    assert_eq!(
        shell.run(&shell.agent, &["show", "../../livez"]).await.0,
        12,
        "an id is one segment of a path"
    );
    assert_eq!(shell.run(&shell.agent, &["ask"]).await.0, 10);
    assert_eq!(shell.run(&shell.agent, &["--help"]).await.0, 0);
    let (code, said) = told(signoff(&["pending"], &[("SIGNOFF_URL", "http://127.0.0.1:9")]).await);
    assert!(code == 14 && said.contains("SIGNOFF_API_KEY"), "{said}");
    let nowhere = [("SIGNOFF_URL", "http://127.0.0.1:9"), ("SIGNOFF_API_KEY", "x")];
    assert_eq!(told(signoff(&["pending"], &nowhere).await).0, 13);
    // Numbers reach the server as they were written, and it refuses to round them.
    let (code, said) = shell
        .run(&shell.agent, &["ask", "--run", "r", "--no-wait", "--context", r#"{"n":123456789012345678901}"#])
        .await;
    assert!(code == 12 && said.contains("double"), "{said}");
    // What an agent wrote can't move the cursor of whoever decides.
    let nasty = json!({ "run_id": "r", "title": "harmless\u{1b}[2J\u{7}", "context": { "x": "\u{1b}[31m" } });
    let id = shell.cluster.api(0, &shell.agent).ask(nasty).await;
    for arguments in [vec!["show", id.as_str()], vec!["pending"]] {
        let (_, page) = shell.run(&shell.ana, &arguments).await;
        assert!(!page.contains('\u{1b}') && !page.contains('\u{7}'), "{page:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_made_listed_and_revoked() {
    let shell = Shell::new().await;
    let environment = [("DATABASE_URL", shell.cluster.database.url.as_str())];
    let run = async |arguments: &[&str]| told(signoff(arguments, &environment).await);
    let create = ["keys", "create", "--workspace", "new", "--principal", "zoë"];
    let (code, key) = run(&create).await;
    assert_eq!((code, key.lines().count()), (0, 1), "the key alone: {key}");
    let key = key.trim().to_owned();
    assert_eq!(shell.run(&key, &["pending"]).await.0, 0);
    let (_, made) =
        run(&[&create[..], &["--json", "--permissions", "approval:create,run:delete"]].concat()).await;
    let made: Value = serde_json::from_str(&made).unwrap();
    assert_eq!(made["permissions"], json!(["approval:create", "run:delete"]));
    assert_eq!(shell.run(made["key"].as_str().unwrap(), &["pending"]).await.0, 12);
    let (code, said) = run(&[&create[..], &["--permissions", "approval:everything"]].concat()).await;
    assert!(code == 14 && said.contains("approval:create"), "{said}");
    let (_, listed) = run(&["keys", "list", "--workspace", "new"]).await;
    let prefix = key.split('_').nth(1).unwrap();
    let secret = key.split('_').nth(2).unwrap();
    assert!(listed.contains(prefix) && listed.contains("zoë") && !listed.contains(secret), "{listed}");
    assert_eq!(run(&["keys", "revoke", prefix]).await.0, 0);
    assert_eq!(run(&["keys", "revoke", prefix]).await.0, 14);
    let (_, listed) = run(&["keys", "list"]).await;
    assert!(listed.contains("revoked"), "{listed}");
    // Each change of a key is on record.
    let mut conn = shell.cluster.database.connect().await;
    let actions: Vec<String> = sqlx::query_scalar(
        "SELECT action FROM audit_log
          WHERE workspace_id = (SELECT id FROM workspaces WHERE name = 'new') ORDER BY seq",
    )
    .fetch_all(&mut conn)
    .await
    .unwrap();
    assert_eq!(
        actions,
        ["workspace.created", "principal.created", "key.created", "key.created", "key.revoked"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn check_says_what_is_wrong() {
    let shell = Shell::new().await;
    let database = shell.cluster.database.url.as_str();
    let redis = std::env::var("REDIS_URL").unwrap();
    let good = [("DATABASE_URL", database), ("REDIS_URL", redis.as_str())];
    let (code, said) = told(signoff(&["check"], &good).await);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("up to date"), "{said}");
    // A login that is not let in is told what to do; the one grant is enough to look, and to serve.
    let mut conn = shell.cluster.database.connect().await;
    let role = crate::support::unique("plain");
    for sql in [format!("CREATE ROLE {role} LOGIN PASSWORD 'plain'"), format!("GRANT signoff_app TO {role}")]
    {
        sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut conn).await.unwrap();
    }
    let host = database.split('@').next_back().unwrap().trim_start_matches("postgres://");
    let plain = format!("postgres://{role}:plain@{host}");
    let (code, said) = told(signoff(&["check"], &[("DATABASE_URL", &plain), ("REDIS_URL", &redis)]).await);
    assert_eq!(code, 0, "{said}");
    for sql in [format!("DROP OWNED BY {role}"), format!("DROP ROLE {role}")] {
        sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut conn).await.unwrap();
    }
    let bad = [("DATABASE_URL", "postgres://u:hunter2@127.0.0.1:9/x"), ("REDIS_URL", "redis://127.0.0.1:9")];
    let (code, said) = told(signoff(&["check"], &bad).await);
    assert!(code == 14 && said.contains("can't be used") && !said.contains("hunter2"), "{said}");
    let (code, said) = told(signoff(&["check"], &[]).await);
    assert!(code == 14 && said.contains("SIGNOFF_DATABASE_URL"), "{said}");
    let (code, said) = told(signoff(&["check", "--defaults"], &[]).await);
    assert!(code == 0 && said.contains("[lease]"), "{said}");
}
