//! `signoff history`.

use serde_json::{Value, json};

use crate::support::{
    Cluster, Setup, TestDatabase,
    command::Running,
    ended,
    process::signoff,
    proxy::{Mode, Proxy},
};

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

    /// Exit code, standard output, standard error.
    async fn history(&self, arguments: &[&str]) -> (i32, String, String) {
        let url = self.cluster.instances[0].url.as_str();
        let environment = [("SIGNOFF_URL", url), ("SIGNOFF_API_KEY", self.key.as_str())];
        let output = signoff(&[&["history"], arguments].concat(), &environment).await;
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_lists_searches_and_exports() {
    let shell = Shell::new().await;
    let agent = shell.cluster.api(0, &shell.key);
    let ana = shell.cluster.api(0, &shell.cluster.member("ana").await);
    let mut conn = shell.cluster.database.connect().await;
    let acme = ended::workspace(&mut conn, "acme").await;
    let mut expected: Vec<String> =
        ended::add(&mut conn, acme, 230, "'old ' || n").await.iter().map(ToString::to_string).collect();
    let id = agent.ask(json!({ "run_id": "r", "title": "Drop\ntable \u{1b}[2J & so on" })).await;
    ana.reject(&id, "no").await.expect(200);
    expected.insert(0, id);
    let ids = |text: &str| {
        let lines = text.lines().skip(1);
        lines.map(|line| line.split_whitespace().next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let (code, table, said) = shell.history(&[]).await;
    assert_eq!((code, ids(&table).as_slice()), (0, &expected[..50]), "{table}");
    assert!(said.contains("--all"), "{said}");
    let first = table.lines().nth(1).unwrap();
    assert!(first.contains("rejected") && first.contains("ana") && first.contains("Drop\\ntable"), "{first}");
    assert!(!table.contains('\u{1b}'), "{table:?}");
    let (code, table, said) = shell.history(&["--all"]).await;
    assert_eq!((code, ids(&table), said.as_str()), (0, expected.clone(), ""));
    assert_eq!(ids(&shell.history(&["--limit", "2"]).await.1), expected[..2]);
    let (_, lines, _) = shell.history(&["--all", "--json"]).await;
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.iter().map(|it| it["id"].as_str().unwrap()).collect::<Vec<_>>(), expected);
    for arguments in [
        &["--run", "r"][..],
        &["--resolution", "rejected"],
        &["--search", "DROP & so"],
        &["-q", "drop tab", "--status", "resolved"],
        &["--requested-by", "agent", "--run", "r"],
        &["--decided-by", "ana", "--resolution", "rejected"],
        &["--from", lines[0]["resolved_at"].as_str().unwrap()],
    ] {
        assert_eq!(ids(&shell.history(arguments).await.1), expected[..1], "{arguments:?}");
    }
    let to = lines[0]["resolved_at"].as_str().unwrap();
    assert_eq!(ids(&shell.history(&["--to", to, "--limit", "1"]).await.1), expected[1..2]);
    let (code, csv, _) = shell.history(&["--csv"]).await;
    let records: Vec<csv::StringRecord> =
        csv::Reader::from_reader(csv.as_bytes()).records().map(Result::unwrap).collect();
    assert_eq!((code, records.iter().map(|it| it[0].to_owned()).collect()), (0, expected));
    for (arguments, code, words) in [
        (&["--status", "pending"][..], 12, "status must be"),
        (&["--csv", "--from", "soon"], 10, "2026-11-21"),
        (&["--csv", "--json"], 10, "--json"),
        (&["--csv", "--all"], 10, "--all"),
        (&["--all", "--limit", "3"], 10, "--limit"),
        (&["--limit", "0"], 12, "limit must be"),
    ] {
        let (exit, out, said) = shell.history(arguments).await;
        assert!(exit == code && out.is_empty() && said.contains(words), "{arguments:?}: {exit} {said}");
    }
}

/// An export that breaks off says so, and whoever stops reading is no trouble.
#[tokio::test(flavor = "multi_thread")]
async fn an_export_that_breaks_off_says_so() {
    let database = TestDatabase::new().await;
    let (line, through) = Proxy::before(&database.url).await;
    let setup = Setup { instances: 1, database_url: Some(through), ..Setup::default() };
    let cluster = Cluster::on(database, setup).await;
    let key = cluster.member("agent").await;
    let mut conn = cluster.database.connect().await;
    let acme = ended::workspace(&mut conn, "acme").await;
    ended::add(&mut conn, acme, 20_000, "repeat('x', 500)").await;
    let environment = [("SIGNOFF_URL", cluster.instances[0].url.as_str()), ("SIGNOFF_API_KEY", key.as_str())];
    let mut reading = Running::unheard(&["history", "--csv"], &environment);
    reading.stop_reading();
    let (code, _, said) = reading.end().await;
    assert_eq!((code, said), (0, vec![]));
    // Nobody reads, so it can't have been sent as a whole when the database goes.
    let mut reading = Running::unheard(&["history", "--csv"], &environment);
    crate::support::eventually("it has begun", || async {
        cluster.instances[0].metric("signoff_http_requests_total{method=\"GET\",route=\"/api/v1/approvals/history\",status=\"200\"}").await > 1.5
    })
    .await;
    line.set(Mode::Cut);
    reading.hear();
    let (code, _, said) = reading.end().await;
    assert_eq!(code, 13, "{said:?}");
    assert!(said.iter().any(|line| line.contains("not whole")), "{said:?}");
}
