//! A gateway between us and our servers forgets what is quiet, and tells neither end.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use sqlx::Row;

use crate::support::{Cluster, RedisServer, Setup, TestDatabase, proxy::Proxy, within};

/// Longer than a connection may be quiet before it is asked whether it lives.
const FORGETFUL: Duration = Duration::from_secs(11);

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_were_forgotten_cost_no_call() {
    let database = TestDatabase::new().await;
    let (line, through) = Proxy::before(&database.url).await;
    let setup = Setup { instances: 1, database_url: Some(through), ..Setup::default() };
    let cluster = Cluster::on(database, setup).await.connected().await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(0, &cluster.member("ana").await);
    let unseen = cluster.api(0, &cluster.member("bo").await);
    let id = asker.ask(json!({})).await;
    // Many at once: each pool that they use has several connections then.
    let busy = || async {
        let lists = join_all((0..8).map(|_| ana.get("/api/v1/approvals/pending"))).await;
        let shown = join_all((0..8).map(|_| ana.show(&id))).await;
        lists.into_iter().chain(shown)
    };
    assert!(busy().await.all(|reply| reply.status == 200));
    let pools = &cluster.instances[0].app.database;
    let quiet = [&pools.decide, &pools.read, &pools.tenant, &pools.auth];
    let open: u32 = quiet.iter().map(|pool| pool.usage().0).sum();
    assert!(open >= 5, "{open}");
    line.forget_after(FORGETFUL);
    within(Duration::from_mins(1), "all that is quiet is forgotten", || async {
        line.forgotten() >= u64::from(open)
    })
    .await;
    // Each is the first call of its kind, and succeeds.
    for reply in busy().await {
        reply.expect(200);
    }
    unseen.show(&id).await.expect(200);
    assert_eq!(ana.approve(&id).await.expect(200).body["changed"], true);
    asker.ask(json!({})).await;
    asker.emit("t", [1]).await;
    assert!(pools.found_dead() > 0);
}

/// What the probes of the kernel keep alive is not forgotten in the first place.
#[tokio::test(flavor = "multi_thread")]
async fn quiet_connections_show_life() {
    let redis = RedisServer::start().await;
    let setup = Setup { instances: 1, redis_url: redis.url(), ..Setup::default() };
    let cluster = Cluster::with(setup).await.connected().await;
    let mut conn = cluster.instances[0].app.database.tenant.checkout().await.unwrap();
    for (name, value) in [("tcp_keepalives_idle", "20"), ("tcp_user_timeout", "30000")] {
        let shown = sqlx::query(sqlx::AssertSqlSafe(format!("SHOW {name}"))).fetch_one(&mut *conn).await;
        assert_eq!(shown.unwrap().get::<String, _>(0), value, "{name}");
    }
    conn.done();
    within(Duration::from_secs(10), "the kernel has a timer for each connection to Redis", || async {
        let timers = timers_to(redis.port());
        timers.len() >= 2 && timers.iter().all(|timer| timer != "00")
    })
    .await;
}

/// The timers of this process's connections to a port: `02` is for showing life, `00` is none.
fn timers_to(port: u16) -> Vec<String> {
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let rows = table.lines().skip(1).map(|line| line.split_whitespace().collect::<Vec<_>>());
    let established = rows.filter(|row| row[3] == "01" && row[2].ends_with(&format!(":{port:04X}")));
    established.map(|row| row[5].split(':').next().unwrap().to_owned()).collect()
}
