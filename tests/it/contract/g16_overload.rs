//! G16: past its limits an instance says so at once.

use futures_util::SinkExt;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::support::{Cluster, End, Setup, Socket, eventually, socket};

#[tokio::test(flavor = "multi_thread")]
async fn g16_too_many_waiters_are_refused_and_the_others_served() {
    let flags = vec![("limits.max_waiters", "3".to_owned())];
    let cluster = Cluster::with(Setup { instances: 1, flags, ..Setup::default() }).await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(0, &cluster.member("ana").await);
    let id = asker.ask(json!({})).await;
    let waiters: Vec<_> = (0..3).map(|_| asker.waiting(&id, 50)).collect();
    eventually("they wait", || async { cluster.waiting(0) == 3 }).await;
    let refused = asker.wait(&id, 50).await.problem(503, "overloaded");
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(cluster.waiting(0), 3, "a refused waiter leaves no trace");
    ana.approve(&id).await.expect(200);
    for waiter in waiters {
        assert_eq!(waiter.await.unwrap().expect(200).body["status"], "resolved");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g16_the_waiters_of_one_workspace_leave_room_for_the_others() {
    let flags = vec![("limits.max_waiters_per_workspace", "2".to_owned())];
    let cluster = Cluster::with(Setup { instances: 1, flags, ..Setup::default() }).await;
    let crowd = cluster.api(0, &cluster.member("agent").await);
    let other = cluster.api(0, &cluster.key("other", "agent", &[]).await);
    let (id, elsewhere) = (crowd.ask(json!({})).await, other.ask(json!({})).await);
    let waiters: Vec<_> = (0..2).map(|_| crowd.waiting(&id, 50)).collect();
    eventually("they wait", || async { cluster.waiting(0) == 2 }).await;
    crowd.wait(&id, 50).await.problem(503, "overloaded");
    let one_more = other.waiting(&elsewhere, 50);
    eventually("there is room for others", || async { cluster.waiting(0) == 3 }).await;
    waiters[0].abort();
    eventually("it has left", || async { cluster.waiting(0) == 2 }).await;
    crowd.wait(&id, 0).await.expect(200);
    one_more.abort();
    waiters[1].abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn g16_the_sockets_of_one_workspace_leave_seats_for_the_others() {
    for (share, granted) in [("0", 4), ("2", 2)] {
        let flags = vec![
            ("limits.max_sockets", "4".to_owned()),
            ("limits.max_instance_sockets_per_workspace", share.to_owned()),
        ];
        let cluster = Cluster::with(Setup { instances: 1, flags, ..Setup::default() }).await;
        let crowd = cluster.api(0, &cluster.member("agent").await);
        let other = cluster.api(0, &cluster.key("other", "agent", &[]).await);
        let mut held = Vec::new();
        for number in 0..6 {
            match Socket::try_open(socket::request(&crowd, &format!("t{number}"), "")).await.unwrap() {
                Ok(socket) => held.push(socket),
                Err(end) => assert!(matches!(end, End::Closed(1013, _)), "{end:?}"),
            }
        }
        assert_eq!(held.len(), granted);
        let others = Socket::try_open(socket::request(&other, "t", "")).await.unwrap();
        assert_eq!(others.is_ok(), granted < 4);
        // What one has may be taken over, also where there is no seat more.
        assert!(Socket::try_open(socket::request(&crowd, "t0", "")).await.unwrap().is_ok());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g16_one_address_leaves_connections_for_the_others() {
    let cap = ("limits.max_connections_per_address", "1".to_owned());
    let trusted = ("http.trusted_proxies", "127.0.0.0/8".to_owned());
    for (flags, second) in [(vec![cap.clone()], 503), (vec![cap, trusted], 200)] {
        let cluster = Cluster::with(Setup { instances: 1, flags, ..Setup::default() }).await;
        let url = format!("{}/openapi.json", cluster.instances[0].url);
        let address = cluster.instances[0].url.trim_start_matches("http://").to_owned();
        let held = tokio::net::TcpStream::connect(&address).await.unwrap();
        // Until its place is taken, another may have it.
        eventually("it counts, or doesn't", || async {
            crate::support::client::get(url.clone()).await.is_ok_and(|reply| reply.status() == second)
        })
        .await;
        // From another address there is room.
        let from: std::net::IpAddr = "127.0.0.2".parse().unwrap();
        let client = reqwest::Client::builder().no_proxy().local_address(from).build().unwrap();
        assert_eq!(client.get(url.clone()).send().await.unwrap().status(), 200);
        drop(held);
        eventually("there is room again", || async {
            crate::support::client::get(url.clone()).await.is_ok_and(|reply| reply.status() == 200)
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g16_sizes_are_as_configured() {
    let flags = vec![
        ("limits.max_body_kibibytes", "8".to_owned()),
        ("limits.max_events_body_kibibytes", "16".to_owned()),
        ("limits.max_message_kibibytes", "4".to_owned()),
    ];
    let cluster = Cluster::with(Setup { instances: 1, flags, ..Setup::default() }).await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let of = |bytes: usize| json!({ "text": "x".repeat(bytes) });
    agent.ask(json!({ "context": of(7_000) })).await;
    agent.create(json!({ "context": of(9_000) })).await.problem(413, "too_large");
    let events = |bytes: usize| json!({ "event_type": "output", "data": of(bytes) });
    agent.post("/api/v1/tasks/t/events", &events(15_000)).await.expect(202);
    agent.post("/api/v1/tasks/t/events", &events(17_000)).await.problem(413, "too_large");
    let mut socket = Socket::open(&agent, "t2").await;
    assert_eq!(socket.ask(json!({ "type": "ping", "x": "x".repeat(3_000) })).await["event_type"], "error");
    // The server closes as soon as it sees the frame's head; sending the rest may fail.
    let _ = socket.ws.send(Message::text("x".repeat(5_000))).await;
    assert!(matches!(socket.end().await, End::Closed(1009, _) | End::Broken));
}

#[tokio::test(flavor = "multi_thread")]
async fn g16_connections_past_the_cap_are_told() {
    let flags = vec![("limits.max_connections", "2".to_owned())];
    let cluster = Cluster::with(Setup { instances: 1, flags, ..Setup::default() }).await;
    // Idle ones would make room.
    let asker = cluster.api(0, &cluster.member("agent").await);
    let id = asker.ask(json!({})).await;
    // One after the other: two at once might open a third connection, which would be refused.
    let mut held = Vec::new();
    for count in 1..=2 {
        held.push(asker.waiting(&id, 50));
        eventually("it waits", || async { cluster.waiting(0) == count }).await;
    }
    // Whatever it sends, it hears why.
    for _ in 0..20 {
        let request = crate::support::client::http()
            .post(format!("{}/api/v1/approvals", cluster.instances[0].url))
            .body("x".repeat(10_000));
        assert_eq!(request.send().await.unwrap().status(), 503);
    }
    held.iter().for_each(tokio::task::JoinHandle::abort);
    eventually("there is room again", || async {
        crate::support::client::get(format!("{}/openapi.json", cluster.instances[0].url))
            .await
            .is_ok_and(|reply| reply.status() == 200)
    })
    .await;
}

/// A full queue is an answer, not a wait; what was admitted still finishes.
#[tokio::test(flavor = "multi_thread")]
async fn g16_a_full_queue_sheds() {
    let flags = vec![("limits.max_queued", "4".to_owned())];
    let cluster = Cluster::with(Setup { instances: 1, flags, ..Setup::default() }).await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    // The table is locked: nothing can be written for a while.
    let mut conn = cluster.database.connect().await;
    let mut transaction = sqlx::Connection::begin(&mut conn).await.unwrap();
    sqlx::query("LOCK TABLE workflow_runs IN ACCESS EXCLUSIVE MODE")
        .execute(&mut *transaction)
        .await
        .unwrap();
    let creates: Vec<_> = (0..400)
        .map(|number| {
            let asker = asker.clone();
            tokio::task::spawn(async move { asker.create(json!({ "run_id": format!("r{number}") })).await })
        })
        .collect();
    eventually("some are refused", || async { creates.iter().any(tokio::task::JoinHandle::is_finished) })
        .await;
    transaction.rollback().await.unwrap();
    let (mut done, mut shed) = (0, 0);
    for create in creates {
        let reply = create.await.unwrap();
        match reply.status {
            201 => done += 1,
            503 => shed += 1,
            _ => panic!("{reply:#?}"),
        }
    }
    assert!(done > 0 && shed > 0, "{done} done, {shed} shed");
    let mut conn = cluster.database.connect().await;
    let rows: i64 =
        sqlx::query_scalar("SELECT count(*) FROM approval_requests").fetch_one(&mut conn).await.unwrap();
    assert_eq!(rows, done, "what was refused was not begun");
}
