//! G12, of feeds: a screen that reads nothing is closed, what waits for it is bounded, and the others are told as ever.
//! A workspace in which counting takes long keeps only itself waiting.

use std::collections::HashSet;

use futures_util::{SinkExt, future::join_all};
use serde_json::json;
use sqlx::AssertSqlSafe;
use tokio_tungstenite::{client_async, tungstenite::Message};

use crate::support::{Cluster, Setup, Socket, eventually, socket::feed_request};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn g12_a_screen_that_stops_reading_is_closed() {
    let setup =
        Setup { instances: 1, flags: vec![("sockets.send_timeout_seconds", "2".into())], ..Setup::default() };
    let cluster = Cluster::with(setup).await.connected().await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(0, &cluster.member("ana").await);
    // With small buffers, so that not reading shows.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(8 * 1024).unwrap();
    let address = ana.base.trim_start_matches("http://").parse().unwrap();
    let stream = socket.connect(address).await.unwrap();
    let mut request = feed_request(&ana.base, "");
    request.headers_mut().insert("authorization", format!("Bearer {}", ana.key).parse().unwrap());
    let mut stuck = client_async(request, stream).await.unwrap().0;
    let subscribe = json!({ "type": "subscribe", "topics": ["approvals"] }).to_string();
    stuck.send(Message::text(subscribe)).await.unwrap();
    let mut neighbour = Socket::feed(&ana, &["approvals"]).await;
    let closed = async || {
        let instance = &cluster.instances[0];
        let closed = |told| format!("signoff_feeds_closed_total{{code=\"4408\",told=\"{told}\"}}");
        instance.metric(&closed("yes")).await + instance.metric(&closed("no")).await > 0.5
    };
    let mut rounds = 0;
    while !closed().await {
        let body = json!({ "title": "x".repeat(500) });
        let asked = join_all((0..64).map(|_| agent.ask(body.clone()))).await;
        let mut untold: HashSet<String> = asked.into_iter().collect();
        while !untold.is_empty() {
            untold.remove(neighbour.event("approval").await["data"]["id"].as_str().unwrap());
        }
        rounds += 1;
        assert!(rounds < 200, "it is never closed");
    }
    drop(stuck);
    eventually("its place is free", || async { cluster.instances[0].metric("signoff_feeds").await < 1.5 })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn g12_slow_counts_of_one_workspace_hold_up_no_other() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await.connected().await;
    let slow_agent = cluster.api(0, &cluster.key("slow", "agent", &[]).await);
    slow_agent.ask(json!({})).await;
    let ours = cluster.api(0, &cluster.member("ana").await);
    let mut feed = Socket::feed(&ours, &["counts"]).await;
    assert_eq!(feed.event("counts").await["data"]["all"], 0);
    // Each look at an approval of theirs takes a while.
    let mut conn = cluster.database.connect().await;
    sqlx::query(AssertSqlSafe(
        "CREATE FUNCTION takes_long(workspace uuid) RETURNS boolean LANGUAGE sql VOLATILE AS $$
             SELECT CASE WHEN (SELECT w.name FROM workspaces w WHERE w.id = workspace) = 'slow'
                         THEN pg_sleep(0.7)::text IS NOT NULL ELSE true END $$",
    ))
    .execute(&mut conn)
    .await
    .unwrap();
    sqlx::query(
        "CREATE POLICY slow ON approval_requests AS RESTRICTIVE FOR SELECT TO signoff_app
             USING (takes_long(workspace_id))",
    )
    .execute(&mut conn)
    .await
    .unwrap();
    let mut theirs = Vec::new();
    for number in 0..8 {
        let person = cluster.api(0, &cluster.key("slow", &format!("p{number}"), &[]).await);
        let mut feed = Socket::feed(&person, &["counts"]).await;
        theirs.push(tokio::spawn(async move { feed.event("counts").await }));
    }
    let told = || theirs.iter().filter(|it| it.is_finished()).count();
    eventually("the first of theirs is told", || async { told() > 0 }).await;
    ours.ask(json!({})).await;
    while feed.event("counts").await["data"]["all"] != 1 {}
    let told = told();
    assert!(told < theirs.len(), "ours was told only when all {told} of theirs were");
    for it in theirs {
        assert_eq!(it.await.unwrap()["data"]["all"], 1);
    }
}
