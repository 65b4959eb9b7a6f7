//! The router of notifications: it runs as soon as this instance has committed something that people are told of, and
//! now and then for what instances that died have left.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use super::{
    Round, Workers,
    step::{Step, may_be_too_much},
};
use crate::{
    notify::router::{BATCH, Router},
    store,
};

/// Longest that a cause of an instance that died waits.
const LONGEST_SLEEP: Duration = Duration::from_secs(3);
/// What happens together is routed together.
const GATHER: Duration = Duration::from_millis(5);
/// The same where the last round found `MANY` causes or more. A transaction costs nearly as much for one cause as for
/// fifty, and people don't see these milliseconds.
const GATHER_MANY: Duration = Duration::from_millis(40);
const MANY: usize = 10;
/// When a round leaves the rest to the next.
const LONG: Duration = Duration::from_secs(1);
/// How far back a round looks, beyond what the last one took: longer than any transaction may live.
const OVERLAP: chrono::Duration = chrono::Duration::seconds(15);
/// How often a round looks at everything.
const WHOLE: Duration = Duration::from_secs(30);

pub(super) async fn run(workers: Workers, router: Router) {
    let mut round = Round::new("router", workers.metrics.clone());
    let mut routing =
        Routing { router, step: Step::new(BATCH), last: None, whole_at: Instant::now(), found: 0 };
    loop {
        if round.run(routing.round()).await == Some(true) {
            continue;
        }
        let pause = LONGEST_SLEEP.mul_f64(rand::random_range(0.7..1.0));
        tokio::select! {
            () = workers.approvals.caused() => tokio::time::sleep(routing.gather()).await,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

struct Routing {
    router: Router,
    step: Step,
    /// When the last cause that was taken was due.
    last: Option<DateTime<Utc>>,
    whole_at: Instant,
    /// How many causes the last round found.
    found: usize,
}

impl Routing {
    /// How long the next round waits for more causes, once there is one.
    fn gather(&self) -> Duration {
        if self.found >= MANY { GATHER_MANY } else { GATHER }
    }

    /// Routes what is due, for a while; answers whether there is more.
    async fn round(&mut self) -> Result<bool, store::Error> {
        let begun = Instant::now();
        let is_whole = self.whole_at.elapsed() >= WHOLE || self.last.is_none();
        if is_whole {
            self.whole_at = Instant::now();
        }
        let floor = self.last.filter(|_| !is_whole).map(|last| last - OVERLAP);
        self.found = 0;
        while begun.elapsed() < LONG {
            let limit = self.step.size();
            match self.router.route(floor, limit).await {
                Ok(routed) => {
                    self.step.worked();
                    self.last = routed.last.max(self.last);
                    self.found += routed.causes;
                    if i64::try_from(routed.causes).is_ok_and(|count| count < limit) {
                        return Ok(false);
                    }
                }
                Err(error) if may_be_too_much(&error) => {
                    tracing::warn!(%error, size = limit, "causes could not be routed; fewer are tried");
                    if !self.step.halved() {
                        self.router.put_off().await?;
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }
}
