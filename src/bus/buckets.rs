//! The `limit` keys: how much of each limit is used, counted for all instances.
//!
//! A key holds five numbers: what is *used*, as of which microsecond; and of that, what instances hold as leases: those
//! of the second in which the key was last touched, and of the one before. A key that isn't there is a full bucket, so
//! each expires when it would say no more than that. Time is Redis' own: no instance's clock matters, and where
//! Redis' clock is turned back, nothing comes in until it goes on, and nothing is locked for longer.
//!
//! What stands in a key is **believed only as far as it can be true**: no more is used, and no more is leased, than a
//! bucket holds. So a key that was written by another hand locks nobody out for longer than the bucket takes to fill.
//! What has another form, is of another kind, or is longer than any state counts as if it were not there, and no more
//! than that is read of it. Answers are held to the same bounds.
//!
//! So **a key holds no debt**: it would be forgiven when it is read again. Where an instance charges more than is there,
//! the script takes what is there and answers how much is still *owed*. That instance keeps it, and settles it before
//! anything else with each of its questions, until it is paid.
//!
//! A **lease** is tokens that an instance took ahead, to spend without asking. Until it is settled it counts as used,
//! and that share of a bucket doesn't refill: otherwise a bucket could fill up again while its tokens are out, and
//! the limit would be exceeded by them. A lease that nobody settles (its holder died) is taken for spent at the end of
//! the next second; its holder must not spend it for so long.
//!
//! The script is sent whole each time; Redis keeps it compiled, and one that was restarted or flushed needs no
//! special care.

use std::time::Duration;

use deadpool_redis::redis::{self, Cmd, aio::MultiplexedConnection};
use tokio::time::sleep;

use super::{Error, Names, Redis};

/// Takes from buckets: for each group as many of what it asks for as all of its buckets have; leases from those that
/// are more than half full; and says how each bucket stands.
const TAKE: &str = include_str!("lua/take.lua");

const STEPS: u32 = 8;
/// Numbers that the script tells of each bucket.
const TELLS: usize = 4;

/// One bucket that a question is about.
#[derive(Debug, Clone)]
pub struct Share {
    pub key: String,
    pub per_second: f64,
    pub burst: u32,
    /// How many to lease, if it is more than half full then.
    pub ahead: u32,
    pub settled: Settled,
}

impl Share {
    /// Until an empty bucket is full: no wait is longer.
    fn longest(&self) -> Duration {
        Duration::try_from_secs_f64(f64::from(self.burst) / self.per_second).unwrap_or(Duration::MAX)
    }
}

/// A lease that has ended.
#[derive(Debug, Clone, Copy, Default)]
pub struct Settled {
    /// The second, by Redis' clock, in which it was taken.
    pub second: i64,
    pub size: u32,
    /// How much of it goes back, or of what else was taken and not needed. Less than nothing: so much more was spent.
    pub unspent: i64,
}

impl Settled {
    /// What was spent beyond what had been taken.
    fn debt(self) -> i64 {
        self.unspent.min(0).saturating_neg()
    }
}

/// So many that want a token of each of these buckets, or none.
#[derive(Debug, Clone)]
pub struct Group {
    pub count: usize,
    /// Places of the buckets in the question.
    pub buckets: Vec<usize>,
}

/// What is asked at once.
#[derive(Debug, Clone, Default)]
pub struct Question {
    pub shares: Vec<Share>,
    pub groups: Vec<Group>,
}

/// How one bucket stands.
#[derive(Debug, Clone, Copy)]
pub struct Told {
    /// Whole tokens that are left for everybody.
    pub free: u32,
    /// Until the next one is there; zero if one is.
    pub wait: Duration,
    /// Tokens that were leased to us.
    pub lease: u32,
    /// What was spent beyond what had been taken, and was not there either: it is to be settled again.
    pub owed: i64,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The second, by Redis' clock, in which leases were taken.
    pub second: i64,
    /// One for each of the question's buckets.
    pub told: Vec<Told>,
    /// How many of each group have their tokens.
    pub granted: Vec<usize>,
}

/// Asks, over a connection that it keeps.
pub struct Buckets {
    redis: Redis,
    names: Names,
    connection: Option<MultiplexedConnection>,
}

impl Buckets {
    /// Connects to nothing yet.
    pub fn new(redis: Redis, names: Names) -> Self {
        Self { redis, names, connection: None }
    }

    /// Says why Redis can't count requests, once.
    pub fn tell(&self, result: &Result<(), Error>) {
        self.redis.tell("count requests", result);
    }

    /// A new connection, and a question over it that changes nothing that matters: a Redis that answers pings but
    /// can't write (out of memory, a replica) is of no use here.
    pub async fn connect(&mut self, patience: Duration) -> Result<(), Error> {
        self.connection = Some(self.redis.lasting().await?);
        let key = self.names.bucket("probe", &self.names.instance);
        let share = Share { key, per_second: 1.0, burst: 60, ahead: 0, settled: Settled::default() };
        let groups = vec![Group { count: 1, buckets: vec![0] }];
        self.ask(&Question { shares: vec![share], groups }, patience).await.map(drop)
    }

    /// One round trip, which may take as long as our patience. After an error it is unknown whether it was done, and the connection is given up.
    pub async fn ask(&mut self, question: &Question, patience: Duration) -> Result<Answer, Error> {
        let connection = self.connection.as_mut().ok_or_else(|| Error::Setup("not connected".to_owned()))?;
        let command = command(question);
        let answer = tokio::select! {
            biased;
            answer = command.query_async::<Vec<i64>>(connection) => match answer {
                Ok(numbers) => read(question, &numbers),
                Err(error) => Err(error.into()),
            },
            () = run_out(patience) => Err(Error::TimedOut),
        };
        if answer.is_err() {
            self.connection = None;
        }
        answer
    }
}

/// Completes when patience has run out. It is measured in steps, each from the moment in which we were let run: on a
/// machine that is too busy for that, Redis is kept waiting just as we are, and isn't to blame.
async fn run_out(patience: Duration) {
    for _ in 0..STEPS {
        sleep(patience / STEPS).await;
    }
}

fn command(question: &Question) -> Cmd {
    let mut command = redis::cmd("EVAL");
    command.arg(TAKE).arg(question.shares.len());
    for share in &question.shares {
        command.arg(&share.key);
    }
    command.arg(question.groups.len());
    for Share { per_second, burst, ahead, settled, .. } in &question.shares {
        command.arg(per_second.to_string()).arg(burst).arg(ahead);
        command.arg(settled.second).arg(settled.size).arg(settled.unspent);
    }
    for group in &question.groups {
        command.arg(group.count).arg(group.buckets.len());
        for place in &group.buckets {
            command.arg(place + 1);
        }
    }
    command
}

fn read(question: &Question, numbers: &[i64]) -> Result<Answer, Error> {
    let shares = question.shares.len();
    if numbers.len() != 1 + TELLS * shares + question.groups.len() {
        return Err(Error::Setup(format!("{} numbers for {shares} buckets", numbers.len())));
    }
    let (second, rest) = (numbers[0], &numbers[1..]);
    let (told, granted) = rest.split_at(TELLS * shares);
    let whole = |number: i64| u32::try_from(number).unwrap_or(0);
    let told = told.chunks_exact(TELLS).zip(&question.shares).map(|(of, share)| Told {
        free: whole(of[0]).min(share.burst),
        wait: Duration::from_micros(u64::try_from(of[1]).unwrap_or(0)).min(share.longest()),
        lease: whole(of[2]).min(share.ahead),
        owed: of[3].clamp(0, share.settled.debt()),
    });
    let granted = granted
        .iter()
        .zip(&question.groups)
        .map(|(count, of)| usize::try_from(*count).unwrap_or(0).min(of.count));
    Ok(Answer { second, told: told.collect(), granted: granted.collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A bucket of sixty, refilled within a minute, of which ten may be leased; one group wants three. Twenty were spent
    /// that had not been taken.
    fn question() -> Question {
        let settled = Settled { unspent: -20, ..Settled::default() };
        let share = Share { key: "k".to_owned(), per_second: 1.0, burst: 60, ahead: 10, settled };
        Question { shares: vec![share], groups: vec![Group { count: 3, buckets: vec![0] }] }
    }

    #[test]
    fn an_answer_says_no_more_than_can_be() {
        let answer = read(&question(), &[7, 5_000, 999_993_000_000, 4_000, 800, 900]).unwrap();
        let told = answer.told[0];
        assert_eq!((told.free, told.wait, told.lease, told.owed), (60, Duration::from_mins(1), 10, 20));
        assert_eq!(answer.granted, [3]);
        let answer = read(&question(), &[7, -1, -1, -1, -1, -1]).unwrap();
        let told = answer.told[0];
        assert_eq!((told.free, told.wait, told.lease, told.owed), (0, Duration::ZERO, 0, 0));
        assert_eq!(answer.granted, [0]);
        assert!(read(&question(), &[7, 1, 0, 0, 0]).is_err(), "a number is missing");
        let mut gives_back = question();
        gives_back.shares[0].settled.unspent = 20;
        let answer = read(&gives_back, &[7, 0, 0, 0, 900, 0]).unwrap();
        assert_eq!(answer.told[0].owed, 0, "nothing was owed");
    }
}
