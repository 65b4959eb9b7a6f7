//! Looks after endpoints of webhooks: those that fail for days, and the one that the configuration names. And counts
//! what waits for disabled endpoints, when the router wants to know.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

use super::{Round, Workers};
use crate::notify::Webhooks;

const INTERVAL: Duration = Duration::from_secs(30);
/// The pause between two rounds of counting.
const BETWEEN: Duration = Duration::from_secs(1);

pub(super) async fn run(workers: Workers, webhooks: Webhooks) {
    let mut round = Round::new("endpoints", workers.metrics.clone());
    loop {
        round.run(webhooks.look()).await;
        let next = Instant::now() + INTERVAL.mul_f64(rand::random_range(0.8..1.2));
        while timeout_at(next, webhooks.count_wanted()).await.is_ok() {
            webhooks.count().await;
            sleep(BETWEEN).await;
        }
    }
}
