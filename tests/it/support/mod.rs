//! What the tests stand on: databases, instances in this process and as processes of their own, a client, and
//! things that break connections.

pub mod between;
pub mod browser;
pub mod client;
pub mod cluster;
pub mod command;
pub mod database;
pub mod delegating;
pub mod ended;
pub mod forge;
pub mod haproxy;
pub mod office;
pub mod process;
pub mod provider;
pub mod proxy;
pub mod redis;
pub mod relay;
pub mod shell;
pub mod sink;
pub mod slack;
pub mod socket;
pub mod sources;
pub mod statements;
pub mod team;
pub mod tools;

use std::{future::Future, time::Duration};

pub use self::{
    client::{Api, Reply},
    cluster::{Cluster, Setup},
    database::TestDatabase,
    redis::RedisServer,
    shell::Shell,
    socket::{End, Socket},
};

/// Waits until `condition` holds; fails with `what` after half a minute.
pub async fn eventually<F: Future<Output = bool>>(what: &str, condition: impl FnMut() -> F) {
    within(Duration::from_secs(30), what, condition).await;
}

/// The same, within a time of the test's own.
pub async fn within<F: Future<Output = bool>>(limit: Duration, what: &str, mut condition: impl FnMut() -> F) {
    let polling = async {
        let mut tick = tokio::time::interval(Duration::from_millis(10));
        while !condition().await {
            tick.tick().await;
        }
    };
    tokio::time::timeout(limit, polling).await.unwrap_or_else(|_| panic!("not within {limit:?}: {what}"));
}

/// A variable that `./dev test` sets.
pub fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set; run the tests by ./dev test"))
}

/// A name that no other test uses.
pub fn unique(prefix: &str) -> String {
    format!("{prefix}_{}", uuid::Uuid::new_v4().simple())
}
