//! G17 where endpoints fail: they refuse, stall, ask for pauses, answer 410, or never come back.

use std::{collections::HashSet, sync::Arc};

use serde_json::{Value, json};
use signoff::{domain::ids::EndpointId, notify::webhook::watch};
use tokio::sync::Notify;

use super::{
    g17_webhooks::{Team, asked, verifies},
    g19_row_walls::{act_as, workspace},
};
use crate::support::{
    eventually,
    sink::{Does, Received, Sink},
};

#[tokio::test(flavor = "multi_thread")]
async fn g17_what_fails_is_tried_again_with_the_same_id_and_bytes() {
    let team = Team::start().await;
    let sink = Sink::start().await;
    let hook = team.hook(&sink, json!({ "events": ["approval:requested"] })).await;
    let ways = [
        (Does::Answers(500, "x-n: 1\r\n"), "it answered 500"),
        (Does::Answers(404, ""), "it answered 404"),
        (Does::HangsUp, "closed"),
        (Does::Mumbles, "invalid HTTP"),
        (Does::Answers(302, "location: http://127.0.0.1:1/\r\n"), "redirects are not followed"),
    ];
    let mut script = ways.clone().map(|(does, _)| does).into_iter();
    sink.does(move |_| script.next().unwrap_or(Does::Answers(200, "")));
    team.agent.ask(asked()).await;
    for (n, (_, error)) in ways.iter().enumerate() {
        let tried = hook.tried(n + 1).await;
        assert_eq!(tried["outcome"], "retried", "{tried}");
        let said = tried["error"].as_str().unwrap();
        assert!(said.contains(error), "{said:?} should tell of {error:?}");
        assert!(!said.contains("127.0.0.1:1/"), "{said}");
        team.let_waits_pass().await;
    }
    let sent = hook.has(1, "sent").await;
    assert_eq!(sent[0]["attempt_count"], 6);
    let received = sink.received();
    let ids: HashSet<&str> = received.iter().map(|it| it.header("webhook-id")).collect();
    let bodies: HashSet<&str> = received.iter().map(|it| it.body.as_str()).collect();
    assert_eq!((received.len(), ids.len(), bodies.len()), (6, 1, 1));
    assert!(received.iter().all(|it| verifies(&hook.secret, it)));
    let first = hook.tried(1).await;
    assert_eq!(first["status_code"], 500);
    assert!(first["answer"].as_str().unwrap().contains("ok"), "{first}");
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_the_next_try_comes_by_itself_after_some_seconds() {
    let team = Team::start().await;
    let sink = Sink::start().await;
    let hook = team.hook(&sink, json!({})).await;
    let mut first = true;
    sink.does(move |_| {
        let status = if first { 500 } else { 200 };
        first = false;
        Does::Answers(status, "")
    });
    team.agent.ask(asked()).await;
    hook.tried(1).await;
    let due = hook.deliveries().await[0]["due_at"].as_str().unwrap().to_owned();
    hook.has(1, "sent").await;
    assert_eq!(sink.received().len(), 2);
    let conn = &mut team.cluster.database.connect().await;
    let waited: f64 = sqlx::query_scalar(
        "SELECT extract(epoch FROM $1::timestamptz - min(at))::double precision FROM notification_attempts",
    )
    .bind(due)
    .fetch_one(conn)
    .await
    .unwrap();
    assert!((3.9..8.0).contains(&waited), "{waited}");
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_success_stands_in_the_head_of_an_answer_whatever_follows() {
    let team = Team::start().await;
    let sink = Sink::start().await;
    let hook = team.hook(&sink, json!({ "events": ["approval:requested"] })).await;
    for (n, does) in [Does::NeverEnds, Does::BreaksOff].into_iter().enumerate() {
        sink.always(does);
        team.agent.ask(asked()).await;
        let sent = hook.has(n + 1, "sent").await;
        let tries = hook.delivery(&sent[0]).await["attempts"].clone();
        assert_eq!((&tries[0]["outcome"], &tries[1]), (&json!("sent"), &Value::Null));
        assert!(tries[0]["answer"].as_str().unwrap().len() <= 4_096);
    }
    assert_eq!(sink.received().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_an_endpoint_that_says_nothing_holds_up_no_other() {
    let team = Team::start().await;
    let (stuck, well) = (Sink::start().await, Sink::start().await);
    stuck.always(Does::Stalls);
    let hook = team.hook(&stuck, json!({ "events": ["approval:requested"] })).await;
    team.hook(&well, json!({ "events": ["approval:requested"] })).await;
    for _ in 0..20 {
        team.agent.ask(asked()).await;
    }
    well.has(20).await;
    assert!(stuck.received().len() <= 8, "eight at once to one endpoint");
    assert!(hook.deliveries().await.iter().all(|it| it["status"] == "pending"));
    eventually("the first have waited long enough", || async {
        hook.show().await["last_error"].as_str().is_some_and(|it| it.contains("no answer within 15 s"))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_an_endpoint_that_wants_a_pause_gets_it_and_no_try_is_counted() {
    let team = Team::start().await;
    let sink = Sink::start().await;
    let hook = team.hook(&sink, json!({ "events": ["approval:requested"] })).await;
    let mut script =
        [Does::Answers(429, "retry-after: 2\r\n"), Does::Answers(503, "retry-after: 1\r\n")].into_iter();
    sink.does(move |_| script.next().unwrap_or(Does::Answers(200, "")));
    team.agent.ask(asked()).await;
    let tried = hook.tried(1).await;
    assert_eq!((&tried["outcome"], &tried["status_code"]), (&json!("held"), &json!(429)));
    let mut conn = team.cluster.database.connect().await;
    let held: f64 = sqlx::query_scalar(
        "SELECT extract(epoch FROM l.hold_until - (a.at + a.duration_ms * interval '1 ms'))::double precision
           FROM notification_lanes l, notification_attempts a WHERE l.channel = 'webhook' ORDER BY a.at LIMIT 1",
    )
    .fetch_one(&mut conn)
    .await
    .unwrap();
    assert!((1.9..4.0).contains(&held), "{held}");
    let sent = hook.has(1, "sent").await;
    assert_eq!(sent[0]["attempt_count"], 1);
    assert_eq!(sink.received().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_too_much_without_a_time_is_tried_again_soon() {
    let team = Team::start().await;
    let sink = Sink::start().await;
    let hook = team.hook(&sink, json!({ "events": ["approval:requested"] })).await;
    sink.always(Does::Answers(429, ""));
    team.agent.ask(asked()).await;
    hook.tried(1).await;
    assert_eq!(hook.deliveries().await[0]["attempt_count"], 0);
    sink.is_well();
    hook.has(1, "sent").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_one_that_is_gone_is_disabled_in_sight_of_all_and_loses_nothing() {
    let team = Team::start().await;
    let sink = Sink::start().await;
    let hook = team.hook(&sink, json!({ "events": ["approval:requested"] })).await;
    sink.always(Does::Answers(410, ""));
    team.agent.ask(asked()).await;
    eventually("it is disabled", || async { hook.show().await["enabled"] == false }).await;
    assert_eq!(hook.show().await["disabled_reason"], "gone");
    assert_eq!(team.audit(1, "webhook.disabled").await[0]["via"], "service");
    let news = team.admin.get("/api/v1/me/notifications").await.expect(200).body["items"].clone();
    assert_eq!(news[0]["cause"], "endpoint_disabled");
    assert!(news[0]["subject"].as_str().unwrap().contains("410"), "{news}");
    let none = team.ana.get("/api/v1/me/notifications").await.expect(200).body["items"].clone();
    assert!(none.as_array().unwrap().iter().all(|it| it["cause"] != "endpoint_disabled"));
    sink.is_well();
    for _ in 0..3 {
        team.agent.ask(asked()).await;
    }
    eventually("all are kept", || async { hook.show().await["waiting"] == 4 }).await;
    team.admin.post(&hook.path("/test"), &Value::Null).await.problem(409, "not_redrivable");
    assert_eq!(sink.received().len(), 1);
    let on = hook.change(json!({ "enabled": true })).await.expect(200);
    assert_eq!((&on.body["enabled"], &on.body["disabled_reason"]), (&json!(true), &Value::Null));
    hook.has(4, "sent").await;
    assert_eq!(sink.received().len(), 5);
    assert_eq!(hook.show().await["waiting"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_administrators_hear_of_one_that_fails_for_a_day_and_it_is_disabled_after_five() {
    let team = Team::start().await;
    let sink = Sink::start().await;
    let hook = team.hook(&sink, json!({ "events": ["approval:requested"] })).await;
    sink.always(Does::Answers(404, ""));
    team.agent.ask(asked()).await;
    hook.tried(1).await;
    eventually("it is known to fail", || async { hook.show().await["failing_since"].is_string() }).await;
    let mut superuser = team.cluster.database.connect().await;
    let mut conn = act_as(&team.cluster, "signoff_notify").await;
    let news = async || -> Vec<String> {
        let page = team.admin.get("/api/v1/me/notifications").await.expect(200);
        let items = page.body["items"].as_array().unwrap().clone();
        items.iter().map(|it| it["cause"].as_str().unwrap().to_owned()).collect()
    };
    let since = async |superuser: &mut sqlx::PgConnection, hours: i32| {
        let back =
            "UPDATE notification_lanes SET failing_since = clock_timestamp() - make_interval(hours => $1)
                     WHERE channel = 'webhook'";
        sqlx::query(back).bind(hours).execute(superuser).await.unwrap();
    };
    since(&mut superuser, 23).await;
    watch::failing(&mut conn, None).await.unwrap();
    assert_eq!(news().await, [] as [&str; 0]);
    since(&mut superuser, 25).await;
    watch::failing(&mut conn, None).await.unwrap();
    watch::failing(&mut conn, None).await.unwrap();
    assert_eq!(news().await, ["endpoint_failing"], "once");
    assert_eq!(hook.show().await["enabled"], true);
    since(&mut superuser, 121).await;
    let long_ago = "UPDATE notification_lanes SET last_failure_at = clock_timestamp() - interval '2 days'";
    sqlx::query(long_ago).execute(&mut superuser).await.unwrap();
    assert_eq!(watch::failing(&mut conn, None).await.unwrap(), 0, "nothing was tried lately");
    let lately = "UPDATE notification_lanes SET last_failure_at = clock_timestamp() - interval '1 hour'";
    sqlx::query(lately).execute(&mut superuser).await.unwrap();
    // The instance looks, too: one of them does it.
    watch::failing(&mut conn, None).await.unwrap();
    assert_eq!(hook.show().await["disabled_reason"], "failing");
    assert_eq!(news().await, ["endpoint_disabled", "endpoint_failing"]);
    team.audit(1, "webhook.disabled").await;
    assert_eq!(hook.show().await["waiting"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_a_dead_endpoint_is_left_alone_and_comes_back_one_event_first() {
    let team = Team::start().await;
    let sink = Sink::start().await;
    let hook = team.hook(&sink, json!({ "events": ["approval:requested"] })).await;
    sink.always(Does::Answers(500, ""));
    for _ in 0..12 {
        team.agent.ask(asked()).await;
    }
    eventually("it is left alone", || async {
        let mut conn = team.cluster.database.connect().await;
        let held: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT FROM notification_lanes
              WHERE channel = 'webhook' AND failures >= 5 AND hold_until > clock_timestamp())",
        )
        .fetch_one(&mut conn)
        .await
        .unwrap();
        held
    })
    .await;
    let before = sink.received().len();
    assert!(before <= 12, "{before}");
    team.agent.ask(asked()).await;
    sink.is_well();
    team.let_waits_pass().await;
    hook.has(13, "sent").await;
    assert_eq!(hook.show().await["failing_since"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_a_test_is_tried_at_once_even_where_the_endpoint_is_left_alone() {
    let team = Team::start().await;
    let sink = Sink::start().await;
    let hook = team.hook(&sink, json!({ "format": "cloudevents" })).await;
    let tested = team.admin.post(&hook.path("/test"), &Value::Null).await.expect(202);
    let request = sink.has(1).await.pop().unwrap();
    assert!(verifies(&hook.secret, &request));
    assert_eq!(request.header("content-type"), "application/cloudevents+json");
    let body = request.json();
    assert_eq!((&body["specversion"], &body["type"]), (&json!("1.0"), &json!("signoff.webhook.test")));
    assert_eq!(body["id"], request.header("webhook-id"));
    assert_eq!(body["source"], "/workspaces/acme");
    let sent = hook.has(1, "sent").await;
    assert_eq!((&sent[0]["id"], &sent[0]["event"]), (&tested.body["delivery_id"], &json!("webhook:test")));
    assert_eq!(sent[0]["approval_id"], Value::Null);
    // Dead, and left alone for long: a test goes before all else.
    sink.always(Does::Answers(500, ""));
    for _ in 0..6 {
        team.agent.ask(asked()).await;
    }
    eventually("it is left alone", || async { hook.show().await["failing_since"].is_string() }).await;
    let mut conn = team.cluster.database.connect().await;
    sqlx::query("UPDATE notification_lanes SET hold_until = clock_timestamp() + interval '1 hour', failures = 9, generation = generation + 1")
        .execute(&mut conn)
        .await
        .unwrap();
    sink.is_well();
    team.admin.post(&hook.path("/test"), &Value::Null).await.expect(202);
    // What a worker had in hand before may still come, too.
    let tests =
        || sink.received().iter().filter(|request| request.json()["type"] == "signoff.webhook.test").count();
    eventually("the second test has come", || async { tests() == 2 }).await;
}

/// An endpoint that only ever asks for pauses takes nothing.
#[tokio::test(flavor = "multi_thread")]
async fn g17_an_endpoint_that_only_asks_for_pauses_counts_as_failing_until_it_takes_one() {
    let team = Team::start().await;
    let sink = Sink::start().await;
    let hook = team.hook(&sink, json!({ "events": ["approval:requested"] })).await;
    sink.always(Does::Answers(429, "retry-after: 1\r\n"));
    team.agent.ask(asked()).await;
    eventually("it is known to fail", || async { hook.show().await["failing_since"].is_string() }).await;
    let since = hook.show().await["failing_since"].clone();
    let count = sink.received().len();
    sink.has(count + 1).await;
    eventually("that try is over", || async { hook.tried(count + 1).await["status_code"] == 429 }).await;
    assert_eq!(hook.show().await["failing_since"], since, "since its first pause");
    sink.is_well();
    hook.has(1, "sent").await;
    eventually("it does not fail any more", || async { hook.show().await["failing_since"].is_null() }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_a_test_is_tried_at_once_where_the_endpoint_asked_for_a_long_pause() {
    let team = Team::start().await;
    let sink = Sink::start().await;
    let hook = team.hook(&sink, json!({ "events": ["approval:requested"] })).await;
    sink.always(Does::Answers(429, "retry-after: 3600\r\n"));
    team.agent.ask(asked()).await;
    hook.tried(1).await;
    sink.is_well();
    team.admin.post(&hook.path("/test"), &Value::Null).await.expect(202);
    // The event goes with it, at the same time: the lane is not left alone any more.
    let kinds: HashSet<String> = sink.has(3).await[1..].iter().map(Received::kind).collect();
    assert!(kinds.contains("webhook:test"), "{kinds:?}");
}

/// The old host of an endpoint that has moved answers so.
#[tokio::test(flavor = "multi_thread")]
async fn g17_an_old_urls_410_does_not_disable_the_new_one() {
    let team = Team::start().await;
    let (old, new) = (Sink::start().await, Sink::start().await);
    let hook = team.hook(&old, json!({ "events": ["approval:requested"] })).await;
    let (go, gate) = std::sync::mpsc::channel::<()>();
    let came = Arc::new(Notify::new());
    let comes = came.clone();
    old.does(move |_| {
        comes.notify_one();
        tokio::task::block_in_place(|| gate.recv()).unwrap();
        Does::Answers(410, "")
    });
    let id = team.agent.ask(asked()).await;
    came.notified().await;
    hook.change(json!({ "url": new.url })).await.expect(200);
    go.send(()).unwrap();
    let tried = hook.tried(1).await;
    assert_eq!(tried["status_code"], 410);
    assert_eq!(hook.show().await["enabled"], true);
    team.let_waits_pass().await;
    let arrived = new.has(1).await;
    assert_eq!(arrived[0].json()["data"]["approval_id"], json!(id));
}

/// The router locks lanes of mail before lanes of webhooks. The other way round may deadlock with it.
#[tokio::test(flavor = "multi_thread")]
async fn g17_while_administrators_are_told_of_a_410_no_lane_of_webhooks_is_locked() {
    let team = Team::start().await;
    let sink = Sink::start().await;
    let hook = team.hook(&sink, json!({ "events": ["approval:requested"] })).await;
    let mut conn = team.cluster.database.connect().await;
    sqlx::query("UPDATE principals SET email = name || '@example.com'").execute(&mut conn).await.unwrap();
    team.agent.ask(asked()).await;
    hook.has(1, "sent").await;
    let workspace = workspace(&team.cluster, "acme").await;
    // As the router has it while it routes mail of this workspace.
    sqlx::query(
        "INSERT INTO notification_lanes (workspace_id, channel, destination) VALUES ($1, 'email', 'relay')",
    )
    .bind(workspace.0)
    .execute(&mut conn)
    .await
    .unwrap();
    sqlx::query("BEGIN").execute(&mut conn).await.unwrap();
    sqlx::query("SELECT id FROM notification_lanes WHERE channel = 'email' FOR UPDATE")
        .execute(&mut conn)
        .await
        .unwrap();
    let mut worker = act_as(&team.cluster, "signoff_notify").await;
    let (endpoint, url) = (EndpointId(hook.id.parse().unwrap()), sink.url.clone());
    let telling = tokio::spawn(async move {
        let which = (workspace, endpoint, &*url);
        watch::gone(&mut worker, which, Some("relay")).await.unwrap()
    });
    let mut other = team.cluster.database.connect().await;
    let waits = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database())";
    let mut watcher = team.cluster.database.connect().await;
    let watcher = tokio::sync::Mutex::new(&mut watcher);
    eventually("it waits for the lane of mail", || async {
        sqlx::query_scalar::<_, bool>(waits).fetch_one(&mut **watcher.lock().await).await.unwrap()
    })
    .await;
    sqlx::query("SELECT id FROM notification_lanes WHERE channel = 'webhook' FOR UPDATE NOWAIT")
        .execute(&mut other)
        .await
        .expect("no one has the lane of webhooks");
    sqlx::query("COMMIT").execute(&mut conn).await.unwrap();
    assert!(telling.await.unwrap());
    assert_eq!(hook.show().await["disabled_reason"], "gone");
}
