//! Looks after what waits to be sent: counts it, wakes lanes that no one would look at, and gives up what waits for a
//! channel that no instance serves. Each of these is a round of its own: one that fails keeps none of the others.

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
/// Between two looks for forgotten lanes, and for what has waited too long.
const FORGOTTEN: Duration = Duration::from_secs(30);
/// Notifications that are given up at once.
const MOST: i64 = 1_000;
/// Longest that a look may take.
const LOOK: Duration = Duration::from_secs(4);
/// Longest that one of the two countings may take.
const COUNTING: Duration = Duration::from_secs(2);

pub(super) async fn run(workers: Workers) {
    let mut counting = Round::new("outbox", workers.metrics.clone());
    let mut telling = Round::new("slack_trouble", workers.metrics.clone());
    let mut waking = Round::new("forgotten_lanes", workers.metrics.clone());
    let mut giving_up = Round::new("overdue_notifications", workers.metrics.clone());
    let mut looked: Option<Instant> = None;
    loop {
        counting.run(count(&workers)).await;
        if let Some(slack) = workers.outbox.as_ref().and_then(|outbox| outbox.slack.as_ref()) {
            let relay = workers.outbox.as_ref().and_then(|outbox| outbox.router.relay());
            telling.run(trouble::tell(&workers.database, slack, relay)).await;
        }
        if looked.is_none_or(|at| at.elapsed() >= FORGOTTEN) {
            looked = Some(Instant::now());
            waking.run(wake_forgotten(&workers)).await;
            giving_up.run(give_up(&workers)).await;
        }
        tokio::time::sleep(INTERVAL.mul_f64(rand::random_range(0.8..1.2))).await;
    }
}

/// Counts causes and lanes, each also where the other can't be counted.
async fn count(workers: &Workers) -> Result<(), Error> {
    let causes = count_causes(workers).await;
    count_lanes(workers).await.and(causes)
}

async fn count_causes(workers: &Workers) -> Result<(), Error> {
    let work = async |conn: &mut PgConnection| causes::standing(conn).await;
    let (stuck, oldest_seconds) = workers.database.notify.run(COUNTING, work).await?;
    workers.metrics.causes(Causes { stuck, oldest_seconds });
    Ok(())
}

async fn count_lanes(workers: &Workers) -> Result<(), Error> {
    let work = async |conn: &mut PgConnection| lanes::standing(conn).await;
    let lanes = workers.database.notify.run(COUNTING, work).await?;
    let none = Lanes { due: 0, held: 0, failing: 0, oldest_seconds: 0.0 };
    for channel in [Channel::Email, Channel::Slack, Channel::Webhook].map(Channel::as_str) {
        workers.metrics.lanes(channel, lanes.get(channel).copied().unwrap_or(none));
    }
    Ok(())
}

async fn wake_forgotten(workers: &Workers) -> Result<(), Error> {
    let work = async |conn: &mut PgConnection| lanes::wake_forgotten(conn).await;
    let woken = workers.database.notify.run(LOOK, work).await?;
    if woken > 0 {
        tracing::warn!(lanes = woken, "notifications waited in lanes that were not due; they are sent now");
    }
    Ok(())
}

async fn give_up(workers: &Workers) -> Result<(), Error> {
    let work = async |conn: &mut PgConnection| lanes::give_up(conn, MOST).await;
    let given_up = workers.database.notify.run(LOOK, work).await?;
    if given_up > 0 {
        tracing::warn!(
            notifications = given_up,
            "notifications were given up: no instance serves their channel"
        );
    }
    Ok(())
}
