//! Events of a task over HTTP: sending, replaying, what is refused.

use serde_json::{Value, json};

use crate::support::{Api, Cluster, Setup, Socket};

fn path(task: &str) -> String {
    format!("/api/v1/tasks/{task}/events")
}

async fn replay(api: &Api, task: &str, query: &str) -> Value {
    api.get(&format!("{}?{query}", path(task))).await.expect(200).body
}

fn numbers(page: &Value) -> Vec<u64> {
    page["items"].as_array().unwrap().iter().map(|event| event["data"]["n"].as_u64().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_read_page_by_page_from_any_place() {
    let cluster = Cluster::start().await;
    let api = cluster.api(0, &cluster.member("agent").await);
    let empty = replay(&api, "t", "").await;
    assert_eq!((&empty["items"], &empty["next_cursor"]), (&json!([]), &Value::Null));
    let tenth = api.emit("t", 1..=10).await;
    let between = chrono_now(&cluster).await;
    api.emit("t", 11..=500).await;
    // From the beginning, through all pages.
    let (mut seen, mut query) = (Vec::new(), "limit=200".to_owned());
    loop {
        let page = replay(&api, "t", &query).await;
        seen.extend(numbers(&page));
        let Some(next) = page["next_cursor"].as_str() else { break };
        query = format!("limit=200&after={next}");
    }
    assert_eq!(seen, (1..=500).collect::<Vec<_>>());
    let page = replay(&api, "t", &format!("after={tenth}&limit=3")).await;
    assert_eq!((numbers(&page), &page["recovered"]), (vec![11, 12, 13], &json!(true)));
    let page = replay(&api, "t", &format!("since={between}&limit=2")).await;
    assert_eq!(numbers(&page), [11, 12]);
    let page = replay(&api, "t", "since=2999-01-01T00:00:00Z").await;
    assert_eq!(page["items"], json!([]));
    // The end is a place, too.
    let end = page["cursor"].as_str().unwrap().to_owned();
    let last = api.emit("t", [501]).await;
    let page = replay(&api, "t", &format!("after={end}")).await;
    assert_eq!((numbers(&page), &page["cursor"]), (vec![501], &json!(last)));
    // The beginning is a place as long as nothing has been cut.
    let page = replay(&api, "t", "after=0&limit=1").await;
    assert_eq!((numbers(&page), &page["recovered"]), (vec![1], &json!(true)));
    assert_eq!(replay(&api, "nobody-knows", "after=0").await["recovered"], true);
    let mut socket = Socket::resume(&api, "t", "0").await;
    assert_eq!(
        (socket.hello["data"]["recovered"].clone(), socket.next().await["data"]["n"].clone()),
        (json!(true), json!(1))
    );
    // One that never was is not honoured.
    let page = replay(&api, "t", "after=7&limit=1").await;
    assert_eq!((numbers(&page), &page["recovered"]), (vec![1], &json!(false)));
}

async fn chrono_now(cluster: &Cluster) -> String {
    let mut conn = cluster.database.connect().await;
    sqlx::query_scalar(
        "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')",
    )
    .fetch_one(&mut conn)
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_comes_back_as_it_was() {
    let cluster = Cluster::start().await;
    let api = cluster.api(0, &cluster.member("agent").await);
    let data = r#"{"b":1,  "a":[1.50,"é\u0041"],"big":"9007199254740993"}"#;
    let body = format!(r#"{{"event_type":"my.own:type","data":{data}}}"#);
    let request = api.request(reqwest::Method::POST, &path("t"));
    Api::send(request.header("content-type", "application/json").body(body)).await.expect(202);
    let text = api.request(reqwest::Method::GET, &path("t")).send().await.unwrap().text().await.unwrap();
    assert!(text.contains(data), "{text}");
    for data in [json!(7), json!("line"), json!([1])] {
        api.post(&path("t2"), &json!({ "event_type": "output", "data": data })).await.expect(202);
        let page = replay(&api, "t2", "limit=200").await;
        assert_eq!(page["items"].as_array().unwrap().last().unwrap()["data"], data);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_said() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let api = cluster.api(0, &cluster.member("agent").await);
    let output = json!({ "event_type": "output" });
    for (pointer, body) in [
        ("/event_type", json!({})),
        ("/event_type", json!({ "event_type": "a b" })),
        ("/event_type", json!({ "event_type": "approval_resolved" })),
        ("/event_type", json!({ "event_type": "workflow_resumed" })),
        ("/data", json!({ "event_type": "output", "data": "x".repeat(300_000) })),
        ("/events", json!({ "events": [] })),
        ("/events", json!({ "events": vec![output.clone(); 501] })),
        ("/events", json!({ "events": [output], "event_type": "output" })),
        ("/events/1/event_type", json!({ "events": [{ "event_type": "output" }, {}] })),
        ("/events/0/seq", json!({ "events": [{ "event_type": "output", "seq": 1 }] })),
        ("/seq", json!({ "event_type": "output", "seq": 1 })),
    ] {
        let reply = api.post(&path("t"), &body).await.problem(422, "invalid");
        assert_eq!(reply.body["errors"][0]["pointer"], pointer, "{reply:?}");
    }
    for query in
        ["after=x", "after=1&since=2026-01-01T00:00:00Z", "since=yesterday", "limit=0", "limit=201", "x=1"]
    {
        api.get(&format!("{}?{query}", path("t"))).await.problem(422, "invalid");
    }
    api.get("/api/v1/tasks/a%20b/events").await.problem(404, "not_found");
    let large = json!({ "events": vec![json!({ "event_type": "o", "data": "x".repeat(200_000) }); 25] });
    api.post(&path("t"), &large).await.problem(413, "too_large");
    // None of it had any effect.
    assert_eq!(replay(&api, "t", "").await["items"], json!([]));
    let narrow = cluster.api(0, &cluster.key("acme", "narrow", &["approval:create"]).await);
    narrow.post(&path("t"), &json!({ "event_type": "output" })).await.problem(403, "forbidden");
    narrow.get(&path("t")).await.problem(403, "forbidden");
    narrow.get("/api/v1/connections").await.problem(403, "forbidden");
    narrow.delete("/api/v1/connections/t").await.problem(403, "forbidden");
}

/// The run is told that it waits with its first pending approval, and that it goes on with the last.
#[tokio::test(flavor = "multi_thread")]
async fn approvals_tell_their_task_with_their_cause() {
    let cluster = Cluster::start().await.connected().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(1, &cluster.key("acme", "ana", &["workspace:admin"]).await);
    let first = agent.ask(json!({ "session_id": "s" })).await;
    let second = agent.ask(json!({ "title": "Drop?" })).await;
    ana.approve_with(&first, json!({ "modifications": { "a": 1 }, "comment": "so" })).await.expect(200);
    agent.cancel(&second, "enough").await.expect(200);
    let third = agent.ask(json!({ "timeout_seconds": 1 })).await;
    agent.wait(&third, 30).await.expect(200);
    let fourth = agent.ask(json!({})).await;
    ana.delete("/api/v1/runs/run-1").await.expect(204);
    let page = replay(&agent, "run-1", "limit=200").await;
    let told: Vec<(&str, Option<&str>)> = page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| (event["event_type"].as_str().unwrap(), event["data"]["approval_id"].as_str()))
        .collect();
    let (first, second) = (Some(first.as_str()), Some(second.as_str()));
    let (third, fourth) = (Some(third.as_str()), Some(fourth.as_str()));
    assert_eq!(
        told,
        [
            ("approval_requested", first),
            ("workflow_paused", first),
            ("approval_requested", second),
            ("approval_resolved", first),
            ("approval_cancelled", second),
            ("workflow_resumed", second),
            ("approval_requested", third),
            ("workflow_paused", third),
            ("approval_expired", third),
            ("workflow_resumed", third),
            ("approval_requested", fourth),
            ("workflow_paused", fourth),
            ("approval_cancelled", fourth),
            ("workflow_resumed", fourth),
        ]
    );
    let resolved = &page["items"][3];
    assert_eq!((&resolved["run_id"], &resolved["session_id"]), (&json!("run-1"), &json!("s")));
    let data = &resolved["data"];
    assert_eq!(
        (&data["approved"], &data["resolution"], &data["resolved_by"]),
        (&json!(true), &json!("modified"), &json!("ana"))
    );
    assert_eq!((&data["modifications"], &data["feedback"]), (&json!({ "a": 1 }), &json!("so")));
    assert_eq!(page["items"][8]["data"]["approved"], false);
}

/// What is kept of a task is bounded, and whoever comes too late is told so.
#[tokio::test(flavor = "multi_thread")]
async fn logs_are_cut_and_cursors_behind_the_cut_are_not_honoured() {
    let setup = Setup { flags: vec![("events.max_per_task", "100".into())], ..Setup::default() };
    let cluster = Cluster::with(setup).await.connected().await;
    let api = cluster.api(0, &cluster.member("agent").await);
    let cursor = Socket::open(&api, "t").await.cursor();
    for batch in 0..6 {
        api.emit("t", batch * 500..(batch + 1) * 500).await;
    }
    let mut conn = cluster.database.connect().await;
    loop {
        let kept: i64 =
            sqlx::query_scalar("SELECT count(*) FROM task_events").fetch_one(&mut conn).await.unwrap();
        // Cut each time a thousand were added.
        if kept < 1_200 {
            break;
        }
        tokio::task::yield_now().await;
    }
    let page = replay(&api, "t", &format!("after={cursor}&limit=1")).await;
    assert_eq!(page["recovered"], false);
    assert!(numbers(&page)[0] > 0);
    let id = api.ask(json!({ "task_id": "t" })).await;
    let late = Socket::resume(&cluster.api(1, &api.key), "t", &cursor).await;
    assert_eq!(late.hello["data"]["recovered"], false);
    assert_eq!(
        late.hello["data"]["pending"][0]["approval_id"],
        id.as_str(),
        "what is pending is said instead"
    );
}
