//! What this instance knows of one bucket.

use std::time::{Duration, Instant};

use super::{
    bucket::{Bucket, Rate},
    subject::Kind,
};
use crate::bus::buckets::{Settled, Told};

/// How long tokens may be kept in hand. Redis takes a lease for spent after a second at the earliest.
pub const LEASE: Duration = Duration::from_millis(500);
/// How long it is believed at most that nothing is there: where others may give back what they hold, and where nobody
/// holds anything.
pub const BELIEVED: Duration = Duration::from_millis(500);
const SURELY: Duration = Duration::from_secs(10);
/// Tokens that are taken ahead: a share of the burst, and at most so many.
const SHARE: u32 = 8;
const AHEAD: u32 = 64;
/// Of credentials from where too many were refused, one in so many is looked at all the same.
pub const KNOCKS: u32 = 8;

/// How a limit stands, for headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitState {
    pub kind: Kind,
    pub burst: u32,
    /// Seconds in which an empty bucket fills up.
    pub window: u64,
    /// Requests that are left.
    pub left: u32,
    /// Seconds until it is full; after a refusal, until there is a token.
    pub reset: u64,
}

/// A limit was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    pub standing: LimitState,
}

pub struct Entry {
    kind: Kind,
    rate: Rate,
    /// What counts where Redis is away: what this instance has let in, and what it last heard of all. Kept up at all
    /// times, so that losing Redis gives nobody a fresh burst here.
    own: Bucket,
    lease: Option<Lease>,
    /// Tokens that were taken and not needed, besides a lease; less than nothing where more were spent than taken. What
    /// is owed stays here until Redis has as many: no key keeps a debt.
    spare: i64,
    /// What was left for everybody, and when that was.
    free: Option<(u32, Instant)>,
    /// What Redis said where it had nothing.
    empty: Option<Empty>,
    knocks: u32,
}

/// Tokens that may be spent without asking.
struct Lease {
    second: i64,
    size: u32,
    left: u32,
    until: Instant,
}

/// Nothing is left for anybody.
#[derive(Clone, Copy)]
struct Empty {
    /// When a token will have come.
    until: Instant,
    /// Until then it is believed: another instance may give back what it held.
    believed: Instant,
}

/// Whole seconds, rounded up, and at least one.
fn seconds(time: Duration) -> u64 {
    (time.as_secs() + u64::from(time.subsec_nanos() > 0)).max(1)
}

impl Entry {
    pub fn new(kind: Kind, rate: Rate, now: Instant) -> Self {
        let own = Bucket::full(now);
        Self { kind, rate, own, lease: None, spare: 0, free: None, empty: None, knocks: 0 }
    }

    pub fn rate(&self) -> Rate {
        self.rate
    }

    /// How many to take ahead. Refused credentials are rare enough to ask for each.
    pub fn ahead(&self) -> u32 {
        match self.kind {
            Kind::FailedCredentials | Kind::FailedSignIns | Kind::LinkLooks | Kind::LinkPosts => 0,
            _ => (self.rate.burst / SHARE).min(AHEAD),
        }
    }

    /// Tokens in hand.
    pub fn hand(&self, now: Instant) -> u32 {
        self.lease.as_ref().filter(|lease| now < lease.until).map_or(0, |lease| lease.left)
    }

    /// Takes one that is in hand.
    pub fn take(&mut self) {
        if let Some(lease) = &mut self.lease {
            lease.left = lease.left.saturating_sub(1);
        }
    }

    /// What was taken is not needed. It goes back to Redis instead of into the lease, which may be another by now.
    pub fn put_back(&mut self) {
        self.spare += 1;
    }

    /// A request was let in.
    pub fn let_in(&mut self, now: Instant) {
        self.own.spend(1.0, self.rate, now);
    }

    /// What was let in costs so many more. They are taken where there are none, too: the next have to wait for them.
    pub fn charge(&mut self, tokens: u32, now: Instant) {
        self.own.spend(f64::from(tokens), self.rate, now);
        let in_hand = self.hand(now).min(tokens);
        if let Some(lease) = &mut self.lease {
            lease.left = lease.left.saturating_sub(in_hand);
        }
        let owed = tokens - in_hand;
        self.spare -= i64::from(owed);
        self.free = self.free.map(|(free, at)| (free.saturating_sub(owed), at));
    }

    /// Why nothing can be taken, as far as is known; none if something may be there.
    pub fn refusal(&self, shared: bool, now: Instant) -> Option<Refusal> {
        self.empty(shared, now).map(|wait| self.refused(wait, now))
    }

    /// Nothing can be taken for so long.
    pub fn refused(&self, wait: Duration, now: Instant) -> Refusal {
        Refusal { standing: LimitState { left: 0, reset: seconds(wait), ..self.standing(false, now) } }
    }

    /// How long it is known that there is nothing.
    pub fn empty(&self, shared: bool, now: Instant) -> Option<Duration> {
        if !shared {
            return self.own.wait(self.rate, now);
        }
        let empty = self.empty.filter(|empty| now < empty.believed && self.hand(now) == 0)?;
        Some(empty.until.saturating_duration_since(now))
    }

    /// How it stands for this instance's clients, as far as is known.
    pub fn standing(&self, shared: bool, now: Instant) -> LimitState {
        let Rate { burst, .. } = self.rate;
        let left = match self.free {
            Some((free, at)) if shared => {
                let gained = self.rate.gained(now.saturating_duration_since(at));
                f64::from(free) + gained + f64::from(self.hand(now))
            }
            _ => self.own.free(self.rate, now),
        }
        .clamp(0.0, f64::from(burst));
        let reset = seconds(self.rate.time_for(f64::from(burst) - left));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to burst")]
        let left = left as u32;
        LimitState { kind: self.kind, burst, window: seconds(self.rate.window()), left, reset }
    }

    /// What Redis said to a question that was sent at `sent`: a lease counts from then on. What it had no tokens for is
    /// owed as before, and comes before the next request.
    pub fn learn(&mut self, told: Told, second: i64, sent: Instant, now: Instant) {
        self.free = Some((told.free, now));
        self.spare -= told.owed;
        let longest = if self.ahead() > 0 { BELIEVED } else { SURELY };
        let owed = u32::try_from(self.spare.min(0).saturating_neg()).unwrap_or(u32::MAX);
        let wait = told.wait.saturating_add(self.rate.time_for(f64::from(owed)));
        let empty = Empty { until: now + wait, believed: now + wait.min(longest) };
        self.empty = (told.free == 0).then_some(empty);
        if told.lease > 0 {
            self.lease = Some(Lease { second, size: told.lease, left: told.lease, until: sent + LEASE });
        }
    }

    /// The same once those that were granted with it have been let in: nobody knows of less.
    pub fn catch_up(&mut self, told: Told, now: Instant) {
        let used = f64::from(self.rate.burst) - f64::from(told.free) - f64::from(told.lease);
        self.own.at_least(used, self.rate, now);
    }

    /// What Redis should know of tokens that won't be spent, or are all spent.
    pub fn settle(&mut self, now: Instant) -> Option<Settled> {
        let ended = self.lease.take_if(|lease| lease.left == 0 || lease.until <= now);
        let spare = std::mem::take(&mut self.spare);
        match ended {
            Some(Lease { second, size, left, .. }) => {
                Some(Settled { second, size, unspent: i64::from(left) + spare })
            }
            None => (spare != 0).then_some(Settled { unspent: spare, ..Settled::default() }),
        }
    }

    /// Whether this one of those who come in vain is to be let in all the same.
    pub fn knock(&mut self) -> bool {
        self.knocks = self.knocks.wrapping_add(1);
        self.knocks.is_multiple_of(KNOCKS)
    }

    /// Whether it says nothing that a new one wouldn't.
    pub fn is_idle(&self, now: Instant) -> bool {
        self.lease.is_none()
            && self.spare == 0
            && self.own.is_full(self.rate, now)
            && self.empty.is_none_or(|empty| empty.believed <= now)
    }
}
