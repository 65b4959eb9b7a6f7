//! G18: the record can be read, taken out, and verified elsewhere, by us and by a stranger.

use std::{io::Write, process::Stdio};

use serde_json::{Value, json};

use super::g18_chain::all_linked;
use crate::support::{Api, Cluster, Setup, eventually, process::signoff, unique};

/// What docs/audit.md gives to a stranger.
fn from_the_docs() -> String {
    let docs = include_str!("../../../docs/audit.md");
    let (_, rest) = docs.split_once("```python\n").unwrap();
    rest.split_once("```").unwrap().0.to_owned()
}

/// Runs it on an export; answers with its exit code and the last line of what it says.
pub async fn stranger(export: &str) -> (i32, String) {
    let export = export.to_owned();
    let running = move || {
        let mut child = std::process::Command::new("python3")
            .args(["-c", &from_the_docs()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // It may have seen enough before the end.
        let _ = stdin.write_all(export.as_bytes());
        drop(stdin);
        let output = child.wait_with_output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8(said).unwrap().lines().last().unwrap_or("").to_owned();
        (output.status.code().unwrap(), said)
    };
    tokio::task::spawn_blocking(running).await.unwrap()
}

pub struct Bench {
    pub cluster: Cluster,
    pub api: Api,
    directory: std::path::PathBuf,
}

impl Bench {
    pub async fn new(flags: Vec<(&'static str, String)>) -> Self {
        let cluster = Cluster::with(Setup { instances: 1, flags, ..Setup::default() }).await;
        let api = cluster.api(0, &cluster.key("acme", "agent", &["workspace:admin"]).await);
        let directory = std::env::temp_dir().join(unique("export"));
        std::fs::create_dir(&directory).unwrap();
        Self { cluster, api, directory }
    }

    pub async fn run(&self, arguments: &[&str]) -> (i32, String) {
        let state = self.directory.to_str().unwrap();
        let url = self.cluster.database.url.as_str();
        let output = signoff(arguments, &[("DATABASE_URL", url), ("XDG_STATE_HOME", state)]).await;
        let mut text = String::from_utf8(output.stdout).unwrap();
        if text.is_empty() {
            text = String::from_utf8(output.stderr).unwrap();
        }
        (output.status.code().unwrap(), text)
    }

    pub async fn good(&self, arguments: &[&str]) -> String {
        let (code, text) = self.run(arguments).await;
        assert_eq!(code, 0, "{arguments:?}: {text}");
        text
    }

    pub fn file(&self, name: &str, text: &str) -> String {
        let path = self.directory.join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// What `audit verify --export` finds.
    pub async fn verified(&self, export: &str, more: &[&str]) -> (i32, Vec<String>) {
        let path = self.file("export.jsonl", export);
        let (code, text) =
            self.run(&[&["audit", "verify", "--json", "--export", path.as_str()], more].concat()).await;
        let mut found: Vec<Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{text}")))
            .collect();
        assert_eq!(found.pop().unwrap()["whole"], code == 0);
        let name = |it: &Value| format!("{} at {}", it["kind"].as_str().unwrap(), it["position"]);
        (code, found.iter().map(name).collect())
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        // It is below the system's temporary directory either way.
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g18_an_export_stands_for_itself() {
    let bench = Bench::new(Vec::new()).await;
    let odd = "é\u{1f600} \"quoted\" \\ \u{2028}\u{7f}</script>";
    for n in 0..3 {
        let id = bench.api.ask(json!({ "title": odd, "context": { "n": 1.50, "é": [1e2, n] } })).await;
        bench.api.cancel(&id, odd).await.expect(200);
    }
    all_linked(&bench.cluster.database).await;
    let checkpoint = bench.good(&["audit", "checkpoint", "--workspace", "acme"]).await;
    let export = bench.good(&["audit", "export", "--workspace", "acme"]).await;
    let lines: Vec<&str> = export.lines().collect();
    let end = i64::try_from(lines.len()).unwrap() - 2;
    assert_eq!(serde_json::from_str::<Value>(lines[0]).unwrap()["export"]["workspace"], "acme");
    assert_eq!(lines[lines.len() - 1], checkpoint.trim());
    for line in &lines[1..lines.len() - 1] {
        let line: Value = serde_json::from_str(line).unwrap();
        assert!(line["record"].get("seq").is_none(), "numbers count other workspaces' records too: {line}");
    }
    assert_eq!(bench.verified(&export, &[]).await, (0, vec![]));
    let workspace = serde_json::from_str::<Value>(lines[0]).unwrap()["export"]["workspace_id"].clone();
    let workspace = workspace.as_str().unwrap();
    let whole = |from, to, checkpoints| {
        format!("whole from {from} to {to} of {workspace}, {checkpoints} checkpoint(s) compared")
    };
    assert_eq!(stranger(&export).await, (0, whole(1, end, 1)));

    let without = |at: usize| {
        let mut lines = lines.clone();
        lines.remove(at);
        lines.join("\n")
    };
    let swapped = |one: usize, other: usize| {
        let mut lines = lines.clone();
        lines.swap(one, other);
        lines.join("\n")
    };
    let edited = export.replacen("approval.cancelled", "approval.approved!", 1);
    let position = |text: &str| {
        let line = text.lines().find(|line| line.contains("approval.approved!")).unwrap();
        serde_json::from_str::<Value>(line).unwrap()["position"].as_i64().unwrap()
    };
    assert_eq!(bench.verified(&edited, &[]).await, (1, vec![format!("edited at {}", position(&edited))]));
    assert_eq!(stranger(&edited).await, (1, format!("broken at {}", position(&edited))));
    let (code, found) = bench.verified(&without(5), &[]).await;
    assert_eq!((code, found[0].as_str()), (1, "gap at 5"));
    assert_eq!(stranger(&without(5)).await, (1, "broken at 5".to_owned()));
    assert_eq!(bench.verified(&swapped(5, 6), &[]).await.0, 1);
    assert_eq!(stranger(&swapped(5, 6)).await.0, 1);
    let cut = format!("cut at {end}");
    assert_eq!(bench.verified(&without(lines.len() - 2), &[]).await, (1, vec![cut.clone()]));
    // Cut with the checkpoint in it; the header and the one that was kept tell.
    let cut_short = lines[..lines.len() - 2].join("\n");
    let kept = bench.file("kept.jsonl", &checkpoint);
    assert_eq!(bench.verified(&cut_short, &[]).await, (1, vec![cut.clone()]));
    assert_eq!(bench.verified(&cut_short, &["--checkpoint", &kept]).await, (1, vec![cut]));

    // A part of it.
    let part = bench.good(&["audit", "export", "--workspace", "acme", "--from", "3", "--to", "6"]).await;
    assert_eq!(part.lines().count(), 5);
    assert_eq!(bench.verified(&part, &[]).await, (0, vec![]));
    assert_eq!(stranger(&part).await, (0, whole(3, 6, 0)));
    let edited = part.replacen("operator", "0perator", 1);
    assert_eq!(bench.verified(&edited, &[]).await.0, 1);
    for broken in ["", "{}", "{\"export\":1}", &format!("{}\nnothing", lines[0])] {
        let path = bench.file("broken.jsonl", broken);
        let (code, said) = bench.run(&["audit", "verify", "--export", &path]).await;
        assert_eq!(code, 14, "{said}");
        assert!(said.contains("line "), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g18_instances_sign_what_moved() {
    let seed = "1O5y2/kTWErVttjx92n4rTr+fCjL8dT74Jeoj0R1WEI=";
    let flags = vec![("audit.signing_key", seed.to_owned()), ("audit.checkpoint_minutes", "1".to_owned())];
    let cluster = Cluster::with(Setup { instances: 0, ..Setup::default() }).await;
    // There before the instance is, which looks when it starts, and then only after a while.
    cluster.key("acme", "agent", &[]).await;
    super::g18_chain::link(&cluster.database).await;
    let setup = Setup { flags, ..Setup::default() };
    let config = crate::support::cluster::config(&cluster.database, &cluster.prefix, &setup);
    let instance = crate::support::cluster::Instance::start(config).await;
    let key = cluster.key("acme", "auditor", &["audit:view"]).await;
    let api = Api::new(&instance.url, &key);
    eventually("a checkpoint is made", || async {
        let page = api.get("/api/v1/audit/checkpoints").await.expect(200).body;
        !page["items"].as_array().unwrap().is_empty()
    })
    .await;
    let page = api.get("/api/v1/audit/checkpoints").await.expect(200).body;
    assert_eq!(page["next_cursor"], Value::Null);
    let public_key = "Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=";
    assert_eq!(page["items"][0]["public_key"], public_key);
    // What the API gives is what the verifier takes.
    let directory = std::env::temp_dir().join(unique("made"));
    std::fs::write(&directory, page["items"][0].to_string()).unwrap();
    let arguments =
        ["audit", "verify", "--public-key", public_key, "--checkpoint", directory.to_str().unwrap()];
    let output = signoff(&arguments, &[("DATABASE_URL", &cluster.database.url)]).await;
    std::fs::remove_file(&directory).unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let summary = String::from_utf8(output.stderr).unwrap();
    assert!(summary.contains("2 checkpoint(s)"), "{summary}");
}

#[tokio::test(flavor = "multi_thread")]
async fn g18_a_workspace_reads_its_own_record() {
    let bench = Bench::new(Vec::new()).await;
    let (cluster, api) = (&bench.cluster, &bench.api);
    let rival = cluster.api(0, &cluster.key("rival", "agent", &["workspace:admin"]).await);
    let ana = cluster.api(0, &cluster.member("ana").await);
    ana.get("/api/v1/audit").await.problem(403, "forbidden");
    ana.get("/api/v1/audit/checkpoints").await.problem(403, "forbidden");
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(api.ask(json!({ "run_id": "ours" })).await);
    }
    ana.approve(&ids[0]).await.expect(200);
    rival.ask(json!({ "run_id": "theirs" })).await;
    all_linked(&cluster.database).await;

    let list = async |query: &str| {
        let page = api.get(&format!("/api/v1/audit?{query}")).await.expect(200).body;
        (page["items"].as_array().unwrap().clone(), page["next_cursor"].as_str().map(str::to_owned))
    };
    let (all, next) = list("").await;
    assert_eq!(next, None);
    let positions: Vec<i64> = all.iter().map(|it| it["position"].as_i64().unwrap()).collect();
    let end = i64::try_from(all.len()).unwrap();
    assert_eq!(positions, (1..=end).rev().collect::<Vec<_>>());
    assert!(!all.iter().any(|it| it.to_string().contains("theirs")));
    for (query, count) in [
        ("action=approval.requested".to_owned(), 5),
        ("action=approval.resolved&actor=ana".to_owned(), 1),
        ("actor=ana".to_owned(), 1),
        (format!("approval_id={}", ids[0]), 2),
        (format!("approval_id={}&action=approval.resolved", ids[0]), 1),
        ("run_id=ours".to_owned(), 6),
        ("run_id=theirs".to_owned(), 0),
        ("subject=acme".to_owned(), 2),
        ("from=2000-01-01T00:00:00Z".to_owned(), all.len()),
        ("to=2000-01-01T00:00:00Z".to_owned(), 0),
        ("actor=nobody'--".to_owned(), 0),
    ] {
        assert_eq!(list(&query).await.0.len(), count, "{query}");
    }
    // Page by page, while more comes.
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let (items, next) = list(&format!("limit=2{cursor}")).await;
        seen.extend(items);
        api.ask(json!({})).await;
        match next {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, all);
    for (query, pointer) in [
        ("limit=0", "?limit"),
        ("cursor=x", "?cursor"),
        ("cursor=-1", "?cursor"),
        ("from=yesterday", "?from"),
        ("to=%2B99999-01-01T00:00:00Z", "?to"),
        ("approval_id=1", "?approval_id"),
        ("actor=%00", "?actor"),
        ("seq=1", "?seq"),
    ] {
        let problem = api.get(&format!("/api/v1/audit?{query}")).await.problem(422, "invalid");
        assert_eq!(problem.body["errors"][0]["pointer"], pointer, "{query}");
    }
    for cursor in ["x", "1", "1.", "0.a", "9223372036854775807.zz"] {
        let reply = api.get(&format!("/api/v1/audit/checkpoints?cursor={cursor}")).await;
        assert!([200, 422].contains(&reply.status), "{reply:?}");
    }

    let table = bench.good(&["audit", "list", "--workspace", "acme", "--actor", "ana"]).await;
    assert!(table.starts_with("POSITION") && table.contains("approval.resolved"), "{table}");
    let listed = bench.good(&["audit", "list", "--workspace", "acme", "--json", "--limit", "3"]).await;
    assert_eq!(serde_json::from_str::<Vec<Value>>(&listed).unwrap().len(), 3);
}

/// More records than one page looks at.
#[tokio::test(flavor = "multi_thread")]
async fn g18_a_filter_finds_what_is_far_back() {
    let bench = Bench::new(Vec::new()).await;
    let mut conn = bench.cluster.database.connect().await;
    sqlx::query(
        "INSERT INTO audit_log (workspace_id, at, action, via, detail)
         SELECT id, now(), 'filler', 'human', '{}' FROM workspaces, generate_series(1, 12000) WHERE name = 'acme'",
    )
    .execute(&mut conn)
    .await
    .unwrap();
    all_linked(&bench.cluster.database).await;
    let (mut found, mut pages, mut cursor) = (0, 0, String::new());
    loop {
        let path = format!("/api/v1/audit?action=workspace.created{cursor}");
        let page = bench.api.get(&path).await.expect(200).body;
        found += page["items"].as_array().unwrap().len();
        pages += 1;
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!((found, pages), (1, 3));
    let listed = bench.good(&["audit", "list", "--workspace", "acme", "--action", "workspace.created"]).await;
    assert_eq!(listed.lines().count(), 2, "{listed}");
    bench.good(&["audit", "verify"]).await;
    let export = bench.good(&["audit", "export", "--workspace", "acme"]).await;
    assert!(export.lines().count() > 12_000);
    assert_eq!(bench.verified(&export, &[]).await, (0, vec![]));
}
