//! Writes down what became of the turns of lanes. A message whose outcome is not written down is sent again. So the
//! recorder tries until it has worked, or the instance ends.

use std::{sync::Arc, time::Duration};

use sqlx::PgConnection;
use tokio::sync::{Notify, mpsc};

use super::{deliver::STATEMENT, turn::Turn};
use crate::{
    domain::notification::Channel,
    store::{Database, Error, lanes},
    telemetry::{Metrics, Seldom},
};

/// Turns that are recorded together, at most.
const TOGETHER: usize = 32;
/// How often the log says that a destination is left alone.
const HELD: Duration = Duration::from_mins(1);
/// The pause between two tries to record.
const AGAIN: Duration = Duration::from_millis(500);

/// Writes down what became of the turns of one channel.
pub(super) struct Recorder {
    pub database: Database,
    pub metrics: Metrics,
    pub channel: Channel,
    /// Wakes the deliverer when a lane that is given back is due again.
    pub hints: Arc<Notify>,
}

/// Logs which destination is left alone, and why. Once a minute at most: a relay that is away concerns many lanes.
fn tell(channel: Channel, turns: &[Turn], held: &Seldom) {
    for handback in turns.iter().map(|turn| &turn.handback).filter(|it| !it.hold.is_zero()) {
        let Some(unsaid) = held.turn() else { continue };
        tracing::warn!(
            channel = channel.as_str(),
            destination = handback.lease.destination,
            workspace = %handback.lease.workspace,
            seconds = handback.hold.as_secs(),
            error = handback.last_error.as_deref().unwrap_or_default(),
            unsaid,
            "a destination is left alone for a while"
        );
    }
}

impl Recorder {
    /// Records turns as they end. Turns that end during a statement are recorded together by the next one.
    pub async fn run(self, mut ended: mpsc::Receiver<Turn>) {
        let held = Seldom::new(HELD);
        let mut turns = Vec::new();
        while ended.recv_many(&mut turns, TOGETHER).await > 0 {
            let together = std::mem::take(&mut turns);
            tell(self.channel, &together, &held);
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

    /// Records one turn. If the other side's words can't be stored, everything else is stored.
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

    /// Tries to record until it has worked. It fails only where the data can't be stored.
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
                    if is_failing {
                        tracing::info!("what became of notifications is recorded again");
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
