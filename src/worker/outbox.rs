//! Looks after what waits to be sent: counts it, wakes lanes that no one would look at, and gives up what waits for a
//! channel that no instance serves.

use std::time::{Duration, Instant};

use sqlx::PgConnection;

use super::{Round, Workers};
use crate::{
    domain::notification::Channel,
    notify::slack::trouble,
    store::{Error, causes, lanes},
    telemetry::outbox::{Causes, Lanes},
};

/// Between two countings.
const INTERVAL: Duration = Duration::from_secs(10);
/// Between two looks for forgotten lanes.
const FORGOTTEN: Duration = Duration::from_secs(30);
/// Notifications that are given up at once.
const MOST: i64 = 1_000;
/// Longest that a look may take.
const LOOK: Duration = Duration::from_secs(4);

pub(super) async fn run(workers: Workers) {
    let mut round = Round::new("outbox", workers.metrics.clone());
    let mut looked: Option<Instant> = None;
    loop {
        let is_due = looked.is_none_or(|at| at.elapsed() >= FORGOTTEN);
        if let Some(slack) = workers.outbox.as_ref().and_then(|outbox| outbox.slack.as_ref()) {
            let relay = workers.outbox.as_ref().and_then(|outbox| outbox.router.relay());
            round.run(trouble::tell(&workers.database, slack, relay)).await;
        }
        if round.run(look(&workers, is_due)).await.is_some() && is_due {
            looked = Some(Instant::now());
        }
        tokio::time::sleep(INTERVAL.mul_f64(rand::random_range(0.8..1.2))).await;
    }
}

async fn look(workers: &Workers, for_forgotten: bool) -> Result<(), Error> {
    let work = async |conn: &mut PgConnection| {
        let (mut woken, mut given_up) = (0, 0);
        if for_forgotten {
            woken = lanes::wake_forgotten(&mut *conn).await?;
            given_up = lanes::give_up(&mut *conn, MOST).await?;
        }
        let causes = causes::standing(&mut *conn).await?;
        Ok((woken, given_up, causes, lanes::standing(conn).await?))
    };
    let (woken, given_up, (stuck, oldest_seconds), lanes) = workers.database.notify.run(LOOK, work).await?;
    if woken > 0 {
        tracing::warn!(lanes = woken, "notifications waited in lanes that were not due; they are sent now");
    }
    if given_up > 0 {
        tracing::warn!(
            notifications = given_up,
            "notifications were given up: no instance serves their channel"
        );
    }
    workers.metrics.causes(Causes { stuck, oldest_seconds });
    let none = Lanes { due: 0, held: 0, failing: 0, oldest_seconds: 0.0 };
    for channel in [Channel::Email, Channel::Slack, Channel::Webhook].map(Channel::as_str) {
        workers.metrics.lanes(channel, lanes.get(channel).copied().unwrap_or(none));
    }
    Ok(())
}
