//! G12, of feeds: a screen that reads nothing is closed, what waits for it is bounded, and the others are told as ever.
//! A workspace in which counting takes long keeps only itself waiting.

use std::collections::HashSet;

use futures_util::{SinkExt, future::join_all};
use serde_json::json;
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
    let (theirs, ours) = (
        cluster.api(0, &cluster.key("slow", "agent", &[]).await),
        cluster.api(0, &cluster.member("ana").await),
    );
    let counted =
        async |feed: &mut Socket, all: i64| while feed.event("counts").await["data"]["all"] != all {};
    let mut feed = Socket::feed(&ours, &["counts"]).await;
    counted(&mut feed, 0).await;
    let mut screens = Vec::new();
    for number in 0..8 {
        let person = cluster.api(0, &cluster.key("slow", &format!("p{number}"), &[]).await);
        let mut screen = Socket::feed(&person, &["counts"]).await;
        counted(&mut screen, 0).await;
        screens.push(screen);
    }
    // From here on each look at an approval of theirs takes a while.
    let mut conn = cluster.database.connect().await;
    sqlx::raw_sql(
        "CREATE FUNCTION takes_long(workspace uuid) RETURNS boolean LANGUAGE sql VOLATILE AS $$
             SELECT CASE WHEN (SELECT w.name FROM workspaces w WHERE w.id = workspace) = 'slow'
                         THEN pg_sleep(0.7)::text IS NOT NULL ELSE true END $$;
         CREATE POLICY slow ON approval_requests AS RESTRICTIVE FOR SELECT TO signoff_app
             USING (takes_long(workspace_id))",
    )
    .execute(&mut conn)
    .await
    .unwrap();
    theirs.ask(json!({})).await;
    let screens: Vec<_> = screens
        .into_iter()
        .map(|mut screen| tokio::spawn(async move { screen.event("counts").await["data"]["all"].clone() }))
        .collect();
    let told = || screens.iter().filter(|it| it.is_finished()).count();
    eventually("the first of theirs is told", || async { told() > 0 }).await;
    ours.ask(json!({})).await;
    counted(&mut feed, 1).await;
    let told = told();
    assert!(told < screens.len(), "ours was told only when all {told} of theirs were");
    for all in join_all(screens).await {
        assert_eq!(all.unwrap(), 1);
    }
}
