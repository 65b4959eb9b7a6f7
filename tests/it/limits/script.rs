//! The script in Redis, asked directly: by instances that spend, return, keep and lose what they lease.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use rand::RngExt;
use signoff::bus::{
    Names, Redis,
    buckets::{Answer, Buckets, Group, Question, Settled, Share, Told},
};

use crate::support::{eventually, unique, variable};

const PATIENCE: Duration = Duration::from_secs(5);

pub struct Line {
    buckets: Buckets,
    names: Names,
}

impl Line {
    pub async fn new(prefix: &str) -> Self {
        let names = Names::new(prefix, "it");
        let mut buckets = Buckets::new(Redis::new(&variable("REDIS_URL")).unwrap(), names.clone());
        buckets.connect(PATIENCE).await.unwrap();
        Self { buckets, names }
    }

    fn share(&self, whose: &str, (per_second, burst): (f64, u32), ahead: u32, settled: Settled) -> Share {
        Share { key: self.names.bucket("principal", &whose), per_second, burst, ahead, settled }
    }

    async fn ask(&mut self, shares: Vec<Share>, groups: &[(usize, &[usize])]) -> Answer {
        let groups = groups.iter().map(|(count, buckets)| Group { count: *count, buckets: buckets.to_vec() });
        self.buckets.ask(&Question { shares, groups: groups.collect() }, PATIENCE).await.unwrap()
    }

    /// One bucket alone.
    pub async fn take(
        &mut self,
        rate: (f64, u32),
        count: usize,
        ahead: u32,
        settled: Settled,
    ) -> (usize, Told, i64) {
        let share = self.share("one", rate, ahead, settled);
        let answer = self.ask(vec![share], &[(count, &[0])]).await;
        (answer.granted[0], answer.told[0], answer.second)
    }
}

const SLOW: f64 = 0.001;

#[tokio::test(flavor = "multi_thread")]
async fn groups_get_what_all_of_their_buckets_have() {
    let mut line = Line::new(&unique("it")).await;
    let shares = [("a", 10), ("b", 4), ("c", 7)];
    let shares: Vec<Share> =
        shares.iter().map(|(name, burst)| line.share(name, (SLOW, *burst), 0, Settled::default())).collect();
    let groups: &[(usize, &[usize])] = &[(3, &[0, 1]), (3, &[0, 1]), (9, &[0, 2]), (1, &[1]), (5, &[2])];
    let answer = line.ask(shares.clone(), groups).await;
    assert_eq!(answer.granted, [3, 1, 6, 0, 1]);
    assert_eq!(answer.told.iter().map(|told| told.free).collect::<Vec<_>>(), [0, 0, 0]);
    assert!(answer.told.iter().all(|told| told.wait > Duration::from_mins(15) && told.lease == 0));
    let again = line.ask(shares, &[(1, &[0]), (1, &[1]), (1, &[2])]).await;
    assert_eq!(again.granted, [0, 0, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_more_than_half_full_is_leased() {
    let mut line = Line::new(&unique("it")).await;
    let none = Settled::default();
    let (granted, told, second) = line.take((SLOW, 100), 1, 30, none).await;
    assert_eq!((granted, told.lease, told.free), (1, 30, 69));
    let (granted, told, _) = line.take((SLOW, 100), 1, 30, none).await;
    assert_eq!((granted, told.lease, told.free), (1, 18, 50), "down to one half");
    let (granted, told, _) = line.take((SLOW, 100), 1, 30, none).await;
    assert_eq!((granted, told.lease, told.free), (1, 0, 49));
    // What goes back is there at once, and nobody who is refused gets a lease.
    let back = Settled { second, size: 30, unspent: 28 };
    let (granted, told, _) = line.take((SLOW, 100), 80, 30, back).await;
    assert_eq!((granted, told.lease, told.free), (77, 0, 0));
    let (granted, told, _) = line.take((SLOW, 100), 1, 30, Settled { unspent: 60, ..none }).await;
    assert_eq!((granted, told.lease, told.free), (1, 9, 50));
}

/// Redis takes what is there, and says how much isn't: whoever charged it asks again, and no token of it is forgotten.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_charged_and_not_there_stays_owed() {
    let mut line = Line::new(&unique("it")).await;
    let rate = (SLOW, 10);
    let none = Settled::default();
    let settle = |unspent: i64| Settled { unspent, ..none };
    assert_eq!(line.take(rate, 4, 0, none).await.0, 4);
    let (granted, told, _) = line.take(rate, 1, 0, settle(-26)).await;
    assert_eq!((granted, told.free, told.owed), (0, 0, 20), "six were there");
    assert!(told.wait <= Duration::from_secs(1_000), "the wait is for one token: {told:?}");
    let (granted, told, _) = line.take(rate, 1, 0, settle(-20)).await;
    assert_eq!((granted, told.free, told.owed), (0, 0, 20));
    // Seven are given back by somebody else.
    let (_, told, _) = line.take(rate, 0, 0, settle(7)).await;
    assert_eq!((told.free, told.owed), (7, 0));
    let (granted, told, _) = line.take(rate, 1, 0, settle(-20)).await;
    assert_eq!((granted, told.free, told.owed), (0, 0, 13), "they pay what is owed, and let nobody in");
    line.take(rate, 0, 0, settle(9)).await;
    let (granted, told, _) = line.take(rate, 10, 0, settle(-8)).await;
    assert_eq!((granted, told.free, told.owed), (1, 0, 0));
}

/// A bucket whose tokens are out doesn't fill up behind them: what is free and what is leased is never more than a
/// burst.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_leased_does_not_come_back_twice() {
    let mut line = Line::new(&unique("it")).await;
    // Fast: without the rule it would be full again at once.
    let rate = (100_000.0, 100);
    let (mut held, mut settled) = (VecDeque::new(), 0);
    let begun = Instant::now();
    let mut rng = rand::rng();
    for _ in 0..2000 {
        let settle = if held.len() > 3 || (!held.is_empty() && rng.random_bool(0.3)) {
            let (second, size): (i64, u32) = held.pop_front().unwrap();
            let unspent = rng.random_range(0..=size);
            settled += 1;
            Settled { second, size, unspent: unspent.into() }
        } else {
            Settled::default()
        };
        let (_, told, second) =
            line.take(rate, rng.random_range(0..3), rng.random_range(0..20), settle).await;
        if told.lease > 0 {
            held.push_back((second, told.lease));
        }
        let out: u32 = held.iter().filter(|(at, _)| *at == second).map(|(_, size)| size).sum();
        assert!(told.free + out <= 100, "{} free and {out} leased after {:?}", told.free, begun.elapsed());
    }
    assert!(settled > 100);
}

/// Whoever takes tokens and dies has spent them; its share of the bucket is free to refill a second or two later.
#[tokio::test(flavor = "multi_thread")]
async fn the_leases_of_the_dead_are_written_off() {
    let mut line = Line::new(&unique("it")).await;
    let rate = (100_000.0, 100);
    let (_, told, begun) = line.take(rate, 1, 40, Settled::default()).await;
    assert_eq!(told.lease, 40);
    let line = tokio::sync::Mutex::new(line);
    eventually("the bucket is full", || async {
        let (_, told, second) = line.lock().await.take(rate, 0, 0, Settled::default()).await;
        // It must be held at least until the end of the next second.
        assert!(second > begun + 1 || told.free <= 60, "{} free", told.free);
        told.free == 100
    })
    .await;
}

/// A clock that was turned back locks nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_from_the_future_is_no_harm() {
    let prefix = unique("it");
    let mut line = Line::new(&prefix).await;
    let key = line.names.bucket("principal", &"one");
    let future = "7.000000000 99999999999999999 99999999999 2 1";
    crate::support::redis::command(&variable("REDIS_URL"), &["SET", &key, future]).await;
    let (granted, told, _) = line.take((SLOW, 10), 99, 0, Settled::default()).await;
    assert_eq!((granted, told.free), (3, 0));
    let long = format!("7.{} 99999999999999999 99999999999 2 1", "0".repeat(300));
    for nonsense in ["", "1 2 3 4 5", "1.0 2 3 4", "nan nan nan nan nan", "1.0 2 3 4 5 6", &long] {
        crate::support::redis::command(&variable("REDIS_URL"), &["SET", &key, nonsense]).await;
        let (granted, ..) = line.take((SLOW, 10), 99, 0, Settled::default()).await;
        assert_eq!(granted, 10, "{nonsense}");
    }
}

/// A key is there as long as it says something.
#[tokio::test(flavor = "multi_thread")]
async fn keys_expire_by_themselves() {
    let prefix = unique("it");
    let mut line = Line::new(&prefix).await;
    let key = line.names.bucket("principal", &"one");
    line.take((10.0, 100), 50, 0, Settled::default()).await;
    let url = variable("REDIS_URL");
    let redis::Value::Int(ttl) = crate::support::redis::command(&url, &["PTTL", &key]).await else {
        panic!()
    };
    assert!((1..=7000).contains(&ttl), "{ttl} ms, for 5 s and some");
}
