//! Sending hints: one task with one connection, in the order in which changes were committed.
//!
//! Callers hand over and go on. What can't be sent in time is kept, up to a bound, and tried again half a second
//! later: the sweep wakes meanwhile, and a Redis that hangs must not pile up work here.

use std::{collections::BTreeSet, time::Duration};

use deadpool_redis::{Connection, redis};
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, sleep_until, timeout},
};

use super::{
    Error, Redis,
    message::{Change, Letter},
    names::Names,
    owners::{self, Owner},
    redis::COMMAND,
};
use crate::{domain::event::TaskKey, lifecycle::Lifecycle, telemetry::Metrics};

/// Hints that may wait to be sent.
const QUEUE: usize = 16_384;
/// Hints that go into one message at most: some 10 KB, and mostly 60 KB where they have outcomes with them.
const MESSAGE: usize = 128;
/// Hints that are kept for when Redis is back.
const KEPT: usize = 4_096;
/// What is told of hints that the server refuses.
const TELLING: &str = "publish";
/// How long a failure keeps us from trying again.
const OPEN: Duration = Duration::from_millis(500);

/// Takes hints. Clones share one connection.
#[derive(Clone)]
pub struct Publisher {
    queue: mpsc::Sender<Hint>,
    metrics: Metrics,
    names: Names,
}

enum Hint {
    /// For all: an approval changed.
    Change(Change),
    /// For the owner of its connection, wherever that is: a task got events.
    Events(TaskKey),
    /// For one instance.
    Letter(String, Letter),
    /// A connection is ours; the sender hears when the others can know.
    Owned(Owner, Option<oneshot::Sender<()>>),
    /// It is no longer.
    Released(Owner),
}

impl Publisher {
    pub(super) fn start(redis: Redis, names: &Names, metrics: Metrics, lifecycle: &Lifecycle) -> Self {
        let (queue, hints) = mpsc::channel(QUEUE);
        let actor = Actor {
            redis,
            names: names.clone(),
            connection: None,
            kept: Vec::new(),
            closed_until: Instant::now(),
            failing: false,
            metrics: metrics.clone(),
        };
        lifecycle.spawn_service("publisher", actor.run(hints, lifecycle.clone()));
        Self { queue, metrics, names: names.clone() }
    }

    /// Tells the other instances. Never waits and never fails.
    pub fn changed(&self, change: Change) {
        self.send(Hint::Change(change));
    }

    /// Tells the instance with the task's socket that there are events.
    pub fn events(&self, key: TaskKey) {
        self.send(Hint::Events(key));
    }

    /// Tells one instance.
    pub fn letter(&self, instance: &str, letter: Letter) {
        self.send(Hint::Letter(instance.to_owned(), letter));
    }

    /// Makes it known that a connection is ours. Completes when it is known, or can't be made so now.
    pub async fn owned(&self, owner: Owner) {
        let (known, knowing) = oneshot::channel();
        self.send(Hint::Owned(owner, Some(known)));
        // Dropped where it failed: the sweep makes up for what is not sent to us meanwhile.
        let _ = knowing.await;
    }

    /// A connection is no longer there.
    pub fn released(&self, owner: Owner) {
        self.send(Hint::Released(owner));
    }

    pub(super) fn canary(&self, number: u64) {
        let own = self.names.instance.clone();
        self.send(Hint::Letter(own, Letter::Canary(number)));
    }

    fn send(&self, hint: Hint) {
        if self.queue.try_send(hint).is_err() {
            self.metrics.hints_dropped("queue_full", 1);
        }
    }
}

struct Actor {
    redis: Redis,
    names: Names,
    connection: Option<Connection>,
    /// What could not be sent yet.
    kept: Vec<Hint>,
    /// The breaker: nothing is tried before.
    closed_until: Instant,
    /// A failure that lasts is logged once.
    failing: bool,
    metrics: Metrics,
}

impl Actor {
    async fn run(mut self, mut hints: mpsc::Receiver<Hint>, lifecycle: Lifecycle) {
        let mut taken = Vec::with_capacity(MESSAGE);
        loop {
            tokio::select! {
                // Whatever was handed over before the end is still sent.
                biased;
                count = hints.recv_many(&mut taken, MESSAGE) => if count == 0 {
                    return;
                },
                () = sleep_until(self.closed_until), if !self.kept.is_empty() => {}
                () = lifecycle.stopping().cancelled() => return,
            }
            self.keep(&mut taken);
            if Instant::now() >= self.closed_until {
                self.send().await;
            } else {
                // By the time they are sent the sweep has told it. Then they need no room for it either.
                self.kept.iter_mut().for_each(Hint::forget_proof);
            }
        }
    }

    /// Queues behind what is left over; the oldest go where there are too many.
    fn keep(&mut self, taken: &mut Vec<Hint>) {
        self.kept.append(taken);
        let excess = self.kept.len().saturating_sub(KEPT);
        if excess > 0 {
            self.metrics.hints_dropped("redis_failed", excess);
            self.kept.drain(..excess);
        }
    }

    async fn send(&mut self) {
        while !self.kept.is_empty() {
            let count = self.kept.len().min(MESSAGE);
            let hints: Vec<Hint> = self.kept.drain(..count).collect();
            let result = self.try_send(&hints).await;
            if let Err(error) = result {
                self.kept.splice(0..0, hints.into_iter().filter_map(Hint::for_later));
                self.fail(&error);
                return;
            }
            for hint in hints {
                if let Hint::Owned(_, Some(known)) = hint {
                    // The part that asked may have gone.
                    let _ = known.send(());
                }
            }
            if self.failing {
                tracing::info!("publishing works again");
                self.failing = false;
            }
        }
    }

    fn fail(&mut self, error: &Error) {
        if !self.failing {
            tracing::warn!(%error, "could not publish; until it works again, the sweep wakes instead");
        }
        self.failing = true;
        // Its state is unknown: not for the pool.
        if let Some(connection) = self.connection.take() {
            drop(Connection::take(connection));
        }
        self.closed_until = Instant::now() + OPEN;
    }

    async fn try_send(&mut self, hints: &[Hint]) -> Result<(), Error> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            // Kept from here on: a checkout from the pool pings first, which would double the way.
            none => none.insert(self.redis.connection().await?),
        };
        match timeout(COMMAND, pipeline(&self.names, hints).exec_async(connection)).await? {
            // The server refused one of them (out of memory, a key of another kind), and ran the others: sending all
            // of them again and again would help nobody.
            Err(error) if error.code().is_some() => {
                self.redis.tell(TELLING, &Err::<(), Error>(error.into()));
                self.metrics.hints_dropped("refused", 1);
                Ok(())
            }
            done => {
                done?;
                self.redis.tell(TELLING, &Ok::<_, Error>(()));
                Ok(())
            }
        }
    }
}

/// All hints as one message to Redis. What says who owns a task goes before what is sent to the owner.
fn pipeline(names: &Names, hints: &[Hint]) -> redis::Pipeline {
    let mut all = redis::pipe();
    let (mut owned, mut released, mut changes, mut events) =
        (Vec::new(), Vec::new(), Vec::new(), BTreeSet::new());
    for hint in hints {
        match hint {
            Hint::Owned(it, _) => owned.push(it.clone()),
            Hint::Released(it) => released.push(it.clone()),
            Hint::Events(task) => drop(events.insert(task.clone())),
            Hint::Change(change) => changes.push(change),
            Hint::Letter(..) => {}
        }
    }
    if !owned.is_empty() {
        all.add_command(owners::hold(names, &owned)).ignore();
    }
    if !released.is_empty() {
        all.add_command(owners::let_go(names, &released)).ignore();
    }
    if !changes.is_empty() {
        all.publish(names.changes(), Change::encode(changes)).ignore();
    }
    if !events.is_empty() {
        let lines: Vec<_> =
            events.into_iter().map(|task| (task.clone(), Letter::Events(task).encode())).collect();
        all.add_command(owners::route(names, &lines)).ignore();
    }
    for hint in hints {
        if let Hint::Letter(instance, letter) = hint {
            all.publish(names.inbox_of(instance), letter.encode()).ignore();
        }
    }
    all
}

impl Hint {
    fn forget_proof(&mut self) {
        if let Self::Change(change) = self {
            change.proof = None;
        }
    }

    /// What is worth sending when Redis is back.
    fn for_later(mut self) -> Option<Self> {
        self.forget_proof();
        match self {
            // One that comes late would prove nothing.
            Self::Letter(_, Letter::Canary(_)) => None,
            // Nobody waits for Redis.
            Self::Owned(owner, _) => Some(Self::Owned(owner, None)),
            other => Some(other),
        }
    }
}
