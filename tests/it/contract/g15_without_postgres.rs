//! G15: without Postgres calls fail fast, nothing is half done, and it resumes by itself.

use std::time::{Duration, Instant};

use futures_util::future::{join, join_all};
use reqwest::Method;
use serde_json::json;

use crate::support::{
    Api, Cluster, Setup, Socket, TestDatabase, eventually,
    proxy::{Mode, Proxy},
    socket::End,
    within,
};

async fn behind_a_proxy() -> (Proxy, Cluster) {
    let database = TestDatabase::new().await;
    let (line, through) = Proxy::before(&database.url).await;
    let setup = Setup { instances: 1, database_url: Some(through), ..Setup::default() };
    let cluster = Cluster::on(database, setup).await.connected().await;
    (line, cluster)
}

#[tokio::test(flavor = "multi_thread")]
async fn g15_fails_fast_and_resumes() {
    let (line, cluster) = behind_a_proxy().await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(0, &cluster.member("ana").await);
    let id = asker.ask(json!({})).await;
    ana.show(&id).await.expect(200);
    let waiter = asker.waiting(&id, 50);
    // Not merely begun: it has read the row and sleeps. Reads that came after its own have been answered, and
    // none is under way.
    let app = &cluster.instances[0].app;
    eventually("it sleeps", || async {
        let waits = cluster.waiting(0) == 1;
        ana.show(&id).await.expect(200);
        let (open, idle) = app.database.read.usage();
        waits && open == idle && app.approvals.queues().iter().all(|(_, length)| *length == 0)
    })
    .await;
    for fault in [Mode::Cut, Mode::Hang] {
        let unknown_yet = cluster.api(0, &cluster.member(&format!("late-{fault:?}")).await);
        line.set(fault);
        let first_use = {
            let (api, id) = (unknown_yet.clone(), id.clone());
            tokio::task::spawn(async move { api.show(&id).await })
        };
        let begun = Instant::now();
        let reply = ana.approve(&id).await.problem(503, "unavailable");
        assert_eq!(reply.header("retry-after"), "1");
        assert!(begun.elapsed() < Duration::from_secs(9), "{fault:?}: {:?}", begun.elapsed());
        within(Duration::from_secs(10), "the outage is known", || async {
            !cluster.instances[0].app.database.is_up()
        })
        .await;
        for _ in 0..20 {
            let begun = Instant::now();
            asker.create(json!({})).await.problem(503, "unavailable");
            assert!(begun.elapsed() < Duration::from_millis(500), "{fault:?}: refused at once");
        }
        let ready =
            crate::support::client::get(format!("{}/readyz", cluster.instances[0].url)).await.unwrap();
        assert_eq!(ready.status(), 503);
        line.set(Mode::Pass);
        within(Duration::from_secs(30), "it resumes", || async { asker.show(&id).await.status == 200 }).await;
        // A key that was first used in the outage is not stuck in it.
        let first_use = tokio::time::timeout(Duration::from_secs(9), first_use).await;
        let first_use = first_use.expect("its look-up ends").unwrap();
        assert!([200, 503].contains(&first_use.status), "{first_use:#?}");
        within(Duration::from_secs(5), "it is known now", || async {
            unknown_yet.show(&id).await.status == 200
        })
        .await;
    }
    // The waiter hung on through it all.
    assert!(!waiter.is_finished());
    assert_eq!(ana.approve(&id).await.expect(200).body["changed"], true);
    assert_eq!(waiter.await.unwrap().expect(200).body["status"], "resolved");
}

/// The probe waits in vain while all else is answered: that is no outage, and nothing is refused.
#[tokio::test(flavor = "multi_thread")]
async fn g15_a_probe_that_waits_is_no_outage() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    // The probe has one connection, and here it is another's.
    let database = &cluster.instances[0].app.database;
    let probe = database.pools().into_iter().find(|pool| pool.name() == "probe").unwrap();
    let _held = probe.checkout().await.unwrap();
    let failed = "signoff_sweeps_total{sweep=\"probe\",result=\"failed\"}";
    while cluster.instances[0].metric(failed).await < 2.0 {
        asker.ask(json!({})).await;
        assert!(database.is_up(), "it answers all the time");
    }
}

/// The answer to a commit is lost: 503, and a retry tells what happened.
#[tokio::test(flavor = "multi_thread")]
async fn g15_a_lost_answer_is_unknown_and_a_retry_is_safe() {
    let (line, cluster) = behind_a_proxy().await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(0, &cluster.member("ana").await);
    let id = asker.ask(json!({})).await;
    ana.show(&id).await.expect(200);
    line.set(Mode::LoseAnswers);
    ana.approve(&id).await.problem(503, "unavailable");
    let body = crate::support::client::merged(json!({ "run_id": "retried" }));
    let create =
        || asker.request(Method::POST, "/api/v1/approvals").header("Idempotency-Key", "k").json(&body);
    Api::send(create()).await.problem(503, "unavailable");
    line.set(Mode::Pass);
    within(Duration::from_secs(30), "it resumes", || async { asker.show(&id).await.status == 200 }).await;

    let decided = ana.approve(&id).await.expect(200).body;
    assert_eq!(decided["approval"]["resolution"], "approved");
    let first = Api::send(create()).await;
    assert!([200, 201].contains(&first.status), "{first:#?}");
    assert_eq!(Api::send(create()).await.expect(200).id(), first.id());
    let mut conn = cluster.database.connect().await;
    let runs: i64 = sqlx::query_scalar("SELECT count(*) FROM approval_requests WHERE run_id = 'retried'")
        .fetch_one(&mut conn)
        .await
        .unwrap();
    assert_eq!(runs, 1, "nothing is double");
}

/// Backends are terminated again and again under load: no answer but 2xx and 503, nothing half done.
#[tokio::test(flavor = "multi_thread")]
async fn g15_terminated_backends() {
    let cluster = Cluster::start().await.connected().await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(1, &cluster.member("ana").await);
    let work: Vec<_> = (0..8)
        .map(|client| {
            let (asker, ana) = (asker.clone(), ana.clone());
            tokio::task::spawn(async move {
                let mut told = Vec::new();
                for number in 0..40 {
                    let body =
                        crate::support::client::merged(json!({ "run_id": format!("r-{client}-{number}") }));
                    let create = asker.request(Method::POST, "/api/v1/approvals").json(&body);
                    let created = Api::send(create).await;
                    if created.status == 503 {
                        continue;
                    }
                    let id = created.expect(201).id();
                    let decided = ana.approve(&id).await;
                    assert!([200, 503].contains(&decided.status), "{decided:#?}");
                    told.push((id, decided.status));
                }
                told
            })
        })
        .collect();
    let mut conn = cluster.database.connect().await;
    while !work.iter().all(tokio::task::JoinHandle::is_finished) {
        sqlx::query(
            "SELECT pg_terminate_backend(pid), pg_sleep(0.02) FROM pg_stat_activity
              WHERE datname = current_database() AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1",
        )
        .execute(&mut conn)
        .await
        .unwrap();
    }
    let reader = cluster.api(0, &cluster.member("reader").await);
    eventually("it can be read again", || async {
        reader.get("/api/v1/approvals/pending").await.status == 200
    })
    .await;
    let mut known = 0;
    for worker in work {
        for (id, status) in worker.await.unwrap() {
            if status == 200 {
                known += 1;
                assert_eq!(reader.show(&id).await.expect(200).body["status"], "resolved");
            }
        }
    }
    println!("{known} decisions were acknowledged");
    // State, decision and record belong together.
    let half: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM approval_requests a
          WHERE (a.status = 'resolved') <> EXISTS (SELECT FROM approval_decisions d WHERE d.approval_id = a.id)
             OR (a.status = 'resolved') <> EXISTS (
                    SELECT FROM audit_log l WHERE l.approval_id = a.id AND l.action = 'approval.resolved')",
    )
    .fetch_one(&mut conn)
    .await
    .unwrap();
    assert_eq!(half, 0, "something is half done");
}

/// A call may meet a connection that was cut. What it finds out spares the calls after it.
#[tokio::test(flavor = "multi_thread")]
async fn g15_a_cut_connection_costs_one_call() {
    let cluster = Cluster::start().await.connected().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let publish = async |n: usize| {
        let body = json!({ "events": [{ "event_type": "output", "data": { "n": n } }] });
        let path = format!("/api/v1/tasks/t-{n}/events");
        Api::send(agent.request(Method::POST, &path).json(&body)).await
    };
    let many_at_once = async || {
        let body = crate::support::client::merged(json!({ "run_id": "r" }));
        let create = || Api::send(agent.request(Method::POST, "/api/v1/approvals").json(&body));
        join(join_all((0..64).map(|_| create())), join_all((0..64).map(&publish))).await;
    };
    let mut conn = cluster.database.connect().await;
    let pool = &cluster.instances[0].app.database.decide;
    eventually("it has several connections", || async {
        many_at_once().await;
        pool.usage().0 >= 3
    })
    .await;
    for round in 0..5 {
        sqlx::query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
              WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .execute(&mut conn)
        .await
        .unwrap();
        let mut refused = Vec::new();
        for n in 0..8 {
            let reply = publish(n).await;
            assert!([202, 503].contains(&reply.status), "{reply:#?}");
            // A probe may find it out first. Then calls are refused until the next one, and meet no connection.
            let is_of_a_call = reply.status == 503 && reply.body["detail"] != "the database can't be reached";
            refused.extend(is_of_a_call.then(|| reply.body["detail"].to_string()));
        }
        assert!(refused.len() <= 1, "round {round}: {refused:?}");
        many_at_once().await;
    }
}

/// Nobody can take a task over while the database is away, so its sockets are still the owners when it is back,
/// though every lease has run out meanwhile. They are not thrown out for that, and get what comes.
#[tokio::test(flavor = "multi_thread")]
async fn g15_sockets_outlive_it() {
    let database = TestDatabase::new().await;
    let (line, through) = Proxy::before(&database.url).await;
    let flags = vec![("lease.heartbeat_seconds", "1".into()), ("lease.ttl_seconds", "3".into())];
    let setup = Setup { instances: 2, database_url: Some(through), flags, ..Setup::default() };
    let cluster = Cluster::on(database, setup).await.connected().await;
    let key = cluster.member("agent").await;
    let (one, two) = (cluster.api(0, &key), cluster.api(1, &key));
    let mut sockets = Vec::new();
    for n in 0..10 {
        sockets.push(Socket::open(if n % 2 == 0 { &one } else { &two }, &format!("t{n}")).await);
    }
    let mut conn = cluster.database.connect().await;
    for fault in [Mode::Hang, Mode::Cut] {
        line.set(fault);
        within(Duration::from_secs(30), "the leases have run out for long", || async {
            let aged: bool = sqlx::query_scalar(
                "SELECT bool_and(last_heartbeat < now() - interval '6 seconds') FROM instances",
            )
            .fetch_one(&mut cluster.database.connect().await)
            .await
            .unwrap();
            aged
        })
        .await;
        for socket in &mut sockets {
            assert_eq!(socket.ask(json!({ "type": "ping" })).await["event_type"], "pong", "{fault:?}");
        }
        line.set(Mode::Pass);
        for (n, socket) in sockets.iter_mut().enumerate() {
            let task = format!("t{n}");
            let path = format!("/api/v1/tasks/{task}/events");
            let body = json!({ "event_type": "output", "data": { "after": format!("{fault:?}") } });
            within(Duration::from_secs(30), "it takes events again", || async {
                match Api::try_send(two.request(Method::POST, &path).json(&body)).await {
                    Ok(reply) => reply.status == 202,
                    Err(_) => false,
                }
            })
            .await;
            assert_eq!(socket.next().await["data"]["after"], format!("{fault:?}"));
        }
    }
    let rows: i64 =
        sqlx::query_scalar("SELECT count(*) FROM active_connections").fetch_one(&mut conn).await.unwrap();
    assert_eq!(rows, 10);
}

/// A screen that asks whether all is well is not told so: nothing that changes could be told now.
#[tokio::test(flavor = "multi_thread")]
async fn g15_a_feed_is_closed_when_it_asks_and_is_told_again_afterwards() {
    let (line, cluster) = behind_a_proxy().await;
    let ana = cluster.api(0, &cluster.member("ana").await);
    let mut feed = Socket::feed(&ana, &["approvals"]).await;
    assert_eq!(feed.ask(json!({ "type": "ping" })).await["event_type"], "pong");
    line.set(Mode::Cut);
    within(Duration::from_secs(10), "the outage is known", || async {
        !cluster.instances[0].app.database.is_up()
    })
    .await;
    feed.send(json!({ "type": "ping" })).await;
    assert_eq!(feed.end().await, End::Closed(1013, "the database can't be reached".to_owned()));
    line.set(Mode::Pass);
    within(Duration::from_secs(30), "it resumes", || async {
        ana.get("/api/v1/approvals/counts").await.status == 200
    })
    .await;
    let mut feed = Socket::feed(&ana, &["approvals"]).await;
    assert_eq!(feed.ask(json!({ "type": "ping" })).await["event_type"], "pong");
}
