//! What has ended: filters, search, pages.

mod export;
mod plans;
mod retention;
mod search_index;

use std::collections::HashSet;

use serde_json::{Value, json};
use sqlx::Connection;

use crate::support::{Api, Cluster, Setup, ended, eventually};

async fn single() -> Cluster {
    Cluster::with(Setup { instances: 1, ..Setup::default() }).await
}

async fn page(api: &Api, query: &str) -> Value {
    api.get(&format!("/api/v1/approvals/history?{query}")).await.expect(200).body
}

fn ids_of(page: &Value) -> Vec<String> {
    page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

async fn ids(api: &Api, query: &str) -> Vec<String> {
    let page = page(api, query).await;
    assert_eq!(page["next_cursor"], Value::Null, "{query}");
    ids_of(&page)
}

/// Follows the cursors to the end.
async fn all(api: &Api, query: &str) -> Vec<String> {
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = page(api, &format!("{query}{cursor}")).await;
        seen.extend(ids_of(&page));
        assert_eq!(page["searched_back_to"].is_null(), page["next_cursor"].is_null(), "{query}");
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return seen,
        }
    }
}

/// Keeps the instances from indexing until it is dropped.
async fn hold_the_indexer(cluster: &Cluster) -> sqlx::PgConnection {
    let mut conn = cluster.database.connect().await;
    sqlx::query("BEGIN").execute(&mut conn).await.unwrap();
    sqlx::query("SELECT 1 FROM approval_search_progress FOR UPDATE").execute(&mut conn).await.unwrap();
    conn
}

#[tokio::test(flavor = "multi_thread")]
async fn each_filter() {
    let cluster = single().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let (ana, bo) =
        (cluster.api(0, &cluster.member("ana").await), cluster.api(0, &cluster.member("bo \"o\\'").await));
    let holder = hold_the_indexer(&cluster).await;
    let approved = agent.ask(json!({ "run_id": "a" })).await;
    ana.approve(&approved).await.expect(200);
    let rejected = agent.ask(json!({ "run_id": "a", "policy": { "min_approvers": 2 } })).await;
    ana.approve(&rejected).await.expect(200);
    bo.reject(&rejected, "no").await.expect(200);
    let modified = ana.ask(json!({ "run_id": "b" })).await;
    bo.approve_with(&modified, json!({ "modifications": { "x": 1 } })).await.expect(200);
    let cancelled = bo.ask(json!({ "run_id": "b" })).await;
    ana.cancel(&cancelled, "never mind").await.expect(200);
    let timed_out = bo.ask(json!({ "run_id": "c", "timeout_seconds": 1, "timeout_action": "approve" })).await;
    agent.wait(&timed_out, 10).await.expect(200);
    let expired = bo.ask(json!({ "run_id": "c", "timeout_seconds": 1 })).await;
    agent.wait(&expired, 10).await.expect(200);
    let pending = agent.ask(json!({ "run_id": "a" })).await;
    let [approved, rejected, modified, cancelled, timed_out, expired] =
        [&approved, &rejected, &modified, &cancelled, &timed_out, &expired].map(String::as_str);
    let everything = page(&agent, "").await;
    let ends: Vec<&str> = everything["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["resolved_at"].as_str().unwrap())
        .collect();
    let check = async || {
        let none: [&str; 0] = [];
        for (query, expected) in [
            ("", &[expired, timed_out, cancelled, modified, rejected, approved][..]),
            ("run_id=a", &[rejected, approved]),
            ("run_id=none", &none),
            ("status=resolved", &[modified, rejected, approved]),
            ("status=expired", &[expired, timed_out]),
            ("status=cancelled", &[cancelled]),
            ("resolution=approved", &[timed_out, approved]),
            ("resolution=rejected", &[rejected]),
            ("resolution=modified", &[modified]),
            ("resolution=none", &[expired, cancelled]),
            ("status=expired&resolution=approved", &[timed_out]),
            ("requested_by=agent", &[rejected, approved]),
            ("requested_by=bo+%22o%5C%27", &[expired, timed_out, cancelled]),
            ("requested_by=b", &none),
            // Whoever voted, also where another vote was decisive, and whoever cancelled.
            ("decided_by=ana", &[cancelled, rejected, approved]),
            ("decided_by=bo+%22o%5C%27", &[modified, rejected]),
            ("decided_by=agent", &none),
            ("decided_by=ana&run_id=a&resolution=rejected", &[rejected]),
        ] {
            assert_eq!(ids(&agent, query).await, expected, "{query}");
        }
        // Times: the first belongs to it, the last doesn't.
        let (third, first) = (ends[2].replace('+', "%2B"), ends[0].replace('+', "%2B"));
        let between = format!("from={third}&to={first}");
        assert_eq!(ids(&agent, &between).await, [timed_out, cancelled]);
        assert_eq!(
            ids(&agent, &format!("{between}&requested_by=bo+%22o%5C%27")).await,
            [timed_out, cancelled]
        );
        assert_eq!(ids(&agent, &format!("to={third}")).await, [modified, rejected, approved]);
        assert_eq!(ids(&agent, &format!("to={third}&resolution=approved")).await, [approved]);
        assert_eq!(ids(&agent, "from=2026-01-01T00:00:00%2B01:00&limit=200").await.len(), 6);
        assert_eq!(ids(&agent, "to=2001-01-01T00:00:00Z").await, none);
    };
    // Nothing is in the index yet; then everything is.
    check().await;
    holder.close().await.unwrap();
    let mut conn = cluster.database.connect().await;
    ended::index(&mut conn).await;
    let indexed: i64 =
        sqlx::query_scalar("SELECT count(*) FROM approval_search").fetch_one(&mut conn).await.unwrap();
    assert_eq!(indexed, 6, "what is pending is not in it");
    check().await;
    // A cursor doesn't lead out of the time that is asked for.
    let cursor = page(&agent, "limit=1").await["next_cursor"].as_str().unwrap().to_owned();
    let third = ends[2].replace('+', "%2B");
    assert_eq!(ids(&agent, &format!("cursor={cursor}&to={third}")).await, [modified, rejected, approved]);
    // Whole approvals, as anywhere else.
    let first = page(&agent, "limit=1").await["items"][0].clone();
    assert_eq!(first, agent.show(expired).await.body);
    agent.cancel(&pending, "").await.problem(422, "invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn words() {
    let cluster = single().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let holder = hold_the_indexer(&cluster).await;
    let end = async |body: Value| {
        let id = agent.ask(body).await;
        agent.cancel(&id, "done").await.expect(200);
        id
    };
    let drop_table = end(json!({
        "run_id": "run-42", "approval_type": "tool_call", "title": "Drop table Users?",
        "description": "It has 3 rows; O'Brien\\Ångström asked (café)." }))
    .await;
    let deploy = end(json!({
        "run_id": "deploy:prod.7", "approval_type": "plan_approval", "title": "Deploy to production",
        "description": "The table of contents" }))
    .await;
    let bare = end(json!({ "run_id": "x", "approval_type": "y" })).await;
    let (drop_table, deploy, bare) = (drop_table.as_str(), deploy.as_str(), bare.as_str());
    let check = async || {
        let none: [&str; 0] = [];
        for (q, expected) in [
            ("drop", &[drop_table][..]),
            ("DROP users", &[drop_table]),
            ("use dro", &[drop_table]),
            ("table", &[deploy, drop_table]),
            ("tab prod", &[deploy]),
            ("able", &none),
            ("drop nothing", &none),
            ("tool_call", &[drop_table]),
            ("tool", &[drop_table]),
            ("run-42", &[drop_table]),
            ("42", &[drop_table]),
            ("2", &none),
            ("prod.7", &[deploy]),
            ("ångström", &[drop_table]),
            ("ÅNGSTRÖM", &[drop_table]),
            // Decomposed, as some keyboards write it.
            ("cafe\u{301}", &[drop_table]),
            ("O'Brien", &[drop_table]),
            ("\\angström", &none),
            ("' & | ! ( ) :* <-> table \\", &[deploy, drop_table]),
            ("x y", &[bare]),
            ("y", &[bare]),
        ] {
            let query = [("q", q)];
            let request = agent.request(reqwest::Method::GET, "/api/v1/approvals/history").query(&query);
            assert_eq!(ids_of(&Api::send(request).await.expect(200).body), expected, "{q}");
        }
    };
    check().await;
    holder.close().await.unwrap();
    let mut conn = cluster.database.connect().await;
    ended::index(&mut conn).await;
    check().await;
}

/// Long texts, and words that are longer than any index takes.
#[tokio::test(flavor = "multi_thread")]
async fn words_of_any_length() {
    let cluster = single().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let many: Vec<String> = (0..1_400).map(|n| format!("wd{n}")).collect();
    for description in
        ["\u{FDFA}".repeat(10_000), "é".repeat(10_000), "\u{1f600} ".repeat(5_000), many.join(" ")]
    {
        let id = agent.ask(json!({ "title": "x".repeat(500), "description": description })).await;
        agent.cancel(&id, "done").await.expect(200);
    }
    let mut conn = cluster.database.connect().await;
    ended::index(&mut conn).await;
    for (q, count) in [("é".repeat(200), 1), ("x".repeat(200), 4), ("wd1399".into(), 1), ("wd13".into(), 1)]
    {
        let query = [("q", q.as_str())];
        let request = agent.request(reqwest::Method::GET, "/api/v1/approvals/history").query(&query);
        assert_eq!(ids_of(&Api::send(request).await.expect(200).body).len(), count, "{q}");
    }
}

/// While others decide, each outcome that was there before the first page comes exactly once.
#[tokio::test(flavor = "multi_thread")]
async fn pages_are_stable_under_writes() {
    let cluster = Cluster::start().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(1, &cluster.member("ana").await);
    let mut conn = cluster.database.connect().await;
    let workspace = ended::workspace(&mut conn, "acme").await;
    let standing = ended::add(&mut conn, workspace, 500, "'standing ' || n").await;
    // Many share a moment.
    sqlx::query("UPDATE approval_requests SET resolved_at = date_trunc('minute', resolved_at)")
        .execute(&mut conn)
        .await
        .unwrap();
    let standing: HashSet<String> = standing.iter().map(ToString::to_string).collect();
    let writing = tokio::task::spawn({
        let agent = agent.clone();
        async move {
            loop {
                let id = agent.ask(json!({ "title": "standing too" })).await;
                ana.approve(&id).await.expect(200);
            }
        }
    });
    eventually("they decide", || async {
        ids_of(&page(&agent, "to=9999-01-01T00:00:00Z").await).len() == 50
    })
    .await;
    for query in ["limit=7", "limit=7&q=standing", "limit=13&q=standing&decided_by=ana", "limit=200"] {
        let seen = all(&agent, query).await;
        let distinct: HashSet<String> = seen.iter().cloned().collect();
        assert_eq!(distinct.len(), seen.len(), "{query}: something came twice");
        assert_eq!(standing.difference(&distinct).count(), 0, "{query}: something was left out");
    }
    writing.abort();
}

/// A page ends where it would become too large, and the next one goes on from there.
#[tokio::test(flavor = "multi_thread")]
async fn pages_are_bounded_in_bytes() {
    let cluster = single().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let mut expected = Vec::new();
    for _ in 0..20 {
        let large = json!({ "x": "x".repeat(255 * 1024) });
        let id = agent.ask(json!({ "context": large, "metadata": large })).await;
        agent.cancel(&id, "no").await.expect(200);
        expected.insert(0, id);
    }
    for query in ["limit=200", "limit=200&status=cancelled"] {
        let first = page(&agent, query).await;
        assert_eq!(ids_of(&first).len(), 9);
        assert_eq!(first["searched_back_to"], first["items"][8]["resolved_at"]);
        assert_eq!(all(&agent, query).await, expected);
    }
}

/// Words that are everywhere and words that are almost nowhere, in a workspace among others: nothing is left out.
#[tokio::test(flavor = "multi_thread")]
async fn rare_words_and_common_ones() {
    let cluster = single().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let mut conn = cluster.database.connect().await;
    let workspace = ended::workspace(&mut conn, "acme").await;
    // The newest are like none of the others.
    let title = "CASE WHEN n > 2000 THEN 'common table' ELSE 'fresh' END
        || CASE n % 6000 WHEN 0 THEN ' needle' ELSE ' hay' END";
    let added = ended::add(&mut conn, workspace, 30_000, title).await;
    for number in 0..4 {
        let other = cluster.key(&format!("other-{number}"), "agent", &["approval:view:history"]).await;
        let other = (cluster.api(0, &other), ended::workspace(&mut conn, &format!("other-{number}")).await);
        ended::add(&mut conn, other.1, 5_000, "'common needle table'").await;
    }
    ended::index(&mut conn).await;
    let needles: Vec<String> = (1..=5).map(|n| added[n * 6_000 - 1].to_string()).collect();
    assert_eq!(all(&agent, "q=needle").await, needles);
    assert_eq!(ids(&agent, "q=need+common").await, needles);
    assert_eq!(ids(&agent, "q=n").await, needles);
    assert_eq!(ids(&agent, "q=needle&limit=5").await, needles);
    assert_eq!(ids_of(&page(&agent, "q=needle&limit=2").await), needles[..2]);
    // Far more than is ever put in order, and none of it among the newest.
    let common = all(&agent, "q=common&limit=200").await;
    assert_eq!(common, added[2_000..].iter().map(ToString::to_string).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_questions_are_refused() {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let cluster = single().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    agent.ask(json!({})).await;
    agent.ask(json!({})).await;
    let pending = agent.get("/api/v1/approvals/pending?limit=1").await.expect(200).body;
    let foreign = format!("cursor={}", pending["next_cursor"].as_str().unwrap());
    let made_up = |at: &str| {
        let cursor = json!({ "resolved_at": at, "approval_id": "01890a5d-ac96-774b-bcce-b302099a8057" });
        format!("cursor={}", URL_SAFE_NO_PAD.encode(cursor.to_string()))
    };
    let long = format!("q={}", "a".repeat(201));
    for (query, pointer, rule) in [
        ("status=pending", "?status", "choice"),
        ("status=", "?status", "choice"),
        ("resolution=maybe", "?resolution", "choice"),
        ("from=yesterday", "?from", "time"),
        ("to=2026-13-01T00:00:00Z", "?to", "time"),
        ("from=2026-01-02T00:00:00Z&to=2026-01-02T01:00:00%2B01:00", "?from", "order"),
        ("from=2026-01-03T00:00:00Z&to=2026-01-02T00:00:00Z", "?from", "order"),
        ("q=%00", "?q", "characters"),
        ("q=", "?q", "words"),
        ("q=%E2%80%94%20%21", "?q", "words"),
        (long.as_str(), "?q", "max_length"),
        ("requested_by=", "?requested_by", "name"),
        ("decided_by=%20ana", "?decided_by", "name"),
        ("decided_by=a%0Ab", "?decided_by", "name"),
        ("run_id=a%20b", "?run_id", "name"),
        ("limit=0", "?limit", "range"),
        ("limit=201", "?limit", "range"),
        ("cursor=xyz", "?cursor", "cursor"),
        (foreign.as_str(), "?cursor", "cursor"),
        (made_up("-200000-01-01T00:00:00Z").as_str(), "?cursor", "cursor"),
        (made_up("+262000-01-01T00:00:00Z").as_str(), "?cursor", "cursor"),
        ("colour=blue", "?colour", "unknown_parameter"),
        ("limit=1&limit=2", "?limit", "once"),
        ("%6Cimit=1&q=x&limit=1", "?limit", "once"),
    ] {
        let reply = agent.get(&format!("/api/v1/approvals/history?{query}")).await.problem(422, "invalid");
        let error = &reply.body["errors"][0];
        assert_eq!((&error["pointer"], &error["rule"]), (&json!(pointer), &json!(rule)), "{query}");
    }
    agent.get(&format!("/api/v1/approvals/history?{}", made_up("2026-01-01T00:00:00Z"))).await.expect(200);
    let looker = cluster.api(0, &cluster.key("acme", "cy", &["approval:view:pending"]).await);
    looker.get("/api/v1/approvals/history").await.problem(403, "forbidden");
    agent.post("/api/v1/approvals/history", &json!({})).await.problem(405, "method_not_allowed");
}
