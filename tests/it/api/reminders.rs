//! Reminders: each is told once, and one that fails holds up no other.

use std::time::Duration;

use serde_json::{Value, json};

use super::escalation::{escalate, events, names, one, team};
use crate::support::{Cluster, within};

/// Two instances sweep; each reminder is told once, at each level anew, and none of what has ended.
#[tokio::test(flavor = "multi_thread")]
async fn approvers_are_reminded_once() {
    let cluster = Cluster::start().await;
    let [agent, ana, bo] = team(&cluster, ["agent", "ana", "bo"]).await;
    let two = json!({ "min_approvers": 2, "allowed_approvers": ["ana", "bo"] });
    let reminders = async || {
        let all = events(&agent, "run-1").await;
        all.into_iter().filter(|event| event["event_type"] == "approval_reminder").collect::<Vec<Value>>()
    };
    let ended = agent
        .ask(json!({ "policy": names(&["ana"]), "timeout_seconds": 600, "remind_before_seconds": [599] }))
        .await;
    ana.approve(&ended).await.expect(200);
    let asked = agent.create(json!({
        "policy": two, "timeout_seconds": 600, "remind_before_seconds": [5, 599, 599],
        "escalation": [{ "policy": names(&["bo"]), "after_seconds": 300 }],
    }));
    let asked = asked.await.expect(201).body;
    assert_eq!(asked["remind_before_seconds"], json!([599, 5]));
    let id = asked["id"].as_str().unwrap();
    ana.approve(id).await.expect(200);
    within(Duration::from_secs(10), "a reminder comes", || async { !reminders().await.is_empty() }).await;
    let told = reminders().await;
    let data = &told[0]["data"];
    assert_eq!((told.len(), &data["approval_id"]), (1, &json!(id)));
    assert_eq!((&data["level"], &data["missing"]), (&json!(0), &json!(1)));
    assert!((590..600).contains(&data["seconds_left"].as_i64().unwrap()), "{data}");
    // Telling changes nothing of the approval.
    assert_eq!(agent.show(id).await.body["version"], 2);
    // The next level is shorter than the first reminder wants: only the second fits.
    bo.post(&escalate(id), &json!({ "reason": "hurry" })).await.expect(200);
    let mut conn = cluster.database.connect().await;
    let next = "SELECT expires_at - remind_at = interval '5 s' FROM approval_requests WHERE id = $1::uuid";
    let is_next: bool = sqlx::query_scalar(next).bind(id).fetch_one(&mut conn).await.unwrap();
    assert!(is_next);
    let due = "UPDATE approval_requests SET remind_at = now() - interval '1 hour' WHERE id = $1::uuid";
    sqlx::query(due).bind(id).execute(&mut conn).await.unwrap();
    within(Duration::from_secs(10), "the second comes", || async { reminders().await.len() == 2 }).await;
    let told = reminders().await;
    assert_eq!((&told[1]["data"]["level"], &told[1]["data"]["missing"]), (&json!(1), &json!(1)));
    // It was late, so the reminder that the deadline still wants is set, and not the late one again.
    let is_next: bool = sqlx::query_scalar(next).bind(id).fetch_one(&mut conn).await.unwrap();
    assert!(is_next);
}

/// A row that can't be read, or can't be told of, keeps no other reminder from being told.
#[tokio::test(flavor = "multi_thread")]
async fn a_reminder_that_fails_holds_up_no_other() {
    let cluster = one().await;
    let [agent] = team(&cluster, ["agent"]).await;
    let mut conn = cluster.database.connect().await;
    for sql in [
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not this one'; END $$",
        "CREATE TRIGGER refuse BEFORE UPDATE OF remind_at ON approval_requests FOR EACH ROW
             WHEN (NEW.task_id = 'stuck') EXECUTE FUNCTION refuse()",
    ] {
        sqlx::query(sql).execute(&mut conn).await.unwrap();
    }
    let asked =
        |task: &str| json!({ "task_id": task, "timeout_seconds": 600, "remind_before_seconds": [599] });
    for _ in 0..3 {
        agent.ask(asked("stuck")).await;
    }
    let odd = agent
        .ask(json!({ "task_id": "odd", "timeout_seconds": 600, "remind_before_seconds": [599],
        "escalation": [{ "policy": {} }] }))
        .await;
    let unreadable = "UPDATE approval_requests SET escalation = '[{\"later\": 1}]' WHERE id = $1::uuid";
    sqlx::query(unreadable).bind(&odd).execute(&mut conn).await.unwrap();
    agent.ask(asked("fine")).await;
    for task in ["fine", "odd"] {
        within(Duration::from_secs(20), "it is told", || async {
            events(&agent, task).await.iter().any(|event| event["event_type"] == "approval_reminder")
        })
        .await;
    }
}
