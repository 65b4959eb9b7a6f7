//! G11: whoever comes back with its cursor gets each later event once and in order, or is told that it can't.

use futures_util::StreamExt;
use serde_json::{Value, json};

use crate::support::{
    Api, Cluster, End, RedisServer, Setup, Socket, TestDatabase, cluster::make_key, eventually,
    process::Process, unique,
};

const EVENTS: u64 = 3_000;
const SENT: u64 = 1_500;
const HERD: usize = 2_000;

fn number(event: &Value) -> u64 {
    event["data"]["n"].as_u64().unwrap_or_else(|| panic!("no number: {event}"))
}

/// Back and forth between three instances while events keep coming.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn g11_a_client_that_moves_misses_nothing() {
    let cluster = Cluster::with(Setup { instances: 3, ..Setup::default() }).await.connected().await;
    let key = cluster.member("agent").await;
    let apis: Vec<Api> = (0..3).map(|instance| cluster.api(instance, &key)).collect();
    let mut socket = Socket::open(&apis[0], "t").await;
    let mut cursor = socket.cursor();
    let producers = apis.clone();
    let producing = tokio::task::spawn(async move {
        for n in (0..EVENTS).step_by(10) {
            let api = &producers[usize::try_from(n / 10 % 3).unwrap()];
            // One by one and in batches, through all instances in turn.
            api.emit("t", n..n + 3).await;
            for single in n + 3..n + 5 {
                api.emit("t", [single]).await;
            }
            api.emit("t", n + 5..n + 10).await;
        }
    });
    let mut expected = 0;
    let mut moves = 0;
    while expected < EVENTS {
        // After every few dozen events, in the middle of whatever goes on.
        for _ in 0..37 {
            if expected == EVENTS {
                break;
            }
            let event = socket.next().await;
            assert_eq!(number(&event), expected, "after {moves} moves");
            cursor = event["cursor"].as_str().unwrap().to_owned();
            expected += 1;
        }
        moves += 1;
        socket = Socket::resume(&apis[moves % 3], "t", &cursor).await;
        assert_eq!(socket.hello["data"]["recovered"], true);
    }
    producing.await.unwrap();
    assert!(moves > 50);
}

/// An event that is committed at the very moment of connecting is either in the reading or sent after it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn g11_nothing_falls_between_reading_and_following() {
    let cluster = Cluster::start().await.connected().await;
    let key = cluster.member("agent").await;
    let (one, two) = (cluster.api(0, &key), cluster.api(1, &key));
    for round in 0..60 {
        let task = format!("t{round}");
        let cursor = one.emit(&task, [0]).await;
        let sending = {
            let (two, task) = (two.clone(), task.clone());
            tokio::task::spawn(async move {
                for n in 1..6 {
                    two.emit(&task, [n]).await;
                }
            })
        };
        let mut socket = Socket::resume(&one, &task, &cursor).await;
        for n in 1..6 {
            assert_eq!(number(&socket.next().await), n, "round {round}");
        }
        sending.await.unwrap();
    }
}

/// Without Redis nobody tells the socket; the sweep does. And a Redis that freezes or comes back empty loses nothing.
#[tokio::test(flavor = "multi_thread")]
async fn g11_whatever_redis_does() {
    let mut server = RedisServer::start().await;
    let setup = Setup { redis_url: server.url(), ..Setup::default() };
    let cluster = Cluster::with(setup).await.connected().await;
    let key = cluster.member("agent").await;
    let (one, two) = (cluster.api(0, &key), cluster.api(1, &key));
    let mut socket = Socket::open(&one, "t").await;
    let mut expected = 0;
    for fault in ["none", "flushed", "frozen", "thawed", "killed", "back"] {
        match fault {
            "flushed" => server.command(&["FLUSHALL"]).await,
            "frozen" => server.freeze(),
            "thawed" => server.thaw(),
            "killed" => server.kill(),
            "back" => server.restart().await,
            _ => {}
        }
        for _ in 0..3 {
            two.emit("t", expected..expected + 2).await;
            for _ in 0..2 {
                assert_eq!(number(&socket.next().await), expected, "{fault}");
                expected += 1;
            }
        }
    }
    // Approvals come the same way.
    let id = two.ask(json!({ "task_id": "t" })).await;
    assert_eq!(socket.event("approval_requested").await["data"]["approval_id"], id.as_str());
}

/// Whoever follows a log by asking again and again misses nothing either, whatever is committed between two looks.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn g11_polling_misses_nothing() {
    let cluster = Cluster::start().await.connected().await;
    let key = cluster.member("agent").await;
    let producer = cluster.api(0, &key);
    producer.emit("t", [0]).await;
    let polling = (0..3).map(|_| {
        let api = cluster.api(1, &key);
        tokio::task::spawn(async move {
            let (mut cursor, mut expected) = ("0".to_owned(), 0);
            while expected < SENT {
                let page = api.get(&format!("/api/v1/tasks/t/events?after={cursor}")).await.expect(200).body;
                assert_eq!(page["recovered"], true);
                for event in page["items"].as_array().unwrap() {
                    assert_eq!(number(event), expected);
                    expected += 1;
                }
                page["cursor"].as_str().unwrap().clone_into(&mut cursor);
            }
        })
    });
    let polling: Vec<_> = polling.collect();
    for n in 1..SENT {
        producer.emit("t", [n]).await;
    }
    for poller in polling {
        poller.await.unwrap();
    }
}

/// A hole in a log, whatever made it, is no place to read over.
#[tokio::test(flavor = "multi_thread")]
async fn g11_a_hole_is_told() {
    let cluster = Cluster::start().await.connected().await;
    let api = cluster.api(0, &cluster.member("agent").await);
    let first = api.emit("t", [0]).await;
    api.emit("t", 1..6).await;
    let mut conn = cluster.database.connect().await;
    sqlx::query("DELETE FROM task_events WHERE data::text = '{\"n\":3}'").execute(&mut conn).await.unwrap();
    let mut socket = Socket::resume(&api, "t", &first).await;
    for n in 1..3 {
        assert_eq!(number(&socket.next().await), n);
    }
    assert!(matches!(socket.frame().await, Err(End::Closed(4408, _))));
    let page = api.get(&format!("/api/v1/tasks/t/events?after={first}")).await.expect(200).body;
    assert_eq!(page["items"].as_array().unwrap().len(), 2);
    let cursor = page["cursor"].as_str().unwrap();
    let page = api.get(&format!("/api/v1/tasks/t/events?after={cursor}")).await.expect(200).body;
    assert_eq!(page["recovered"], false);
}

/// Hints bring everything, whoever caused it, and wherever: the sweep is only for what they miss.
#[tokio::test(flavor = "multi_thread")]
async fn g11_nothing_waits_for_the_sweep() {
    // So rarely that whatever comes within half of it was not brought by it.
    let setup = Setup {
        flags: vec![("sweep.interval_ms", "10000".into()), ("sweep.interval_bus_down_ms", "10000".into())],
        ..Setup::default()
    };
    let cluster = Cluster::with(setup).await.connected().await;
    let admin = cluster.key("acme", "ana", &["workspace:admin"]).await;
    let key = cluster.member("agent").await;
    for instance in [0, 1] {
        let (near, ana) = (cluster.api(0, &key), cluster.api(instance, &admin));
        let asker = cluster.api(instance, &key);
        let task = format!("t{instance}");
        let mut socket = Socket::open(&near, &task).await;
        let everything = async {
            let ask = json!({ "task_id": task, "run_id": task });
            let id = asker.ask(ask.clone()).await;
            assert_eq!(socket.next().await["event_type"], "approval_requested");
            assert_eq!(socket.next().await["event_type"], "workflow_paused");
            ana.approve(&id).await.expect(200);
            assert_eq!(socket.next().await["event_type"], "approval_resolved");
            assert_eq!(socket.next().await["event_type"], "workflow_resumed");
            asker.ask(ask).await;
            socket.event("workflow_paused").await;
            ana.delete(&format!("/api/v1/runs/{task}")).await.expect(204);
            assert_eq!(socket.next().await["event_type"], "approval_cancelled");
            asker.emit(&task, [1]).await;
            socket.event("output").await;
        };
        tokio::time::timeout(std::time::Duration::from_secs(5), everything).await.expect("by hints");
    }
}

/// A hint that comes while a page is being read is not forgotten over it, even if that page turns out empty.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn g11_a_hint_during_a_reading_counts() {
    // Whatever the sweep has to bring comes too late.
    let setup = Setup {
        flags: vec![("sweep.interval_ms", "10000".into()), ("sweep.interval_bus_down_ms", "10000".into())],
        ..Setup::default()
    };
    let cluster = Cluster::with(setup).await.connected().await;
    let key = cluster.member("agent").await;
    let (one, two) = (cluster.api(0, &key), cluster.api(1, &key));
    let mut socket = Socket::open(&one, "t").await;
    for round in 0..400 {
        // Hints without news keep it reading; the one with news comes in between.
        let seats = cluster.instances[0].app.bus.seats.clone();
        let seat = seats.all().pop().unwrap();
        let noise = tokio::task::spawn(async move {
            for _ in 0..40 {
                seat.look();
                tokio::task::yield_now().await;
            }
        });
        two.emit("t", [round]).await;
        let event = tokio::time::timeout(std::time::Duration::from_secs(4), socket.next()).await;
        assert_eq!(number(&event.unwrap_or_else(|_| panic!("round {round} waits for the sweep"))), round);
        noise.await.unwrap();
    }
}

/// What the window of the sweep can't show, because this instance was away for longer, is looked up by name.
#[tokio::test(flavor = "multi_thread")]
async fn g11_a_lost_hint_costs_two_seconds() {
    let cluster = Cluster::start().await.connected().await;
    let key = cluster.member("agent").await;
    let api = cluster.api(0, &key);
    let mut socket = Socket::open(&api, "t").await;
    // Committed without anybody's knowledge, as if the instance had died before it could tell.
    let mut conn = cluster.database.connect().await;
    let workspace: uuid::Uuid =
        sqlx::query_scalar("SELECT id FROM workspaces").fetch_one(&mut conn).await.unwrap();
    let seq: i64 = sqlx::query_scalar(
        "UPDATE tasks SET last_seq = last_seq + 1, used = true WHERE task_id = 't' RETURNING last_seq",
    )
    .fetch_one(&mut conn)
    .await
    .unwrap();
    sqlx::query(
        "INSERT INTO task_events (workspace_id, task_id, seq, event_type, data, size, created_at)
         VALUES ($1, 't', $2, 'output', '{\"n\": 5}', 8, now())",
    )
    .bind(workspace)
    .bind(seq)
    .execute(&mut conn)
    .await
    .unwrap();
    assert_eq!(number(&socket.next().await), 5);
}

/// A hello without a cursor is a snapshot: what is pending then, and from where on events will come.
#[tokio::test(flavor = "multi_thread")]
async fn g11_a_snapshot_and_what_comes_after_it_fit() {
    let cluster = Cluster::start().await.connected().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(1, &cluster.member("ana").await);
    let mut pending = Vec::new();
    for _ in 0..103 {
        pending.push(agent.ask(json!({ "task_id": "t" })).await);
    }
    let mut socket = Socket::open(&agent, "t").await;
    let data = &socket.hello["data"];
    let told: Vec<&str> =
        data["pending"].as_array().unwrap().iter().map(|it| it["approval_id"].as_str().unwrap()).collect();
    assert_eq!((told.len(), &data["pending_more"], &data["recovered"]), (100, &json!(true), &Value::Null));
    assert_eq!(told, pending[..100].iter().map(String::as_str).collect::<Vec<_>>());
    assert!(data["pending"][0].get("context").is_none());
    ana.approve(&pending[0]).await.expect(200);
    let event = socket.next().await;
    assert_eq!(
        (&event["event_type"], &event["data"]["approval_id"]),
        (&json!("approval_resolved"), &json!(pending[0]))
    );
    drop(socket);
    eventually("it is gone", || async { agent.connection("t").await.status == 404 }).await;
    let again = Socket::open(&agent, "t").await;
    assert_eq!(again.hello["data"]["pending"].as_array().unwrap().len(), 100);
    assert_ne!(again.hello["data"]["pending"][0]["approval_id"], pending[0].as_str());
}

/// Two thousand sockets whose instance dies all come to the other one at once, each with its cursor.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn g11_a_herd_finds_its_way() {
    let limits =
        ["limits.max_sockets", "limits.max_sockets_per_workspace", "limits.max_sockets_per_principal"];
    let flags = limits.map(|limit| (limit, "5000".to_owned())).into();
    let setup = Setup { flags, ..Setup::default() };
    let database = TestDatabase::new().await;
    let prefix = unique("it");
    let mut one = Process::start(&database, &prefix, &setup).await;
    let two = Process::start(&database, &prefix, &setup).await;
    let key = make_key(&database, "acme", "agent", &["workspace:admin"]).await;
    let (near, far) = (Api::new(&one.url, &key), Api::new(&two.url, &key));
    let open = |api: Api, n: usize, query: String| async move {
        Socket::open_with(&api, &format!("t{n}"), &query).await
    };
    let herd: Vec<Socket> = futures_util::stream::iter(0..HERD)
        .map(|n| open(near.clone(), n, String::new()))
        .buffered(64)
        .collect()
        .await;
    let cursors: Vec<String> = herd.iter().map(Socket::cursor).collect();
    one.kill();
    drop(herd);
    // Something happens to some of them while they are nowhere.
    for n in (0..HERD).step_by(100) {
        far.emit(&format!("t{n}"), [7]).await;
    }
    let back = futures_util::stream::iter(cursors.into_iter().enumerate())
        .map(|(n, cursor)| open(far.clone(), n, format!("cursor={cursor}")))
        .buffered(256)
        .collect::<Vec<Socket>>()
        .await;
    for (n, mut socket) in back.into_iter().enumerate() {
        assert_eq!(socket.hello["data"]["recovered"], true);
        if n % 100 == 0 {
            assert_eq!(number(&socket.next().await), 7);
        }
    }
}
