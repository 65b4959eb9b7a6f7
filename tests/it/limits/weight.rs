//! What weighs much is bounded by its bytes: one workspace's large approvals, votes and records take neither the memory
//! of an instance nor what others are answered.

use serde_json::{Value, json};
use signoff::{
    domain::ids::ApprovalId,
    store::approvals::{LARGEST, Votes, load},
};
use sqlx::AssertSqlSafe;
use tokio::{io::AsyncWriteExt, net::TcpStream};

use crate::support::{Api, Cluster, Setup, ended::workspace, eventually};

const MEBIBYTE: usize = 1024 * 1024;

/// The least room for answers that an instance can have: 48 MiB, of which one workspace gets 24.
async fn narrow() -> Cluster {
    let flags = vec![("limits.max_answers_mebibytes", "48".to_owned())];
    Cluster::with(Setup { instances: 1, flags, ..Setup::default() }).await.connected().await
}

/// Some 750 KB.
fn large() -> Value {
    let text = "x".repeat(250_000);
    json!({ "context": { "x": text }, "metadata": { "x": text }, "timeout_seconds": 600,
            "checkpoint": { "name": "c", "state": text } })
}

/// A whole list, and how many bytes and items each of its pages had.
async fn pages(api: &Api, path: &str) -> Vec<(usize, usize)> {
    let mut pages = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = api.get(&format!("{path}{cursor}")).await.expect(200).body;
        pages.push((page.to_string().len(), page["items"].as_array().unwrap().len()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return pages,
        }
    }
}

#[track_caller]
fn assert_bounded(pages: &[(usize, usize)], items: usize) {
    assert_eq!(pages.iter().map(|(_, items)| items).sum::<usize>(), items, "{pages:?}");
    assert!(pages.iter().all(|(bytes, _)| *bytes < 6 * MEBIBYTE), "{pages:?}");
    assert!(pages.len() > 1, "{pages:?}");
}

/// Rows of the version before: a thousand approvers with names of 800 bytes, and no size kept.
async fn give_large_policies(cluster: &Cluster) {
    let mut conn = cluster.database.connect().await;
    sqlx::query(
        "UPDATE approval_requests SET size = NULL, policy = policy || jsonb_build_object('allowed_approvers',
             (SELECT jsonb_agg(repeat('x', 796) || lpad(n::text, 4, '0')) FROM generate_series(1, 1000) n))
          WHERE workspace_id = (SELECT id FROM workspaces WHERE name = 'acme')",
    )
    .execute(&mut conn)
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_large_policies_end_early_and_a_neighbour_is_served() {
    let cluster = narrow().await;
    let crowd = cluster.api(0, &cluster.member("agent").await);
    let other = cluster.api(0, &cluster.key("other", "agent", &[]).await);
    for _ in 0..30 {
        crowd.ask(json!({ "timeout_seconds": 600 })).await;
    }
    other.ask(large()).await;
    give_large_policies(&cluster).await;
    assert_bounded(&pages(&crowd, "/api/v1/approvals/pending?limit=200").await, 30);
    // Many at once are refused or served, and the neighbour's are served.
    let lists = (0..12).map(|_| crowd.get("/api/v1/approvals/pending?limit=200"));
    let neighbour = async {
        for _ in 0..10 {
            let seen = other.get("/api/v1/approvals/pending?limit=200").await.expect(200);
            assert_eq!(seen.body["items"].as_array().unwrap().len(), 1);
        }
    };
    let (replies, ()) = tokio::join!(futures_util::future::join_all(lists), neighbour);
    for reply in replies {
        assert!(reply.status == 200 || reply.code() == "overloaded", "{}", reply.status);
    }
    let mut conn = cluster.database.connect().await;
    sqlx::query(
        "UPDATE approval_requests SET status = 'cancelled', resolved_via = 'human', resolved_at = now(),
                result = '{\"resolution\": null, \"feedback\": \"no\", \"modifications\": null, \"comment\": null}'
          WHERE workspace_id = (SELECT id FROM workspaces WHERE name = 'acme')",
    )
    .execute(&mut conn)
    .await
    .unwrap();
    assert_bounded(&pages(&crowd, "/api/v1/approvals/history?limit=200").await, 30);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_edits_of_votes_are_read_once_and_told_page_by_page() {
    let cluster = narrow().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let id = agent.ask(json!({ "policy": { "min_approvers": 30 }, "timeout_seconds": 600 })).await;
    let edits = json!({ "modifications": { "x": "x".repeat(250_000) } });
    let mut people = Vec::new();
    for number in 0..20 {
        let person = cluster.api(0, &cluster.member(&format!("p{number}")).await);
        person.approve_with(&id, edits.clone()).await.expect(200);
        people.push(person);
    }
    // Whoever decides next is judged by the edits of the first, and so is whoever repeats.
    assert_eq!(people[7].approve_with(&id, edits.clone()).await.expect(200).body["changed"], false);
    people[7].approve(&id).await.problem(409, "already_voted");
    let late = cluster.api(0, &cluster.member("late").await);
    late.approve(&id).await.problem(409, "modifications_differ");
    // What is read: the edits once, by whoever decides, and not at all by whoever looks.
    let mut conn = cluster.database.connect().await;
    let approval = ApprovalId::parse(&id).unwrap();
    for (votes, held) in [(Votes::Read, 1), (Votes::Left, 0)] {
        let part = load(&mut conn, &[approval], votes).await.unwrap();
        let loaded = part.found.into_values().next().unwrap().unwrap();
        assert_eq!(loaded.votes.iter().filter(|vote| vote.modifications.is_some()).count(), held);
        assert!((250_000..300_000).contains(&loaded.size), "{}", loaded.size);
    }
    assert_bounded(&pages(&agent, &format!("/api/v1/approvals/{id}/decisions?limit=200")).await, 20);
    let all = agent.get(&format!("/api/v1/approvals/{id}/audit")).await.expect(200).body;
    assert_eq!((all["items"].as_array().unwrap().len(), &all["next_cursor"]), (21, &Value::Null));
    let first = agent.get(&format!("/api/v1/approvals/{id}/audit?limit=5")).await.expect(200).body;
    assert_eq!(first["items"].as_array().unwrap()[..], all["items"].as_array().unwrap()[..5]);
}

/// What is kept is what it takes, through votes and to the outcome.
#[tokio::test(flavor = "multi_thread")]
async fn an_approval_knows_its_size() {
    let cluster = narrow().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(0, &cluster.member("ana").await);
    let mut conn = cluster.database.connect().await;
    let body =
        json!({ "title": "\u{1}".repeat(100), "description": "\"".repeat(1_000), "context": { "x": "é\n" } });
    let id = agent.ask(body).await;
    ana.approve_with(
        &id,
        json!({ "comment": "\u{7}".repeat(5_000), "modifications": { "x": "y".repeat(10_000) } }),
    )
    .await
    .expect(200);
    let shown = ana.show(&id).await.expect(200).body.to_string().len();
    let size: i32 = sqlx::query_scalar("SELECT size FROM approval_requests WHERE id = $1::uuid")
        .bind(&id)
        .fetch_one(&mut conn)
        .await
        .unwrap();
    let size = usize::try_from(size).unwrap();
    // The edits are counted with the vote, and with the outcome.
    assert!(size >= shown && size < shown + 13_000, "{size} for {shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_much_for_one_reading_is_decided_in_several() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(0, &cluster.member("ana").await);
    let mut ids = Vec::new();
    for _ in 0..20 {
        ids.push(agent.ask(large()).await);
    }
    let mut conn = cluster.database.connect().await;
    let parsed: Vec<ApprovalId> = ids.iter().map(|id| ApprovalId::parse(id).unwrap()).collect();
    let part = load(&mut conn, &parsed, Votes::Read).await.unwrap();
    assert_eq!((part.found.len(), part.rest.len()), (LARGEST / 750_000 + 1, 14));
    let done =
        ana.post("/api/v1/approvals/bulk", &json!({ "ids": ids, "action": "approve" })).await.expect(200);
    let results = done.body["results"].as_array().unwrap();
    let statuses: Vec<&Value> = results.iter().map(|it| &it["status"]).collect();
    assert!(results.iter().all(|it| it["status"] == 200 && it["changed"] == true), "{statuses:?}");
    let shown = results.iter().filter(|it| it.get("approval").is_some()).count();
    assert!((1..=7).contains(&shown), "{shown}");
    let looks = futures_util::future::join_all(ids.iter().map(|id| ana.show(id))).await;
    assert!(looks.iter().all(|it| it.status == 200 || it.code() == "overloaded"));
}

/// Asks for a page and reads nothing of the answer.
async fn ask_only(api: &Api, path: &str) -> TcpStream {
    let address = api.base.trim_start_matches("http://");
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut stream = socket.connect(address.parse().unwrap()).await.unwrap();
    let head = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {}\r\n\r\n", api.key);
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_nobody_reads_leave_room_for_a_neighbour() {
    let cluster = narrow().await;
    let crowd = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(0, &cluster.member("ana").await);
    let other = cluster.api(0, &cluster.key("other", "agent", &[]).await);
    let theirs = other.ask(large()).await;
    let mut held = Vec::new();
    let mut ids = Vec::new();
    for _ in 0..40 {
        let id = crowd.ask(large()).await;
        held.push(ask_only(&crowd, &format!("/api/v1/approvals/{id}")).await);
        ids.push(id);
    }
    eventually("its share is used up", || async { crowd.show(&ids[39]).await.status == 503 }).await;
    crowd.show(&ids[39]).await.problem(503, "overloaded");
    // Nothing is begun that could not be told of, and small answers need no room.
    ana.approve(&ids[39]).await.problem(503, "overloaded");
    let small = crowd.ask(json!({})).await;
    ana.approve(&small).await.expect(200);
    other.show(&theirs).await.expect(200);
    other.get("/api/v1/approvals/pending").await.expect(200);
    assert!(cluster.instances[0].metric("signoff_shed_total{cap=\"answers\"}").await > 0.5);
    drop(held);
    eventually("there is room again", || async { crowd.show(&ids[39]).await.status == 200 }).await;
    ana.approve(&ids[39]).await.expect(200);
}

/// Fifty of these would not fit; it is there once.
#[tokio::test(flavor = "multi_thread")]
async fn waits_on_one_large_approval_share_what_they_are_told() {
    let cluster = narrow().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(0, &cluster.member("ana").await);
    let id = agent.ask(large()).await;
    let mut held = Vec::new();
    for _ in 0..40 {
        held.push(ask_only(&agent, &format!("/api/v1/approvals/{id}/wait?timeout=50")).await);
    }
    let waiters: Vec<_> = (0..10).map(|_| agent.waiting(&id, 50)).collect();
    eventually("they wait", || async { cluster.waiting(0) == 50 }).await;
    ana.approve(&id).await.expect(200);
    for waiter in waiters {
        assert_eq!(waiter.await.unwrap().expect(200).body["status"], "resolved");
    }
    assert!(cluster.instances[0].metric("signoff_shed_total{cap=\"answers\"}").await < 0.5);
}

/// A mebibyte in each of sixty records: linked some at a time, and those of others with them.
#[tokio::test(flavor = "multi_thread")]
async fn heavy_records_are_linked_and_shown_in_parts() {
    let cluster = narrow().await;
    let crowd = cluster.api(0, &cluster.key("acme", "agent", &["audit:view"]).await);
    let other = cluster.api(0, &cluster.key("other", "agent", &[]).await);
    let mut conn = cluster.database.connect().await;
    // One statement: the chainer finds all of it at once.
    sqlx::query(AssertSqlSafe(format!(
        "INSERT INTO audit_log (workspace_id, at, action, via, detail)
         SELECT '{}', clock_timestamp(), 'test', 'human', json_build_object('x', repeat('x', {MEBIBYTE}))
           FROM generate_series(1, 60)",
        workspace(&mut conn, "acme").await
    )))
    .execute(&mut conn)
    .await
    .unwrap();
    other.ask(json!({})).await;
    crate::contract::g18_chain::all_linked(&cluster.database).await;
    assert_bounded(&pages(&crowd, "/api/v1/audit?action=test").await, 60);
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_come_page_by_page() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let admin = cluster.api(0, &cluster.key("acme", "root", &["principal:manage", "approval:create"]).await);
    for number in 0..5 {
        let role = admin.request(reqwest::Method::PUT, &format!("/api/v1/roles/r{number}"));
        let body = json!({ "permissions": ["approval:create"], "description": "x".repeat(1_000) });
        Api::send(role.json(&body)).await.expect(200);
    }
    let first = admin.get("/api/v1/roles?limit=2").await.expect(200).body;
    let names = |page: &Value| -> Vec<String> {
        let own = page["items"].as_array().unwrap().iter().filter(|it| it["built_in"] == false);
        own.map(|it| it["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&first), ["r0", "r1"]);
    let second = admin.get("/api/v1/roles?limit=3&cursor=r1").await.expect(200).body;
    assert_eq!(
        (names(&second), second["items"].as_array().unwrap().len()),
        (vec!["r2".into(), "r3".into(), "r4".into()], 3)
    );
    assert_eq!(second["next_cursor"], Value::Null);
    assert_eq!(names(&admin.get("/api/v1/roles").await.expect(200).body).len(), 5);
    admin.get("/api/v1/roles?cursor=%20").await.problem(422, "invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_of_very_many_long_names_is_refused() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let named = |length: usize| {
        let names: Vec<String> = (0..1_000).map(|number| format!("{number:0length$}")).collect();
        json!({ "policy": { "allowed_approvers": names } })
    };
    agent.create(named(31)).await.expect(201);
    let refused = agent.create(named(32)).await.problem(422, "invalid");
    assert_eq!(refused.body["errors"][0]["pointer"], "/policy/allowed_approvers");
    assert_eq!(refused.body["errors"][0]["rule"], "max_size");
}

/// Who may agree is worked out of all whom the policy means, however few of them are shown.
#[tokio::test(flavor = "multi_thread")]
async fn who_may_agree_needs_room_where_thousands_are_meant() {
    let cluster = narrow().await;
    let crowd = cluster.api(0, &cluster.member("agent").await);
    let mut conn = cluster.database.connect().await;
    sqlx::query(
        "INSERT INTO principals (id, workspace_id, name, groups)
         SELECT gen_random_uuid(), w.id, 'p' || n, ARRAY['g' || n % 2]
           FROM generate_series(1, 2000) n CROSS JOIN workspaces w WHERE w.name = 'acme'",
    )
    .execute(&mut conn)
    .await
    .unwrap();
    let many = crowd.ask(json!({ "policy": { "allowed_groups": ["g0", "g1"] } })).await;
    let few = crowd.ask(json!({ "policy": { "allowed_approvers": ["ana"] } })).await;
    let mut held = Vec::new();
    let mut ids = Vec::new();
    for _ in 0..40 {
        let id = crowd.ask(large()).await;
        held.push(ask_only(&crowd, &format!("/api/v1/approvals/{id}")).await);
        ids.push(id);
    }
    eventually("its share is used up", || async { crowd.show(&ids[39]).await.status == 503 }).await;
    let eligible = async |id: &str| crowd.get(&format!("/api/v1/approvals/{id}/eligible?limit=1")).await;
    eligible(&many).await.problem(503, "overloaded");
    eligible(&few).await.expect(200);
    drop(held);
    eventually("there is room again", || async { eligible(&many).await.status == 200 }).await;
}
