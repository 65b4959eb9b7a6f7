//! G2: at most one outcome, whoever races.

use serde_json::{Value, json};

use crate::support::{Cluster, Reply, Setup};

/// What everybody was told, against what stands.
fn check(round: usize, replies: &[Reply], outcome: &Value) {
    let winners: Vec<&Reply> =
        replies.iter().filter(|reply| reply.status == 200 && reply.body["changed"] == true).collect();
    assert_eq!(winners.len(), 1, "round {round}: {replies:#?}");
    assert_eq!(winners[0].body["approval"], *outcome, "round {round}");
    for loser in replies.iter().filter(|reply| reply.status != 200) {
        assert_eq!(loser.status, 409, "round {round}: {loser:#?}");
        assert!(["already_decided", "cancelled"].contains(&loser.code()), "round {round}: {loser:#?}");
        assert_eq!(loser.body["approval"], *outcome, "round {round}: a loser was told another outcome");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g02_of_racing_decisions_one_wins() {
    let cluster = Cluster::with(Setup { instances: 3, ..Setup::default() }).await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    let mut deciders = Vec::new();
    for number in 0..9 {
        deciders.push(cluster.api(number % 3, &cluster.member(&format!("person-{number}")).await));
    }
    for round in 0..120 {
        let id = asker.ask(json!({})).await;
        let races: Vec<_> = deciders
            .iter()
            .enumerate()
            .map(|(number, api)| {
                let (api, id) = (api.clone(), id.clone());
                tokio::task::spawn(async move {
                    match number % 3 {
                        0 => api.approve(&id).await,
                        1 => api.reject(&id, "no").await,
                        _ => api.cancel(&id, "never mind").await,
                    }
                })
            })
            .collect();
        let mut replies = Vec::new();
        for race in races {
            replies.push(race.await.unwrap());
        }
        let outcome = asker.show(&id).await.expect(200).body;
        check(round, &replies, &outcome);
        // And it never leaves it.
        for api in &deciders {
            let again = api.approve(&id).await;
            assert!(again.status == 409 || again.body["changed"] == false, "round {round}: {again:#?}");
        }
        assert_eq!(asker.show(&id).await.body, outcome, "round {round}");
    }
}

#[tokio::test]
async fn g02_the_same_again_changes_nothing() {
    let cluster = Cluster::start().await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(1, &cluster.member("ana").await);
    let bo = cluster.api(0, &cluster.member("bo").await);

    let id = asker.ask(json!({})).await;
    assert_eq!(ana.approve(&id).await.expect(200).body["changed"], true);
    let again = ana.approve(&id).await.expect(200);
    assert_eq!((again.body["changed"].clone(), again.header("etag")), (json!(false), "\"2\""));
    bo.approve(&id).await.problem(409, "already_decided");
    ana.reject(&id, "no").await.problem(409, "already_decided");
    ana.approve_with(&id, json!({"modifications": {"a": 1}})).await.problem(409, "already_decided");

    let id = asker.ask(json!({})).await;
    assert_eq!(ana.cancel(&id, "one").await.expect(200).body["changed"], true);
    assert_eq!(ana.cancel(&id, "two").await.expect(200).body["changed"], false);
    bo.cancel(&id, "three").await.problem(409, "cancelled");
    bo.approve(&id).await.problem(409, "cancelled");
}

/// A repeated decision carries the `If-Match` of its first try: it has to succeed all the same.
#[tokio::test]
async fn g02_a_retry_survives_its_own_precondition() {
    let cluster = Cluster::start().await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(1, &cluster.member("ana").await);
    let id = asker.ask(json!({})).await;
    let path = format!("/api/v1/approvals/{id}/approve");
    for changed in [true, false] {
        let request = ana.request(reqwest::Method::POST, &path).header("If-Match", "\"1\"");
        let reply = crate::support::Api::send(request).await.expect(200);
        assert_eq!(reply.body["changed"], changed);
    }
}

/// Fifty at once: one row, one answer.
#[tokio::test(flavor = "multi_thread")]
async fn g02_equal_idempotency_keys_make_one_approval() {
    let cluster = Cluster::start().await;
    let key = cluster.member("agent").await;
    for round in 0..10 {
        let body = crate::support::client::merged(json!({ "run_id": format!("run-{round}") }));
        let calls: Vec<_> = (0..50)
            .map(|number| {
                let api = cluster.api(number % 2, &key);
                let request = api
                    .request(reqwest::Method::POST, "/api/v1/approvals")
                    .header("Idempotency-Key", format!("key-{round}"))
                    .json(&body);
                tokio::task::spawn(crate::support::Api::send(request))
            })
            .collect();
        let mut ids = std::collections::HashSet::new();
        let mut created = 0;
        for call in calls {
            let reply = call.await.unwrap();
            let replayed = reply.header("idempotency-replayed") == "true";
            assert_eq!(reply.status, if replayed { 200 } else { 201 }, "round {round}: {reply:#?}");
            created += usize::from(!replayed);
            ids.insert(reply.id());
        }
        assert_eq!((ids.len(), created), (1, 1), "round {round}");
    }
    let mut conn = cluster.database.connect().await;
    let rows: i64 =
        sqlx::query_scalar("SELECT count(*) FROM approval_requests").fetch_one(&mut conn).await.unwrap();
    assert_eq!(rows, 10);
}
