//! Handing a question on: levels, hops by people and by deadlines, reminders, moved deadlines, and what is refused.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::Connection;

use crate::support::{Api, Cluster, Setup, within};

pub async fn one() -> Cluster {
    Cluster::with(Setup { instances: 1, ..Setup::default() }).await
}

/// Members of the team, by name, on the first instance.
pub async fn team<const N: usize>(cluster: &Cluster, names: [&str; N]) -> [Api; N] {
    let mut members = Vec::new();
    for name in names {
        members.push(cluster.api(0, &cluster.member(name).await));
    }
    members.try_into().unwrap_or_else(|_| unreachable!())
}

pub fn escalate(id: &str) -> String {
    format!("/api/v1/approvals/{id}/escalate")
}

fn extend(id: &str) -> String {
    format!("/api/v1/approvals/{id}/extend")
}

fn time(value: &Value) -> DateTime<Utc> {
    value.as_str().unwrap().parse().unwrap()
}

pub fn names(names: &[&str]) -> Value {
    json!({ "allowed_approvers": names })
}

/// The types of what happened in a task, and one event of a type.
pub async fn events(api: &Api, task: &str) -> Vec<Value> {
    let page = api.get(&format!("/api/v1/tasks/{task}/events")).await.expect(200).body;
    page["items"].as_array().unwrap().clone()
}

async fn level_in_database(cluster: &Cluster, id: &str) -> i32 {
    let sql = "SELECT escalation_level FROM approval_requests WHERE id = $1::uuid";
    let mut conn = cluster.database.connect().await;
    sqlx::query_scalar(sql).bind(id).fetch_one(&mut conn).await.unwrap()
}

/// Nobody answers in time: the next level is asked, the waiter sleeps on, and wakes by the decision of that level.
#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_answers_goes_to_the_next_level() {
    let cluster = Cluster::start().await;
    let [agent, ana] = team(&cluster, ["agent", "ana"]).await;
    let boss = cluster.api(1, &cluster.member("boss").await);
    let asked = agent.create(json!({
        "policy": names(&["ana"]), "timeout_seconds": 1, "timeout_action": "escalate",
        "escalation": [{ "after_seconds": 600, "policy": names(&["boss"]), "label": "Managers" }],
    }));
    let asked = asked.await.expect(201).body;
    let id = asked["id"].as_str().unwrap();
    assert_eq!((&asked["escalation_level"], &asked["escalations"]), (&json!(0), &json!([])));
    let waiter = agent.waiting(id, 50);
    // A call that looks would do it by itself: only the database is asked.
    within(Duration::from_secs(10), "the sweep hands it on", || async {
        level_in_database(&cluster, id).await == 1
    })
    .await;
    let seen = agent.show(id).await.expect(200).body;
    assert_eq!((&seen["status"], &seen["version"]), (&json!("pending"), &json!(2)));
    let level =
        json!({ "after_seconds": 600, "label": "Managers", "policy": seen["escalation"][0]["policy"] });
    assert_eq!(seen["escalation"], json!([level]));
    assert_eq!(seen["escalation"][0]["policy"]["allowed_approvers"], json!(["boss"]));
    assert_eq!(seen["progress"], json!({ "missing": 1, "summary": "1 more of boss" }));
    let hop = &seen["escalations"][0];
    assert_eq!(hop["at"], seen["updated_at"]);
    let told = [&hop["from_level"], &hop["via"], &hop["by"], &hop["reason"]];
    assert_eq!(told, [&json!(0), &json!("timeout"), &Value::Null, &Value::Null]);
    // A full time of its own.
    assert_eq!(time(&seen["expires_at"]) - time(&hop["at"]), chrono::Duration::seconds(600));
    // Those of the level before have had their turn.
    ana.approve(id).await.problem(403, "not_eligible");
    let mine = async |api: &Api| {
        api.get("/api/v1/approvals/pending?approver=me").await.expect(200).body["items"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!((mine(&ana).await, mine(&boss).await), (0, 1));
    assert!(!waiter.is_finished());
    boss.approve(id).await.expect(200);
    let outcome = waiter.await.unwrap().expect(200).body;
    assert_eq!((&outcome["resolution"], &outcome["resolved_by"]), (&json!("approved"), &json!("boss")));
    assert_eq!(outcome["escalations"], seen["escalations"]);
    let happened = events(&agent, "run-1").await;
    let types: Vec<&Value> = happened.iter().map(|event| &event["event_type"]).collect();
    assert_eq!(
        types,
        [
            "approval_requested",
            "workflow_paused",
            "approval_escalated",
            "approval_resolved",
            "workflow_resumed"
        ]
    );
    let data = &happened[2]["data"];
    assert_eq!(
        (&data["level"], &data["label"], &data["via"]),
        (&json!(1), &json!("Managers"), &json!("timeout"))
    );
    assert_eq!(data["expires_at"], seen["expires_at"]);
    let records = boss.get(&format!("/api/v1/approvals/{id}/audit")).await.expect(200).body;
    let record = records["items"].as_array().unwrap().iter().find(|it| it["action"] == "approval.escalated");
    let record = record.unwrap();
    assert_eq!((&record["via"], &record["actor"]), (&json!("timeout"), &Value::Null));
    assert_eq!((&record["detail"]["from_level"], &record["detail"]["level"]), (&json!(0), &json!(1)));
    let requested = &records["items"][0];
    assert_eq!(
        requested["detail"]["escalation"][0]["policy"]["allowed_approvers"],
        json!(["boss"]),
        "{requested}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn people_hand_it_on() {
    let cluster = one().await;
    let [agent, ana, bo] = team(&cluster, ["agent", "ana", "bo"]).await;
    let levels = json!([{ "policy": names(&["bo"]) }, { "policy": names(&["cy"]) }]);
    let id = agent.ask(json!({ "policy": names(&["ana"]), "escalation": levels })).await;
    let to = async |api: &Api, from: i32| {
        api.post(&escalate(&id), &json!({ "reason": "she is away", "from_level": from })).await
    };
    let first = to(&ana, 0).await.expect(200);
    assert_eq!(first.header("etag"), "\"2\"");
    assert_eq!(first.body["changed"], true);
    let hop = &first.body["approval"]["escalations"][0];
    assert_eq!(
        (&hop["by"], &hop["via"], &hop["reason"]),
        (&json!("ana"), &json!("human"), &json!("she is away"))
    );
    // The same again changes nothing; from another person it comes too late.
    let again = to(&ana, 0).await.expect(200).body;
    assert_eq!((&again["changed"], &again["approval"]["version"]), (&json!(false), &json!(2)));
    let late = to(&bo, 0).await.problem(412, "version_conflict").body;
    assert_eq!(late["approval"]["escalation_level"], 1);
    to(&bo, 2).await.problem(412, "version_conflict");
    let stale = ana.request(reqwest::Method::POST, &escalate(&id)).header("if-match", "\"1\"");
    Api::send(stale.json(&json!({ "reason": "hurry" }))).await.problem(412, "version_conflict");
    // Without a level each call hops; after the last there is none.
    let last = bo.post(&escalate(&id), &json!({ "reason": "hurry" })).await.expect(200).body;
    assert_eq!(last["approval"]["escalation_level"], 2);
    let beyond = bo.post(&escalate(&id), &json!({ "reason": "hurry" })).await.problem(409, "limit_reached");
    assert_eq!(beyond.body["approval"]["escalation_level"], 2);
    let events = events(&agent, "run-1").await;
    assert_eq!(events.iter().filter(|event| event["event_type"] == "approval_escalated").count(), 2);
    // What has ended is not handed on, but a repeated call still succeeds.
    agent.cancel(&id, "no longer needed").await.expect(200);
    bo.post(&escalate(&id), &json!({ "reason": "hurry" })).await.problem(409, "cancelled");
    assert_eq!(to(&ana, 0).await.expect(200).body["changed"], false);
    // Of requests without levels there is no next one; of strangers' requests nothing is known.
    let bare = agent.ask(json!({})).await;
    ana.post(&escalate(&bare), &json!({ "reason": "hurry" })).await.problem(409, "limit_reached");
    let stranger = cluster.api(0, &cluster.key("other", "eve", &[]).await);
    stranger.post(&escalate(&bare), &json!({ "reason": "hurry" })).await.problem(404, "not_found");
    let asker = cluster.api(0, &cluster.key("acme", "asker", &["approval:create"]).await);
    asker.post(&escalate(&bare), &json!({ "reason": "hurry" })).await.problem(403, "forbidden");
    for (body, pointer) in [
        (json!({}), "/reason"),
        (json!({ "reason": "  " }), "/reason"),
        (json!({ "reason": "hurry", "from_level": -1 }), "/from_level"),
        (json!({ "reason": "hurry", "from_level": 6 }), "/from_level"),
    ] {
        let refused = ana.post(&escalate(&bare), &body).await.problem(422, "invalid").body;
        assert_eq!(refused["errors"][0]["pointer"], pointer);
    }
}

/// Votes of one level settle nothing at the next; those who gave them may vote again, if they are asked again.
#[tokio::test(flavor = "multi_thread")]
async fn each_level_is_a_new_question() {
    let cluster = one().await;
    let [agent, ana, bo] = team(&cluster, ["agent", "ana", "bo"]).await;
    let two = json!({ "min_approvers": 2, "allowed_approvers": ["ana", "bo"] });
    let id = agent.ask(json!({ "policy": two, "escalation": [{ "policy": two }] })).await;
    ana.approve_with(&id, json!({ "modifications": { "limit": 1 } })).await.expect(200);
    ana.post(&escalate(&id), &json!({ "reason": "bo is away" })).await.expect(200);
    let explained = ana.get(&format!("/api/v1/approvals/{id}/eligible")).await.expect(200).body;
    assert_eq!((&explained["level"], &explained["missing"]), (&json!(1), &json!(2)));
    assert_eq!(explained["needs"][0]["pointer"], "/escalation/0/policy");
    // The first approval of a level says anew what is changed.
    let first = bo.approve(&id).await.expect(200).body;
    assert_eq!(
        (&first["approval"]["status"], &first["approval"]["progress"]["missing"]),
        (&json!("pending"), &json!(1))
    );
    ana.approve_with(&id, json!({ "modifications": { "limit": 1 } }))
        .await
        .problem(409, "modifications_differ");
    let last = ana.approve(&id).await.expect(200).body;
    assert_eq!(last["approval"]["resolution"], "approved");
    let votes = agent.get(&format!("/api/v1/approvals/{id}/decisions")).await.expect(200).body;
    let told: Vec<_> =
        votes["items"].as_array().unwrap().iter().map(|it| (&it["principal"], &it["level"])).collect();
    let (ana, bo) = (json!("ana"), json!("bo"));
    assert_eq!(told, [(&ana, &json!(0)), (&bo, &json!(1)), (&ana, &json!(1))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_is_refused() {
    let cluster = one().await;
    let [agent] = team(&cluster, ["agent"]).await;
    let bo = names(&["bo"]);
    let level = |body: Value| json!({ "escalation": [body] });
    let many = |count| (0..count).map(|_| json!({ "policy": bo })).collect::<Vec<_>>();
    for (body, pointer, rule) in [
        (json!({ "timeout_action": "escalate" }), "/timeout_action", "needs"),
        (json!({ "escalation": [] }), "/escalation", "min_items"),
        (json!({ "escalation": many(6) }), "/escalation", "max_items"),
        (level(json!({})), "/escalation/0/policy", "required"),
        (level(json!({ "policy": bo, "after_seconds": 0 })), "/escalation/0/after_seconds", "range"),
        (level(json!({ "policy": bo, "after_seconds": 31_536_001 })), "/escalation/0/after_seconds", "range"),
        (level(json!({ "policy": bo, "after_seconds": 31_536_000 })), "/escalation", "range"),
        (level(json!({ "policy": bo, "label": "x".repeat(101) })), "/escalation/0/label", "max_length"),
        (
            level(json!({ "policy": { "k_of": [{ "people": ["bo"] }], "k": 2 } })),
            "/escalation/0/policy/k",
            "range",
        ),
        (json!({ "remind_before_seconds": [0] }), "/remind_before_seconds/0", "range"),
        (
            json!({ "timeout_seconds": 60, "remind_before_seconds": [59, 60] }),
            "/remind_before_seconds/1",
            "range",
        ),
        (json!({ "remind_before_seconds": [1, 2, 3, 4, 5, 6] }), "/remind_before_seconds", "max_items"),
        (json!({ "policy": { "extension": {} } }), "/policy/extension/max_seconds", "required"),
        (
            json!({ "policy": { "extension": { "max_seconds": 0 } } }),
            "/policy/extension/max_seconds",
            "range",
        ),
        (
            json!({ "policy": { "extension": { "max_seconds": 1, "by": [] } } }),
            "/policy/extension/by",
            "min_items",
        ),
        (
            json!({ "policy": { "extension": { "max_seconds": 1, "by": ["ana"] } } }),
            "/policy/extension/by/0",
            "choice",
        ),
    ] {
        let refused = agent.create(body.clone()).await.problem(422, "invalid").body;
        let error = &refused["errors"][0];
        assert_eq!((&error["pointer"], &error["rule"]), (&json!(pointer), &json!(rule)), "{body}");
    }
    // The levels are looked at like the first: what the requester alone could satisfy, nobody can.
    let own =
        agent.create(json!({ "escalation": [{ "policy": bo }, { "policy": names(&["agent"]) }] })).await;
    let own = own.problem(422, "unsatisfiable_policy").body;
    assert_eq!(own["errors"][0]["pointer"], "/escalation/1/policy");
    let absent = json!({ "allowed_roles": ["nobody"], "check_membership": true });
    let absent = agent.create(json!({ "escalation": [{ "policy": absent }] })).await;
    let absent = absent.problem(422, "unsatisfiable_policy").body;
    assert_eq!(
        (&absent["errors"][0]["pointer"], &absent["errors"][0]["rule"]),
        (&json!("/escalation/0/policy"), &json!("members"))
    );
    let large: Vec<String> = (0..1_000).map(|number| format!("someone-called-{number:012}")).collect();
    let large = json!({ "policy": { "allowed_approvers": large } });
    let large = agent.create(json!({ "escalation": [large, large, large, large, large] })).await;
    let large = large.problem(422, "invalid").body;
    assert_eq!(
        (&large["errors"][0]["pointer"], &large["errors"][0]["rule"]),
        (&json!("/escalation"), &json!("max_size"))
    );
    let pending = agent.get("/api/v1/approvals/pending").await.expect(200).body;
    assert_eq!(pending["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_is_moved_as_far_as_the_policy_says() {
    let cluster = one().await;
    let [agent, ana, bo] = team(&cluster, ["agent", "ana", "bo"]).await;
    let policy = json!({ "allowed_approvers": ["ana"], "extension": { "max_seconds": 100 } });
    let asked = agent.create(json!({
        "policy": policy, "timeout_seconds": 600, "escalation": [{ "policy": { "extension": {
            "max_seconds": 50, "by": ["requester"] } } }],
    }));
    let asked = asked.await.expect(201).body;
    assert_eq!(asked["policy"]["extension"], json!({ "max_seconds": 100, "by": ["approvers"] }));
    let id = asked["id"].as_str().unwrap();
    let by = async |api: &Api, seconds: i64| {
        api.post(&extend(id), &json!({ "seconds": seconds, "reason": "the vendor sleeps" })).await
    };
    let moved = by(&ana, 60).await.expect(200).body;
    assert_eq!((&moved["changed"], &moved["approval"]["version"]), (&json!(true), &json!(2)));
    assert_eq!(moved["approval"]["extended_seconds"], 60);
    assert_eq!(
        time(&moved["approval"]["expires_at"]) - time(&asked["expires_at"]),
        chrono::Duration::seconds(60)
    );
    let beyond = by(&ana, 41).await.problem(409, "limit_reached").body;
    assert!(beyond["detail"].as_str().unwrap().contains("40 s"), "{beyond}");
    by(&ana, 40).await.expect(200);
    by(&bo, 1).await.problem(403, "not_eligible");
    by(&agent, 1).await.problem(403, "not_eligible");
    // Each level has its own rule, and begins anew.
    ana.post(&escalate(id), &json!({ "reason": "hurry" })).await.expect(200);
    by(&bo, 1).await.problem(403, "not_eligible");
    let moved = by(&agent, 50).await.expect(200).body;
    assert_eq!(moved["approval"]["extended_seconds"], 50);
    let last = &events(&agent, "run-1").await;
    let last = last.last().unwrap();
    assert_eq!((&last["event_type"], &last["data"]["by"]), (&json!("approval_extended"), &json!("agent")));
    assert_eq!(last["data"]["expires_at"], moved["approval"]["expires_at"]);
    let records = ana.get(&format!("/api/v1/approvals/{id}/audit")).await.expect(200).body;
    let last = records["items"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last["action"], &last["detail"]["seconds"]), (&json!("approval.extended"), &json!(50)));
    // By default not at all, and never once it is over.
    let bare = agent.ask(json!({})).await;
    let body = json!({ "seconds": 1, "reason": "hurry" });
    ana.post(&extend(&bare), &body).await.problem(409, "limit_reached");
    let mut conn = cluster.database.connect().await;
    let over = "UPDATE approval_requests SET expires_at = now() WHERE policy -> 'extension' IS NULL AND id = $1::uuid";
    sqlx::query(over).bind(&bare).execute(&mut conn).await.unwrap();
    ana.post(&extend(&bare), &body).await.problem(410, "expired");
    for (body, pointer) in [
        (json!({ "reason": "hurry" }), "/seconds"),
        (json!({ "seconds": 0, "reason": "hurry" }), "/seconds"),
        (json!({ "seconds": 1 }), "/reason"),
    ] {
        let refused = ana.post(&extend(id), &body).await.problem(422, "invalid").body;
        assert_eq!(refused["errors"][0]["pointer"], pointer);
    }
}

/// The deadline comes first: what meant the level before is told so, and does nothing to the next.
#[tokio::test(flavor = "multi_thread")]
async fn what_comes_after_the_deadline_does_nothing_to_the_next_level() {
    let cluster = Cluster::start().await;
    let [agent, ana] = team(&cluster, ["agent", "ana"]).await;
    let policy = json!({ "extension": { "max_seconds": 600 } });
    let level = json!({ "after_seconds": 600, "policy": policy });
    let mut conn = cluster.database.connect().await;
    for _ in 0..10 {
        for (path, body, status, code) in [
            (escalate as fn(&str) -> String, json!({ "reason": "hurry" }), 412, "version_conflict"),
            (escalate, json!({ "reason": "hurry", "from_level": 0 }), 412, "version_conflict"),
            (extend, json!({ "reason": "hurry", "seconds": 60 }), 410, "expired"),
        ] {
            let id = agent
                .ask(json!({ "policy": policy, "timeout_action": "escalate", "escalation": [level, level, level] }))
                .await;
            // The row is held until the call has come, so that no sweep is faster.
            let mut transaction = conn.begin().await.unwrap();
            let due = "UPDATE approval_requests SET expires_at = now() WHERE id = $1::uuid";
            sqlx::query(due).bind(&id).execute(&mut *transaction).await.unwrap();
            let call = {
                let (ana, path) = (ana.clone(), path(&id));
                tokio::task::spawn(async move { ana.post(&path, &body).await })
            };
            waits_for(&cluster, &mut transaction).await;
            transaction.commit().await.unwrap();
            let reply = call.await.unwrap().problem(status, code).body;
            assert_eq!(reply["approval"]["escalation_level"], 1, "{reply}");
            assert_eq!(agent.show(&id).await.body["extended_seconds"], 0);
        }
    }
}

/// Until a statement waits for the row that the transaction holds.
async fn waits_for(cluster: &Cluster, holder: &mut sqlx::PgConnection) {
    let pid: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(holder).await.unwrap();
    within(Duration::from_secs(10), "the call waits for the row", || async {
        let waiting = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid)))";
        let mut conn = cluster.database.connect().await;
        sqlx::query_scalar::<_, bool>(waiting).bind(pid).fetch_one(&mut conn).await.unwrap()
    })
    .await;
}
