//! The history as CSV.

use std::collections::HashMap;

use reqwest::Method;
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::support::{
    Api, Cluster, Reply, Setup, TestDatabase,
    browser::Browser,
    ended, eventually,
    process::Process,
    proxy::{Mode, Proxy},
    unique,
};

const HISTORY: &str = "/api/v1/approvals/history";

async fn single() -> Cluster {
    Cluster::with(Setup { instances: 1, ..Setup::default() }).await
}

fn request(api: &Api, query: &str) -> reqwest::RequestBuilder {
    api.request(Method::GET, &format!("{HISTORY}?{query}")).header("Accept", "text/csv")
}

/// The lines, each by the names of its columns.
async fn export(api: &Api, query: &str) -> Vec<HashMap<String, String>> {
    let response = request(api, query).send().await.unwrap();
    assert_eq!(response.status(), 200);
    read(&response.bytes().await.unwrap())
}

fn read(csv: &[u8]) -> Vec<HashMap<String, String>> {
    csv::Reader::from_reader(csv).deserialize().map(Result::unwrap).collect()
}

fn ids(lines: &[HashMap<String, String>]) -> Vec<&str> {
    lines.iter().map(|line| line["id"].as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_column() {
    let cluster = single().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let (ana, bo) =
        (cluster.api(0, &cluster.member("ana").await), cluster.api(0, &cluster.member("=bo").await));
    let id = agent
        .ask(json!({
            "run_id": "-run", "session_id": "s", "task_id": "t", "job_id": "j", "workflow": "w", "approval_type": "tool_call",
            "title": "=cmd|'/C calc'!A0", "description": "not in it", "context": { "not": "in it" },
            "policy": { "min_approvers": 2, "rejections_to_reject": 2 },
        }))
        .await;
    ana.approve(&id).await.expect(200);
    bo.reject(&id, "no, \"never\"").await.expect(200);
    let reject = json!({ "reason": "@all: zwei\r\nZeilen, ünïcode \u{1f600}", "comment": "+1" });
    let cy = cluster.api(0, &cluster.member("cy").await);
    cy.post(&format!("/api/v1/approvals/{id}/reject"), &reject).await.expect(200);
    let response = request(&agent, "").send().await.unwrap();
    let headers = response.headers().clone();
    for (name, value) in [
        ("content-type", "text/csv; charset=utf-8; header=present"),
        ("content-disposition", "attachment; filename=\"signoff-history.csv\""),
        ("vary", "accept"),
    ] {
        assert_eq!(headers[name], value);
    }
    assert!(headers.get("content-length").is_none(), "it is streamed");
    let text = response.text().await.unwrap();
    assert!(text.starts_with("id,run_id,") && text.ends_with("\r\n") && !text.contains("in it"), "{text}");
    let lines = read(text.as_bytes());
    let shown = agent.show(&id).await.body;
    let line = &lines[0];
    for (column, value) in [
        ("id", id.as_str()),
        ("run_id", "'-run"),
        ("session_id", "s"),
        ("task_id", "t"),
        ("job_id", "j"),
        ("approval_type", "tool_call"),
        ("title", "'=cmd|'/C calc'!A0"),
        ("status", "resolved"),
        ("resolution", "rejected"),
        ("resolved_via", "human"),
        ("requested_by", "agent"),
        ("requested_by_id", shown["requested_by_id"].as_str().unwrap()),
        ("resolved_by", "cy"),
        ("resolved_by_id", shown["resolved_by_id"].as_str().unwrap()),
        ("approved_by", "ana"),
        ("rejected_by", "'=bo; cy"),
        ("feedback", "'@all: zwei\r\nZeilen, ünïcode \u{1f600}"),
        ("comment", "'+1"),
        ("created_at", shown["created_at"].as_str().unwrap()),
        ("expires_at", shown["expires_at"].as_str().unwrap()),
        ("resolved_at", shown["resolved_at"].as_str().unwrap()),
        ("resolved_for", ""),
        ("workflow", "w"),
    ] {
        assert_eq!(line[column], value, "{column}");
    }
    assert_eq!((lines.len(), line.len()), (1, 23));
    // JSON for everybody else.
    let page = agent.get(HISTORY).await.expect(200);
    assert_eq!((page.header("content-type"), page.header("vary")), ("application/json", "accept"));
    assert_eq!(ids(&export(&agent, "status=cancelled").await), [] as [&str; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn whole_and_in_order() {
    let cluster = single().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let rival = cluster.api(0, &cluster.key("rival", "agent", &["workspace:admin"]).await);
    let mut conn = cluster.database.connect().await;
    let acme = ended::workspace(&mut conn, "acme").await;
    let theirs = ended::workspace(&mut conn, "rival").await;
    let title = "CASE n % 1000 WHEN 0 THEN 'a needle' WHEN 1 THEN repeat('x', 500) ELSE 'hay ' || n END";
    let added = ended::add(&mut conn, acme, 20_000, title).await;
    let others = ended::add(&mut conn, theirs, 3, "'a needle'").await;
    let text = |ids: &[Uuid]| ids.iter().map(ToString::to_string).collect::<Vec<_>>();
    let check = async || {
        assert_eq!(ids(&export(&agent, "").await), text(&added));
        let hay = export(&agent, "q=hay").await;
        assert_eq!(hay.len(), 20_000 - 40);
        assert!(hay.windows(2).all(|pair| pair[0]["resolved_at"] > pair[1]["resolved_at"]));
        let needles: Vec<Uuid> = added.iter().skip(999).step_by(1_000).copied().collect();
        assert_eq!(ids(&export(&agent, "q=needle").await), text(&needles));
        assert_eq!(ids(&export(&rival, "").await), text(&others));
        // A week begins where the one before ends.
        let cut = export(&agent, "").await[7_000]["resolved_at"].clone();
        assert_eq!(export(&agent, &format!("from={cut}")).await.len(), 7_001);
        assert_eq!(export(&agent, &format!("to={cut}")).await.len(), 12_999);
    };
    check().await;
    ended::index(&mut conn).await;
    check().await;
}

/// Large texts: a part ends where it would become too large, and nothing is lost there.
#[tokio::test(flavor = "multi_thread")]
async fn large_texts() {
    let cluster = single().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let mut conn = cluster.database.connect().await;
    let acme = ended::workspace(&mut conn, "acme").await;
    let added = ended::add(&mut conn, acme, 1_500, "'x'").await;
    sqlx::query(
        "UPDATE approval_requests SET result = json_build_object('resolution', 'approved', 'feedback',
            repeat(id::text, 130), 'modifications', null, 'comment', repeat('é', 5000))",
    )
    .execute(&mut conn)
    .await
    .unwrap();
    let lines = export(&agent, "").await;
    assert_eq!(ids(&lines), added.iter().map(ToString::to_string).collect::<Vec<_>>());
    assert!(lines.iter().all(|line| line["feedback"] == line["id"].repeat(130)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused() {
    let cluster = single().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    for query in ["limit=10", "cursor=x", "status=pending", "q=%00", "from=soon"] {
        Api::send(request(&agent, query)).await.problem(422, "invalid");
    }
    let looker = cluster.api(0, &cluster.key("acme", "cy", &["approval:view:pending"]).await);
    Api::send(request(&looker, "")).await.problem(403, "forbidden");
    let head = agent.request(Method::HEAD, HISTORY).header("Accept", "text/csv");
    let reply: Reply = Api::send(head).await.expect(200);
    assert!(reply.header("content-type").starts_with("text/csv"));
}

async fn sessions(conn: &mut PgConnection) -> (i64, i64) {
    sqlx::query_as(
        "SELECT count(*) FILTER (WHERE state = 'active' AND pid <> pg_backend_pid()),
                count(*) FILTER (WHERE state LIKE 'idle in transaction%')
           FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'signoff'",
    )
    .fetch_one(conn)
    .await
    .unwrap()
}

/// Clients that take the beginning and go, or stay and take nothing more: neither costs anybody else anything.
#[tokio::test(flavor = "multi_thread")]
async fn clients_that_vanish_or_dawdle() {
    let cluster = single().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let mut conn = cluster.database.connect().await;
    let acme = ended::workspace(&mut conn, "acme").await;
    ended::add(&mut conn, acme, 20_000, "repeat('x', 500)").await;
    // More than may be under way at once.
    for _ in 0..40 {
        let mut response = request(&agent, "").send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert!(response.chunk().await.unwrap().is_some());
    }
    let dawdlers = std::sync::Mutex::new(Vec::new());
    eventually("those that have gone left no trace", || async {
        let response = request(&agent, "").send().await.unwrap();
        if response.status() == 503 {
            return false;
        }
        let mut dawdlers = dawdlers.lock().unwrap();
        dawdlers.push(response);
        dawdlers.len() == 8
    })
    .await;
    let full = request(&agent, "").send().await.unwrap();
    assert_eq!((full.status().as_u16(), full.headers()["retry-after"].to_str().unwrap()), (503, "1"));
    // Other workspaces have theirs.
    let other = cluster.api(0, &cluster.key("other", "agent", &[]).await);
    assert_eq!(request(&other, "").send().await.unwrap().status(), 200);
    eventually("nothing is held for those that dawdle", || async {
        sessions(&mut cluster.database.connect().await).await == (0, 0)
    })
    .await;
    agent.get(HISTORY).await.expect(200);
    agent.ask(json!({})).await;
    // Whoever goes on after all gets all of it.
    let one = dawdlers.lock().unwrap().pop().unwrap();
    let whole = read(&one.bytes().await.unwrap());
    assert_eq!(whole.len(), 20_000);
}

/// A database that goes away in the middle, for longer than is waited: the client can tell that it isn't all.
#[tokio::test(flavor = "multi_thread")]
async fn what_breaks_off_does_not_pass_for_whole() {
    let database = TestDatabase::new().await;
    let (line, through) = Proxy::before(&database.url).await;
    let setup = Setup { instances: 1, database_url: Some(through), ..Setup::default() };
    let cluster = Cluster::on(database, setup).await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let mut conn = cluster.database.connect().await;
    let acme = ended::workspace(&mut conn, "acme").await;
    ended::add(&mut conn, acme, 20_000, "repeat('x', 500)").await;
    // A short outage goes unnoticed.
    let mut response = request(&agent, "").send().await.unwrap();
    let mut csv = response.chunk().await.unwrap().unwrap().to_vec();
    line.set(Mode::Cut);
    line.set(Mode::Pass);
    while let Some(chunk) = response.chunk().await.unwrap() {
        csv.extend_from_slice(&chunk);
    }
    assert_eq!(read(&csv).len(), 20_000);

    eventually("it is well again", || async { request(&agent, "").send().await.unwrap().status() == 200 })
        .await;
    let mut response = request(&agent, "").send().await.unwrap();
    assert!(response.chunk().await.unwrap().is_some());
    line.set(Mode::Cut);
    let broken = loop {
        match response.chunk().await {
            Ok(Some(_)) => {}
            Ok(None) => break false,
            Err(_) => break true,
        }
    };
    assert!(broken, "the body ended as if that were all");
    // From the beginning it is a proper answer.
    eventually("it says so at once", || async {
        let reply = request(&agent, "").send().await.unwrap();
        reply.status() == 503 && reply.headers()["content-type"] == "application/problem+json"
    })
    .await;
}

/// An instance that is asked to go finishes what is quickly finished.
#[tokio::test(flavor = "multi_thread")]
async fn a_drain_lets_exports_end() {
    let database = TestDatabase::new().await;
    let setup = Setup::default();
    let process = Process::start(&database, &unique("it"), &setup).await;
    let key = crate::support::cluster::make_key(&database, "acme", "agent", &["approval:view:history"]).await;
    let agent = Api::new(&process.url, &key);
    let mut conn = database.connect().await;
    let acme = ended::workspace(&mut conn, "acme").await;
    ended::add(&mut conn, acme, 20_000, "repeat('x', 500)").await;
    let mut response = request(&agent, "").send().await.unwrap();
    let mut csv = response.chunk().await.unwrap().unwrap().to_vec();
    process.signal("TERM");
    while let Some(chunk) = response.chunk().await.unwrap() {
        csv.extend_from_slice(&chunk);
    }
    assert_eq!(read(&csv).len(), 20_000);
    assert_eq!(process.exit_code().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_for_spreadsheets_opens_as_it_is() {
    let cluster = single().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(0, &cluster.member("ana").await);
    let id = agent.ask(json!({ "title": "Grüße" })).await;
    ana.approve(&id).await.expect(200);
    let response = request(&agent, "spreadsheet=true").send().await.unwrap();
    assert_eq!(response.status(), 200);
    let bytes = response.bytes().await.unwrap();
    let rest = bytes.strip_prefix("\u{feff}".as_bytes()).expect("a byte order mark");
    let line = &read(rest)[0];
    assert_eq!(line["title"], "Grüße");
    let created = agent.show(&id).await.body["created_at"].as_str().unwrap()[..19].replace('T', " ");
    assert_eq!(line["created_at"], created);
    for query in ["", "spreadsheet=false"] {
        let bytes = request(&agent, query).send().await.unwrap().bytes().await.unwrap();
        assert!(bytes.starts_with(b"id,"), "as it was: {query}");
        assert!(read(&bytes)[0]["created_at"].ends_with('Z'));
    }
    Api::send(request(&agent, "spreadsheet=yes")).await.problem(422, "invalid");
    agent.get(&format!("{HISTORY}?spreadsheet=true")).await.problem(422, "invalid");
}

/// A reader that stands still holds a place: for a time that the operator sets, and no longer.
#[tokio::test(flavor = "multi_thread")]
async fn an_export_whose_reader_stands_still_ends_when_the_configuration_says() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let flags = vec![("http.export_pause_seconds", "2".to_owned())];
    let cluster = Cluster::with(Setup { instances: 1, flags, ..Setup::default() }).await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let mut conn = cluster.database.connect().await;
    let acme = ended::workspace(&mut conn, "acme").await;
    // More than kernels keep between two ends.
    ended::add(&mut conn, acme, 30_000, "repeat('x', 500)").await;
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let address = cluster.instances[0].url.trim_start_matches("http://").parse().unwrap();
    let mut stream = socket.connect(address).await.unwrap();
    let head = format!(
        "GET {HISTORY} HTTP/1.1\r\nhost: x\r\naccept: text/csv\r\nauthorization: Bearer {}\r\n\r\n",
        agent.key
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut beginning = [0; 12];
    stream.read_exact(&mut beginning).await.unwrap();
    assert_eq!(&beginning, b"HTTP/1.1 200");
    eventually("it is cut off", || async {
        cluster.instances[0].metric("signoff_http_connections").await < 0.5
    })
    .await;
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
    assert!(!rest.ends_with(b"\r\n0\r\n\r\n"), "what is cut off doesn't look whole");
}

/// A link can't send `Accept`; the browser sends its session's cookie along, and no `Origin`.
#[tokio::test(flavor = "multi_thread")]
async fn a_link_downloads_the_history() {
    let cluster = single().await;
    let (agent, base) = (cluster.api(0, &cluster.member("agent").await), &cluster.instances[0].url);
    let id = agent.ask(json!({ "title": "one" })).await;
    agent.cancel(&id, "no").await.expect(200);
    let browser = Browser::new();
    browser.sign_in_with_key(base, &cluster.member("ana").await).await;
    let link = format!("{base}{HISTORY}?format=csv&status=cancelled");
    let get = |site: &'static str| {
        let request = browser.request(Method::GET, &link).header("accept", "text/html,*/*;q=0.8");
        let request = if site.is_empty() { request } else { request.header("sec-fetch-site", site) };
        browser.send(request)
    };
    // A link of ours, an address that was typed, and a browser that says nothing.
    for site in ["same-origin", "none", ""] {
        let page = get(site).await;
        assert_eq!(page.status, 200, "{site}: {page:#?}");
        assert_eq!(page.headers["content-disposition"], "attachment; filename=\"signoff-history.csv\"");
        assert!(page.headers["content-type"].to_str().unwrap().starts_with("text/csv"));
        assert_eq!(ids(&read(page.text.as_bytes())), [id.as_str()]);
    }
    // A link on another site.
    get("cross-site").await.problem(403, "forbidden");
    // It wins over what is accepted, either way.
    let lines = export(&agent, "format=csv").await;
    assert_eq!(lines.len(), 1);
    let reply = Api::send(request(&agent, "format=json")).await.expect(200);
    assert_eq!(reply.body["items"][0]["id"], id);
    for wrong in ["format=xml", "format=CSV", "format=", "format=csv&limit=3"] {
        agent.get(&format!("{HISTORY}?{wrong}")).await.problem(422, "invalid");
    }
}
