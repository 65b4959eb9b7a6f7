//! `signoff tail` behind a database that was set back: an event of before is neither shown again nor taken for the one
//! that is waited for.

use serde_json::Value;

use crate::support::{Api, Cluster, Setup, command::Running, eventually, process::signoff};

const LOST: &str = "the place in the log is not known any more";

async fn set_back(cluster: &Cluster) {
    let said = signoff(&["restored"], &[("DATABASE_URL", &cluster.database.url)]).await;
    assert!(said.status.success(), "{said:?}");
}

async fn finish(api: &Api) {
    let event = serde_json::json!({ "event_type": "done" });
    api.post("/api/v1/tasks/t/events", &event).await.expect(202);
}

fn number(line: &str) -> Value {
    serde_json::from_str::<Value>(line).unwrap()["data"]["n"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_of_before_does_not_end_a_tail() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let key = cluster.member("agent").await;
    let (api, url) = (cluster.api(0, &key), cluster.instances[0].url.as_str());
    let environment = [("SIGNOFF_URL", url), ("SIGNOFF_API_KEY", &key)];
    // An earlier run has ended.
    api.emit("t", [0, 1, 2]).await;
    finish(&api).await;
    let mut tail = Running::start(&["tail", "t", "--json", "--until", "done"], &environment);
    tail.stderr.until("connected to").await;
    // Nothing has come yet.
    set_back(&cluster).await;
    tail.stderr.until(LOST).await;
    let greeting = tail.stderr.until("connected to").await;
    assert!(!greeting.contains("nothing missed"), "{greeting}");
    api.emit("t", [3, 4]).await;
    assert_eq!(number(&tail.stdout.next().await), 3);
    assert_eq!(number(&tail.stdout.next().await), 4);
    // Something has.
    set_back(&cluster).await;
    tail.stderr.until(LOST).await;
    tail.stderr.until("connected to").await;
    api.emit("t", [5, 6]).await;
    finish(&api).await;
    let (code, out, err) = tail.end().await;
    assert_eq!((code, out.len()), (0, 3), "{out:?} {err:?}");
    assert_eq!([number(&out[0]), number(&out[1]), number(&out[2])], [5.into(), 6.into(), Value::Null]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_is_read_from_its_start_is_shown_once() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let key = cluster.member("agent").await;
    let (api, url) = (cluster.api(0, &key), cluster.instances[0].url.as_str());
    let environment = [("SIGNOFF_URL", url), ("SIGNOFF_API_KEY", &key)];
    api.emit("t", 0..10).await;
    let mut tail = Running::start(&["tail", "t", "--json", "--from-start", "--until", "done"], &environment);
    tail.stderr.until("connected to").await;
    set_back(&cluster).await;
    tail.stderr.until(LOST).await;
    tail.stderr.until("connected to").await;
    api.emit("t", 10..12).await;
    finish(&api).await;
    let (code, out, _) = tail.end().await;
    let shown: Vec<Value> = out.iter().map(|line| number(line)).take(12).collect();
    assert_eq!((code, out.len()), (0, 13), "{out:?}");
    assert_eq!(shown, (0..12).map(Value::from).collect::<Vec<_>>());
}

/// Of a place that was named, the time isn't known.
#[tokio::test(flavor = "multi_thread")]
async fn a_named_place_that_is_not_known_ends_where_an_event_is_waited_for() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let key = cluster.member("agent").await;
    let (api, url) = (cluster.api(0, &key), cluster.instances[0].url.as_str());
    let environment = [("SIGNOFF_URL", url), ("SIGNOFF_API_KEY", &key)];
    api.emit("t", [0, 1]).await;
    finish(&api).await;
    let place = api.emit("t", [2]).await;
    set_back(&cluster).await;
    eventually("the instance knows", || async {
        let page = api.get(&format!("/api/v1/tasks/t/events?after={place}")).await;
        page.status == 200 && page.body["recovered"] == false
    })
    .await;
    let tail = ["tail", "t", "--json", "--cursor", &place];
    let (code, out, err) =
        Running::start(&[&tail[..], &["--until", "done"]].concat(), &environment).end().await;
    let last = err.last().unwrap();
    assert!(code == 14 && out.is_empty(), "{code} {out:?}");
    assert!(last.contains(LOST) && last.contains("whether done came before it"), "{err:?}");
    // Where nothing is waited for, all that is kept is shown.
    let mut tail = Running::start(&tail, &environment);
    tail.stderr.until("going on with the oldest").await;
    assert_eq!(number(&tail.stdout.next().await), 0);
}
