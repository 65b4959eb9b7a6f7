//! A sweep of what is due at a moment. It sleeps until the earliest moment that it knows of, and then works on what is due.
//! This instance wakes it when it writes something that is due soon. It sleeps for 3 s at most: another instance may have
//! written something earlier, and died before its own sweep came to it.
//!
//! It serves all workspaces. A batch that fails is halved until the row that is to blame stands alone; that row is
//! passed over for a while, so that all others go on.

use std::{
    future::Future,
    marker::PhantomData,
    time::{Duration, Instant},
};

use super::{
    Round, Workers,
    passed_over::PassedOver,
    step::{Step, may_be_too_much},
};
use crate::{
    approvals::{
        LOOK,
        expire::{Failed, Swept},
    },
    domain::ids::ApprovalId,
    store::{self, sweep::Next},
};

const LONGEST_SLEEP: Duration = LOOK;
/// The pause where nothing could be done about what is due.
const AGAIN: Duration = Duration::from_secs(1);
/// When a round leaves the rest to the next.
const LONG: Duration = Duration::from_secs(1);

/// What is due at a moment, and what is done about it.
pub(super) trait Due: Send + 'static {
    /// Time that several instances with the same moment in mind spread their look over.
    const SPREAD: Duration;
    /// Most in one statement.
    const BATCH: i64;
    /// What the log says of a batch that failed.
    const FAILED: &'static str;
    /// What the log says of a row that is passed over.
    const CANT: &'static str;

    /// Completes when something that is due soon was written here.
    fn soon(workers: &Workers) -> impl Future<Output = ()> + Send;

    /// How far off the next one is.
    fn next(workers: &Workers) -> impl Future<Output = Result<Next, store::Error>> + Send;

    /// Works on what is due, up to `most` of it and without `besides`.
    fn work(
        workers: &Workers,
        most: i64,
        besides: &[ApprovalId],
    ) -> impl Future<Output = Result<Swept, Failed>> + Send;
}

/// Sweeps for ever. After each round `tell` hears how long ago one worked, and how long something is overdue.
pub(super) async fn run<D: Due>(
    workers: Workers,
    mut round: Round,
    tell: impl Fn(Duration, Duration) + Send,
) {
    let mut sweep = Sweep::<D> {
        step: Step::new(D::BATCH),
        passed_over: PassedOver::default(),
        done: 0,
        of: PhantomData,
    };
    loop {
        let next = round.run(sweep.once(&workers)).await;
        tell(round.lag(), if let Some(Next::Overdue(overdue)) = next { overdue } else { Duration::ZERO });
        let pause = match next {
            Some(Next::In(time)) => time.min(LONGEST_SLEEP),
            // A full round leaves the rest to the next. What one could do nothing about is not tried again at once.
            Some(Next::Overdue(_)) if sweep.done > 0 => D::SPREAD,
            Some(Next::None) => LONGEST_SLEEP,
            Some(Next::Overdue(_)) | None => AGAIN,
        };
        tokio::select! {
            () = tokio::time::sleep(pause + D::SPREAD.mul_f64(rand::random_range(0.0..1.0))) => {}
            // Many that come together are looked at together.
            () = D::soon(&workers) => tokio::time::sleep(D::SPREAD).await,
        }
    }
}

struct Sweep<D> {
    step: Step,
    passed_over: PassedOver,
    /// How many the last round worked on.
    done: usize,
    of: PhantomData<D>,
}

impl<D: Due> Sweep<D> {
    /// Works on what is due; answers how far off the next one is then.
    async fn once(&mut self, workers: &Workers) -> Result<Next, store::Error> {
        let begun = Instant::now();
        self.done = 0;
        let next = D::next(workers).await?;
        let mut more = matches!(next, Next::Overdue(_));
        if !more {
            return Ok(next);
        }
        while more && begun.elapsed() < LONG {
            let besides = self.passed_over.now();
            match D::work(workers, self.step.size(), &besides).await {
                Ok(swept) => {
                    self.passed_over.add(&swept.unreadable, D::CANT);
                    self.done += swept.done;
                    // Where nothing was done, others are at all that is left.
                    more = swept.full && (swept.done > 0 || !swept.unreadable.is_empty());
                    self.step.worked();
                }
                Err(Failed { error, batch }) if may_be_too_much(&error) => {
                    tracing::warn!(%error, size = self.step.size(), "{}; fewer are tried", D::FAILED);
                    if !self.step.halved() {
                        self.passed_over.add(&batch, D::CANT);
                    }
                }
                Err(failed) => return Err(failed.error),
            }
        }
        D::next(workers).await
    }
}
