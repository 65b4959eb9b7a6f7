//! Links new rows of the audit log. Every instance runs it; the first does the work, and the others stand
//! back as long as it goes on.

use std::time::Duration;

use super::{
    Health, Round, Workers,
    step::{Step, may_be_too_much},
};
use crate::{
    audit::chainer::{Chainer, Done, PAGE},
    store,
    telemetry::Chains,
};

/// Between two looks: a row waits for half of it on average, far less than the second that is promised.
const INTERVAL: Duration = Duration::from_millis(250);
/// The same after some looks that found nothing. A row that comes then is still linked within the second.
const QUIET_INTERVAL: Duration = Duration::from_millis(800);
/// How many such looks.
const QUIET: u32 = 8;

/// What waits longer than this for its link is late.
const LATE: Duration = Duration::from_secs(15);

pub(super) async fn run(workers: Workers, health: Health) {
    let mut round = Round::new("audit", workers.metrics.clone());
    let mut step = Step::new(PAGE);
    let mut chainer = Chainer::new(workers.instance.clone());
    let mut empty = 0;
    loop {
        let done = round.run(link(&mut chainer, &workers, &mut step)).await;
        let waits = done.as_ref().map_or(Duration::ZERO, |done| done.lag);
        health.audit.set(round.lag() < LATE && waits < LATE);
        if let Some(done) = done {
            workers.metrics.chains(figures(&done));
            let is_empty = done.links == 0 && !done.stood_back && done.lag.is_zero();
            empty = if is_empty { empty + 1 } else { 0 };
            if done.more {
                continue;
            }
        }
        let interval = if empty < QUIET { INTERVAL } else { QUIET_INTERVAL };
        tokio::time::sleep(interval.mul_f64(rand::random_range(0.7..1.0))).await;
    }
}

/// Links once. What fails is tried again with half as much.
async fn link(chainer: &mut Chainer, workers: &Workers, step: &mut Step) -> Result<Done, store::Error> {
    let done = chainer.round(&workers.database.work, step.size()).await;
    match &done {
        Ok(_) => step.worked(),
        Err(error) if may_be_too_much(error) => {
            step.halved();
        }
        Err(_) => {}
    }
    done
}

fn figures(done: &Done) -> Chains {
    Chains { links: done.links, unlinked: done.unlinked, lag: done.lag, stuck: done.stuck }
}
