//! G6: no wake-up is lost.

use std::time::Duration;

use serde_json::json;

use crate::support::{
    Api, Cluster, Setup, TestDatabase,
    cluster::make_key,
    eventually,
    process::Process,
    proxy::{Mode, Proxy},
    redis::RedisServer,
    unique, variable, within,
};

/// Longer than a sweep's interval and some scheduling; far shorter than any wait.
const A_SWEEP: Duration = Duration::from_secs(4);

#[tokio::test(flavor = "multi_thread")]
async fn g06_a_decision_wakes_waiters_on_every_instance() {
    let cluster = Cluster::with(Setup { instances: 3, ..Setup::default() }).await.connected().await;
    let asker_key = cluster.member("agent").await;
    let ana = cluster.api(1, &cluster.member("ana").await);
    for verb in ["approve", "reject", "cancel"] {
        let id = cluster.api(0, &asker_key).ask(json!({})).await;
        let waiters: Vec<_> =
            (0..9).map(|number| cluster.api(number % 3, &asker_key).waiting(&id, 50)).collect();
        for instance in 0..3 {
            eventually("they wait", || async { cluster.waiting(instance) == 3 }).await;
        }
        let decided = match verb {
            "approve" => ana.approve(&id).await,
            "reject" => ana.reject(&id, "no").await,
            _ => ana.cancel(&id, "no").await,
        };
        let outcome = decided.expect(200).body["approval"].clone();
        for waiter in waiters {
            let reply = within_a_sweep(waiter).await.expect(200);
            assert_eq!(reply.body, outcome);
            assert_eq!(reply.header("retry-after"), "");
        }
        for instance in 0..3 {
            eventually("nobody waits", || async { cluster.waiting(instance) == 0 }).await;
        }
    }
    // By the ways that they should have come, not by the sweep.
    let local = cluster.instances[1].metric("signoff_wakeups_total{source=\"local\"}").await;
    let hinted = cluster.instances[0].metric("signoff_wakeups_total{source=\"redis\"}").await;
    assert!(local >= 3.0 && hinted >= 3.0, "local {local}, redis {hinted}");
    let measured = cluster.instances[0].metric("signoff_wake_latency_seconds_count").await;
    assert!(measured >= 3.0, "{measured} latencies");
}

async fn within_a_sweep<T>(waiter: tokio::task::JoinHandle<T>) -> T {
    tokio::time::timeout(A_SWEEP, waiter).await.expect("a wake-up was lost").unwrap()
}

/// The decision comes at every moment around the beginning of the wait. `SIGNOFF_TEST_RACES` sets how often.
#[tokio::test(flavor = "multi_thread")]
async fn g06_no_moment_around_the_start_of_a_wait_is_missed() {
    let races: u64 = std::env::var("SIGNOFF_TEST_RACES").map_or(3_000, |count| count.parse().unwrap());
    let cluster = Cluster::start().await.connected().await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(1, &cluster.member("ana").await);
    let mut slow = 0;
    for batch in 0..races.div_ceil(30) {
        let racing: Vec<_> = (0..30_u64)
            .map(|number| {
                let (asker, ana) = (asker.clone(), ana.clone());
                // -5 to +5 ms.
                let offset = (batch * 30 + number) * 337 % 10_001;
                tokio::task::spawn(async move {
                    let id = asker.ask(json!({})).await;
                    let begin = tokio::time::Instant::now();
                    let waiting = async {
                        tokio::time::sleep_until(begin + Duration::from_millis(5)).await;
                        asker.wait(&id, 50).await
                    };
                    let deciding = async {
                        tokio::time::sleep_until(begin + Duration::from_micros(offset)).await;
                        ana.approve(&id).await.expect(200)
                    };
                    let (waited, _) = tokio::join!(waiting, deciding);
                    assert_eq!(waited.expect(200).body["status"], "resolved", "offset {offset}");
                    begin.elapsed()
                })
            })
            .collect();
        for race in racing {
            let took = tokio::time::timeout(Duration::from_secs(20), race).await;
            let took = took.unwrap_or_else(|_| panic!("a wake-up was lost in batch {batch}")).unwrap();
            slow += u64::from(took > Duration::from_secs(1));
        }
    }
    // The sweep would have hidden a lost hint; its interval is two seconds.
    assert!(slow * 100 <= races, "{slow} of {races} took over a second");
}

/// The instance that decided dies after its commit and before its publish.
#[tokio::test(flavor = "multi_thread")]
async fn g06_a_crash_between_commit_and_publish_wakes_all_the_same() {
    let database = TestDatabase::new().await;
    let prefix = unique("it");
    let asker = make_key(&database, "acme", "agent", &["workspace:admin"]).await;
    let ana = make_key(&database, "acme", "ana", &["approval:approve"]).await;
    let waits = Process::start(&database, &prefix, &Setup::default()).await;
    let (line, through) = Proxy::before(&variable("REDIS_URL")).await;
    let mut decides =
        Process::start(&database, &prefix, &Setup { redis_url: through, ..Setup::default() }).await;

    let asker = Api::new(&waits.url, &asker);
    let id = asker.ask(json!({})).await;
    let waiter = asker.waiting(&id, 50);
    // From here on nothing that this instance says reaches Redis.
    line.set(Mode::Hang);
    Api::new(&decides.url, &ana).approve(&id).await.expect(200);
    decides.kill();
    let reply = within_a_sweep(waiter).await.expect(200);
    assert_eq!(reply.body["resolution"], "approved");
}

/// Redis forgets, drops its clients, freezes, dies, and comes back: waiters wake within a sweep each time.
#[tokio::test(flavor = "multi_thread")]
async fn g06_whatever_happens_to_redis() {
    let mut redis = RedisServer::start().await;
    let cluster = Cluster::with(Setup { redis_url: redis.url(), ..Setup::default() }).await.connected().await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(1, &cluster.member("ana").await);
    for fault in ["none", "flush", "kill clients", "freeze", "thaw", "die", "return"] {
        let id = asker.ask(json!({})).await;
        let waiter = asker.waiting(&id, 50);
        eventually("it waits", || async { cluster.waiting(0) == 1 }).await;
        match fault {
            "flush" => redis.command(&["FLUSHALL"]).await,
            "kill clients" => {
                redis.command(&["CLIENT", "KILL", "TYPE", "pubsub"]).await;
                redis.command(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]).await;
            }
            "freeze" => redis.freeze(),
            "thaw" => redis.thaw(),
            "die" => redis.kill(),
            "return" => redis.restart().await,
            _ => {}
        }
        ana.approve(&id).await.expect(200);
        let reply = tokio::time::timeout(A_SWEEP, waiter).await;
        let reply = reply.unwrap_or_else(|_| panic!("lost after: {fault}")).unwrap().expect(200);
        assert_eq!(reply.body["status"], "resolved", "after: {fault}");
    }
    // It heals by itself: hints travel again.
    for instance in &cluster.instances {
        within(Duration::from_secs(10), "the bus is up again", || async { instance.app.bus.is_up() }).await;
    }
    let before = cluster.instances[0].metric("signoff_wakeups_total{source=\"redis\"}").await;
    eventually("a hint arrives", || async {
        let id = asker.ask(json!({})).await;
        let waiter = asker.waiting(&id, 50);
        eventually("it waits", || async { cluster.waiting(0) == 1 }).await;
        ana.approve(&id).await.expect(200);
        waiter.await.unwrap().expect(200);
        cluster.instances[0].metric("signoff_wakeups_total{source=\"redis\"}").await > before
    })
    .await;
}

/// A subscriber that hears nothing, although its connection stands, is found out by its canary.
#[tokio::test(flavor = "multi_thread")]
async fn g06_a_silent_bus_is_found_out() {
    let redis = RedisServer::start().await;
    let (line, through) = Proxy::before(&redis.url()).await;
    let cluster = Cluster::with(Setup { redis_url: through, ..Setup::default() }).await.connected().await;
    line.set(Mode::Hang);
    let bus = &cluster.instances[0].app.bus;
    within(Duration::from_secs(8), "the silence is noticed", || async { !bus.is_up() }).await;
    line.set(Mode::Pass);
    within(Duration::from_secs(8), "the bus is back", || async { bus.is_up() }).await;
}

/// A transaction that commits long after it said when: a watermark would have passed it by.
#[tokio::test(flavor = "multi_thread")]
async fn g06_a_late_commit_is_swept_up() {
    let redis = RedisServer::start().await;
    let cluster = Cluster::with(Setup { redis_url: redis.url(), ..Setup::default() }).await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    let id = asker.ask(json!({})).await;
    let waiter = asker.waiting(&id, 50);
    eventually("it waits", || async { cluster.waiting(0) == 1 }).await;
    // Another instance's decision, whose commit takes seven seconds and whose hint never comes.
    let mut conn = cluster.database.connect().await;
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
        "BEGIN; UPDATE approval_requests SET status = 'resolved', resolution = 'approved', resolved_via = 'human',
         result = '{{}}', version = 2, resolved_at = clock_timestamp() WHERE id = '{id}'; SELECT pg_sleep(7); COMMIT"
    )))
    .execute(&mut conn)
    .await
    .unwrap();
    assert_eq!(within_a_sweep(waiter).await.expect(200).body["resolution"], "approved");
}

/// More waiters than are asked for by id: the sweep goes by the window of recent outcomes.
#[tokio::test(flavor = "multi_thread")]
async fn g06_the_sweep_finds_outcomes_among_many_waiters() {
    let redis = RedisServer::start().await;
    let (line, through) = Proxy::before(&redis.url()).await;
    let cluster = Cluster::with(Setup { redis_url: through, ..Setup::default() }).await.connected().await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(1, &cluster.member("ana").await);
    let mut waiters = Vec::new();
    for _ in 0..400 {
        let id = asker.ask(json!({})).await;
        waiters.push((asker.waiting(&id, 50), id));
    }
    eventually("they wait", || async { cluster.waiting(0) == 400 }).await;
    line.set(Mode::Cut);
    for (number, (waiter, id)) in waiters.into_iter().enumerate() {
        if number % 40 == 0 {
            ana.approve(&id).await.expect(200);
            assert_eq!(within_a_sweep(waiter).await.expect(200).body["status"], "resolved");
        } else {
            waiter.abort();
        }
    }
}
