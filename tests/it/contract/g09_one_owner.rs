//! G9: at most one live connection owns a task; the newest wins, and whoever was replaced can't undo that.

use std::sync::Arc;

use futures_util::future::join_all;
use serde_json::json;
use tokio::sync::Barrier;

use crate::support::{Cluster, End, RedisServer, Setup, Socket, redis::command, socket::request, within};

fn replaced() -> End {
    End::Closed(1000, "Reconnection".into())
}

async fn owner(cluster: &Cluster, task: &str) -> (String, i64) {
    let mut conn = cluster.database.connect().await;
    sqlx::query_as("SELECT server_instance, generation FROM active_connections WHERE task_id = $1")
        .bind(task)
        .fetch_one(&mut conn)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn g09_the_newest_connection_wins_wherever_it_is() {
    let cluster = Cluster::with(Setup { instances: 3, ..Setup::default() }).await.connected().await;
    let key = cluster.member("agent").await;
    let apis: Vec<_> = (0..3).map(|instance| cluster.api(instance, &key)).collect();
    let mut before = Socket::open(&apis[0], "t").await;
    let mut generation = before.hello["data"]["generation"].as_i64().unwrap();
    for (round, instance) in [1, 2, 2, 0, 1, 0, 0].into_iter().enumerate() {
        let next = Socket::open(&apis[instance], "t").await;
        assert_eq!(before.end().await, replaced(), "round {round}");
        let newer = next.hello["data"]["generation"].as_i64().unwrap();
        assert!(newer > generation, "{newer} {generation}");
        generation = newer;
        assert_eq!(
            owner(&cluster, "t").await,
            (cluster.instances[instance].app.instance.clone(), generation)
        );
        before = next;
    }
    // And it is really connected.
    let number = apis[2].emit("t", [7]).await;
    assert_eq!(before.event("output").await["cursor"], number.as_str());
}

/// Fifty at once on three instances: one is left, and it is the one that the record names.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn g09_fifty_at_once_leave_one() {
    let cluster = Cluster::with(Setup { instances: 3, ..Setup::default() }).await.connected().await;
    let key = cluster.member("agent").await;
    for round in 0..5 {
        let task = format!("t{round}");
        let barrier = Arc::new(Barrier::new(50));
        let opening = (0..50).map(|n| {
            let (api, task, barrier) = (cluster.api(n % 3, &key), task.clone(), barrier.clone());
            tokio::task::spawn(async move {
                barrier.wait().await;
                // One that was replaced while it opened hears of it at once.
                Socket::try_open(request(&api, &task, "")).await.unwrap()
            })
        });
        let opened: Vec<_> = join_all(opening).await.into_iter().map(Result::unwrap).collect();
        let (instance, generation) = owner(&cluster, &task).await;
        // It stays until the others have ended: where its record is gone, too, an older one is told to come again.
        let mut live = Vec::new();
        for socket in opened {
            match socket {
                Err(end) => assert_eq!(end, replaced()),
                Ok(mut socket) if socket.hello["data"]["generation"] == generation => {
                    assert_eq!(socket.hello["data"]["instance_id"], instance.as_str());
                    assert_eq!(socket.ask(json!({ "type": "ping" })).await["event_type"], "pong");
                    let number = cluster.api(round % 3, &key).emit(&task, [1]).await;
                    assert_eq!(socket.event("output").await["cursor"], number.as_str());
                    live.push(socket);
                }
                Ok(mut socket) => assert_eq!(socket.end().await, replaced()),
            }
        }
        assert_eq!(live.len(), 1, "round {round}");
    }
}

/// The older one's end removes neither the newer one's record nor its key.
#[tokio::test(flavor = "multi_thread")]
async fn g09_the_older_ones_end_leaves_the_newer_ones_record() {
    let cluster = Cluster::start().await.connected().await;
    let key = cluster.member("agent").await;
    let (one, two) = (cluster.api(0, &key), cluster.api(1, &key));
    let mut older = Socket::open(&one, "t").await;
    let _newer = Socket::open(&two, "t").await;
    assert_eq!(older.end().await, replaced());
    drop(older);
    within(std::time::Duration::from_secs(10), "the older one's session ended", || async {
        cluster.instances[0].app.bus.seats.count() == 0
    })
    .await;
    let connection = one.connection("t").await.expect(200).body;
    assert_eq!(connection["instance_id"], cluster.instances[1].app.instance.as_str());
    let workspace = connection["principal_id"].as_str().map(|_| workspace(&cluster)).unwrap().await;
    let name = format!("{}:conn:{workspace}:t", cluster.prefix);
    let value = command(&crate::support::variable("REDIS_URL"), &["GET", &name]).await;
    let expected = format!("{} {}", cluster.instances[1].app.instance, connection["generation"]);
    assert_eq!(value, redis::Value::BulkString(expected.into_bytes()));
}

async fn workspace(cluster: &Cluster) -> uuid::Uuid {
    let mut conn = cluster.database.connect().await;
    sqlx::query_scalar("SELECT id FROM workspaces").fetch_one(&mut conn).await.unwrap()
}

/// With Redis away nobody can tell the older one; it finds out by itself.
#[tokio::test(flavor = "multi_thread")]
async fn g09_also_without_redis() {
    let mut server = RedisServer::start().await;
    let setup = Setup { redis_url: server.url(), ..Setup::default() };
    let cluster = Cluster::with(setup).await.connected().await;
    let key = cluster.member("agent").await;
    let mut older = Socket::open(&cluster.api(0, &key), "t").await;
    server.kill();
    let mut newer = Socket::open(&cluster.api(1, &key), "t").await;
    assert_eq!(older.end().await, replaced());
    let number = cluster.api(0, &key).emit("t", [1]).await;
    assert_eq!(newer.event("output").await["cursor"], number.as_str());
}

/// Whoever can write to Redis can cost time, but not close a socket, nor make one see what isn't so.
#[tokio::test(flavor = "multi_thread")]
async fn g09_forged_letters_close_nothing() {
    let cluster = Cluster::start().await.connected().await;
    let key = cluster.member("agent").await;
    let api = cluster.api(0, &key);
    let mut socket = Socket::open(&api, "t").await;
    let workspace = workspace(&cluster).await;
    let inbox = format!("{}:inbox:{}", cluster.prefix, cluster.instances[0].app.instance);
    let redis = crate::support::variable("REDIS_URL");
    for letter in [format!("owner {workspace} t"), format!("events {workspace} t"), "nonsense".into()] {
        command(&redis, &["PUBLISH", &inbox, &letter]).await;
    }
    let name = format!("{}:conn:{workspace}:t", cluster.prefix);
    command(&redis, &["SET", &name, "somebody-else 999999999"]).await;
    // What comes after that comes all the same, and nothing before it.
    let number = api.emit("t", [1]).await;
    assert_eq!(socket.next().await["cursor"], number.as_str());
}

/// A socket that can't become the owner leaves the one that is alone.
#[tokio::test(flavor = "multi_thread")]
async fn g09_a_failed_take_over_takes_nothing() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await.connected().await;
    let api = cluster.api(0, &cluster.member("agent").await);
    let mut owner = Socket::open(&api, "t").await;
    let mut conn = cluster.database.connect().await;
    let mut holding = sqlx::Connection::begin(&mut conn).await.unwrap();
    sqlx::query("SELECT id FROM active_connections WHERE task_id = 't' FOR UPDATE")
        .execute(&mut *holding)
        .await
        .unwrap();
    let refused = Socket::try_open(request(&api, "t", "")).await.unwrap();
    assert!(matches!(refused, Err(End::Closed(1013, _))), "{:?}", refused.err());
    holding.rollback().await.unwrap();
    assert_eq!(owner.ask(json!({ "type": "ping" })).await["event_type"], "pong");
    let number = api.emit("t", [1]).await;
    assert_eq!(owner.event("output").await["cursor"], number.as_str());
    api.connection("t").await.expect(200);
}
