//! `signoff tail`: each event once and in order, whatever becomes of connections.

use serde_json::{Value, json};

use crate::support::{
    Api, Cluster, Setup, TestDatabase,
    cluster::make_key,
    command::Running,
    process::{Process, signoff},
    proxy::{Mode, Proxy},
    unique,
};

const TASK: &str = "/api/v1/tasks/t/events";

fn tail(url: &str, key: &str, arguments: &[&str]) -> Running {
    Running::start(&[&["tail", "t"], arguments].concat(), &[("SIGNOFF_URL", url), ("SIGNOFF_API_KEY", key)])
}

/// Sends events with these numbers, in one request.
async fn send(api: &Api, numbers: impl IntoIterator<Item = u32>) {
    let event = |n| json!({ "event_type": "output", "data": { "n": n } });
    let events: Vec<Value> = numbers.into_iter().map(event).collect();
    api.post(TASK, &json!({ "events": events })).await.expect(202);
}

async fn finish(api: &Api) {
    api.post(TASK, &json!({ "event_type": "done" })).await.expect(202);
}

/// The numbers of all events but the last.
fn numbers(lines: &[String]) -> Vec<u64> {
    let events = lines.iter().map(|line| serde_json::from_str::<Value>(line).unwrap());
    events.filter_map(|event| event["data"]["n"].as_u64()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_instance_is_told_is_seen_on_the_other() {
    let cluster = Cluster::start().await.connected().await;
    let key = cluster.member("agent").await;
    let id = cluster.api(1, &key).ask(json!({ "task_id": "t", "title": "May I?" })).await;
    let mut tail =
        tail(&cluster.instances[0].url, &key, &["--session-id", "s", "--until", "workflow_completed"]);
    let hello = tail.stderr.next().await;
    assert!(hello.contains(&cluster.instances[0].app.instance) && hello.contains("1 pending"), "{hello}");
    let pending = tail.stderr.next().await;
    assert!(pending.contains(&id) && pending.contains("May I?"), "{pending}");
    let environment = [("SIGNOFF_URL", cluster.instances[1].url.as_str()), ("SIGNOFF_API_KEY", key.as_str())];
    let emit = async |arguments: &[&str]| {
        let output = signoff(&[&["emit", "t"], arguments].concat(), &environment).await;
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let said = emit(&["--data", r#"{ "n": 1.50, "odd": "\u001b" }"#]).await;
    assert!(said.contains("a socket follows the task"), "{said}");
    let line = tail.stdout.next().await;
    assert!(line.ends_with(r#"  output              {"n":1.50,"odd":"\u001b"}"#), "{line}");
    cluster.api(0, &cluster.member("ana").await).approve(&id).await.expect(200);
    assert!(tail.stdout.until("approval_resolved").await.contains(&id));
    let cursor = emit(&["workflow_completed"]).await;
    let (code, out, err) = tail.end().await;
    assert!(code == 0 && out.last().unwrap().contains("workflow_completed  {}"), "{out:?}");
    let cursor = cursor.strip_prefix("cursor ").unwrap().split(';').next().unwrap();
    assert_eq!(err, [format!("to go on: signoff tail t --cursor {cursor}")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_connections_lose_and_repeat_nothing() {
    let cluster = Cluster::start().await.connected().await;
    let key = cluster.member("agent").await;
    let (proxy, url) = Proxy::before(&cluster.instances[0].url).await;
    let api = cluster.api(1, &key);
    let mut tail = tail(&url, &key, &["--json", "--until", "done"]);
    tail.stderr.until("connected to").await;
    let mut sent = 0;
    for _ in 0..4 {
        // Some are under way when the line is cut, some come while it is.
        send(&api, sent..sent + 150).await;
        proxy.set(Mode::Cut);
        tail.stderr.until("trying again").await;
        send(&api, sent + 150..sent + 160).await;
        sent += 160;
        proxy.set(Mode::Pass);
        tail.stderr.until("nothing missed").await;
    }
    finish(&api).await;
    let (code, out, _) = tail.end().await;
    assert_eq!(code, 0);
    assert_eq!(numbers(&out), (0..u64::from(sent)).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_read_from_its_start_and_then_followed() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let key = cluster.member("agent").await;
    let (api, url) = (cluster.api(0, &key), cluster.instances[0].url.as_str());
    // A task that nobody has named yet.
    let arguments = ["--json", "--from-start", "--until", "done"];
    let mut early = tail(url, &key, &arguments);
    early.stderr.until("connected to").await;
    send(&api, 0..450).await;
    let first: Value = serde_json::from_str(&early.stdout.next().await).unwrap();
    assert_eq!((&first["data"]["n"], &first["task_id"]), (&json!(0), &json!("t")));
    early.stdout.until(r#"{"n":449}"#).await;
    let mut late = tail(url, &key, &arguments);
    assert_eq!(early.end().await.0, 14, "replaced");
    late.stderr.until("connected to").await;
    send(&api, 450..460).await;
    finish(&api).await;
    let (code, out, err) = late.end().await;
    assert_eq!((code, numbers(&out)), (0, (0..460).collect()));
    // Where it ended, another goes on.
    let cursor = err.last().unwrap().rsplit(' ').next().unwrap();
    send(&api, 500..510).await;
    finish(&api).await;
    let (code, out, err) = tail(url, &key, &["--json", "--cursor", cursor, "--until", "done"]).end().await;
    assert_eq!((code, numbers(&out)), (0, (500..510).collect()), "{err:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_longer_kept_is_said_and_the_rest_shown() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let key = cluster.member("agent").await;
    let (proxy, url) = Proxy::before(&cluster.instances[0].url).await;
    let api = cluster.api(0, &key);
    let mut tail = tail(&url, &key, &["--json", "--until", "done"]);
    tail.stderr.until("connected to").await;
    send(&api, 0..10).await;
    tail.stdout.until(r#"{"n":9}"#).await;
    proxy.set(Mode::Cut);
    tail.stderr.until("trying again").await;
    send(&api, 10..300).await;
    let mut conn = cluster.database.connect().await;
    let cut = "DELETE FROM task_events WHERE task_id = 't' AND (data->>'n')::integer < 20";
    sqlx::query(cut).execute(&mut conn).await.unwrap();
    proxy.set(Mode::Pass);
    tail.stderr.until("no longer kept").await;
    tail.stderr.until("connected to").await;
    finish(&api).await;
    let (code, out, _) = tail.end().await;
    assert_eq!((code, numbers(&out)), (0, (20..300).collect()));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_stops_where_coming_again_would_change_nothing() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let (key, url) = (cluster.member("agent").await, cluster.instances[0].url.as_str());
    let deaf = cluster.key("acme", "deaf", &["event:publish"]).await;
    for (key, task, arguments, words) in [
        ("so_unknownkeyxx_0123456789abcdef0123", "t", vec![], "unauthenticated"),
        (deaf.as_str(), "t", vec![], "event:subscribe"),
        (&key, "no such name", vec![], "not_found"),
        (&key, "t", vec!["--session-id", "a b"], "session_id"),
        (&key, "t", vec!["--cursor", "nonsense"], "cursor"),
    ] {
        let environment = [("SIGNOFF_URL", url), ("SIGNOFF_API_KEY", key)];
        let output = signoff(&[vec!["tail", task], arguments].concat(), &environment).await;
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(12) && said.contains(words), "{said}");
    }
    let mut first = tail(url, &key, &[]);
    first.stderr.until("connected to").await;
    let mut second = tail(url, &key, &[]);
    let (code, _, err) = first.end().await;
    assert!(code == 14 && err.iter().any(|line| line.contains("newer connection")), "{err:?}");
    // An operator closes it.
    second.stderr.until("connected to").await;
    let operator = cluster.api(0, &cluster.key("acme", "ops", &["connection:close"]).await);
    operator.delete("/api/v1/connections/t").await.expect(204);
    let (code, _, err) = second.end().await;
    assert!(code == 12 && err.iter().any(|line| line.contains("closed by ops")), "{err:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_is_waited_for_and_a_signal_ends_it() {
    let database = TestDatabase::new().await;
    let key = make_key(&database, "acme", "agent", &["workspace:admin"]).await;
    let process = Process::start(&database, &unique("it"), &Setup::default()).await;
    let mut tail = tail(&process.url, &key, &[]);
    tail.stderr.until("connected to").await;
    let mut waiting = Running::start(
        &["tail", "other", "--until", "done"],
        &[("SIGNOFF_URL", &process.url), ("SIGNOFF_API_KEY", &key)],
    );
    waiting.stderr.until("connected to").await;
    process.signal("TERM");
    tail.stderr.until("the instance restarts; trying again").await;
    tail.stderr.until("trying again").await;
    for (tail, name, expected) in [(tail, "INT", 0), (waiting, "TERM", 14)] {
        tail.signal(name);
        let (code, out, err) = tail.end().await;
        assert_eq!((code, out.len()), (expected, 0), "what was waited for has not come");
        assert!(err.last().unwrap().contains("--cursor"), "{err:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_falls_silent_is_left() {
    let flags = vec![("sockets.ping_seconds", "1".to_owned())];
    let cluster = Cluster::with(Setup { instances: 1, flags, ..Setup::default() }).await;
    let key = cluster.member("agent").await;
    let (proxy, url) = Proxy::before(&cluster.instances[0].url).await;
    let mut tail = tail(&url, &key, &["--json", "--until", "done"]);
    tail.stderr.until("connected to").await;
    proxy.set(Mode::Hang);
    send(&cluster.api(0, &key), 0..3).await;
    tail.stderr.until("silent").await;
    proxy.set(Mode::Pass);
    tail.stderr.until("nothing missed").await;
    finish(&cluster.api(0, &key)).await;
    let (code, out, _) = tail.end().await;
    assert_eq!((code, numbers(&out)), (0, vec![0, 1, 2]));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_ends_quietly_when_nobody_reads() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let key = cluster.member("agent").await;
    let environment = [("SIGNOFF_URL", cluster.instances[0].url.as_str()), ("SIGNOFF_API_KEY", &key)];
    let mut tail = Running::unheard(&["tail", "t"], &environment);
    tail.stderr.until("connected to").await;
    tail.stop_reading();
    send(&cluster.api(0, &key), [1]).await;
    let (code, _, err) = tail.end().await;
    assert!(code == 0 && err.len() == 1 && err[0].contains("--cursor"), "{err:?}");
}
