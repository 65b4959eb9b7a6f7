//! Sockets whose credential is good no more, or may follow tasks no more: found within half a minute, and closed. Their
//! clients are told whether to come back with another.
//! Also notes, now and then, which keys and sessions are used.

use std::{collections::HashSet, sync::Arc, time::Duration};

use super::{Round, Workers};
use crate::{
    bus::{Seat, seats::Verdict},
    domain::credential::Credential,
    store::{self, credentials},
};

const INTERVAL: Duration = Duration::from_secs(15);
/// Credentials in one query.
const CHUNK: usize = 1_000;

pub(super) async fn run(workers: Workers) {
    let mut round = Round::new("credentials", workers.metrics.clone());
    loop {
        tokio::time::sleep(INTERVAL.mul_f64(rand::random_range(0.8..1.0))).await;
        let seats = workers.bus.seats.all();
        round.run(once(&workers, &seats)).await;
    }
}

/// Closes sockets, and tells their clients whether another credential will do.
async fn end(workers: &Workers, seats: &[&Arc<Seat>]) -> Result<(), store::Error> {
    let used: HashSet<Credential> = seats.iter().map(|seat| seat.credential).collect();
    let used: Vec<Credential> = used.into_iter().collect();
    for chunk in used.chunks(CHUNK) {
        let outdated = workers.authenticator.outdated(chunk).await?;
        for seat in seats.iter().filter(|seat| chunk.contains(&seat.credential)) {
            seat.end(match outdated.get(&seat.credential) {
                Some(how) => Verdict::Outdated(*how),
                None => Verdict::Revoked,
            });
        }
    }
    Ok(())
}

async fn once(workers: &Workers, seats: &[Arc<Seat>]) -> Result<(), store::Error> {
    let used: HashSet<Credential> = seats.iter().map(|seat| seat.credential).collect();
    let used: Vec<Credential> = used.into_iter().collect();
    let mut good = HashSet::new();
    for chunk in used.chunks(CHUNK) {
        good.extend(workers.authenticator.still_subscribed(chunk).await?);
    }
    let bad: Vec<&Arc<Seat>> = seats.iter().filter(|seat| !good.contains(&seat.credential)).collect();
    end(workers, &bad).await?;
    // A round that fails forgets them: the next use is noted again.
    let used = workers.authenticator.take_used();
    let (keys, sessions): (Vec<_>, Vec<_>) =
        (used.keys.into_iter().collect(), used.sessions.into_iter().collect());
    if !keys.is_empty() || !sessions.is_empty() {
        let mut conn = workers.database.work.checkout().await?;
        credentials::touch(&mut conn, &keys).await?;
        credentials::seen(&mut conn, &sessions).await?;
        conn.done();
    }
    Ok(())
}
