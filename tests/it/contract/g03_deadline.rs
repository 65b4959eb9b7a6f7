//! G3: nothing is decided from the deadline on, and nothing fires before it.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

use crate::support::{
    Api, Cluster, Setup, TestDatabase, cluster::make_key, eventually, process::Process, unique, variable,
};

fn time(value: &Value) -> DateTime<Utc> {
    value.as_str().unwrap().parse().unwrap()
}

/// Makes the deadline pass, by the database.
async fn let_pass(conn: &mut PgConnection, id: &str) {
    sqlx::query("UPDATE approval_requests SET expires_at = clock_timestamp() WHERE id = $1::uuid")
        .bind(id)
        .execute(conn)
        .await
        .unwrap();
}

/// Somebody holds the row's lock past the deadline. The vote that was sent before it comes too late: a check in
/// the statement's WHERE would have been made before the wait.
#[tokio::test(flavor = "multi_thread")]
async fn g03_a_vote_that_waited_past_the_deadline_is_late() {
    let cluster = Cluster::start().await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(1, &cluster.member("ana").await);
    let id = asker.ask(json!({ "timeout_seconds": 1 })).await;
    let mut holder = cluster.database.connect().await;
    let mut transaction = holder.begin().await.unwrap();
    sqlx::query("SELECT 1 FROM approval_requests WHERE id = $1::uuid FOR UPDATE")
        .bind(&id)
        .execute(&mut *transaction)
        .await
        .unwrap();
    let vote = {
        let (ana, id) = (ana.clone(), id.clone());
        tokio::task::spawn(async move { ana.approve(&id).await })
    };
    // The vote waits for the lock; release it only once the deadline has passed.
    let mut watcher = cluster.database.connect().await;
    sqlx::query(
        "SELECT pg_sleep_until(expires_at + interval '50 ms') FROM approval_requests WHERE id = $1::uuid",
    )
    .bind(&id)
    .execute(&mut watcher)
    .await
    .unwrap();
    assert!(!vote.is_finished(), "the vote must have met the lock");
    transaction.rollback().await.unwrap();
    let reply = vote.await.unwrap().problem(410, "expired");
    assert_eq!(reply.body["approval"]["status"], "expired");
    assert_eq!(asker.get(&format!("/api/v1/approvals/{id}/decisions")).await.body["items"], json!([]));
}

/// Votes around the very moment of the deadline: whoever wins, the times fit.
#[tokio::test(flavor = "multi_thread")]
async fn g03_votes_race_the_deadline() {
    let cluster = Cluster::start().await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(1, &cluster.member("ana").await);
    let mut races = Vec::new();
    for number in 0..150_u64 {
        let (asker, ana) = (asker.clone(), ana.clone());
        races.push(tokio::task::spawn(async move {
            let created = asker.create(json!({ "timeout_seconds": 1, "run_id": format!("r{number}") })).await;
            let id = created.expect(201).id();
            // From 30 ms before the deadline to 30 ms after it.
            let aim = tokio::time::Instant::now() + std::time::Duration::from_millis(970 + (number * 7) % 60);
            tokio::time::sleep_until(aim).await;
            (ana.approve(&id).await, id)
        }));
    }
    let (mut in_time, mut late) = (0, 0);
    for race in races {
        let (reply, id) = race.await.unwrap();
        let approval = asker.show(&id).await.expect(200).body;
        let (at, deadline) = (time(&approval["resolved_at"]), time(&approval["expires_at"]));
        if reply.status == 200 {
            in_time += 1;
            assert!(at < deadline, "a late vote was accepted: {approval}");
            assert_eq!(approval["status"], "resolved");
        } else {
            late += 1;
            reply.problem(410, "expired");
            assert!(at >= deadline, "the deadline fired early: {approval}");
            assert_eq!(approval["status"], "expired");
        }
    }
    println!("{in_time} in time, {late} late");
    assert_eq!(in_time + late, 150);
}

#[tokio::test]
async fn g03_no_vote_is_accepted_although_no_sweep_has_run() {
    // An instance whose only sweep is a second away: whoever decides looks for themselves.
    let cluster = Cluster::start().await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(0, &cluster.member("ana").await);
    let mut conn = cluster.database.connect().await;
    for verb in ["approve", "reject", "cancel"] {
        let id = asker.ask(json!({})).await;
        let_pass(&mut conn, &id).await;
        let reply = match verb {
            "approve" => ana.approve(&id).await,
            "reject" => ana.reject(&id, "no").await,
            _ => ana.cancel(&id, "no").await,
        };
        reply.problem(410, "expired");
    }
}

#[tokio::test]
async fn g03_timeout_actions_say_that_nobody_answered() {
    let cluster = Cluster::start().await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(1, &cluster.member("ana").await);
    for (action, resolution) in
        [("expire", Value::Null), ("approve", json!("approved")), ("reject", json!("rejected"))]
    {
        let id = asker.ask(json!({ "timeout_seconds": 1, "timeout_action": action })).await;
        let outcome = asker.wait(&id, 20).await.expect(200).body;
        assert_eq!(outcome["status"], "expired", "{outcome}");
        assert_eq!(outcome["resolution"], resolution, "{outcome}");
        assert_eq!(outcome["resolved_via"], "timeout");
        assert_eq!(outcome["resolved_by"], Value::Null);
        assert_eq!(outcome["result"]["resolution"], resolution);
        assert!(time(&outcome["resolved_at"]) >= time(&outcome["expires_at"]));
        let told = ana.approve(&id).await.problem(410, "expired");
        assert_eq!(told.body["approval"]["resolution"], resolution);
    }
}

/// Whoever looks at a due approval finds it settled; looking again finds the same.
#[tokio::test]
async fn g03_looking_settles_what_is_due() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    let mut conn = cluster.database.connect().await;
    for _ in 0..20 {
        let id = asker.ask(json!({})).await;
        let_pass(&mut conn, &id).await;
        let seen = asker.show(&id).await.expect(200).body;
        assert_eq!(seen["status"], "expired");
        assert_eq!(asker.wait(&id, 5).await.expect(200).body, seen);
    }
}

/// Many deadlines at once, several instances: each fires once, with one record.
#[tokio::test(flavor = "multi_thread")]
async fn g03_each_deadline_fires_once() {
    let cluster = Cluster::with(Setup { instances: 3, ..Setup::default() }).await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    let creates: Vec<_> = (0..500)
        .map(|_| {
            let asker = asker.clone();
            tokio::task::spawn(async move { asker.ask(json!({ "timeout_seconds": 1 })).await })
        })
        .collect();
    for create in creates {
        create.await.unwrap();
    }
    let mut conn = cluster.database.connect().await;
    let mut count =
        async |sql: &'static str| -> i64 { sqlx::query_scalar(sql).fetch_one(&mut conn).await.unwrap() };
    let expired = "SELECT count(*) FROM approval_requests WHERE status = 'expired'";
    let begun = tokio::time::Instant::now();
    while count(expired).await < 500 {
        assert!(begun.elapsed().as_secs() < 30, "not all have expired");
    }
    assert_eq!(count("SELECT count(*) FROM audit_log WHERE action = 'approval.expired'").await, 500);
    assert_eq!(count("SELECT count(*) FROM approval_requests WHERE resolved_at < expires_at").await, 0);
    eventually("the lateness was measured", || async {
        let mut total = 0.0;
        for instance in &cluster.instances {
            total += instance.metric("signoff_expiry_lateness_seconds_count").await;
        }
        (total - 500.0).abs() < 0.5
    })
    .await;
}

/// Instances whose clocks are ten minutes fast and ten minutes slow: only the database's counts.
#[tokio::test(flavor = "multi_thread")]
async fn g03_wrong_clocks_change_nothing() {
    let database = TestDatabase::new().await;
    let prefix = unique("it");
    let skewed = |offset: &str| Setup {
        environment: vec![
            ("LD_PRELOAD", variable("SIGNOFF_FAKETIME")),
            ("FAKETIME", offset.to_owned()),
            // Only the time of day is wrong; time passes as it does.
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
        ],
        ..Setup::default()
    };
    let fast = Process::start(&database, &prefix, &skewed("+10m")).await;
    let slow = Process::start(&database, &prefix, &skewed("-10m")).await;
    let asker = make_key(&database, "acme", "agent", &["workspace:admin"]).await;
    let ana = make_key(&database, "acme", "ana", &["approval:approve"]).await;
    for (asks, decides) in [(&fast, &slow), (&slow, &fast)] {
        let (asker, ana) = (Api::new(&asks.url, &asker), Api::new(&decides.url, &ana));
        let pending = asker.create(json!({ "timeout_seconds": 60 })).await.expect(201);
        let skew = time(&pending.body["created_at"]) - Utc::now();
        assert!(skew.num_seconds().abs() < 5, "the database's clock says when: {skew}");
        assert_eq!(asker.wait(&pending.id(), 1).await.expect(200).body["status"], "pending", "not early");
        assert_eq!(ana.approve(&pending.id()).await.expect(200).body["approval"]["status"], "resolved");
        let id = asker.ask(json!({ "timeout_seconds": 1 })).await;
        let outcome = asker.wait(&id, 20).await.expect(200).body;
        assert_eq!(outcome["status"], "expired", "not never");
        let lateness = time(&outcome["resolved_at"]) - time(&outcome["expires_at"]);
        assert!((0..5_000).contains(&lateness.num_milliseconds()), "{lateness}");
    }
}
