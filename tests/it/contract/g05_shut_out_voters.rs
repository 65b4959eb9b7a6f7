//! G5: an approval of somebody who was disabled after it doesn't count while nothing is decided; and what is asked of
//! people who aren't there is told.

use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

use crate::support::{Api, Cluster, Setup, Socket, eventually};

async fn one() -> Cluster {
    Cluster::with(Setup { instances: 1, ..Setup::default() }).await
}

async fn set_disabled(conn: &mut PgConnection, name: &str, out: bool) {
    let change = "UPDATE principals SET disabled_at = CASE WHEN $2 THEN now() END WHERE name = $1";
    let changed = sqlx::query(change).bind(name).bind(out).execute(conn).await.unwrap();
    assert_eq!(changed.rows_affected(), 1);
}

async fn counts(api: &Api, id: &str) -> Vec<Value> {
    let decisions = api.get(&format!("/api/v1/approvals/{id}/decisions")).await.expect(200).body;
    decisions["items"].as_array().unwrap().iter().map(|it| it["counts"].clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn g05_an_approval_of_somebody_disabled_since_does_not_count() {
    let cluster = one().await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    let [ana, bo, cy] = ["ana", "bo", "cy"];
    let mut people = Vec::new();
    for name in [ana, bo, cy] {
        people.push(cluster.api(0, &cluster.member(name).await));
    }
    let mut conn = cluster.database.connect().await;
    let two = json!({ "policy": { "min_approvers": 2 } });
    let id = asker.ask(two.clone()).await;
    people[0].approve(&id).await.expect(200);
    set_disabled(&mut conn, ana, true).await;
    let done = people[1].approve(&id).await.expect(200).body;
    assert_eq!((&done["changed"], &done["approval"]["status"]), (&json!(true), &json!("pending")));
    assert_eq!(counts(&asker, &id).await, [json!(false), json!(true)]);
    let done = people[2].approve(&id).await.expect(200).body;
    assert_eq!(done["approval"]["resolution"], "approved");
    assert_eq!(counts(&asker, &id).await, [json!(false), json!(true), json!(true)]);

    // A rejection counts, whatever becomes of whoever said it; and what is final stays.
    set_disabled(&mut conn, ana, false).await;
    eventually("ana is back", || async { people[0].show(&id).await.status == 200 }).await;
    let patient = asker.ask(json!({ "policy": { "rejections_to_reject": 2 } })).await;
    people[0].reject(&patient, "no").await.expect(200);
    let settled = asker.ask(json!({})).await;
    people[0].approve(&settled).await.expect(200);
    set_disabled(&mut conn, ana, true).await;
    let done = people[1].reject(&patient, "no either").await.expect(200).body;
    assert_eq!(done["approval"]["resolution"], "rejected");
    assert_eq!(counts(&asker, &patient).await, [json!(true), json!(true)]);
    assert_eq!(asker.show(&settled).await.body["resolution"], "approved");
    assert_eq!(counts(&asker, &settled).await, [json!(true)]);
}

/// Who comes back counts again: the last of those who are needed says it once more.
#[tokio::test(flavor = "multi_thread")]
async fn g05_whoever_is_enabled_again_counts_again() {
    let cluster = one().await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(0, &cluster.member("ana").await);
    let bo = cluster.api(0, &cluster.member("bo").await);
    let mut conn = cluster.database.connect().await;
    let both = json!({ "policy": { "allowed_approvers": ["ana", "bo"], "require_all": true } });
    let id = asker.ask(both).await;
    ana.approve(&id).await.expect(200);
    set_disabled(&mut conn, "ana", true).await;
    bo.approve(&id).await.expect(200);
    let again = bo.approve(&id).await.expect(200).body;
    assert_eq!((&again["changed"], &again["approval"]["status"]), (&json!(false), &json!("pending")));
    set_disabled(&mut conn, "ana", false).await;
    let done = bo.approve(&id).await.expect(200).body;
    assert_eq!((&done["changed"], &done["approval"]["resolution"]), (&json!(true), &json!("approved")));
    let again = bo.approve(&id).await.expect(200).body;
    assert_eq!((&again["changed"], &again["approval"]["version"]), (&json!(false), &json!(4)));
    assert_eq!(counts(&asker, &id).await, [json!(true), json!(true)]);
    let records: Vec<(String, String)> =
        sqlx::query_as("SELECT action, actor_name FROM audit_log WHERE approval_id = $1::uuid ORDER BY seq")
            .bind(&id)
            .fetch_all(&mut conn)
            .await
            .unwrap();
    let records: Vec<(&str, &str)> = records.iter().map(|(action, who)| (&**action, &**who)).collect();
    assert_eq!(
        records,
        [
            ("approval.requested", "agent"),
            ("approval.voted", "ana"),
            ("approval.voted", "bo"),
            ("approval.resolved", "bo")
        ]
    );
}

/// The last vote is on its way, for it waits for the approval's lock, while an earlier voter is disabled.
#[tokio::test(flavor = "multi_thread")]
async fn g05_a_quorum_is_counted_when_it_is_written() {
    let cluster = one().await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(0, &cluster.member("ana").await);
    let bo = cluster.api(0, &cluster.member("bo").await);
    let mut conn = cluster.database.connect().await;
    let mut other = cluster.database.connect().await;
    let id = asker.ask(json!({ "policy": { "min_approvers": 2 } })).await;
    ana.approve(&id).await.expect(200);
    let mut holding = conn.begin().await.unwrap();
    sqlx::query("SELECT FROM approval_requests WHERE id = $1::uuid FOR UPDATE")
        .bind(&id)
        .execute(&mut *holding)
        .await
        .unwrap();
    let vote = tokio::spawn({
        let (bo, id) = (bo.clone(), id.clone());
        async move { bo.approve(&id).await }
    });
    eventually("the vote waits", || async {
        let mut conn = cluster.database.connect().await;
        let waiting = "SELECT count(*) FROM pg_stat_activity
                        WHERE datname = current_database() AND wait_event_type = 'Lock'";
        sqlx::query_scalar::<_, i64>(waiting).fetch_one(&mut conn).await.unwrap() > 0
    })
    .await;
    set_disabled(&mut other, "ana", true).await;
    holding.rollback().await.unwrap();
    let done = vote.await.unwrap().expect(200).body;
    assert_eq!((&done["changed"], &done["approval"]["status"]), (&json!(true), &json!("pending")));
}

#[tokio::test(flavor = "multi_thread")]
async fn g05_rejections_that_can_not_come_are_refused() {
    let cluster = one().await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    for policy in [
        json!({ "allowed_approvers": ["ana", "bo"], "rejections_to_reject": 3 }),
        // The requester doesn't decide.
        json!({ "allowed_approvers": ["ana", "agent"], "rejections_to_reject": 2 }),
    ] {
        let refused = asker.create(json!({ "policy": policy })).await.problem(422, "unsatisfiable_policy");
        assert_eq!(refused.body["errors"][0]["pointer"], "/policy/rejections_to_reject", "{refused:?}");
    }
    for policy in [
        json!({ "allowed_approvers": ["ana", "bo"], "rejections_to_reject": 2 }),
        json!({ "allowed_approvers": ["ana", "agent"], "rejections_to_reject": 2, "allow_self_approval": true }),
        json!({ "rejections_to_reject": 1000 }),
    ] {
        asker.create(json!({ "policy": policy })).await.expect(201);
    }
}

/// Who is named and isn't there may come: it is taken, and said.
#[tokio::test(flavor = "multi_thread")]
async fn g05_nobody_there_to_decide_is_told() {
    let cluster = one().await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    for name in ["ana", "bo", "gone"] {
        cluster.member(name).await;
    }
    cluster.key("other", "elsewhere", &[]).await;
    let mut conn = cluster.database.connect().await;
    set_disabled(&mut conn, "gone", true).await;
    let many: Vec<String> = (0..100).map(|number| format!("unknown-{number}")).collect();
    let warned = [
        json!({ "allowed_approvers": ["unknown"] }),
        json!({ "allowed_approvers": ["gone"] }),
        json!({ "allowed_approvers": ["gone", "unknown", "elsewhere"] }),
        // The requester doesn't decide.
        json!({ "allowed_approvers": ["gone", "agent"] }),
        json!({ "allowed_approvers": ["ana", "gone"], "require_all": true }),
        json!({ "allowed_approvers": many }),
    ];
    for policy in &warned {
        let created = asker.create(json!({ "policy": policy })).await.expect(201).body;
        let warnings = created["warnings"].as_array().unwrap_or_else(|| panic!("{policy}: {created}"));
        assert_eq!((warnings.len(), &warnings[0]["pointer"]), (1, &json!("/policy/allowed_approvers")));
        assert_eq!(created["status"], "pending");
        assert_eq!(asker.show(created["id"].as_str().unwrap()).await.body["warnings"], Value::Null);
    }
    for policy in [
        json!({}),
        json!({ "min_approvers": 9 }),
        json!({ "allowed_approvers": ["ana", "gone", "unknown"] }),
        json!({ "allowed_approvers": ["ana", "bo", "gone"], "min_approvers": 2 }),
        json!({ "allowed_approvers": ["gone", "agent"], "allow_self_approval": true }),
    ] {
        let created = asker.create(json!({ "policy": policy })).await.expect(201).body;
        assert_eq!(created["warnings"], Value::Null, "{policy}");
    }
    // By a socket as well; and a repeated call repeats no warning.
    let mut socket = Socket::open(&asker, "t").await;
    let mut ask = json!({
        "type": "request_approval", "approval_type": "t", "context": {}, "policy": warned[0],
        "idempotency_key": "k",
    });
    ask["run_id"] = json!("t");
    let answer = socket.ask(ask.clone()).await;
    assert_eq!(answer["data"]["warnings"][0]["rule"], "present", "{answer}");
    assert_eq!(socket.ask(ask).await["data"]["warnings"], Value::Null);
}
