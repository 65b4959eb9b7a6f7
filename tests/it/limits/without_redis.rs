//! Redis away, hanging, slow, full or flushed: each instance limits by itself, and no request fails for it.

use std::time::Duration;

use crate::support::{
    Api, Cluster, RedisServer, Setup,
    proxy::{Mode, Proxy},
    redis::put_list,
    variable,
};

use super::{admitted, counting_with, limit, look, shared};

const BURST: u32 = 24;

/// Two instances on a Redis of their own, with the time-out of production.
async fn cluster(redis_url: String) -> (Cluster, Vec<Api>) {
    let flags = limit("principal", BURST);
    let cluster = Cluster::with(Setup { redis_url, flags, ..Setup::default() }).await;
    let key = cluster.member("agent").await;
    let apis = (0..2).map(|instance| cluster.api(instance, &key)).collect();
    (cluster, apis)
}

/// How many are let in of some that come one by one; none fails otherwise.
async fn one_by_one(api: &Api, count: usize) -> usize {
    let mut admitted = 0;
    for _ in 0..count {
        admitted += super::admitted(std::slice::from_ref(api), 1).await;
    }
    admitted
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_and_back() {
    let mut redis = RedisServer::start().await;
    let (cluster, apis) = cluster(redis.url()).await;
    shared(&cluster, true).await;
    assert_eq!(one_by_one(&apis[0], 5).await, 5);
    redis.kill();
    // From now on each has a limit of its own, and neither gives more than that, what was before included.
    assert_eq!(one_by_one(&apis[0], 40).await, BURST as usize - 5);
    assert_eq!(one_by_one(&apis[1], 40).await, BURST as usize);
    shared(&cluster, false).await;
    assert_eq!(admitted(&apis, 40).await, 0);
    redis.restart().await;
    // Without a restart of ours; an empty Redis has full buckets.
    shared(&cluster, true).await;
    assert_eq!(admitted(&apis, 40).await, BURST as usize);
    assert_eq!(admitted(&apis, 40).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn never_there() {
    let mut redis = RedisServer::start().await;
    redis.kill();
    let (cluster, apis) = cluster(redis.url()).await;
    assert_eq!(admitted(&apis[..1], 60).await, BURST as usize);
    assert_eq!(admitted(&apis[1..], 60).await, BURST as usize);
    redis.restart().await;
    shared(&cluster, true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn frozen_and_thawed() {
    let redis = RedisServer::start().await;
    let (cluster, apis) = cluster(redis.url()).await;
    shared(&cluster, true).await;
    assert_eq!(one_by_one(&apis[0], 3).await, 3);
    redis.freeze();
    // Those that ask while it hangs are let in, too.
    assert_eq!(admitted(&apis[..1], 60).await, BURST as usize - 3);
    assert_eq!(admitted(&apis[1..], 60).await, BURST as usize);
    shared(&cluster, false).await;
    redis.thaw();
    shared(&cluster, true).await;
    admitted(&apis, 40).await;
    assert_eq!(admitted(&apis, 40).await, 0, "and it is counted again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_line_and_a_black_hole() {
    let (line, through) = Proxy::before(&variable("REDIS_URL")).await;
    let (cluster, apis) = cluster(through).await;
    shared(&cluster, true).await;
    line.delay(Duration::from_millis(300));
    assert_eq!(admitted(&apis[..1], 60).await, BURST as usize);
    shared_of(&cluster, 0, false).await;
    line.delay(Duration::ZERO);
    shared(&cluster, true).await;
    line.set(Mode::Hang);
    look(&apis[0]).await;
    admitted(&apis, 20).await;
    shared(&cluster, false).await;
    line.set(Mode::Pass);
    shared(&cluster, true).await;
}

async fn shared_of(cluster: &Cluster, instance: usize, shared: bool) {
    crate::support::eventually("it notices", || async {
        (cluster.instances[instance].metric("signoff_rate_limits_shared").await > 0.5) == shared
    })
    .await;
}

/// One that answers pings but takes nothing is as good as none.
#[tokio::test(flavor = "multi_thread")]
async fn full() {
    let redis = RedisServer::start().await;
    let (cluster, apis) = cluster(redis.url()).await;
    shared(&cluster, true).await;
    redis.command(&["CONFIG", "SET", "maxmemory", "1"]).await;
    assert_eq!(admitted(&apis[..1], 60).await, BURST as usize);
    shared_of(&cluster, 0, false).await;
    redis.command(&["CONFIG", "SET", "maxmemory", "0"]).await;
    shared(&cluster, true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn flushed() {
    let redis = RedisServer::start().await;
    let flags = limit("principal", BURST);
    let cluster = counting_with(Setup { redis_url: redis.url(), flags, ..Setup::default() }).await;
    let key = cluster.member("agent").await;
    let apis: Vec<Api> = (0..2).map(|instance| cluster.api(instance, &key)).collect();
    assert_eq!(one_by_one(&apis[0], 10).await, 10);
    redis.command(&["FLUSHALL"]).await;
    redis.command(&["SCRIPT", "FLUSH"]).await;
    // What was used is forgotten; what is counted from now on is exact again.
    let after = admitted(&apis, 40).await;
    assert!((BURST as usize..=BURST as usize + 3).contains(&after), "{after}, with what was leased before");
    assert_eq!(admitted(&apis, 40).await, 0);
    // Somebody else's value under our name is no number.
    let id: uuid::Uuid = {
        let mut conn = cluster.database.connect().await;
        sqlx::query_scalar("SELECT id FROM principals WHERE name = 'agent'")
            .fetch_one(&mut conn)
            .await
            .unwrap()
    };
    let name = format!("{}:limit:principal:{id}", cluster.prefix);
    put_list(&redis.url(), &name, "nonsense").await;
    super::admitted(&apis, 40).await;
    shared(&cluster, true).await;
}
