//! G10: connections of dead and frozen instances disappear, and what thaws is fenced out.

use std::time::Duration;

use serde_json::json;

use crate::support::{
    Api, End, RedisServer, Setup, Socket, TestDatabase, cluster::make_key, eventually, process::Process,
    redis::command, unique, variable, within,
};

/// A lease of three seconds, so that the tests need not wait for half a minute.
fn short_lease() -> Setup {
    Setup {
        flags: vec![("lease.heartbeat_seconds", "1".into()), ("lease.ttl_seconds", "3".into())],
        ..Setup::default()
    }
}

struct Pair {
    database: TestDatabase,
    prefix: String,
    one: Process,
    two: Process,
    key: String,
}

impl Pair {
    async fn start(setup: &Setup) -> Self {
        let database = TestDatabase::new().await;
        let prefix = unique("it");
        let one = Process::start(&database, &prefix, setup).await;
        let two = Process::start(&database, &prefix, setup).await;
        let key = make_key(&database, "acme", "agent", &["workspace:admin", "cluster:view"]).await;
        Self { database, prefix, one, two, key }
    }

    fn apis(&self) -> (Api, Api) {
        (Api::new(&self.one.url, &self.key), Api::new(&self.two.url, &self.key))
    }

    async fn rows(&self) -> i64 {
        let mut conn = self.database.connect().await;
        sqlx::query_scalar("SELECT count(*) FROM active_connections").fetch_one(&mut conn).await.unwrap()
    }

    async fn keys(&self) -> usize {
        match command(&variable("REDIS_URL"), &["KEYS", &format!("{}:conn:*", self.prefix)]).await {
            redis::Value::Array(keys) => keys.len(),
            other => panic!("{other:?}"),
        }
    }
}

async fn states(api: &Api) -> Vec<(String, i64)> {
    let cluster = api.get("/api/v1/cluster").await.expect(200).body;
    let instances = cluster["instances"].as_array().unwrap().iter();
    instances
        .map(|it| (it["state"].as_str().unwrap().to_owned(), it["connections"].as_i64().unwrap()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn g10_a_dead_instances_connections_disappear() {
    let mut pair = Pair::start(&short_lease()).await;
    let (one, two) = pair.apis();
    let mut sockets = Vec::new();
    for n in 0..20 {
        sockets.push(Socket::open(&one, &format!("t{n}")).await);
    }
    let stays = Socket::open(&two, "stays").await;
    eventually("the cluster tells", || async {
        states(&two).await == [("serving".to_owned(), 20), ("serving".to_owned(), 1)]
    })
    .await;
    assert_eq!((pair.rows().await, pair.keys().await), (21, 21));
    pair.one.kill();
    // From the API as soon as the lease has run out, from Postgres and Redis with the next reaping.
    within(Duration::from_secs(20), "only one connection is left", || async {
        let listed = two.get("/api/v1/connections").await.expect(200).body;
        listed["items"].as_array().unwrap().len() == 1 && pair.rows().await == 1 && pair.keys().await == 1
    })
    .await;
    assert_eq!(states(&two).await[0].0, "lost");
    two.connection("t0").await.problem(404, "not_found");
    let accepted = two.post("/api/v1/tasks/t0/events", &json!({ "event_type": "output" })).await.expect(202);
    assert_eq!(accepted.body["connected"], false);
    drop(stays);
}

/// Frozen for longer than three times its lease, while its client goes elsewhere.
#[tokio::test(flavor = "multi_thread")]
async fn g10_a_frozen_instance_finds_itself_fenced_out() {
    let pair = Pair::start(&short_lease()).await;
    let (one, two) = pair.apis();
    let mut moved = Socket::open(&one, "moves").await;
    let mut left = Socket::open(&one, "left-alone").await;
    let cursor = moved.cursor();
    pair.one.signal("STOP");
    let mut now = Socket::resume(&two, "moves", &cursor).await;
    two.emit("moves", [1]).await;
    two.emit("left-alone", [1]).await;
    assert_eq!(now.next().await["data"]["n"], 1);
    within(Duration::from_secs(20), "its ghosts are gone", || async { pair.rows().await == 1 }).await;
    eventually("it is lost for three times its lease", || async {
        let cluster = two.get("/api/v1/cluster").await.expect(200).body;
        cluster["instances"][0]["heartbeat_age_seconds"].as_f64().unwrap() > 9.5
    })
    .await;
    pair.one.signal("CONT");
    // The one that moved is told so, and gets nothing more; the other is sent to reconnect.
    assert_eq!(moved.frame().await, Err(End::Closed(1000, "Reconnection".into())));
    assert_eq!(left.frame().await, Err(End::Closed(1012, "restarting".into())));
    two.emit("moves", [2]).await;
    assert_eq!(now.next().await["data"]["n"], 2, "the owner is still the newer one");
    let connection = two.connection("moves").await.expect(200).body;
    assert_eq!(connection["connection_id"], now.hello["data"]["connection_id"]);
    // It serves again.
    eventually("it is back", || async { states(&two).await[0].0 == "serving" }).await;
    let mut again = Socket::resume(&one, "left-alone", &left.cursor()).await;
    assert_eq!(again.hello["data"]["recovered"], true);
    assert_eq!(again.next().await["data"]["n"], 1);
}

/// A flushed Redis is whole again after one beat; nobody is disconnected.
#[tokio::test(flavor = "multi_thread")]
async fn g10_a_flushed_redis_is_filled_again() {
    let server = RedisServer::start().await;
    let setup = Setup { redis_url: server.url(), ..short_lease() };
    let database = TestDatabase::new().await;
    let prefix = unique("it");
    let process = Process::start(&database, &prefix, &setup).await;
    let key = make_key(&database, "acme", "agent", &["workspace:admin"]).await;
    let api = Api::new(&process.url, &key);
    let mut sockets = Vec::new();
    for n in 0..30 {
        sockets.push(Socket::open(&api, &format!("t{n}")).await);
    }
    let keys = || async {
        match command(&server.url(), &["KEYS", &format!("{prefix}:*")]).await {
            // What limits count comes back with the next request.
            redis::Value::Array(keys) => {
                keys.iter().filter(|key| !format!("{key:?}").contains(":limit:")).count()
            }
            other => panic!("{other:?}"),
        }
    };
    // Thirty connections, and the instance's lease.
    assert_eq!(keys().await, 31);
    server.command(&["FLUSHALL"]).await;
    eventually("all keys are back", || async { keys().await == 31 }).await;
    for (n, socket) in sockets.iter_mut().enumerate() {
        assert_eq!(socket.ask(json!({ "type": "ping" })).await["event_type"], "pong");
        let number = api.emit(&format!("t{n}"), [1]).await;
        assert_eq!(socket.event("output").await["cursor"], number.as_str());
    }
}

/// A client that is cut off without a word is missed within two pings.
#[tokio::test(flavor = "multi_thread")]
async fn g10_a_half_open_connection_is_noticed() {
    use crate::support::proxy::{Mode, Proxy};
    let setup = Setup { flags: vec![("sockets.ping_seconds", "1".into())], ..short_lease() };
    let database = TestDatabase::new().await;
    let process = Process::start(&database, &unique("it"), &setup).await;
    let key = make_key(&database, "acme", "agent", &["workspace:admin"]).await;
    let (proxy, through) = Proxy::before(&format!("{}/", process.url)).await;
    let far = Api::new(through.trim_end_matches('/'), &key);
    let near = Api::new(&process.url, &key);
    let _socket = Socket::open(&far, "t").await;
    near.connection("t").await.expect(200);
    proxy.set(Mode::Hang);
    eventually("it is gone", || async { near.connection("t").await.status == 404 }).await;
}

/// A record that no socket has (a bid that was given up, and committed all the same) goes by itself.
#[tokio::test(flavor = "multi_thread")]
async fn g10_an_orphaned_record_goes() {
    let process_database = TestDatabase::new().await;
    let process = Process::start(&process_database, &unique("it"), &short_lease()).await;
    let key = make_key(&process_database, "acme", "agent", &["workspace:admin"]).await;
    let api = Api::new(&process.url, &key);
    let _live = Socket::open(&api, "live").await;
    let mut conn = process_database.connect().await;
    sqlx::query(
        "INSERT INTO active_connections (id, workspace_id, task_id, principal_id, principal_name, server_instance,
                connected_at)
         SELECT gen_random_uuid(), workspace_id, 'ghost', principal_id, principal_name, server_instance,
                now() - interval '1 minute'
           FROM active_connections",
    )
    .execute(&mut conn)
    .await
    .unwrap();
    api.connection("ghost").await.expect(200);
    eventually("the ghost is gone", || async { api.connection("ghost").await.status == 404 }).await;
    api.connection("live").await.expect(200);
}
