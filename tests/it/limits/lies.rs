//! What another hand wrote into Redis is believed only as far as it can be true.

use futures_util::StreamExt;
use redis::Value;
use signoff::{
    bus::{
        Names, Redis,
        buckets::Settled,
        owners::{Owner, route},
    },
    domain::{event::TaskKey, ids::WorkspaceId, names::CallerName},
};

use super::{counting, limit, look, script::Line};
use crate::support::{
    Cluster, RedisServer, Setup, Socket, eventually,
    redis::{command, put_list},
    unique, variable, within,
};

/// Ten seconds to fill.
const RATE: (f64, u32) = (2.0, 20);

/// The state of a bucket, as the script writes it: all that is used now, and what of it is leased.
async fn forge(key: &str, used: &str, fresh: &str, old: &str) {
    let url = variable("REDIS_URL");
    let Value::Array(time) = command(&url, &["TIME"]).await else { panic!() };
    let number = |value: &Value| match value {
        Value::BulkString(bytes) => String::from_utf8(bytes.clone()).unwrap(),
        other => panic!("{other:?}"),
    };
    let second = number(&time[0]);
    let state = format!("{used} {second}{:0>6} {second} {fresh} {old}", number(&time[1]));
    command(&url, &["SET", key, &state]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_is_never_emptier_than_empty() {
    let prefix = unique("it");
    let mut line = Line::new(&prefix).await;
    let key = format!("{prefix}:limit:principal:one");
    let huge = "9".repeat(400);
    let none = Settled::default();
    for (used, fresh, old) in [
        ("100000000.0", "0", "0"),
        ("5.0", "100000000", "0"),
        ("5.0", "100000000", "100000000"),
        (&format!("{huge}.0"), &huge, &huge),
    ] {
        forge(&key, used, fresh, old).await;
        let (_, told, _) = line.take(RATE, 1, 0, none).await;
        assert!(told.wait.as_secs_f64() <= 0.5 + 0.1, "{used} {fresh} {old}: {told:?}");
        // What it says of leases is over in two seconds, and what it says is used comes back from then on.
        within(std::time::Duration::from_secs(10), "a token has come", || async {
            let mut line = Line::new(&prefix).await;
            line.take(RATE, 1, 0, none).await.0 == 1
        })
        .await;
    }
    let url = variable("REDIS_URL");
    for garbage in ["", "used", "-5.0 0 0 0 0", "1e300 0 0 0 0", "5.0 0 0 0 0 0", "nan 0 0 0 0", "\u{0}"] {
        command(&url, &["SET", &key, garbage]).await;
        assert_eq!(line.take(RATE, 20, 0, none).await.0, 20, "{garbage:?} is as if it were not there");
    }
    for other in [["LPUSH", &key, "5.0 0 0 0 0"], ["SADD", &key, "x"]] {
        command(&url, &["DEL", &key]).await;
        command(&url, &other).await;
        assert_eq!(line.take(RATE, 20, 0, none).await.0, 20, "{other:?} is as if it were not there");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_locked_out_for_longer_than_their_bucket_takes_to_fill() {
    let cluster = counting(1, limit("principal", 20)).await;
    let api = cluster.api(0, &cluster.member("agent").await);
    look(&api).await.expect(200);
    let url = variable("REDIS_URL");
    let keys = command(&url, &["KEYS", &format!("{}:limit:principal:*", cluster.prefix)]).await;
    let Value::Array(keys) = keys else { panic!() };
    let [Value::BulkString(key)] = &keys[..] else { panic!("{keys:?}") };
    let key = std::str::from_utf8(key).unwrap();
    let mut refused = None;
    while refused.is_none() {
        // What is leased here is spent first.
        forge(key, "100000000.0", "0", "0").await;
        let reply = look(&api).await;
        refused = (reply.status == 429).then(|| reply.header("retry-after").to_owned());
    }
    // Twenty tokens at one in a thousand seconds.
    let wait: f64 = refused.unwrap().parse().unwrap();
    assert!(wait <= 1_000.0, "one token comes in a thousand seconds, not in {wait}");
}

/// Whoever writes a far newer owner into a task's key keeps its events from nobody.
#[tokio::test(flavor = "multi_thread")]
async fn an_owner_that_postgres_does_not_know_is_written_over() {
    let redis = RedisServer::start().await;
    let flags = vec![("lease.heartbeat_seconds", "1".to_owned())];
    let setup = Setup { redis_url: redis.url(), flags, ..Setup::default() };
    let cluster = Cluster::with(setup).await.connected().await;
    let api = cluster.api(0, &cluster.member("agent").await);
    let mut socket = Socket::open(&api, "t").await;
    let url = redis.url();
    let only = async |pattern: &str| {
        let Value::Array(keys) = command(&url, &["KEYS", pattern]).await else { panic!() };
        let Value::BulkString(key) = &keys[0] else { panic!() };
        String::from_utf8(key.clone()).unwrap()
    };
    let key = only(&format!("{}:conn:*", cluster.prefix)).await;
    let truth = command(&url, &["GET", &key]).await;
    let instance = &cluster.instances[0].app.instance;
    let lease = format!("{}:instance:{instance}", cluster.prefix);
    for lie in [
        Some("another 9000000000000000000"),
        Some("no owner at all"),
        Some("another 99999999999999999999999999"),
        None,
    ] {
        match lie {
            Some(text) => drop(command(&url, &["SET", &key, text]).await),
            None => put_list(&url, &key, "another 1").await,
        }
        // Then all keys are written again.
        command(&url, &["DEL", &lease]).await;
        eventually("the key tells the truth", || async {
            let kind = command(&url, &["TYPE", &key]).await;
            kind == Value::SimpleString("string".into()) && command(&url, &["GET", &key]).await == truth
        })
        .await;
    }
    api.emit("t", [1]).await;
    assert_eq!(socket.event("output").await["data"]["n"], 1, "it is still the owner");
}

/// However much another hand writes into an owner's key, no more of it is read than an owner has.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_long_for_an_owner_is_not_there() {
    let names = Names::new(&unique("it"), "here");
    let url = variable("REDIS_URL");
    let redis = Redis::new(&url).unwrap();
    let task = TaskKey { workspace: WorkspaceId::generate(), task: CallerName::new("t").unwrap() };
    let key = names.connection(&task);
    let owner = |generation| Owner { key: task.clone(), instance: "here".to_owned(), generation };
    for (length, newer) in [(200, 1), (298, 1), (299, 0), (1_000_000, 0)] {
        let lie = format!("{} 9", "x".repeat(length));
        command(&url, &["SET", &key, &lie]).await;
        let found = redis.hold(&names, &[owner(1)]).await.unwrap();
        assert_eq!(found.len(), newer, "{length}");
        let now = command(&url, &["GET", &key]).await;
        assert_eq!(now == Value::BulkString(b"here 1".to_vec()), newer == 0, "{length}");
        // What was found is written over, as long as it stands there.
        let found: Vec<_> = found.into_iter().map(|(_, found)| (owner(1), found)).collect();
        redis.take_back(&names, &found).await.unwrap();
        assert_eq!(command(&url, &["GET", &key]).await, Value::BulkString(b"here 1".to_vec()));
    }
    // Nothing is sent to such an owner.
    let mut messages = redis.subscriber().await.unwrap();
    let mut conn = redis.connection().await.unwrap();
    let (short, long) = ("short".to_owned(), "x".repeat(1_000));
    messages.subscribe(&[names.inbox_of(&short), names.inbox_of(&long)]).await.unwrap();
    for instance in [&long, &short] {
        command(&url, &["SET", &key, &format!("{instance} 9")]).await;
        let line = (task.clone(), format!("to {}", instance.len()));
        route(&names, &[line]).exec_async(&mut conn).await.unwrap();
    }
    let first = messages.on_message().next().await.unwrap();
    assert_eq!(first.get_payload::<String>().unwrap(), "to 5");
}

/// Of another kind, an instance's key is written over like one that is not there.
#[tokio::test(flavor = "multi_thread")]
async fn a_lease_of_another_kind_is_written_over() {
    let redis = RedisServer::start().await;
    let flags = vec![("lease.heartbeat_seconds", "1".to_owned())];
    let setup = Setup { instances: 1, redis_url: redis.url(), flags, ..Setup::default() };
    let cluster = Cluster::with(setup).await.connected().await;
    let lease = format!("{}:instance:{}", cluster.prefix, cluster.instances[0].app.instance);
    let url = redis.url();
    put_list(&url, &lease, "x").await;
    eventually("the lease is there again", || async {
        command(&url, &["TYPE", &lease]).await == Value::SimpleString("string".into())
    })
    .await;
}

/// A canary that was never sent doesn't hide that none comes back.
#[tokio::test(flavor = "multi_thread")]
async fn a_forged_canary_hides_no_silence() {
    let redis = RedisServer::start().await;
    let setup = Setup { instances: 1, redis_url: redis.url(), ..Setup::default() };
    let cluster = Cluster::with(setup).await.connected().await;
    let app = &cluster.instances[0].app;
    let inbox = format!("{}:inbox:{}", cluster.prefix, app.instance);
    assert_eq!(
        command(&redis.url(), &["PUBLISH", &inbox, "canary 18446744073709551615"]).await,
        Value::Int(1)
    );
    redis.freeze();
    eventually("the silence is noticed", || async { !app.bus.is_up() }).await;
    redis.thaw();
}
