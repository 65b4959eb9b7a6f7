//! What one workspace sends and holds: bounded by the day, and told to operators.

use serde_json::{Value, json};

use crate::support::{Api, Cluster, Reply, Setup, eventually, process::signoff};

/// Some bytes that can't be made less of.
async fn send(api: &Api, bytes: usize) -> Reply {
    let text: String = (0..bytes.div_ceil(32)).map(|_| uuid::Uuid::new_v4().simple().to_string()).collect();
    let body = json!({ "event_type": "output", "data": { "text": text } });
    api.post("/api/v1/tasks/t/events", &body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_that_fills_the_disk_is_stopped_for_the_day_and_no_other() {
    let flags = vec![("events.workspace_mebibytes_per_day", "1".to_owned())];
    let cluster = Cluster::with(Setup { flags, ..Setup::default() }).await;
    let key = cluster.key("evil", "mallory", &[]).await;
    let (theirs, elsewhere) = (cluster.api(0, &key), cluster.api(1, &key));
    let ours = cluster.api(0, &cluster.member("ana").await);
    for _ in 0..6 {
        send(&theirs, 200_000).await.expect(202);
    }
    let refused = send(&theirs, 1).await.problem(429, "rate_limited");
    let said = refused.body["detail"].as_str().unwrap();
    assert!(said.contains("1 MiB a day") && said.contains("events.workspace_mebibytes_per_day"), "{said}");
    let seconds: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=86_400).contains(&seconds), "{seconds}");
    // The others are told within seconds, and keep out what they let in before.
    eventually("the other instance knows", || async { send(&elsewhere, 1).await.status == 429 }).await;
    send(&ours, 200_000).await.expect(202);
    // What is no event of theirs goes on.
    let id = theirs.ask(json!({})).await;
    theirs.show(&id).await.expect(200);
    theirs.get("/api/v1/tasks/t/events").await.expect(200);
    let instance = &cluster.instances[0];
    assert!(instance.metric("signoff_events_over_quota_total").await > 0.5);
    eventually("it is told", || async { instance.metric("signoff_event_quota_used_ratio").await > 0.99 })
        .await;

    // A new day, by the database's clock.
    let mut conn = cluster.database.connect().await;
    sqlx::query("UPDATE event_usage SET day = day - 1").execute(&mut conn).await.unwrap();
    eventually("they may again", || async { send(&theirs, 1).await.status == 202 }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_see_who_holds_how_much() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let large = cluster.api(0, &cluster.key("large", "mallory", &[]).await);
    let small = cluster.api(0, &cluster.key("small", "ana", &[]).await);
    for _ in 0..8 {
        send(&large, 250_000).await.expect(202);
    }
    send(&small, 10).await.expect(202);
    small.ask(json!({})).await;
    let environment = [("DATABASE_URL", cluster.database.url.as_str())];
    let usage = async || {
        let output = signoff(&["workspaces", "usage", "--json"], &environment).await;
        assert!(output.status.success(), "{output:?}");
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    eventually("what was sent today is counted", || async {
        usage().await[0]["events_today"].as_i64().unwrap() > 2_000_000
    })
    .await;
    let listed = usage().await;
    assert_eq!((&listed[0]["workspace"], &listed[1]["workspace"]), (&json!("large"), &json!("small")));
    assert!(listed[0]["events"].as_i64() > listed[1]["events"].as_i64());
    assert!(listed[1]["approvals"].as_i64().unwrap() > 0 && listed[1]["records"].as_i64().unwrap() > 0);
    let shown = signoff(&["workspaces", "usage"], &environment).await;
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.contains("large") && shown.contains("EVENTS SENT TODAY"), "{shown}");
}
