//! All that an instance may have comes at the same moment, and all of it is one workspace's.

use futures_util::future::join_all;
use sqlx::{Connection, Executor};
use tokio::task::JoinHandle;

use crate::support::{Cluster, Setup, Socket, eventually, socket::request};

/// As many sockets as there may be open at once, while the first of them has to wait for the others' table.
#[tokio::test(flavor = "multi_thread")]
async fn all_sockets_of_an_instance_may_open_at_once() {
    const SOCKETS: usize = 12;
    let flags = vec![("limits.max_queued", "2".to_owned()), ("limits.max_sockets", SOCKETS.to_string())];
    let cluster = Cluster::with(Setup { instances: 1, flags, ..Setup::default() }).await.connected().await;
    let api = cluster.api(0, &cluster.member("agent").await);
    // Its key is known, and has been looked at.
    drop(Socket::open(&api, "t").await);
    let seats = || cluster.instances[0].app.bus.seats.count();
    eventually("it has gone", || async { seats() == 0 }).await;
    let mut conn = cluster.database.connect().await;
    let mut held = conn.begin().await.unwrap();
    held.execute("LOCK TABLE active_connections IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let opening: Vec<_> = (0..SOCKETS)
        .map(|number| tokio::spawn(Socket::try_open(request(&api, &format!("t{number}"), ""))))
        .collect();
    eventually("all have come", || async {
        seats() == SOCKETS || opening.iter().any(JoinHandle::is_finished)
    })
    .await;
    held.rollback().await.unwrap();
    for opened in join_all(opening).await {
        assert!(matches!(opened.unwrap(), Ok(Ok(_))), "it is open");
    }
}
