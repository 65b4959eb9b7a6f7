//! Looks after endpoints of webhooks: those that fail for days, and the one that the configuration names.

use std::time::Duration;

use super::{Round, Workers};
use crate::notify::Webhooks;

const INTERVAL: Duration = Duration::from_secs(30);

pub(super) async fn run(workers: Workers, webhooks: Webhooks) {
    let mut round = Round::new("endpoints", workers.metrics.clone());
    loop {
        round.run(webhooks.look()).await;
        tokio::time::sleep(INTERVAL.mul_f64(rand::random_range(0.8..1.2))).await;
    }
}
