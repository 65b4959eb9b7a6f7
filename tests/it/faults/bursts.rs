//! Many clients at the same moment, as after a deployment: none of them is dropped by the system.

use std::{collections::BTreeMap, fs, time::Duration};

use futures_util::future::join_all;
use signoff::{
    app::Listeners,
    config::{Config, Sources},
};
use tokio::{net::TcpStream, time::timeout};

/// How many connections the system lets wait.
fn allowed() -> usize {
    let text = fs::read_to_string("/proc/sys/net/core/somaxconn").unwrap_or_default();
    text.trim().parse().unwrap_or(128)
}

#[tokio::test]
async fn a_burst_of_connections_waits_to_be_accepted() {
    let flags = BTreeMap::from([
        ("http.listen", "127.0.0.1:0"),
        ("operator.listen", ""),
        ("database.url", "postgres://nowhere/signoff"),
        ("redis.url", "redis://nowhere"),
    ]);
    let flags = flags.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let config = Config::from_layers(&Sources { file: None, flags }, |_| None).unwrap();
    // Nobody accepts: as where the instance has no turn on a busy machine.
    let listeners = Listeners::bind(&config).await.unwrap();
    let address = listeners.http.local_addr().unwrap();
    let burst = 1_000.min(allowed());
    let connecting = join_all((0..burst).map(|_| TcpStream::connect(address)));
    let connected =
        timeout(Duration::from_secs(30), connecting).await.expect("no connection has to be tried again");
    assert!(connected.into_iter().all(|it| it.is_ok()));
}
