//! Writes down what became of the turns of lanes. A message that is not written down is sent again, so nothing but the
//! end of the instance ends the trying.

use std::{sync::Arc, time::Duration};

use sqlx::PgConnection;
use tokio::sync::{Notify, mpsc};

use super::{deliver::STATEMENT, turn::Turn};
use crate::{
    domain::notification::Channel,
    store::{Database, Error, lanes},
    telemetry::Metrics,
};

/// Turns that are recorded together at most.
const TOGETHER: usize = 32;
/// Between two tries to record what happened.
const AGAIN: Duration = Duration::from_millis(500);

/// Writes down what became of the turns of one channel.
pub(super) struct Recorder {
    pub database: Database,
    pub metrics: Metrics,
    pub channel: Channel,
    /// Told where a lane that is given back is due again.
    pub hints: Arc<Notify>,
}

impl Recorder {
    /// Records turns as they end, those that have ended meanwhile together.
    pub async fn run(self, mut ended: mpsc::Receiver<Turn>) {
        let mut turns = Vec::new();
        while ended.recv_many(&mut turns, TOGETHER).await > 0 {
            let together = std::mem::take(&mut turns);
            match self.record(&together).await {
                Ok(()) => {}
                Err(error) => {
                    tracing::warn!(%error, "what became of notifications could not be recorded together; each lane is tried by itself");
                    for turn in together {
                        self.record_alone(turn).await;
                    }
                }
            }
        }
    }

    /// Where something in what the other side said can't be stored, the rest is.
    async fn record_alone(&self, turn: Turn) {
        let turn = [turn];
        if self.record(&turn).await.is_ok() {
            return;
        }
        let [mut turn] = turn;
        for fate in &mut turn.fates {
            fate.error = fate.error.take().map(|_| "what was said can't be stored".to_owned());
            fate.attempt = None;
        }
        turn.handback.last_error = None;
        if let Err(error) = self.record(&[turn]).await {
            tracing::error!(%error, "a bug: what became of notifications can't be recorded; they are sent again");
        }
    }

    /// Tries it until it has worked. An error is of the data.
    async fn record(&self, turns: &[Turn]) -> Result<(), Error> {
        let fates: Vec<_> = turns.iter().flat_map(|turn| &turn.fates).collect();
        let handbacks: Vec<_> = turns.iter().map(|turn| &turn.handback).collect();
        let mut is_failing = false;
        loop {
            let work = async |conn: &mut PgConnection| lanes::record(conn, &fates, &handbacks).await;
            match self.database.notify.run(STATEMENT, work).await {
                Ok(is_due) => {
                    for fate in &fates {
                        self.metrics.notification(self.channel.as_str(), fate.status.as_str(), fate.delay);
                    }
                    if is_due {
                        self.hints.notify_one();
                    }
                    return Ok(());
                }
                Err(error @ (Error::Refused(_) | Error::Corrupt { .. })) => return Err(error),
                Err(error) => {
                    if !is_failing {
                        tracing::warn!(%error, "what became of notifications could not be recorded; it is tried again");
                    }
                    is_failing = true;
                    tokio::time::sleep(AGAIN).await;
                }
            }
        }
    }
}
