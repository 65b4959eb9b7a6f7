//! G21: one executor at a time acts on what was approved, and each take-over has a higher fence.

use std::{collections::BTreeSet, time::Duration};

use futures_util::future::join_all;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use tokio::task::JoinHandle;

use crate::support::{
    Api, Cluster, Reply, Setup, TestDatabase,
    cluster::make_key,
    eventually,
    process::Process,
    proxy::{Mode, Proxy},
    team::Team,
    unique,
};

async fn claim(api: &Api, id: &str, body: Value) -> Reply {
    api.post(&format!("/api/v1/approvals/{id}/claim"), &body).await
}

/// Approved, and claimed for ten seconds.
async fn claimed(team: &Team, request: Value) -> String {
    let id = team.agent.ask(request).await;
    team.ana.approve(&id).await.expect(200);
    claim(&team.agent, &id, json!({ "key": "one", "lease_seconds": 10 })).await.expect(200);
    id
}

/// Another attempt, in the background.
fn taking(agent: &Api, id: &str) -> JoinHandle<Reply> {
    let (agent, id) = (agent.clone(), id.to_owned());
    tokio::spawn(async move { claim(&agent, &id, json!({ "key": "two" })).await })
}

/// A claim waits for its row.
const WAITS: &str = "SELECT EXISTS (SELECT FROM pg_stat_activity
                      WHERE datname = current_database() AND wait_event_type = 'Lock'
                        AND query LIKE '%json_to_recordset%claim%')";

/// Asks until the answer is yes.
async fn until(conn: &mut PgConnection, question: &'static str) {
    let asking =
        async { while !sqlx::query_scalar::<_, bool>(question).fetch_one(&mut *conn).await.unwrap() {} };
    tokio::time::timeout(Duration::from_secs(20), asking).await.expect(question);
}

/// What signs receipts.
pub fn signing() -> Vec<(&'static str, String)> {
    vec![
        ("http.public_url", "https://signoff.example".to_owned()),
        ("receipts.signing_key", "1O5y2/kTWErVttjx92n4rTr+fCjL8dT74Jeoj0R1WEI=".to_owned()),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn g21_of_fifty_claims_one_wins() {
    let cluster = Cluster::start().await.connected().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(1, &cluster.member("ana").await);
    let mut executors = Vec::new();
    for number in 0..10 {
        executors.push(cluster.api(number % 2, &cluster.member(&format!("exec-{number}")).await));
    }
    let names: Vec<String> = (0..10).map(|number| format!("exec-{number}")).collect();
    for round in 0..20 {
        let id = agent.ask(json!({ "executors": names })).await;
        ana.approve(&id).await.expect(200);
        // Five times each: the same call again, as a caller does who heard nothing.
        let calls = (0..50).map(|number| {
            let (api, id) = (executors[number % 10].clone(), id.clone());
            let body = json!({ "key": format!("k-{}", number % 10), "lease_seconds": 60 });
            async move { claim(&api, &id, body).await }
        });
        let replies = join_all(calls).await;
        let got: Vec<&Reply> = replies.iter().filter(|reply| reply.status == 200).collect();
        let changed = got.iter().filter(|reply| reply.body["changed"] == true).count();
        assert_eq!(changed, 1, "round {round}: {replies:#?}");
        let ids: BTreeSet<String> = got.iter().map(|it| it.body["claim"]["id"].to_string()).collect();
        assert_eq!((ids.len(), &got[0].body["claim"]["fence"]), (1, &json!(1)), "round {round}");
        let winner = &got[0].body["claim"];
        for loser in replies.iter().filter(|reply| reply.status != 200) {
            let loser = loser.clone().problem(409, "already_claimed");
            assert_eq!(loser.body["claim"], *winner, "round {round}");
        }
    }
}

/// Several approvals in one batch, each claimed by several.
#[tokio::test(flavor = "multi_thread")]
async fn g21_each_of_many_approvals_has_one_executor() {
    let team = Team::new().await;
    let Team { agent, ana, .. } = &team;
    let mut ids = Vec::new();
    for _ in 0..8 {
        let id = agent.ask(json!({})).await;
        ana.approve(&id).await.expect(200);
        ids.push(id);
    }
    let calls = (0..64).map(|number| {
        let (agent, id) = (agent.clone(), ids[number % 8].clone());
        async move { claim(&agent, &id, json!({ "key": format!("k-{number}") })).await }
    });
    let replies = join_all(calls).await;
    let won: Vec<&Reply> = replies.iter().filter(|reply| reply.status == 200).collect();
    let of: BTreeSet<String> = won.iter().map(|it| it.body["claim"]["approval_id"].to_string()).collect();
    assert_eq!((won.len(), of.len()), (8, 8), "{replies:#?}");
}

/// The lease ends while another transaction has the row: a take-over that waits is judged by the clock of after.
#[tokio::test(flavor = "multi_thread")]
async fn g21_a_lease_that_ends_under_a_held_lock_is_over() {
    let team = Team::new().await;
    let Team { cluster, agent, .. } = &team;
    let id = claimed(&team, json!({})).await;
    let mut conn = cluster.database.connect().await;
    let mut watching = cluster.database.connect().await;
    // It ends in two seconds; the row stays locked until it has ended.
    sqlx::query("UPDATE approval_claims SET claimed_at = clock_timestamp() - interval '8 seconds'")
        .execute(&mut conn)
        .await
        .unwrap();
    let mut held = conn.begin().await.unwrap();
    sqlx::query("SELECT FROM approval_claims FOR UPDATE").execute(&mut *held).await.unwrap();
    let taking = taking(agent, &id);
    until(&mut watching, WAITS).await;
    let over = "SELECT claimed_at + interval '10 seconds' < clock_timestamp() FROM approval_claims";
    let was_over: bool = sqlx::query_scalar(over).fetch_one(&mut watching).await.unwrap();
    assert!(!was_over, "it was asked for before the lease ended");
    until(&mut watching, over).await;
    held.rollback().await.unwrap();
    let taken = taking.await.unwrap().expect(200).body;
    assert_eq!((&taken["changed"], &taken["claim"]["fence"]), (&json!(true), &json!(2)));
    // The first one is an executor of before.
    let old = json!({ "key": "one", "fence": 1 });
    for what in ["renew", "release"] {
        let stale = agent.post(&format!("/api/v1/approvals/{id}/claim/{what}"), &old).await;
        assert_eq!(stale.problem(409, "stale_claim").body["claim"]["fence"], 2);
    }
}

/// The claim is renewed while a take-over waits for its row: it stays.
#[tokio::test(flavor = "multi_thread")]
async fn g21_a_claim_that_is_renewed_meanwhile_is_not_taken_over() {
    let team = Team::new().await;
    let Team { cluster, agent, .. } = &team;
    let id = claimed(&team, json!({})).await;
    let (mut conn, mut watching) = (cluster.database.connect().await, cluster.database.connect().await);
    sqlx::query("UPDATE approval_claims SET claimed_at = clock_timestamp() - interval '11 seconds'")
        .execute(&mut conn)
        .await
        .unwrap();
    let mut held = conn.begin().await.unwrap();
    sqlx::query("UPDATE approval_claims SET renewed_at = clock_timestamp(), renewals = 1")
        .execute(&mut *held)
        .await
        .unwrap();
    let taking = taking(agent, &id);
    until(&mut watching, WAITS).await;
    held.commit().await.unwrap();
    let refused = taking.await.unwrap().problem(409, "already_claimed").body;
    assert_eq!((&refused["claim"]["fence"], &refused["claim"]["key"]), (&json!(1), &json!("one")));
}

/// The time to claim it ends while another transaction has the row: it is over.
#[tokio::test(flavor = "multi_thread")]
async fn g21_a_time_to_claim_that_ends_under_a_held_lock_is_over() {
    let team = Team::new().await;
    let Team { cluster, agent, .. } = &team;
    let id = claimed(&team, json!({ "claim_within_seconds": 60 })).await;
    let (mut conn, mut watching) = (cluster.database.connect().await, cluster.database.connect().await);
    // The lease is over already; two seconds are left to claim it.
    sqlx::raw_sql(
        "UPDATE approval_requests SET resolved_at = clock_timestamp() - interval '58 seconds';
         UPDATE approval_claims SET claimed_at = clock_timestamp() - interval '11 seconds',
                                    claimable_until = clock_timestamp() + interval '2 seconds'",
    )
    .execute(&mut conn)
    .await
    .unwrap();
    let mut held = conn.begin().await.unwrap();
    sqlx::query("SELECT FROM approval_claims FOR UPDATE").execute(&mut *held).await.unwrap();
    let taking = taking(agent, &id);
    until(&mut watching, WAITS).await;
    let over = "SELECT claimable_until < clock_timestamp() FROM approval_claims";
    let was_over: bool = sqlx::query_scalar(over).fetch_one(&mut watching).await.unwrap();
    assert!(!was_over, "it was asked for in time");
    until(&mut watching, over).await;
    held.rollback().await.unwrap();
    taking.await.unwrap().problem(410, "claim_expired");
}

/// It is deleted while it is claimed for the first time: then it isn't there.
#[tokio::test(flavor = "multi_thread")]
async fn g21_what_is_deleted_meanwhile_is_not_claimed() {
    let team = Team::new().await;
    let Team { cluster, agent, ana, .. } = &team;
    let id = agent.ask(json!({})).await;
    ana.approve(&id).await.expect(200);
    let (mut conn, mut watching) = (cluster.database.connect().await, cluster.database.connect().await);
    let mut held = conn.begin().await.unwrap();
    sqlx::query("DELETE FROM approval_requests").execute(&mut *held).await.unwrap();
    let taking = taking(agent, &id);
    // It waits for the approval, by the foreign key's own statement.
    let waits = "SELECT EXISTS (SELECT FROM pg_stat_activity
                  WHERE datname = current_database() AND wait_event_type = 'Lock')";
    until(&mut watching, waits).await;
    held.commit().await.unwrap();
    taking.await.unwrap().problem(404, "not_found");
}

/// The answer to the commit is lost: the same call gets the claim that it had made.
#[tokio::test(flavor = "multi_thread")]
async fn g21_a_claim_whose_answer_was_lost_is_had_again() {
    let database = TestDatabase::new().await;
    let (line, through) = Proxy::before(&database.url).await;
    let setup = Setup { instances: 1, database_url: Some(through), flags: signing(), ..Setup::default() };
    let cluster = Cluster::on(database, setup).await.connected().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(0, &cluster.member("ana").await);
    let mut conn = cluster.database.connect().await;
    // What a connection has not been asked before is prepared first, and then that answer is the one that is lost.
    for _ in 0..20 {
        let id = agent.ask(json!({})).await;
        ana.approve(&id).await.expect(200);
        line.set(Mode::LoseAnswers);
        let body = json!({ "key": "k", "lease_seconds": 60 });
        claim(&agent, &id, body.clone()).await.problem(503, "unavailable");
        line.set(Mode::Pass);
        eventually("it resumes", || async { agent.show(&id).await.status == 200 }).await;
        let was_made: bool =
            sqlx::query_scalar("SELECT EXISTS (SELECT FROM approval_claims WHERE approval_id = $1)")
                .bind(uuid::Uuid::try_parse(&id).unwrap())
                .fetch_one(&mut conn)
                .await
                .unwrap();
        let again = claim(&agent, &id, body).await.expect(200).body;
        assert_eq!((&again["changed"], &again["claim"]["fence"]), (&json!(!was_made), &json!(1)));
        assert!(again["receipt"].is_string());
        if was_made {
            return;
        }
    }
    panic!("no claim was made whose answer was lost");
}

/// An instance is killed as soon as a claim is committed.
#[tokio::test(flavor = "multi_thread")]
async fn g21_a_claim_outlives_its_instance() {
    let database = TestDatabase::new().await;
    let prefix = unique("it");
    let key = make_key(&database, "acme", "agent", &["workspace:admin"]).await;
    let ana = make_key(&database, "acme", "ana", &[]).await;
    let setup = || Setup { flags: signing(), ..Setup::default() };
    let other = Process::start(&database, &prefix, &setup()).await;
    let (agent, ana) = (Api::new(&other.url, &key), Api::new(&other.url, &ana));
    let mut conn = database.connect().await;
    for round in 0..3 {
        let mut dying = Process::start(&database, &prefix, &setup()).await;
        let id = agent.ask(json!({})).await;
        ana.approve(&id).await.expect(200);
        let body = json!({ "key": format!("k-{round}"), "lease_seconds": 60, "audience": "x" });
        let asking = {
            let (api, id, body) = (Api::new(&dying.url, &key), id.clone(), body.clone());
            tokio::spawn(async move {
                let request =
                    api.request(reqwest::Method::POST, &format!("/api/v1/approvals/{id}/claim")).json(&body);
                Api::try_send(request).await
            })
        };
        let made = "SELECT EXISTS (SELECT FROM approval_claims WHERE key = $1)";
        let is_made = async {
            let asked = || sqlx::query_scalar::<_, bool>(made).bind(format!("k-{round}"));
            while !asked().fetch_one(&mut conn).await.unwrap() {}
        };
        tokio::time::timeout(Duration::from_secs(20), is_made).await.expect("the claim is made");
        dying.kill();
        let heard = asking.await.unwrap().ok();
        let again = claim(&agent, &id, body.clone()).await.expect(200).body;
        assert_eq!((&again["changed"], &again["claim"]["fence"]), (&json!(false), &json!(1)));
        assert!(again["receipt"].is_string());
        if let Some(heard) = heard.filter(|reply| reply.status == 200) {
            assert_eq!((&heard.body["claim"], &heard.body["receipt"]), (&again["claim"], &again["receipt"]));
        }
        assert_eq!(claim(&agent, &id, body).await.expect(200).body["receipt"], again["receipt"]);
        claim(&agent, &id, json!({ "key": "another" })).await.problem(409, "already_claimed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g21_claims_go_on_without_redis() {
    let redis_url = "redis://127.0.0.1:1".to_owned();
    let cluster = Cluster::with(Setup { redis_url, flags: signing(), ..Setup::default() }).await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(1, &cluster.member("ana").await);
    let id = agent.ask(json!({})).await;
    ana.approve(&id).await.expect(200);
    let here = claim(&agent, &id, json!({ "key": "k" })).await.expect(200).body;
    let elsewhere = Api::new(&ana.base, &agent.key);
    let there = claim(&elsewhere, &id, json!({ "key": "k" })).await.expect(200).body;
    assert_eq!((&here["claim"], &here["receipt"]), (&there["claim"], &there["receipt"]));
    assert_eq!((&here["changed"], &there["changed"]), (&json!(true), &json!(false)));
}
