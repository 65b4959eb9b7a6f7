//! What people are told in the app: who is asked and who is told, their own list, and the list of all.

use std::time::Duration;

use serde_json::{Value, json};
use signoff::store::purge;

use crate::{
    contract::g19_row_walls::act_as,
    support::{Api, Cluster, Socket, eventually},
};

async fn own(api: &Api, query: &str) -> Vec<Value> {
    let page = api.get(&format!("/api/v1/me/notifications{query}")).await.expect(200);
    page.body["items"].as_array().unwrap().clone()
}

/// Waits until as many have come, and gives them: the newest first.
async fn told(api: &Api, count: usize) -> Vec<Value> {
    eventually("they are told", || async { own(api, "").await.len() >= count }).await;
    let told = own(api, "").await;
    assert_eq!(told.len(), count, "{told:#?}");
    told
}

fn causes(told: &[Value]) -> Vec<(&str, bool)> {
    told.iter().map(|it| (it["cause"].as_str().unwrap(), it["asks"].as_bool().unwrap())).collect()
}

async fn unread(api: &Api) -> Value {
    api.get("/api/v1/me/notifications/unread-count").await.expect(200).body["unread"].clone()
}

struct Team {
    cluster: Cluster,
    agent: Api,
    ana: Api,
    bo: Api,
    dora: Api,
}

/// An agent's person asks; ana and bo may decide; dora may not.
async fn team() -> Team {
    let cluster = Cluster::start().await.connected().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(0, &cluster.member("ana").await);
    let bo = cluster.api(1, &cluster.member("bo").await);
    let dora = cluster.api(1, &cluster.member("dora").await);
    Team { cluster, agent, ana, bo, dora }
}

fn asked(approvers: u32) -> Value {
    json!({
        "title": "Refund 45.00",
        "policy": { "min_approvers": approvers, "allowed_approvers": ["ana", "bo"] },
        "notify": { "users": ["dora"] },
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_decide_is_asked_and_others_are_told() {
    let team = team().await;
    let Team { agent, ana, bo, dora, .. } = &team;
    let id = agent.ask(asked(2)).await;
    let of_ana = told(ana, 1).await;
    assert_eq!(causes(&of_ana), [("requested", true)]);
    assert_eq!(of_ana[0]["approval_id"], json!(id));
    assert_eq!(of_ana[0]["subject"], "Refund 45.00");
    assert_eq!(of_ana[0]["read_at"], Value::Null);
    assert_eq!(causes(&told(bo, 1).await), [("requested", true)]);
    assert_eq!(causes(&told(dora, 1).await), [("requested", false)]);
    ana.approve(&id).await.expect(200);
    assert_eq!(causes(&told(agent, 1).await), [("voted", false)], "who asked hears of votes");
    bo.reject(&id, "too much").await.expect(200);
    assert_eq!(causes(&told(agent, 2).await)[0], ("decided", false));
    assert_eq!(causes(&told(ana, 2).await)[0], ("decided", false));
    assert_eq!(causes(&told(dora, 2).await)[0], ("decided", false));
    assert_eq!(told(bo, 1).await.len(), 1, "who ended it knows");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_read_is_unread_no_more() {
    let team = team().await;
    let Team { agent, ana, bo, .. } = &team;
    // One after the other: those that are sent together have the same `sent_at`.
    for count in 1..=3 {
        agent.ask(asked(1)).await;
        told(ana, count).await;
    }
    let mine = told(ana, 3).await;
    assert_eq!(unread(ana).await, 3);
    let read = async |api: &Api, body: Value| api.post("/api/v1/me/notifications/read", &body).await;
    let theirs = told(bo, 3).await;
    let done = read(ana, json!({ "ids": [mine[1]["id"], theirs[0]["id"]] })).await.expect(200);
    assert_eq!(done.body, json!({ "read": 1, "unread": 2 }), "only one's own");
    assert_eq!(unread(bo).await, 3);
    let left = own(ana, "?unread=true").await;
    assert_eq!(left.iter().map(|it| &it["id"]).collect::<Vec<_>>(), [&mine[0]["id"], &mine[2]["id"]]);
    let done = read(ana, json!({ "before": mine[0]["sent_at"] })).await.expect(200);
    assert_eq!(done.body, json!({ "read": 1, "unread": 1 }));
    let all = own(ana, "").await;
    assert_eq!(all.iter().filter(|it| it["read_at"].is_string()).count(), 2);
    let page = ana.get("/api/v1/me/notifications?limit=2").await.expect(200);
    let cursor = page.body["next_cursor"].as_str().unwrap();
    let rest = own(ana, &format!("?limit=2&cursor={cursor}")).await;
    assert_eq!(rest.len(), 1);
    assert_eq!(rest[0]["id"], mine[2]["id"]);
    for body in [json!({}), json!({ "ids": [], "before": "2026-11-28T12:00:00Z" })] {
        read(ana, body).await.violation("", "choice");
    }
    read(ana, json!({ "before": "yesterday" })).await.violation("/before", "time");
    ana.get("/api/v1/me/notifications?unread=some").await.violation("?unread", "choice");
    ana.get("/api/v1/me/notifications?cursor=x").await.violation("?cursor", "cursor");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_screen_hears_of_it_on_the_other_instance() {
    let team = team().await;
    let Team { agent, bo, cluster, .. } = &team;
    let elsewhere = cluster.api(0, &bo.key);
    let mut feed = Socket::feed(bo, &["notifications"]).await;
    assert_eq!(feed.hello["data"]["unread"], 0);
    assert_eq!(feed.event("unread").await["data"], json!({ "unread": 0 }));
    let id = agent.ask(asked(1)).await;
    let event = feed.event("notification").await;
    let data = &event["data"];
    assert_eq!(data["approval_id"], json!(id));
    assert_eq!(
        (&data["cause"], &data["asks"], &data["unread"]),
        (&json!("requested"), &json!(true), &json!(1))
    );
    let read = json!({ "ids": [data["id"]] });
    elsewhere.post("/api/v1/me/notifications/read", &read).await.expect(200);
    assert_eq!(feed.event("unread").await["data"], json!({ "unread": 0 }));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_request_wants_is_checked_and_shown() {
    let team = team().await;
    let Team { agent, ana, .. } = &team;
    let shown =
        agent.create(json!({ "notify": { "users": ["dora", "dora"], "channels": ["in-app"] } })).await;
    assert_eq!(shown.expect(201).body["notify"], json!({ "channels": ["in_app"], "users": ["dora"] }));
    let many: Vec<String> = (0..101).map(|n| format!("p{n}")).collect();
    let fields: Vec<String> = (0..21).map(|n| format!("f{n}")).collect();
    for (notify, pointer, rule) in [
        (json!({ "channels": ["fax"] }), "/notify/channels/0", "choice"),
        (json!({ "channels": ["in_app", "slack"] }), "/notify/channels/1", "configured"),
        (json!({ "channels": [] }), "/notify/channels", "min_items"),
        (json!({ "users": [""] }), "/notify/users/0", "name"),
        (json!({ "users": many }), "/notify/users", "max_items"),
        (json!({ "roles": many }), "/notify/roles", "max_items"),
        (json!({ "slack_channel": "#deploys" }), "/notify/slack_channel", "configured"),
        (json!({ "context_fields": fields }), "/notify/context_fields", "max_items"),
        (json!({ "context_fields": [""] }), "/notify/context_fields/0", "min_length"),
        (json!({ "colour": "red" }), "/notify/colour", "unknown_field"),
    ] {
        agent.create(json!({ "notify": notify })).await.violation(pointer, rule);
    }
    assert_eq!(own(ana, "").await, [] as [Value; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_was_sent_is_listed_for_who_may_see_it() {
    let team = team().await;
    let Team { agent, ana, cluster, .. } = &team;
    let mut body = asked(1);
    body["notify"]["users"] = json!(["dora", "ghost"]);
    let id = agent.ask(body).await;
    agent.ask(asked(1)).await;
    told(ana, 2).await;
    let auditor = cluster.api(0, &cluster.key("acme", "auditor", &["notification:view"]).await);
    let manager = cluster.api(0, &cluster.key("acme", "ops", &["notification:manage"]).await);
    let stranger = cluster.api(0, &cluster.key("other", "eve", &["notification:view"]).await);
    ana.get("/api/v1/notifications").await.problem(403, "forbidden");
    let list = async |api: &Api, query: &str| -> Vec<Value> {
        let page = api.get(&format!("/api/v1/notifications?{query}")).await.expect(200);
        page.body["items"].as_array().unwrap().clone()
    };
    assert_eq!(list(&auditor, "").await.len(), 7);
    assert_eq!(list(&stranger, "").await, [] as [Value; 0]);
    let of_it = list(&auditor, &format!("approval_id={id}")).await;
    assert_eq!(of_it.len(), 4);
    let skipped = list(&auditor, "status=skipped").await;
    assert_eq!(skipped.len(), 1);
    assert_eq!(
        (&skipped[0]["recipient"], &skipped[0]["skip_reason"]),
        (&json!("ghost"), &json!("unknown_recipient"))
    );
    assert_eq!(list(&auditor, "channel=email").await, [] as [Value; 0]);
    assert_eq!(list(&auditor, "recipient=ana").await.len(), 2);
    let path = format!("/api/v1/notifications/{}", of_it[0]["id"].as_str().unwrap());
    let one = auditor.get(&path).await.expect(200).body;
    assert_eq!((&one["attempts"], &one["attempt_count"]), (&json!([]), &json!(0)));
    stranger.get(&path).await.problem(404, "not_found");
    auditor.post(&format!("{path}/redrive"), &json!({})).await.problem(403, "forbidden");
    manager.post(&format!("{path}/redrive"), &json!({})).await.problem(409, "not_redrivable");
    let all = manager.post("/api/v1/notifications/redrive", &json!({})).await.expect(200);
    assert_eq!(all.body, json!({ "redriven": 0, "more": false }));
    auditor.get("/api/v1/notifications?status=lost").await.violation("?status", "choice");
    auditor.get("/api/v1/notifications?channel=fax").await.violation("?channel", "choice");
    auditor.get("/api/v1/notifications?approval_id=7").await.violation("?approval_id", "uuid");
}

/// Who was asked at an earlier level hears how it ended.
#[tokio::test(flavor = "multi_thread")]
async fn who_was_asked_before_hears_the_end() {
    let team = team().await;
    let Team { agent, ana, bo, cluster, .. } = &team;
    let id = agent
        .ask(json!({
            "policy": { "allowed_approvers": ["ana"] },
            "escalation": [{ "after_seconds": 300, "policy": { "allowed_approvers": ["bo"] } }],
        }))
        .await;
    told(ana, 1).await;
    let admin = cluster.api(0, &cluster.key("acme", "root", &["approval:escalate"]).await);
    let hop = json!({ "reason": "she is away" });
    admin.post(&format!("/api/v1/approvals/{id}/escalate"), &hop).await.expect(200);
    assert_eq!(causes(&told(bo, 1).await), [("escalated", true)]);
    bo.approve(&id).await.expect(200);
    assert_eq!(causes(&told(ana, 2).await)[0], ("decided", false));
}

/// Whatever ends an approval tells of it: a deadline, many at once, a run that is deleted.
#[tokio::test(flavor = "multi_thread")]
async fn every_end_is_told() {
    let team = team().await;
    let Team { agent, ana, cluster, .. } = &team;
    let ask = async |run: &str, seconds: u32| {
        let mut body = asked(1);
        body["run_id"] = json!(run);
        body["timeout_seconds"] = json!(seconds);
        agent.ask(body).await
    };
    let late = ask("late", 1).await;
    let bulk = ask("bulk", 300).await;
    let gone = ask("gone", 300).await;
    let body = json!({ "ids": [bulk], "action": "approve" });
    ana.post("/api/v1/approvals/bulk", &body).await.expect(200);
    let admin = cluster.api(0, &cluster.key("acme", "root", &["run:delete"]).await);
    admin.delete("/api/v1/runs/gone").await.expect(204);
    let told = told(agent, 3).await;
    let end_of = |id: &str| told.iter().find(|it| it["approval_id"] == json!(id)).unwrap()["cause"].clone();
    assert_eq!([end_of(&late), end_of(&bulk), end_of(&gone)], ["expired", "decided", "cancelled"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_nothing_is_forgotten_after_its_time() {
    let team = team().await;
    let Team { agent, ana, cluster, .. } = &team;
    agent.ask(asked(1)).await;
    told(ana, 1).await;
    let mut conn = cluster.database.connect().await;
    // Ids are in the order of time: this one is of the year 2000.
    sqlx::query(
        "INSERT INTO approval_notifications (id, workspace_id, cause, channel, recipient, principal_id, due_at, give_up_at,
                status, sent_at)
         SELECT '00dc6acf-ac00-7000-8000-000000000000', workspace_id, cause, channel, 'old', principal_id, due_at, give_up_at,
                'sent', sent_at FROM approval_notifications WHERE recipient = 'ana'",
    )
    .execute(&mut conn)
    .await
    .unwrap();
    let mut janitor = act_as(cluster, "signoff_work").await;
    let gone = purge::notifications(&mut janitor, Duration::from_hours(24 * 30), 100).await.unwrap();
    assert_eq!(gone, 1);
    let left: Vec<String> =
        sqlx::query_scalar("SELECT recipient FROM approval_notifications ORDER BY recipient")
            .fetch_all(&mut conn)
            .await
            .unwrap();
    assert_eq!(left, ["ana", "bo", "dora"]);
}
