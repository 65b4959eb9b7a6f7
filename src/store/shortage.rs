//! Where Postgres gives fewer connections than the pools want.
//!
//! The driver waits for a connection and says only that it waited in vain. So where that happens, the probe opens a
//! connection of its own and hears why. Where the server has no more to give, each pool makes do with what it has, and
//! one that has none gets one of the others'. Each keeps one.

use std::{sync::PoisonError, time::Duration};

use sqlx::{Connection, PgConnection};
use tokio::time::{Instant, timeout};

use super::{
    Error,
    pool::{Database, Pool},
};

/// Longest that a connection may take which is opened to hear why others can't be.
const TRY: Duration = Duration::from_secs(2);
/// How often it is tried whether there are more again.
const AGAIN: Duration = Duration::from_secs(3);

/// What is known of it.
#[derive(Debug, Default)]
pub struct Shortage {
    /// Why no further connection can be opened.
    reason: Option<String>,
    /// What was said of it last, until it is over.
    said: Option<String>,
    /// When it was last tried.
    tried: Option<Instant>,
}

impl Database {
    /// Whether Postgres gives fewer connections than the pools want, or none any more.
    pub fn is_short(&self) -> bool {
        self.shortage.lock().unwrap_or_else(PoisonError::into_inner).reason.is_some()
    }

    /// Sees to it that each pool has a connection before it is needed, and finds out why one can't have any.
    pub(super) async fn share_out(&self) {
        let starved = self.health.take_starved();
        let (is_short, due) = {
            let shortage = self.shortage.lock().unwrap_or_else(PoisonError::into_inner);
            (shortage.reason.is_some(), shortage.tried.is_none_or(|tried| tried.elapsed() >= AGAIN))
        };
        if starved || (is_short && due) {
            // What it found has been said, and is remembered.
            let _ = self.look_for_room().await;
        } else if !is_short {
            // One that can't be opened within its time is found out about in the next round.
            futures_util::future::join_all(self.pools().map(Pool::warm)).await;
        }
    }

    /// Opens a connection of its own, to hear what the server says; answers with that if it refuses.
    pub(super) async fn look_for_room(&self) -> Result<(), Error> {
        let opening = async {
            let conn = PgConnection::connect_with(&self.options).await?;
            conn.close().await
        };
        let opened: Result<(), Error> = match timeout(TRY, opening).await {
            Ok(opened) => opened.map_err(Error::from),
            Err(elapsed) => Err(elapsed.into()),
        };
        let was_short = {
            let mut shortage = self.shortage.lock().unwrap_or_else(PoisonError::into_inner);
            shortage.tried = Some(Instant::now());
            let before = shortage.reason.take();
            if let Err(error) = &opened {
                let reason = error.to_string();
                if shortage.said.as_ref() != Some(&reason) {
                    tracing::warn!(
                        reason,
                        open = self.pools().map(Pool::connections).iter().sum::<usize>(),
                        wanted = self.pools().map(Pool::size).iter().sum::<usize>(),
                        "no further connection to Postgres can be opened; calls make do with those that are open \
                         (docs/operating.md, \"Too few connections\")"
                    );
                }
                shortage.said = Some(reason.clone());
                shortage.reason = Some(reason);
            }
            before.is_some()
        };
        match &opened {
            Err(error) if error.is_too_many_connections() => self.make_do(),
            Ok(()) if was_short => self.grow(),
            Ok(()) | Err(_) => {}
        }
        opened
    }

    /// Each pool lets in as many as it has connections; one that has none gets one of another's.
    fn make_do(&self) {
        let pools = self.pools();
        for pool in pools {
            pool.gate.allow(pool.connections());
        }
        for _ in pools.iter().filter(|pool| pool.connections() == 0) {
            let richest = pools.iter().max_by_key(|pool| pool.gate.allowed().min(pool.connections()));
            if let Some(giver) = richest
                && giver.connections() > 1
            {
                giver.gate.allow(giver.gate.allowed() - 1);
                giver.give_one_back();
            }
        }
    }

    /// There is room again: one pool after the other gets more, so that the limit is found without running into it.
    fn grow(&self) {
        let pools = self.pools();
        let closed = pools.iter().filter(|pool| !pool.gate.is_open());
        if let Some(pool) = closed.min_by_key(|pool| pool.gate.allowed() * 100 / pool.size().max(1)) {
            pool.gate.allow(pool.gate.allowed() + 1);
        }
        let mut shortage = self.shortage.lock().unwrap_or_else(PoisonError::into_inner);
        if pools.iter().all(|pool| pool.gate.is_open()) {
            shortage.said = None;
            tracing::info!("connections to Postgres can be opened again");
        } else {
            shortage.reason.get_or_insert_with(|| "there was no room a moment ago".to_owned());
            // It goes on in the next round.
            shortage.tried = None;
        }
    }
}

impl Pool {
    /// Connections that are open, without those that are being opened.
    pub(super) fn connections(&self) -> usize {
        self.usage().1 as usize + self.gate.used()
    }

    /// Opens the first connection, if there is none.
    async fn warm(&self) {
        if self.usage().0 == 0
            && let Ok(conn) = self.checkout().await
        {
            conn.done();
        }
    }

    /// An idle connection, or the next that comes back, is closed.
    fn give_one_back(&self) {
        match self.inner.try_acquire() {
            Some(mut conn) => conn.close_on_drop(),
            None => self.gate.give_back(),
        }
    }
}
