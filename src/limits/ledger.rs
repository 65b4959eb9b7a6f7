//! What this instance knows of all buckets: what it has in hand, what Redis last said, and what it took itself.
//!
//! No I/O and no clock: the caller says what time it is. Entries go when there is nothing to know any more, so
//! there are as many as there are subjects that were busy a moment ago, and never more than [`MOST`].

use std::{
    collections::{HashMap, VecDeque},
    time::{Duration, Instant},
};

use super::{
    bucket::Rate,
    entry::{Entry, LimitState, Refusal},
    subject::{Rules, Subject},
};
use crate::bus::buckets::{Settled, Told};

/// How often each entry is looked at: leases that have ended go back within a second of having been taken.
const CHECK: Duration = Duration::from_millis(400);
/// Entries. An attack from more places than this makes us forget some of them early, which favours those.
const MOST: usize = 100_000;

/// What came of an attempt to take a token of each of some buckets.
#[derive(Debug, Clone, Copy)]
pub enum Take {
    Taken(LimitState),
    Refused(Refusal),
    /// Not all of them are in hand.
    Ask,
}

pub struct Ledger {
    rules: Rules,
    entries: HashMap<Subject, Entry>,
    /// When to look at each entry again; in order, for all wait equally long.
    due: VecDeque<(Instant, Subject)>,
}

impl Ledger {
    pub fn new(rules: Rules) -> Self {
        Self { rules, entries: HashMap::new(), due: VecDeque::new() }
    }

    /// Takes a token of each, if it can be done without asking. Where Redis isn't `shared`, it always can.
    /// Subjects without a limit must have been left out.
    pub fn take(&mut self, subjects: &[Subject], shared: bool, now: Instant) -> Take {
        let mut in_hand = true;
        for subject in subjects {
            let Some(entry) = self.entry(*subject, now) else { continue };
            if let Some(refusal) = entry.refusal(shared, now) {
                return Take::Refused(refusal);
            }
            in_hand &= entry.hand(now) > 0;
        }
        if shared && !in_hand {
            return Take::Ask;
        }
        if shared {
            for subject in subjects {
                self.with(*subject, Entry::take);
            }
        }
        self.taken(subjects, shared, now).map_or(Take::Ask, Take::Taken)
    }

    /// Takes what is in hand of these; answers the places of those that must be asked for.
    pub fn hold(&mut self, subjects: &[Subject], now: Instant) -> Vec<usize> {
        let mut missing = Vec::new();
        for (place, subject) in subjects.iter().enumerate() {
            match self.entry(*subject, now) {
                Some(entry) if entry.hand(now) > 0 => entry.take(),
                _ => missing.push(place),
            }
        }
        missing
    }

    /// What was let in costs so many tokens more, of each.
    pub fn charge(&mut self, subjects: &[Subject], tokens: u32, now: Instant) {
        for subject in subjects {
            if let Some(entry) = self.entry(*subject, now) {
                entry.charge(tokens, now);
            }
        }
    }

    /// What was held is not needed.
    pub fn put_back(&mut self, subject: Subject) {
        self.with(subject, Entry::put_back);
    }

    /// They were all taken; answers how the tightest of them stands.
    pub fn taken(&mut self, subjects: &[Subject], shared: bool, now: Instant) -> Option<LimitState> {
        let mut tightest: Option<LimitState> = None;
        for subject in subjects {
            let Some(entry) = self.entry(*subject, now) else { continue };
            entry.let_in(now);
            let standing = entry.standing(shared, now);
            if tightest.is_none_or(|it| standing.left < it.left) {
                tightest = Some(standing);
            }
        }
        tightest
    }

    /// Why Redis did not grant all of these: the one that takes longest to have a token.
    pub fn refused(&self, subjects: &[Subject], now: Instant) -> Option<Refusal> {
        let waits = subjects.iter().filter_map(|subject| {
            let entry = self.entries.get(subject)?;
            // Where nothing is known to be empty, a token has come since.
            let wait = entry.empty(true, now).unwrap_or_default();
            Some((wait, entry.refused(wait, now)))
        });
        waits.max_by_key(|(wait, _)| *wait).map(|(_, refusal)| refusal)
    }

    /// Why nothing can be taken of this one, if that is known without asking.
    pub fn known_empty(&self, subject: Subject, shared: bool, now: Instant) -> Option<Refusal> {
        self.entries.get(&subject)?.refusal(shared, now)
    }

    /// Whether this one of those who come in vain is to be let in all the same.
    pub fn knock(&mut self, subject: Subject) -> bool {
        self.entries.get_mut(&subject).is_none_or(Entry::knock)
    }

    /// For asking: the subject's limit, how many to take ahead, and what there is to settle first.
    pub fn share(&mut self, subject: Subject, now: Instant) -> Option<(Rate, u32, Settled)> {
        let entry = self.entry(subject, now)?;
        Some((entry.rate(), entry.ahead(), entry.settle(now).unwrap_or_default()))
    }

    /// What Redis said to a question that was sent at `sent`.
    pub fn learn(&mut self, subject: Subject, told: Told, second: i64, sent: Instant, now: Instant) {
        if let Some(entry) = self.entry(subject, now) {
            entry.learn(told, second, sent, now);
        }
    }

    /// The same, after all that was granted has been taken.
    pub fn catch_up(&mut self, subject: Subject, told: Told, now: Instant) {
        self.with(subject, |entry| entry.catch_up(told, now));
    }

    /// When to call [`Ledger::due`] next.
    pub fn next_due(&self) -> Option<Instant> {
        self.due.front().map(|(at, _)| *at)
    }

    /// Looks at the entries whose time it is: forgets those that are idle, and answers what there is to settle.
    pub fn due(&mut self, now: Instant) -> Vec<(Subject, Rate, Settled)> {
        let mut settled = Vec::new();
        while let Some((at, subject)) = self.due.front().copied()
            && at <= now
        {
            self.due.pop_front();
            let Some(entry) = self.entries.get_mut(&subject) else { continue };
            if let Some(what) = entry.settle(now) {
                settled.push((subject, entry.rate(), what));
            }
            if entry.is_idle(now) {
                self.entries.remove(&subject);
            } else {
                self.due.push_back((now + CHECK, subject));
            }
        }
        settled
    }

    /// The subject's entry, made if need be; none where there is no limit.
    fn entry(&mut self, subject: Subject, now: Instant) -> Option<&mut Entry> {
        let rate = self.rules.of(subject.kind())?;
        if !self.entries.contains_key(&subject) {
            if self.entries.len() >= MOST
                && let Some((_, oldest)) = self.due.pop_front()
            {
                self.entries.remove(&oldest);
            }
            self.entries.insert(subject, Entry::new(subject.kind(), rate, now));
            self.due.push_back((now + CHECK, subject));
        }
        self.entries.get_mut(&subject)
    }

    fn with(&mut self, subject: Subject, change: impl FnOnce(&mut Entry)) {
        if let Some(entry) = self.entries.get_mut(&subject) {
            change(entry);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        domain::ids::{PrincipalId, WorkspaceId},
        limits::{
            entry::{BELIEVED, KNOCKS, LEASE},
            subject::Kind,
        },
    };

    use super::*;

    const RATE: Rate = Rate { per_second: 10.0, burst: 80 };

    fn ledger() -> Ledger {
        Ledger::new(Rules { principal: Some(RATE), workspace: Some(RATE), ..Rules::default() })
    }

    fn principal() -> Subject {
        Subject::Principal(PrincipalId::generate())
    }

    fn told(free: u32, lease: u32) -> Told {
        let wait = if free == 0 { Duration::from_millis(100) } else { Duration::ZERO };
        Told { free, wait, lease, owed: 0 }
    }

    fn taken(step: Take) -> LimitState {
        let Take::Taken(standing) = step else { panic!("{step:?}") };
        standing
    }

    #[test]
    fn a_lease_is_spent_without_asking_and_what_is_left_goes_back() {
        let (mut ledger, subject, now) = (ledger(), principal(), Instant::now());
        assert!(matches!(ledger.take(&[subject], true, now), Take::Ask));
        let (rate, ahead, settled) = ledger.share(subject, now).unwrap();
        assert_eq!((rate, ahead, settled.size), (RATE, 10, 0));
        ledger.learn(subject, told(69, 10), 7, now, now);
        for left in (75..79).rev() {
            assert_eq!(taken(ledger.take(&[subject], true, now)).left, left);
        }
        assert!(ledger.due(now).is_empty(), "it is in use");
        let late = now + LEASE;
        assert!(matches!(ledger.take(&[subject], true, late), Take::Ask), "it has ended");
        let due = ledger.due(late);
        let [(whose, _, settled)] = due[..] else { panic!("{due:?}") };
        assert_eq!((whose, settled.second, settled.size, settled.unspent), (subject, 7, 10, 6));
        assert!(ledger.due(late + CHECK).is_empty(), "once");
    }

    #[test]
    fn a_lease_that_is_used_up_is_settled_with_the_next_question() {
        let (mut ledger, subject, now) = (ledger(), principal(), Instant::now());
        ledger.learn(subject, told(50, 2), 7, now, now);
        taken(ledger.take(&[subject], true, now));
        taken(ledger.take(&[subject], true, now));
        assert!(matches!(ledger.take(&[subject], true, now), Take::Ask));
        let (_, _, settled) = ledger.share(subject, now).unwrap();
        assert_eq!((settled.second, settled.size, settled.unspent), (7, 2, 0));
    }

    #[test]
    fn all_or_nothing() {
        let (mut ledger, principal, now) = (ledger(), principal(), Instant::now());
        let workspace = Subject::Workspace(WorkspaceId::generate());
        ledger.learn(principal, told(50, 5), 7, now, now);
        assert!(matches!(ledger.take(&[principal, workspace], true, now), Take::Ask));
        assert_eq!(ledger.hold(&[principal, workspace], now), [1], "the workspace's token is missing");
        ledger.learn(workspace, told(0, 0), 7, now, now);
        let refusal = ledger.refused(&[workspace], now).unwrap();
        assert_eq!(
            (refusal.standing.kind, refusal.standing.left, refusal.standing.reset),
            (Kind::Workspace, 0, 1)
        );
        ledger.put_back(principal);
        // The principal has lost nothing by it: four in the lease, and one that goes back on its own.
        let settled = ledger.due(now + CHECK);
        assert_eq!(settled.iter().map(|(_, _, it)| (it.size, it.unspent)).collect::<Vec<_>>(), [(0, 1)]);
        let settled = ledger.due(now + 2 * CHECK);
        assert_eq!(settled.iter().map(|(_, _, it)| (it.size, it.unspent)).collect::<Vec<_>>(), [(5, 4)]);
    }

    #[test]
    fn what_is_known_to_be_empty_is_not_asked_for() {
        let (mut ledger, subject, now) = (ledger(), principal(), Instant::now());
        assert!(ledger.known_empty(subject, true, now).is_none());
        ledger.learn(subject, told(0, 0), 7, now, now);
        assert!(matches!(ledger.take(&[subject], true, now), Take::Refused(_)));
        assert!(ledger.known_empty(subject, true, now).is_some());
        let later = now + Duration::from_millis(100);
        assert!(matches!(ledger.take(&[subject], true, later), Take::Ask));
        // A caller may give tokens back long before one comes by itself.
        let long = Told { free: 0, wait: Duration::from_mins(9), lease: 0, owed: 0 };
        ledger.learn(subject, long, 7, later, later);
        let Take::Refused(refusal) = ledger.take(&[subject], true, later) else { panic!() };
        assert_eq!(refusal.standing.reset, 540);
        assert!(matches!(ledger.take(&[subject], true, later + BELIEVED), Take::Ask));
        assert_eq!((0..KNOCKS * 3).filter(|_| ledger.knock(subject)).count(), 3);
    }

    /// What is dear is paid for afterwards: from what is in hand, and what is owed is told to all.
    #[test]
    fn what_costs_more_is_owed() {
        let (mut ledger, subject, now) = (ledger(), principal(), Instant::now());
        ledger.learn(subject, told(50, 10), 7, now, now);
        taken(ledger.take(&[subject], true, now));
        ledger.charge(&[subject], 19, now);
        assert!(matches!(ledger.take(&[subject], true, now), Take::Ask), "nothing is left in hand");
        let (_, _, settled) = ledger.share(subject, now).unwrap();
        assert_eq!((settled.second, settled.size, settled.unspent), (7, 10, -10));
        // Without Redis it counts as well: one and nineteen, and then the rest of eighty.
        let alone = (0..200).filter(|_| matches!(ledger.take(&[subject], false, now), Take::Taken(_)));
        assert_eq!(alone.count(), 60);
        ledger.charge(&[subject], 30, now);
        let Take::Refused(refusal) = ledger.take(&[subject], false, now) else { panic!() };
        assert_eq!(refusal.standing.reset, 4, "31 tokens have to come first");
    }

    /// Redis had no tokens for what was charged: it is asked for again until it has, and is waited for.
    #[test]
    fn what_is_owed_is_owed_until_it_is_paid() {
        let (mut ledger, subject, now) = (ledger(), principal(), Instant::now());
        ledger.learn(subject, told(1, 0), 7, now, now);
        ledger.charge(&[subject], 19, now);
        let (_, _, settled) = ledger.share(subject, now).unwrap();
        assert_eq!(settled.unspent, -19);
        // One more costs its twenty while the question is on its way.
        ledger.charge(&[subject], 20, now);
        ledger.learn(subject, Told { owed: 18, ..told(0, 0) }, 7, now, now);
        let Take::Refused(refusal) = ledger.take(&[subject], true, now) else { panic!() };
        assert_eq!(refusal.standing.reset, 4, "39 tokens come in 3.9 seconds");
        let owed = |ledger: &mut Ledger, now| ledger.due(now).iter().map(|(.., it)| it.unspent).sum::<i64>();
        assert_eq!(owed(&mut ledger, now + CHECK), -38);
        ledger.learn(subject, Told { owed: 30, ..told(0, 0) }, 7, now, now + CHECK);
        assert_eq!(owed(&mut ledger, now + 2 * CHECK), -30, "also where nobody comes");
        ledger.learn(subject, told(1, 0), 7, now, now + 2 * CHECK);
        assert_eq!(owed(&mut ledger, now + 3 * CHECK), 0, "once");
    }

    /// Without Redis an instance goes on from what it knew last.
    #[test]
    fn alone_it_counts_for_itself() {
        let (mut ledger, subject, now) = (ledger(), principal(), Instant::now());
        // One was granted, and 19 were let in by others.
        ledger.learn(subject, told(50, 10), 7, now, now);
        assert_eq!(ledger.taken(&[subject], true, now).unwrap().left, 60);
        ledger.catch_up(subject, told(50, 10), now);
        for _ in 0..10 {
            taken(ledger.take(&[subject], true, now));
        }
        let alone = (0..200).filter(|_| matches!(ledger.take(&[subject], false, now), Take::Taken(_)));
        assert_eq!(alone.count(), 50);
        let Take::Refused(refusal) = ledger.take(&[subject], false, now) else { panic!() };
        assert_eq!((refusal.standing.left, refusal.standing.window), (0, 8));
    }

    #[test]
    fn nothing_is_left_of_those_who_have_gone() {
        let (mut ledger, mut now) = (ledger(), Instant::now());
        for _ in 0..100 {
            let subject = principal();
            ledger.learn(subject, told(69, 10), 7, now, now);
            taken(ledger.take(&[subject], true, now));
        }
        let mut returned = 0;
        while let Some(due) = ledger.next_due() {
            now = due;
            returned += ledger.due(now).iter().map(|(_, _, settled)| settled.unspent).sum::<i64>();
        }
        assert!(ledger.entries.is_empty() && ledger.due.is_empty());
        assert_eq!(returned, 900);
    }

    #[test]
    fn an_attack_from_everywhere_takes_no_more_than_its_share() {
        let (mut ledger, now) = (ledger(), Instant::now());
        for _ in 0..MOST + 1000 {
            taken(ledger.take(&[principal()], false, now));
        }
        assert_eq!((ledger.entries.len(), ledger.due.len()), (MOST, MOST));
    }
}
