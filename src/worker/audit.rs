//! Links new rows of the audit log. Every instance runs it; whoever comes first does the work, and the others stand
//! back as long as it goes on.

use std::time::Duration;

use super::{Round, Workers};
use crate::audit::chainer::Chainer;

/// Between two looks: a row waits for half of it on average, far less than the second that is promised.
const INTERVAL: Duration = Duration::from_millis(250);

pub(super) async fn run(workers: Workers) {
    let mut round = Round::new("audit", workers.metrics.clone());
    let mut chainer = Chainer::new(workers.instance.clone());
    loop {
        if let Some(done) = round.run(chainer.round(&workers.database.work)).await {
            workers.metrics.audit_round(&done);
            if done.more {
                continue;
            }
        }
        tokio::time::sleep(INTERVAL.mul_f64(rand::random_range(0.7..1.0))).await;
    }
}
