//! What policies mean: the examples of docs/policies.md, and properties of the simple form.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;

use super::{
    Actor, Asked, Because, Form, Kind, Member, Names, Policy, Selectors, Tally,
    admission::{Admission, Denied, NotEligible, Seat, Taken, Voter, Wish},
    brute::tally,
    check::Why,
    tree::{Leaf, Node},
};
use crate::domain::{
    decision::{Verdict, Vote},
    ids::{DelegationId, PrincipalId},
    names::{CallerName, PrincipalName},
};

fn name(text: &str) -> PrincipalName {
    PrincipalName::new(text).unwrap()
}

fn names(list: &[&str]) -> Names {
    list.iter().map(|it| name(it)).collect()
}

/// The same name is the same person.
fn actor(who: &str) -> Actor {
    let id = who.bytes().fold(7_u128, |id, byte| id.wrapping_mul(257).wrapping_add(u128::from(byte)));
    Actor { id: PrincipalId(uuid::Uuid::from_u128(id)), name: name(who) }
}

fn member(who: &str, groups: &[&str]) -> Member {
    Member { actor: actor(who), roles: BTreeSet::new(), groups: names(groups) }
}

fn voter(who: &str, groups: &[&str]) -> Voter {
    Voter { member: member(who, groups), kind: Kind::Person, seats: Vec::new() }
}

fn people(count: u32, who: &[&str]) -> Node {
    Node::Leaf(Leaf {
        count,
        who: Selectors { people: Some(names(who)), ..Selectors::default() },
        label: None,
    })
}

fn group(count: u32, who: &str) -> Node {
    Node::Leaf(Leaf {
        count,
        who: Selectors { groups: Some(names(&[who])), ..Selectors::default() },
        label: None,
    })
}

fn anyone(count: u32) -> Node {
    Node::Leaf(Leaf { count, who: Selectors::default(), label: None })
}

fn tree(node: Node) -> Policy {
    Policy { form: Form::Tree(node), ..Policy::default() }
}

fn approval_type() -> CallerName {
    CallerName::new("deploy").unwrap()
}

fn wish(verdict: Verdict, approval_type: &CallerName) -> Wish<'_> {
    Wish { verdict, approval_type, seat: None, at: DateTime::UNIX_EPOCH }
}

fn requester() -> Actor {
    actor("requester")
}

/// One after the other, as the service does it.
struct Ballots<'a> {
    policy: &'a Policy,
    votes: Vec<Vote>,
}

impl<'a> Ballots<'a> {
    fn of(policy: &'a Policy) -> Self {
        Self { policy, votes: Vec::new() }
    }

    fn admit(&self, voter: &Voter, verdict: Verdict) -> Result<Admission, Denied> {
        let (by, of) = (requester(), approval_type());
        let asked = Asked { by: &by, on_behalf_of: None };
        self.policy.admit(&asked, voter, wish(verdict, &of), &self.votes)
    }

    fn cast(&mut self, voter: &Voter, verdict: Verdict) -> Tally {
        let Admission { seat, counted_as } = self.admit(voter, verdict).unwrap();
        self.votes.push(Vote {
            by: voter.member.actor.clone(),
            seat: seat.map(|seat| seat.owner),
            level: 0,
            verdict,
            modifications: None,
            counts: true,
            counted_as,
        });
        tally(self.policy, &self.votes)
    }

    fn approve(&mut self, who: &str, groups: &[&str]) -> Tally {
        self.cast(&voter(who, groups), Verdict::Approved)
    }

    fn summary(&self) -> String {
        let by = requester();
        self.policy.missing(&self.votes, &Asked { by: &by, on_behalf_of: None }).summary()
    }
}

const ONE: Tally = Tally::Open { missing: 1 };

#[test]
fn one_person_is_used_where_most_needed() {
    let policy = tree(Node::All(vec![people(1, &["ana", "bo"]), people(1, &["ana"])]));
    for order in [["bo", "ana"], ["ana", "bo"]] {
        let mut ballots = Ballots::of(&policy);
        assert_eq!(ballots.approve(order[0], &[]), ONE);
        assert_eq!(ballots.approve(order[1], &[]), Tally::Approved);
    }
}

#[test]
fn one_person_is_no_two() {
    let policy = tree(Node::All(vec![group(1, "sec"), group(1, "legal")]));
    let mut ballots = Ballots::of(&policy);
    assert_eq!(ballots.approve("ana", &["sec", "legal"]), ONE);
    assert_eq!(ballots.summary(), "1 more of the group legal or the group sec");
    assert_eq!(ballots.approve("bo", &["sec"]), Tally::Approved);
    let two_hats = tree(Node::Some { k: 2, of: vec![group(1, "sec"), group(1, "legal"), group(1, "fin")] });
    let mut ballots = Ballots::of(&two_hats);
    assert_eq!(ballots.approve("ana", &["sec", "legal", "fin"]), ONE);
    assert_eq!(ballots.summary(), "1 more of the group fin, the group legal or the group sec");
}

#[test]
fn a_named_person_among_any() {
    let policy = tree(Node::All(vec![people(1, &["ana"]), anyone(2)]));
    let mut ballots = Ballots::of(&policy);
    ballots.approve("ana", &[]);
    assert_eq!(ballots.approve("bo", &[]), ONE);
    assert_eq!(ballots.summary(), "1 more of anyone");
    assert_eq!(ballots.approve("cy", &[]), Tally::Approved);
    let policy = tree(Node::All(vec![group(1, "sec"), anyone(1)]));
    let mut ballots = Ballots::of(&policy);
    ballots.approve("ana", &["sec"]);
    assert_eq!(ballots.approve("bo", &["sec"]), Tally::Approved);
}

#[test]
fn one_of_several_ways_is_enough() {
    let policy = tree(Node::Any(vec![people(2, &["a", "b", "c"]), group(1, "lead")]));
    let mut ballots = Ballots::of(&policy);
    assert_eq!(ballots.approve("a", &[]), ONE);
    assert_eq!(ballots.approve("chief", &["lead"]), Tally::Approved);
}

#[test]
fn what_can_no_longer_be_ends() {
    let policy = Policy { rejections_to_reject: 2, ..tree(people(2, &["ana", "bo"])) };
    let mut ballots = Ballots::of(&policy);
    let outcome = ballots.cast(&voter("ana", &[]), Verdict::Rejected);
    assert_eq!(outcome, Tally::Rejected(Because::Impossible));
    // Members of a group may come yet.
    let policy = Policy { rejections_to_reject: 9, ..tree(group(2, "ml-ops")) };
    let mut ballots = Ballots::of(&policy);
    for who in ["a", "b", "c", "d", "e"] {
        let outcome = ballots.cast(&voter(who, &["ml-ops"]), Verdict::Rejected);
        assert_eq!(outcome, Tally::Open { missing: 2 });
    }
}

#[test]
fn a_veto_ends_it_whoever_agreed() {
    let sec = Selectors { groups: Some(names(&["sec"])), ..Selectors::default() };
    let policy = Policy { veto: Some(sec), rejections_to_reject: 3, ..tree(people(2, &["ana", "bo"])) };
    let mut ballots = Ballots::of(&policy);
    ballots.approve("ana", &[]);
    // Whom no leaf admits may reject by the veto alone, and not approve.
    let guard = voter("guard", &["sec"]);
    assert_eq!(ballots.admit(&guard, Verdict::Approved), Err(NotEligible::NotNamed.into()));
    assert_eq!(ballots.cast(&guard, Verdict::Rejected), Tally::Rejected(Because::Veto));
}

#[test]
fn what_nobody_could_satisfy_is_refused() {
    let rita = actor("rita");
    let asked = Asked { by: &rita, on_behalf_of: None };
    let check = |node: Node| tree(node).check(&asked).map_err(|error| (error.pointer, error.why));
    assert_eq!(
        check(Node::All(vec![people(1, &["rita"]), people(1, &["ana"])])),
        Err(("/all_of/0".to_owned(), Why::TooFew { needed: 1, eligible: 0 }))
    );
    assert_eq!(
        check(Node::All(vec![people(1, &["ana"]), people(1, &["ana"])])),
        Err((String::new(), Why::Together))
    );
    assert_eq!(
        check(Node::Any(vec![group(1, "sec"), people(1, &[])])),
        Err(("/any_of/1".to_owned(), Why::Nobody))
    );
    assert_eq!(check(Node::Any(vec![people(1, &["rita"]), people(1, &["ana"])])), Ok(()));
}

#[test]
fn membership_is_of_the_vote() {
    let policy = tree(group(2, "sec"));
    let mut ballots = Ballots::of(&policy);
    ballots.approve("ana", &["sec"]);
    // She has left since, and her vote stands. Who isn't in the group has no vote, and who joins has.
    assert_eq!(ballots.admit(&voter("bo", &[]), Verdict::Approved), Err(NotEligible::NotNamed.into()));
    assert_eq!(ballots.approve("bo", &["sec"]), Tally::Approved);
    // Of somebody who is shut out meanwhile it doesn't count.
    ballots.votes[0].counts = false;
    assert_eq!(tally(&policy, &ballots.votes), ONE);
}

#[test]
fn services_decide_where_the_policy_says_so() {
    let service = Voter { kind: Kind::Service, ..voter("bot", &["sec"]) };
    let policy = tree(group(1, "sec"));
    let refused = Ballots::of(&policy).admit(&service, Verdict::Approved);
    assert_eq!(refused, Err(NotEligible::Service(name("bot")).into()));
    let policy = Policy { allow_services: true, ..policy };
    assert!(Ballots::of(&policy).admit(&service, Verdict::Approved).is_ok());
}

/// A seat of `owner`, through these people.
fn seat(owner: &str, groups: &[&str], through: &[&str]) -> Seat {
    Seat {
        owner: member(owner, groups),
        delegations: vec![DelegationId(uuid::Uuid::nil())],
        through: through.iter().map(|who| actor(who)).collect(),
        approval_types: None,
        until: DateTime::<Utc>::UNIX_EPOCH + TimeDelta::minutes(1),
    }
}

#[test]
fn own_right_comes_before_a_seat() {
    let policy = tree(Node::All(vec![people(1, &["ana"]), people(1, &["bo"])]));
    let bo = Voter { seats: vec![seat("ana", &[], &[])], ..voter("bo", &[]) };
    let mut ballots = Ballots::of(&policy);
    assert_eq!(ballots.cast(&bo, Verdict::Approved), ONE);
    assert!(ballots.votes[0].seat.is_none());
    assert_eq!(ballots.summary(), "1 more of ana");
    let cy = Voter { seats: vec![seat("ana", &[], &[])], ..voter("cy", &[]) };
    assert_eq!(ballots.cast(&cy, Verdict::Approved), Tally::Approved);
    assert_eq!(ballots.votes[1].seat, Some(actor("ana")));
    assert_eq!(
        ballots.admit(&voter("ana", &[]), Verdict::Approved),
        Err(Denied::SeatTaken { by: name("cy") })
    );
}

#[test]
fn a_seat_must_be_free_open_and_one() {
    let policy = tree(people(2, &["ana", "eve"]));
    let ballots = Ballots::of(&policy);
    let admitted = |seats: Vec<Seat>, wanted: Option<&str>| {
        let (by, of) = (requester(), approval_type());
        let wanted = wanted.map(name);
        let wish = Wish { seat: wanted.as_ref(), ..wish(Verdict::Approved, &of) };
        let asked = Asked { by: &by, on_behalf_of: None };
        ballots
            .policy
            .admit(&asked, &Voter { seats, ..voter("bo", &[]) }, wish, &[])
            .map(|admission| admission.seat.map(|Taken { owner, .. }| owner.name))
    };
    let both = || vec![seat("ana", &[], &[]), seat("eve", &[], &[])];
    assert_eq!(admitted(both(), Some("eve")), Ok(Some(name("eve"))));
    assert_eq!(admitted(both(), None), Err(NotEligible::SeveralSeats(vec![name("ana"), name("eve")]).into()));
    assert_eq!(admitted(both(), Some("cy")), Err(NotEligible::NotTheirSeat(name("cy")).into()));
    assert_eq!(admitted(vec![seat("dan", &[], &[])], None), Err(NotEligible::NoSeat.into()));
    assert_eq!(admitted(vec![seat("requester", &[], &[])], None), Err(NotEligible::NoSeat.into()));
    assert_eq!(admitted(vec![seat("ana", &[], &["requester"])], None), Err(NotEligible::NoSeat.into()));
    // By the delegation that lasts longest.
    let longer = Seat { until: DateTime::<Utc>::UNIX_EPOCH + TimeDelta::hours(1), ..seat("ana", &[], &[]) };
    assert_eq!(admitted(vec![seat("ana", &[], &[]), longer], None), Ok(Some(name("ana"))));
    let over = Seat { until: DateTime::UNIX_EPOCH, ..seat("ana", &[], &[]) };
    assert_eq!(admitted(vec![over], None), Err(NotEligible::NoSeat.into()));
    let other = Seat {
        approval_types: Some(BTreeSet::from([CallerName::new("tool_call").unwrap()])),
        ..seat("ana", &[], &[])
    };
    assert_eq!(admitted(vec![other], None), Err(NotEligible::NoSeat.into()));
}

/// A requester can't silence a rejecter by delegating to them.
#[test]
fn a_requesters_delegate_votes_in_their_own_right() {
    let policy = tree(people(1, &["bo"]));
    let bo = Voter { seats: vec![seat("requester", &[], &[])], ..voter("bo", &[]) };
    assert_eq!(Ballots::of(&policy).cast(&bo, Verdict::Rejected), Tally::Rejected(Because::Rejections));
}

#[test]
fn summaries_are_short() {
    let many: Vec<String> = (0..200).map(|number| format!("person-{number:03}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let policy = tree(people(2, &many));
    let summary = Ballots::of(&policy).summary();
    assert!(summary.chars().count() <= 300 && summary.starts_with("2 more of person-000, "), "{summary}");
    assert!(summary.ends_with(" others"), "{summary}");
    let long = "ö".repeat(200);
    let policy = tree(people(1, &[&long, &"ü".repeat(200)]));
    let summary = Ballots::of(&policy).summary();
    assert!(summary.chars().count() <= 300, "{summary}");
}

fn number(number: u8) -> PrincipalName {
    name(&format!("p{number}"))
}

fn of_number(who: u8) -> Voter {
    voter(&format!("p{who}"), &[])
}

fn simple_policies() -> impl Strategy<Value = Policy> {
    let named = prop::option::of(prop::collection::btree_set((0..8u8).prop_map(number), 0..6));
    (1..5u32, named, any::<bool>(), any::<bool>(), 1..4u32).prop_map(
        |(min_approvers, people, all, allow_self_approval, rejections_to_reject)| Policy {
            form: Form::Simple {
                min_approvers,
                require_all: all && people.is_some(),
                who: Selectors { people, ..Selectors::default() },
            },
            allow_self_approval,
            rejections_to_reject,
            ..Policy::default()
        },
    )
}

/// Votes of those whom the policy admits, among eight.
fn admitted(policy: &Policy, verdicts: &[Option<Verdict>], requester: &Actor) -> Vec<Vote> {
    let of = approval_type();
    let asked = Asked { by: requester, on_behalf_of: None };
    let mut votes = Vec::new();
    for (who, verdict) in verdicts.iter().enumerate() {
        let Some(verdict) = *verdict else { continue };
        let them = of_number(u8::try_from(who).unwrap());
        if let Ok(Admission { counted_as, .. }) = policy.admit(&asked, &them, wish(verdict, &of), &votes) {
            let by = them.member.actor;
            votes.push(Vote {
                by,
                seat: None,
                level: 0,
                verdict,
                modifications: None,
                counts: true,
                counted_as,
            });
        }
    }
    votes
}

fn verdicts() -> impl Strategy<Value = Vec<Option<Verdict>>> {
    let verdict = prop_oneof![Just(Some(Verdict::Approved)), Just(Some(Verdict::Rejected)), Just(None)];
    prop::collection::vec(verdict, 8)
}

/// The requester may not vote, so a policy that needs them is impossible.
#[test]
fn a_requester_is_not_free() {
    let who = Selectors { people: Some(names(&["ana", "bo", "rita"])), ..Selectors::default() };
    let policy = Policy { rejections_to_reject: 2, ..Policy::simple(2, who) };
    let by = actor("rita");
    let asked = Asked { by: &by, on_behalf_of: None };
    let ana = voter("ana", &[]);
    let type_ = approval_type();
    let Ok(Admission { counted_as, .. }) = policy.admit(&asked, &ana, wish(Verdict::Rejected, &type_), &[])
    else {
        panic!("ana is named")
    };
    let vote = Vote {
        by: ana.member.actor,
        seat: None,
        level: 0,
        verdict: Verdict::Rejected,
        modifications: None,
        counts: true,
        counted_as,
    };
    let votes = [vote];
    assert_eq!(policy.tally(&votes, &asked), Tally::Rejected(Because::Impossible));
    // Asked by somebody else, rita is as free as bo.
    assert_eq!(tally(&policy, &votes), Tally::Open { missing: 2 });
}

proptest! {
    /// Who votes twice counts once, and the order of votes does not matter.
    #[test]
    fn one_person_counts_once(policy in simple_policies(), verdicts in verdicts()) {
        let votes = admitted(&policy, &verdicts, &requester());
        let mut doubled = votes.clone();
        doubled.extend(votes.iter().rev().cloned());
        prop_assert_eq!(tally(&policy, &votes), tally(&policy, &doubled));
    }

    /// What is decided stays decided, whoever votes the same way afterwards.
    #[test]
    fn more_of_the_same_never_undoes(policy in simple_policies(), verdicts in verdicts(), more in 8..12u8) {
        let mut votes = admitted(&policy, &verdicts, &requester());
        let before = tally(&policy, &votes);
        let verdict = match before {
            Tally::Approved => Verdict::Approved,
            Tally::Rejected(_) => Verdict::Rejected,
            Tally::Open { .. } => return Ok(()),
        };
        let by = of_number(more).member.actor;
        let counted_as = vec![super::Selector::Person(by.name.clone())];
        votes.push(Vote { by, seat: None, level: 0, verdict, modifications: None, counts: true, counted_as });
        match (before, tally(&policy, &votes)) {
            (Tally::Rejected(_), Tally::Rejected(_)) | (Tally::Approved, Tally::Approved) => {}
            (before, after) => prop_assert!(false, "{before:?} became {after:?}"),
        }
    }

    /// A policy that passes its check can be satisfied, and can be rejected: everybody whom it admits says so.
    #[test]
    fn what_passes_can_be_satisfied(policy in simple_policies(), requester in 0..8u8) {
        let by = of_number(requester).member.actor;
        let all = |verdict| tally(&policy, &admitted(&policy, &[Some(verdict); 16], &by));
        let rejections = admitted(&policy, &[Some(Verdict::Rejected); 16], &by).len();
        let satisfied = all(Verdict::Approved) == Tally::Approved
            && rejections >= policy.rejections_to_reject as usize;
        prop_assert_eq!(policy.check(&Asked { by: &by, on_behalf_of: None }).is_ok(), satisfied);
    }

    /// What is still missing is told exactly: that many more votes of those people, and it is approved.
    #[test]
    fn what_is_missing_suffices(policy in simple_policies(), verdicts in verdicts()) {
        let by = requester();
        let mut votes = admitted(&policy, &verdicts, &by);
        if let Tally::Open { missing } = tally(&policy, &votes) {
            let mut verdicts = verdicts;
            verdicts.resize(40, None);
            let free: Vec<usize> = (0..40)
                .filter(|who| verdicts[*who].is_none())
                .filter(|who| {
                    let mut one = vec![None; 40];
                    one[*who] = Some(Verdict::Approved);
                    !admitted(&policy, &one, &by).is_empty()
                })
                .collect();
            let enough = free.len() >= missing as usize;
            for (step, who) in free.into_iter().take(missing as usize).enumerate() {
                let open = matches!(tally(&policy, &votes), Tally::Open { .. });
                prop_assert!(open, "approved after {} of {}", step, missing);
                verdicts[who] = Some(Verdict::Approved);
                votes = admitted(&policy, &verdicts, &by);
            }
            let is_approved = tally(&policy, &votes) == Tally::Approved;
            prop_assert!(is_approved || !enough);
        }
    }
}
