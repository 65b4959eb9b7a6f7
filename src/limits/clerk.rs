//! The one task that asks Redis for tokens, for all requests that wait for some: one question at a time. What
//! comes while it is on its way is in the next.
//!
//! It is its own breaker. A question that fails, or takes too long, ends the sharing: a request that waits is let in or not
//! by what this instance knows by itself, and nobody asks until a question of the task's own has been answered.
//!
//! It has a thread of its own, because it must measure how long Redis takes, and not how long it waits behind a
//! thousand requests for its turn: that is when limits matter most. *Measured* with three hundred requests at once to
//! three instances, on two cores with five times as much to do: among the requests' tasks it took Redis for gone in
//! each of eight runs, and each instance let in the whole limit; with patience measured in steps
//! ([`Buckets::ask`]), in three of twenty; on a thread of its own as well, in none of twenty.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    sync::{mpsc, oneshot},
    time::sleep_until,
};

use super::{
    State,
    bucket::Rate,
    entry::{LimitState, Refusal},
    ledger::Take,
    subject::Subject,
};
use crate::{
    bus::{
        Error, Names,
        buckets::{Answer, Buckets, Group, Question, Settled, Share},
    },
    lifecycle::Lifecycle,
    telemetry::Metrics,
};

/// Requests that go into one question.
const MOST: usize = 256;
/// What a question is given at least, however long its oldest request has queued behind the one before.
const LEAST: Duration = Duration::from_millis(10);
/// Entries whose time it is are looked at together.
const ROUND: Duration = Duration::from_millis(100);
/// How long Redis is left alone after it could not be asked; and at most, where it keeps failing once it is used.
const PAUSE: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(8);
/// It works, if it has for so long.
const STABLE: Duration = Duration::from_secs(10);

/// A request for a token of each subject. Dropped without an answer where Redis can't be asked.
pub struct Ask {
    pub subjects: Vec<Subject>,
    pub since: Instant,
    pub reply: oneshot::Sender<Result<LimitState, Refusal>>,
}

impl Ask {
    fn answer(self, answer: Result<LimitState, Refusal>) {
        // The request that asked may have gone; its tokens are spent.
        let _ = self.reply.send(answer);
    }
}

pub struct Clerk {
    pub state: Arc<State>,
    pub buckets: Buckets,
    pub names: Names,
    /// Longest that a request waits.
    pub patience: Duration,
    pub metrics: Metrics,
}

/// A question in the making.
#[derive(Default)]
struct Draft {
    question: Question,
    subjects: Vec<Subject>,
    places: HashMap<Subject, usize>,
    parties: Vec<Party>,
    /// By their subjects and which of them are missing.
    party_of: HashMap<(Vec<Subject>, Vec<usize>), usize>,
}

/// Requests that want the same.
struct Party {
    asks: Vec<Ask>,
    subjects: Vec<Subject>,
    /// Places, among the subjects, of those that Redis is asked for; the others are held.
    missing: Vec<usize>,
}

impl Clerk {
    /// Works on a thread of its own until the instance stops; ends early only if that thread does.
    pub async fn serve(self, asks: mpsc::Receiver<Ask>, lifecycle: Lifecycle) {
        let (ended, end) = oneshot::channel();
        let work = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(self.run(asks, lifecycle));
            // The task that waits for it may have been cut off.
            let _ = ended.send(());
            Ok::<_, std::io::Error>(())
        };
        match std::thread::Builder::new().name("rate-limits".to_owned()).spawn(work) {
            Ok(_) => drop(end.await),
            Err(error) => tracing::error!(%error, "no thread for the rate limits"),
        }
    }

    async fn run(mut self, mut asks: mpsc::Receiver<Ask>, lifecycle: Lifecycle) {
        // At once, first: it may have been a hiccup.
        let mut pause = Duration::ZERO;
        let mut failed = false;
        loop {
            tokio::select! {
                () = self.come_back(&mut asks, pause) => {}
                () = lifecycle.stopping().cancelled() => return,
            }
            if failed {
                tracing::info!("Redis counts requests again, for all instances together");
            }
            let since = Instant::now();
            let error = tokio::select! {
                error = self.share(&mut asks) => error,
                () = lifecycle.stopping().cancelled() => return,
            };
            if asks.is_closed() {
                return;
            }
            self.state.set_shared(false);
            self.metrics.rate_limits_shared(false);
            tracing::warn!(%error, "Redis does not count requests; each instance limits them by itself until it does");
            // One that works until it is used would otherwise cost a few requests their patience every time.
            let relapse = since.elapsed() < STABLE;
            pause = if relapse { (pause * 2).clamp(PAUSE, LONGEST) } else { Duration::ZERO };
            failed = true;
        }
    }

    /// Tries until Redis answers. Nobody waits for that: those who asked too late to notice hear that it is gone.
    async fn come_back(&mut self, asks: &mut mpsc::Receiver<Ask>, pause: Duration) {
        let Self { state, buckets, patience, .. } = self;
        let connecting = async {
            tokio::time::sleep(pause).await;
            loop {
                let connected = buckets.connect(*patience).await;
                buckets.tell(&connected);
                if connected.is_ok() {
                    break;
                }
                tokio::time::sleep(PAUSE).await;
            }
        };
        tokio::pin!(connecting);
        let mut rounds = tokio::time::interval(ROUND);
        loop {
            tokio::select! {
                () = &mut connecting => break,
                Some(ask) = asks.recv() => drop(ask),
                // What was leased is spent or lost by now.
                _ = rounds.tick() => drop(state.ledger().due(Instant::now())),
            }
        }
        self.state.set_shared(true);
        self.metrics.rate_limits_shared(true);
    }

    /// Asks for each request that comes, until it fails.
    async fn share(&mut self, asks: &mut mpsc::Receiver<Ask>) -> Error {
        let mut taken = Vec::with_capacity(MOST);
        let mut round = Instant::now();
        loop {
            let due = self.state.ledger().next_due().map(|at| at.max(round));
            tokio::select! {
                biased;
                count = asks.recv_many(&mut taken, MOST) => if count == 0 {
                    return Error::Setup("nobody asks any more".to_owned());
                },
                () = sleep_until(due.unwrap_or(round).into()), if due.is_some() => {}
            }
            let now = Instant::now();
            let oldest = taken.iter().map(|ask| ask.since).min().unwrap_or(now);
            let draft = self.draft(&mut taken, now);
            round = round.max(now + ROUND);
            if draft.question.shares.is_empty() {
                continue;
            }
            let patience = self.patience.saturating_sub(now - oldest).max(LEAST);
            let answer = self.buckets.ask(&draft.question, patience).await;
            match answer {
                Ok(answer) => self.tell(draft, &answer, now),
                Err(error) => return error,
            }
        }
    }

    /// Makes a question of what can't be answered without.
    fn draft(&self, asks: &mut Vec<Ask>, now: Instant) -> Draft {
        let mut ledger = self.state.ledger();
        let mut draft = Draft::default();
        for ask in asks.drain(..) {
            // The question before may have brought enough for this one.
            match ledger.take(&ask.subjects, true, now) {
                Take::Taken(standing) => ask.answer(Ok(standing)),
                Take::Refused(refusal) => ask.answer(Err(refusal)),
                Take::Ask => {
                    let missing = ledger.hold(&ask.subjects, now);
                    for place in &missing {
                        let subject = ask.subjects[*place];
                        if !draft.places.contains_key(&subject)
                            && let Some((rate, ahead, settled)) = ledger.share(subject, now)
                        {
                            draft.add(&self.names, subject, rate, ahead, settled);
                        }
                    }
                    draft.join(ask, missing);
                }
            }
        }
        for (subject, rate, settled) in ledger.due(now) {
            draft.add(&self.names, subject, rate, 0, settled);
        }
        draft
    }

    /// Learns from an answer, and answers those who asked.
    fn tell(&self, draft: Draft, answer: &Answer, sent: Instant) {
        let mut ledger = self.state.ledger();
        let now = Instant::now();
        for (subject, told) in draft.subjects.iter().zip(&answer.told) {
            ledger.learn(*subject, *told, answer.second, sent, now);
        }
        for (party, granted) in draft.parties.into_iter().zip(&answer.granted) {
            let Party { asks, subjects, missing } = party;
            for (number, ask) in asks.into_iter().enumerate() {
                if number < *granted {
                    if let Some(standing) = ledger.taken(&subjects, true, now) {
                        ask.answer(Ok(standing));
                    }
                    continue;
                }
                for (place, subject) in subjects.iter().enumerate() {
                    if !missing.contains(&place) {
                        ledger.put_back(*subject);
                    }
                }
                let asked: Vec<Subject> = missing.iter().map(|place| subjects[*place]).collect();
                if let Some(refusal) = ledger.refused(&asked, now) {
                    ask.answer(Err(refusal));
                }
            }
        }
        for (subject, told) in draft.subjects.iter().zip(&answer.told) {
            ledger.catch_up(*subject, *told, now);
        }
    }
}

impl Draft {
    fn add(&mut self, names: &Names, subject: Subject, rate: Rate, ahead: u32, settled: Settled) {
        self.places.insert(subject, self.subjects.len());
        self.subjects.push(subject);
        let key = names.bucket(subject.kind().name(), &subject);
        let Rate { per_second, burst } = rate;
        self.question.shares.push(Share { key, per_second, burst, ahead, settled });
    }

    fn join(&mut self, ask: Ask, missing: Vec<usize>) {
        let buckets: Vec<usize> =
            missing.iter().filter_map(|place| self.places.get(&ask.subjects[*place]).copied()).collect();
        let party = *self.party_of.entry((ask.subjects.clone(), missing.clone())).or_insert_with(|| {
            self.question.groups.push(Group { count: 0, buckets });
            self.parties.push(Party { asks: Vec::new(), subjects: ask.subjects.clone(), missing });
            self.parties.len() - 1
        });
        self.question.groups[party].count += 1;
        self.parties[party].asks.push(ask);
    }
}
