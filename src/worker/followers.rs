//! The event sweep: finds events that a socket here was not told of.
//!
//! Like the sweep of outcomes it costs by what is smaller, the events of the last seconds or the sockets here,
//! and its window overlaps the round before by more than any transaction may live. After a pause longer than that,
//! and after every confirmed subscription, all sockets' tasks are looked at once, and so is who owns them.

use std::{collections::HashMap, sync::Arc};

use super::{Pace, Round, Workers, outcomes::WINDOW};
use crate::{
    bus::Seat,
    domain::event::TaskKey,
    store::{self, events},
};

/// Up to so many sockets' tasks are asked for by name; more, by the window.
const FEW: usize = 256;
/// Names in one query.
const CHUNK: usize = 1_000;

pub(super) async fn run(workers: Workers) {
    let mut round = Round::new("followers", workers.metrics.clone());
    let mut pace = Pace::new(&workers);
    while let Some(everything) = pace.next(&round).await {
        let seats = workers.bus.seats.all();
        if round.run(look(&workers, &seats, everything)).await.is_some() {
            pace.done();
            if everything {
                for seat in &seats {
                    seat.doubt();
                }
            }
        }
    }
}

async fn look(workers: &Workers, seats: &[Arc<Seat>], everything: bool) -> Result<(), store::Error> {
    if seats.is_empty() {
        return Ok(());
    }
    let mut conn = workers.database.work.checkout().await?;
    let mut heads: HashMap<TaskKey, i64> = HashMap::new();
    if everything || seats.len() <= FEW {
        for chunk in seats.chunks(CHUNK) {
            let keys: Vec<TaskKey> = chunk.iter().map(|seat| seat.key.clone()).collect();
            heads.extend(events::heads(&mut conn, &keys).await?);
        }
    } else {
        heads.extend(events::heads_within(&mut conn, WINDOW).await?);
    }
    conn.done();
    for seat in seats {
        if heads.get(&seat.key).is_some_and(|head| *head > seat.position()) {
            seat.look();
        }
    }
    Ok(())
}
