//! G8: waiting costs nothing, and leaves nothing.

use serde_json::json;

use crate::support::{Cluster, Setup, eventually};

async fn statements(conn: &mut sqlx::PgConnection) -> i64 {
    // Flushed when a backend goes idle, at most once a second; compared over a longer time.
    sqlx::query_scalar("SELECT coalesce(sum(calls), 0)::bigint FROM (SELECT xact_commit AS calls FROM pg_stat_database WHERE datname = current_database()) s")
        .fetch_one(conn)
        .await
        .unwrap()
}

/// Registrations come and go with their waiters, however they end.
#[tokio::test(flavor = "multi_thread")]
async fn g08_nothing_is_left_of_waiters() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await.connected().await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(0, &cluster.member("ana").await);
    let registry = cluster.instances[0].app.bus.registry.clone();
    for round in 0..20 {
        let id = asker.ask(json!({})).await;
        let decided: Vec<_> = (0..5).map(|_| asker.waiting(&id, 50)).collect();
        let vanished: Vec<_> = (0..5).map(|_| asker.waiting(&id, 50)).collect();
        eventually("they wait", || async { cluster.waiting(0) == 10 }).await;
        assert_eq!(registry.waited().len(), 1, "round {round}");
        for waiter in vanished {
            waiter.abort();
        }
        eventually("half are gone", || async { cluster.waiting(0) == 5 }).await;
        ana.approve(&id).await.expect(200);
        for waiter in decided {
            waiter.await.unwrap().expect(200);
        }
        eventually("all are gone", || async { cluster.waiting(0) == 0 && registry.waited().is_empty() })
            .await;
    }
}

/// A million registrations from several threads, with wake-ups in between: the map ends empty.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn g08_a_million_registrations_leave_an_empty_map() {
    use signoff::{
        bus::{Registry, Source},
        domain::ids::ApprovalId,
        telemetry::Metrics,
    };
    let registry = std::sync::Arc::new(Registry::new(Metrics::new("test").unwrap()));
    let ids: Vec<ApprovalId> = (0..64).map(|_| ApprovalId::generate()).collect();
    let threads: Vec<_> = (0..4_usize)
        .map(|thread| {
            let (registry, ids) = (registry.clone(), ids.clone());
            std::thread::spawn(move || {
                for round in 0..250_000_usize {
                    let id = ids[(round * 7 + thread) % ids.len()];
                    let interest = registry.register(id);
                    if round % 3 == 0 {
                        registry.wake([id], Source::Redis);
                    }
                    let second = registry.register(ids[(round * 13) % ids.len()]);
                    drop(interest);
                    drop(second);
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    assert!(registry.waited().is_empty(), "{} registrations stayed", registry.waited().len());
}

/// Two hundred idle waiters make no more work for the database than two.
#[tokio::test(flavor = "multi_thread")]
async fn g08_an_idle_waiter_asks_nothing() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await.connected().await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    let mut conn = cluster.database.connect().await;
    let mut rates = Vec::new();
    let mut waiters = Vec::new();
    for count in [2, 200] {
        while waiters.len() < count {
            let id = asker.ask(json!({})).await;
            waiters.push(asker.waiting(&id, 50));
        }
        eventually("they wait", || async { cluster.waiting(0) == count }).await;
        // The database's own clock measures six seconds; its counters lag by one.
        sqlx::query("SELECT pg_sleep(2)").execute(&mut conn).await.unwrap();
        let before = statements(&mut conn).await;
        sqlx::query("SELECT pg_sleep(6)").execute(&mut conn).await.unwrap();
        rates.push(statements(&mut conn).await - before);
    }
    let (few, many) = (rates[0], rates[1]);
    assert!(many < few + 60, "with 2 waiters {few} transactions in 6 s, with 200 {many}");
    for waiter in waiters {
        waiter.abort();
    }
}
