//! G13: an instance that goes away hands its waiters and sockets over.

use serde_json::json;
use sqlx::{Connection, Executor};
use tokio::task::JoinHandle;

use crate::support::{
    Api, Cluster, End, Setup, Socket, TestDatabase, cluster::make_key, eventually, process::Process, unique,
};

#[tokio::test(flavor = "multi_thread")]
async fn g13_waiters_are_told_to_ask_another() {
    let cluster = Cluster::start().await;
    let asker = cluster.api(0, &cluster.member("agent").await);
    let id = asker.ask(json!({})).await;
    let waiter = asker.waiting(&id, 50);
    eventually("it waits", || async { cluster.waiting(0) == 1 }).await;
    let app = cluster.instances[0].app.clone();
    assert!(app.drain().await, "everything ended in time");
    let reply = waiter.await.unwrap().expect(200);
    assert_eq!(reply.body["status"], "pending");
    assert_eq!((reply.header("retry-after"), reply.header("connection")), ("1", "close"));
    // The lease is given up, not left to run out.
    let other = cluster.api(1, &cluster.key("acme", "op", &["cluster:view"]).await);
    let instances = other.get("/api/v1/cluster").await.expect(200).body;
    let ids: Vec<_> = instances["instances"].as_array().unwrap().iter().map(|it| it["id"].clone()).collect();
    assert_eq!(ids, [json!(cluster.instances[1].app.instance)]);
}

/// All waiters of the instance are one workspace's, and all of them wake at the same moment: each is told.
#[tokio::test(flavor = "multi_thread")]
async fn g13_each_of_a_lone_workspaces_waiters_is_told_to_ask_another() {
    const WAITERS: usize = 40;
    let flags = vec![
        ("limits.max_queued", "4".to_owned()),
        ("limits.max_waiters", WAITERS.to_string()),
        ("limits.max_waiters_per_workspace", WAITERS.to_string()),
    ];
    let cluster = Cluster::with(Setup { instances: 1, flags, ..Setup::default() }).await.connected().await;
    let api = cluster.api(0, &cluster.member("agent").await);
    let id = api.ask(json!({})).await;
    let mut waiters = Vec::new();
    for number in 1..=WAITERS {
        waiters.push(api.waiting(&id, 50));
        eventually("it waits", || async { cluster.waiting(0) == number }).await;
    }
    let (mut holding, mut conn) = (cluster.database.connect().await, cluster.database.connect().await);
    let mut held = holding.begin().await.unwrap();
    held.execute("LOCK TABLE approval_requests IN ACCESS EXCLUSIVE MODE").await.unwrap();
    // All three that read are busy, so that the waiters' readings queue. A reader is busy when its statement waits for the
    // lock: a call that is queued for a moment is no sign of it.
    let app = cluster.instances[0].app.clone();
    let queued = || app.approvals.queues().iter().find(|(name, _)| *name == "read").unwrap().1;
    let blocked = r#"SELECT count(*) FROM pg_stat_activity
                    WHERE datname = current_database() AND wait_event_type = 'Lock'
                      AND query LIKE 'SELECT a.id AS "id!", a.workspace_id%'"#;
    for readers in 1..=3 {
        let (api, id) = (api.clone(), id.clone());
        tokio::spawn(async move { api.show(&id).await });
        while sqlx::query_scalar::<_, i64>(blocked).fetch_one(&mut conn).await.unwrap() < readers {}
    }
    let draining = tokio::spawn({
        let app = app.clone();
        async move { app.drain().await }
    });
    eventually("each reads once more", || async {
        queued() >= WAITERS || waiters.iter().any(JoinHandle::is_finished)
    })
    .await;
    held.rollback().await.unwrap();
    for waiter in waiters {
        let reply = waiter.await.unwrap().expect(200);
        assert_eq!((reply.body["status"].as_str(), reply.header("retry-after")), (Some("pending"), "1"));
    }
    assert!(draining.await.unwrap(), "everything ended in time");
}

/// A client that never finishes its request does not hold up the instance, which ends in good order.
#[tokio::test(flavor = "multi_thread")]
async fn g13_half_a_body_does_not_hold_up_the_drain() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let database = TestDatabase::new().await;
    let key = make_key(&database, "acme", "agent", &["workspace:admin"]).await;
    let process = Process::start(&database, &unique("it"), &Setup::default()).await;
    let address = process.url.trim_start_matches("http://").to_owned();
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /api/v1/approvals HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\n\
         content-type: application/json\r\ncontent-length: 100\r\nexpect: 100-continue\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut interim = [0; 25];
    stream.read_exact(&mut interim).await.unwrap();
    assert!(interim.starts_with(b"HTTP/1.1 100"), "it waits for the body");
    stream.write_all(b"{").await.unwrap();
    process.signal("TERM");
    let ending = tokio::time::timeout(std::time::Duration::from_secs(8), process.exit_code());
    assert_eq!(ending.await.expect("it ends in time"), Some(0));
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("draining"), "{answer}");
}

/// A balancer that notices the drain late sends one more request on connections that it has used before.
#[tokio::test(flavor = "multi_thread")]
async fn g13_a_request_on_a_kept_connection_is_answered_while_the_instance_closes() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    const REQUEST: &[u8] = b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\n";
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let address = cluster.instances[0].url.trim_start_matches("http://").to_owned();
    let mut kept = Vec::new();
    for _ in 0..20 {
        let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
        stream.write_all(REQUEST).await.unwrap();
        let mut answer = vec![0; 4_096];
        let read = stream.read(&mut answer).await.unwrap();
        let answer = String::from_utf8_lossy(&answer[..read]).to_lowercase();
        assert!(answer.starts_with("http/1.1 200") && answer.contains("keep-alive: timeout"), "{answer}");
        kept.push(stream);
    }
    let app = cluster.instances[0].app.clone();
    let draining = tokio::spawn({
        let app = app.clone();
        async move { app.drain().await }
    });
    app.lifecycle.closing().cancelled().await;
    for stream in &mut kept {
        stream.write_all(REQUEST).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let answer = answer.to_lowercase();
        assert!(answer.starts_with("http/1.1 200") && answer.contains("connection: close"), "{answer}");
    }
    assert!(draining.await.unwrap(), "everything ended in time");
}

/// A rolling restart under load: every ask-wait-decide of a client that retries comes to its end.
#[tokio::test(flavor = "multi_thread")]
async fn g13_a_rolling_restart_fails_nobody() {
    let database = TestDatabase::new().await;
    let (prefix, setup) = (unique("it"), Setup::default());
    let asker = make_key(&database, "acme", "agent", &["workspace:admin"]).await;
    let ana = make_key(&database, "acme", "ana", &["workspace:admin"]).await;
    let mut processes = Vec::new();
    for _ in 0..3 {
        processes.push(Process::start(&database, &prefix, &setup).await);
    }
    let urls = std::sync::Arc::new(std::sync::Mutex::new(
        processes.iter().map(|it| it.url.clone()).collect::<Vec<_>>(),
    ));
    let over = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let clients: Vec<_> = (0..6_usize)
        .map(|client| {
            let (urls, over) = (urls.clone(), over.clone());
            let (asker, ana) = (asker.clone(), ana.clone());
            tokio::task::spawn(async move {
                let mut turn = client;
                let mut cycles = 0;
                while !over.load(std::sync::atomic::Ordering::Relaxed) {
                    let mut next = |key: &str| {
                        turn += 1;
                        let urls = urls.lock().unwrap();
                        Api::new(&urls[turn % urls.len()], key)
                    };
                    cycle(&mut next, &asker, &ana, &format!("{client}-{cycles}")).await;
                    cycles += 1;
                }
                cycles
            })
        })
        .collect();
    for (number, process) in processes.iter_mut().enumerate() {
        let fresh = Process::start(&database, &prefix, &setup).await;
        let old = std::mem::replace(process, fresh);
        // As a load balancer would: the new one in, the old one out once it is unready.
        old.signal("TERM");
        urls.lock().unwrap()[number] = process.url.clone();
        assert_eq!(old.exit_code().await, Some(0), "instance {number} ended in good order");
    }
    over.store(true, std::sync::atomic::Ordering::Relaxed);
    let mut cycles = 0;
    for client in clients {
        cycles += client.await.unwrap();
    }
    assert!(cycles > 6, "{cycles} cycles");
}

/// One ask, wait and decide, each repeated on another instance until it is answered.
async fn cycle(next: &mut impl FnMut(&str) -> Api, asker: &str, ana: &str, key: &str) {
    let body = crate::support::client::merged(json!({}));
    let created = retried(|| {
        next(asker)
            .request(reqwest::Method::POST, "/api/v1/approvals")
            .header("Idempotency-Key", key)
            .json(&body)
    })
    .await;
    let id = created.id();
    let approve = format!("/api/v1/approvals/{id}/approve");
    let wait = format!("/api/v1/approvals/{id}/wait?timeout=30");
    let waiter = {
        let (first, second) = (next(asker), next(asker));
        let wait = wait.clone();
        tokio::task::spawn(async move {
            let mut turn = 0;
            loop {
                turn += 1;
                let api = if turn % 2 == 1 { &first } else { &second };
                match Api::try_send(api.request(reqwest::Method::GET, &wait)).await {
                    Ok(reply) if reply.status == 200 && reply.body["status"] != "pending" => {
                        return Some(reply);
                    }
                    // Both instances that this waiter knew were restarted meanwhile: it asks elsewhere.
                    Err(_) if turn > 4 => return None,
                    _ => {}
                }
            }
        })
    };
    retried(|| next(ana).request(reqwest::Method::POST, &approve).json(&json!({}))).await;
    let outcome = match waiter.await.unwrap() {
        Some(reply) => reply,
        None => retried(|| next(asker).request(reqwest::Method::GET, &wait)).await,
    };
    assert_eq!(outcome.body["resolution"], "approved");
}

async fn retried(mut request: impl FnMut() -> reqwest::RequestBuilder) -> crate::support::Reply {
    for _ in 0..200 {
        match Api::try_send(request()).await {
            Ok(reply) if reply.status < 500 => {
                assert!(reply.status < 300, "{reply:#?}");
                return reply;
            }
            _ => {}
        }
    }
    panic!("no instance answered");
}

/// What was begun is answered, then each socket is told when to come again and from where; its place is free at once.
#[tokio::test(flavor = "multi_thread")]
async fn g13_sockets_are_handed_over() {
    let cluster = Cluster::start().await.connected().await;
    let key = cluster.member("agent").await;
    let (one, two) = (cluster.api(0, &key), cluster.api(1, &key));
    let id = two.ask(json!({ "task_id": "t0" })).await;
    let mut sockets = Vec::new();
    for n in 0..20 {
        sockets.push(Socket::open(&one, &format!("t{n}")).await);
    }
    sockets[0].send(json!({ "type": "wait_for_approval", "approval_id": id })).await;
    eventually("it waits", || async { cluster.waiting(0) == 1 }).await;
    let app = cluster.instances[0].app.clone();
    let draining = tokio::task::spawn(async move { app.drain().await });
    let mut delays = Vec::new();
    for (n, socket) in sockets.iter_mut().enumerate() {
        let event = socket.next().await;
        assert_eq!(event["event_type"], "reconnect", "{event}");
        delays.push(event["data"]["after_ms"].as_u64().unwrap());
        assert_eq!(event["data"]["cursor"], socket.hello["cursor"]);
        assert_eq!(socket.frame().await, Err(End::Closed(1012, "restarting".into())));
        let task = format!("t{n}");
        two.emit(&task, [7]).await;
        let mut again = Socket::resume(&two, &task, event["data"]["cursor"].as_str().unwrap()).await;
        assert_eq!(again.hello["data"]["recovered"], true);
        assert_eq!(again.next().await["data"]["n"], 7);
    }
    delays.dedup();
    assert!(delays.len() > 10, "they are spread: {delays:?}");
    assert!(draining.await.unwrap(), "everything ended in time");
    let mut conn = cluster.database.connect().await;
    let gone: i64 = sqlx::query_scalar("SELECT count(*) FROM active_connections WHERE server_instance = $1")
        .bind(&cluster.instances[0].app.instance)
        .fetch_one(&mut conn)
        .await
        .unwrap();
    assert_eq!(gone, 0);
}

/// A client that doesn't read does not hold up the drain beyond its time.
#[tokio::test(flavor = "multi_thread")]
async fn g13_a_stuck_socket_does_not_hold_up_the_drain() {
    let setup =
        Setup { instances: 1, flags: vec![("sockets.send_timeout_seconds", "2".into())], ..Setup::default() };
    let cluster = Cluster::with(setup).await.connected().await;
    let api = cluster.api(0, &cluster.member("agent").await);
    let _silent = Socket::open(&api, "t").await;
    let events: Vec<_> =
        (0..300).map(|_| json!({ "event_type": "output", "data": "x".repeat(10_000) })).collect();
    for _ in 0..3 {
        api.post("/api/v1/tasks/t/events", &json!({ "events": events })).await.expect(202);
    }
    assert!(cluster.instances[0].app.drain().await, "everything ended in time");
}

/// A client that takes its time, but takes, is sent away in time like everybody else.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn g13_a_slow_socket_does_not_hold_up_the_drain() {
    use tokio::io::AsyncReadExt;
    let setup = Setup { instances: 1, ..Setup::default() };
    let cluster = Cluster::with(setup).await.connected().await;
    let api = cluster.api(0, &cluster.member("agent").await);
    let mut slow = Socket::open(&api, "t").await;
    let events: Vec<_> =
        (0..300).map(|_| json!({ "event_type": "output", "data": "x".repeat(10_000) })).collect();
    for _ in 0..5 {
        api.post("/api/v1/tasks/t/events", &json!({ "events": events })).await.expect(202);
    }
    // A few kilobytes at a time, as fast as a slow line would bring them.
    let reading = tokio::task::spawn(async move {
        let mut buffer = vec![0; 4_096];
        let mut line = tokio::time::interval(std::time::Duration::from_millis(100));
        loop {
            line.tick().await;
            if !matches!(slow.ws.get_mut().read(&mut buffer).await, Ok(1..)) {
                break;
            }
        }
    });
    assert!(cluster.instances[0].app.drain().await, "everything ended in time");
    reading.abort();
}
