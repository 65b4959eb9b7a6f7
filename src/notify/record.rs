//! Writes down what became of the turns of lanes.

use std::time::Duration;

use sqlx::PgConnection;
use tokio::{sync::mpsc, time::Instant};

use super::{
    deliver::{LEASE, STATEMENT},
    turn::Turn,
};
use crate::{
    domain::notification::Channel,
    store::{Database, lanes},
    telemetry::Metrics,
};

/// Outcomes that are recorded together at most, by lanes.
const TOGETHER: usize = 32;
/// Between two tries to record what happened.
const AGAIN: Duration = Duration::from_millis(500);

/// Writes down what became of turns, those that have ended meanwhile together. It is tried again as long as the leases
/// last: a message that is not recorded is sent twice.
pub(super) async fn record(
    database: Database,
    metrics: Metrics,
    channel: Channel,
    mut ended: mpsc::Receiver<Turn>,
) {
    let mut turns = Vec::new();
    while ended.recv_many(&mut turns, TOGETHER).await > 0 {
        let (mut fates, mut handbacks) = (Vec::new(), Vec::new());
        for turn in turns.drain(..) {
            fates.extend(turn.fates);
            handbacks.push(turn.handback);
        }
        let begun = Instant::now();
        loop {
            let work = async |conn: &mut PgConnection| lanes::record(conn, &fates, &handbacks).await;
            match database.notify.run(STATEMENT, work).await {
                Ok(()) => {
                    for fate in &fates {
                        metrics.notification(channel.as_str(), fate.status.as_str(), fate.delay);
                    }
                    break;
                }
                Err(error) if begun.elapsed() < LEASE / 2 => {
                    tracing::warn!(%error, "what became of notifications could not be recorded; it is tried again");
                    tokio::time::sleep(AGAIN).await;
                }
                Err(error) => {
                    tracing::error!(%error, count = fates.len(), "what became of notifications was not recorded: they are sent again");
                    break;
                }
            }
        }
    }
}
