//! Over all instances no more than the limit, and no less.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use crate::support::{Cluster, RedisServer, Setup, eventually};

use super::{admitted, counting, counting_with, limit, look};

/// The same key on every instance.
async fn everywhere(cluster: &Cluster, workspace: &str, principal: &str) -> Vec<crate::support::Api> {
    let key = cluster.key(workspace, principal, &["workspace:admin"]).await;
    (0..cluster.instances.len()).map(|instance| cluster.api(instance, &key)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn three_instances_admit_a_burst_between_them() {
    let cluster = counting(3, limit("principal", 96)).await;
    for principal in ["agent-1", "agent-2"] {
        let apis = everywhere(&cluster, "acme", principal).await;
        assert_eq!(admitted(&apis, 100).await, 96, "{principal}");
        assert_eq!(admitted(&apis, 10).await, 0, "{principal}");
    }
    let refused: f64 = {
        let mut sum = 0.0;
        for instance in &cluster.instances {
            sum += instance.metric("signoff_rate_limited_total{bucket=\"principal\"}").await;
        }
        sum
    };
    assert!((refused - 2.0 * (330.0 - 96.0)).abs() < 0.5, "{refused}");
}

/// One's limit is nobody else's: not another principal's, and no principal's of the same name elsewhere.
#[tokio::test(flavor = "multi_thread")]
async fn principals_and_workspaces_are_walls() {
    let mut flags = limit("principal", 10);
    flags.extend(limit("workspace", 25));
    let cluster = counting(1, flags).await;
    let of = async |workspace, principal| everywhere(&cluster, workspace, principal).await;
    assert_eq!(admitted(&of("acme", "ana").await, 40).await, 10);
    // What ana was refused has cost her workspace nothing.
    assert_eq!(admitted(&of("acme", "bo").await, 40).await, 10);
    let cleo = of("acme", "cleo").await;
    assert_eq!(admitted(&cleo, 40).await, 5);
    let refused = look(&cleo[0]).await.problem(429, "rate_limited");
    assert!(refused.header("ratelimit").starts_with("\"workspace\";r=0;"), "{refused:?}");
    assert_eq!(admitted(&of("other", "ana").await, 40).await, 10);
}

/// A second key is no second limit.
#[tokio::test(flavor = "multi_thread")]
async fn a_principal_is_one_whatever_key_it_uses() {
    let cluster = counting(2, limit("principal", 12)).await;
    let (first, second) =
        (everywhere(&cluster, "acme", "ana").await, everywhere(&cluster, "acme", "ana").await);
    assert_eq!(admitted(&[first, second].concat(), 20).await, 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_is_one_whoever_calls() {
    let cluster = counting(3, limit("workspace", 64)).await;
    let (ana, bo) = (everywhere(&cluster, "acme", "ana").await, everywhere(&cluster, "acme", "bo").await);
    assert_eq!(admitted(&[ana, bo].concat(), 50).await, 64);
    assert_eq!(admitted(&everywhere(&cluster, "other", "ana").await, 30).await, 64);
}

/// Tokens that an instance took ahead and doesn't need are everybody's again.
#[tokio::test(flavor = "multi_thread")]
async fn unspent_leases_come_back() {
    let cluster = counting(2, limit("principal", 400)).await;
    let apis = everywhere(&cluster, "acme", "agent").await;
    look(&apis[0]).await.expect(200);
    let spent = AtomicUsize::new(1);
    eventually("the whole burst was let in", || async {
        let more = admitted(&apis[1..], 50).await;
        let spent = spent.fetch_add(more, Ordering::Relaxed) + more;
        assert!(spent <= 400, "{spent} of 400");
        spent == 400
    })
    .await;
    assert_eq!(admitted(&apis, 20).await, 0);
}

/// Most requests ask nobody.
#[tokio::test(flavor = "multi_thread")]
async fn a_round_trip_pays_for_many_requests() {
    let redis = RedisServer::start().await;
    let setup = Setup { instances: 1, redis_url: redis.url(), ..Setup::default() };
    let cluster = counting_with(setup).await;
    let apis = everywhere(&cluster, "acme", "agent").await;
    let before = scripts(&redis).await;
    for _ in 0..100 {
        look(&apis[0]).await.expect(200);
    }
    let asked = scripts(&redis).await - before;
    assert!(asked > 0, "something is counted there");
    assert!(asked < 50, "{asked} round trips for 100 requests");
}

async fn scripts(redis: &RedisServer) -> u64 {
    let client = redis::Client::open(redis.url()).unwrap();
    let mut conn = client.get_multiplexed_async_connection().await.unwrap();
    let info: String = redis::cmd("INFO").arg("commandstats").query_async(&mut conn).await.unwrap();
    let line = info.lines().find_map(|line| line.strip_prefix("cmdstat_eval:calls="));
    line.map_or(0, |rest| rest.split(',').next().unwrap().parse().unwrap())
}

/// A bucket fills up again at its rate.
#[tokio::test(flavor = "multi_thread")]
async fn who_was_refused_may_come_again() {
    let flags = vec![
        ("rate_limits.principal_requests_per_second", "20".to_owned()),
        ("rate_limits.principal_burst", "4".to_owned()),
    ];
    let cluster = counting(2, flags).await;
    let apis = everywhere(&cluster, "acme", "agent").await;
    eventually("it is refused", || async { look(&apis[0]).await.status == 429 }).await;
    eventually("it is let in again", || async { look(&apis[1]).await.status == 200 }).await;
    tokio::time::timeout(Duration::from_secs(30), async {
        // As fast as it can: what comes back is used up at once.
        let mut admitted = 0;
        while admitted < 20 {
            admitted += usize::from(look(&apis[admitted % 2]).await.status == 200);
        }
    })
    .await
    .expect("what comes back is handed out");
}
